"""A server that means ill: the windows neither break nor hang, and nothing of its reaches the terminal raw."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from time import perf_counter

import pytest
from textual.pilot import Pilot

from tests.tui.sitting import until, windows
from veche.tui.chat import Chat
from veche.tui.composer import Composer

pytestmark = pytest.mark.slow

CAPS = (
    "message-tags server-time echo-message labeled-response batch draft/chathistory draft/read-marker away-notify "
    "veche/unread veche/threads veche/reactions draft/message-edit draft/message-redaction account-notify"
)
WELCOME = (
    ":srv 001 {nick} :hi",
    ":srv 005 {nick} CHANTYPES=#& PREFIX=(qaohv)~&@%+ CHATHISTORY=100 EXTBAN=,amt :are supported",
    ":srv 422 {nick} :none",
    ":{nick}!u@h JOIN #den",
    ":srv 353 {nick} = #den :@{nick} bob",
    ":srv 366 {nick} #den :end",
)
# What terminals obey, what turns lines around, what takes two cells or none, what markup is made of.
EVIL = (
    "\x1b[2J", "\x1b]0;owned\x07", "\x1b]52;c;AAAA\x07", "\x9b31m", "\x90q", "\u202egpj.exe", "\u2066x\u2069", "\u200b",
    "[red]x[/red]", "[/]", "[@click=app.exit()]x[/]", "[bold", "\\[", "日本語", "👨‍👩‍👧‍👦",
    "🇷🇺", "e\u0301" * 40,
    "\ufdfd" * 9,
    "\x0304,99red",
    "\x04zzz", "\x02\x1d\x1f", "\ud7ff", "\u2028", "\t\t", "a" * 300, "", " ", "\x01ACTION", "\x01VERSION\x01",
    "{x}", "%s", "0" * 50, "\x7f", "\x00",
)  # fmt: skip
NUMERICS = "000 001 005 301 311 321 322 332 352 353 366 375 401 433 442 900 999"
COMMANDS = (
    "PRIVMSG NOTICE TAGMSG JOIN PART KICK QUIT NICK TOPIC MODE REDACT MARKREAD UNREAD "
    "AWAY ACCOUNT INVITE BATCH CAP FAIL WARN NOTE CHGHOST SETNAME PONG RENAME AUTHENTICATE"
)


class Liar:
    """Makes lines that a server might send to do harm, always the same ones for a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def lines(self, count: int) -> bytes:
        """Lines, now and then torn or no lines at all."""
        return b"".join(self._line() for _ in range(count))

    def _line(self) -> bytes:
        chance = self._chance
        if chance.random() < 0.05:
            return chance.randbytes(chance.randrange(400))
        tags = ";".join(self._tag() for _ in range(chance.randrange(4)))
        command = chance.choice((COMMANDS if chance.random() < 0.8 else NUMERICS).split())
        params = [self._word() for _ in range(chance.randrange(4))]
        text = " :" + self._text() if chance.random() < 0.8 else ""
        source = chance.choice(("bob!b@h", "ann!a@h", "srv", self._word(), ""))
        line = f"@{tags} " if tags else ""
        line += f":{source} " if source else ""
        return (line + " ".join([command, *params]) + text).encode("utf-8", "surrogatepass") + b"\r\n"

    def _tag(self) -> str:
        name = self._chance.choice(
            (
                "msgid",
                "time",
                "batch",
                "label",
                "+reply",
                "+draft/react",
                "+draft/unreact",
                "+draft/edit",
                "veche/reactions",
                "veche/edited",
                "account",
                "x",
            )
        )
        values = (
            "m1",
            "m2",
            "2026-01-01T00:00:00.000Z",
            "9999-12-31T23:59:60Z",
            "1",
            "👍",
            "👍:3,a%2Cb:x",
            "",
        )
        return f"{name}={self._chance.choice((*values, self._word()))}"

    def _word(self) -> str:
        chance = self._chance
        word = chance.choice(("#den", "ann", "bob", "*", "m1", "+1", "-1", "chathistory", *EVIL))
        return word.replace(" ", "").replace("\r", "").replace("\n", "") or "x"

    def _text(self) -> str:
        return " ".join(self._chance.choice(EVIL) for _ in range(self._chance.randrange(8)))


