"""What the record forgets: messages that were kept long enough. SQL for the writer.

The rules: called inside a transaction of the writer's; a bounded number at a time. Freed places are overwritten
(`secure_delete`) and used again for what is said later. Whoever keeps anything about messages elsewhere, as the search
does, learns from the mark that it has to look what is left.
"""

import json
import sqlite3
from collections.abc import Sequence

from veche.core.forgetting import MESSAGES_AT_ONCE, ErasedWords, ForgottenMessages, RewrittenFacts, Wiped
from veche.core.ports import Redaction, Row


def takes_away(row: Row) -> bool:
    """Whether this has taken something away that must not stay in files, or in an index, either."""
    if isinstance(row, ForgottenMessages | ErasedWords):
        return bool(row.gone)
    return isinstance(row, Redaction | RewrittenFacts | Wiped)


def gone(rows: Sequence[Row]) -> list[int]:
    """The places in the log that are no messages any more, of a batch that has been committed."""
    return [seq for row in rows if isinstance(row, ForgottenMessages | ErasedWords) for seq in row.gone]


# By their places, which no index is needed for: time never decreases with them.
_OLDEST = f"""
    select seq from message where seq in (select seq from message order by seq limit {MESSAGES_AT_ONCE})
        and time < :before
"""  # noqa: S608
_OLDEST_OF = f"""
    select seq from message where conversation in (
            select id from conversation where name in (select value from json_each(:conversations)))
        and time < :before order by time limit {MESSAGES_AT_ONCE}
"""  # noqa: S608
_FIND = "select json_group_array(seq) from ({0})"
_THESE = "(select value from json_each(?))"
_DELETE = (
    f"delete from reaction where message in {_THESE}",  # noqa: S608
    f"delete from redaction where seq in (select redaction from message where seq in {_THESE})",  # noqa: S608
    f"delete from edit where message in {_THESE}",  # noqa: S608
    f"delete from event where message in {_THESE}",  # noqa: S608
    f"delete from reply where message in {_THESE}",  # noqa: S608
    f"delete from message where seq in {_THESE}",  # noqa: S608
)
# How often messages were forgotten so far: whoever has seen another number has to look what is left.
MARK = "forgetting"
_COUNT = """
    insert into about (key, value) values (?, '1')
    on conflict (key) do update set value = cast(cast(value as integer) + 1 as text)
"""


def forget_messages(connection: sqlite3.Connection, row: ForgottenMessages) -> None:
    """Forget some of the oldest, and note in the row how many that were."""
    values = {"before": row.before, "conversations": json.dumps(row.conversations)}
    sql = _FIND.format(_OLDEST_OF if row.conversations else _OLDEST)
    found: str = connection.execute(sql, values).fetchone()[0]
    row.gone = json.loads(found)
    if row.gone:
        for statement in _DELETE:
            connection.execute(statement, (found,))
        mark(connection)


def mark(connection: sqlite3.Connection) -> None:
    """Note that messages were forgotten, or changed in a way that no redaction tells of."""
    connection.execute(_COUNT, (MARK,))
