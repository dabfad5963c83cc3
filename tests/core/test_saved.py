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
from veche.state.events import SILENCE, Audience, Fact
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


class House:
    """A log over a store, with one feature that saves the numbers it is told."""

    def __init__(self, store: MemoryStore) -> None:
        self.numbers: list[int] = []
        feature = Feature(
            "numbers",
            facts={
                Counted: FactRow(
                    apply=self.apply,
                    render=lambda fact, view, tags: "",
                    saves=lambda world, fact: [fact] if fact.number >= 0 else [],
                )
            },
            snapshot=lambda world: [Counted(max(self.numbers))],
        )
        world = World()
        registry = Registry([feature], Settings())
        fanout = Fanout(Outboxes(1000, lambda session, reason: None))
        self.log = Log(world, registry, fanout, store, FakeClock(), FakeChance())
        saved.restore(self.log, store)

    def apply(self, _world: World, fact: Counted) -> Audience:
        self.numbers.append(fact.number)
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
