"""PostgreSQL as the record's engine: how a connection is made, and what its errors mean for a batch.

The rules:
* asyncpg is imported here and nowhere else, and only when a record in PostgreSQL is asked for: it is an extra.
* **Nothing is acknowledged before PostgreSQL has synced it.** Where somebody has switched `synchronous_commit` off, a
  connection that writes switches it on; what is stronger ("remote_apply") stays.
* A statement may take 3 s, by the server's clock and by ours: one that never answers (a cut link, a stopped process) is
  given up, and the connection with it.
* The password is in no text that we make; `shown` is the address for people.
"""

import asyncio
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

SCHEMES = ("postgresql://", "postgres://")
# Our tables are in a schema of their own, so that whatever else is in the database is left alone.
SCHEMA = "veche"

STATEMENT_SECONDS = 3.0
CONNECT_SECONDS = 1.8
# What a server does not answer within its own limit it will not answer at all.
ANSWER_SECONDS = STATEMENT_SECONDS + 0.5

_SETTINGS = {
    "search_path": SCHEMA,
    "statement_timeout": f"{STATEMENT_SECONDS * 1000:.0f}",
    "jit": "off",  # a page is read faster than a program for reading it is made
    "timezone": "UTC",
    # A server whose machine has gone must not hold our lock for the two hours of the system's default.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}

# The connection is at its end with these, even though the server has said so itself: what it was doing may have been
# done. Class 57P: the server is going down; 08: the connection itself; 25006: it is a copy now, that only reads.
_ENDING = ("57P", "08", "25P03", "25006")
# Nothing was stored, and the same batch may pass at once: a serialization failure, a deadlock.
_PASSING = ("40001", "40P01")


class Connection(Protocol):
    """What we use of asyncpg's, which has no types of its own."""

    async def execute(self, query: str, *values: object) -> str:
        """Execute a statement; without values also several."""

    async def fetch(self, query: str, *values: object) -> list[Any]:
        """All rows of an answer."""

    async def fetchrow(self, query: str, *values: object) -> Any:
        """The first row, or None."""

    async def fetchval(self, query: str, *values: object) -> Any:
        """The first value of the first row, or None."""

    async def copy_records_to_table(
        self, table_name: str, *, records: Sequence[tuple[object, ...]], columns: Sequence[str]
    ) -> str:
        """Write rows with COPY."""

    def is_closed(self) -> bool:
        """Whether it is known to be at its end."""

    async def close(self) -> None:
        """Say goodbye."""

    def terminate(self) -> None:
        """Close at once."""

    def add_termination_listener(self, callback: Callable[[Any], None]) -> None:
        """Have it called with the connection when that has ended, whoever ended it."""


class LinkError(Exception):
    """There is no connection, or it broke; nobody may know what became of the statement that was under way."""


class RefusedError(Exception):
    """PostgreSQL has said no: nothing was stored. `is_passing`: the same may succeed at once."""

    def __init__(self, text: str, state: str) -> None:
        super().__init__(text)
        self.state = state

    @property
    def is_passing(self) -> bool:
        return self.state in _PASSING


def is_installed() -> bool:
    """Whether asyncpg is here."""
    return find_spec("asyncpg") is not None


def is_url(text: str) -> bool:
    """Whether a text is the address of a database: it has a scheme, and parts that can be told from one another."""
    if not text.startswith(SCHEMES):
        return False
    try:
        parts = urlsplit(text)
        return parts.port != 0 and not parts.fragment
    except ValueError:
        return False


def has_password(url: str) -> bool:
    """Whether an address holds a password."""
    return urlsplit(url).password is not None or "password=" in urlsplit(url).query


def shown(url: str) -> str:
    """An address without its password and its options, for people and logs."""
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    return f"postgresql://{unquote(user.partition(':')[0])}{at}{place}{parts.path}"


async def connect(url: str, name: str, *, writes: bool, seconds: float = CONNECT_SECONDS) -> Connection:
    """A new connection, called `name` in the server's list. Raises LinkError, or RefusedError."""
    asyncpg = import_module("asyncpg")
    settings = {**_SETTINGS, "application_name": name}
    if not writes:
        settings["default_transaction_read_only"] = "on"
    try:
        async with asyncio.timeout(seconds):
            connection: Connection = await asyncpg.connect(
                url,
                timeout=seconds,
                server_settings=settings,
                # Of several machines in the address the one that takes what is written.
                target_session_attrs="read-write" if writes else "any",
            )
            if writes:
                try:
                    await connection.execute(
                        "select set_config('synchronous_commit', 'on', false)"
                        " where current_setting('synchronous_commit') in ('off', 'local')"
                    )
                except BaseException:  # the wait may be given up, too
                    connection.terminate()
                    raise
    except Exception as error:
        raise meaning(error, is_connected=False) from error
    return connection


def meaning(error: Exception, *, is_connected: bool = True) -> Exception:
    """What an error that came out of asyncpg means: a RefusedError, a LinkError, or itself, if it is a bug."""
    if isinstance(error, LinkError | RefusedError):
        return error
    state: str | None = getattr(error, "sqlstate", None)
    is_last_word = getattr(error, "severity_en", "") in ("FATAL", "PANIC") and is_connected
    if state is not None and not is_last_word and not state.startswith(_ENDING):
        return RefusedError(describe(error), state)
    if state is not None or isinstance(error, OSError | TimeoutError) or _is_of_asyncpg(error):
        return LinkError(describe(error))
    return error


def describe(error: Exception) -> str:
    """An error for the log and the operator, as one line."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {text}" if text else ("no answer in time" if isinstance(error, TimeoutError) else name)


def _is_of_asyncpg(error: Exception) -> bool:
    asyncpg = import_module("asyncpg")
    return isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)


def columns_of(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as the arrays that unnest() makes rows of again; of no rows `width` empty ones."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
