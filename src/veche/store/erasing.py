"""A person is erased: what he said and did is nobody's, a stretch of the log at a time. SQL for the writer.

The rules: called inside a transaction of the writer's. Whatever the record has in that stretch is looked at, messages
and all beside them, so that no index by person is needed that every message would pay for. What changes about a
message changes its checksum. Doing it twice changes nothing, so it begins anew after a kill.

His messages stay as places, with a redaction each whose place is minus their own: none of the log's, and only one.
"""

import json
import shutil
import sqlite3
from pathlib import Path

from veche.core.forgetting import PLACES_AT_ONCE, ErasedWords, ForgottenMessages, RewrittenFacts, Wiped
from veche.core.ports import SavedFact
from veche.store.checksums import seal
from veche.store.facts import statements
from veche.store.files import remove_lasting, sync_directory
from veche.store.forgetting import forget_messages, mark

_HIS = """
    select json_group_array(json_array(seq, msgid, name, source)) from (
        select seq, msgid, name, source from message join conversation known on known.id = conversation
        where seq > :low and seq <= :upto and sender = :person order by seq desc)
"""
_TO_HIM = """
    select json_group_array(seq) from message not indexed
    where seq > :low and seq <= :upto and sender <> :person and target <> ''
        and +conversation in (select conversation from participant where who = :person)
"""
_THESE = "(select value from json_each(:his))"
_EMPTY = (
    f"delete from redaction where seq in (select redaction from message where seq in {_THESE})",  # noqa: S608
    f"delete from redaction where message in {_THESE} and seq < 0",  # noqa: S608
    f"""
    update message set text = '', tags = '', source = '', sender = '', account = '', sent = null, edited = null,
        target = case when instr((select name from conversation where id = message.conversation), ' ') then ''
            else target end,
        redaction = -seq
    where seq in {_THESE}
    """,  # noqa: S608
    """
    insert into redaction (seq, time, message, source, sender, account, reason)
    select -value, :time, value, '', '', '', '' from json_each(:his)
    """,
    f"delete from reaction where message in {_THESE}",  # noqa: S608
    f"delete from edit where message in {_THESE}",  # noqa: S608
    f"delete from event where message in {_THESE}",  # noqa: S608
)
_NAMELESS = "update message set target = '' where seq in (select value from json_each(?))"
_BESIDE = (
    """
    delete from reaction where seq > :low and seq <= :upto
        and (who = :person or account in (select value from json_each(:names)))
    """,
    """
    update redaction set source = '', sender = '', account = '', reason = ''
    where seq > :low and seq <= :upto and sender = :person
    """,
    """
    delete from event where seq > :low and seq <= :upto and (
        sender = :person
        or substr(source, 1, instr(source, '!') - 1) in (select value from json_each(:names))
        or command in ('KICK', 'MODE') and exists (
            select 1 from json_each(:names) where instr(' ' || event.text || ' ', ' ' || value || ' ')))
    """,
)


def erase_words(connection: sqlite3.Connection, row: ErasedWords) -> None:
    """Look through a stretch of the log, and note in the row what was found."""
    low = max(0, row.upto - PLACES_AT_ONCE)
    where = {"low": low, "upto": row.upto, "person": row.person}
    his = json.loads(connection.execute(_HIS, where).fetchone()[0])
    row.gone = [seq for seq, _, _, _ in his]
    row.erased = [(name, msgid) for _, msgid, name, _ in his]
    row.names |= {source.partition("!")[0] for _, _, _, source in his if source}
    row.next = low
    values = {**where, "time": row.time, "his": json.dumps(row.gone), "names": json.dumps([*row.names])}
    if his:
        for statement in _EMPTY:
            connection.execute(statement, values)
        mark(connection)
    to_him: str = connection.execute(_TO_HIM, where).fetchone()[0]
    changed = row.gone + json.loads(to_him)
    connection.execute(_NAMELESS, (to_him,))
    for statement in _BESIDE:
        connection.execute(statement, values)
    if changed:
        seal(connection, changed)


def rewrite_facts(connection: sqlite3.Connection, row: RewrittenFacts) -> None:
    """Put other saved facts into the place of those without keys."""
    connection.execute(
        "delete from saved_fact where kind in (select value from json_each(?))", (json.dumps(row.kinds),)
    )
    for statement in statements([SavedFact(*fact) for fact in row.facts]):
        connection.execute(*statement)


def take_away(
    connection: sqlite3.Connection,
    row: ForgottenMessages | ErasedWords | RewrittenFacts | Wiped,
    database: Path,
) -> None:
    """Do what a row says, of those that take something away; `database` is the file."""
    if isinstance(row, ForgottenMessages):
        forget_messages(connection, row)
    elif isinstance(row, ErasedWords):
        erase_words(connection, row)
    elif isinstance(row, RewrittenFacts):
        rewrite_facts(connection, row)
    else:
        remove_copies(database)


def remove_copies(database: Path) -> None:
    """Copies from before an upgrade, and what a restore has put aside, have everything in them. The log is emptied by
    the writer."""
    for copy in sorted(database.parent.glob("before-schema-*.db*")):
        remove_lasting(copy)
    for folder in sorted(database.parent.glob("before-restore-*/")):
        shutil.rmtree(folder, ignore_errors=True)
        sync_directory(database.parent)
