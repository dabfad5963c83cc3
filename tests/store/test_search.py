"""The search in the durable record: its index on disk, what is left there of what was taken back, and its limits."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veche.core.ports import Edit, Record, Redaction, StoreError, StoreRefused
from veche.core.search import Found, Reading, SearchQuestion
from veche.store.durable import SqliteStore, open_store
from veche.store.engines.memory import MemoryStore
from veche.store.search import finding, index, postings
from veche.testing.contracts import (
    ROOM,
    StoreBench,
    Turns,
    make_edit,
    make_message,
    make_record,
    make_redaction,
)
from veche.testing.contracts.searching import places
from veche.wire.words import parse

Open = Callable[[], StoreBench]
SECRET = "zxqvsecret"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def open_bench(data: Path) -> StoreBench:
    turns = Turns()
    return StoreBench(open_store(data, turns.post), turns)


def store_of(bench: StoreBench) -> SqliteStore:
    assert isinstance(bench.store, SqliteStore)
    return bench.store


def end(bench: StoreBench) -> None:
    assert store_of(bench).close()


def wait_for(state: Callable[[], bool]) -> None:
    """Until a thread has done something: it has ten seconds."""
    deadline = time.monotonic() + 10
    while not state():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def wait_indexed(bench: StoreBench) -> None:
    search = store_of(bench)._search
    places(bench, "anything")  # it is not told of every message
    wait_for(
        lambda: (
            search._postings is not None
            and not search._missing
            and search._building is None
            and search._tail.upto >= bench.store.last()[0]
        )
    )


def is_on_disk(data: Path, word: str) -> bool:
    for path in data.iterdir():
        with suppress(FileNotFoundError):  # a journal comes and goes
            if word.encode() in path.read_bytes():
                return True
    return False


def small_blocks(monkeypatch: pytest.MonkeyPatch, bits: int = 4) -> None:
    """Blocks of 16 messages, so that a test has many."""
    for module in (postings, index, finding):
        monkeypatch.setattr(module, "BLOCK_BITS", bits)
    monkeypatch.setattr(postings, "BLOCK", 1 << bits)
    monkeypatch.setattr(finding, "BLOCK", 1 << bits)
    monkeypatch.setattr("veche.store.search.block.BLOCK_BITS", bits)
    monkeypatch.setattr("veche.store.search.block.BLOCK", 1 << bits)


def test_what_is_in_written_blocks_and_what_is_newer_is_found(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch)
    bench = open_bench(data)
    for n in range(1, 101):
        assert bench.commit(make_record(n, text=f"number{n} tea" if n % 10 == 0 else f"number{n}")) is None
    assert places(bench, "tea") == [*range(10, 101, 10)]
    assert places(bench, "tea", limit=3) == [80, 90, 100]
    assert places(bench, "tea", after=15_000, limit=3) == [20, 30, 40]
    assert places(bench, "tea", after=20_000, before=40_000) == [20, 30, 40]
    assert places(bench, "tea", before=39_999, limit=2) == [20, 30]
    assert places(bench, "number33") == [33]
    assert places(bench, "number3*") == [3, *range(30, 40)]
    assert places(bench, "") == [*range(1, 101)]
    end(bench)
    bench = open_bench(data)
    assert places(bench, "tea") == [*range(10, 101, 10)]
    assert bench.commit(make_record(101, text="tea")) is None
    assert places(bench, "tea", limit=2) == [100, 101]
    end(bench)


def test_a_record_from_before_there_was_an_index_is_indexed_behind_the_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_bench(data)
    assert bench.commit(*(make_record(n, text=f"tea number{n}") for n in range(1, 201))) is None
    end(bench)
    for path in data.glob("search.db*"):
        path.unlink()
    small_blocks(monkeypatch)
    bench = open_bench(data)
    wait_indexed(bench)
    assert places(bench, "number7 tea") == [7]
    found = bench.search(SearchQuestion({ROOM: Reading()}, 1000, wanted=parse("tea")))
    assert len(found.records) == 200
    assert found.is_complete
    end(bench)


def test_an_answer_before_all_is_indexed_says_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = open_bench(data)
    assert bench.commit(*(make_record(n, text="tea") for n in range(1, 201))) is None
    end(bench)
    (data / "search.db").unlink(missing_ok=True)
    small_blocks(monkeypatch)
    monkeypatch.setattr(index, "_SHORTEST_REST", 600.0)  # nothing is done but for questions
    bench = open_bench(data)
    found = bench.search(SearchQuestion({ROOM: Reading()}, 1000, wanted=parse("tea")))
    assert not found.is_complete
    assert found.records[-1].seq == 200
    # Enough of the newest is a whole answer.
    assert bench.search(SearchQuestion({ROOM: Reading()}, 1, wanted=parse("tea"))).is_complete
    end(bench)


@pytest.mark.parametrize("where", ["in memory", "in a written block"])
def test_what_was_taken_back_is_nowhere_on_disk(
    data: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where != "in memory":
        small_blocks(monkeypatch)
    bench = open_bench(data)
    said = [make_record(n, text=f"tea {SECRET}s number{n}" if n == 5 else "tea") for n in range(1, 41)]
    assert bench.commit(*said) is None
    wait_indexed(bench)
    assert places(bench, SECRET) == [5]
    if where != "in memory":
        assert is_on_disk(data, SECRET)
    assert bench.commit(make_redaction(41, said[4])) is None
    assert places(bench, SECRET) == places(bench, SECRET[:4] + "*") == []
    assert places(bench, "tea") == [*range(1, 5), *range(6, 41)]
    wait_for(lambda: not is_on_disk(data, SECRET))
    assert not is_on_disk(data, "number5")
    end(bench)
    assert not is_on_disk(data, SECRET)
    bench = open_bench(data)
    assert places(bench, "tea") == [*range(1, 5), *range(6, 41)]
    end(bench)


def change_behind_its_back(
    data: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[int, Record], Redaction | Edit]
) -> StoreBench:
    """Forty messages that are indexed, then each changed while nobody keeps the index; and opened again."""
    small_blocks(monkeypatch)
    bench = open_bench(data)
    said = [make_record(n, text=f"tea {SECRET}") for n in range(1, 41)]
    assert bench.commit(*said) is None
    wait_indexed(bench)
    monkeypatch.setattr(index.SearchIndex, "_correct", lambda self: None)  # as if it had been killed before
    assert bench.commit(*(change(40 + record.seq, record) for record in said)) is None
    end(bench)
    assert is_on_disk(data, SECRET)
    monkeypatch.undo()
    small_blocks(monkeypatch)
    return open_bench(data)


def test_what_was_taken_back_while_nobody_kept_the_index_is_taken_out_at_the_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = change_behind_its_back(data, monkeypatch, make_redaction)
    assert places(bench, "tea") == []
    wait_for(lambda: not is_on_disk(data, SECRET))
    end(bench)


def test_what_was_edited_is_found_by_its_new_words_alone_in_written_blocks_too(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch)
    bench = open_bench(data)
    said = [make_record(n, text=f"tea {SECRET}") for n in range(1, 41)]
    assert bench.commit(*said) is None
    wait_indexed(bench)
    edits = [
        make_edit(40 + n, said[n - 1], "коты и чай" if n % 2 else "teas in rows") for n in range(1, 41, 3)
    ]
    assert bench.commit(*edits) is None
    changed = [*range(1, 41, 3)]
    assert places(bench, SECRET) == [n for n in range(1, 41) if n not in changed]
    assert places(bench, "кот") == places(bench, "ча*") == [n for n in changed if n % 2]
    assert places(bench, '"teas in"') == places(bench, "row") == [n for n in changed if not n % 2]
    assert places(bench, "tea") == [n for n in range(1, 41) if n not in changed or not n % 2]
    again = [make_edit(100 + n, said[n - 1], f"tea {SECRET}") for n in changed]
    assert bench.commit(*again) is None
    assert places(bench, SECRET) == [*range(1, 41)]
    assert places(bench, "кот") == []
    end(bench)
    bench = open_bench(data)
    assert places(bench, SECRET) == [*range(1, 41)]
    end(bench)


def test_what_was_edited_while_nobody_kept_the_index_is_in_it_at_the_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = change_behind_its_back(data, monkeypatch, lambda seq, record: make_edit(seq, record, "milk"))
    wait_indexed(bench)
    assert places(bench, "milk") == [*range(1, 41)]
    assert places(bench, "tea") == []
    end(bench)


@pytest.mark.parametrize(
    "fault", ["garbage", "empty", "another version", "another record", "cut", "a table is gone"]
)
def test_a_useless_index_is_made_anew(data: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    small_blocks(monkeypatch)
    bench = open_bench(data)
    assert bench.commit(*(make_record(n, text=f"tea {os.urandom(8).hex()}") for n in range(1, 101))) is None
    wait_indexed(bench)
    end(bench)
    path = data / "search.db"
    match fault:
        case "garbage":
            path.write_bytes(random.Random(1).randbytes(50_000))
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:9000])
        case _:
            connection = sqlite3.connect(path)
            match fault:
                case "another version":
                    connection.execute("update about set value = '0' where key = 'made by'")
                case "another record":
                    connection.execute("update block set msgid = 'x'")
                case _:
                    connection.execute("drop table posting")
            connection.commit()
            connection.close()
    monkeypatch.setattr(index, "_REST_AFTER_ERROR", 0.001)
    bench = open_bench(data)
    wait_for(lambda: found_all(bench))
    end(bench)


def found_all(bench: StoreBench) -> bool:
    answers: list[Found | StoreError] = []
    bench.store.search(SearchQuestion({ROOM: Reading()}, 1000, wanted=parse("tea")), answers.append)
    while not answers:
        bench.turns.take()
    found = answers[0]
    return isinstance(found, Found) and len(found.records) == 100


def test_too_many_questions_are_refused_and_the_others_answered(data: Path) -> None:
    bench = open_bench(data)
    assert bench.commit(make_record(1, text="tea")) is None
    answers: list[Found | StoreError] = []
    asked = index.QUESTIONS_LIMIT + 5
    for _ in range(asked):
        bench.store.search(SearchQuestion({ROOM: Reading()}, 9, wanted=parse("tea")), answers.append)
    while len(answers) < asked:
        bench.turns.take()
    refused = [answer for answer in answers if isinstance(answer, StoreRefused)]
    assert len(refused) == 5
    assert all("busy" in str(answer) for answer in refused)
    assert places(bench, "tea") == [1]
    end(bench)


def test_a_question_ends_when_its_time_is_over(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = open_bench(data)
    assert bench.commit(make_record(1, text="tea")) is None
    assert places(bench, "tea") == [1]
    monkeypatch.setattr(index, "PATIENCE", -1.0)
    found = bench.search(SearchQuestion({ROOM: Reading()}, 9, wanted=parse("tea")))
    assert found == Found([], False)
    monkeypatch.undo()
    assert places(bench, "tea") == [1]
    end(bench)


def test_what_is_asked_after_the_end_is_refused(data: Path) -> None:
    bench = open_bench(data)
    end(bench)
    answers: list[Found | StoreError] = []
    bench.store.search(SearchQuestion({ROOM: Reading()}, 9), answers.append)
    bench.turns.take()
    assert isinstance(answers[0], StoreRefused)


def test_the_index_is_its_owners_alone(data: Path) -> None:
    bench = open_bench(data)
    assert bench.commit(make_record(1, text="tea")) is None
    assert places(bench, "tea") == [1]
    assert (data / "search.db").stat().st_mode & 0o777 == 0o600
    end(bench)


WORDS = ["tea", "teas", "чай", "чаю", "ёлка", "елки", "dying", "dye", "C++", "a.b", "b", "茶道", "x1"]
said = st.tuples(
    st.sampled_from([ROOM, "#milk", "ann bob", "bob cid"]),
    st.sampled_from([0, 0, 0, 111]),
    st.sampled_from(["ann", "Bob", "cid"]),
    st.lists(st.sampled_from(WORDS), max_size=5),
)
asked = st.tuples(
    st.dictionaries(
        st.sampled_from([ROOM, "#milk", "bob cid", "#none"]),
        st.builds(Reading, st.sampled_from([0, 111]), st.sampled_from([0, 0, 9000])),
        max_size=3,
    ),
    st.sampled_from(["", "ann", "bob"]),
    st.lists(st.sampled_from([*WORDS, "te*", "dy*", '"tea teas"', '"чай ча*"', "ба*"]), max_size=3),
    st.sampled_from(["", "", "BOB"]),
    st.none() | st.integers(0, 60_000),
    st.none() | st.integers(0, 60_000),
    st.integers(1, 50),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    talk=st.lists(said, min_size=1, max_size=50),
    taken_back=st.sets(st.integers(0, 49), max_size=5),
    edited=st.lists(st.tuples(st.integers(0, 49), st.lists(st.sampled_from(WORDS), max_size=3)), max_size=6),
    questions=st.lists(asked, min_size=1, max_size=10),
)
def test_the_index_finds_what_the_model_finds(
    tmp_path_factory: pytest.TempPathFactory,
    talk: list[tuple[str, int, str, list[str]]],
    taken_back: set[int],
    edited: list[tuple[int, list[str]]],
    questions: list[tuple[dict[str, Reading], str, list[str], str, int | None, int | None, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch)
        turns = Turns()
        benches = [
            open_bench(tmp_path_factory.mktemp("search") / "data"),
            StoreBench(MemoryStore(turns.post), turns),
        ]
        messages = [
            make_message(n, where, who, text=" ".join(words), era=era if where[0] == "#" else 0)
            for n, (where, era, who, words) in enumerate(talk, 1)
        ]
        redactions = [
            make_redaction(len(messages) + n, messages[place])
            for n, place in enumerate(sorted(taken_back), 1)
            if place < len(messages)
        ]
        edits = [
            make_edit(len(messages) + 50 + n, messages[place], " ".join(words))
            for n, (place, words) in enumerate(edited)
            if place < len(messages)
        ]
        for bench in benches:
            assert bench.commit(*messages) is None
        for conversations, person, words, nick, after, before, limit in questions[:3]:
            compare(benches, conversations, person, words, nick, after, before, limit)
        for bench in benches:
            assert bench.commit(*redactions) is None
            for edit in edits:
                assert bench.commit(edit) is None
        for conversations, person, words, nick, after, before, limit in questions:
            compare(benches, conversations, person, words, nick, after, before, limit)
        end(benches[0])


def compare(
    benches: list[StoreBench],
    conversations: dict[str, Reading],
    person: str,
    words: list[str],
    nick: str,
    after: int | None,
    before: int | None,
    limit: int,
) -> None:
    answers = []
    for bench in benches:
        question = SearchQuestion(
            conversations,
            limit,
            person=person,
            wanted=parse(" ".join(words)),
            nick=nick,
            after=after,
            before=before,
        )
        found = bench.search(question)
        assert found.is_complete
        answers.append([record.seq for record in found.records])
    assert answers[0] == answers[1]
