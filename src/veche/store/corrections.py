"""What changes about messages that are in the record: edits, redactions and reactions. SQL for the writer.

The rules: called inside a transaction of the writer's; rare beside messages, so plain statements will do. A message
that is changed gets its checksum anew.
"""

import json
import sqlite3

from veche.core.ports import REACTIONS_OF_ONE, Edit, Reaction, Redaction
from veche.store.checksums import seal
from veche.wire.msgids import time_of_msgid

_TAKE_BACK = """
    update message set text = '', tags = '', redaction = given.value ->> 0
    from json_each(?) given where message.seq = given.value ->> 1 and message.redaction is null
"""
_NOTE = """
    insert into redaction (seq, time, message, source, sender, account, reason)
    select value ->> 0, value ->> 2, value ->> 1, value ->> 3, value ->> 4, value ->> 5, value ->> 6 from json_each(?)
"""
_FORGET_REACTIONS = "delete from reaction where message in (select value ->> 1 from json_each(?))"
_FORGET_WORDINGS = "update edit set was = '' where message in (select value ->> 1 from json_each(?))"
_FORGET_EDITS = """
    delete from event where message in (select value ->> 1 from json_each(?)) and command <> 'REDACT'
"""
# Of the first time alone, and where others have heard of it.
_TELL = """
    insert into event (seq, time, conversation, msgid, command, source, sender, account, target, text, message)
    select given.value ->> 0, given.value ->> 2, conversation, given.value ->> 7, 'REDACT', given.value ->> 3,
        given.value ->> 4, given.value ->> 5, target, given.value ->> 6, message.seq
    from json_each(?) given join message on message.seq = given.value ->> 1
    where given.value ->> 7 <> '' and message.redaction = given.value ->> 0
"""

# An edit, as long as the message stands: how it read is put aside, the change is told, the text is another one.
_PUT_ASIDE = """
    insert into edit (seq, time, message, msgid, was, sent)
    select :seq, :time, seq, :msgid, text, :sent from message where seq = :message and redaction is null
"""
_TELL_EDIT = """
    insert into event (seq, time, conversation, msgid, command, source, sender, account, target, text, message)
    select :seq, :time, conversation, :msgid, 'EDIT ' || command, :source, :sender, :account, target, '', seq
    from message where seq = :message and redaction is null
"""
_EDIT = "update message set text = :text, edited = :time where seq = :message and redaction is null"

# The message that a reaction is about, if it is there and stands.
_ITS_MESSAGE = """
    select message.seq from message join conversation on conversation.id = message.conversation
    where conversation.name = :conversation and conversation.era in (0, :era)
        and message.time = :moment and message.msgid = :message and message.redaction is null
"""
_REACT = f"""
    insert or ignore into reaction (seq, time, message, value, who, msgid, source, account)
    select :seq, :time, its.seq, :value, :who, :msgid, :source, :account from ({_ITS_MESSAGE}) its
    where (select count(*) from reaction where message = its.seq and who = :who) < {REACTIONS_OF_ONE}
"""  # noqa: S608
_UNREACT = f"delete from reaction where message = ({_ITS_MESSAGE}) and value = :value and who = :who"  # noqa: S608


def redact(connection: sqlite3.Connection, rows: list[Redaction]) -> None:
    """Take messages back. Of one that was taken back before, the first time counts."""
    values = json.dumps(
        [
            (row.seq, row.message, row.time, row.source, row.sender, row.account, row.reason, row.event)
            for row in rows
        ]
    )
    for sql in (_TAKE_BACK, _NOTE, _FORGET_REACTIONS, _FORGET_WORDINGS, _FORGET_EDITS, _TELL):
        connection.execute(sql, (values,))
    seal(connection, [row.message for row in rows])


def edit(connection: sqlite3.Connection, row: Edit) -> None:
    """Have a message read otherwise. Nothing happens to one that was taken back, or is not there."""
    values = {
        "seq": row.seq,
        "time": row.time,
        "message": row.message,
        "msgid": row.msgid,
        "text": row.text,
        "source": row.source,
        "sender": row.sender,
        "account": row.account,
        "sent": row.sent or None,
    }
    for sql in (_PUT_ASIDE, _TELL_EDIT, _EDIT):
        connection.execute(sql, values)
    seal(connection, [row.message])


def react(connection: sqlite3.Connection, row: Reaction) -> None:
    """Keep a reaction, or forget it. Nothing happens where there is no such message."""
    try:
        moment = time_of_msgid(row.message)
    except ValueError:
        return
    connection.execute(
        _REACT if row.adding else _UNREACT,
        {
            "seq": row.seq,
            "time": row.time,
            "conversation": row.conversation,
            "era": row.era,
            "moment": moment,
            "message": row.message,
            "value": row.value,
            "who": row.who,
            "msgid": row.msgid,
            "source": row.source,
            "account": row.account,
        },
    )
