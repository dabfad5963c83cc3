"""What outlives the process beside the messages."""

from __future__ import annotations

import pytest

from veche.core import saved
from veche.core.fanout import Fanout
from veche.core.log import Log
from veche.core.outbox import Outboxes
from veche.core.ports import SavedFact
from veche.core.registry import FactRow, Feature, Registry
from veche.core.settings import Settings
from veche.state.codec import encode
from veche.state.events import SILENCE, Audience, Fact, Forgotten
from veche.state.world import World
from veche.store.engines.memory import MemoryStore
from veche.testing.clock import FakeChance, FakeClock
from veche.testing.contracts import Turns


class Counted(Fact):
    """A number was written down."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        super().__init__("")
        self.number = number


class Marked(Fact):
    """A place in a list of numbers was marked; it needs the numbers."""

    __slots__ = ("at", "name")
    phase = 1

    def __init__(self, name: str, at: int) -> None:
        super().__init__("")
        self.name = name
        self.at = at

    def saved_key(self) -> str:
        return self.name


class Unmarked(Fact):
    """A mark was taken away."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__("")
        self.name = name


class House:
    """A log over a store, with one feature that saves the numbers it is told."""

    def __init__(self, store: MemoryStore) -> None:
        self.numbers: list[int] = []
        self.marks: dict[str, int] = {}
        feature = Feature(
            "numbers",
            facts={
                Counted: FactRow(
                    apply=self.apply,
                    render=lambda fact, view, tags: "",
                    saves=lambda world, fact: [fact] if fact.number >= 0 else [],
                ),
                Marked: FactRow(
                    apply=self.mark,
                    render=lambda fact, view, tags: "",
                    saves=lambda world, fact: [fact],
                ),
                Unmarked: FactRow(
                    apply=self.unmark,
                    render=lambda fact, view, tags: "",
                    saves=lambda world, fact: [Forgotten(Marked, fact.name)],
                ),
            },
            # What has a key among them is not for a snapshot.
            snapshot=lambda world: [Counted(max(self.numbers)), Marked("from a snapshot", 0)],
        )
        world = World()
        registry = Registry([feature], Settings())
        fanout = Fanout(Outboxes(1000, lambda session, reason: None))
        self.log = Log(world, registry, fanout, store, FakeClock(), FakeChance())
        saved.restore(self.log, store)

    def apply(self, _world: World, fact: Counted) -> Audience:
        self.numbers.append(fact.number)
        return SILENCE

    def mark(self, _world: World, fact: Marked) -> Audience:
        self.marks[fact.name] = self.numbers[fact.at]
        return SILENCE

    def unmark(self, _world: World, fact: Unmarked) -> Audience:
        del self.marks[fact.name]
        return SILENCE


def test_a_saved_fact_is_applied_after_its_commit_and_again_at_the_next_start() -> None:
    turns = Turns()
    store = MemoryStore(turns.post)
    house = House(store)
    house.log.commit(Counted(7), None)
    assert house.numbers == []
    turns.take()
    assert house.numbers == [7]
    assert House(store).numbers == [7]


def test_a_fact_that_need_not_last_passes_at_once() -> None:
    turns = Turns()
    store = MemoryStore(turns.post)
    house = House(store)
    house.log.commit(Counted(-1), None)
    assert house.numbers == [-1]
    assert store.saved() == []


def test_what_nobody_knows_or_can_read_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore(Turns().post)
    rows = [SavedFact(1, "Forgotten", "{}"), SavedFact(2, "Counted", "{}")]
    store.replace_saved(rows)
    assert House(store).numbers == []
    assert store.saved() == rows
    assert "Forgotten" in caplog.text
    assert "no value for" in caplog.text


def test_many_facts_are_replaced_by_the_few_that_are_needed() -> None:
    turns = Turns()
    store = MemoryStore(turns.post)
    house = House(store)
    for number in range(saved.FEW):
        house.log.commit(Counted(number), None)
        turns.take()
    again = House(store)
    assert len(again.numbers) == saved.FEW
    assert len(store.saved()) == 1
    assert House(store).numbers == [saved.FEW - 1]
    assert again.log.seq == store.last()[0]


def test_of_one_key_the_newest_is_known_again_and_after_what_it_needs() -> None:
    turns = Turns()
    store = MemoryStore(turns.post)
    house = House(store)
    for fact in (Counted(7), Marked("ann", 0), Counted(8), Marked("bob", 1), Marked("ann", 1)):
        house.log.commit(fact, None)
        turns.take()
    assert [(fact.seq, fact.kind, fact.key) for fact in store.saved()] == [
        (1, "Counted", ""),
        (3, "Counted", ""),
        (4, "Marked", "bob"),
        (5, "Marked", "ann"),
    ]
    # As after numbers were replaced by newer facts: the marks stand before what they need, but in a later phase.
    store.replace_saved(
        [SavedFact(6, "Counted", encode(Counted(7))), SavedFact(7, "Counted", encode(Counted(8)))]
    )
    again = House(store)
    assert again.numbers == [7, 8]
    assert again.marks == {"ann": 8, "bob": 8}


def test_what_is_forgotten_is_not_known_again() -> None:
    turns = Turns()
    store = MemoryStore(turns.post)
    house = House(store)
    for fact in (Counted(7), Marked("ann", 0), Marked("bob", 0), Unmarked("ann")):
        house.log.commit(fact, None)
        turns.take()
    assert house.marks == {"bob": 7}
    assert House(store).marks == {"bob": 7}


def test_what_has_no_key_cannot_be_forgotten() -> None:
    with pytest.raises(AssertionError):
        Forgotten(Marked, "")


def test_facts_with_a_key_are_neither_counted_nor_replaced() -> None:
    turns = Turns()
    store = MemoryStore(turns.post)
    house = House(store)
    house.log.commit(Counted(7), None)
    turns.take()
    for number in range(saved.FEW):
        house.log.commit(Marked(f"name {number}", 0), None)
        turns.take()
    assert House(store).numbers == [7]
    assert len(store.saved()) == saved.FEW + 1
    for number in range(saved.FEW):
        house.log.commit(Counted(number), None)
        turns.take()
    House(store)
    assert len(store.saved()) == saved.FEW + 1
    again = House(store)
    assert again.numbers == [saved.FEW - 1]
    assert "from a snapshot" not in again.marks
    assert len(again.marks) == saved.FEW
