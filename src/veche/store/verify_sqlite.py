"""What is verified in SQLite alone: the shape of the pages, the indexes, and the search index against the record.

The rules:
* The search index has under "#" and a conversation's number the place of each message that stands in it: so it tells
  which message of which room has vanished from the record, and which one a search does not find.
* A server beside it writes on: what differs is looked at once more a moment later before it is told.
"""

import sqlite3
import time
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path

from veche.store.schema import known_migrations
from veche.store.search.postings import BLOCK, BLOCK_BITS
from veche.store.tables import SqliteTables, Tables, open_to_read
from veche.store.verify import TOLD, UNREADABLE, Damage, Progress, Verdict, verify_rows

# How long (s) what differs is left alone before it is looked at again: corrections are in the index by then.
_PAUSE = 0.5
_ROUNDS = 4

_MARKS = "select stem, list from posting where block = ? and stem >= '#' and stem < '$'"
_STAND = "select conversation, seq from message where seq >= ? and seq < ? and redaction is null"
# How often messages were forgotten: while the index has not taken account of the last time, it may have some of them.
_FORGOTTEN = "select coalesce(max(cast(value as integer)), 0) from about where key = 'forgetting'"
_SCHEMA = "select type || ' ' || name, coalesce(sql, '') from sqlite_schema"
# Of a message whose row cannot be read the index knows the room and the time.
_NEARBY = f"""
    select message.seq, coalesce(known.name, ''), message.time from message indexed by message_by_time
    left join conversation known on known.id = message.conversation
    where message.seq > ? and message.seq <= ? limit {TOLD}
"""  # noqa: S608


def verify(
    record: Path,
    search: Path,
    verdict: Verdict,
    progress: Callable[[str], Progress],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Verify the database at `record` and the search index beside it, if there is one.

    `progress` is told what is done now and gives who is to be told how far that is. Of an older schema, whose rows
    this version cannot compare, only the structure is looked at.
    """
    try:
        connection = open_to_read(record)
    except UNREADABLE as error:
        verdict.add(Damage("structure", detail=str(error)))
        return
    try:
        structure(connection, verdict, progress("structure"))
        if _is_older(connection):
            return
        verify_rows(SqliteTables(connection), verdict, progress("rows"), partial(_nearby, connection))
        if search.exists() and not _is_broken(verdict):
            verify_search(SqliteTables(connection), search, verdict, progress("search"), pause)
    finally:
        connection.close()


def _is_older(connection: sqlite3.Connection) -> bool:
    try:
        return SqliteTables(connection).schema() < len(known_migrations())
    except UNREADABLE:
        return False


def structure(connection: sqlite3.Connection, verdict: Verdict, progress: Progress) -> None:
    """Look at every page of a database, and whether its indexes hold what its tables hold."""
    progress(0, 1)
    try:
        lines = connection.execute(f"pragma integrity_check({TOLD})").fetchall()
    except UNREADABLE as error:
        lines = [(str(error),)]
    for (line,) in lines:
        if line != "ok":
            verdict.add(Damage("structure", detail=" ".join(str(line).split())))
    if not lines or lines == [("ok",)]:
        _compare_schema(connection, verdict)
    progress(1, 1)


def _compare_schema(connection: sqlite3.Connection, verdict: Verdict) -> None:
    """Look whether tables and indexes are defined as the migrations define them."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        found = dict(connection.execute(_SCHEMA).fetchall())
        for script in known_migrations()[: SqliteTables(connection).schema()]:
            made.executescript(script)
        wanted = dict(made.execute(_SCHEMA).fetchall())
    except UNREADABLE as error:
        verdict.add(Damage("structure", detail=str(error)))
        return
    finally:
        made.close()
    for name in sorted(wanted):
        if found.get(name) != wanted[name]:
            verdict.add(Damage("structure", detail=f"{name} is not defined as it was"))


def _nearby(record: sqlite3.Connection, after: int, upto: int) -> list[tuple[int, str, int]]:
    try:
        return sorted(record.execute(_NEARBY, (after, upto)).fetchall())
    except UNREADABLE:
        return []


def _is_broken(verdict: Verdict) -> bool:
    """Whether the record can be read too badly for anything to be compared with it."""
    return any(damage.what in {"structure", "unreadable"} for damage in verdict.damages)


def verify_search(
    record: Tables,
    path: Path,
    verdict: Verdict,
    progress: Progress,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Compare the search index at `path` with a record of any engine."""
    try:
        search = open_to_read(path)
    except UNREADABLE as error:
        verdict.add(Damage("index", detail=str(error)))
        return
    try:
        for (line,) in search.execute(f"pragma integrity_check({TOLD})").fetchall():
            if line != "ok":
                verdict.add(Damage("index", detail=" ".join(str(line).split())))
                return
        _compare(record, search, verdict, progress, pause)
    except UNREADABLE as error:
        verdict.add(Damage("index", detail=str(error)))
    finally:
        search.close()


def _compare(
    record: Tables,
    search: sqlite3.Connection,
    verdict: Verdict,
    progress: Progress,
    pause: Callable[[float], None],
) -> None:
    blocks = [block for (block,) in search.execute("select id from block order by id")]
    for done, block in enumerate(blocks, 1):
        lacks, extra = _differences(record, search, block)
        for _ in range(_ROUNDS):
            if not lacks and not extra:
                break
            pause(_PAUSE)
            again = _differences(record, search, block)
            lacks, extra = lacks & again[0], extra & again[1]
        if extra and record.query(_FORGOTTEN) != search.execute(_FORGOTTEN).fetchall():
            extra = set()
        _name(record, lacks, extra, verdict)
        progress(done, len(blocks))


# A message by the number of its conversation and its place.
Mark = tuple[int, int]


def _differences(record: Tables, search: sqlite3.Connection, block: int) -> tuple[set[Mark], set[Mark]]:
    """What the index lacks of a block of the record, and what it has besides."""
    start = block << BLOCK_BITS
    marked: set[Mark] = set()
    if search.execute("select count(*) from block where id = ?", (block,)).fetchone()[0]:
        for stem, data in search.execute(_MARKS, (block,)).fetchall():
            places = array("H")
            places.frombytes(data)
            number = int(stem[1:]) if stem[1:].isdigit() else -1
            marked.update((number, start + place) for place in places)
    else:  # it was thrown away meanwhile
        return set(), set()
    standing = set(record.query(_STAND, (start, start + BLOCK)))
    return standing - marked, marked - standing


def _name(record: Tables, lacks: set[Mark], extra: set[Mark], verdict: Verdict) -> None:
    for what, marks in (("search-lacks", lacks), ("search-extra", extra)):
        for number, place in sorted(marks, key=lambda mark: mark[1]):
            names = record.query("select name from conversation where id = ?", (number,))
            room = names[0][0] if names else ""
            known = record.query("select msgid, time from message where seq = ?", (place,))
            if known:
                verdict.add(Damage(what, room, known[0][0], known[0][1], place))
            else:  # about when it was said: as the one before it
                before = record.query(
                    "select time from message where seq < ? order by seq desc limit 1", (place,)
                )
                verdict.add(Damage("lost", room, "", before[0][0] if before else 0, place))
