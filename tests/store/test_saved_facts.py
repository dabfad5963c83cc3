"""Saved facts in every store: they are committed with the messages of their batch, or not at all."""

from __future__ import annotations

from pathlib import Path

from veche.core.ports import Page, Row, SavedFact, StoreError
from veche.store.durable import open_store
from veche.testing.contracts import ROOM, StoreBench, Turns, make_record


def commit(bench: StoreBench, *rows: Row) -> StoreError | None:
    answers: list[StoreError | None] = []
    bench.store.append(list(rows), answers.append)
    while not answers:
        bench.turns.take()
    return answers[0]


def plain(facts: list[SavedFact]) -> list[tuple[int, str, str]]:
    return [(fact.seq, fact.kind, fact.body) for fact in facts]


def test_saved_facts_are_there_at_the_next_start_in_order(tmp_path: Path) -> None:
    turns = Turns()
    store = open_store(tmp_path, turns.post)
    bench = StoreBench(store, turns)
    assert commit(bench, make_record(1), SavedFact(2, "RoomKept", '{"ж": "\'"}'), make_record(3)) is None
    assert commit(bench, SavedFact(4, "TopicSet", "{}")) is None
    assert store.last() == (4, 3000)
    assert [record.seq for record in bench.read(Page(ROOM, 10))] == [1, 3]
    assert store.close()
    again = open_store(tmp_path, turns.post)
    assert again.last() == (4, 3000)
    assert plain(again.saved()) == [(2, "RoomKept", '{"ж": "\'"}'), (4, "TopicSet", "{}")]
    assert again.close()


def test_a_batch_that_is_refused_saves_nothing(tmp_path: Path) -> None:
    turns = Turns()
    store = open_store(tmp_path, turns.post)
    bench = StoreBench(store, turns)
    assert commit(bench, make_record(1)) is None
    assert isinstance(commit(bench, SavedFact(2, "TopicSet", "{}"), make_record(1)), StoreError)
    assert store.close()
    again = open_store(tmp_path, turns.post)
    assert again.saved() == []
    assert again.close()


def test_replacing_leaves_the_new_ones_alone(tmp_path: Path) -> None:
    turns = Turns()
    store = open_store(tmp_path, turns.post)
    bench = StoreBench(store, turns)
    assert commit(bench, *(SavedFact(seq, "TopicSet", "{}") for seq in range(1, 50))) is None
    store.replace_saved([SavedFact(60, "RoomKept", "{}")])
    assert store.close()
    again = open_store(tmp_path, turns.post)
    assert plain(again.saved()) == [(60, "RoomKept", "{}")]
    assert again.last() == (60, 0)
    assert again.close()
