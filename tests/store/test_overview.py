"""What somebody has missed: the durable record answers as the one in memory does, whatever the past was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veche.store.durable import open_store
from veche.store.engines.memory import MemoryStore
from veche.store.overview import _TOGETHER
from veche.testing.contracts import StoreBench, Turns, make_message, make_redaction

PEOPLE = ("ann", "bob", "cid")
TALKS = ("ann ann", "ann bob", "ann cid", "bob cid")
ROOMS = ("#tea", "#milk")

# For each message how much later it is than the one before (ms), where, its era, by whom, and whether it is taken back.
pasts = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 3]),
        st.sampled_from(TALKS + ROOMS),
        st.sampled_from([0, 0, 11, 22]),
        st.sampled_from(PEOPLE),
        st.sampled_from(["hello", "Ann, tea?", "annoying", "bob and ann"]),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=25,
)
times = st.integers(-2, 60)


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreBench]:
    turns = Turns()
    store = open_store(tmp_path_factory.mktemp("overview") / "data", turns.post)
    yield StoreBench(store, turns)
    store.close()


@settings(max_examples=150, deadline=None)
@given(
    pasts,
    times,
    st.integers(0, 5),
    st.lists(
        st.tuples(st.sampled_from(TALKS + ROOMS), st.sampled_from([0, 11]), times, st.sampled_from(PEOPLE)),
        max_size=2 * _TOGETHER + 1,
    ),
)
def test_both_engines_answer_alike(
    durable: StoreBench,
    past: list[tuple[int, str, int, str, str, bool]],
    after: int,
    limit: int,
    asked: list[tuple[str, int, int, str]],
) -> None:
    turns = Turns()
    plain = StoreBench(MemoryStore(turns.post), turns)
    # Each example has names of its own, since the durable record is made once for all of them.
    seq, start = durable.store.last()
    mark = f"-{seq}"
    time = start = start + 100

    def mine(name: str) -> str:
        return " ".join(part + mark for part in name.split(" "))

    rows = []
    for later, where, era, who, text, _ in past:
        seq, time = seq + 1, time + later
        era = 0 if " " in where else era
        rows.append(make_message(seq, mine(where), who + mark, time=time, text=text, era=era))
    gone = [
        make_redaction(seq + n, row)
        for n, (row, one) in enumerate(zip(rows, past, strict=True), 1)
        if one[-1]
    ]
    for bench in (durable, plain):
        assert bench.commit(*rows) is None
        assert bench.commit(*gone) is None
    for who in PEOPLE:
        found = durable.partners(who + mark, start + after, limit)
        assert found == plain.partners(who + mark, start + after, limit)
    questions = [(mine(where), era, start + since, who + mark, who) for where, era, since, who in asked]
    assert durable.unread(*questions) == plain.unread(*questions)


def test_many_questions_at_once_are_answered_in_their_order(durable: StoreBench) -> None:
    seq = durable.store.last()[0]
    rooms = [f"#many{n}" for n in range(3 * _TOGETHER + 1)]
    said = [(room, n) for n, room in enumerate(rooms) for _ in range(n % 5)]
    start = durable.store.last()[1]
    rows = [make_message(seq + at, room, "bob", time=start + at) for at, (room, _) in enumerate(said, 1)]
    assert durable.commit(*rows) is None
    counts = durable.unread(*[(room, 0, 0, "ann", "") for room in rooms])
    assert counts == [(n % 5, 0) for n in range(len(rooms))]
