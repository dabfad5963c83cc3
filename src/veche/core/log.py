"""The log: the one order of everything. Facts get in line, last on disk where they must, and are applied in order.

The rules:
* A fact's guard is asked once, when everything that stands before it in line has been applied. So no fact is stored
  that will be refused, and none is refused by a world that nobody has seen.
* What must last is handed to the store in batches (group commit): whatever came while a commit was under way forms
  the next. A fact that changes the world ends its batch, because what stands behind it must be judged after it.
* What happened in rooms and need not last is written behind everything else, and nobody waits for it (core/behind.py).
* What the record is to forget is a commit of its own beside the line, between the others (`write_aside`).
* A fact is applied, and its audience hears of it, after the commit that holds it; never before. Facts that nobody
  stores take their place in line too, and pass at once when nothing is waiting.
* Every ask gets its one answer: what the fact gave, the refusal, or FAIL when the store did not take it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from veche.core.behind import Behind
from veche.core.gathering import Gathering
from veche.core.ports import Record, Row, Store, StoreError, StoreUnknown
from veche.core.replies import Refusal
from veche.core.saved import row_of
from veche.state.events import SILENCE, Fact, LastingFact, UserLeft
from veche.wire.numerics import ERR_UNKNOWNERROR

if TYPE_CHECKING:
    from veche.core.ask import Ask, Then
    from veche.core.fanout import Fanout
    from veche.core.ports import Chance, Clock
    from veche.core.registry import FactRow, Registry
    from veche.state.world import World

# The most facts in one commit: keeps one statement within the database's limits and one turn of the loop short.
BATCH_LIMIT: Final = 1000

# What a sender reads when there is no acknowledgement to give: what happened, what it means, what to do.
_NOT_STORED: Final = "This could not be stored, so nobody has seen it. Please try again later."
_OUTCOME_UNKNOWN: Final = (
    "The disk failed while this was being stored: it may be kept or lost. "
    "Look whether it is there before you try again."
)

_log = logging.getLogger("veche.log")


class Entry:
    """A fact in line, and what is to be done when its turn has come."""

    __slots__ = ("ask", "fact", "is_stored", "otherwise", "refusal", "row", "then")

    def __init__(
        self, fact: Fact, row: FactRow, ask: Ask | None, then: Then | None, otherwise: Then | None
    ) -> None:
        self.otherwise = otherwise
        self.fact = fact
        self.row = row
        self.ask = ask
        self.then = then
        self.refusal: Refusal | None = None
        self.is_stored = False  # the store holds a row for it, or will


class Log:
    """Facts in order. `store` None keeps nothing and applies at once: a setting, not a second way."""

    __slots__ = (
        "aside",
        "batch",
        "behind",
        "chance",
        "clock",
        "failed",
        "fanout",
        "gathering",
        "journal",
        "keeps_events",
        "line",
        "on_applied",
        "on_behind",
        "on_bug",
        "on_unknown",
        "on_wait",
        "pumping",
        "registry",
        "seq",
        "store",
        "time",
        "wakes",
        "world",
    )

    def __init__(
        self,
        world: World,
        registry: Registry,
        fanout: Fanout,
        store: Store | None,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self.world = world
        self.registry = registry
        self.fanout = fanout
        self.store = store
        self.clock = clock
        self.chance = chance
        self.seq, self.time = store.last() if store is not None else (0, 0)
        self.line: deque[Entry] = deque()
        self.batch: list[Entry] | None = None  # at the store
        self.pumping = False
        self.failed: StoreError | None = None  # set for good when an outcome is unknown
        self.on_unknown: Callable[[StoreError], None] | None = None
        self.on_applied: Callable[[Fact], None] | None = None
        self.on_bug: Callable[[Ask], None] | None = None
        self.keeps_events = False  # whether the record holds what happened in rooms, beside what was said
        self.behind = Behind()
        self.gathering = Gathering()
        self.wakes = 0.0  # when `pump` was last asked to be called, for a wait
        self.on_wait: Callable[[float], None] | None = None  # `pump` is to be called then (monotonic)
        self.aside: deque[tuple[Callable[[int], list[Row]], Callable[[StoreError | None], None]]] = deque()
        self.on_behind: Callable[[], None] | None = (
            None  # rows wait there: `write_behind` is to be called in a while
        )
        self.journal: list[Fact] | None = None  # a test hands in a list to have every applied fact

    def commit(
        self, fact: Fact, ask: Ask | None, then: Then | None = None, otherwise: Then | None = None
    ) -> None:
        """Put a fact in line. What must last waits for the turn's end, to share a commit; the rest may pass now.

        `then` is called when it has been applied, `otherwise` when it was refused or not stored, which the asker has
        read.
        """
        entry = self._enter(fact, ask, then, otherwise)
        self.line.append(entry)
        if entry.row.record is None or self.store is None:
            self.pump()

    def follow_up(self, fact: Fact, ask: Ask | None, then: Then | None = None) -> None:
        """Put a fact at the head of the line, so that nothing comes between it and the one being applied.

        For what must be decided by how the world is now. Called in the `then` of a fact that changes the world, which
        is the last of its batch.
        """
        self.line.appendleft(self._enter(fact, ask, then, None))
        self.pump()

    def _enter(self, fact: Fact, ask: Ask | None, then: Then | None, otherwise: Then | None) -> Entry:
        if ask is not None:
            ask.pending += 1
            session = ask.session
            session.in_flight += 1
            if fact.changes:
                session.changing += 1
        return Entry(fact, self.registry.facts[type(fact)], ask, then, otherwise)

    def is_leaving(self, uid: str) -> bool:
        """Whether a user's departure stands in line: nobody is to become his device any more."""
        return any(isinstance(entry.fact, UserLeft) and entry.fact.actor == uid for entry in self.line)

    def is_elsewhere(self, _uid: str) -> bool:
        """Whether a user has a session on another node of a cluster."""
        return False

    def sessions_elsewhere(self, _uid: str) -> int:
        """How many sessions a user has on other nodes of a cluster."""
        return 0

    def mark(self, text: str) -> str:
        """What nodes of a cluster call something that none but them is to read: an address, what somebody has typed."""
        return text

    @property
    def is_shared(self) -> bool:
        """Whether other nodes may follow the same order."""
        return False

    @property
    def is_following(self) -> bool:
        """Whether the fact that is being applied has happened on another node, which answers whoever asked for it."""
        return False

    @property
    def knows_ids(self) -> bool:
        """Whether this log finds out by itself what was said before with the id that a sender has given."""
        return False

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and no commit is under way."""
        return self.batch is None and not self.line and not self.aside

    def pump(self) -> None:
        """Move the line as far as it goes: until it is empty or a commit is under way. Called at the end of a turn."""
        if self.pumping or self.batch is not None:
            return
        self.pumping = True
        try:
            while self.batch is None and (self.line or self.behind.is_due or self.aside):
                if self.aside and self.store is not None:
                    self._append_aside(self.store)
                    continue
                if self.behind.is_due and self.store is not None:
                    self.batch = []
                    rows = self.behind.take(self.seq, self.time)
                    if self.failed is not None:
                        self._committed(self.failed)
                    else:
                        self.store.append(rows, self._committed)
                    continue
                if self.gathering.is_many and self._waits():
                    break
                batch, rows = self._next_batch()
                if rows and self.store is not None:
                    self.batch = batch
                    self.gathering.stored(len(rows), self.clock.monotonic())
                    if self.failed is not None:
                        self._committed(self.failed)
                    else:
                        self.store.append(rows, self._committed)
                else:
                    for entry in batch:
                        self.settle(entry)
        finally:
            self.pumping = False

    def _waits(self) -> bool:
        """Whether the next commit waits for more to share it; then somebody is asked to call again."""
        gathering = self.gathering
        if self.on_wait is None or not gathering.waits(len(self.line), self.clock.monotonic()):
            return False
        if gathering.until != self.wakes:
            self.wakes = gathering.until
            self.on_wait(self.wakes)
        return True

    def write_behind(self) -> None:
        """Commit what has happened in rooms, as soon as no other commit is under way."""
        self.behind.is_due = bool(self.behind.rows)
        self.pump()

    def when_written(self, then: Callable[[], None]) -> None:
        """Call `then` when all that has happened in rooms so far can be read; at once where nothing waits."""
        if self.behind.wait(then):
            self.pump()
        else:
            then()

    def write_aside(
        self, make: Callable[[int], list[Row]], done: Callable[[StoreError | None], None]
    ) -> None:
        """Commit rows that are no facts, alone, as soon as no other commit is under way; `done` hears how it ended.

        `make` is given the last place in the log, and gives the rows. Only where there is a store.
        """
        self.aside.append((make, done))
        self.pump()

    def _append_aside(self, store: Store) -> None:
        make, done = self.aside.popleft()
        self.batch = []
        if self.failed is not None:
            self._aside_committed(done, self.failed)
        else:
            store.append(make(self.seq), partial(self._aside_committed, done))

    def _aside_committed(self, done: Callable[[StoreError | None], None], error: StoreError | None) -> None:
        self.batch = None
        self._note_unknown(error)
        done(error)
        self.pump()

    def _note_unknown(self, error: StoreError | None) -> None:
        """After an error that leaves it open what is on disk, nothing is stored any more."""
        if isinstance(error, StoreUnknown) and self.failed is None:
            self.failed = error
            if self.on_unknown is not None:
                self.on_unknown(error)

    def _next_batch(self) -> tuple[list[Entry], list[Row]]:
        """Judge and number facts from the head of the line, up to and including the first that changes the world."""
        batch: list[Entry] = []
        rows: list[Row] = []
        line = self.line
        now = int(self.clock.now() * 1000)
        # A clock that is set back must not put a message before one that is already in the record.
        now = self.time = max(self.time, now)
        storing = self.store is not None
        gathering = self.gathering
        while line and len(batch) < BATCH_LIMIT:
            entry = line.popleft()
            batch.append(entry)
            fact = entry.fact
            row = entry.row
            guard = row.guard
            fact.time = now
            if guard is not None:
                try:
                    entry.refusal = guard(self.world, fact)
                except Exception:
                    self._report_bug(entry)
                    entry.refusal = Refusal(ERR_UNKNOWNERROR, type(fact).__name__, "Internal error")
                if entry.refusal is not None:
                    continue
            if isinstance(fact, LastingFact):
                self.seq += 1
                fact.seq = self.seq
                fact.msgid = self.chance.msgid(now)
                if storing and row.record is not None:
                    kept = row.record(self.world, fact)
                    if kept is not None:
                        rows.append(kept)
                        entry.is_stored = True
                        if gathering.is_many:
                            gathering.talks(fact.actor)
            if storing and row.saves is not None:
                for saved in row.saves(self.world, fact):
                    self.seq += 1
                    rows.append(row_of(self.seq, saved))
                    entry.is_stored = True
            if fact.divides:
                self.time = now + 1
            if fact.changes:
                break
        return batch, rows

    def _committed(self, error: StoreError | None) -> None:
        """The store has answered for the batch that is under way."""
        batch = self.batch
        if batch is None:
            raise AssertionError("the store answers once for each batch")
        self.batch = None
        self._note_unknown(error)
        if not batch and self.behind.ended(error) and self.on_behind is not None:
            self.on_behind()
        # What a fact brings with it is done before the next in line is judged: a reaction that commits does not pump.
        pumping, self.pumping = self.pumping, True
        for entry in batch:
            if error is not None and entry.is_stored and not entry.fact.is_beyond_us:
                self._not_stored(entry, error)
            else:
                self.settle(entry)
        self.pumping = pumping
        self.pump()

    def _not_stored(self, entry: Entry, error: StoreError) -> None:
        ask = entry.ask
        if ask is None:
            return
        text = _OUTCOME_UNKNOWN if isinstance(error, StoreUnknown) else _NOT_STORED
        ask.fail("INTERNAL_ERROR", text=text)
        if entry.otherwise is not None:
            entry.otherwise(ask, entry.fact)
        self.release(ask, entry.fact)

    def settle(self, entry: Entry) -> None:
        """Apply one fact and tell its audience, or give its refusal."""
        ask = entry.ask
        fact = entry.fact
        row = entry.row
        try:
            if entry.refusal is not None:
                if ask is not None:
                    ask.refuse(entry.refusal)
                    if entry.otherwise is not None:
                        entry.otherwise(ask, fact)
            else:
                # Looked up before, since who leaves is not in the world behind it.
                actor = self.world.users.get(fact.actor)
                noted = self._note(entry) if row.events is not None and self.keeps_events else None
                audience = row.apply(self.world, fact)
                if noted and audience is not SILENCE:
                    self._write_later(noted)
                if self.journal is not None:
                    self.journal.append(fact)
                self.fanout.deliver(audience, fact, row, ask, actor)
                if row.witnesses and self.on_applied is not None:
                    self.on_applied(fact)
                if ask is not None:
                    if entry.then is not None:
                        entry.then(ask, fact)
                    for reaction in row.reactions:
                        reaction(ask, fact)
        except Exception:
            self._report_bug(entry)
        if ask is not None:
            self.release(ask, fact)

    def _write_later(self, noted: list[Record]) -> None:
        if self.behind.add(noted) and self.on_behind is not None:
            self.on_behind()

    def _note(self, entry: Entry) -> list[Record]:
        """What a fact will have been to the history of rooms; under one id, which those who hear of it are told too."""
        fact = entry.fact
        noted = entry.row.events(self.world, fact) if entry.row.events is not None else []
        if noted:
            fact.event_id = self.chance.msgid(fact.time)
        for record in noted:
            self.seq += 1
            record.seq = self.seq
            record.time = fact.time
            record.msgid = fact.event_id
        return noted

    def _report_bug(self, entry: Entry) -> None:
        """A bug in one feature costs the session that met it its connection, and not the log. Called in an except."""
        _log.exception("bug: %s of %r", type(entry.fact).__name__, entry.ask and entry.ask.session)
        if self.on_bug is not None and entry.ask is not None:
            self.on_bug(entry.ask)

    def release(self, ask: Ask, fact: Fact) -> None:
        """A fact of an ask has had its turn, whatever came of it."""
        if fact.changes:
            ask.session.changing -= 1
        ask.settled()
