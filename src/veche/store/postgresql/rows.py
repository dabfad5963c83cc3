"""How a batch is written to PostgreSQL: the statements for each kind of row.

The rules:
* What is many goes in with COPY (200 messages: 0.7 ms, 1.3 as one INSERT of arrays, 1.6 with executemany), and a batch
  of messages alone is one COPY outside a transaction, which commits itself. Everything else goes in as arrays.
* A batch that leaves no message or event behind by which it could be recognised leaves its number in `mark`.
"""

from collections.abc import Mapping, Sequence

from veche.core.ports import (
    FORGOTTEN_AT_ONCE,
    REACTIONS_OF_ONE,
    Edit,
    ForgottenFact,
    Reaction,
    Record,
    Redaction,
    SavedFact,
)
from veche.store.checksums import ROW, sum_of_row
from veche.store.facts import sorted_facts
from veche.store.postgresql.link import Connection, RefusedError, columns_of
from veche.store.threads import Reply, roots_among
from veche.store.values import EVENT, MESSAGE, Key, event_values, message_values
from veche.wire.msgids import time_of_msgid

Numbers = Mapping[Key, int]

_INSERT_CONVERSATIONS = """
    insert into conversation (id, name, era) select * from unnest($1::integer[], $2::text[], $3::bigint[])
"""
_INSERT_PARTICIPANTS = """
    insert into participant (who, conversation) select * from unnest($1::text[], $2::integer[]) on conflict do nothing
"""

_MARK = "update mark set batch = $1"
_SAVE = """
    insert into saved_fact (seq, kind, body, checksum)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])
"""
_REPLACE = """
    insert into keyed_fact (seq, kind, body, key, checksum)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    on conflict (kind, key) do update set seq = excluded.seq, body = excluded.body, checksum = excluded.checksum
"""
_REPLACE_AND_MARK = f"with marked as (update mark set batch = $6) {_REPLACE}"  # noqa: S608
_FORGET = """
    delete from keyed_fact using unnest($1::text[], $2::text[]) gone (kind, key)
    where keyed_fact.kind = gone.kind and keyed_fact.key = gone.key
"""

_TAKE_BACK = """
    update message set text = '', tags = '', redaction = given.seq
    from unnest($1::bigint[], $2::bigint[]) given (seq, message)
    where message.seq = given.message and message.redaction is null
"""
_NOTE = """
    insert into redaction (seq, time, message, source, sender, account, reason)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
"""
_FORGET_REACTIONS = "delete from reaction where message = any($1::bigint[])"

_FORGET_WORDINGS = "update edit set was = '' where message = any($1::bigint[])"
_FORGET_EDITS = "delete from event where message = any($1::bigint[]) and command <> 'REDACT'"
# Of the first time alone, and where others have heard of it.
_TELL = """
    insert into event (seq, time, conversation, msgid, command, source, sender, account, target, text, message)
    select given.seq, given.time, conversation, given.event, 'REDACT', given.source, given.sender, given.account,
        target, given.reason, message.seq
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
        given (seq, time, message, source, sender, account, reason, event)
    join message on message.seq = given.message
    where given.event <> '' and message.redaction = given.seq
"""

# An edit, as long as the message stands: how it read is put aside, the change is told, the text is another one.
_PUT_ASIDE = """
    insert into edit (seq, time, message, msgid, was, sent)
    select $1, $2, seq, $3, text, $4 from message where seq = $5 and redaction is null
"""
_TELL_EDIT = """
    insert into event (seq, time, conversation, msgid, command, source, sender, account, target, text, message)
    select $1, $2, conversation, $3, 'EDIT ' || command, $4, $5, $6, target, '', seq
    from message where seq = $7 and redaction is null
"""
_EDIT = "update message set text = $1, edited = $2 where seq = $3 and redaction is null"

_ROWS = f"""
    select {ROW} from message join conversation known on known.id = conversation where seq = any($1::bigint[])
"""  # noqa: S608
_SEAL = """
    update message set checksum = given.checksum from unnest($1::bigint[], $2::bigint[]) given (seq, checksum)
    where message.seq = given.seq
"""

_FIND_PARENTS = """
    select asked.key - 1, message.seq, reply.root
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) with ordinality
        as asked (name, era, moment, msgid, key)
    join conversation on conversation.name = asked.name and conversation.era in (0, asked.era)
    join message on message.conversation = conversation.id
        and message.time = asked.moment and message.msgid = asked.msgid
    left join reply on reply.message = message.seq
"""
_NOTE_REPLIES = """
    insert into reply (message, root) select * from unnest($1::bigint[], $2::bigint[]) on conflict do nothing
"""

_ITS_MESSAGE = """
    select message.seq from message join conversation on conversation.id = message.conversation
    where conversation.name = $1 and conversation.era in (0, $2)
        and message.time = $3 and message.msgid = $4 and message.redaction is null
"""
_REACT = f"""
    insert into reaction (seq, time, message, value, who, msgid, source, account)
    select $7::bigint, $8::bigint, its.seq, $5, $6, $9, $10, $11 from ({_ITS_MESSAGE}) its
    where (select count(*) from reaction where message = its.seq and who = $6) < {REACTIONS_OF_ONE}
    on conflict do nothing
"""  # noqa: S608
_UNREACT = f"delete from reaction where message = ({_ITS_MESSAGE}) and value = $5 and who = $6"  # noqa: S608

_FORGET_EVENTS = f"""
    delete from event where time < $1 and seq in (select seq from event order by seq limit {FORGOTTEN_AT_ONCE})
"""  # noqa: S608


