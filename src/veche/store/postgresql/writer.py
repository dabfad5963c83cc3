"""Batches on their way into PostgreSQL: each is committed whole or not at all, and has one answer, which is the truth.

The rules:
* A connection that breaks while a batch may have been committed leaves its outcome open. The next connection, which
  cannot be had before the lost one's session is over (seat.py), looks whether the batch is there; if it is not, it is
  written again. So a database that restarts costs a pause and no message.
* The first seconds of an outage are waited out (seat.PATIENCE), and then everything is refused at once until the
  database is back; for whatever waits in line for a commit keeps everybody else waiting.
* A batch whose outcome is still open then is refused too, and **undone** when the database is back, if it had been
  committed after all: before anything is read or written. That is possible for what only adds rows, such as messages;
  for another batch the process must end if it turns out to have been committed, since its memory is not what the record
  says any more.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from functools import partial

from veche.core.forgetting import ErasedWords, ForgottenMessages, RewrittenFacts, Wiped
from veche.core.ports import (
    Edit,
    ForgottenEvents,
    ForgottenFact,
    Reaction,
    Record,
    Redaction,
    RoomEvent,
    Row,
    SavedFact,
    StoreError,
    StoreRefused,
    StoreUnknown,
)
from veche.store.postgresql import rows as sql
from veche.store.postgresql.erasing import erase_words, rewrite_facts
from veche.store.postgresql.forgetting import forget_messages
from veche.store.postgresql.link import ANSWER_SECONDS, Connection, LinkError, RefusedError, meaning
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.seat import Seat
from veche.store.postgresql.undoing import Notes, can_be_undone, places, undo
from veche.store.postgresql.wiping import Wiping, note
from veche.store.threads import replies_among
from veche.store.values import Key, unnumbered

# How long (s) a batch is tried through connections that break again and again.
_PATIENCE = 6.0
# How often a batch is tried again that PostgreSQL refused because of what else was going on at that moment.
_TRIES = 5

_FIND_NUMBERS = """
    select known.name, known.era, known.id from unnest($1::text[], $2::bigint[]) asked (name, era)
    join conversation known on known.name = asked.name and known.era = asked.era
"""
_HIGHEST = "select coalesce(max(id), 0) from conversation"
_HAS_MESSAGE = "select exists (select from message where seq = $1)"
_HAS_EVENT = "select exists (select from event where seq = $1)"
_HAS_ITSELF = "select exists (select from message where seq = $1 and msgid = $2)"
_HAS_MARK = "select exists (select from mark where batch = $1)"

Done = Callable[[StoreError | None], None]

_log = logging.getLogger("veche.store")


class _Attempt:
    """A batch under way: its rows, its number, and whether it may have been committed."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.number = random.getrandbits(62)
        self.is_open = False
        self.refused = 0


