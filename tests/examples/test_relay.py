"""The bot that brings news: feeds that mean no good, and a webhook for those who know the token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import feeds
import pytest
import relay
from feeds import FeedError, Item, fetch, read_feed

from tests.client.fake_server import LOBBY, FakeServer
from veche.client.bot import Bot
from veche.client.connection import Connection
from veche.client.link import Timing
from veche.phrases import Phrases
from veche.testing.bots import BotPlay
from veche.testing.stage import Person

TOKEN = "a token that nobody guesses"
RSS = b"""<?xml version="1.0"?><rss><channel><title>Paper</title>
<item><title>Two &amp; a half</title><link>https://example.org/2</link><guid>two</guid></item>
<item><title>One</title><link>https://example.org/1</link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Блог</title><id>blog</id>
<entry><id>urn:1</id><title>Чай</title><link rel="self" href="https://example.org/self"/>
<link href="https://example.org/tea"/><author><id>nobody</id></author></entry></feed>""".encode()
LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><item><title>&b;</title></item></rss>"""


class Origin:
    """An HTTP server of a stranger: what it answers, and what it was asked."""

    def __init__(self, *answers: bytes, holds: bool = False) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []
        self.holds = holds
        self.visits: set[asyncio.Task[None]] = set()

    def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answers[min(len(self.asked), len(self.answers)) - 1])
            if self.holds:
                await reader.read()  # until the other side is tired of it
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def serving(origin: Origin) -> AsyncIterator[str]:
    server = await asyncio.start_server(origin.hear, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
        await asyncio.gather(*origin.visits)


def ok(body: bytes, head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n" + head + b"\r\n" + body


def test_feeds_of_both_kinds_are_read() -> None:
    assert read_feed(RSS) == [
        Item("two", "Two & a half", "https://example.org/2"),
        Item("https://example.org/1", "One", "https://example.org/1"),
    ]
    assert read_feed(ATOM) == [Item("urn:1", "Чай", "https://example.org/tea")]


@pytest.mark.parametrize(
    "data",
    [LAUGHS, b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><rss/>', b"<a>" * 100_000, b"<rss>", b"", b"\xff\xfe\x00",
     b'<?xml version="1.0" encoding="nonsense"?><rss/>'],
)  # fmt: skip
def test_what_means_no_good_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(FeedError):
        read_feed(data)


def test_items_are_bounded() -> None:
    many = b"<rss>" + b"<item><title>" + b"x" * 5000 + b"</title></item>" * 1
    many += b"".join(b"<item><guid>%d</guid></item>" % number for number in range(1000)) + b"</rss>"
    items = read_feed(many)
    assert len(items) == feeds.MOST_ITEMS
    assert len(items[0].title) == feeds.MOST_TEXT


def test_a_line_holds_nothing_that_a_terminal_would_obey() -> None:
    item = Item("k", "a\x1b]0;b\x07\n  c\u202e" + "x" * 300, "javascript:alert(1)")
    line = relay.line_of(item)
    assert line.isprintable()
    assert line.startswith("a]0;b c")
    assert len(line) == relay.MOST_TITLE


async def test_a_feed_is_fetched_and_followed_to_where_it_has_gone() -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: /new?x=1\r\n\r\n"
    origin = Origin(moved, ok(RSS))
    async with serving(origin) as address:
        assert await fetch(address) == RSS
    assert origin.asked[1].startswith(b"GET /new?x=1 HTTP/1.0\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "404"),
        (b"HTTP/1.1 302 Found\r\nLocation: /feed\r\n\r\n", "round"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", "only http"),
        (ok(b"x" * (feeds.MOST_BYTES + 1)), "larger"),
        (ok(b"x", b"Content-Encoding: gzip\r\n"), "packed"),
        (b"x" * 100_000, "."),
        (b"220 mail.example ESMTP\r\n", "."),
    ],
)
async def test_an_origin_that_does_not_behave_is_given_up(answer: bytes, why: str) -> None:
    async with serving(Origin(answer)) as address:
        with pytest.raises(FeedError, match=why):
            await fetch(address)


async def test_an_origin_that_is_slow_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "SECONDS", 0.05)
    async with serving(Origin(ok(b"<rss>"), holds=True)) as address:
        with pytest.raises(FeedError, match="no answer"):
            await fetch(address)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http:///x", "http://127.0.0.1:x/", "http://h/\r\nX: y"]
)
async def test_what_is_no_address_is_not_asked(address: str) -> None:
    with pytest.raises(FeedError):
        await fetch(address)


async def begin(bot: Bot) -> tuple[BotPlay, Person]:
    play = BotPlay(bot)
    await play.begin()
    ann = play.stage.enter("ann")
    await play.say(ann, "JOIN #news")
    ann.take()
    return play, ann


def said_to(person: Person) -> list[str]:
    sign = ":relay!~relay@there PRIVMSG #news :"
    return [line.removeprefix(sign) for line in person.take() if line.startswith(sign)]