async def insert_messages(connection: Connection, records: Sequence[Record], numbers: Numbers) -> None:
    """Write messages."""
    rows = [message_values(record, numbers[record.conversation, record.era]) for record in records]
    await connection.copy_records_to_table("message", records=rows, columns=MESSAGE)


def insert_as_text(records: Sequence[Record], numbers: Numbers) -> str:
    """The statement that writes messages, for who has another one to go with it."""
    rows = ",".join(
        f"({','.join(map(_constant, message_values(record, numbers[record.conversation, record.era])))})"
        for record in records
    )
    return f"insert into message ({','.join(MESSAGE)}) values {rows}"  # noqa: S608 - constants


def _constant(value: object) -> str:
    return "null" if value is None else quoted(value) if isinstance(value, str) else f"{value:d}"


def quoted(text: str) -> str:
    """A text as a constant of SQL, on a connection that has `standard_conforming_strings`: there a quote alone means
    anything in it. Raises RefusedError for what no text can hold."""
    if "\0" in text:
        raise RefusedError("PostgreSQL takes no NUL in a text", "22021")
    return "'" + text.replace("'", "''") + "'"


async def insert_events(connection: Connection, records: Sequence[Record], numbers: Numbers) -> None:
    """Write what happened in rooms."""
    rows = [event_values(record, numbers[record.conversation, record.era]) for record in records]
    await connection.copy_records_to_table("event", records=rows, columns=EVENT)


async def insert_conversations(connection: Connection, new: Sequence[tuple[int, str, int]]) -> None:
    """Write conversations, each with its number, name and era, and who takes part in the direct ones."""
    await connection.execute(_INSERT_CONVERSATIONS, *columns_of(new, 3))
    # Two ids joined by a space are a direct conversation; no room has a space in its name.
    direct = [(name.split(" "), number) for number, name, era in new if era == 0 and name.count(" ") == 1]
    if direct:
        participants = [(who, number) for both, number in direct for who in both]
        await connection.execute(_INSERT_PARTICIPANTS, *columns_of(participants, 2))


async def mark(connection: Connection, batch: int) -> None:
    """Leave the number of a batch behind."""
    await connection.execute(_MARK, batch)


async def replace_facts(connection: Connection, facts: Sequence[SavedFact], batch: int) -> None:
    """Keep facts that have keys, and the number of their batch: a batch of one statement."""
    _, kept, _ = sorted_facts(facts)
    await connection.execute(_REPLACE_AND_MARK, *columns_of(kept, 5), batch)


async def save_facts(connection: Connection, facts: Sequence[SavedFact | ForgottenFact]) -> None:
    """Keep facts, and forget others."""
    plain, kept, forgotten = sorted_facts(facts)
    for sql, columns in (
        (_SAVE, columns_of(plain, 4)),
        (_REPLACE, columns_of(kept, 5)),
        (_FORGET, columns_of(forgotten, 2)),
    ):
        if columns[0]:
            await connection.execute(sql, *columns)


async def redact(connection: Connection, rows: Sequence[Redaction]) -> None:
    """Take messages back. Of one that was taken back before, the first time counts."""
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(row.message, row.seq)
    await connection.execute(_TAKE_BACK, [*first.values()], [*first])
    noted = [
        (row.seq, row.time, row.message, row.source, row.sender, row.account, row.reason, row.event)
        for row in rows
    ]
    columns = columns_of(noted, 8)
    await connection.execute(_NOTE, *columns[:7])
    for statement in (_FORGET_REACTIONS, _FORGET_WORDINGS, _FORGET_EDITS):
        await connection.execute(statement, [*first])
    await connection.execute(_TELL, *columns)
    await seal(connection, [*first])


async def edit(connection: Connection, row: Edit) -> None:
    """Have a message read otherwise. Nothing happens to one that was taken back, or is not there."""
    await connection.execute(_PUT_ASIDE, row.seq, row.time, row.msgid, row.sent or None, row.message)
    about = (row.seq, row.time, row.msgid, row.source, row.sender, row.account)
    await connection.execute(_TELL_EDIT, *about, row.message)
    await connection.execute(_EDIT, row.text, row.time, row.message)
    await seal(connection, [row.message])


async def seal(connection: Connection, messages: list[int]) -> None:
    """Make the checksums of these messages (places in the log) anew, in the transaction that has changed them."""
    sums = [(row[0], sum_of_row(*row)) for row in await connection.fetch(_ROWS, messages)]
    await connection.execute(_SEAL, *columns_of(sums, 2))


async def note_replies(connection: Connection, replies: list[Reply]) -> None:
    """Put replies into the threads of what they answer; behind the messages themselves, in their transaction."""
    asked = [(record.conversation, record.era, moment, msgid) for record, msgid, moment in replies]
    found = await connection.fetch(_FIND_PARENTS, *columns_of(asked, 4))
    roots = roots_among(replies, {key: (seq, root) for key, seq, root in found})
    if roots:
        await connection.execute(_NOTE_REPLIES, [*roots], [*roots.values()])


async def react(connection: Connection, row: Reaction) -> None:
    """Keep a reaction, or forget it. Nothing happens where there is no such message."""
    try:
        moment = time_of_msgid(row.message)
    except ValueError:
        return
    its = (row.conversation, row.era, moment, row.message, row.value, row.who)
    if row.adding:
        about = (row.seq, row.time, row.msgid, row.source, row.account)
        await connection.execute(_REACT, *its, *about)
    else:
        await connection.execute(_UNREACT, *its)


async def forget_events(connection: Connection, before: int) -> None:
    """Forget some of the oldest events of before a time (ms)."""
    await connection.execute(_FORGET_EVENTS, before)
