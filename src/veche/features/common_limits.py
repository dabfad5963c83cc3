"""Limits of persons and addresses that hold over all nodes of a cluster together. A server alone has none of this.

The rules (docs/adr/0036-limits-of-all-nodes.md):
* Guesses at passwords, new accounts, letters and links: each node counts before something is tried, and tells the
  others a moment later in the common order, so that nothing is lost with NATS. What was given back by then was none.
* How many accounts an address makes is exact: the guard of AccountRegistered counts in the order itself.
* Connections are told over NATS alone (core/neighbours.py).
* Nobody reads in what is told who tried what: names and addresses are marks (`Log.mark`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from veche.core.downloads import WINDOW, Downloads
from veche.core.engine import Engine
from veche.core.guesses import MINUTE, SIZE, Counters
from veche.core.neighbours import AGAIN_SECONDS, Counts, Neighbours
from veche.core.registry import FactRow, Feature, OwnCopy
from veche.core.shared import SharedLog
from veche.features.accounts.codes import LETTERS_WINDOW, Letters
from veche.state.events import SILENCE, Fact

# Seconds until the others are told; most proofs are looked at by then, and a right one is not told of at all.
HOLD_SECONDS = 0.1
# Under which the tables stand in what a newcomer is handed.
_BESIDE = "limits"


class LimitsUsed(Fact):
    """On one node somebody has used something of limits: `used` is [table, key, how many], below 0 for given back."""

    __slots__ = ("used",)
    changes = False

    def __init__(self, used: list[list[str | int]]) -> None:
        super().__init__("")
        self.used = used


class ConnectionsCounted(Fact):
    """A node tells how many connections addresses have with it: by mark, now and opened lately."""

    __slots__ = ("counts", "node")
    changes = False

    def __init__(self, node: int, counts: dict[str, list[int]]) -> None:
        super().__init__("")
        self.node = node
        self.counts: Counts = counts


class _Table(NamedTuple):
    counters: Counters
    window: Callable[[], float]  # seconds


class _Common:
    """What is to be told of the tables. At most `SIZE` keys wait; whatever is beyond counts on one node."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tables = _tables(engine)
        self.is_under_way = False
        self._used: dict[tuple[str, str], int] = {}
        for name, table in self.tables.items():
            table.counters.news = partial(self._note, name)

    def _note(self, name: str, key: str, many: int) -> None:
        used = self._used
        if not used and not self.is_under_way:
            self._tell_later()
        if (name, key) in used or len(used) < SIZE:
            used[name, key] = used.get((name, key), 0) + many

    def _tell_later(self) -> None:
        self.engine.timers.at(self.engine.clock.monotonic() + HOLD_SECONDS, self._tell)

    def _tell(self) -> None:
        """One fact at a time: while the record is away, what comes meanwhile waits here, and not in line."""
        used: list[list[str | int]] = [[*which, many] for which, many in self._used.items() if many]
        self._used.clear()
        if used:
            self.is_under_way = True
            self.engine.log.commit(LimitsUsed(used), None)

    def told(self) -> None:
        """Ours has had its turn."""
        self.is_under_way = False
        if self._used:
            self._tell_later()

    def hear(self, used: list[list[Any]]) -> None:
        """What others have counted is counted here, too. A table that this version does not know is left out."""
        now = self.engine.clock.monotonic()
        for name, key, many in used:
            if (table := self.tables.get(name)) is not None:
                table.counters.hear(key, many, table.window(), now)

    def give(self) -> dict[str, dict[str, list[float]]]:
        """Everything, as ages in seconds, for a newcomer: no two nodes agree on what time it is."""
        now = self.engine.clock.monotonic()
        return {name: table.counters.ages(now) for name, table in self.tables.items()}

    def take_up(self, given: Mapping[str, Mapping[str, list[float]]]) -> None:
        """What `give` gave on another node."""
        now = self.engine.clock.monotonic()
        for name, ages in given.items():
            if (table := self.tables.get(name)) is not None:
                table.counters.take_up(ages, now)


class _Shelf:
    """What this feature keeps of a node among others; nothing where there are none."""

    def __init__(self) -> None:
        self.common: _Common | None = None
        self.neighbours: Neighbours | None = None


def _tables(engine: Engine) -> dict[str, _Table]:
    settings = engine.settings
    found = {}
    for name, counters in engine.guesses.tables().items():
        found[f"guesses.{name}"] = _Table(counters, lambda: settings.guess_window_seconds)
    found["guesses.all"] = _Table(found["guesses.all"].counters, lambda: MINUTE)
    for name, counters in engine.registrations.tables().items():
        found[f"registrations.{name}"] = _Table(counters, lambda: settings.registration_window_seconds)
    for name, counters in engine.shelf(Letters).tables().items():
        found[f"letters.{name}"] = _Table(counters, lambda: LETTERS_WINDOW)
    found["downloads"] = _Table(engine.shelf(Downloads).asked, lambda: WINDOW)
    return found


def begin(engine: Engine) -> None:
    """The server begins; where it is one of several, its limits are those of all."""
    log = engine.log
    if not isinstance(log, SharedLog):
        return
    shelf = engine.shelf(_Shelf)
    common = shelf.common = _Common(engine)
    common.take_up(log.beside.pop(_BESIDE, {}))
    log.gives[_BESIDE] = common.give
    timers, clock, doors = engine.timers, engine.clock, engine.doorkeeper

    def tell(*, everything: bool = False) -> None:
        if counts := neighbours.take(clock.monotonic(), everything=everything):
            log.pass_on(ConnectionsCounted(log.node, counts))

    def tell_again() -> None:
        timers.at(clock.monotonic() + AGAIN_SECONDS, tell_again)
        tell(everything=True)

    neighbours = shelf.neighbours = Neighbours(
        doors,
        lambda: log.nodes - {log.node},
        lambda seconds: timers.at(clock.monotonic() + seconds, tell),
    )
    doors.join(neighbours, log.mark)
    timers.at(clock.monotonic() + AGAIN_SECONDS, tell_again)


def note_used(engine: Engine, fact: LimitsUsed) -> None:
    """It has its place in the order."""
    common = engine.shelf(_Shelf).common
    if common is None:
        return
    if engine.log.is_following:
        common.hear(fact.used)
    else:
        common.told()


def note_connections(engine: Engine, fact: ConnectionsCounted) -> None:
    """Another node tells."""
    neighbours = engine.shelf(_Shelf).neighbours
    if neighbours is not None and engine.log.is_following:
        neighbours.hear(fact.node, fact.counts, engine.clock.monotonic())


feature = Feature(
    "common limits",
    facts={
        LimitsUsed: FactRow(
            apply=lambda world, fact: SILENCE, render=lambda fact, view, tags: "", own_copy=OwnCopy.NEVER
        ),
        ConnectionsCounted: FactRow(
            apply=lambda world, fact: SILENCE,
            render=lambda fact, view, tags: "",
            own_copy=OwnCopy.NEVER,
            passes=lambda fact: True,
        ),
    },
    witnesses={LimitsUsed: note_used, ConnectionsCounted: note_connections},
    begins=begin,
)
