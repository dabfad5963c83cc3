"""Addresses of databases: what is one, and what of it people may see. A connection that nobody waits for is closed."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from veche.store.postgresql.link import LinkError, connect, has_password, is_url, shown
from veche.store.postgresql.seat import Seat


@pytest.mark.parametrize(
    ("url", "seen", "secret"),
    [
        (
            "postgresql://ann:tea@db.example:5433/chat?sslmode=require",
            "postgresql://ann@db.example:5433/chat",
            True,
        ),
        ("postgres://ann@db.example/chat", "postgresql://ann@db.example/chat", False),
        ("postgresql://db.example/chat?password=tea", "postgresql://db.example/chat", True),
        ("postgresql://ann:t%40a:b@[::1]:5432/chat", "postgresql://ann@[::1]:5432/chat", True),
        ("postgresql:///chat?host=/run/postgresql", "postgresql:///chat", False),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, seen: str, secret: bool) -> None:
    assert is_url(url)
    assert shown(url) == seen
    assert has_password(url) is secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chat",
        "mysql://db/chat",
        "postgresql:/db",
        "postgresql://a:te#a@db/chat",
        "postgresql://a:te/a@db/chat",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert not is_url(text)


class SilentConnection:
    """Open, and never says anything."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.is_open = True

    async def execute(self, query: str, *values: object) -> str:
        if "set_config" in query and self.may_be_set:
            return ""
        self.is_asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    fetchval = execute
    may_be_set = False

    def terminate(self) -> None:
        self.is_open = False


class ReadyConnection(SilentConnection):
    may_be_set = True


@pytest.mark.parametrize(
    ("connection", "begin"),
    [
        (SilentConnection, lambda: connect("postgresql:///", "x", writes=True, seconds=60)),
        (ReadyConnection, lambda: Seat.take("postgresql:///", "x")),
    ],
)
def test_who_gives_up_waiting_leaves_no_connection_open(
    monkeypatch: pytest.MonkeyPatch,
    connection: type[SilentConnection],
    begin: Callable[[], Awaitable[object]],
) -> None:
    async def give_up() -> None:
        made = connection()

        async def give(*_: object, **__: object) -> SilentConnection:
            return made

        monkeypatch.setattr(asyncpg, "connect", give)
        task = asyncio.ensure_future(begin())
        await made.is_asked.wait()
        assert made.is_open
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not made.is_open

    asyncio.run(give_up())


def test_a_database_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait() -> None:
        made = SilentConnection()

        async def give(*_: object, **__: object) -> SilentConnection:
            return made

        monkeypatch.setattr(asyncpg, "connect", give)
        with pytest.raises(LinkError, match="no answer in time"):
            await connect("postgresql:///", "x", writes=True, seconds=0)
        assert not made.is_open

    asyncio.run(wait())
