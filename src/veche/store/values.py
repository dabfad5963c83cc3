"""The values of a row, in the order of its table's columns: the same for every engine.

They are made once for each message that is ever said, so a record's fields are read once.
"""

from veche.core.ports import Record
from veche.store.checksums import sum_of_row

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
