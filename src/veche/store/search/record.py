"""What the search asks of the record: the same questions to every engine, and SQLite's answers.

The rule: what is read here is read as it stands now, and nothing is written. Whoever lets messages be changed in
another way than by taking them back or editing them adds that to `corrected` and `is_correction`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from veche.core.ports import Record
from veche.store.engines.sqlite import connect_reader
from veche.store.threads import newest_of, root_of
from veche.wire.msgids import time_of_msgid

_STEPS_BETWEEN_LOOKS = 50_000

_NUMBERS = """
    select json_group_array(known.id) from json_each(?) asked
    join conversation known on known.name = asked.value ->> 0 and known.era in (0, asked.value ->> 1)
"""
_FIND_MESSAGE = """
    select seq from json_each(?) asked join message on conversation = asked.value where time = ? and msgid = ?
"""
_MESSAGES = """
    select json_group_array(json_array(
        seq, msgid, time, known.name, known.era, command, source, sender, account, target, tags, text, 0,
        coalesce(edited, 0)))
    from json_each(?) asked join message on seq = asked.value join conversation known on known.id = conversation
    where redaction is null
"""
# Time never decreases with the place.
_FIRST_PLACE = (
    "select coalesce(min(seq), 9223372036854775807) from message where seq between ? and ? and time >= ?"
)
_LAST_PLACE = "select coalesce(max(seq), -1) from message where seq between ? and ? and time <= ?"
_NEXT = """
    select json_group_array(json_array(seq, time, msgid, conversation, name, source, text, redaction is null)) from (
        select seq, time, msgid, conversation, name, source, text, redaction
        from message join conversation on id = conversation
        where seq > ? and seq < ? order by seq limit ?)
"""
_CHANGED = """
    select coalesce(max(seq), 0), json_group_array(message) from (
        select seq, message from redaction where seq > :since union select seq, message from edit where seq > :since)
"""
_STANDING = """
    select json_group_array(json_array(seq, time, msgid, conversation, name, source, text, 1))
    from json_each(?) asked join message on seq = asked.value join conversation known on known.id = conversation
    where redaction is null
"""
_FORGOTTEN = "select coalesce(max(cast(value as integer)), 0) from about where key = 'forgetting'"
_HIGHEST = "select coalesce(max(seq), 0) from message"
_PLACES = """
    select json_group_array(seq) from (
        select seq from message where seq between ? and ? and redaction is null order by seq)
"""
_MSGID = "select msgid from message where seq = ?"
_IS_OURS = "select count(*) from message where seq = ? and msgid = ?"
_IS_CORRECTION = """
    select exists (select 1 from redaction where seq = :seq) or exists (select 1 from edit where seq = :seq)
"""


class Indexed(NamedTuple):
    """A message as the index wants it. `conversation` is its number, `name` its key; `stands`: not taken back."""

    seq: int
    time: int
    msgid: str
    conversation: int
    name: str
    source: str
    text: str
    stands: bool


class IndexedRecord(Protocol):
    """The record, for the search's thread alone. Raises what its engine raises, or StoreError."""

    def numbers(self, conversations: list[tuple[str, int]]) -> list[int]:
        """The numbers of conversations: of each its open messages' and those of one era."""

    def thread(self, numbers: list[int], msgid: str, limit: int) -> list[int]:
        """The newest messages of the thread that a message of these conversations is in; none where it is not there."""

    def messages(self, seqs: list[int]) -> list[Record]:
        """The messages at these places that stand, in any order."""

    def first_place(self, low: int, high: int, after: int) -> int:
        """The first place between two, both included, at which something was said at `after` (ms) or later."""

    def last_place(self, low: int, high: int, before: int) -> int:
        """The last place between two, both included, at which something was said at `before` (ms) or earlier."""

    def following(self, after: int, before: int, limit: int) -> list[Indexed]:
        """Messages behind one place and before another, ascending; fewer than `limit` when there are no more."""

    def corrected(self, since: int) -> tuple[int, list[int]]:
        """The place of the last correction behind `since`, 0 for none, and the messages that were corrected since."""

    def standing(self, seqs: list[int]) -> list[Indexed]:
        """The messages at these places that stand."""

    def forgotten(self) -> int:
        """How often messages were forgotten so far; see store/forgetting.py."""

    def highest(self) -> int:
        """The highest place at which there is a message; 0 for none."""

    def places(self, low: int, high: int) -> tuple[list[int], str | None]:
        """Where between two places, both included, messages stand, ascending, and the id of the last of them."""

    def is_there(self, seq: int, msgid: str) -> bool:
        """Whether a message is in this record."""

    def is_correction(self, seq: int) -> bool:
        """Whether a place is that of a correction."""

    def close(self) -> None:
        """Let go of the record."""


