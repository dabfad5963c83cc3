"""What somebody has missed: questions to the record about many conversations at once.

The rules are those of store/history.py: an answer is one row of JSON, and none reads further than its limits. They are
counted in rows, since what is looked at may be anything: a room of a million messages, or of one person's alone.
"""

import json
import sqlite3

from veche.core.ports import PARTNER_SEARCH, UNREAD_LIMIT, UNREAD_SEARCH, Partner, UnreadQuestion
from veche.wire.mentions import could_mention, mentions

# Questions in one statement: few statements, since each fights for the interpreter lock, but not so many that what
# they may bring together (a thousand long texts each) fills the memory.
_TOGETHER = 8

_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1

# Materialized, lest the newest message be looked for once where it is compared and once where it is sorted by.
_PARTNERS = f"""
    with talk as materialized (
        select conversation.id, conversation.name, (
            select seq from message where conversation = conversation.id and redaction is null
            order by time desc, seq desc limit 1) as newest
        from participant join conversation on conversation.id = participant.conversation
        where participant.who = :who),
    late as materialized (
        select talk.id, talk.name, message.time, message.seq,
            case when substr(talk.name, 1, length(:who) + 1) = :who || ' '
                then substr(talk.name, length(:who) + 2)
                else substr(talk.name, 1, length(talk.name) - length(:who) - 1) end as other
        from talk join message on message.seq = talk.newest
        where message.time > :after order by message.seq desc limit :limit)
    select json_group_array(json_array(name, time, coalesce((
        select source from (
            select source, sender from message where conversation = late.id and redaction is null
            order by time desc, seq desc limit {PARTNER_SEARCH})
        where sender = late.other limit 1), '')))
    from (select * from late order by seq desc) late
"""  # noqa: S608

# Open messages and those of one era are two conversations in the database, each with its own end of the index. SQLite
# merges the two as they come, so that nothing is read behind the limits.
_NEW = """
    select time, seq, sender, text from message
    where conversation = (select id from conversation where name = asked.name and era = %s)
        and time > asked.after and redaction is null
"""
# `glob` with null is null, which no filter takes: nobody's name is looked for then.
_UNREAD = f"""
    select json_group_array(json((
        select json_array(count(*), json_group_array(text) filter (where text glob asked.pattern))
        from (
            select text from (
                {_NEW % "0"} union all {_NEW % "nullif(asked.era, 0)"}
                order by time desc, seq desc limit {UNREAD_SEARCH})
            where sender <> asked.reader limit {UNREAD_LIMIT}))))
    from (
        select value ->> 0 as name, value ->> 1 as era, value ->> 2 as after, value ->> 3 as reader,
            value ->> 4 as pattern
        from json_each(?)) asked
"""  # noqa: S608


def read_partners(who: str, after: int, limit: int, connection: sqlite3.Connection) -> list[Partner]:
    """See Store.partners."""
    values = {
        "who": who,
        "after": min(max(_LOWEST, after), _HIGHEST),
        "limit": min(max(0, limit), _HIGHEST),
    }
    found = connection.execute(_PARTNERS, values).fetchone()
    return [Partner(*row) for row in json.loads(found[0])]


def count_unread(questions: list[UnreadQuestion], connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """See Store.unread."""
    counts: list[tuple[int, int]] = []
    for start in range(0, len(questions), _TOGETHER):
        some = questions[start : start + _TOGETHER]
        asked = [
            (
                question.conversation,
                question.era,
                min(max(_LOWEST, question.after), _HIGHEST),
                question.reader,
                could_mention(question.word) or None,
            )
            for question in some
        ]
        found = connection.execute(_UNREAD, (json.dumps(asked),)).fetchone()
        for question, (count, texts) in zip(some, json.loads(found[0]), strict=True):
            counts.append((count, sum(mentions(question.word, text) for text in texts)))
    return counts
