"""The record in memory, and the one whose commits a test ends: the contract, and what they add to it."""

import pytest

from veche.core.ports import Page, StoreError, StoreRefused, StoreUnknown
from veche.store.engines.memory import MemoryStore
from veche.testing.contracts import ROOM, StoreBench, StoreContract, Turns, make_record
from veche.testing.delayed_log import DelayedStore


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def bench(self) -> StoreBench:
        turns = Turns()
        return StoreBench(MemoryStore(turns.post), turns)

    def test_a_past_may_be_put_in(self) -> None:
        turns = Turns()
        bench = StoreBench(MemoryStore(turns.post, [make_record(1)]), turns)
        assert bench.store.last() == (1, 1000)
        assert bench.seqs(Page(ROOM, 10)) == [1]

    def test_mistakes_of_the_log_are_told(self, bench: StoreBench) -> None:
        other_time = make_record(1)
        other_time.time = 5
        with pytest.raises(AssertionError, match="holds another time"):
            bench.store.append([other_time], lambda error: None)

    def test_the_log_does_not_go_back(self, bench: StoreBench) -> None:
        with pytest.raises(AssertionError, match="seq grows"):
            bench.store.append([make_record(2), make_record(1)], lambda error: None)


class TestDelayedStore(StoreContract):
    @pytest.fixture
    def bench(self) -> StoreBench:
        turns = Turns()
        store = DelayedStore(turns.post)
        return StoreBench(store, turns, settle=store.release)


def test_a_commit_waits_for_the_test() -> None:
    turns = Turns()
    store = DelayedStore(turns.post)
    answers: list[StoreError | None] = []
    store.append([make_record(1)], answers.append)
    assert not answers
    assert not turns.is_due()
    assert store.last() == (0, 0)
    assert [record.seq for record in store.release()] == [1]
    assert answers == [None]
    assert store.last() == (1, 1000)


def test_a_refused_batch_is_not_stored_and_the_next_one_may_be() -> None:
    store = DelayedStore(Turns().post)
    answers: list[StoreError | None] = []
    store.append([make_record(1)], answers.append)
    store.refuse("disk full")
    store.append([make_record(2)], answers.append)
    assert store.release_all() == 1
    assert isinstance(answers[0], StoreRefused)
    assert str(answers[0]) == "disk full"
    assert answers[1] is None
    assert [record.seq for record in store.records] == [2]


@pytest.mark.parametrize("stored", [False, True])
def test_a_lost_batch_may_be_stored_or_not(stored: bool) -> None:
    store = DelayedStore(Turns().post)
    answers: list[StoreError | None] = []
    store.append([make_record(1)], answers.append)
    store.lose(stored=stored)
    assert isinstance(answers[0], StoreUnknown)
    assert len(store.records) == stored


def test_ending_a_commit_that_is_not_under_way_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="no commit"):
        DelayedStore(Turns().post).release()
