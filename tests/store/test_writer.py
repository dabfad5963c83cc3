"""The writing thread: one statement a batch, what each fault means, and that it heals without a restart."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from veche.core.ports import ForgottenFact, Page, Row, SavedFact, StoreError, StoreRefused
from veche.store import schema
from veche.store.durable import open_store
from veche.store.engines.sqlite import WAL_LIMIT, connect_reader, connect_writer
from veche.store.writer import _INSERT, MOST_ROWS, SIZES, Writer
from veche.testing.contracts import ROOM, StoreBench, Turns, close, make_record


class Desk:
    """A writer on a fresh database, with the connection it was given, for a test to look at and to disturb."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self.path = path
        self.connection = connect_writer(path)
        schema.bring_up_to_date(self.connection, path, schema.known_migrations())
        self.turns = Turns()
        self.writer = Writer(self.connection, path, self.turns.post)
        # What others read: the writer's connection belongs to its thread.
        self.reader = connect_reader(path)

    def commit(self, *records: Row) -> StoreError | None:
        answers: list[StoreError | None] = []
        self.writer.append(list(records), answers.append)
        self.turns.take()
        return answers[0]

    def seqs(self) -> list[int]:
        return [row[0] for row in self.reader.execute("select seq from message order by seq")]

    def close(self) -> None:
        self.reader.close()
        self.writer.finish(30)
        self.writer.disconnect()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "veche.db")
    yield desk
    desk.close()


def statements(desk: Desk, *records: Row) -> list[str]:
    """Commit a batch; the statements that it took."""
    seen: list[str] = []
    desk.connection.set_trace_callback(seen.append)
    assert desk.commit(*records) is None
    desk.connection.set_trace_callback(None)
    return [text.split()[0].lower() for text in seen]


