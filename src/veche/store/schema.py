"""The schema: numbered SQL files, applied in order, each wholly or not at all; and what a start checks of a database.

The rule: `pragma user_version` is the number of the last file applied, and changes in the same transaction as the
tables. A database from an older Veche is copied before its first change; one from a newer Veche is not touched.
"""

import os
import sqlite3
from pathlib import Path

from veche.store.directory import APPLICATION_ID
from veche.store.files import open_private, sync_directory
from veche.store.refusals import DataDirectoryError

# Up to this size (bytes) every start reads the whole database and checks it, which takes about 0.1 s. A larger one
# is checked at its ends only, because a start must not take longer the more there is to remember; a crash does not
# damage a database in WAL mode, and what a disk damages is noticed when it is read, and by a check on request.
CHECKED_WHOLE = 64 * 1024 * 1024

Migrations = list[str]


def known_migrations() -> Migrations:
    """The SQL of every migration this version knows; the first brings schema 1."""
    files = sorted((Path(__file__).parent / "migrations").glob("[0-9]*.sql"))
    for number, file in enumerate(files, 1):
        if int(file.name[:4]) != number:
            raise AssertionError(f"migrations are numbered without a gap: {file.name}")
    return [file.read_text(encoding="utf-8") for file in files]


def bring_up_to_date(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    """Make or upgrade the schema. Raises DataDirectoryError for a newer or a foreign database, else sqlite3.Error."""
    found = _number(connection, "user_version")
    if found > len(migrations):
        needs = connection.execute("select value from about where key = 'needs'").fetchone()[0]
        raise DataDirectoryError("newer", path=path, found=found, known=len(migrations), needs=needs)
    if found == 0 and _number(connection, "schema_version") > 0:
        raise DataDirectoryError("other_file", path=path)
    if found > 0 and _number(connection, "application_id") != APPLICATION_ID:
        raise DataDirectoryError("other_file", path=path)
    if 0 < found < len(migrations):
        back_up(connection, path.with_name(f"before-schema-{len(migrations)}.db"))
    apply_missing(connection, migrations)


def apply_missing(connection: sqlite3.Connection, migrations: Migrations) -> None:
    """Apply the migrations that a database lacks, each wholly or not at all. Raises sqlite3.Error."""
    for number in range(_number(connection, "user_version") + 1, len(migrations) + 1):
        _apply(connection, migrations[number - 1], number)


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Write a consistent copy, on disk and whole when this returns; replaces an older one of that name."""
    fresh = target.with_name(target.name + ".new")
    # Made by us first, empty, for its mode: SQLite would make it readable by others.
    descriptor = open_private(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        connection.execute("vacuum into ?", (str(fresh),))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(target)
    sync_directory(target.parent)


def check(connection: sqlite3.Connection, path: Path, whole: int = CHECKED_WHOLE) -> None:
    """Look whether a database can be trusted, in bounded time. Raises DataDirectoryError, or sqlite3.Error.

    Up to `whole` bytes it is read completely, a larger one at its ends.
    """
    last = connection.execute(
        "select seq, time, conversation, msgid, command, source, sender, account, target, tags, text"
        " from message order by seq desc limit 1"
    ).fetchone()
    if last is not None:
        indexed = connection.execute(
            "select count(*) from message indexed by message_by_time where conversation = ? and time = ? and seq = ?",
            (last[2], last[1], last[0]),
        ).fetchone()[0]
        named = connection.execute("select count(*) from conversation where id = ?", (last[2],)).fetchone()[0]
        if not indexed or not named:
            raise DataDirectoryError("damaged", path=path, detail=f"message {last[0]} is not in the index")
    if _size(connection) <= whole:
        answer = connection.execute("pragma quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise DataDirectoryError("damaged", path=path, detail=" ".join(answer.split()))


def check_length(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DataDirectoryError when the end of the file is missing. Only while the WAL is empty.

    SQLite notices missing pages, but takes a page that ends early for one that ends in zeros.
    """
    expected, found = _size(connection), path.stat().st_size
    if found < expected:
        raise DataDirectoryError("damaged", path=path, detail=f"{found} of {expected} bytes are there")


def last_message(connection: sqlite3.Connection) -> tuple[int, int]:
    """The highest `seq` of all rows, and the `time` of the newest message or event; (0, 0) when there is none."""
    seq = time = 0
    for table in ("message", "event"):
        newest = connection.execute(f"select seq, time from {table} order by seq desc limit 1").fetchone()  # noqa: S608
        if newest is not None:
            seq, time = max(seq, newest[0]), max(time, newest[1])
    others: int = connection.execute(
        "select max(coalesce((select max(seq) from saved_fact), 0), coalesce((select max(seq) from redaction), 0),"
        " coalesce((select max(seq) from edit), 0),"
        " coalesce((select max(seq) from reaction), 0), coalesce((select max(seq) from keyed_fact), 0))"
    ).fetchone()[0]
    return max(seq, others), time


def _apply(connection: sqlite3.Connection, script: str, number: int) -> None:
    try:
        connection.executescript(f"begin immediate;\n{script};\npragma user_version = {number};\ncommit;")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _size(connection: sqlite3.Connection) -> int:
    return _number(connection, "page_count") * _number(connection, "page_size")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    number: int = connection.execute(f"pragma {pragma}").fetchone()[0]
    return number
