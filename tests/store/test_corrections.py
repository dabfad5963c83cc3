"""What is taken back is nowhere on disk, and reactions last, in the record that lasts."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from veche.core.ports import Page, StoreError
from veche.store.durable import SqliteStore, open_store
from veche.testing.contracts import (
    ROOM,
    StoreBench,
    Turns,
    make_edit,
    make_reaction,
    make_record,
    make_redaction,
)

SECRET = "the-password-is-tulip"


def start(data: Path) -> tuple[StoreBench, SqliteStore]:
    turns = Turns()
    store = open_store(data, turns.post)
    return StoreBench(store, turns), store


def bytes_on_disk(data: Path) -> bytes:
    """All that stands in the files of a data directory; of those that come and go, what is there."""
    found = b""
    for file in data.iterdir():
        if file.is_file():
            with suppress(FileNotFoundError):
                found += file.read_bytes()
    return found


@pytest.mark.parametrize("length", [1, 4000])
def test_what_was_taken_back_is_in_no_file(tmp_path: Path, length: int) -> None:
    bench, store = start(tmp_path)
    said = [make_record(n, text=f"number {n}") for n in range(1, 200)]
    said[50] = make_record(51, text=SECRET * length, tags="+x=" + SECRET)
    assert bench.commit(*said) is None
    assert bench.commit(make_reaction(200, said[50], SECRET, "ann")) is None
    assert SECRET.encode() in bytes_on_disk(tmp_path)
    assert bench.commit(make_redaction(201, said[50])) is None
    # The log is emptied behind the answer, in the writer's thread, as soon as nobody reads in it; the search does.
    seq = 202
    while SECRET.encode() in bytes_on_disk(tmp_path) and seq < 1000:
        assert bench.commit(make_record(seq)) is None
        seq += 1
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    assert store.close()
    assert SECRET.encode() not in bytes_on_disk(tmp_path)


def test_with_what_was_taken_back_its_earlier_wordings_are_in_no_file(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = make_record(1, text=SECRET + "-first")
    assert bench.commit(said, make_record(2)) is None
    assert bench.commit(make_edit(3, said, SECRET + "-second"), make_edit(4, said, "harmless")) is None
    assert [one.text for one in bench.versions(1)] == [SECRET + "-first", SECRET + "-second", "harmless"]
    assert bench.commit(make_redaction(5, said, event="r" * 30)) is None
    seq = 6
    while SECRET.encode() in bytes_on_disk(tmp_path) and seq < 1000:
        assert bench.commit(make_record(seq)) is None
        seq += 1
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    assert store.close()
    bench, store = start(tmp_path)
    assert bench.versions(1) == []
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    assert store.close()


def test_a_batch_with_an_edit_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = make_record(1)
    assert bench.commit(said) is None
    assert isinstance(bench.commit(make_edit(2, said, "other"), make_record(1)), StoreError)
    assert [record.text for record in bench.read(Page(ROOM, 9))] == ["hello"]
    assert len(bench.versions(1)) == 1
    assert bench.commit(make_edit(2, said, "other")) is None
    assert store.close()
    bench, store = start(tmp_path)
    assert [(record.text, record.edited) for record in bench.read(Page(ROOM, 9))] == [("other", 2000)]
    assert store.last() == (2, 2000)
    assert store.close()


def test_a_reader_in_the_way_only_delays_it(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = make_record(1, text=SECRET)
    assert bench.commit(said) is None
    reader = sqlite3.connect(f"file:{store._directory.database}?mode=ro", uri=True, isolation_level=None)
    reader.execute("begin")
    assert reader.execute("select text from message").fetchone() == (SECRET,)
    assert bench.commit(make_redaction(2, said)) is None
    assert bench.commit(make_record(3)) is None
    assert SECRET.encode() in bytes_on_disk(tmp_path)
    reader.close()
    seq = 4
    while SECRET.encode() in bytes_on_disk(tmp_path) and seq < 1000:
        assert bench.commit(make_record(seq)) is None
        seq += 1
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    assert store.close()


def test_it_is_so_after_a_start_too(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = make_record(1)
    assert bench.commit(said, make_record(2)) is None
    assert bench.commit(make_reaction(3, make_record(2), "lol", "ann"), make_redaction(4, said)) is None
    assert store.close()
    bench, store = start(tmp_path)
    assert store.last() == (4, 2000)
    assert bench.seqs(Page(ROOM, 9)) == [2]
    assert bench.reactions(1, 2) == {2: {"lol": 1}}
    assert store.close()


def test_the_tombstone_says_who_and_why(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = make_record(1)
    assert bench.commit(said) is None
    assert bench.commit(make_redaction(2, said)) is None
    assert bench.commit(make_redaction(3, said)) is None
    assert store.close()
    found = sqlite3.connect(tmp_path / "veche.db")
    assert found.execute("select redaction, source, text, tags from message").fetchall() == [
        (2, said.source, "", "")
    ]
    assert found.execute(
        "select message, source, account, reason from redaction where seq = 2"
    ).fetchall() == [(1, said.source, "ann", "spam")]
    found.close()


def test_a_refused_batch_takes_nothing_back(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = make_record(1)
    assert bench.commit(said) is None
    assert isinstance(bench.commit(make_redaction(2, said), make_record(1)), StoreError)
    assert [record.text for record in bench.read(Page(ROOM, 9))] == ["hello"]
    assert store.close()
