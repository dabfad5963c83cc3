"""A record in PostgreSQL as tables of rows (store/tables.py), and how a whole one is put in its place.

The rules:
* Everything that is put in place is made in one transaction, tables included: whatever interrupts it, there is what was
  there before.
* What writes holds the lock of the writer's seat, so no server writes beside it.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from veche.store.checksums import sum_of_fact
from veche.store.postgresql import schema
from veche.store.postgresql.durable import explain
from veche.store.postgresql.link import SCHEMA, Connection, RefusedError, connect, meaning, shown
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.rows import seal
from veche.store.postgresql.seat import Seat
from veche.store.tables import PORTION, Row, Table
from veche.store.verify import Progress, UnreadableError

Value = TypeVar("Value")

_COLUMNS = """
    select table_name::text, column_name::text from information_schema.columns where table_schema = $1
    order by table_name, ordinal_position
"""
_KEYS = """
    select used.table_name::text, used.column_name::text
    from information_schema.table_constraints made
    join information_schema.key_column_usage used using (constraint_schema, constraint_name, table_name)
    where made.table_schema = $1 and made.constraint_type = 'PRIMARY KEY'
    order by used.table_name, used.ordinal_position
"""
_IS_MADE = "select to_regclass(?) is not null"
_IS_LOCKED = (
    "select count(*) from pg_locks where locktype = 'advisory' and classid = 1449485160 and objid = 1"
)
_SIZE = """
    select coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace where nspname = ? and relkind = 'r'
"""
_SEAL_FACT = {
    "saved_fact": "update saved_fact set checksum = $4 where seq = $1 and kind = $2 and $3 = ''",
    "keyed_fact": "update keyed_fact set checksum = $4 where seq = $1 and kind = $2 and key = $3",
}


class PostgresqlTables:
    """An open record in PostgreSQL, for whoever waits for every answer."""

    def __init__(self, thread: LoopThread, connection: Connection, url: str) -> None:
        self._thread = thread
        self._connection = connection
        self._url = url

    def wait(self, job: Coroutine[Any, Any, Value]) -> Value:
        """What a job gives. Raises LinkError, RefusedError."""
        return self._thread.run(_meant(job))

    def execute(self, sql: str) -> None:
        """Execute a statement or several."""
        self.wait(self._connection.execute(sql))

    def schema(self) -> int:
        """The number of the last migration that it has; 0 where there is no record."""
        if not self.query(_IS_MADE, (f"{SCHEMA}.about",))[0][0]:
            return 0
        found = self.query("select value from about where key = 'schema'")
        return int(found[0][0]) if found else 0

    def tables(self) -> list[Table]:
        """All tables, by their names."""
        columns: dict[str, list[str]] = {}
        keys: dict[str, list[str]] = {}
        for into, sql in ((columns, _COLUMNS), (keys, _KEYS)):
            for table, column in self.wait(self._connection.fetch(sql, SCHEMA)):
                into.setdefault(table, []).append(column)
        return [Table(name, tuple(columns[name]), tuple(keys.get(name, ()))) for name in sorted(columns)]

    def query(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows of an answer. Raises UnreadableError for what the server cannot read, or LinkError."""
        parts = sql.split("?")
        numbered = "".join(f"{part}${place}" for place, part in enumerate(parts[:-1], 1)) + parts[-1]
        try:
            return [tuple(row) for row in self.wait(self._connection.fetch(numbered, *values))]
        except RefusedError as error:
            raise UnreadableError(str(error)) from error

    def write(self, table: Table, rows: list[Row]) -> None:
        """Add rows."""
        self.wait(
            self._connection.copy_records_to_table(table.name, records=rows, columns=list(table.columns))
        )

    def size(self) -> int:
        """Bytes on disk, indexes included."""
        size: int = self.query(_SIZE, (SCHEMA,))[0][0]
        return size

    def is_served(self) -> bool:
        """Whether a server writes to it now."""
        return bool(self.query(_IS_LOCKED)[0][0])

    def begin_reading(self) -> None:
        """See the record from now on as it is at this moment."""
        self.execute("begin isolation level repeatable read read only")

    def upgrade(self) -> tuple[int, int]:
        """Bring it up to date: the schema before and now."""
        before = self.schema()
        self.wait(schema.bring_up_to_date(self._connection, shown(self._url), schema.known_migrations()))
        return before, self.schema()

    def seal_all(self, progress: Progress) -> int:
        """Give checksums to what has none; how many rows that were."""
        total = self.query("select count(*) from message where checksum is null")[0][0]
        sealed = after = 0
        sql = "select seq from message where checksum is null and seq > ? order by seq limit ?"
        while rows := self.query(sql, (after, PORTION)):
            self.wait(seal(self._connection, [place for (place,) in rows]))
            sealed += len(rows)
            after = rows[-1][0]
            progress(sealed, total)
        for table, key in (("saved_fact", "''"), ("keyed_fact", "key")):
            facts = self.query(f"select seq, kind, {key}, body from {table} where checksum is null")  # noqa: S608
            for fact in facts:
                self.wait(self._connection.execute(_SEAL_FACT[table], *fact[:3], sum_of_fact(*fact)))
            sealed += len(facts)
        return sealed

    def put_in_place(self, now: str, fill: Callable[[], Value]) -> tuple[Value, str]:
        """Make an empty record, have it filled, and put it in the place of the one that is there, which is renamed.

        All of it or nothing. Returns what `fill` gave, and the name that the old one has now, "" if there was none.
        """
        aside = f"{SCHEMA}_before_{now}" if self.schema() else ""
        self.execute("begin")
        try:
            if aside:
                self.execute(f'alter schema {SCHEMA} rename to "{aside}"')
            self.wait(schema.make(self._connection, schema.known_migrations()))
            filled = fill()
            self.execute("commit")
        except BaseException:
            # PostgreSQL takes back what a connection leaves undone; a goodbye might wait for what was under way.
            self._thread.call(self._connection.terminate)
            raise
        self.execute("analyze")
        return filled, aside


@contextmanager
def open_tables(url: str, *, writes: bool) -> Iterator[PostgresqlTables]:
    """The record at `url`; what `writes` has the lock that a server has. Raises DataDirectoryError and LinkError."""
    thread = LoopThread("veche-db", lambda job: job())
    connection: Connection | None = None
    try:
        connection = thread.run(_connect(url, writes=writes))
        yield PostgresqlTables(thread, connection, url)
    finally:
        thread.finish(lambda: _close(connection), 3.0)


async def _connect(url: str, *, writes: bool) -> Connection:
    try:
        if writes:
            connection = await Seat.take(url, f"veche db {secrets.token_hex(8)}")
        else:
            connection = await connect(url, "veche db", writes=False)
    except Exception as error:
        raise explain(url, error) from error
    # Who asks has time, and ends it himself.
    await connection.execute("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
    return connection


async def _close(connection: Connection | None) -> None:
    if connection is not None:
        try:
            async with asyncio.timeout(1.0):
                await connection.close()
        except Exception:
            connection.terminate()


async def _meant(job: Coroutine[Any, Any, Value]) -> Value:
    try:
        return await job
    except Exception as error:
        raise meaning(error) from error
