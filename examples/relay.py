"""A bot that brings news into rooms:  python examples/relay.py --room "#news" --feed https://example.org/feed.xml

From feeds (RSS and Atom), looked at every ten minutes; and from programs of this machine, which say so by a webhook:

    python examples/relay.py --room "#news" --listen 8787 --token-file TOKEN
    curl -H "Authorization: Bearer $(cat TOKEN)" -d "The backup is done" http://127.0.0.1:8787/
"""

import argparse
import asyncio
import hmac
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import checkout  # noqa: F401 - finds the library
from feeds import FeedError, Item, fetch, read_feed

from veche.client.bot import Bot
from veche.client.bot_main import make_parser, start
from veche.client.bot_state import StateError
from veche.client.errors import ClientError
from veche.client.text import plain
from veche.phrases import Language, Phrases, Table, language_of_locale

TABLE: Table = {
    "about": ("A bot that brings news from feeds and webhooks into rooms.", "Бот, который приносит в комнаты новости из лент и от программ."),
    "arg_feed": ("the address of a feed (RSS, Atom); may be said several times", "адрес ленты (RSS, Atom); можно несколько раз"),
    "arg_every": ("minutes between two looks at a feed (default: 10)", "минут между двумя взглядами на ленту (обычно 10)"),
    "arg_listen": ("take messages of programs at this port of 127.0.0.1", "принимать сообщения программ на этом порту 127.0.0.1"),
    "arg_token": ("what they have to say to be believed: the first line of FILE", "что им сказать, чтобы им поверили: первая строка FILE"),
    "needs_token": ("--listen needs --token-file with at least 16 characters", "для --listen нужен --token-file, не меньше 16 знаков"),
    "needs_room": ("--room: where to?", "--room: куда нести новости?"),
    "bad_number": ("{value!r} is not a number that fits", "{value!r} — не подходящее число"),
    "about_news": ("the last of each feed", "последнее из каждой ленты"),
    "no_news": ("Nothing yet.", "Пока ничего."),
}  # fmt: skip
MOST_AT_ONCE = 5  # new items of a feed that are told; a feed that was rewritten is no news
MOST_SEEN = 500
MOST_TITLE = 200
# The webhook: bytes of a head and of a body, seconds for both, and how many may talk at once.
MOST_HEAD, MOST_BODY, PATIENCE, MOST_CALLERS = 8192, 16384, 5.0, 16
SHORTEST_TOKEN = 16
STATUS = {204: "No Content", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
          411: "Length Required", 413: "Content Too Large", 503: "Service Unavailable"}  # fmt: skip

_log = logging.getLogger("veche.bot.relay")


def line_of(item: Item) -> str:
    """An item as it is told: title and link, without anything that a terminal would obey."""
    title, link = plain(" ".join(item.title.split())), plain(item.link)
    title = title if len(title) <= MOST_TITLE else title[: MOST_TITLE - 1] + "…"
    link = link if re.fullmatch(r"https?://\S{1,300}", link) else ""
    return " ".join(filter(None, (title, link)))


class Feeds:
    """The feeds. Kept in memory of the bot: for each address the ids that were seen."""

    def __init__(self, bot: Bot, addresses: Sequence[str], say: Phrases) -> None:
        self.bot = bot
        self.addresses = addresses
        self.say = say
        self.last: dict[str, str] = {}
        bot.command("news", about=say("about_news"))(self.news)

    def news(self, _said: object) -> str:
        """!news"""
        return "\n".join(self.last.values()) or self.say("no_news")

    async def look(self) -> None:
        """Look at every feed, and tell what is new. One that cannot be read costs its turn only."""
        for address in self.addresses:
            try:
                items = read_feed(await fetch(address))
            except FeedError as error:
                _log.warning("%s: %s", plain(address), plain(str(error)))
                continue
            await self.tell(address, items)

    async def tell(self, address: str, items: list[Item]) -> None:
        """Tell the new ones, oldest first. What is there at the first look is old."""
        seen: dict[str, list[str]] = self.bot.state.setdefault("seen", {})
        if items:
            self.last[address] = line_of(items[0])
        if address not in seen:
            seen[address] = [item.key for item in items][:MOST_SEEN]
            return
        known = set(seen[address])
        new = [item for item in items if item.key not in known][:MOST_AT_ONCE]
        for item in reversed(new):
            if line := line_of(item):
                for room in self.bot.rooms:
                    await self.bot.say(room, line)
        # Only now: what was not told because the connection broke is told at the next look.
        fresh = [item.key for item in items]
        seen[address] = (fresh + [key for key in seen[address] if key not in set(fresh)])[:MOST_SEEN]


