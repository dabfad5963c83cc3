"""A row's values in the order of its table's columns, and what a row that is read says: the same for every engine.

They are made once for each message that is ever said, so a record's fields are read once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from veche.core.ports import Record, Records
from veche.store.checksums import sum_of_row

# A conversation in one era; each has a number in the database.
Key = tuple[str, int]
# Numbers of conversations that are remembered; beyond so many, all are forgotten and asked anew.
_REMEMBERED = 50_000

MESSAGE = (
    "seq", "time", "conversation", "msgid", "command", "source", "sender", "account", "target", "tags", "text", "sent",
    "checksum",
)  # fmt: skip
EVENT = ("seq", "time", "conversation", "msgid", "command", "source", "sender", "account", "target", "text")


def message_values(record: Record, number: int) -> tuple[object, ...]:
    """A message for `MESSAGE`; `number` is that of its conversation."""
    seq, time, msgid, sent = record.seq, record.time, record.msgid, record.sent
    command, source, sender, account = record.command, record.source, record.sender, record.account
    target, tags, text = record.target, record.tags, record.text
    return (
        seq,
        time,
        number,
        msgid,
        command,
        source,
        sender,
        account,
        target,
        tags,
        text,
        sent or None,
        sum_of_row(
            seq,
            time,
            record.era,
            sent,
            0,
            record.edited,
            msgid,
            record.conversation,
            command,
            source,
            sender,
            account,
            target,
            tags,
            text,
        ),
    )


def event_values(record: Record, number: int) -> tuple[object, ...]:
    """What happened in a room, for `EVENT`; `number` is that of its conversation."""
    return (
        record.seq,
        record.time,
        number,
        record.msgid,
        record.command,
        record.source,
        record.sender,
        record.account,
        record.target,
        record.text,
    )


def unnumbered(numbers: dict[Key, int], records: list[Record]) -> set[Key]:
    """The conversations of a batch whose numbers have to be looked up; of too many, `numbers` forgets all first."""
    unknown = {key for record in records if (key := (record.conversation, record.era)) not in numbers}
    if unknown and len(numbers) > _REMEMBERED:
        numbers.clear()
        unknown = {(record.conversation, record.era) for record in records}
    return unknown


# What is read of each message of a page; `edited` is NULL until it is edited.
PAGE_FIELDS = "seq, time, conversation, msgid, command, source, sender, account, target, tags, text, edited"
PageRow = Sequence[
    Any
]  # a list from SQLite's JSON, a tuple from PostgreSQL; compiled, one is never the other


def records_of(
    name: str, eras: Mapping[int, int], rows: list[PageRow], limit: int, *, newest: bool
) -> Records:
    """A page of the conversation `name`, whose numbers have these `eras`: `rows` of `PAGE_FIELDS`, at most `limit`.

    One row more says that there is more of the same. `newest`: they were read backwards. Takes the rows apart.
    """
    has_more = len(rows) > limit
    del rows[limit:]
    if newest:
        rows.reverse()
    return Records((_record_of(name, eras, row) for row in rows), has_more=has_more)


def _record_of(name: str, eras: Mapping[int, int], row: PageRow) -> Record:
    seq, time, number, msgid, command, source, sender, account, target, tags, text, edited = row
    era = eras[number]
    return Record(
        seq, msgid, time, name, era, command, source, sender, account, target, tags, text, edited=edited or 0
    )
