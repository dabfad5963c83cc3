"""The reading thread: pages against a naive list, its limits, and damage that is met while reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veche.core.ports import Page, Record, StoreError, StoreRefused, UnknownReference
from veche.store import schema
from veche.store.durable import SqliteStore, open_store
from veche.store.engines.sqlite import connect_writer
from veche.store.history import _PAGE, _STEPS_BETWEEN_LOOKS, _THREADS, PATIENCE, QUESTIONS_LIMIT, History
from veche.testing.contracts import StoreBench, Turns, fields, make_record

ROOMS = ("#tea", "#milk")
ERAS = (0, 11, 22)


class Hand:
    """A clock that stands still until a test moves it, and one second onward at each look when `runs`."""

    def __init__(self) -> None:
        self.time = 0.0
        self.runs = False

    def __call__(self) -> float:
        self.time += self.runs
        return self.time


class Room:
    """A reader on a small database, and what a test needs to ask it."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self.path = path
        self.writer = connect_writer(path)
        schema.bring_up_to_date(self.writer, path, schema.known_migrations())
        self.clock = Hand()
        self.turns = Turns()
        self.history = History(path, self.turns.post, self.clock)

    def ask(self, question: Any) -> Any:
        answers: list[Any] = []
        self.history.ask(question, answers.append)
        self.turns.take()
        return answers[0]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "veche.db")
    yield room
    room.history.close(30)
    room.writer.close()


# --- random pages ----------------------------------------------------------------------------------------------------

