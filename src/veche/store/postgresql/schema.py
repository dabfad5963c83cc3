"""The schema in PostgreSQL: numbered files as for SQLite, under the same numbers, each applied wholly or not at all.

The rule: where SQLite's files and these have the same number, they hold the same rows. The first file here is all that
SQLite had when PostgreSQL came. Everything is in a schema of its own, so a database may hold other things beside it.
"""

from pathlib import Path

from veche.core.ports import SavedFact
from veche.store.postgresql.link import SCHEMA, Connection
from veche.store.refusals import DataDirectoryError

# The SQL of each migration, by its number.
Migrations = dict[int, str]

_IS_MADE = "select to_regclass($1) is not null"
_KEEP_NUMBER = """
    insert into about (key, value) values ('schema', $1) on conflict (key) do update set value = excluded.value
"""
_LAST = """
    select greatest(
            (select max(seq) from message), (select max(seq) from event), (select max(seq) from saved_fact),
            (select max(seq) from redaction), (select max(seq) from reaction), (select max(seq) from keyed_fact),
            (select max(seq) from edit), 0),
        greatest(
            (select time from message order by seq desc limit 1), (select time from event order by seq desc limit 1), 0)
"""
_SAVED = """
    select seq, kind, body, '' as key from saved_fact union all select seq, kind, body, key from keyed_fact order by 1
"""


def known_migrations() -> Migrations:
    """The SQL of every migration that this version knows."""
    files = sorted((Path(__file__).parent.parent / "migrations" / "postgresql").glob("[0-9]*.sql"))
    return {int(file.name[:4]): file.read_text(encoding="utf-8") for file in files}


async def is_made(connection: Connection) -> bool:
    """Whether the database has our tables."""
    made: bool = await connection.fetchval(_IS_MADE, f"{SCHEMA}.about")
    return made


async def bring_up_to_date(connection: Connection, url: str, migrations: Migrations) -> None:
    """Make or upgrade the schema; `url` is for messages. Raises DataDirectoryError, or what asyncpg raises."""
    encoding = await connection.fetchval("select current_setting('server_encoding')")
    if encoding != "UTF8":
        raise DataDirectoryError("database_encoding", url=url, encoding=encoding)
    known = max(migrations)
    found = 0
    if await is_made(connection):
        about = dict(await connection.fetch("select key, value from about"))
        found = int(about.get("schema", 0))
        if found > known:
            raise DataDirectoryError("newer", path=url, found=found, known=known, needs=about["needs"])
    else:
        await connection.execute(f"create schema if not exists {SCHEMA}")
    for number in sorted(migrations):
        if number > found:
            await _apply(connection, migrations[number], number)


async def make(connection: Connection, migrations: Migrations) -> None:
    """Make all of it in the transaction that is open; nothing of that name may be there."""
    await connection.execute(f"create schema {SCHEMA}")
    for number in sorted(migrations):
        await connection.execute(migrations[number])
        await connection.execute(_KEEP_NUMBER, str(number))


async def _apply(connection: Connection, script: str, number: int) -> None:
    await connection.execute("set statement_timeout = 0")  # the larger the record, the longer it takes
    await connection.execute("begin")
    try:
        await connection.execute(script)
        await connection.execute(_KEEP_NUMBER, str(number))
        await connection.execute("commit")
    except Exception:
        if not connection.is_closed():
            await connection.execute("rollback")
        raise
    await connection.execute("reset statement_timeout")


async def last_row(connection: Connection) -> tuple[int, int]:
    """The highest `seq` of all rows, and the `time` of the newest message or event; (0, 0) when there is none."""
    seq, time = await connection.fetchrow(_LAST)
    return seq, time


async def saved_facts(connection: Connection) -> list[SavedFact]:
    """All saved facts in the order of the log."""
    return [SavedFact(*row) for row in await connection.fetch(_SAVED)]
