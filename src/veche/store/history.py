"""The one thread that reads: pages of messages, answered from its own connection while the writer writes.

The rules:
* **An answer is one row.** Fetching gives up the interpreter lock at every row and must win it back, beside a busy
  event loop at up to 5 ms a time; so a page is put together inside SQLite as one JSON text (100 messages beside a
  loop that never rests: 11 ms, row by row 128 ms; idle 0.15 against 0.12 ms).
* The connection is read-only: it never writes, makes a checkpoint or recovers, see engines/sqlite.py.
* A question may take 2 s, and 256 may wait: beyond, the answer is "busy", so that nobody's questions pile up.
* Whatever comes from a client is bound, never pasted into SQL.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from veche.core.ports import (
    REACTED_LIMIT,
    REDACTED,
    Page,
    Reacted,
    Records,
    Sent,
    StoreError,
    StoreRefused,
    UnknownReference,
    Version,
)
from veche.store.engines.sqlite import connect_reader, describe, is_harmless
from veche.store.paging import HIGHEST, LOWEST, Place, at_once, read_page
from veche.store.threads import root_of
from veche.store.values import PAGE_FIELDS, records_of
from veche.store.worker import Post, Worker
from veche.wire.msgids import time_of_msgid

QUESTIONS_LIMIT = 256
PATIENCE = 2.0  # s that one question may take

# Steps of SQLite's machine between two looks at the clock: some ms; a page of 100 messages needs fewer.
_STEPS_BETWEEN_LOOKS = 50_000

# Conversations whose numbers are remembered; beyond, all are forgotten and looked up anew.
_REMEMBERED = 10_000

# Each conversation's part has its own limit, so that none is read further than the page needs. `between` is the range
# in the index; the comparisons of pairs only trim its ends.
_PART = f"""
    select * from (
        select {PAGE_FIELDS} from message
        where conversation = :%s and time between :low and :high
            and (time, seq) > (:low, :low_seq) and (time, seq) < (:high, :high_seq)
            and redaction is null
        order by time %s, seq %s limit :limit)
"""  # noqa: S608


# What happened besides, for who wants to see it: the same range of another table. Of corrections what is asked for,
# each with the id of its message and with what that says now.
_ABOUT = "(select {} from message where message.seq = event.message)"
_EVENTS = (
    _PART.replace(
        PAGE_FIELDS,
        PAGE_FIELDS.replace(
            "tags, text, edited",
            f"coalesce({_ABOUT.format('msgid')}, '') as tags,"
            f" case when command like 'EDIT %%' then coalesce({_ABOUT.format('text')}, '') else text end as text,"
            " null as edited",
        ),
    )
    .replace("from message\n", "from event\n")
    .replace(
        "redaction is null",
        "(message is null or command in (select value from json_each(:corrections)))",
    )
)


def _page_sql(parts: int, way: str, *, events: bool) -> str:
    tables = (_PART, _EVENTS) if events else (_PART,)
    union = " union all ".join(
        part % (name, way, way) for part in tables for name in ("first", "second")[:parts]
    )
    return f"""
        select json_group_array(json_array({PAGE_FIELDS}))
        from (select * from ({union}) order by time {way}, seq {way} limit :limit)
    """  # noqa: S608


_PAGE = {
    (parts, way, events): _page_sql(parts, way, events=events)
    for parts in (1, 2)
    for way in ("asc", "desc")
    for events in (False, True)
}

# A thread: its root and its replies, by their places. A root that was taken back is there as that, for who wants it.
_THREAD = f"""
    select json_group_array(json_array({PAGE_FIELDS})) from (
        select message.seq, message.time, message.conversation, iif(taken.seq, '', msgid) as msgid,
            iif(taken.seq, 'REDACT', command) as command, iif(taken.seq, taken.source, message.source) as source,
            iif(taken.seq, taken.sender, message.sender) as sender,
            iif(taken.seq, taken.account, message.account) as account, target,
            iif(taken.seq, msgid, tags) as tags, iif(taken.seq, taken.reason, text) as text, edited
        from (select message as place from reply where root = :root union all select :root)
        cross join message on message.seq = place
        left join redaction taken on taken.seq = message.redaction
        where message.conversation in (:first, :second)
            and (message.time, message.seq) > (:low, :low_seq) and (message.time, message.seq) < (:high, :high_seq)
            and (message.redaction is null or message.seq = :root and :tombstone)
        order by 2 %s, 1 %s limit :limit)
"""  # noqa: S608
_THREADS = {way: _THREAD % (way, way) for way in ("asc", "desc")}

_FIND_NUMBERS = "select era, id from conversation where name = ? and era in (0, ?)"

_FIND_MESSAGE = "select time, seq from message where conversation in (?, ?) and time = ? and msgid = ?"
_FIND_EVENT = "select time, seq from event where conversation in (?, ?) and time = ? and msgid = ?"

_SENT = """
    select conversation.name, conversation.era, found.msgid, found.time from (
        select seq, time, msgid, conversation from message where sent = :key and time > :after
        union all
        select edit.seq, edit.time, edit.msgid, message.conversation
        from edit join message on message.seq = edit.message where edit.sent = :key and edit.time > :after) found
    join conversation on conversation.id = found.conversation order by found.seq desc limit 1
