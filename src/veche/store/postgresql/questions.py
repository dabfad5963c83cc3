"""What is asked of the record in PostgreSQL: pages, what was sent, reactions, and what somebody has missed.

The rules are those of store/history.py and store/overview.py: none reads further than its limits, which are counted in
rows.
"""

from veche.core.ports import (
    PARTNER_SEARCH,
    REACTED_LIMIT,
    REDACTED,
    UNREAD_LIMIT,
    UNREAD_SEARCH,
    Page,
    Partner,
    Reacted,
    Records,
    Sent,
    UnknownReference,
    UnreadQuestion,
    Version,
)
from veche.store.paging import HIGHEST, LOWEST, Place, read_page
from veche.store.postgresql.link import Connection
from veche.store.values import PAGE_FIELDS, records_of
from veche.wire.mentions import could_mention_posix, mentions
from veche.wire.msgids import time_of_msgid

# Each conversation's part has its own limit, so that none is read further than the page needs.
_PART = f"""
    (select {PAGE_FIELDS} from message
    where conversation = $%d and (time, seq) > ($3, $4) and (time, seq) < ($5, $6) and redaction is null
    order by time %s, seq %s limit $7)
"""  # noqa: S608
# What happened besides, for who wants to see it: the same range of another table. Of corrections what is asked for,
# each with the id of its message and with what that says now.
_ABOUT = "(select {} from message where message.seq = event.message)"
_EVENTS = (
    _PART.replace(
        "tags, text, edited",
        f"coalesce({_ABOUT.format('msgid')}, '') as tags,"
        f" case when command like 'EDIT %%' then coalesce({_ABOUT.format('text')}, '') else text end as text,"
        " null::bigint as edited",
    )
    .replace("from message\n", "from event\n")
    .replace("redaction is null", "(message is null or command = any($8::text[]))")
)


def _page_sql(way: str, *, events: bool) -> str:
    tables = (_PART, _EVENTS) if events else (_PART,)
    # The second number is that of no conversation where there is only one.
    union = " union all ".join(part % (number, way, way) for part in tables for number in (1, 2))
    return f"select {PAGE_FIELDS} from ({union}) part order by time {way}, seq {way} limit $7"  # noqa: S608


_PAGE = {(way, events): _page_sql(way, events=events) for way in ("asc", "desc") for events in (False, True)}
_NONE = -1

# A thread: its root and its replies, by their places. A root that was taken back is there as that, for who wants it.
_THREAD = """
    select message.seq, message.time, message.conversation, case when taken.seq is null then msgid else '' end,
        case when taken.seq is null then command else 'REDACT' end, coalesce(taken.source, message.source),
        coalesce(taken.sender, message.sender), coalesce(taken.account, message.account), target,
        case when taken.seq is null then tags else msgid end, coalesce(taken.reason, text), edited
    from (select message as place from reply where root = $8 union all select $8) thread
    join message on message.seq = place
    left join redaction taken on taken.seq = message.redaction
    where message.conversation in ($1, $2)
        and (message.time, message.seq) > ($3, $4) and (message.time, message.seq) < ($5, $6)
        and (message.redaction is null or message.seq = $8 and $9)
    order by message.time %s, message.seq %s limit $7
"""
_THREADS = {way: _THREAD % (way, way) for way in ("asc", "desc")}
_ROOT = "select root from reply where message = $1"

# The numbers of conversations that are remembered, by name and era; beyond so many, all are forgotten and asked anew.
Known = dict[tuple[str, int], int]
_REMEMBERED = 10_000

_FIND_NUMBERS = "select era, id from conversation where name = $1 and era in (0, $2)"
_FIND = """
    (select time, seq from message where conversation = any($1::integer[]) and time = $2 and msgid = $3)
    union all
    (select time, seq from event where conversation = any($1::integer[]) and time = $2 and msgid = $3)
    limit 1
"""

_SENT = """
    select conversation.name, conversation.era, found.msgid, found.time from (
        select seq, time, msgid, conversation from message where sent = $1 and time > $2
        union all
        select edit.seq, edit.time, edit.msgid, message.conversation
        from edit join message on message.seq = edit.message where edit.sent = $1 and edit.time > $2) found
    join conversation on conversation.id = found.conversation order by found.seq desc limit 1
"""

