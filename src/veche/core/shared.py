"""The log of a node among others: the same order, the same rules, shared.

The rules beside those of core/log.py:
* Everything that changes the world, and everything that is said, has its place in one order that all nodes follow.
* A node judges and commits only in a turn of its own, in which nobody else does; before it, it has applied all turns
  before. So a guard is asked once, in line, here as well, and a fact gives the same on every node.
* What others have done is applied like one's own, without an asker: reactions are the business of the node that
  committed a fact, witnesses are everybody's. What a witness commits beside it is left to that node, too.
* Turns are applied in the order of their numbers, each once; what is missing is read from the record.
* A node is told what changes the world, and what its own people hear; of all else it learns that it has a place in the
  order. Every node knows where people have sessions (core/homes.py), so who has the turn knows whom to tell what.
* What is kept nowhere and changes nothing (that somebody is typing) has no place in the order, and waits for nobody.
* A node that leaves (`is_parting`) lets go without a word of people who can prove who they are: they are on their way
  to another node, and those who do not arrive there go as those of a node that is lost do.
* What bears an id of its sender's is said once in the world: the record is asked in the turn in which it would be said.
* Whoever cannot have a turn changes nothing: it refuses what can be refused, and keeps the rest in line.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from veche.core import crowds, newcomers, once, passing, sheets, telling
from veche.core.gathering import Gathering
from veche.core.homes import Homes
from veche.core.ids_in_line import IdsInLine
from veche.core.log import BATCH_LIMIT, Entry, Log
from veche.core.ports import Record, Row, Store, StoreError, StoreRefused
from veche.core.registry import FactRow, OwnCopy
from veche.core.sheets import CAME, LOST
from veche.core.turns import Head, OutOfReach, Overtaken, Removed, Turn, Turns
from veche.state.codec import CodecError
from veche.state.events import SILENCE, DeviceLeft, Fact, SaidFact, UserLeft

if TYPE_CHECKING:
    from veche.core.ask import Ask, Then
    from veche.core.fanout import Fanout
    from veche.core.ports import Chance, Clock
    from veche.core.registry import Registry
    from veche.core.timers import Timers
    from veche.state.user import User
    from veche.state.world import World

# Rows a second, of one node, from which on a turn waits for more to share it (core/gathering.py): a turn costs several
# times what a commit of a server that is alone does, and each node has turns of its own.
MANY, LONGEST, LITTLE = 250.0, 0.012, 0.25
# Seconds until a node that could not have a turn asks for one again.
PAUSE = 0.25

# A departure that turned out to be none: his session goes, he does not.
_STAYS = FactRow(
    apply=lambda world, fact: SILENCE, render=lambda fact, view, tags: "", own_copy=OwnCopy.NEVER
)

_log = logging.getLogger("veche.shared")


class SharedLog(Log):
    """A Log whose order is that of `turns`. `node` is our number among the nodes, `applied` the last turn applied here.

    `nodes` are the numbers of all nodes that have come and are not lost, `homes` where their users have sessions.
    """

    __slots__ = (
        "ahead",
        "applied",
        "asking",
        "beside",
        "fetching",
        "gives",
        "homes",
        "ids",
        "is_out",
        "is_parting",
        "lost_at",
        "node",
        "nodes",
        "notices",
        "on_followed",
        "on_homeless",
        "on_removed",
        "origin",
        "resting",
        "timers",
        "turns",
        "wanted",
    )

    def __init__(
        self,
        world: World,
        registry: Registry,
        fanout: Fanout,
        store: Store,
        clock: Clock,
        chance: Chance,
        turns: Turns,
        timers: Timers,
    ) -> None:
        super().__init__(world, registry, fanout, store, clock, chance)
        self.gathering = Gathering(MANY, LONGEST, LITTLE)
        standing = turns.standing
        self.turns = turns
        self.timers = timers
        self.node = standing.node
        self.applied = standing.number
        self.seq = max(self.seq, standing.seq)
        self.time = max(self.time, standing.time)
        self.asking = False
        self.resting = False
        self.fetching = False
        self.wanted = 0  # a turn that others are known to have written
        self.ahead: dict[int, Turn] = {}  # heard of before those before them
        self.origin = self.node  # of the fact that is being applied
        self.homes = Homes(world.watcher)
        world.watcher = self.homes
        self.nodes: set[int] = {self.node}  # all that have come and are not lost
        self.ids = IdsInLine()
        self.is_out = False  # the others go on without us, and nothing can be written
        self.is_parting = False
        self.lost_at = -1e9  # when (monotonic) it was last known here that a node is lost
        self.notices: list[tuple[str, int]] = []  # what is to be said of nodes: CAME or LOST, and the number
        self.on_removed: Callable[[Exception], None] | None = None
        self.on_followed: Callable[[Turn], None] | None = None  # a turn of another node's was applied
        self.on_homeless: Callable[[User, str], None] | None = None
        self.gives: dict[
            str, Callable[[], object]
        ] = {}  # what newcomers are handed beside the world, by name
        self.beside: dict[str, Any] = {}  # and what was handed to us
        if standing.parcel:
            newcomers.unpack(self, standing.parcel)

    # ---- what the engine asks

    def is_elsewhere(self, uid: str) -> bool:
        """Whether a user has a session on another node, or is moving there."""
        if self.homes.has_beside(uid, self.node):
            return True
        user = self.world.users.get(uid)
        return self.is_parting and user is not None and user.may_return

    def sessions_elsewhere(self, uid: str) -> int:
        """How many sessions a user has on other nodes."""
        return self.homes.count_beside(uid, self.node)

    def mark(self, text: str) -> str:
        """The same on all nodes, and nothing to anybody else: whoever lacks the key cannot even try texts."""
        return blake2b(text.encode(), key=self.turns.key, digest_size=12, person=b"veche marks").hexdigest()

    def seal(self, identity: str) -> str:
        """What proves that somebody was told by one of the nodes that he is this guest."""
        return blake2b(
            identity.encode(), key=self.turns.key, digest_size=20, person=b"veche guests"
        ).hexdigest()

    @property
    def is_shared(self) -> bool:
        """Others may be there now or later."""
        return True

    @property
    def is_following(self) -> bool:
        """Whether another node answers whoever asked for the fact that is being applied."""
        return self.origin != self.node

    @property
    def knows_ids(self) -> bool:
        """It asks in its turn, in which nobody else says anything."""
        return True

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and no turn is under way."""
        waits = self.line or self.aside or self.notices
        return self.batch is None and not waits and not self.asking

    def commit(
        self, fact: Fact, ask: Ask | None, then: Then | None = None, otherwise: Then | None = None
    ) -> None:
        """Put a fact in line; its turn comes when this node has one. What needs none has passed already."""
        if ask is None and self.origin != self.node:
            return  # a witness of what happened elsewhere: the node where it did does the rest
        if self.is_parting and ask is not None and isinstance(fact, DeviceLeft):
            self._part(self._enter(fact, ask, then, otherwise))
            return
        passes = self.registry.facts[type(fact)].passes
        # Behind what the same session has in line it waits in line as well.
        if passes is not None and ask is not None and not ask.session.in_flight and passes(fact):
            passing.pass_by(self, self._enter(fact, ask, then, otherwise))
            return
        if isinstance(fact, SaidFact) and fact.sent:
            self.ids.is_unasked = True
        super().commit(fact, ask, then, otherwise)

    def follow_up(self, fact: Fact, ask: Ask | None, then: Then | None = None) -> None:
        """Put a fact at the head of the line. Another node may have its turn between; guards look again."""
        if ask is None and self.origin != self.node:
            return
        super().follow_up(fact, ask, then)

    # ---- what has no place in the order

    def pass_on(self, fact: Fact) -> None:
        """Tell the other nodes what the server itself has to say to them, at once, as far as NATS carries it."""
        passing.pass_by(self, Entry(fact, self.registry.facts[type(fact)], None, None, None))

    def hear(self, body: str) -> None:
        """What another node has passed on."""
        passing.hear(self, body)

    # ---- having a turn

    def pump(self) -> None:
        """Ask for a turn if there is anything to do in it. Called at the end of a turn of the loop."""
        if self.pumping or self.batch is not None or self.asking or self.resting:
            return
        if self.line or self.behind.is_due or self.aside or self.notices:
            is_urgent = self.behind.is_due or self.aside or self.notices or not self.gathering.is_many
            if not is_urgent and self._waits():
                return
            self.asking = True
            since = int(self.clock.now() * 1000) - once.MEMORY_MS
            self.turns.take(self.applied, self._taken, self.ids.ask(self.line), since)

    def _taken(self, head: Head | Exception) -> None:
        self.asking = False
        if not isinstance(head, Head):
            self._go_without(head)
            return
        for turn in head.missed:
            self._follow(turn)
        if self.applied != head.number:
            self.turns.give_back()
            self._be_removed(Removed(f"turn {self.applied + 1} is not in the record any more"))
            return
        self.seq = max(self.seq, head.seq)
        self.time = max(self.time, head.time)
        if head.said:
            self.ids.answer(self, head.said)
        self._use()
        self.pump()

    def _use(self) -> None:
        """The turn is ours: one batch, of whatever has waited longest."""
        if self.notices:
            notices, self.notices = self.notices, []
            self._put([], [], partial(self._noticed, notices), sheets.write_notices(notices))
            return
        if self.aside:
            make, done = self.aside.popleft()
            self._put([], make(self.seq), partial(self._aside_put, done), sheets.ROWS_ALONE)
            return
        if self.behind.is_due:
            self._put([], self.behind.take(self.seq, self.time), self._put_behind)
            return
        later = self.ids.take_unasked(self.line)
        while self.line:
            self._spare()
            batch, rows = self._next_batch()
            self._add_others(batch, rows)
            if any(entry.refusal is None for entry in batch):
                self.line += later
                self._put(batch, rows, self._batch_put)
                return
            self._settle_all(batch)
        self.line += later
        self.turns.give_back()

    def _spare(self) -> None:
        """Who has come by another node meanwhile, or has gone there, does not leave by what stands at the head here."""
        for entry in self.line:
            fact = entry.fact
            if isinstance(fact, UserLeft) and (
                fact.actor not in self.world.users
                or self.homes.has_beside(fact.actor, self.node)
                or (entry.ask is None and self.homes.has_any(fact.actor))
            ):
                entry.row = _STAYS
            if fact.changes:
                return

    def _add_others(self, batch: list[Entry], rows: list[Row]) -> None:
        """To what ends a batch is added what stands behind it and may share its turn (core/crowds.py)."""
        if not batch or type(batch[-1].fact) not in crowds.KINDS:
            return
        taken = {mark for entry in batch for mark in crowds.marks(entry.fact)}
        line = self.line
        while line and len(batch) < BATCH_LIMIT:
            both = (batch[-1], line[0])
            if not crowds.may_follow(type(batch[-1].fact), type(line[0].fact)):
                return
            marks = crowds.marks(line[0].fact)
            if not taken.isdisjoint(marks) or not all(crowds.is_plain(self.world, one.fact) for one in both):
                return
            taken.update(marks)
            # Alone, for behind one that is refused the next would be judged as well, whatever it is.
            self.line = deque((line.popleft(),))
            self._spare()
            more, more_rows = self._next_batch()
            self.line = line
            batch += more
            rows += more_rows

    def _put(
        self,
        batch: list[Entry],
        rows: list[Row],
        done: Callable[[Turn, Exception | None], None],
        body: str = "",
    ) -> None:
        self.batch = batch
        self.gathering.stored(len(rows), self.clock.monotonic())
        if self.keeps_events:
            for entry in batch:
                if entry.refusal is None and entry.row is not _STAYS and entry.row.events is not None:
                    entry.fact.event_id = self.chance.msgid(entry.fact.time)
        told = [
            (place, one) for place, one in enumerate(batch) if one.refusal is None and one.row is not _STAYS
        ]
        for_all, parts = telling.pages(self, told)
        turn = Turn(self.applied + 1, self.node, self.seq, self.time, body or for_all, parts)
        self.turns.put(turn, rows, partial(done, turn))

    def _is_put(self, turn: Turn, error: Exception | None) -> bool:
        """A turn has been answered for: whether it is on disk. What went wrong for good is dealt with."""
        if error is None:
            self.applied = turn.number
            self.turns.tell(turn)
            return True
        if isinstance(error, Removed):
            self._be_removed(error)
        return False

    def _batch_put(self, turn: Turn, error: Exception | None) -> None:
        batch, self.batch = self.batch or [], None
        if self._is_put(turn, error):
            self._settle_all(batch)
        elif isinstance(error, StoreRefused):
            self._refuse(batch, error)
        else:
            self.line.extendleft(reversed(batch))
        self._go_on(error)

    def _put_behind(self, turn: Turn, error: Exception | None) -> None:
        self.batch = None
        self._is_put(turn, error)
        if self.behind.ended(_as_store_error(error)) and self.on_behind is not None:
            self.on_behind()
        self._go_on(error)

    def _aside_put(
        self, done: Callable[[StoreError | None], None], turn: Turn, error: Exception | None
    ) -> None:
        self.batch = None
        self._is_put(turn, error)
        done(_as_store_error(error))
        self._go_on(error)

    def _noticed(self, notices: list[tuple[str, int]], turn: Turn, error: Exception | None) -> None:
        self.batch = None
        if self._is_put(turn, error):
            for kind, node in notices:
                self._notice(kind, node)
        else:
            self.notices[:0] = notices
        self._go_on(error)

    def _go_on(self, error: Exception | None) -> None:
        """What others have written meanwhile, and then our next turn."""
        self._catch_up()
        if error is None or isinstance(error, Overtaken):
            self.pump()
        elif isinstance(error, StoreRefused):
            self._rest()
        elif not isinstance(error, Removed):
            self._go_without(error)

    def _go_without(self, error: Exception) -> None:
        """There is no turn to be had: whoever can be told so is told, and the rest waits."""
        if isinstance(error, Removed):
            self._be_removed(error)
            return
        waiting = list(self.line)
        self.line.clear()
        told = StoreRefused(str(error))
        self._refuse(waiting, told)
        while self.aside:
            _, done = self.aside.popleft()
            done(told)
        if self.behind.is_due:
            self.behind.take(self.seq, self.time)
            self.behind.ended(told)
        self._rest()

    def _rest(self) -> None:
        """What waits is tried again in a while, and not in every turn of the loop."""
        if not self.resting:
            self.resting = True
            self.timers.at(self.clock.monotonic() + PAUSE, self._wake)

    def _wake(self) -> None:
        self.resting = False
        self.pump()

    def _refuse(self, batch: list[Entry], error: StoreError) -> None:
        pumping, self.pumping = self.pumping, True
        for entry in batch:
            if entry.refusal is not None:
                self.settle(entry)
            elif entry.fact.is_beyond_us or entry.ask is None:
                self.line.append(entry)
            else:
                self._not_stored(entry, error)
        self.pumping = pumping

    def fail(self, error: Exception) -> None:
        """Something beside the line went wrong; where that is for good, it is the end of this node."""
        if isinstance(error, Removed):
            self._be_removed(error)

    def _be_removed(self, error: Exception) -> None:
        if self.is_out:
            return  # said, and being dealt with: whoever looks regularly finds it again and again
        self.resting = self.is_out = True  # for good
        if self.on_removed is not None:
            self.on_removed(error)

    # ---- applying

    def _settle_all(self, batch: list[Entry]) -> None:
        # What a fact brings with it is done before the next in line is judged: a reaction that commits does not pump.
        pumping, self.pumping = self.pumping, True
        for entry in batch:
            if entry.row is _STAYS:
                self._part(entry)
                continue
            if entry.refusal is None:
                self.homes.note(self.world, entry.fact, self.node)
            self.settle(entry)
        self.pumping = pumping

    def _part(self, entry: Entry) -> None:
        """A session goes whose user stays, or has gone: nobody hears of it."""
        if entry.ask is not None:
            if entry.then is not None:
                entry.then(entry.ask, entry.fact)
            self.release(entry.ask, entry.fact)

    def _note(self, entry: Entry) -> list[Record]:
        """As ever; but the id was given when the fact was judged, lest each node give its own."""
        event_id = entry.fact.event_id
        noted = super()._note(entry)
        if noted and event_id:
            entry.fact.event_id = event_id
            for record in noted:
                record.msgid = event_id
        elif not noted:
            entry.fact.event_id = ""
        return noted

    def _write_later(self, noted: list[Record]) -> None:
        if self.origin == self.node:
            super()._write_later(noted)

    # ---- following others

    def receive(self, turn: Turn) -> None:
        """A turn that somebody has written; in any order, and more than once."""
        if turn.number > self.applied:
            self.ahead[turn.number] = turn
            self.look(turn.number)
            self._catch_up()

    def look(self, number: int) -> None:
        """Others have written up to this turn."""
        self.wanted = max(self.wanted, number)
        self._catch_up()

    def _catch_up(self) -> None:
        """Apply what is next, and read what is missing. Not while a turn of ours is on its way: it is the next."""
        if self.batch is not None:
            return
        while (turn := self.ahead.pop(self.applied + 1, None)) is not None:
            self._follow(turn)
        if self.wanted > self.applied and not self.fetching and not self.asking:
            self.fetching = True
            self.turns.fetch(self.applied, self._fetched)

    def _fetched(self, turns: list[Turn] | Exception) -> None:
        self.fetching = False
        if isinstance(turns, Exception):
            return  # whoever looks regularly will look again
        for turn in turns:
            if turn.number > self.applied:
                self.ahead[turn.number] = turn
        if not turns:
            self.wanted = self.applied
        elif self.batch is None and turns[0].number > self.applied + 1:
            self._be_removed(Removed(f"turn {self.applied + 1} is not in the record any more"))
            return
        self._catch_up()

    def _follow(self, turn: Turn) -> None:
        """Apply a turn of another node's: the next one, once."""
        if turn.number != self.applied + 1:
            return
        self.ahead.pop(turn.number, None)
        # Before the facts, as where they were judged: what they bring with them is counted on from here.
        self.applied = turn.number
        self.seq = max(self.seq, turn.seq)
        self.time = max(self.time, turn.time)
        pumping, self.pumping = self.pumping, True
        self.origin = turn.node
        self.fanout.is_following = True
        try:
            notices, facts = sheets.read(turn.body)
            for kind, node in notices:
                self._notice(kind, node)
            for told in facts:
                if (fact := self.decode(told)) is not None:
                    entry = Entry(fact, self.registry.facts[type(fact)], None, None, None)
                    self.homes.note(self.world, fact, turn.node)
                    self.settle(entry)
        finally:
            self.origin = self.node
            self.fanout.is_following = False
            self.pumping = pumping
        if self.on_followed is not None:
            self.on_followed(turn)

    def decode(self, told: sheets.Told) -> Fact | None:
        """The fact that another node has told of; None for what this version cannot read, which is logged."""
        known = self.registry.kinds.get(told.kind)
        try:
            if known is None:
                raise CodecError(f"no feature of this node knows a {told.kind}")
            return sheets.make(known, told)
        except CodecError as error:
            _log.error("bug: a fact of another node cannot be applied: %s", error)
            return None

    # ---- nodes that come and go

    def dismiss_homeless(self, reason: str, *, guests_only: bool = False, most: int = BATCH_LIMIT) -> bool:
        """Whoever has a session nowhere any more, since his node is lost, goes; who stays is absent from now on.

        Of all nodes only the first does so. Most guests cannot prove elsewhere that they are themselves. Of `most` it
        is done now; whether there are more.
        """
        if self.node != min(self.nodes, default=-1) or self.on_homeless is None:
            return False
        leaving = {entry.fact.actor for entry in [*self.line, *(self.batch or ())]}
        for uid in [uid for uid in self.homes.homeless() if uid not in leaving]:
            user = self.world.users.get(uid)
            if user is not None and not user.absent and not (guests_only and user.may_return):
                if not most:
                    return True
                most -= 1
                self.on_homeless(user, reason)
        return False

    def depart(self) -> None:
        """Nobody is here any more: have the others know, who need not find out."""
        self.note(LOST, self.node)

    def note(self, kind: str, node: int) -> None:
        """Have all nodes know that one has come (CAME) or is no more (LOST)."""
        if (kind, node) not in self.notices:
            self.notices.append((kind, node))
            self.pump()

    def _notice(self, kind: str, node: int) -> None:
        if kind == LOST:
            self.lost_at = self.clock.monotonic()
            self.nodes.discard(node)
            self.homes.lose(node)
        else:
            if self.node == min(self.nodes - {node}, default=-1):
                pack = partial(newcomers.pack, self, node)
                self.turns.hand_over(node, pack, self.applied, self.seq, self.time)
            self.nodes.add(node)


def _as_store_error(error: Exception | None) -> StoreError | None:
    if error is None or isinstance(error, StoreError):
        return error
    return StoreRefused(str(error))


__all__ = ["CAME", "LOST", "OutOfReach", "SharedLog"]
