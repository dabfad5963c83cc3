"""Visitors of the ssh door for tests: asyncssh's own client, and people at the IRC door beside them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import asyncssh

PATIENCE = 20.0
_ESCAPE = re.compile(rb"\x1b(\[[0-9;?<>=]*[A-Za-z~]|[()][A-Z0-9]|[=>78M]|P[^\x1b]*\x1b\\)")


class Screen(asyncssh.SSHClientSession[bytes]):
    """What one session has sent, raw; `words` is it without what moves the cursor."""

    def __init__(self) -> None:
        self.raw = b""
        self.errors = b""
        self.arrived = asyncio.Event()
        self.is_over = False

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self.errors += data
        else:
            self.raw += data
        self.arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        self.arrived.set()

    @property
    def words(self) -> str:
        return _ESCAPE.sub(b"", self.raw).decode(errors="replace")

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.arrived.clear()
                await self.arrived.wait()

    async def shows(self, text: str) -> None:
        try:
            await self.until(lambda: text in self.words or self.is_over)
        except TimeoutError:
            raise AssertionError(f"{text!r} is not in {self.words!r} {self.errors!r}") from None
        assert text in self.words, (self.words, self.errors)


class Visitor:
    """Somebody who has come in by ssh."""

    def __init__(
        self,
        connection: asyncssh.SSHClientConnection,
        channel: asyncssh.SSHClientChannel[bytes],
        screen: Screen,
    ):
        self.connection = connection
        self.channel = channel
        self.screen = screen

    def type(self, text: str) -> None:
        self.channel.write(text.encode() + b"\r")

    async def leave(self) -> None:
        self.connection.close()
        await self.connection.wait_closed()


async def connect(port: int, name: str, **options: object) -> asyncssh.SSHClientConnection:
    given: dict[str, object] = {
        "client_keys": None,
        "password": "",
        "known_hosts": None,
        "config": None,
        **options,
    }
    return await asyncssh.connect("127.0.0.1", port, username=name, agent_path=None, **given)  # type: ignore[arg-type]


async def visit(port: int, name: str, **options: object) -> Visitor:
    """Come in and stand before the windows."""
    connection = await connect(port, name, **options)
    channel, screen = await connection.create_session(
        Screen, term_type="xterm-256color", term_size=(100, 30), encoding=None
    )
    await screen.shows("Esc")  # where to? To the first room of the list
    channel.write(b"\r")
    return Visitor(connection, channel, screen)


async def run(port: int, name: str, command: str, given: str = "", **options: object) -> tuple[int, str, str]:
    """One command: its exit code, what it said, and what it complained of."""
    async with await connect(port, name, **options) as connection:
        process = await connection.create_process(command)
        try:
            process.stdin.write(given)
            process.stdin.write_eof()
        except BrokenPipeError:  # it has ended already
            pass
        ran = await process.wait(timeout=PATIENCE)
        return ran.returncode or 0, str(ran.stdout), str(ran.stderr)


class Irc:
    """Somebody at the IRC door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def enter(cls, port: int, nick: str) -> Irc:
        irc = cls(*await asyncio.open_connection("127.0.0.1", port))
        irc.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        await irc.hear(" 376 ")
        return irc

    def say(self, *lines: str) -> None:
        self.writer.write("".join(line + "\r\n" for line in lines).encode())

    async def hear(self, words: str) -> str:
        async with asyncio.timeout(PATIENCE):
            while line := (await self.reader.readline()).decode():
                if words in line:
                    return line.strip()
        raise AssertionError(f"the connection ended before {words!r}")

    async def hear_until(self, words: str) -> str:
        """Everything up to a line with these words."""
        lines = [await self.hear("")]
        while words not in lines[-1]:
            lines.append(await self.hear(""))
        return "\n".join(lines)

    async def leave(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()