def test_a_batch_is_one_statement(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    assert statements(desk, make_record(2)) == ["insert"]
    assert statements(desk, *[make_record(n) for n in range(3, 503)]) == ["insert"]


def test_a_batch_with_new_conversations_is_one_transaction(desk: Desk) -> None:
    batch = [make_record(n, conversation=f"#{n}") for n in range(1, 101)]
    taken = statements(desk, *batch)
    assert taken[-4:] == ["begin", "insert", "insert", "commit"]
    assert taken.count("insert") == 2


def test_who_takes_part_is_one_more_statement(desk: Desk) -> None:
    batch = [make_record(n, conversation=f"uid-ann uid-{n}") for n in range(1, 101)]
    assert statements(desk, *batch)[-5:] == ["begin", "insert", "insert", "insert", "commit"]
    assert statements(desk, make_record(101, conversation="uid-ann uid-1")) == ["insert"]


def test_a_batch_beyond_one_statement_is_one_transaction(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    batch = [make_record(n) for n in range(2, 2 * MOST_ROWS + 3)]
    assert statements(desk, *batch) == ["begin", "insert", "insert", "insert", "commit"]
    assert desk.seqs() == list(range(1, 2 * MOST_ROWS + 3))


def test_a_batch_of_facts_of_one_sort_is_one_statement(desk: Desk) -> None:
    keyed = [SavedFact(n, "Read", "{}", f"ann #{n % 9}") for n in range(1, 100)]
    assert statements(desk, *keyed) == ["insert"]
    assert statements(desk, SavedFact(100, "TopicSet", "{}"), SavedFact(101, "TopicSet", "{}")) == ["insert"]
    assert statements(desk, ForgottenFact(102, "Read", "ann #1"), ForgottenFact(103, "Read", "x")) == [
        "delete"
    ]


def test_a_batch_of_several_sorts_is_one_transaction(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    batch = [
        SavedFact(3, "Read", "{}", "ann"),
        SavedFact(4, "TopicSet", "{}"),
        ForgottenFact(5, "Read", "bob"),
    ]
    assert statements(desk, *batch) == ["begin", "insert", "insert", "delete", "commit"]
    assert statements(desk, make_record(6), SavedFact(7, "Read", "{}", "ann")) == [
        "begin",
        "insert",
        "insert",
        "commit",
    ]


def test_statements_stay_within_the_limit_of_variables() -> None:
    assert _INSERT[MOST_ROWS].count("?") <= 32_766
    assert list(SIZES) == sorted(SIZES)
    assert SIZES[0] == 1


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 63, 64, 65, 1023])
def test_rows_that_fill_a_statement_up_are_not_stored(desk: Desk, size: int) -> None:
    assert desk.commit(*[make_record(n) for n in range(1, size + 1)]) is None
    assert desk.seqs() == list(range(1, size + 1))


def test_conversations_are_stored_once(tmp_path: Path) -> None:
    for start in (0, 10):
        path = tmp_path / "veche.db"
        desk = Desk(path)
        for n in range(1, 10):
            assert desk.commit(make_record(start + n, conversation=f"#{n % 2}", era=n % 3)) is None
        found = desk.reader.execute(
            "select count(*), count(distinct name || era) from conversation"
        ).fetchone()
        assert found == (6, 6)
        desk.close()


def test_a_full_disk_refuses_and_heals(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    assert desk.commit(make_record(1)) is None
    pages = desk.connection.execute("pragma page_count").fetchone()[0]
    desk.connection.execute(f"pragma max_page_count = {pages}")
    for seq in (2, 12):
        batch = [make_record(seq + n, text="x" * 3000, conversation=f"#{n}") for n in range(10)]
        error = desk.commit(*batch)
        assert isinstance(error, StoreRefused)
        assert "SQLITE_FULL" in str(error)
    assert desk.seqs() == [1]
    desk.connection.execute("pragma max_page_count = 1000000")
    assert desk.commit(*batch) is None
    assert desk.seqs() == [1, *range(12, 22)]
    told = [record.getMessage() for record in caplog.records if record.name == "veche.store"]
    assert len(told) == 2, "trouble is told when it begins and when it ends"
    assert "SQLITE_FULL" in told[0]
    assert told[1] == "messages are stored again"


def test_a_conversation_of_a_refused_batch_is_not_taken_for_known(desk: Desk) -> None:
    desk.connection.execute("pragma max_page_count = 1")
    assert isinstance(desk.commit(make_record(1, conversation="#a", text="x" * 9000)), StoreRefused)
    desk.connection.execute("pragma max_page_count = 1000000")
    assert desk.commit(make_record(2, conversation="#b")) is None
    assert desk.commit(make_record(3, conversation="#a")) is None
    found = desk.reader.execute(
        "select seq, name from message join conversation on id = conversation order by seq"
    )
    assert found.fetchall() == [(2, "#b"), (3, "#a")]


def test_a_lock_of_another_program_is_waited_for_and_then_refused(desk: Desk) -> None:
    desk.connection.execute("pragma busy_timeout = 20")
    assert desk.commit(make_record(1)) is None
    other = sqlite3.connect(desk.path, isolation_level=None)
    other.execute("begin immediate")
    for record in (make_record(2), make_record(2, conversation="#new")):
        error = desk.commit(record)
        assert isinstance(error, StoreRefused)
        assert "SQLITE_BUSY" in str(error)
    other.execute("rollback")
    other.close()
    assert desk.commit(make_record(3)) is None
    assert desk.seqs() == [1, 3]


def test_a_number_that_is_taken_is_refused(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    error = desk.commit(make_record(2), make_record(1))
    assert isinstance(error, StoreRefused)
    assert "CONSTRAINT" in str(error)
    assert desk.seqs() == [1]


def test_what_cannot_be_written_down_is_refused_and_costs_nobody_else(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    assert isinstance(desk.commit(make_record(2, text="\udcff")), StoreRefused)
    assert isinstance(desk.commit(make_record(2, conversation="\udcff")), StoreRefused)
    assert isinstance(desk.commit(make_record(1 << 70, time=5)), StoreRefused)
    assert desk.commit(make_record(2)) is None


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_files_that_vanish_while_running_refuse(desk: Desk, suffix: str) -> None:
    assert desk.commit(make_record(1)) is None
    path = desk.path.with_name(desk.path.name + suffix)
    aside = path.with_name("aside")
    path.rename(aside)
    desk.writer._looked = 0.0  # as if a tenth of a second had gone by
    error = desk.commit(make_record(2))
    assert isinstance(error, StoreRefused)
    assert f"{path} is gone" in str(error)
    path.write_bytes(b"another")
    error = desk.commit(make_record(2))
    assert isinstance(error, StoreRefused)
    assert f"{path} is another file now" in str(error)
    aside.replace(path)
    assert desk.commit(make_record(3)) is None
    assert desk.seqs() == [1, 3]


def test_the_connection_is_opened_anew_after_an_error_that_may_have_harmed_it(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    desk.connection.close()  # every use of it is an error that SQLite did not raise
    assert isinstance(desk.commit(make_record(2)), StoreRefused)
    assert desk.commit(make_record(3)) is None
    assert desk.seqs() == [1, 3]


def test_checkpoints_keep_the_log_short(desk: Desk) -> None:
    wal = desk.path.with_name(desk.path.name + "-wal")
    for batch in range(30):
        assert desk.commit(*[make_record(batch * 500 + n, text="x" * 400) for n in range(1, 501)]) is None
        assert wal.stat().st_size < WAL_LIMIT / 2
    assert desk.path.stat().st_size > 15_000 * 400 / 2


def test_a_reader_that_holds_its_view_stops_no_commit(desk: Desk) -> None:
    assert desk.commit(make_record(1)) is None
    desk.reader.execute("begin")
    assert desk.seqs() == [1]
    for batch in range(12):
        assert desk.commit(*[make_record(2 + batch * 500 + n) for n in range(500)]) is None
    assert desk.seqs() == [1]
    desk.reader.execute("commit")
    assert len(desk.seqs()) == 6001


# --- a disk that fails: strace makes the system calls fail in a process of its own ----------------------------------

FAILING = """
import logging, sys
from pathlib import Path
from veche.core.ports import Page
from veche.store.durable import open_store
from veche.testing.contracts import StoreBench, Turns, make_record

turns = Turns()
store = open_store(Path(sys.argv[1]), turns.post)
bench = StoreBench(store, turns)
size = int(sys.argv[3])
for batch in range(int(sys.argv[2])):
    error = bench.commit(*[make_record(batch * size + n) for n in range(1, size + 1)])
    print(batch + 1, type(error).__name__, error, flush=True)
print("read", bench.seqs(Page("#tea", 99)))
print("closed", store.close())
"""


def run_failing(data: Path, call: str, fault: str, count: int, size: int = 1) -> list[str]:
    """Make `count` commits of `size` messages under strace; what became of each, and what could be read."""
    ran = subprocess.run(
        [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            f"trace={call}",
            "-e",
            f"inject={call}:{fault}",
            sys.executable,
            "-c",
            FAILING,
            str(data),
            str(count),
            str(size),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.fixture
def old_data(tmp_path: Path) -> Path:
    """A data directory that a server has left in good order."""
    run = subprocess.run([sys.executable, "-c", FAILING, str(tmp_path / "data"), "0", "1"], check=True)
    assert run.returncode == 0
    return tmp_path / "data"


@pytest.mark.slow
@pytest.mark.needs("strace")
@pytest.mark.parametrize("sync", [4, 7, 8, 9])
def test_after_a_failed_sync_nobody_can_know_and_nothing_more_is_written(old_data: Path, sync: int) -> None:
    # The writer's thread syncs the log at each commit, its head too when it begins anew, and at a checkpoint, due
    # here after the fourth commit, the log and the database.
    told = run_failing(old_data, "fdatasync", f"error=EIO:when={sync}", 6, 1000)
    outcomes = [line.split()[1] for line in told[:6]]
    broken = outcomes.index("StoreUnknown")
    assert outcomes == ["NoneType"] * broken + ["StoreUnknown"] * (6 - broken)
    assert ("at a checkpoint" in told[broken]) == (sync in {7, 8})
    assert told[-1] == "closed False"
    # A new start finds what was acknowledged, and at most the one batch more whose outcome was open.
    bench = StoreBench(open_store(old_data, (turns := Turns()).post), turns)
    assert bench.store.last()[0] in {broken * 1000, (broken + 1) * 1000}
    assert bench.seqs(Page(ROOM, 9999)) == list(range(1, bench.store.last()[0] + 1))
    close(bench.store)


@pytest.mark.slow
@pytest.mark.needs("strace")
def test_a_write_that_fails_is_refused_and_the_next_one_is_stored(old_data: Path) -> None:
    told = run_failing(old_data, "pwrite64", "error=ENOSPC:when=12..14", 12)
    outcomes = [line.split()[1] for line in told[:12]]
    assert set(outcomes) == {"NoneType", "StoreRefused"}, told
    assert outcomes[-1] == "NoneType"
    stored = [seq for seq, outcome in enumerate(outcomes, 1) if outcome == "NoneType"]
    assert told[12] == f"read {stored}"
    assert told[-1] == "closed True"


@pytest.mark.needs("root", "linux")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("may not mount a tmpfs here")
    try:
        desk = Desk(disk / "veche.db")
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(300_000))
        seq = 0
        while (error := desk.commit(make_record(seq + 1, text="x" * 4000))) is None:
            seq += 1
        assert isinstance(error, StoreRefused)
        assert isinstance(desk.commit(make_record(seq + 1, text="x" * 4000)), StoreRefused)
        assert desk.seqs() == list(range(1, seq + 1))
        ballast.unlink()
        assert desk.commit(make_record(seq + 1, text="x" * 4000)) is None
        assert desk.seqs() == list(range(1, seq + 2))
        desk.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