async def test_news_are_what_was_not_there_at_the_first_look(caplog: pytest.LogCaptureFixture) -> None:
    def feed(*numbers: int) -> bytes:
        items = "".join(f"<item><guid>{n}</guid><title>news {n}</title></item>" for n in numbers)
        return ok(f"<rss>{items}</rss>".encode())

    origin = Origin(feed(2, 1), feed(2, 1), feed(4, 3, 2), ok(b"broken"), feed(5, 4), feed(*range(30, 5, -1)))
    async with serving(origin) as address:
        play, ann = await begin(relay.make(feeds=[address], every=60, rooms=("#news",)))
        await play.say(ann, "PRIVMSG #news :!news")
        assert said_to(ann) == ["news 2"], "the first look is at the beginning"
        await play.pass_time(60)
        assert said_to(ann) == []
        await play.pass_time(60)
        assert said_to(ann) == ["news 3", "news 4"]
        with caplog.at_level(logging.WARNING, "veche.bot.relay"):
            await play.pass_time(60)
        assert "no XML" in caplog.text
        await play.pass_time(60)
        assert said_to(ann) == ["news 5"]
        await play.pass_time(60)
        assert said_to(ann) == ["news 26", "news 27", "news 28", "news 29", "news 30"]
        await play.say(ann, "PRIVMSG #news :!news")
        assert said_to(ann) == ["news 30"]


class Hook:
    """A webhook, and a fake server whose lobby it speaks in."""

    def __init__(self, server: FakeServer, port: int, chat: Connection) -> None:
        self.server = server
        self.chat = chat
        self._port = port

    async def post(self, body: bytes, *, token: str = TOKEN, kind: str = "text/plain", **change: str) -> str:
        """The status of the answer."""
        head = {
            "authorization": f"Bearer {token}", "content-type": kind, "content-length": str(len(body)), **change,
        }  # fmt: skip
        request = head.pop("request", "POST / HTTP/1.1")
        lines = [request, *(f"{name}: {value}" for name, value in head.items() if value)]
        return await self.raw("\r\n".join([*lines, "", ""]).encode() + body)

    async def raw(self, data: bytes) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return answer.decode().partition(" ")[2][:3]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    bot = Bot("relay", rooms=(LOBBY, "#other"))
    webhook = relay.Webhook(bot, 0, TOKEN)
    bot.service(webhook.serve)
    timing = Timing(first_delay=60, patience=5)
    async with (
        FakeServer() as server,
        Connection("127.0.0.1", server.port, nick="relay", rooms=bot.rooms, timing=timing) as chat,
    ):
        running = asyncio.create_task(bot.run(chat))
        while not webhook.port:
            await asyncio.sleep(0)
        yield Hook(server, webhook.port, chat)
        await chat.close()
        await asyncio.wait_for(running, 5)


async def test_who_knows_the_token_is_heard(hook: Hook) -> None:
    assert await hook.post(b"The backup is done\x1b[2J\r\nand well") == "204"
    body = json.dumps({"text": "here only", "room": "#OTHER"}).encode()
    assert await hook.post(body, kind="application/json") == "204"
    assert hook.server.texts() == ["The backup is done[2J", "and well"]
    assert hook.server.texts("#other") == ["The backup is done[2J", "and well", "here only"]


async def test_who_does_not_is_told_nothing_else(hook: Hook) -> None:
    for change in ({"token": "another"}, {"authorization": ""}, {"authorization": f"Basic {TOKEN}"}):
        assert await hook.post(b"x", request="GET / HTTP/1.1", **change) == "401"
    assert hook.server.texts() == []


async def test_requests_that_make_no_sense_are_refused(hook: Hook) -> None:
    assert await hook.post(b"x", request="GET / HTTP/1.1") == "405"
    assert await hook.post(b"x", **{"content-length": ""}) == "411"
    assert await hook.post(b"x", **{"content-length": "99999999999"}) == "413"
    assert await hook.post(b"x", **{"content-length": "16385"}) == "413"
    assert await hook.post(b" \n") == "400"
    assert await hook.post(b"\xff") == "400"
    for body in (b"[", b"[]", b"{}", b'{"text": 1}', b'{"text": "x", "room": 1}', b"[" * 16000):
        assert await hook.post(body, kind="application/json") == "400"
    assert await hook.post(b'{"text": "x", "room": "#nowhere"}', kind="application/json") == "404"
    assert await hook.raw(b"POST / HTTP/1.1\r\nX: " + b"x" * 20_000) == "413"
    assert hook.server.texts() == []


async def test_who_says_nothing_is_not_waited_for(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "PATIENCE", 0.05)
    assert await hook.raw(b"POST / HTT") == ""
    assert (
        await hook.raw(
            f"POST / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\nx".encode()
        )
        == ""
    )


async def test_while_the_chat_is_away_it_says_so(hook: Hook) -> None:
    await hook.server.stop()
    while hook.chat.is_online:
        await asyncio.sleep(0)
    assert await hook.post(b"x") == "503"


def test_the_command_line_wants_a_room_and_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--feed", "https://example.org"], ["--room", "#a", "--listen", "8787"], ["--every", "0"]):
        with pytest.raises(SystemExit) as ended:
            relay.main(words)
        assert ended.value.code == 2
    assert "token" in capsys.readouterr().err.lower()


def test_words_are_there_in_both_languages() -> None:
    assert all(en and ru for en, ru in relay.TABLE.values())
    assert Phrases(relay.TABLE, "ru")("no_news") == "Пока ничего."