# A past: for each message how much later it is than the one before (ms), its room, and its era.
pasts = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 3]), st.sampled_from(ROOMS), st.sampled_from(ERAS)), max_size=30
)
# A reference: a time, or the message at that index of the past.
references = st.none() | st.integers(95, 160) | st.integers(0, 29).map(lambda index: f"message {index}")
questions = st.lists(
    st.tuples(
        st.sampled_from(ROOMS),
        st.sampled_from(ERAS),
        references,
        references,
        references,
        st.booleans(),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=20,
)


def expected(said: list[Record], page: Page) -> list[int] | None:
    """What a page should hold, told by filters over the whole past; None: it names a message that is not there."""
    seen = [r for r in said if r.conversation == page.conversation and r.era in (0, page.era)]
    named = {r.msgid: r.seq for r in seen}
    references = [page.after, page.before] if page.around is None else [page.around]
    if any(isinstance(reference, str) and reference not in named for reference in references):
        return None

    def is_before(record: Record, reference: int | str) -> bool:
        return record.time < reference if isinstance(reference, int) else record.seq < named[reference]

    def is_after(record: Record, reference: int | str) -> bool:
        return record.time > reference if isinstance(reference, int) else record.seq > named[reference]

    if page.around is None:
        seen = [r for r in seen if page.after is None or is_after(r, page.after)]
        return cut([r.seq for r in seen if page.before is None or is_before(r, page.before)], page)
    seqs = [r.seq for r in seen]
    older = sum(is_before(r, page.around) for r in seen)
    size = min(page.limit, len(seqs))
    # Of all stretches of that size, the one whose share of older messages is nearest to a half.
    start = min(range(len(seqs) - size + 1), key=lambda start: abs(older - start - page.limit // 2))
    return seqs[start : start + size]


def cut(seqs: list[int], page: Page) -> list[int]:
    return seqs[max(0, len(seqs) - page.limit) :] if page.newest else seqs[: page.limit]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteStore, Turns]]:
    turns = Turns()
    store = open_store(tmp_path_factory.mktemp("pages") / "data", turns.post)
    yield store, turns
    store.close()


@settings(deadline=None, max_examples=150)
@given(past=pasts, asked=questions)
def test_any_page_is_what_a_list_would_give(
    store: tuple[SqliteStore, Turns], past: list[tuple[int, str, int]], asked: list[tuple[Any, ...]]
) -> None:
    bench = StoreBench(*store)
    start = bench.store.last()[0]
    # Each example talks in rooms of its own, in times of its own, behind those before it.
    time = shift = bench.store.last()[1] + 1000
    said = []
    for seq, (later, room, era) in enumerate(past, start + 1):
        time += later
        said.append(make_record(seq, time=time, conversation=f"{room}{start}-{shift}", era=era))
    if said:
        assert bench.commit(*said) is None
    else:  # so that the next example has another time too
        assert bench.commit(make_record(start + 1, time=time, conversation="#nowhere")) is None

    def refer(reference: int | str | None) -> int | str | None:
        if isinstance(reference, int):
            return shift - 100 + reference
        if reference is None:
            return None
        index = int(reference.split()[1])
        return said[index].msgid if index < len(said) else reference

    for room, era, after, before, around, newest, limit in asked:
        page = Page(
            f"{room}{start}-{shift}",
            limit,
            era=era,
            after=refer(after),
            before=refer(before),
            around=refer(around),
            newest=newest,
        )
        answer = bench.ask(page)
        wanted = expected(said, page)
        if wanted is None:
            assert isinstance(answer, UnknownReference)
            continue
        assert not isinstance(answer, StoreError)
        assert [record.seq for record in answer] == wanted
        told = {record.seq: fields(record) for record in said}
        assert [fields(record) for record in answer] == [told[seq] for seq in wanted]


# --- cost and limits -------------------------------------------------------------------------------------------------


ANYTHING = dict.fromkeys(
    ("first", "second", "low", "low_seq", "high", "high_seq", "limit", "corrections", "root", "tombstone"), 1
)


def test_pages_are_found_in_the_index(room: Room) -> None:
    for sql in _PAGE.values():
        plan = [row[3] for row in room.writer.execute("explain query plan " + sql, ANYTHING)]
        tables = [step for step in plan if "message" in step]
        assert tables
        wanted = "SEARCH message USING INDEX message_by_time (conversation=? AND time>? AND time<?)"
        # Beside it the messages that edits are about, each by its place.
        assert set(tables) - {"SEARCH message USING INTEGER PRIMARY KEY (rowid=?)"} == {wanted}, plan


def test_a_thread_is_found_in_its_index(room: Room) -> None:
    for sql in _THREADS.values():
        plan = " | ".join(row[3] for row in room.writer.execute("explain query plan " + sql, ANYTHING))
        assert "SEARCH reply USING COVERING INDEX reply_of_root (root=?)" in plan
        assert "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)" in plan
        assert "SCAN message" not in plan


def test_a_page_is_one_row(room: Room) -> None:
    for sql in _PAGE.values():
        assert "json_group_array" in sql


def test_a_question_that_takes_too_long_is_ended(room: Room) -> None:
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
    room.clock.runs = True
    answer = room.ask(lambda connection: connection.execute(endless).fetchone())
    assert isinstance(answer, StoreRefused)
    assert str(answer).startswith("busy")
    assert room.clock.time >= PATIENCE
    room.clock.runs = False
    assert room.ask(lambda connection: connection.execute("select 7").fetchone()) == (7,)


def test_a_page_never_looks_at_the_clock(room: Room) -> None:
    rows = [(seq, seq, 1, *["x"] * 8) for seq in range(1, 3001)]
    room.writer.execute("begin")
    room.writer.execute("insert into conversation values (1, '#tea', 0)")
    room.writer.executemany(
        f"insert into message values ({','.join('?' * 11)}, null, null, null, null)", rows
    )
    room.writer.execute("commit")
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 100
        return False

    def ask(connection: sqlite3.Connection) -> int:
        connection.set_progress_handler(count, 100)
        return len(room.history._read_page(Page("#tea", 100, newest=True), connection))

    assert room.ask(ask) == 100
    assert 0 < steps < _STEPS_BETWEEN_LOOKS


def test_questions_beyond_the_limit_are_refused_at_once(room: Room) -> None:
    begun, go_on = Event(), Event()
    answers: list[Any] = []

    def slow(connection: sqlite3.Connection) -> str:
        begun.set()
        go_on.wait(30)
        return "slow"

    room.history.ask(slow, answers.append)
    assert begun.wait(30)
    for _ in range(QUESTIONS_LIMIT):
        room.history.latest([("#tea", 0)], answers.append)
    room.history.latest([("#tea", 0)], answers.append)
    room.turns.take()
    assert [str(answer) for answer in answers] == ["busy: too many questions are waiting"]
    go_on.set()
    for _ in range(QUESTIONS_LIMIT + 1):
        room.turns.take()
    assert answers[1:] == ["slow"] + [{}] * QUESTIONS_LIMIT


def test_a_question_that_is_a_bug_costs_one_answer(room: Room) -> None:
    assert isinstance(room.ask(lambda connection: 1 / 0), StoreRefused)
    assert isinstance(room.ask(lambda connection: connection.execute("select nothing")), StoreRefused)
    assert room.ask(lambda connection: 1) == 1


def test_the_reader_cannot_write(room: Room) -> None:
    for sql in ("insert into about values ('a', 'b')", "create table a (b)"):
        answer = room.ask(lambda connection, sql=sql: connection.execute(sql))
        assert isinstance(answer, StoreRefused)
        assert "READONLY" in str(answer)


def test_what_another_program_writes_does_not_stop_reading(room: Room) -> None:
    room.writer.execute("begin immediate")
    assert room.ask(lambda connection: connection.execute("select count(*) from message").fetchone()) == (0,)
    room.writer.execute("commit")


def test_damage_is_an_answer_and_what_is_sound_can_still_be_read(tmp_path: Path) -> None:
    turns = Turns()
    store = open_store(tmp_path / "data", turns.post)
    bench = StoreBench(store, turns)
    # 200 KB of one room, then 200 KB of another: on pages of their own, but for the one in the middle.
    for room in range(2):
        batch = [make_record(room * 50 + n, conversation=ROOMS[room], text="x" * 4000) for n in range(1, 51)]
        assert bench.commit(*batch) is None
    assert store.close()
    database = tmp_path / "data" / "veche.db"
    content = bytearray(database.read_bytes())
    at = content.index(make_record(70).msgid.encode()) // 4096 * 4096
    content[at : at + 4096] = b"\xa5" * 4096
    database.write_bytes(content)
    # As a running server meets it: opened while it was sound.
    writer = connect_writer(database)
    history = History(database, turns.post)
    answers: list[Any] = []
    history.page(Page(ROOMS[1], 100), answers.append)
    turns.take()
    history.page(Page(ROOMS[0], 40), answers.append)
    turns.take()
    assert isinstance(answers[0], StoreRefused)
    assert "SQLITE_CORRUPT" in str(answers[0])
    assert [record.seq for record in answers[1]] == list(range(1, 41))
    history.close(30)
    writer.close()