class SqliteRecord:
    """The record in SQLite. `is_late` is asked while a question is answered; its yes ends the question."""

    def __init__(self, path: Path, is_late: Callable[[], bool]) -> None:
        self._connection = connect_reader(path)
        self._connection.set_progress_handler(is_late, _STEPS_BETWEEN_LOOKS)

    def numbers(self, conversations: list[tuple[str, int]]) -> list[int]:
        """See IndexedRecord."""
        return list(self._list(_NUMBERS, json.dumps(conversations)))

    def thread(self, numbers: list[int], msgid: str, limit: int) -> list[int]:
        """See IndexedRecord."""
        try:
            values = (json.dumps(numbers), time_of_msgid(msgid), msgid)
        except ValueError:
            return []
        found = self._connection.execute(_FIND_MESSAGE, values).fetchone()
        return newest_of(self._connection, root_of(self._connection, found[0]), limit) if found else []

    def messages(self, seqs: list[int]) -> list[Record]:
        """See IndexedRecord."""
        return [Record(*row) for row in self._list(_MESSAGES, json.dumps(seqs))]

    def first_place(self, low: int, high: int, after: int) -> int:
        """See IndexedRecord."""
        return int(self._connection.execute(_FIRST_PLACE, (low, high, after)).fetchone()[0])

    def last_place(self, low: int, high: int, before: int) -> int:
        """See IndexedRecord."""
        return int(self._connection.execute(_LAST_PLACE, (low, high, before)).fetchone()[0])

    def following(self, after: int, before: int, limit: int) -> list[Indexed]:
        """See IndexedRecord."""
        return [Indexed(*row) for row in self._list(_NEXT, after, before, limit)]

    def corrected(self, since: int) -> tuple[int, list[int]]:
        """See IndexedRecord."""
        newest, messages = self._connection.execute(_CHANGED, {"since": since}).fetchone()
        return newest, json.loads(messages)

    def standing(self, seqs: list[int]) -> list[Indexed]:
        """See IndexedRecord."""
        return [Indexed(*row) for row in self._list(_STANDING, json.dumps(seqs))]

    def forgotten(self) -> int:
        """See IndexedRecord."""
        return int(self._connection.execute(_FORGOTTEN).fetchone()[0])

    def highest(self) -> int:
        """See IndexedRecord."""
        return int(self._connection.execute(_HIGHEST).fetchone()[0])

    def places(self, low: int, high: int) -> tuple[list[int], str | None]:
        """See IndexedRecord."""
        seqs = self._list(_PLACES, low, high)
        return seqs, self._connection.execute(_MSGID, (seqs[-1],)).fetchone()[0] if seqs else None

    def is_there(self, seq: int, msgid: str) -> bool:
        """See IndexedRecord."""
        return bool(self._connection.execute(_IS_OURS, (seq, msgid)).fetchone()[0])

    def is_correction(self, seq: int) -> bool:
        """See IndexedRecord."""
        return bool(self._connection.execute(_IS_CORRECTION, {"seq": seq}).fetchone()[0])

    def close(self) -> None:
        """See IndexedRecord."""
        self._connection.close()

    def _list(self, sql: str, *values: object) -> list[Any]:
        found: list[Any] = json.loads(self._connection.execute(sql, values).fetchone()[0])
        return found
