"""veche.net.tcp: a few real connections over loopback; what is said in them is for the plays."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from tests.net.conftest import House
from veche.net.tcp import IrcProtocol, describe_loss


class Caller:
    """A client that knows nothing but bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def call(cls, port: int) -> Caller:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, *lines: str) -> None:
        self.writer.write("".join(line + "\r\n" for line in lines).encode())

    async def hear(self, end: str) -> str:
        """The line that ends so; those before it are passed over."""
        async with asyncio.timeout(5):
            while True:
                line = (await self.reader.readline()).decode()
                assert line.endswith("\r\n"), f"the connection ended before {end!r}"
                if line.rstrip().endswith(end):
                    return line.rstrip("\r\n")

    async def rest(self) -> str:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(5):
            return (await self.reader.read()).decode()

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass


@pytest.fixture
async def port(house: House) -> int:
    return await house.open(lambda: IrcProtocol(house.shell, "irc"))


async def enter(port: int, nick: str) -> Caller:
    caller = await Caller.call(port)
    caller.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
    await caller.hear(":MOTD File is missing")
    return caller


async def test_two_people_talk(port: int) -> None:
    ann, bob = await enter(port, "ann"), await enter(port, "bob")
    ann.send("PRIVMSG bob :hello")
    assert await bob.hear(":hello") == ":ann!~ann@there PRIVMSG bob :hello"
    await ann.close()
    await bob.close()


async def test_a_caller_who_shuts_down_his_side_is_answered_before_the_end(house: House, port: int) -> None:
    """As `printf '...' | nc` does."""
    caller = await Caller.call(port)
    caller.send("NICK ann", "USER ann 0 * :Ann", "PING last")
    caller.writer.write_eof()
    heard = await caller.rest()
    assert ":irc.example 001 ann " in heard
    assert heard.endswith(":irc.example PONG irc.example :last\r\nERROR :Connection closed\r\n")
    await caller.close()
    await house.until(lambda: not house.engine.world.users)


async def test_a_reset_connection_says_so_to_the_others(port: int) -> None:
    ann, bob = await enter(port, "ann"), await enter(port, "bob")
    ann.send("JOIN #tea")
    await ann.hear("End of /NAMES list")
    bob.send("JOIN #tea")
    await bob.hear("End of /NAMES list")
    sock = bob.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    bob.writer.transport.abort()
    assert await ann.hear(":Connection reset by peer") == ":bob!~bob@there QUIT :Connection reset by peer"
    await ann.close()


@pytest.mark.parametrize(
    "hello", [b"\x16\x03\x01\x02\x00\x01", b"SSH-2.0-OpenSSH\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_another_protocol_is_sent_away_at_once(house: House, port: int, hello: bytes) -> None:
    caller = await Caller.call(port)
    caller.writer.write(hello)
    assert await caller.rest() == "ERROR :This door speaks IRC without TLS\r\n"
    await caller.close()
    await house.until(lambda: not house.engine.sessions)


async def test_who_is_not_let_in_is_told_why(house: House, port: int) -> None:
    house.settings.clients = 0
    caller = await Caller.call(port)
    caller.send("NICK ann")
    assert "server is full" in await caller.rest()
    await caller.close()


async def test_who_is_ended_in_the_middle_of_talking_reads_why(house: House, port: int) -> None:
    """A socket that is closed with unread input takes back what was written to it."""
    caller = await enter(port, "ann")
    caller.send("QUIT :enough", *["PING more"] * 50_000)
    assert "Quit: enough" in await caller.rest()
    await caller.close()
    await house.until(lambda: not house.engine.sessions)


async def test_who_reads_nothing_is_ended_and_nobody_else_notices(house: House, port: int) -> None:
    """The kernel's buffers and ours together are bounded (SendQ)."""
    house.engine.outboxes.limit = 20_000
    ann, bob = await enter(port, "ann"), await enter(port, "bob")
    ann.writer.transport.pause_reading()
    for turn in range(200):
        bob.send(*[f"PRIVMSG ann :{'x' * 480}"] * 100, f"PING {turn}")
        await bob.hear(f":{turn}")
        if not any(session.nick == "ann" for session in house.engine.sessions):
            break
    else:
        pytest.fail("ann is still there")
    ann.writer.transport.resume_reading()
    await ann.rest()
    bob.send("PING there")
    await bob.hear(":there")
    await ann.close()
    await bob.close()


async def test_bytes_arrive_in_any_pieces(port: int) -> None:
    caller = await Caller.call(port)
    for byte in b"NICK ann\r\nUSER ann 0 * :Ann\r\n":
        caller.writer.write(bytes([byte]))
        await caller.writer.drain()
    await caller.hear(":MOTD File is missing")
    await caller.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "Connection closed"),
        (TimeoutError(), "Connection timed out"),
        (ConnectionResetError(), "Connection reset by peer"),
        (BrokenPipeError(), "Connection reset by peer"),
        (OSError(), "Connection lost"),
    ],
)
def test_a_loss_has_its_words(error: Exception | None, words: str) -> None:
    assert describe_loss(error) == words


class Telling(asyncio.Protocol):
    """Tells whether what is written leaves at once."""

    def __init__(self, told: asyncio.Future[int]) -> None:
        self._told = told

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sock = transport.get_extra_info("socket")
        self._told.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        transport.close()


async def test_what_is_written_leaves_at_once() -> None:
    """Both loops see to it themselves; if one ceases to, IrcProtocol must."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[int] = loop.create_future()
    server = await loop.create_server(lambda: Telling(told), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    async with asyncio.timeout(5):
        assert await told
        assert await reader.read() == b""
    writer.close()
    server.close()
    await server.wait_closed()
