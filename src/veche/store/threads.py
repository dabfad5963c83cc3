"""Which messages belong together as a thread, on disk. SQL for the writer and the readers.

The rule: a reply is noted with the root of its thread, so that a thread is one range of one index, however deep it is.
"""

import json
import sqlite3
from collections.abc import Iterable

from veche.core.ports import Record
from veche.core.threads import parent_of

# A reply: its row, the id of the message that it answers, and when that was said.
Reply = tuple[Record, str, int]

# The messages that are answered, in the same conversation; of those that are replies themselves their root.
_FIND_PARENTS = """
    select json_group_array(json_array(asked.key, message.seq, reply.root))
    from json_each(?) asked
    join conversation on conversation.name = asked.value ->> 0 and conversation.era in (0, asked.value ->> 1)
    join message on message.conversation = conversation.id
        and message.time = asked.value ->> 2 and message.msgid = asked.value ->> 3
    left join reply on reply.message = message.seq
"""
_NOTE = "insert or ignore into reply (message, root) select value ->> 0, value ->> 1 from json_each(?)"
_ROOT = "select root from reply where message = ?"
_MESSAGES = """
    select json_group_array(message) from (
        select message from reply where root = :root union all select :root order by 1 desc limit :limit)
"""


def replies_among(records: Iterable[Record]) -> list[Reply]:
    """Those that answer another message."""
    found = []
    for record in records:
        if record.tags and (parent := parent_of(record.tags)) is not None:
            found.append((record, *parent))
    return found


def note_replies(connection: sqlite3.Connection, replies: list[Reply]) -> None:
    """Put replies into the threads of what they answer; behind the messages themselves, in their transaction."""
    asked = [(record.conversation, record.era, moment, msgid) for record, msgid, moment in replies]
    found = connection.execute(_FIND_PARENTS, (json.dumps(asked),)).fetchone()
    roots = roots_among(replies, {key: (seq, root) for key, seq, root in json.loads(found[0])})
    if roots:
        connection.execute(_NOTE, (json.dumps(list(roots.items())),))


def roots_among(replies: list[Reply], parents: dict[int, tuple[int, int | None]]) -> dict[int, int]:
    """The roots of replies, by their places. `parents`: what is answered, and its root, by the number of the reply."""
    roots: dict[int, int] = {}  # of those in this batch, in whose place nothing is noted yet
    for key, (record, _, _) in enumerate(replies):
        if key in parents:
            parent, root = parents[key]
            roots[record.seq] = root or roots.get(parent, parent)
    return roots


def root_of(connection: sqlite3.Connection, message: int) -> int:
    """The root of the thread that a message is in, by its place in the log; it may be one itself, or alone."""
    found = connection.execute(_ROOT, (message,)).fetchone()
    return message if found is None else int(found[0])


def newest_of(connection: sqlite3.Connection, root: int, limit: int) -> list[int]:
    """The places in the log of a thread's newest messages, taken back or not."""
    found = connection.execute(_MESSAGES, {"root": root, "limit": limit}).fetchone()
    return list(json.loads(found[0]))
