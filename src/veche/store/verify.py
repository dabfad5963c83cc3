"""Everything that is kept is read and compared with its checksums; what is damaged is named.

The rules:
* Rows are read some at a time and nothing is held open in between, so a server beside it is not hindered.
* A row that cannot be read does not hide those behind it: the next that can be is looked for.
* What is found is a value with all that a person needs to see what he has lost; it is not judged here.
"""

import json
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from veche.store.checksums import ROW, sum_of_fact, sum_of_row
from veche.store.tables import Row, Tables
from veche.wire.msgids import time_of_msgid

# Damage of which each is told; of what is beyond only the number.
TOLD = 1000

_PORTION = 4096
_HIGHEST = (1 << 63) - 1
_MESSAGES = f"""
    select {ROW}, checksum from message left join conversation known on known.id = conversation
    where seq > ? order by seq limit ?
"""  # noqa: S608
_SAVED = "select seq, kind, '', body, checksum from saved_fact order by seq"
_KEYED = "select seq, kind, key, body, checksum from keyed_fact order by kind, key"
_TAKEN_BACK = "select count(*) from redaction where seq = ?"

# How a damaged database shows itself: Python cannot even tell SQLite's error if it quotes bytes that are no text.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

Progress = Callable[[int, int], None]
# What an engine can still tell of the messages behind one place and up to another, whose rows it cannot read:
# place, room and time (ms) of each.
Nearby = Callable[[int, int], list[tuple[int, str, int]]]


class Damage(NamedTuple):
    """Something that is not as it was written.

    `what` is changed, order, unreadable, no-room, no-redaction, fact, structure, index, search-lacks, search-extra.
    `room`, `msgid` and `time` (ms; 0: not known) are those of the message that is meant, `place` its place in the log.
    """

    what: str
    room: str = ""
    msgid: str = ""
    time: int = 0
    place: int = 0
    detail: str = ""


class Verdict:
    """What was read, and what was found. `unsealed`: rows from before there were checksums."""

    def __init__(self) -> None:
        self.messages = 0
        self.facts = 0
        self.unsealed = 0
        self.damages: list[Damage] = []
        self.count = 0

    def add(self, damage: Damage) -> None:
        """Note damage."""
        self.count += 1
        if len(self.damages) < TOLD:
            self.damages.append(damage)


class UnreadableError(Exception):
    """An engine cannot read a row, and says why."""


def verify_rows(
    database: Tables, verdict: Verdict, progress: Progress, nearby: Nearby = lambda after, upto: []
) -> None:
    """Read every message and every saved fact. `progress(done, all)` is called now and then."""
    _verify_messages(database, verdict, progress, nearby)
    for sql in (_SAVED, _KEYED):
        try:
            rows = query(database, sql, ())
        except UnreadableError as error:
            verdict.add(Damage("unreadable", detail=str(error)))
            continue
        for row in rows:
            _verify_fact(row, verdict)


def query(database: Tables, sql: str, values: Row) -> list[Row]:
    """As Tables.query, but a text that is none comes with its bytes escaped. Raises UnreadableError."""
    connection: sqlite3.Connection | None = getattr(database, "connection", None)
    try:
        return database.query(sql, values)
    except UNREADABLE as error:
        if connection is None or "decode" not in str(error):
            raise UnreadableError(str(error)) from error
    connection.text_factory = lambda data: data.decode(errors="surrogateescape")
    try:
        return connection.execute(sql, values).fetchall()
    except UNREADABLE as error:
        raise UnreadableError(str(error)) from error
    finally:
        connection.text_factory = str


def _verify_messages(database: Tables, verdict: Verdict, progress: Progress, nearby: Nearby) -> None:
    try:
        every, first = query(database, "select count(*), coalesce(min(seq), 0) from message", ())[0]
    except UnreadableError:
        every = first = 0
    after, last = min(first, 0) - 1, 0
    while rows := _read(database, after, verdict, nearby):
        for row in rows:
            last = _verify_message(database, row, last, verdict)
        verdict.messages += len(rows)
        progress(verdict.messages, every)
        after = rows[-1][0]


def _read(database: Tables, after: int, verdict: Verdict, nearby: Nearby) -> list[Row]:
    """The next messages behind the place `after` that can be read; none at the end."""
    size = _PORTION
    reason = ""
    while size:
        try:
            return query(database, _MESSAGES, (after, size))
        except UnreadableError as error:
            reason, size = str(error), size // 2
    upto = _last_unreadable(database, after)
    known = nearby(after, upto)
    for place, room, time in known:
        verdict.add(Damage("unreadable", room, "", time, place, reason))
    if not known:
        verdict.add(Damage("unreadable", place=after + 1, detail=reason))
    return query(database, _MESSAGES, (upto, 1)) if upto < _HIGHEST else []


def _last_unreadable(database: Tables, after: int) -> int:
    """The place behind which messages can be read again, or the highest there can be."""
    # The very next one cannot be read. Leap over it, ever further, then go back to the first that can be.
    low, high = after, after + 1
    while not _is_readable(database, high):
        if high >= _HIGHEST:
            return high
        low, high = high, min(_HIGHEST, after + 2 * (high - after))
    while high - low > 1:
        middle = (low + high) // 2
        if _is_readable(database, middle):
            high = middle
        else:
            low = middle
    return high


def _is_readable(database: Tables, after: int) -> bool:
    try:
        query(database, _MESSAGES, (after, 1))
    except UnreadableError:
        return False
    return True


def _verify_message(database: Tables, row: Row, last: int, verdict: Verdict) -> int:
    """Look at a message; the highest time (ms) so far."""
    place, redaction, msgid, room, kept = row[0], row[4], row[-10], row[-9], row[-1]
    time = row[1] if isinstance(row[1], int) else 0
    if room is None:
        verdict.add(Damage("no-room", "", str(msgid), time, place))
        return max(last, time)
    if kept is None:
        verdict.unsealed += 1
    if not _is_as_written(row) or (redaction and kept is None and row[-2]):
        verdict.add(Damage("changed", str(room), str(msgid), time, place))
        return last
    if time < last:
        verdict.add(Damage("order", room, msgid, time, place))
    # Of an erased person there is nobody left to name (below 0).
    if redaction > 0 and not _is_noted(database, redaction):
        verdict.add(Damage("no-redaction", room, msgid, time, place))
    return max(last, time)


def _is_noted(database: Tables, redaction: int) -> bool:
    try:
        return bool(query(database, _TAKEN_BACK, (redaction,))[0][0])
    except UnreadableError:
        return False


def _is_as_written(row: Row) -> bool:
    try:
        if time_of_msgid(row[-10]) != row[1]:
            return False
        return row[-1] is None or sum_of_row(*row[:-1]) == row[-1]
    except (TypeError, ValueError):  # a number that is none, bytes that are no text
        return False


def _verify_fact(row: Row, verdict: Verdict) -> None:
    seq, kind, key, body, kept = row
    verdict.facts += 1
    verdict.unsealed += kept is None
    try:
        json.loads(body)
        sound = kept is None or sum_of_fact(seq, kind, key, body) == kept
    except (TypeError, ValueError):
        sound = False
    if not sound:
        verdict.add(Damage("fact", place=seq, detail=f"{kind} {key}".strip()))