@asynccontextmanager
async def lying(lies: bytes) -> AsyncIterator[int]:
    """A server that lets one in, and then says this; its port."""
    open_ones: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        nick = "ann"
        is_done = False
        while line := (await reader.readline()).decode(errors="replace").strip():
            tags, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            command, _, words = rest.partition(" ")
            label = next((tag for tag in tags[1:].split(";") if tag.startswith("label=")), "")
            if command == "NICK":
                nick = words
            elif rest.startswith("CAP LS"):
                writer.write(f":srv CAP * LS :{CAPS}\r\n".encode())
            elif rest.startswith("CAP REQ"):
                writer.write(f":srv CAP * ACK {words[4:]}\r\n".encode())
            elif rest == "CAP END":
                writer.write(("\r\n".join(WELCOME) + "\r\n").format(nick=nick).encode())
            elif label:
                writer.write(f"@{label} :srv ACK\r\n".encode())
                if command == "WHO" and not is_done:  # the chat stands: now
                    is_done = True
                    writer.write(lies)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_ones:
            writer.transport.abort()


def screen_text(pilot: Pilot[int]) -> str:
    """Everything that the terminal is sent as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "".join(segment.text for strip in strips for segment in strip)


def is_harmless(text: str) -> bool:
    """Nothing that a terminal obeys, and nothing that turns a line around."""
    bad = {"\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2028", "\u2029"}
    return not any(unicodedata.category(char) in {"Cc", "Cs"} or char in bad for char in text)


async def endures(pilot: Pilot[int]) -> None:
    """Wander about as a person would; the screen stays harmless and answers."""
    for key in (
        "ctrl+n",
        "alt+down",
        "pageup",
        "f3",
        "escape",
        "ctrl+k",
        "escape",
        "f2",
        "up",
        "up",
        "enter",
        "escape",
        "escape",
    ):
        await pilot.press(key)
        await pilot.pause()
        assert is_harmless(screen_text(pilot)), repr(screen_text(pilot))
    for size in ((20, 5), (200, 50), (80, 24)):
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert is_harmless(screen_text(pilot))


async def comes_in(pilot: Pilot[int]) -> Chat:
    app = pilot.app
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, Chat))
    assert isinstance(app.screen, Chat)
    return app.screen


@pytest.mark.parametrize("seed", range(6))
async def test_garbage_breaks_nothing(seed: int) -> None:
    async with lying(Liar(seed).lines(600)) as port, windows(port).run_test(size=(110, 30)) as pilot:
        screen = await comes_in(pilot)
        await until(pilot, lambda: sum(len(one.entries) for one in screen.book.conversations.values()) > 20)
        await endures(pilot)
        assert pilot.app._exception is None


async def test_ten_thousand_people_a_long_topic_and_a_flood_do_not_hang_it() -> None:
    names = [f"person{number}\u202e[red]" for number in range(10_000)]
    lists = "".join(
        f":srv 353 ann = #den :{' '.join(names[at : at + 40])}\r\n" for at in range(0, 10_000, 40)
    )
    topic = ":srv 332 ann #den :" + "\x1b[2Jtopic 日本 " * 400 + "\r\n"
    huge = ":srv 332 ann #den :" + "x" * 100_000 + "\r\n"
    flood = "".join(f":bob!b@h PRIVMSG #den :flood {number} {'word ' * 20}\r\n" for number in range(5_000))
    whole = (
        lists
        + ":srv 366 ann #den :end\r\n"
        + topic
        + huge
        + flood
        + ":bob!b@h PRIVMSG #den :the last one\r\n"
    )
    async with lying(whole.encode()) as port, windows(port).run_test(size=(110, 30)) as pilot:
        screen = await comes_in(pilot)
        entries = screen.book.open("#den").entries
        await until(pilot, lambda: entries[-1].text == "the last one", patience=60)
        started = perf_counter()
        composer = screen.query_one(Composer)
        await pilot.press(*"still here")
        assert composer.text == "still here"
        assert perf_counter() - started < 15
        assert len(screen._chat.model.rooms["#den"].members) > 9_000
        assert is_harmless(screen_text(pilot))
        await endures(pilot)
        assert pilot.app._exception is None
