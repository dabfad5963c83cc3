"""What the record in PostgreSQL forgets: messages that were kept long enough. As store/forgetting.py does in SQLite.

The rule: what is deleted stays in the files of the database until PostgreSQL vacuums the table, which it does by
itself, and in its log until that is used again; docs/record.md says what an operator can do about it.
"""

from veche.core.forgetting import MESSAGES_AT_ONCE, ForgottenMessages
from veche.store.postgresql.link import Connection

_OLDEST = f"""
    select seq from (select seq, time from message order by seq limit {MESSAGES_AT_ONCE}) oldest where time < $1
"""  # noqa: S608
_OLDEST_OF = f"""
    select seq from message join conversation on conversation.id = message.conversation
    where conversation.name = any($2::text[]) and time < $1 order by time limit {MESSAGES_AT_ONCE}
"""  # noqa: S608
_DELETE = (
    "delete from reaction where message = any($1::bigint[])",
    "delete from redaction where seq in (select redaction from message where seq = any($1::bigint[]))",
    "delete from edit where message = any($1::bigint[])",
    "delete from event where message = any($1::bigint[])",
    "delete from reply where message = any($1::bigint[])",
    "delete from message where seq = any($1::bigint[])",
)
_COUNT = """
    insert into about (key, value) values ('forgetting', '1')
    on conflict (key) do update set value = (about.value::bigint + 1)::text
"""


async def forget_messages(connection: Connection, row: ForgottenMessages) -> None:
    """Forget some of the oldest, and note in the row which those were. Inside a transaction."""
    if row.conversations:
        found = await connection.fetch(_OLDEST_OF, row.before, list(row.conversations))
    else:
        found = await connection.fetch(_OLDEST, row.before)
    row.gone = [one[0] for one in found]
    if row.gone:
        for statement in _DELETE:
            await connection.execute(statement, row.gone)
        await mark(connection)


async def mark(connection: Connection) -> None:
    """Note that messages were forgotten, or changed in a way that no redaction tells of."""
    await connection.execute(_COUNT)
