"""What is forgotten is nowhere on disk: in the record, its log and the search index; after a kill in between, too."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from veche.core.forgetting import MESSAGES_AT_ONCE, ForgottenMessages
from veche.core.ports import Page
from veche.store.durable import SqliteStore, open_store
from veche.store.search import finding, index, postings, tidying
from veche.testing.contracts import ROOM, StoreBench, Turns, make_reaction, make_record, make_redaction
from veche.testing.contracts.searching import places

SECRET = "zxqvsecret"


def start(data: Path) -> tuple[StoreBench, SqliteStore]:
    turns = Turns()
    store = open_store(data, turns.post)
    return StoreBench(store, turns), store


def wait_for(state: Callable[[], bool]) -> None:
    """Until threads have done something: they have ten seconds."""
    deadline = time.monotonic() + 10
    while not state():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def is_on_disk(data: Path, word: str) -> bool:
    for path in data.iterdir():
        with suppress(FileNotFoundError):  # a journal comes and goes
            if word.encode() in path.read_bytes():
                return True
    return False


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 messages and steps of 5 rows, so that a test has many."""
    for module in (postings, index, finding, tidying):
        monkeypatch.setattr(module, "BLOCK_BITS", 4)
    for module in (postings, finding, tidying):
        monkeypatch.setattr(module, "BLOCK", 16)
    monkeypatch.setattr("veche.store.search.block.BLOCK_BITS", 4)
    monkeypatch.setattr("veche.store.search.block.BLOCK", 16)
    monkeypatch.setattr(tidying, "_LISTS", tidying._LISTS.replace("200", "5"))


@pytest.mark.usefixtures("small")
def test_what_is_forgotten_is_in_no_file(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    said = [make_record(n, text=f"tea {SECRET}{n} word{n}") for n in range(1, 101)]
    said[59].text = "this one stays: tea"
    assert bench.commit(*said) is None
    assert bench.commit(make_reaction(101, said[3], SECRET, "bob"), make_redaction(102, said[5])) is None
    assert len(places(bench, "tea")) == 99
    wait_for(lambda: store._search._tail.number == 6 and not store._search._missing)
    assert is_on_disk(tmp_path, SECRET)
    row = ForgottenMessages(102, 60_000)
    assert bench.commit(row) is None
    assert len(row.gone) == 59
    assert places(bench, "tea") == [*range(60, 101)]
    assert places(bench, f"{SECRET}80") == [80]
    assert places(bench, f"{SECRET}8") == []
    assert bench.commit(ForgottenMessages(102, 1_000_000)) is None
    assert places(bench, "tea") == []
    wait_for(lambda: not is_on_disk(tmp_path, SECRET))
    assert store.close()
    assert not is_on_disk(tmp_path, SECRET)


@pytest.mark.usefixtures("small")
def test_an_index_that_was_not_told_finds_out_at_the_next_start(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    assert bench.commit(*[make_record(n, text=f"tea {SECRET}{n}") for n in range(1, 101)]) is None
    assert len(places(bench, "tea")) == 100
    wait_for(lambda: store._search._tail.number == 6 and not store._search._missing)
    assert store.close()
    # The process was killed behind the commit: the index knows nothing of it.
    kept = (tmp_path / "search.db").read_bytes()
    bench, store = start(tmp_path)
    assert bench.commit(ForgottenMessages(100, 96_000)) is None
    assert places(bench, "tea") == [96, 97, 98, 99, 100]
    assert store.close()
    (tmp_path / "search.db").write_bytes(kept)
    bench, store = start(tmp_path)
    before = store._search
    assert places(bench, "tea") == [96, 97, 98, 99, 100]
    assert not before._missing, "the index was not made anew for that"
    wait_for(lambda: before._tidying is None)
    for n in range(1, 96):
        assert f"{SECRET}{n}".encode() + b"\x00" not in (tmp_path / "search.db").read_bytes()
    with sqlite3.connect(tmp_path / "search.db") as connection:
        found = connection.execute("select count(*) from posting where block < 6").fetchone()[0]
    assert found == 0
    assert store.close()
    bench, store = start(tmp_path)
    assert places(bench, "tea") == [96, 97, 98, 99, 100]
    assert store._search._tidying is None
    assert store.close()


@pytest.mark.usefixtures("small")
def test_an_index_of_another_day_is_made_anew(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    assert bench.commit(*[make_record(n, text="tea") for n in range(1, 41)]) is None
    assert len(places(bench, "tea")) == 40
    assert store.close()
    backup = (tmp_path / "veche.db").read_bytes()
    bench, store = start(tmp_path)
    assert bench.commit(ForgottenMessages(40, 30_000), make_record(41, text="tea")) is None
    wait_for(lambda: places(bench, "tea") == [*range(30, 42)] and store._search._tidying is None)
    assert store.close()
    (tmp_path / "veche.db").write_bytes(backup)
    bench, store = start(tmp_path)
    wait_for(lambda: len(places(bench, "tea")) == 40)
    assert store.close()


def test_freed_space_is_used_again(tmp_path: Path) -> None:
    sizes = []
    for turn in range(6):
        bench, store = start(tmp_path)
        first = turn * MESSAGES_AT_ONCE + 1
        said = [make_record(first + n, text="x" * 400) for n in range(MESSAGES_AT_ONCE)]
        assert bench.commit(*said) is None
        assert bench.commit(ForgottenMessages(said[-1].seq, (first - MESSAGES_AT_ONCE) * 1000)) is None
        assert store.close()
        sizes.append((tmp_path / "veche.db").stat().st_size)
    assert sizes[2] > 1.5 * sizes[0]
    assert sizes[5] < 1.1 * sizes[2]


KILLED = """
import sys
from pathlib import Path
from veche.core.forgetting import ForgottenMessages
from veche.store.durable import open_store
from veche.testing.contracts import StoreBench, Turns
turns = Turns()
bench = StoreBench(open_store(Path(sys.argv[1]), turns.post), turns)
print("ready", flush=True)
for _ in sys.stdin:
    row = ForgottenMessages(5000, 4_900_000)
    assert bench.commit(row) is None
    print(len(row.gone), flush=True)
"""


def test_a_kill_in_the_middle_leaves_a_record_that_goes_on(tmp_path: Path) -> None:
    bench, store = start(tmp_path)
    for first in range(1, 5001, 1000):
        assert (
            bench.commit(*[make_record(n, text=f"tea {SECRET}") for n in range(first, first + 1000)]) is None
        )
    assert store.close()
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n" * 3)
        child.stdin.flush()
        said = [child.stdout.readline().strip() for _ in range(3)]
        os.kill(child.pid, signal.SIGKILL)  # in the third, or just after it
    assert said == ["ready", *[str(MESSAGES_AT_ONCE)] * 2]
    bench, store = start(tmp_path)
    left = bench.seqs(Page(ROOM, 9999))
    assert left == [*range(left[0], 5001)]
    assert left[0] in (2 * MESSAGES_AT_ONCE + 1, 3 * MESSAGES_AT_ONCE + 1)
    while True:
        row = ForgottenMessages(5000, 4_900_000)
        assert bench.commit(row) is None
        if not row.gone:
            break
    assert bench.seqs(Page(ROOM, 9999)) == [*range(4900, 5001)]
    assert store.close()