class Writer:
    """The writing end of the record. `append` and `replace_saved` are the owner's, the rest is the loop thread's."""

    def __init__(self, url: str, name: str, thread: LoopThread, notes: Notes) -> None:
        self._thread = thread
        self._notes = notes
        self.wiping = Wiping(url, name)
        self.seat = Seat(url, name, thread, self._settle)
        self._under_way = False  # the owner's
        self._numbers: dict[Key, int] = {}
        self._highest = -1  # of the conversations' numbers; -1 when not known
        self._unsettled: list[_Attempt] = []  # refused, though they may have been committed
        self._last: Record | None = None  # the newest message that was acknowledged

    def append(self, rows: list[Row], done: Done) -> None:
        """Commit all of `rows` or none, and post `done`. Raises AssertionError while a commit is under way."""
        if self._under_way:
            raise AssertionError("the log has one commit under way at a time")
        self._under_way = True
        self._thread.start(partial(self._write, rows, done))

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Put these facts in the place of all without a key. Blocks; for the start. Raises StoreError."""
        if any(fact.key for fact in facts):
            raise AssertionError("what has a key is replaced one by one")
        error = self._thread.run(self._replace_saved(facts))
        if error is not None:
            raise error

    def _answer(self, done: Done, error: StoreError | None) -> None:
        self._under_way = False
        done(error)

    # Everything below runs in the loop thread.

    @property
    def is_settled(self) -> bool:
        """Whether the record holds nothing that was refused."""
        return not self._unsettled

    async def _write(self, rows: list[Row], done: Done) -> None:
        error: StoreError | None
        try:
            error = await self._try(_Attempt(rows))
        except Exception as bug:
            _log.exception("bug: a batch could not be handed to PostgreSQL")
            error = StoreRefused(str(bug))
        self._thread.post(partial(self._answer, done, error))
        if error is None and any(isinstance(row, Wiped) for row in rows):
            self.wiping.start()

    async def _try(self, attempt: _Attempt) -> StoreError | None:
        until = time.monotonic() + _PATIENCE
        seat = self.seat
        while True:
            connection = await seat.wait() if time.monotonic() < until else None
            if seat.broken is not None:
                return seat.broken
            if connection is None:
                if attempt.is_open:
                    self._unsettled.append(attempt)
                    self._note()
                return StoreRefused(f"the database is out of reach: {seat.trouble}")
            try:
                async with seat.in_use, asyncio.timeout(ANSWER_SECONDS):
                    if not attempt.is_open or not await _has(connection, attempt):
                        attempt.is_open = False
                        await self._commit(connection, attempt)
            except Exception as error:
                result = await self._fail(connection, attempt, meaning(error))
                if result is not None:
                    return result
            else:
                if any(isinstance(row, ForgottenMessages) for row in attempt.rows):
                    self._last = None  # it may be one of those
                self._last = next(
                    (row for row in reversed(attempt.rows) if isinstance(row, Record)), self._last
                )
                return None

    async def _fail(self, connection: Connection, attempt: _Attempt, error: Exception) -> StoreError | None:
        """A batch has met an error: what the answer is, or None when it is to be tried again."""
        # Numbers given in a batch that was taken back must not be used again.
        self._numbers.clear()
        self._highest = -1
        if isinstance(error, RefusedError):
            attempt.is_open = False
            attempt.refused += 1
            if not await self._roll_back(connection) or (error.is_passing and attempt.refused < _TRIES):
                return None
            return StoreRefused(str(error))
        self.seat.lose(connection, str(error))
        if not isinstance(error, LinkError):
            raise error
        return None

    def _note(self) -> None:
        """Have on disk what is to be undone, before anybody is told."""
        undoable = [attempt.rows for attempt in self._unsettled if can_be_undone(attempt.rows)]
        self._notes.keep([seq for rows in undoable for seq in places(rows)])

    async def _roll_back(self, connection: Connection) -> bool:
        """Leave a transaction that PostgreSQL has refused to go on with; False when the connection is lost over it."""
        try:
            async with self.seat.in_use, asyncio.timeout(ANSWER_SECONDS):
                await connection.execute("rollback")
        except Exception as error:
            self.seat.lose(connection, str(meaning(error)))
            return False
        return True

    async def _commit(self, connection: Connection, attempt: _Attempt) -> None:
        rows = attempt.rows
        records = [row for row in rows if isinstance(row, Record)]
        others = [row for row in rows if not isinstance(row, Record)] if len(records) < len(rows) else []
        events = [row.record for row in others if isinstance(row, RoomEvent)]
        facts = [row for row in others if isinstance(row, SavedFact | ForgottenFact)]
        new = await self._find_numbers(connection, records + events if events else records)
        replies = replies_among(records)
        if not new and not others and not replies:
            attempt.is_open = True
            await sql.insert_messages(connection, records, self._numbers)
        elif not new and len(events) == len(rows):
            attempt.is_open = True
            await sql.insert_events(connection, events, self._numbers)
        elif len(facts) == len(rows) and (kept := _all_keyed(facts)):
            attempt.is_open = True
            await sql.replace_facts(connection, kept, attempt.number)
        else:
            await connection.execute("begin")
            if new:
                await sql.insert_conversations(connection, [(self._numbers[key], *key) for key in new])
            if records:
                await sql.insert_messages(connection, records, self._numbers)
            if replies:
                await sql.note_replies(connection, replies)
            await self._write_others(connection, others, facts)
            if events:
                await sql.insert_events(connection, events, self._numbers)
            if not records and not events:
                await sql.mark(connection, attempt.number)
            attempt.is_open = True
            await connection.execute("commit")

    async def _write_others(
        self, connection: Connection, others: Sequence[Row], facts: list[SavedFact | ForgottenFact]
    ) -> None:
        """Everything but messages and events, in the order of the log within each kind."""
        if facts:
            await sql.save_facts(connection, facts)
        for row in others:
            if isinstance(row, Edit):
                await sql.edit(connection, row)
        if redactions := [row for row in others if isinstance(row, Redaction)]:
            await sql.redact(connection, redactions)
        for row in others:
            if isinstance(row, Reaction):
                await sql.react(connection, row)
            elif isinstance(row, ForgottenEvents):
                await sql.forget_events(connection, row.before)
            elif isinstance(row, ForgottenMessages):
                await forget_messages(connection, row)
            elif isinstance(row, ErasedWords):
                await erase_words(connection, row)
            elif isinstance(row, RewrittenFacts):
                await rewrite_facts(connection, row)
            elif isinstance(row, Wiped):
                await note(connection)

    async def _find_numbers(self, connection: Connection, records: list[Record]) -> list[Key]:
        """See to it that every conversation of a batch has a number; return those that are not in the database yet."""
        numbers = self._numbers
        unknown = unnumbered(numbers, records)
        if not unknown:
            return []
        asked = [*unknown]
        for name, era, number in await connection.fetch(
            _FIND_NUMBERS, [name for name, _ in asked], [era for _, era in asked]
        ):
            numbers[name, era] = number
        if self._highest < 0:
            self._highest = await connection.fetchval(_HIGHEST)
        new = sorted(unknown - numbers.keys())
        for key in new:
            self._highest += 1
            numbers[key] = self._highest
        return new

    async def _settle(self, connection: Connection) -> None:
        """A new connection is there: find out what became of what was refused with its outcome open."""
        last = self._last
        if last is not None and not await connection.fetchval(_HAS_ITSELF, last.seq, last.msgid):
            raise StoreUnknown("the database lacks messages that it had said were on disk")
        while self._unsettled:
            attempt = self._unsettled[0]
            if await _has(connection, attempt):
                if not can_be_undone(attempt.rows):
                    raise StoreUnknown(
                        "what was refused because its outcome was open had been stored after all"
                    )
                await undo(connection, places(attempt.rows))
            self._unsettled.pop(0)
            self._note()

    async def _replace_saved(self, facts: list[SavedFact]) -> StoreError | None:
        connection = await self.seat.wait()
        if connection is None:
            return StoreRefused(f"the database is out of reach: {self.seat.trouble}")
        try:
            async with self.seat.in_use, asyncio.timeout(ANSWER_SECONDS):
                await connection.execute("begin; delete from saved_fact")
                await sql.save_facts(connection, facts)
                await connection.execute("commit")
        except Exception as error:
            self.seat.lose(connection, str(meaning(error)))
            return StoreRefused(str(meaning(error)))
        return None


async def _has(connection: Connection, attempt: _Attempt) -> bool:
    """Whether a batch is in the record: by any row of it, since they are there together or not at all."""
    statement, values = _HAS_MARK, [attempt.number]
    for row in attempt.rows:
        if isinstance(row, Record | RoomEvent):
            statement = _HAS_MESSAGE if isinstance(row, Record) else _HAS_EVENT
            values = [row.seq]
            break
    try:
        found: bool = await connection.fetchval(statement, *values)
    except Exception as error:  # whatever it is, nothing is known yet
        raise LinkError(str(meaning(error))) from error
    return found


def _all_keyed(facts: list[SavedFact | ForgottenFact]) -> list[SavedFact]:
    """The facts, if each of them is to be kept under a key; otherwise none."""
    kept = [fact for fact in facts if isinstance(fact, SavedFact) and fact.key]
    return kept if len(kept) == len(facts) else []