# How it read until each edit, and when that was written: as it was said, or at the edit before.
_VERSIONS = """
    select time, text from (
        select edit.seq, coalesce(lag(edit.time) over (order by edit.seq), message.time) as time, was as text
        from edit join message on message.seq = edit.message where message.seq = $1 and redaction is null
        union all
        select 9223372036854775807, coalesce(edited, time), text from message where seq = $1 and redaction is null) said
    order by seq
"""

_LATEST = """
    select known.name, max(newest.time)
    from unnest($1::text[], $2::bigint[]) asked (name, era)
    join conversation known on known.name = asked.name and known.era in (0, asked.era)
    cross join lateral (
        select time from message where conversation = known.id and redaction is null
        order by time desc, seq desc limit 1) newest
    group by known.name
"""

_REACTIONS = """
    select message, value, count(*) from reaction
    where message = any($1::bigint[]) group by message, value order by min(seq)
"""
_REACTED = f"""
    select message, time, msgid, source, who, account, value from (
        select *, row_number() over (partition by message order by seq desc) as back from reaction
        where message = any($1::bigint[]) and source <> '') told
    where back <= {REACTED_LIMIT} order by seq
"""  # noqa: S608

_PARTNERS = f"""
    with talk as (
        select known.id, known.name, newest.time, newest.seq,
            case when starts_with(known.name, $1 || ' ') then substr(known.name, length($1) + 2)
                else substr(known.name, 1, length(known.name) - length($1) - 1) end as other
        from participant join conversation known on known.id = participant.conversation
        cross join lateral (
            select time, seq from message where conversation = known.id and redaction is null
            order by time desc, seq desc limit 1) newest
        where participant.who = $1 and newest.time > $2
        order by newest.seq desc limit $3)
    select name, time, coalesce((
        select source from (
            select source, sender, seq from message where conversation = talk.id and redaction is null
            order by time desc, seq desc limit {PARTNER_SEARCH}) said
        where sender = talk.other order by seq desc limit 1), '')
    from talk order by seq desc
"""  # noqa: S608

_NEW = f"""
    (select time, seq, sender, text from message
    where conversation = (select id from conversation where name = asked.name and era = %s)
        and time > asked.after and redaction is null
    order by time desc, seq desc limit {UNREAD_SEARCH})
"""  # noqa: S608
_UNREAD = f"""
    select said.count, said.texts
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
        with ordinality as asked (name, era, after, reader, pattern, place)
    cross join lateral (
        select count(*) as count, array_agg(text) filter (where text ~ asked.pattern) as texts
        from (
            select text from (
                select * from ({_NEW % "0"} union all {_NEW % "nullif(asked.era, 0)"}) new
                order by time desc, seq desc limit {UNREAD_SEARCH}) newest
            where sender <> asked.reader order by time desc, seq desc limit {UNREAD_LIMIT}) others) said
    order by asked.place
"""  # noqa: S608


async def ask_page(known: Known, page: Page, connection: Connection) -> Records:
    """See Store.page. `known` is what was asked before: a conversation keeps its number for ever."""
    name, era = page.conversation, clamp(page.era)
    if (name, 0) not in known or (name, era) not in known:
        if len(known) > _REMEMBERED:
            known.clear()
        for found, number in await connection.fetch(_FIND_NUMBERS, name, era):
            known[name, found] = number
    eras = {known[name, wanted]: wanted for wanted in (0, era) if (name, wanted) in known}
    return await read_page(_PageReader(connection, page, eras), page)