class Webhook:
    """Takes messages by HTTP from programs of this machine that know the token."""

    def __init__(self, bot: Bot, port: int, token: str) -> None:
        self.bot = bot
        self.port = port
        self._token = token.encode()
        self._callers = 0

    async def serve(self) -> None:
        """Listen at 127.0.0.1 until it is cancelled."""
        server = await asyncio.start_server(self._hear, "127.0.0.1", self.port, limit=MOST_HEAD)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            await server.serve_forever()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            status = 503 if self._callers > MOST_CALLERS else await self._take(reader)
            head = f"HTTP/1.1 {status} {STATUS[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write((head if status != 204 else head.replace("Content-Length: 0\r\n", "")).encode())
            async with asyncio.timeout(PATIENCE):
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass  # whoever does not speak in time is not answered
        finally:
            self._callers -= 1
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> int:
        """Read a request, and do what it asks; the status."""
        async with asyncio.timeout(PATIENCE):
            fields, refusal = await self._read_head(reader)
            if refusal:
                return refusal
            body = await reader.readexactly(int(fields["content-length"]))
        return await self._say(body, fields.get("content-type", ""))

    async def _read_head(self, reader: asyncio.StreamReader) -> tuple[dict[str, str], int]:
        """The fields of a request, and the status if it is refused."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.LimitOverrunError:
            return {}, 413
        request, *lines = head.split("\r\n")
        fields = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        scheme, _, token = fields.get("authorization", "").partition(" ")
        length = fields.get("content-length", "")
        # First of all: to whom the token is unknown nothing is told, not even what else would have been wrong.
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token):
            return fields, 401
        if not request.startswith("POST "):
            return fields, 405
        if not (length.isascii() and length.isdigit()):
            return fields, 411
        return fields, 413 if len(length) > 6 or int(length) > MOST_BODY else 0

    async def _say(self, body: bytes, kind: str) -> int:
        """Say a text, or {"text": ..., "room": ...}; 204 when the server has it."""
        try:
            data: Any = json.loads(body) if "json" in kind else {"text": body.decode()}
        except (ValueError, RecursionError):
            return 400
        text = data.get("text") if isinstance(data, dict) else None
        room = data.get("room", "") if isinstance(data, dict) else ""
        if not isinstance(text, str) or not isinstance(room, str) or not text.strip():
            return 400
        fold = self.bot.chat.model.fold
        rooms = [one for one in self.bot.rooms if not room or fold(one) == fold(room)]
        if not rooms:
            return 404
        if not self.bot.chat.is_online:
            return 503  # it would be said some time; whoever asks again would say it twice
        try:
            for one in rooms:
                await self.bot.say(one, "\n".join(plain(line) for line in text.splitlines()))
        except (ClientError, StateError) as error:
            _log.warning("%s", plain(str(error)))
            return 503
        return 204


def make(
    language: Language = "en",
    *,
    feeds: Sequence[str] = (),
    every: float = 600,
    listen: int | None = None,
    token: str = "",
    **options: Any,
) -> Bot:
    """The bot, not connected to anything yet. `listen`: the webhook's port; 0 takes a free one."""
    bot = Bot("relay", language=language, **options)
    if feeds:
        bot.every(every, at_once=True)(Feeds(bot, feeds, Phrases(TABLE, language)).look)
    if listen is not None:
        bot.service(Webhook(bot, listen, token).serve)
    return bot


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    words = Phrases(TABLE, language_of_locale())

    def number(most: int) -> Any:
        def take(text: str) -> int:
            if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most:
                return int(text[:6])
            raise argparse.ArgumentTypeError(words("bad_number", value=text))

        return take

    parser, group, say = make_parser("relay.py", about=words("about"))
    group.add_argument("--feed", action="append", default=[], metavar="URL", help=words("arg_feed"))
    group.add_argument("--every", type=number(10080), default=10, metavar="MINUTES", help=words("arg_every"))
    group.add_argument("--listen", type=number(65535), default=None, metavar="PORT", help=words("arg_listen"))
    group.add_argument("--token-file", default="", metavar="FILE", help=words("arg_token"))
    parser.add_help_group(say("group_other"))
    parsed = parser.parse_args(arguments)
    token = ""
    if parsed.listen is not None:
        try:
            token = Path(parsed.token_file).read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, ValueError):
            pass
        if len(token) < SHORTEST_TOKEN:
            parser.error(words("needs_token"))
    if not parsed.room:
        parser.error(words("needs_room"))
    bot = make(parsed.language, feeds=parsed.feed, every=parsed.every * 60, listen=parsed.listen, token=token)
    return start(bot, parsed)


if __name__ == "__main__":
    raise SystemExit(main())
