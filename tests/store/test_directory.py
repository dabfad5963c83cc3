"""The data directory: what a start makes, what it refuses and says, and that no start ever hides a loss."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from veche.core.ports import Page
from veche.store import schema
from veche.store.durable import SqliteStore, open_store
from veche.store.refusals import _PHRASES, DataDirectoryError
from veche.testing.contracts import ROOM, StoreBench, Turns, make_record


def open_bench(data: Path) -> StoreBench:
    turns = Turns()
    return StoreBench(open_store(data, turns.post), turns)


def close(bench: StoreBench) -> None:
    assert isinstance(bench.store, SqliteStore)
    assert bench.store.close()


def refusal(data: Path) -> DataDirectoryError:
    """Start on a directory that must be refused; what a person reads, after a look at both languages."""
    with pytest.raises(DataDirectoryError) as caught:
        open_store(data, Turns().post)
    error = caught.value
    assert str(data) in str(error)
    english, russian = error.text("en"), error.text("ru")
    assert str(error) == english
    assert english != russian
    assert "\n" not in english + russian
    assert "{" not in english + russian
    return error


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with 20 messages, left in good order."""
    bench = open_bench(tmp_path / "data")
    assert bench.commit(*[make_record(n, text="x" * 2000) for n in range(1, 21)]) is None
    close(bench)
    return tmp_path / "data"


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A data directory whose server was killed after it had acknowledged three messages."""
    program = """
import os, sys
from pathlib import Path
from veche.store.durable import open_store
from veche.testing.contracts import StoreBench, Turns, make_record
turns = Turns()
bench = StoreBench(open_store(Path(sys.argv[1]), turns.post), turns)
for seq in (1, 2, 3):
    assert bench.commit(make_record(seq)) is None