"""

# How it read until each edit, and when that was written: as it was said, or at the edit before.
_VERSIONS = """
    select json_group_array(json_array(time, text)) from (
        select coalesce(lag(edit.time) over (order by edit.seq), message.time) as time, was as text
        from edit join message on message.seq = edit.message where message.seq = :message and redaction is null
        union all
        select coalesce(edited, time), text from message where seq = :message and redaction is null)
"""

_LATEST = """
    select json_group_array(json_array(name, newest)) from (
        select conversation.name, max((
            select time from message where conversation = conversation.id and redaction is null
            order by time desc, seq desc limit 1)) as newest
        from json_each(?) asked join conversation
            on conversation.name = asked.value ->> 0 and conversation.era in (0, asked.value ->> 1)
        group by conversation.name)
    where newest is not null
"""

_REACTIONS = """
    select json_group_array(json_array(message, value, count)) from (
        select message, value, count(*) as count from reaction
        where message in (select value from json_each(?)) group by message, value order by min(seq))
"""

_REACTED = f"""
    select json_group_array(json_array(message, time, msgid, source, who, account, value)) from (
        select * from (
            select *, row_number() over (partition by message order by seq desc) as back from reaction
            where message in (select value from json_each(?)) and source <> '')
        where back <= {REACTED_LIMIT} order by seq)
"""  # noqa: S608

Answer = TypeVar("Answer")

_log = logging.getLogger("veche.store")


class History:
    """The reading end of the record. `clock` is seconds that never go back, for the limit on a question's time.

    Raises sqlite3.Error when the database cannot be opened; the writer must have it open already.
    """

    def __init__(self, path: Path, post: Post, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._deadline = 0.0
        self._numbers: dict[tuple[str, int], int] = {}
        self._connection = self._connect()
        self._must_reopen = False
        self._worker = Worker("veche-history", post)

    def page(self, page: Page, done: Callable[[Records | StoreError], None]) -> None:
        """Post `done` with the messages asked for, ascending by `seq`, or with why there is no answer."""
        self.ask(partial(self._read_page, page), done)

    def latest(
        self, conversations: list[tuple[str, int]], done: Callable[[dict[str, int] | StoreError], None]
    ) -> None:
        """Post `done` with the time (ms) of the newest message of each conversation and era that has any."""
        self.ask(partial(_read_latest, conversations), done)

    def find_sent(self, key: int, after: int, done: Callable[[Sent | StoreError | None], None]) -> None:
        """Post `done` with the message that bears this key and is newer than `after` (ms), or None."""
        self.ask(partial(_find_sent, key, after), done)

    def versions(self, message: int, done: Callable[[list[Version] | StoreError], None]) -> None:
        """Post `done` with how a message has read, the oldest first."""
        self.ask(partial(_read_versions, message), done)

    def reactions(
        self, messages: list[int], done: Callable[[dict[int, dict[str, int]] | StoreError], None]
    ) -> None:
        """Post `done` with the counts of reactions to messages, by place in the log and value."""
        self.ask(partial(count_reactions, messages), done)

    def reacted(self, messages: list[int], done: Callable[[list[Reacted] | StoreError], None]) -> None:
        """Post `done` with the newest reactions to each message, in the order of the log."""
        self.ask(partial(_read_reacted, messages), done)

    def ask(
        self,
        question: Callable[[sqlite3.Connection], Answer],
        done: Callable[[Answer | StoreError], None],
    ) -> None:
        """Have any question answered in the reader's thread: its value, or the StoreError that it raised or met."""
        if self._worker.waiting() >= QUESTIONS_LIMIT:
            self._worker.post(partial(done, StoreRefused("busy: too many questions are waiting")))
        else:
            self._worker.put(partial(self._answer, question, done))

    def close(self, seconds: float) -> bool:
        """Answer what was asked, then close; False when that takes too long, and the connection stays open."""
        if not self._worker.finish(seconds):
            return False
        self._connection.close()
        return True

    # Everything below runs in the reader's thread.

    def _answer(
        self,
        question: Callable[[sqlite3.Connection], Answer],
        done: Callable[[Answer | StoreError], None],
    ) -> None:
        answer: Answer | StoreError
        self._deadline = self._clock() + PATIENCE
        try:
            if self._must_reopen:
                self._connection.close()
                self._connection = self._connect()
                self._must_reopen = False
            answer = question(self._connection)
        except StoreError as error:
            answer = error
        except sqlite3.Error as error:
            answer = self._fail(error)
        except Exception as error:
            _log.exception("bug: a question to the record raised")
            answer = StoreRefused(describe(error))
        self._worker.post(partial(done, answer))

    def _fail(self, error: sqlite3.Error) -> StoreError:
        if getattr(error, "sqlite_errorcode", -1) == sqlite3.SQLITE_INTERRUPT:
            return StoreRefused(f"busy: the question took longer than {PATIENCE:g} s")
        self._must_reopen = not is_harmless(error)
        _log.error("the record cannot be read: %s", describe(error))
        return StoreRefused(describe(error))

    def _connect(self) -> sqlite3.Connection:
        connection = connect_reader(self._path)
        connection.set_progress_handler(self._is_late, _STEPS_BETWEEN_LOOKS)
        return connection

    def _is_late(self) -> bool:
        return self._clock() > self._deadline

    def _read_page(self, page: Page, connection: sqlite3.Connection) -> Records:
        eras = self._find_numbers(connection, page.conversation, page.era)
        reader = _PageReader(connection, page, eras)
        return at_once(read_page(reader, page))

    def _find_numbers(self, connection: sqlite3.Connection, name: str, era: int) -> dict[int, int]:
        """The numbers of a conversation's open messages and of one era's, each with its era; absent: no messages."""
        known = self._numbers
        if (name, 0) not in known or (name, era) not in known:
            if len(known) > _REMEMBERED:
                known.clear()
            for found_era, number in connection.execute(_FIND_NUMBERS, (name, era)).fetchall():
                known[name, found_era] = number
        return {known[name, wanted]: wanted for wanted in (0, era) if (name, wanted) in known}


