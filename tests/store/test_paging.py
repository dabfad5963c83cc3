"""Pages put together are the whole, whatever is hidden in between: events, what was taken back, other eras."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veche.core.ports import Page, Record, Row
from veche.store.durable import SqliteStore, open_store
from veche.store.engines.memory import MemoryStore
from veche.testing.contracts import StoreBench, Turns, make_event, make_record, make_redaction

# A past: how much later each thing is than the one before (ms), what it is, and its era.
pasts = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from(["said", "taken back", "event"]),
        st.sampled_from([0, 0, 11, 22]),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreBench]:
    turns = Turns()
    store = open_store(tmp_path_factory.mktemp("paging") / "data", turns.post)
    assert isinstance(store, SqliteStore)
    yield StoreBench(store, turns)
    store.close()


@settings(deadline=None, max_examples=60)
@given(
    past=pasts,
    limit=st.integers(1, 7),
    events=st.booleans(),
    since=st.integers(0, 8),
    by_time=st.booleans(),
    late=st.booleans(),
)
def test_pages_put_together_are_the_whole(
    disk: StoreBench,
    past: list[tuple[int, str, int]],
    limit: int,
    events: bool,
    since: int,
    by_time: bool,
    late: bool,
) -> None:
    turns = Turns()
    benches = [disk, StoreBench(MemoryStore(turns.post), turns)]
    seq, start = disk.store.last()
    start += 1000
    name = f"#tea-{seq}-{start}"
    rows: list[Row] = []
    shown: list[Record] = []
    time = start
    for later, kind, era in past:
        time += later
        seq += 1
        record = make_record(seq, time=time, conversation=name, era=era)
        rows.append(make_event(seq, time=time, conversation=name, era=era) if kind == "event" else record)
        if kind == "taken back":
            rows.append(make_redaction(seq := seq + 1, record))
        is_shown = kind == "said" or (kind == "event" and events)
        if is_shown and era in (0, 11) and time >= start + since:
            shown.append(record)
    behind = [row for row in rows if late and not isinstance(row, Record) and hasattr(row, "record")]
    first = [row for row in rows if row not in behind]
    whole = [record.seq for record in shown]
    for bench in benches:
        for batch in (first, behind):
            if batch:
                assert bench.commit(*batch) is None
        if not rows:
            bench.commit(make_record(seq + 1, time=time, conversation="#nowhere"))
        options = {"era": 11, "events": events, "since": start + since}
        assert bench.seqs(Page(name, 99, **options)) == whole
        if by_time and len({record.time for record in shown}) < len(shown):
            continue  # times do not tell these apart
        found: list[Record] = []
        while True:  # from the end to the start
            reference = None if not found else found[0].time if by_time else found[0].msgid
            page = bench.read(Page(name, limit, before=reference, newest=True, **options))
            assert page.has_more is (len(found) + len(page) < len(whole))
            assert len(page) == limit or not page.has_more
            found = [*page, *found]
            if not page.has_more:
                break
        assert [record.seq for record in found] == whole
        found = []
        while True:  # and from the start to the end
            reference = None if not found else found[-1].time if by_time else found[-1].msgid
            page = bench.read(Page(name, limit, after=reference, **options))
            assert page.has_more is (len(found) + len(page) < len(whole))
            found += page
            if not page.has_more:
                break
        assert [record.seq for record in found] == whole