os.kill(os.getpid(), 9)
"""
    path = tmp_path / "data"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert (path / "veche.db-wal").stat().st_size > 0
    return path


# --- what a start makes ----------------------------------------------------------------------------------------------


def test_a_first_start_makes_everything_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        bench = open_bench(tmp_path / "far" / "away" / "data")
        assert bench.commit(make_record(1)) is None
    finally:
        os.umask(before)
    data = tmp_path / "far" / "away" / "data"
    assert {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()} == dict.fromkeys(
        ("veche.db", "veche.db-wal", "veche.db-shm", "lock", "made", "running"), 0o600
    )
    assert data.stat().st_mode & 0o777 == 0o700
    assert data.parent.stat().st_mode & 0o777 == 0o700
    close(bench)
    assert {path.name for path in data.iterdir()} == {"veche.db", "lock", "made"}


def test_a_directory_that_exists_keeps_its_rights(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o750)
    close(open_bench(data))
    (data / "notes.txt").write_text("mine")
    close(open_bench(data))
    assert data.stat().st_mode & 0o777 == 0o750
    assert (data / "notes.txt").read_text() == "mine"


def test_what_was_stored_is_there_at_the_next_start(data: Path) -> None:
    bench = open_bench(data)
    assert bench.store.last() == (20, 20_000)
    assert bench.seqs(Page(ROOM, 99)) == list(range(1, 21))
    assert bench.commit(make_record(21)) is None
    close(bench)
    bench = open_bench(data)
    assert bench.store.last() == (21, 21_000)
    close(bench)


def test_what_was_acknowledged_outlives_a_kill(crashed: Path) -> None:
    bench = open_bench(crashed)
    assert bench.seqs(Page(ROOM, 99)) == [1, 2, 3]
    assert bench.store.last() == (3, 3000)
    assert (crashed / "veche.db-wal").stat().st_size == 0, (
        "nothing is built on a log that another process left"
    )
    close(bench)


@pytest.mark.parametrize("stop_after", ["nothing", "empty file", "first page", "tables", "marker"])
def test_a_first_start_that_was_interrupted_goes_on(tmp_path: Path, stop_after: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    database = data / "veche.db"
    if stop_after != "nothing":
        database.touch()
    if stop_after in {"first page", "tables"}:
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        if stop_after == "tables":
            schema.bring_up_to_date(connection, database, schema.known_migrations())
        connection.close()
    if stop_after == "marker":
        close(open_bench(data))
        (data / "made").rename(data / "made.new")
    bench = open_bench(data)
    assert bench.commit(make_record(1)) is None
    close(bench)
    bench = open_bench(data)
    assert bench.seqs(Page(ROOM, 9)) == [1]
    close(bench)


def test_a_backup_alone_in_a_new_directory_is_taken(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (data / "veche.db").rename(other / "veche.db")
    bench = open_bench(other)
    assert bench.store.last() == (20, 20_000)
    close(bench)


# --- what a start refuses --------------------------------------------------------------------------------------------


def test_a_second_server_is_told_who_is_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    bench = open_bench(data)
    error = refusal(data)
    assert error.key == "locked"
    assert f"({os.getpid()})" in str(error)
    assert bench.commit(make_record(1)) is None, "the first one goes on"
    close(bench)
    close(open_bench(data))


def test_a_missing_database_is_never_replaced_by_an_empty_one(data: Path) -> None:
    (data / "veche.db").rename(data.parent / "aside")
    for _ in range(2):
        assert refusal(data).key == "missing"
        assert not (data / "veche.db").exists()
    (data.parent / "aside").rename(data / "veche.db")
    close(open_bench(data))


def test_who_wants_to_begin_anew_is_told_how(data: Path) -> None:
    (data / "veche.db").unlink()
    error = refusal(data)
    Path(str(error.values["marker"])).unlink()
    bench = open_bench(data)
    assert bench.store.last() == (0, 0)
    close(bench)


def test_an_emptied_database_is_refused(data: Path) -> None:
    os.truncate(data / "veche.db", 0)
    assert refusal(data).key == "empty"
    assert (data / "veche.db").stat().st_size == 0


@pytest.mark.parametrize("content", [b"x", b"#!/bin/sh\n" * 100, b"SQLite format 3\0", bytes(8192)], ids=repr)
@pytest.mark.parametrize("is_made", [True, False])
def test_another_file_is_refused_and_left_alone(data: Path, content: bytes, is_made: bool) -> None:
    (data / "veche.db").write_bytes(content)
    if not is_made:
        (data / "made").unlink()
    assert refusal(data).key == "other_file"
    assert (data / "veche.db").read_bytes() == content


@pytest.mark.parametrize("is_made", [True, False])
@pytest.mark.parametrize("version", [0, 1, 99])
def test_the_database_of_another_program_is_refused_and_left_alone(
    data: Path, is_made: bool, version: int
) -> None:
    database = data / "veche.db"
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute("create table message (seq integer primary key)")
    connection.execute(f"pragma user_version = {version}")
    connection.commit()
    connection.close()
    content = database.read_bytes()
    if not is_made:
        (data / "made").unlink()
    assert refusal(data).key == "other_file"
    assert database.read_bytes() == content


@pytest.mark.parametrize("keep", [50, 512, 4096, 4097, 0.5, 0.99])
def test_a_truncated_database_is_refused(data: Path, keep: float) -> None:
    size = (data / "veche.db").stat().st_size
    os.truncate(data / "veche.db", int(size * keep) if keep < 1 else int(keep))
    assert refusal(data).key in {"damaged", "other_file"}
    error = refusal(data)
    assert "backup" in str(error)


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_damaged_page_is_refused(data: Path, page: int) -> None:
    with (data / "veche.db").open("r+b") as file:
        file.seek(page * 4096)
        file.write(os.urandom(1) * 4096)
    assert refusal(data).key == "damaged"


def test_a_large_database_is_checked_at_its_ends(data: Path) -> None:
    database = data / "veche.db"

    def change(*statements: str) -> None:
        connection = sqlite3.connect(database)
        connection.execute("pragma writable_schema = on")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    # A message is written past the index, as if one of the index's pages had never reached the disk.
    change(
        "create table aside as select * from sqlite_schema where name = 'message_by_time'",
        "delete from sqlite_schema where name = 'message_by_time'",
    )
    change(
        "insert into message select 21, time, conversation, msgid, command, source, sender, account, target, tags,"
        " text, null, null, null, null from message where seq = 20",
        "insert into sqlite_schema select * from aside",
    )
    connection = sqlite3.connect(database)
    with pytest.raises(DataDirectoryError, match="message 21 is not in the index"):
        schema.check(connection, database, whole=0)
    connection.close()


def test_a_lost_wal_is_refused_when_it_mattered(crashed: Path) -> None:
    wal = crashed / "veche.db-wal"
    wal.rename(crashed.parent / "aside")
    error = refusal(crashed)
    assert error.key == "wal_missing"
    assert not wal.exists()
    (crashed.parent / "aside").rename(wal)
    bench = open_bench(crashed)
    assert bench.seqs(Page(ROOM, 9)) == [1, 2, 3]
    close(bench)


def test_who_has_lost_the_wal_for_good_is_told_how_to_go_on(crashed: Path) -> None:
    (crashed / "veche.db-wal").unlink()
    Path(str(refusal(crashed).values["running"])).unlink()
    close(open_bench(crashed))


@pytest.mark.parametrize("name", ["veche.db", "veche.db-wal", "lock", "made", "running"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "pipe"])
def test_what_is_no_ordinary_file_is_refused(crashed: Path, name: str, kind: str) -> None:
    path = crashed / name
    target = crashed.parent / "target"
    path.rename(target)
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target if kind == "link" else crashed.parent / "nowhere")
    error = refusal(crashed)
    assert error.key == "not_regular"
    assert str(path) in str(error)
    assert not (crashed.parent / "nowhere").exists()


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert refusal(tmp_path / "data").key == "not_a_directory"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert refusal(tmp_path / "link").key == "not_a_directory"


@pytest.mark.parametrize(
    "what", ["file", "directory", "hidden", "a link called lock", "a directory called made"]
)
def test_a_home_directory_is_refused_and_left_alone(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("HOME", str(data))
    if what == "a link called lock":
        (data / "lock").symlink_to(tmp_path)
    elif what == "a directory called made":
        (data / "made").mkdir()
    elif what == "directory":
        (data / "etc").mkdir()
    else:
        (data / (".profile" if what == "hidden" else "notes\x1b[2J.txt")).touch()
    before = sorted(data.iterdir())
    error = refusal(data)
    assert error.key == "foreign"
    assert "\x1b" not in str(error)
    assert sorted(data.iterdir()) == before


def test_other_files_do_no_harm_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "server.log").touch()
    close(open_bench(tmp_path))


@pytest.mark.parametrize("name", ["veche.toml", "cloak.key", "tls/key.pem", "lock", "made.new", "lost+found"])
def test_a_directory_that_was_prepared_or_half_made_is_taken(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    (data / name).parent.mkdir(parents=True)
    if name == "made.new":  # never alone: the lock comes first
        (data / "lock").touch()
    if name == "lost+found":
        (data / name).mkdir()
    else:
        (data / name).touch()
        (data / "notes.txt").touch()
    close(open_bench(data))


def test_who_wants_his_home_is_told_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes.txt").touch()
    assert "put an empty file veche.toml there" in str(refusal(tmp_path))
    (tmp_path / "veche.toml").touch()
    close(open_bench(tmp_path))


def test_a_directory_that_may_not_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryError, match="file is not a directory"):
        open_store(tmp_path / "file" / "data", Turns().post)
    assert refusal(Path("/proc/nowhere/data")).key == "cannot_use"


def test_a_directory_without_rights_is_refused(data: Path) -> None:
    if os.geteuid() == 0:  # root may everything, so ask as somebody else, from a process of its own
        program = """
import os, sys
from pathlib import Path
from veche.store.durable import open_store
from veche.store.refusals import DataDirectoryError
os.setuid(65534)
try:
    open_store(Path(sys.argv[1]), print)
except DataDirectoryError as error:
    print(error.key)
"""
        for parent in (data.parent, data.parent.parent):
            parent.chmod(0o755)
        ran = subprocess.run(
            [sys.executable, "-c", program, str(data)], check=True, capture_output=True, text=True
        )
        assert ran.stdout == "cannot_use\n"
    else:
        data.chmod(0)
        assert refusal(data).key == "cannot_use"
        data.chmod(0o700)


def test_every_refusal_is_told_in_both_languages() -> None:
    for key, (english, russian) in _PHRASES.items():
        names = {part.split("}")[0] for part in english.split("{")[1:]}
        assert names == {part.split("}")[0] for part in russian.split("{")[1:]}, key
        error = DataDirectoryError(key, **dict.fromkeys(names, "x"))
        assert error.text("en") != error.text("ru")