class _PageReader:
    """Reads one conversation: its numbers in the database, with the era that each stands for."""

    def __init__(self, connection: Connection, page: Page, eras: dict[int, int]) -> None:
        self._connection = connection
        self._name = page.conversation
        self._since = clamp(page.since)
        self._eras = eras
        self._events = page.events
        self._corrections = [*page.corrections]
        self._tombstone = REDACTED in page.corrections
        self._root: int | None = None

    async def choose_thread(self, msgid: str) -> None:
        """Read only the thread that a message is in. Raises UnknownReference as `find` does."""
        message = (await self.find(msgid))[1]
        self._root = await root_of(self._connection, message)

    async def find(self, reference: int | str) -> Place:
        """Where a time or message id stands. Raises UnknownReference for a message that may not be seen here."""
        if isinstance(reference, int):
            return (clamp(reference), 0)
        found = None
        try:
            moment = time_of_msgid(reference)
        except ValueError:
            moment = -1  # nor is it anything that could be asked about
        if moment >= 0 and self._eras:
            found = await self._connection.fetchrow(_FIND, [*self._eras], moment, reference)
        if found is None or found[0] < self._since:
            raise UnknownReference(f"no message {reference[:64]!r} in this conversation")
        return (found[0], found[1])

    async def read(self, low: Place, high: Place, limit: int, *, newest: bool) -> Records:
        """At most `limit` messages between two places, without them: the last ones or the first, ascending."""
        if not self._eras:
            return Records()
        first, second = (*self._eras, _NONE)[:2]
        # One more than asked for, to know whether there is more.
        values: list[object] = [first, second, *max(low, (self._since, 0)), *high, limit + 1]
        way = "desc" if newest else "asc"
        if self._root is not None:
            rows = await self._connection.fetch(_THREADS[way], *values, self._root, self._tombstone)
        elif self._events:
            rows = await self._connection.fetch(_PAGE[way, True], *values, self._corrections)
        else:
            rows = await self._connection.fetch(_PAGE[way, False], *values)
        return records_of(self._name, self._eras, rows, limit, newest=newest)


async def root_of(connection: Connection, message: int) -> int:
    """The root of the thread that a message is in, by its place in the log; it may be one itself, or alone."""
    found: int | None = await connection.fetchval(_ROOT, message)
    return message if found is None else found


async def find_sent(key: int, after: int, connection: Connection) -> Sent | None:
    """See Store.find_sent."""
    found = await connection.fetchrow(_SENT, key, clamp(after))
    return Sent(*found) if found is not None else None


async def read_versions(message: int, connection: Connection) -> list[Version]:
    """See Store.versions."""
    return [Version(*row) for row in await connection.fetch(_VERSIONS, message)]


async def read_latest(conversations: list[tuple[str, int]], connection: Connection) -> dict[str, int]:
    """See Store.latest."""
    names = [name for name, _ in conversations]
    rows = await connection.fetch(_LATEST, names, [clamp(era) for _, era in conversations])
    return dict(rows)


async def count_reactions(messages: list[int], connection: Connection) -> dict[int, dict[str, int]]:
    """See Store.reactions."""
    counts: dict[int, dict[str, int]] = {}
    for message, value, count in await connection.fetch(_REACTIONS, messages):
        counts.setdefault(message, {})[value] = count
    return counts


async def read_reacted(messages: list[int], connection: Connection) -> list[Reacted]:
    """See Store.reacted."""
    return [Reacted(*row) for row in await connection.fetch(_REACTED, messages)]


async def read_partners(who: str, after: int, limit: int, connection: Connection) -> list[Partner]:
    """See Store.partners."""
    rows = await connection.fetch(_PARTNERS, who, clamp(after), min(max(0, limit), HIGHEST))
    return [Partner(*row) for row in rows]


async def count_unread(questions: list[UnreadQuestion], connection: Connection) -> list[tuple[int, int]]:
    """See Store.unread."""
    if not questions:
        return []
    rows = await connection.fetch(
        _UNREAD,
        [question.conversation for question in questions],
        [clamp(question.era) for question in questions],
        [clamp(question.after) for question in questions],
        [question.reader for question in questions],
        [could_mention_posix(question.word) or None for question in questions],
    )
    return [
        (count, sum(mentions(question.word, text) for text in texts or ()))
        for question, (count, texts) in zip(questions, rows, strict=True)
    ]


def clamp(number: int) -> int:
    """The nearest number that fits where a time belongs."""
    return min(max(LOWEST, number), HIGHEST)
