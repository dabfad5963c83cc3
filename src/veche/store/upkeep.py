"""What is done to a record from outside, beside a server or without one: looked over, brought up to date.

The rule: nothing here waits for a server or makes one wait. What changes the record takes the lock of its data
directory; what only reads it does not.
"""

import fcntl
import os
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

from veche.store import schema
from veche.store.checksums import seal, sum_of_fact
from veche.store.directory import APPLICATION_ID, DataDirectory
from veche.store.engines.sqlite import connect_writer, empty_wal
from veche.store.refusals import DataDirectoryError
from veche.store.search.postings import BLOCK_BITS
from veche.store.tables import PORTION, SqliteTables, open_to_read
from veche.store.verify import UNREADABLE, Progress

_UNSEALED = "select seq from message where checksum is null and seq > ? order by seq limit ?"


class Overview(NamedTuple):
    """What there is at a glance; sizes in bytes. `problems` is what `pragma quick_check` found; `search` says how many
    of `blocks` are indexed, None for no index; `runs` is the process of the server, "" for none."""

    schema: int
    messages: int
    conversations: int
    facts: int
    newest: int
    size: int
    log: int
    free: int
    search_size: int
    search: int | None
    blocks: int
    runs: str
    problems: list[str]


def running(data: Path) -> str | None:
    """The number of the process that keeps this data directory; "?" for one that does not say; None for none."""
    try:
        descriptor = os.open(data / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 20).decode("ascii", "replace").strip() or "?"
    finally:
        os.close(descriptor)
    return None


def require_record(database: Path) -> int:
    """The schema of a database that is a record's. Raises DataDirectoryError for anything else."""
    if not database.exists():
        raise DataDirectoryError("missing_record", path=database)
    try:
        connection = open_to_read(database)
        try:
            application = connection.execute("pragma application_id").fetchone()[0]
            found: int = connection.execute("pragma user_version").fetchone()[0]
            if application != APPLICATION_ID:
                raise DataDirectoryError("other_file", path=database)
            known = len(schema.known_migrations())
            if found > known:
                needs = connection.execute("select value from about where key = 'needs'").fetchone()[0]
                raise DataDirectoryError("newer", path=database, found=found, known=known, needs=needs)
        finally:
            connection.close()
    except UNREADABLE as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        key = "other_file" if code == sqlite3.SQLITE_NOTADB else "damaged"
        raise DataDirectoryError(key, path=database, detail=str(error)) from error
    return found


def look_over(data: Path) -> Overview:
    """Look at a record without reading all of it. Raises sqlite3.Error where not even that can be done."""
    database, search = data / "veche.db", data / "search.db"
    connection = open_to_read(database)
    try:
        problems = [
            line for (line,) in connection.execute("pragma quick_check(100)").fetchall() if line != "ok"
        ]
        try:
            schema.check(connection, database, whole=0)
        except DataDirectoryError as error:
            problems.append(str(error.values.get("detail", error)))
        there = {table.name for table in SqliteTables(connection).tables()}
        numbers = [
            connection.execute(f"select count(*) from {table}").fetchone()[0] if table in there else 0  # noqa: S608
            for table in ("message", "conversation", "saved_fact", "keyed_fact")
        ]
        newest = connection.execute("select seq, time from message order by seq desc limit 1").fetchone()
        last, moment = newest or (0, 0)
        number = connection.execute("pragma user_version").fetchone()[0]
    finally:
        connection.close()
    indexed, blocks = _indexed(search), last >> BLOCK_BITS
    return Overview(
        number, numbers[0], numbers[1], numbers[2] + numbers[3], moment, _size(database),
        _size(database.with_name("veche.db-wal")), shutil.disk_usage(data).free, _size(search), indexed, blocks,
        running(data) or "", problems,
    )  # fmt: skip


def _indexed(search: Path) -> int | None:
    if not search.exists():
        return None
    try:
        connection = open_to_read(search)
        try:
            number: int = connection.execute("select count(*) from block").fetchone()[0]
        finally:
            connection.close()
    except UNREADABLE:
        return None
    return number


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def migrate(data: Path, progress: Progress) -> tuple[int, int, int]:
    """Bring a record up to date and give checksums to rows that have none: schema before, schema now, rows sealed.

    Raises DataDirectoryError, sqlite3.Error and OSError. What was done when it is interrupted stays done.
    """
    directory = DataDirectory(data)
    try:
        directory.prepare_database()
        connection = connect_writer(directory.database)
        try:
            before = connection.execute("pragma user_version").fetchone()[0]
            empty_wal(connection)
            migrations = schema.known_migrations()
            schema.bring_up_to_date(connection, directory.database, migrations)
            if empty_wal(connection):
                directory.mark_made()
            directory.mark_running()
            sealed = _seal_all(connection, progress)
            if empty_wal(connection):
                directory.mark_stopped()
        finally:
            connection.close()
    finally:
        directory.close()
    return before, len(migrations), sealed


def upgrade_copy(database: Path) -> None:
    """Bring a database that nobody else has up to date, without a copy of it. Raises sqlite3.Error."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        schema.apply_missing(connection, schema.known_migrations())
    finally:
        connection.close()


def _seal_all(connection: sqlite3.Connection, progress: Progress) -> int:
    total = connection.execute("select count(*) from message where checksum is null").fetchone()[0]
    sealed = after = 0
    while rows := connection.execute(_UNSEALED, (after, PORTION)).fetchall():
        places = [place for (place,) in rows]
        connection.execute("begin immediate")
        seal(connection, places)
        connection.execute("commit")
        sealed += len(places)
        after = places[-1]
        progress(sealed, total)
    return sealed + _seal_facts(connection)


def _seal_facts(connection: sqlite3.Connection) -> int:
    sealed = 0
    connection.execute("begin immediate")
    for table, key in (("saved_fact", "''"), ("keyed_fact", "key")):
        rows = connection.execute(
            f"select seq, kind, {key}, body from {table} where checksum is null"  # noqa: S608 - names of ours
        ).fetchall()
        for row in rows:
            connection.execute(
                f"update {table} set checksum = ? where seq = ? and kind = ? and {key} = ?",  # noqa: S608
                (sum_of_fact(*row), *row[:3]),
            )
        sealed += len(rows)
    connection.execute("commit")
    return sealed
