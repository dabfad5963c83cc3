"""The log of the database stays short: beside busy readers of ours by waiting, beside a stuck stranger by refusing."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from veche.store import schema
from veche.store.checkpoints import CHECKPOINT_PAGES, Checkpoints, _reader_in
from veche.store.engines.sqlite import connect_reader, connect_writer
from veche.store.writer import Writer
from veche.testing.contracts import Turns, make_record

LONG = 256 * 1024
LIMIT = 1024 * 1024
READER = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
connection.execute("begin")
connection.execute("select count(*) from t").fetchone()
print("reads", flush=True)
sys.stdin.read()
"""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A database whose log is kept short, with a clock that the test moves."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self.path = path
        self.clock = Clock()
        self.connection = connect_writer(path)
        self.connection.execute("create table t (a)")
        self.checkpoints = Checkpoints(path, LIMIT, LONG, self.clock)

    def write(self, size: int = LONG // 2) -> None:
        """So many bytes, and a checkpoint."""
        self.connection.execute("insert into t values (zeroblob(?))", (size,))
        self.checkpoints.make(self.connection)

    def log(self) -> int:
        return self.path.with_name(self.path.name + "-wal").stat().st_size


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "veche.db")
    yield desk
    desk.connection.close()


@pytest.fixture
def stranger(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """Another process that reads and does not end."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(desk.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reads\n"
        yield process
        process.kill()


def test_a_checkpoint_is_due_after_some_pages(desk: Desk) -> None:
    desk.checkpoints.wrote(CHECKPOINT_PAGES - 1)
    assert not desk.checkpoints.is_due
    desk.checkpoints.wrote(1)
    assert desk.checkpoints.is_due
    desk.checkpoints.make(desk.connection)
    assert not desk.checkpoints.is_due


def test_a_log_that_nobody_reads_begins_anew(desk: Desk) -> None:
    for _ in range(40):
        desk.write()
        assert desk.log() < 2 * LONG
    assert desk.checkpoints.refuses == ""


@pytest.mark.slow
def test_readers_of_ours_who_never_rest_do_not_make_it_long(desk: Desk) -> None:
    """Some always read while others begin: there is no moment at which nobody reads."""
    desk.connection.execute("insert into t select zeroblob(200) from json_each(?)", (str([0] * 20_000),))
    ending = threading.Event()

    def read() -> None:
        connection = connect_reader(desk.path)
        while not ending.is_set():
            connection.execute("select sum(length(a)) from t, json_each('[1,2,3,4,5,6,7,8]')").fetchone()
        connection.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        longest = 0
        for _ in range(60):
            desk.write()
            longest = max(longest, desk.log())
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    assert longest < LIMIT, "60 * 128 KiB were written"
    assert desk.checkpoints.refuses == ""


@pytest.mark.slow
@pytest.mark.needs("linux")
def test_beside_a_stranger_who_never_ends_it_grows_to_a_limit_and_names_him(
    desk: Desk, stranger: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "veche.store")
    while not desk.checkpoints.refuses:
        desk.write()
        assert desk.log() < 2 * LIMIT
    assert f"process {stranger.pid} (" in desk.checkpoints.refuses
    assert "reads it without an end: end that" in desk.checkpoints.refuses
    warnings = [record.getMessage() for record in caplog.records]
    assert 2 <= len(warnings) <= 3, "at each doubling"
    assert all(f"process {stranger.pid} (" in warning for warning in warnings)
    # It is tried again now and then, not at every message.
    stranger.kill()
    stranger.wait()
    desk.clock.now += 0.5
    desk.checkpoints.try_again(desk.connection)
    desk.clock.now += 0.6
    desk.checkpoints.try_again(desk.connection)
    assert desk.checkpoints.refuses == ""
    assert desk.log() == 0
    assert caplog.records[-1].getMessage() == "the log of the database could be emptied again"


@pytest.mark.slow
def test_a_writer_refuses_and_takes_messages_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "veche.db"
    path.touch()
    connection = connect_writer(path)
    schema.bring_up_to_date(connection, path, schema.known_migrations())
    turns = Turns()
    writer = Writer(connection, path, turns.post)
    clock = Clock()
    monkeypatch.setattr(writer, "_checkpoints", Checkpoints(path, LIMIT, LONG, clock))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from message").fetchone()
    seq = 0

    def commit() -> str:
        nonlocal seq
        seq += 1
        answers: list[object] = []
        monkeypatch.setattr(writer._checkpoints, "_pages", CHECKPOINT_PAGES)
        writer.append([make_record(seq, text="x" * 50_000)], answers.append)
        while not answers:
            turns.take()
        return str(answers[0])

    said = ""
    while "end that" not in said:
        said = commit()
        assert seq < 200
    assert said.startswith("the log of the database has reached ")
    assert not [record for record in caplog.records if "bug" in record.getMessage()]
    assert writer.trouble == said
    count = seq
    reader.execute("rollback")
    clock.now += 2
    assert commit() == "None"
    assert writer.trouble == ""
    reader.execute("begin")
    kept = [row[0] for row in reader.execute("select seq from message order by seq")]
    reader.close()
    assert kept == [*range(1, count), count + 1], "what was refused is not there"
    writer.finish(30)
    writer.disconnect()


def test_readers_are_found_among_locks() -> None:
    assert _reader_in("1: POSIX  ADVISORY  READ 4711 fd:00:25 124 124", 25) == 4711
    assert _reader_in("1: POSIX  ADVISORY  READ 4711 fd:00:25 124 124", 26) == 0
    assert _reader_in("1: POSIX  ADVISORY  READ 4711 fd:00:25 128 128", 25) == 0
    assert _reader_in("3: FLOCK  ADVISORY  WRITE 8663 fe:00:25 0 EOF", 25) == 0
    assert _reader_in("1: -> POSIX  ADVISORY  READ 4711 fd:00:25 124 124", 25) == 0
    assert _reader_in("", 25) == 0
