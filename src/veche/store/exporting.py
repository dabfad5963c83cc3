"""What is taken away of the record: questions that read it in parts. See core/exporting.py.

The rule: no index is by person, so what one has said is looked for among all, some thousand places in one question.
"""

import json
import sqlite3

from veche.core.exporting import MESSAGES_READ, PLACES_LOOKED_AT, Given, Said, Wording
from veche.core.ports import Record, Records

_FIELDS = "seq, msgid, time, name, era, command, source, sender, account, target, tags, text, 0, coalesce(edited, 0)"
_HIS = f"""
    select json_group_array(json_array({_FIELDS})) from (
        select * from message join conversation known on known.id = conversation
        where seq > :after and seq <= :upto and sender = :person and redaction is null order by seq)
"""  # noqa: S608
_WORDINGS = """
    select json_group_array(json_array(message, time, was)) from (
        select * from edit where message in (select value from json_each(?)) order by seq)
"""
_GIVEN = """
    select json_group_array(json_array(time, msgid, name, value)) from (
        select reaction.time, message.msgid, name, value from reaction
        join message on message.seq = reaction.message join conversation known on known.id = conversation
        where reaction.seq > :after and reaction.seq <= :upto and who = :person order by reaction.seq)
"""
_END = "select max(coalesce((select max(seq) from message), 0), coalesce((select max(seq) from reaction), 0))"
_TALK = f"""
    select json_group_array(json_array({_FIELDS})) from (
        select * from message join conversation known on known.id = conversation
        where conversation = :number and (time, seq) > (:time, :after) and time >= :time and redaction is null
        order by time, seq limit :limit)
"""  # noqa: S608


def read_said(person: str, after: int, connection: sqlite3.Connection) -> Said:
    """See Store.said."""
    upto = after + PLACES_LOOKED_AT
    values = {"after": after, "upto": upto, "person": person}
    records = [Record(*row) for row in json.loads(connection.execute(_HIS, values).fetchone()[0])]
    edited = json.dumps([record.seq for record in records if record.edited])
    wordings = [Wording(*row) for row in json.loads(connection.execute(_WORDINGS, (edited,)).fetchone()[0])]
    given = [Given(*row) for row in json.loads(connection.execute(_GIVEN, values).fetchone()[0])]
    end = connection.execute(_END).fetchone()[0]
    return Said(records, wordings, given, upto if upto < end else 0)


def read_talk(conversation: str, after: tuple[int, int], connection: sqlite3.Connection) -> Records:
    """See Store.talk. Each era is a conversation in the database, so their ranges are merged."""
    time, seq = after
    numbers = connection.execute("select id from conversation where name = ?", (conversation,)).fetchall()
    found: list[Record] = []
    for (number,) in numbers:
        values = {"number": number, "time": time, "after": seq, "limit": MESSAGES_READ + 1}
        rows = json.loads(connection.execute(_TALK, values).fetchone()[0])
        found += [Record(*row) for row in rows]
    found.sort(key=lambda record: (record.time, record.seq))
    return Records(found[:MESSAGES_READ], has_more=len(found) > MESSAGES_READ)
