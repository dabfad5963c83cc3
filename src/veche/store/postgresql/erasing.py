"""A person is erased from the record in PostgreSQL, as store/erasing.py does it in SQLite.

The rule: what is taken away here is in no row any more; that it leaves the files too is wiping.py's, at the end.
"""

from veche.core.forgetting import PLACES_AT_ONCE, ErasedWords, RewrittenFacts
from veche.core.ports import SavedFact
from veche.store.postgresql import rows as sql
from veche.store.postgresql.forgetting import mark
from veche.store.postgresql.link import Connection

_HIS = """
    select seq, msgid, name, source from message join conversation known on known.id = message.conversation
    where seq > $1 and seq <= $2 and sender = $3 order by seq desc
"""
_TO_HIM = """
    select seq from message where seq > $1 and seq <= $2 and sender <> $3 and target <> ''
        and conversation in (select conversation from participant where who = $3)
"""
_EMPTY = (
    "delete from redaction where seq in (select redaction from message where seq = any($1::bigint[]))",
    "delete from redaction where message = any($1::bigint[]) and seq < 0",
    """
    update message set text = '', tags = '', source = '', sender = '', account = '', sent = null, edited = null,
        target = case when (select name from conversation where id = message.conversation) like '% %' then ''
            else target end,
        redaction = -seq
    where seq = any($1::bigint[])
    """,
    "delete from reaction where message = any($1::bigint[])",
    "delete from edit where message = any($1::bigint[])",
    "delete from event where message = any($1::bigint[])",
)
_NOTE = """
    insert into redaction (seq, time, message, source, sender, account, reason)
    select -message, $2, message, '', '', '', '' from unnest($1::bigint[]) gone (message)
"""
_NAMELESS = "update message set target = '' where seq = any($1::bigint[])"
_REACTIONS = "delete from reaction where seq > $1 and seq <= $2 and (who = $3 or account = any($4::text[]))"
_REDACTIONS = """
    update redaction set source = '', sender = '', account = '', reason = ''
    where seq > $1 and seq <= $2 and sender = $3
"""
_EVENTS = """
    delete from event where seq > $1 and seq <= $2 and (
        sender = $3
        or split_part(source, '!', 1) = any($4::text[])
        or command in ('KICK', 'MODE') and exists (
            select from unnest($4::text[]) his (name)
            where strpos(' ' || event.text || ' ', ' ' || name || ' ') > 0))
"""


async def erase_words(connection: Connection, row: ErasedWords) -> None:
    """Look through a stretch of the log, and note in the row what was found. Inside a transaction."""
    low = max(0, row.upto - PLACES_AT_ONCE)
    where = (low, row.upto, row.person)
    his = await connection.fetch(_HIS, *where)
    row.gone = [one[0] for one in his]
    row.erased = [(one[2], one[1]) for one in his]
    row.names |= {one[3].partition("!")[0] for one in his if one[3]}
    row.next = low
    if his:
        for statement in _EMPTY:
            await connection.execute(statement, row.gone)
        await connection.execute(_NOTE, row.gone, row.time)
        await mark(connection)
    to_him = [one[0] for one in await connection.fetch(_TO_HIM, *where)]
    await connection.execute(_NAMELESS, to_him)
    names = [*row.names]
    await connection.execute(_REACTIONS, *where, names)
    await connection.execute(_REDACTIONS, *where)
    await connection.execute(_EVENTS, *where, names)
    if changed := row.gone + to_him:
        await sql.seal(connection, changed)


async def rewrite_facts(connection: Connection, row: RewrittenFacts) -> None:
    """Put other saved facts into the place of those without keys. Inside a transaction."""
    await connection.execute("delete from saved_fact where kind = any($1::text[])", row.kinds)
    await sql.save_facts(connection, [SavedFact(*fact) for fact in row.facts])
