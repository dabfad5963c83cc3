"""What is taken away of the record in PostgreSQL, in parts, as store/exporting.py reads it from SQLite."""

from veche.core.exporting import MESSAGES_READ, PLACES_LOOKED_AT, Given, Said, Wording
from veche.core.ports import Record, Records
from veche.store.postgresql.link import Connection

_FIELDS = (
    "message.seq, msgid, message.time, name, era, command, message.source, sender, message.account, target, tags, text,"
    " 0, coalesce(edited, 0)"
)
_HIS = f"""
    select {_FIELDS} from message join conversation known on known.id = message.conversation
    where seq > $1 and seq <= $2 and sender = $3 and redaction is null order by seq
"""  # noqa: S608
_WORDINGS = "select message, time, was from edit where message = any($1::bigint[]) order by seq"
_GIVEN = """
    select reaction.time, message.msgid, name, value from reaction join message on message.seq = reaction.message
    join conversation known on known.id = message.conversation
    where reaction.seq > $1 and reaction.seq <= $2 and who = $3 order by reaction.seq
"""
_END = """
    select greatest(coalesce((select max(seq) from message), 0), coalesce((select max(seq) from reaction), 0))
"""
_TALK = f"""
    select {_FIELDS} from conversation known cross join lateral (
        select * from message where conversation = known.id and (time, seq) > ($2, $3) and redaction is null
        order by time, seq limit {MESSAGES_READ + 1}) message
    where known.name = $1 order by message.time, message.seq limit {MESSAGES_READ + 1}
"""  # noqa: S608


async def read_said(person: str, after: int, connection: Connection) -> Said:
    """See Store.said."""
    upto = after + PLACES_LOOKED_AT
    records = [Record(*row) for row in await connection.fetch(_HIS, after, upto, person)]
    edited = [record.seq for record in records if record.edited]
    wordings = [Wording(*row) for row in await connection.fetch(_WORDINGS, edited)]
    given = [Given(*row) for row in await connection.fetch(_GIVEN, after, upto, person)]
    end = await connection.fetchval(_END)
    return Said(records, wordings, given, upto if upto < end else 0)


async def read_talk(conversation: str, after: tuple[int, int], connection: Connection) -> Records:
    """See Store.talk."""
    found = [Record(*row) for row in await connection.fetch(_TALK, conversation, *after)]
    return Records(found[:MESSAGES_READ], has_more=len(found) > MESSAGES_READ)
