"""A record in a PostgreSQL that can be harmed, or the way to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from veche.store.postgresql.durable import PostgresqlStore, open_postgresql
from veche.store.postgresql.loop import LoopThread
from veche.testing.contracts import Turns
from veche.testing.postgres_proxy import Proxy

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

Open = Callable[..., PostgresqlStore]


class Way:
    """A proxy, told what to do from a test that waits for nothing itself."""

    def __init__(self, target: int) -> None:
        self.proxy = Proxy(target)
        self._thread = LoopThread("proxy", lambda job: job(), asyncio.new_event_loop())
        self.open()

    @property
    def port(self) -> int:
        return self.proxy.port

    def open(self) -> None:
        self.do(self.proxy.open)

    def do(self, what: Callable[[], object]) -> None:
        """Call something of the proxy's in its own loop."""

        async def call() -> None:
            what()

        self._thread.run(call(), 10)

    def end(self) -> None:
        assert self._thread.finish(lambda: self.proxy.__aexit__(None, None, None), 10)


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def way(postgres: Postgres) -> Iterator[Way]:
    way = Way(postgres.port)
    yield way
    way.end()


@pytest.fixture
def open_store(postgres: Postgres, database: str, tmp_path: Path, turns: Turns) -> Iterator[Open]:
    """Opens the record of the test; `directory` is the name of a data directory, `port` that of a proxy."""
    opened: list[PostgresqlStore] = []

    def open_it(directory: str = "", port: int | None = None) -> PostgresqlStore:
        data = tmp_path / (directory or f"data-{len(opened)}")
        opened.append(open_postgresql(postgres.url(database, port=port), data, turns.post))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()
