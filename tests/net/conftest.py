"""What tests of doors share: a whole server behind a real socket, on whatever loop the test runs in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from veche.app.certificates import Pair, own_pair
from veche.app.features import FEATURES
from veche.core.engine import Engine
from veche.core.settings import Settings
from veche.net.shell import Shell, SystemChance, SystemClock
from veche.testing.clock import NOON
from veche.testing.stage import quiet_settings


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Doors are tested on the loop that we ship and on Python's own, which stands in where there is no uvloop."""
    if sys.platform == "win32":
        return {"asyncio": asyncio.new_event_loop}
    import uvloop

    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class House:
    """A server without a disk, and the doors that a test opens to it."""

    def __init__(self) -> None:
        self.settings: Settings = quiet_settings()
        self.shell = Shell(asyncio.get_running_loop())
        self.engine = Engine(FEATURES, self.settings, SystemClock(), SystemChance(), None, lambda _: "there")
        self.shell.drive(self.engine)
        self._servers: list[asyncio.Server] = []

    async def open(self, factory: Callable[[], asyncio.BaseProtocol]) -> int:
        """Open a door; its port."""
        server = await self.shell.loop.create_server(factory, "127.0.0.1", 0)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the server has come so far; five seconds at most."""
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)

    async def close(self) -> None:
        """End everybody, as a server does that goes down."""
        for server in self._servers:
            server.close()
        self.engine.stop("The test is over")
        self.engine.say_goodbye()
        for session in list(self.engine.sessions):
            session.pipe.abort()
        await self.until(lambda: not self.engine.sessions and not self.engine.doorkeeper.count)
        for server in self._servers:
            await server.wait_closed()
        await asyncio.sleep(0.001)  # what tests have aborted on their side is closed in the loop's next turns


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    """An open house."""
    house = House()
    yield house
    await house.close()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A certificate of our own making."""
    return own_pair(Path(tmp_path_factory.mktemp("tls"), "tls"), ["irc.example"], NOON)