class _PageReader:
    """Reads one conversation: its numbers in the database, with the era that each stands for."""

    def __init__(self, connection: sqlite3.Connection, page: Page, eras: dict[int, int]) -> None:
        self._connection = connection
        self._name = page.conversation
        self._since = min(max(LOWEST, page.since), HIGHEST)
        self._eras = eras
        self._events = page.events
        self._corrections = json.dumps([*page.corrections])
        self._tombstone = REDACTED in page.corrections
        self._root: int | None = None
        self._numbers = [*eras]

    async def choose_thread(self, msgid: str) -> None:
        """Read only the thread that a message is in. Raises UnknownReference as `find` does."""
        self._root = root_of(self._connection, (await self.find(msgid))[1])

    async def find(self, reference: int | str) -> Place:
        """Where a time or message id stands. Raises UnknownReference for a message that may not be seen here."""
        if isinstance(reference, int):
            return (min(max(LOWEST, reference), HIGHEST), 0)
        try:
            moment = time_of_msgid(reference)
        except ValueError:
            moment = -1
        numbers = (*self._numbers, None, None)[:2]
        values = (*numbers, moment, reference)
        place: Place | None = self._connection.execute(_FIND_MESSAGE, values).fetchone()
        if place is None:  # who is not shown events has heard of them all the same, with their ids
            place = self._connection.execute(_FIND_EVENT, values).fetchone()
        if place is None or place[0] < self._since:
            raise UnknownReference(f"no message {reference[:64]!r} in this conversation")
        return place

    async def read(self, low: Place, high: Place, limit: int, *, newest: bool) -> Records:
        """At most `limit` messages between two places, without them: the last ones or the first, ascending."""
        if not self._numbers:
            return Records()
        low = max(low, (self._since, 0))
        values: dict[str, object] = {
            "first": self._numbers[0],
            "second": self._numbers[-1],
            "low": low[0],
            "low_seq": low[1],
            "high": high[0],
            "high_seq": high[1],
            "limit": limit + 1,  # one more than asked for, to know whether there is more
            "corrections": self._corrections,
            "root": self._root,
            "tombstone": self._tombstone,
        }
        way = "desc" if newest else "asc"
        sql = _PAGE[len(self._numbers), way, self._events] if self._root is None else _THREADS[way]
        rows = json.loads(self._connection.execute(sql, values).fetchone()[0])
        return records_of(self._name, self._eras, rows, limit, newest=newest)


def _find_sent(key: int, after: int, connection: sqlite3.Connection) -> Sent | None:
    found = connection.execute(_SENT, {"key": key, "after": after}).fetchone()
    return Sent(*found) if found is not None else None


def _read_versions(message: int, connection: sqlite3.Connection) -> list[Version]:
    found = connection.execute(_VERSIONS, {"message": message}).fetchone()
    return [Version(*row) for row in json.loads(found[0])]


def _read_latest(conversations: list[tuple[str, int]], connection: sqlite3.Connection) -> dict[str, int]:
    found = connection.execute(_LATEST, (json.dumps(conversations),)).fetchone()
    return dict(json.loads(found[0]))


def count_reactions(messages: list[int], connection: sqlite3.Connection) -> dict[int, dict[str, int]]:
    found = connection.execute(_REACTIONS, (json.dumps(messages),)).fetchone()
    counts: dict[int, dict[str, int]] = {}
    for message, value, count in json.loads(found[0]):
        counts.setdefault(message, {})[value] = count
    return counts


def _read_reacted(messages: list[int], connection: sqlite3.Connection) -> list[Reacted]:
    found = connection.execute(_REACTED, (json.dumps(messages),)).fetchone()
    return [Reacted(*row) for row in json.loads(found[0])]
