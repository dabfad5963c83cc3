"""veche.core.log: the one order of everything."""

from __future__ import annotations

import pytest

from veche.core import log as log_module
from veche.core.fanout import Fanout
from veche.core.gathering import LONGEST
from veche.core.log import Log
from veche.core.outbox import Outboxes
from veche.core.ports import Record, StoreError
from veche.core.registry import FactRow, Feature, Registry
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.state.events import SILENCE, Audience, Fact, LastingFact
from veche.state.world import World
from veche.testing.clock import FakeChance, FakeClock
from veche.testing.disk import FakeDisk


class Said(LastingFact):
    """Something was said; the record keeps it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__("u1")
        self.text = text


class Changed(Fact):
    """Something changed; nobody keeps it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__("u1")
        self.text = text


class House:
    """A log over a disk; `done` is what was applied, in order, and `judged` what its guards have seen of it."""

    def __init__(self, *, keeps: bool = True, slow: bool = True) -> None:
        self.done: list[str] = []
        self.judged: dict[str, list[str]] = {}
        self.refused: set[str] = set()
        self.disk = FakeDisk()
        self.disk.is_slow = slow
        self.clock = FakeClock()
        row = {"guard": self.guard, "apply": self.apply, "render": lambda fact, view, tags: ""}
        feature = Feature("said", facts={Said: FactRow(**row, record=self.record), Changed: FactRow(**row)})  # type: ignore[arg-type]
        registry = Registry([feature], Settings())
        fanout = Fanout(Outboxes(1000, lambda session, reason: None))
        self.log = Log(World(), registry, fanout, self.disk if keeps else None, self.clock, FakeChance())

    def guard(self, _world: World, fact: Said | Changed) -> Refusal | None:
        self.judged[fact.text] = list(self.done)
        return Refusal("400", "no") if fact.text in self.refused else None

    def apply(self, _world: World, fact: Said | Changed) -> Audience:
        if fact.text == "bug":
            raise RuntimeError("a bug")
        self.done.append(fact.text)
        return SILENCE

    @staticmethod
    def record(_world: World, fact: Said) -> Record:
        return Record(
            fact.seq, fact.msgid, fact.time, "#a", 0, "PRIVMSG", "ann", "u1", "", "#a", "", fact.text
        )

    def say(self, *texts: str) -> None:
        """Lower case is said, upper case changes something."""
        for text in texts:
            self.log.commit(Changed(text) if text.isupper() else Said(text), None)

    def waiting(self) -> list[str]:
        """The batch at the disk."""
        return (
            [row.text for row in self.disk.waiting[0][0] if isinstance(row, Record)]
            if self.disk.waiting
            else []
        )


def test_nothing_is_applied_before_it_is_on_disk() -> None:
    house = House()
    house.say("a")
    assert house.waiting() == []
    house.log.pump()
    assert house.waiting() == ["a"]
    assert house.done == []
    assert not house.log.is_idle
    house.disk.release()
    assert house.done == ["a"]
    assert house.log.is_idle


def test_what_comes_during_a_commit_shares_the_next() -> None:
    house = House()
    house.say("a")
    house.log.pump()
    house.say("b", "c", "d")
    house.log.pump()
    assert house.waiting() == ["a"]
    house.disk.release()
    assert house.waiting() == ["b", "c", "d"]


def test_a_change_ends_its_batch() -> None:
    house = House()
    house.say("a", "b", "C", "d")
    assert house.waiting() == ["a", "b"]
    house.disk.release()
    assert house.done == ["a", "b", "C"]
    assert house.judged["d"] == ["a", "b", "C"]
    house.disk.release()
    assert house.done == ["a", "b", "C", "d"]


def test_a_change_passes_at_once_when_nothing_waits_and_else_keeps_its_place() -> None:
    house = House()
    house.say("A")
    assert house.done == ["A"]
    house.say("b")
    house.log.pump()
    house.say("C")
    assert house.done == ["A"]
    house.disk.release()
    assert house.done == ["A", "b", "C"]


def test_what_is_refused_is_not_stored() -> None:
    house = House()
    house.refused = {"b", "C"}
    house.say("a", "b", "c")
    house.log.pump()
    assert house.waiting() == ["a", "c"]
    house.say("C", "d")
    house.disk.release()
    assert house.waiting() == ["d"]
    house.disk.release()
    assert house.done == ["a", "c", "d"]


def test_a_refused_commit_takes_nothing_else_with_it() -> None:
    house = House()
    house.say("a", "B")
    assert house.waiting() == ["a"]
    house.disk.refuse()
    assert house.done == ["B"]
    house.say("c")
    house.log.pump()
    house.disk.release()
    assert house.done == ["B", "c"]


def test_an_unknown_outcome_is_the_end_of_storing() -> None:
    house = House()
    told: list[StoreError] = []
    house.log.on_unknown = told.append
    house.say("a")
    house.log.pump()
    house.say("b")
    house.disk.lose(stored=False)
    house.say("c", "D")
    house.log.pump()
    assert house.done == ["D"]
    assert len(told) == 1
    assert not house.disk.waiting


def test_without_a_store_everything_passes_at_once() -> None:
    house = House(keeps=False)
    house.say("a", "B", "c")
    assert house.done == ["a", "B", "c"]


def test_a_batch_has_a_limit() -> None:
    house = House()
    house.say(*[f"m{number}" for number in range(log_module.BATCH_LIMIT + 5)])
    house.log.pump()
    assert len(house.waiting()) == log_module.BATCH_LIMIT
    house.disk.release()
    assert len(house.waiting()) == 5


def test_numbers_rise_and_time_never_falls() -> None:
    house = House(slow=False)
    for step in (0, -3600, 10, -1, 7200):
        house.clock.set_wall(step)
        house.say("a")
        house.log.pump()
        house.disk.answer()
    rows = [row for row in house.disk.records if isinstance(row, Record)]
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    assert len({row.msgid for row in rows}) == 5


def test_numbers_go_on_where_the_record_ends() -> None:
    house = House(slow=False)
    house.say("a")
    house.log.pump()
    house.disk.answer()
    again = Log(
        World(),
        house.log.registry,
        house.log.fanout,
        house.disk,
        FakeClock(house.clock.now() - 9999),
        FakeChance(),
    )
    assert (again.seq, again.time) == (1, house.disk.records[0].time)


def test_a_bug_in_one_fact_does_not_stop_the_line(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.say("a", "bug", "c")
    house.log.pump()
    house.disk.release()
    assert house.done == ["a", "c"]
    assert "bug: Said" in caplog.text


def test_the_journal_holds_what_was_applied() -> None:
    house = House(slow=False)
    house.log.journal = []
    house.refused = {"B"}
    house.say("a", "B", "C")
    house.log.pump()
    house.disk.answer()
    assert [type(fact).__name__ for fact in house.log.journal] == ["Said", "Changed"]


def test_where_thousands_come_a_commit_waits_some_milliseconds_for_more() -> None:
    house = House()
    wakes: list[float] = []
    house.log.on_wait = wakes.append
    for n in range(20):
        house.clock.advance(0.01)
        house.say(*(f"{n}.{m}" for m in range(100)))
        house.log.pump()
        house.disk.release()
    assert house.log.gathering.is_many
    house.log.gathering._talked = set(range(3))
    house.say("a", "b")
    house.log.pump()
    house.log.pump()
    assert house.log.batch is None
    assert wakes == [house.clock.monotonic() + LONGEST]
    house.say("c")
    house.log.pump()
    assert house.waiting() == ["a", "b", "c"]
