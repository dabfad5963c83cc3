"""The PostgreSQL under the server that is tested, and the way between them: both can be harmed.

The server knows one address, that of the way (`url`); it stays the same whatever happens to either.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from veche.testing.postgres import Postgres, PostgresError, Way, why_no_postgres
from veche.testing.postgres_proxy import Proxy

from .client import CheckerError

# Small pieces of log: a disk of a few megabytes must hold some, and a round must need several.
INITDB = ("--wal-segsize=1",)
SETTINGS = {"min_wal_size": "2MB", "max_wal_size": "16MB", "shared_buffers": "16MB"}

Value = TypeVar("Value")


def why_no_database() -> str:
    """Why this machine cannot play what needs PostgreSQL; empty if it can."""
    return why_no_postgres()


class Database:
    """One PostgreSQL, made when it is first started; it may be killed, moved to another folder and started again."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        self.server = Postgres(folder, is_durable=is_durable, settings=SETTINGS)
        self.standby: Postgres | None = None
        self.way = Proxy(self.server.port)

    @property
    def url(self) -> str:
        """Where the server finds it."""
        return self.server.url(port=self.way.port)

    async def open(self) -> None:
        """Start it, and open the way."""
        if not self.server.data.exists():
            await _call(lambda: self.server.create(*INITDB))
        await self.start()
        self.way.open()

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        await _call(self.server.start)

    async def add_standby(self, folder: Path) -> None:
        """A second PostgreSQL follows the first, which from now on waits for it with every commit."""
        standby = Postgres(folder, is_durable=self.server.is_durable, settings=SETTINGS)
        await _call(lambda: standby.follow(self.server))
        self.standby = standby
        await _call(standby.start)
        await _call(self.server.wait_for_standby)

    async def fail_over(self) -> None:
        """The first one is lost with all that it has; the standby takes its place at the same address."""
        assert self.standby is not None
        await self.kill()
        await _call(self.server.wait_gone)
        self.server, self.standby = self.standby, None
        await _call(self.server.promote)
        self.way.target = self.server.port

    async def stop(self, way: Way) -> None:
        """End it orderly or not."""
        await _call(lambda: self.server.stop(way))

    async def kill(self) -> None:
        """`kill -9` of the postmaster."""
        await _call(self.server.kill)

    async def vanish(self) -> None:
        """It and all that belongs to it is killed and gone, so that its disk can be taken away."""
        await self.way.end()
        for server in filter(None, (self.standby, self.server)):
            await _call(server.kill)
            await _call(server.wait_gone)


async def _call(job: Callable[[], Value]) -> Value:
    # In a thread: the crowd goes on meanwhile, and so does the way.
    try:
        return await asyncio.to_thread(job)
    except PostgresError as error:
        raise CheckerError(str(error)) from error
