"""Who is too fast waits, at every door: nothing is lost, nothing comes twice, and nobody is sent away (ADR 0017)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.net.conftest import House
from tests.net.test_frames import client_frame
from tests.net.test_tls import trusting
from tests.net.test_websocket import Client, open_door, upgrade
from veche.app.certificates import Pair
from veche.core.limits import Flood
from veche.net.frames import TEXT
from veche.net.tcp import IrcProtocol
from veche.net.tls import TlsDoor
from veche.net.tls_layer import TlsLayer

LINES = 2000
REGISTER = ["NICK ann", "USER ann 0 * :Ann"]
FLOOD = [f"PING {number}" for number in range(LINES)]
ANSWERS = [f":irc.example PONG irc.example :{number}" for number in range(LINES)]


@pytest.fixture
def strict(house: House) -> House:
    """A house that holds little, at a rate that a test can wait for."""
    house.settings.input_queue = 1024
    house.engine.flood = Flood(5, 20_000.0)
    return house


async def hear(house: House, next_line: Callable[[], Awaitable[bytes]]) -> list[str]:
    """The answers to a flood, of which the house must have refused to read a part at first."""
    found: list[str] = []
    stopped = 0
    async with asyncio.timeout(20):
        while len(found) < LINES:
            line = await next_line()
            assert line, "sent away"
            stopped += any(session.reading_paused for session in house.engine.sessions)
            if b" PONG " in line:
                found.append(line.decode().rstrip("\r\n"))
    assert stopped
    return found


def as_lines(*lines: str) -> bytes:
    return "".join(line + "\r\n" for line in lines).encode()


async def test_over_tcp(strict: House) -> None:
    port = await strict.open(lambda: IrcProtocol(strict.shell, "irc"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(as_lines(*REGISTER, *FLOOD))
    assert await hear(strict, reader.readline) == ANSWERS
    writer.transport.abort()


async def test_over_tls(strict: House, pair: Pair) -> None:
    tls = TlsDoor(strict.shell, protocol=b"irc", asks_clients=False, counts=False)
    tls.use(*pair)
    port = await strict.open(lambda: TlsLayer(tls, lambda peer: IrcProtocol(strict.shell, "ircs", peer)))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting())
    writer.write(as_lines(*REGISTER, *FLOOD))
    assert await hear(strict, reader.readline) == ANSWERS
    writer.transport.abort()


async def test_over_websocket(strict: House) -> None:
    async with open_door(strict) as door, door.knock() as client:
        assert (await client.open(upgrade())).startswith(b"HTTP/1.1 101 ")
        client.writer.write(b"".join(client_frame(TEXT, line.encode()) for line in [*REGISTER, *FLOOD]))
        assert await hear(strict, lambda: line_of(client)) == ANSWERS


async def line_of(client: Client) -> bytes:
    return (await client.frame())[1]
