"""The schema: upgrades happen wholly or not at all, after a copy was made; a newer database is not touched."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from veche.core.ports import Page
from veche.store import schema
from veche.store.durable import open_store
from veche.store.refusals import DataDirectoryError
from veche.testing.contracts import ROOM, StoreBench, Turns, make_record

KNOWN = schema.known_migrations()
SECOND = "create table extra (a integer) strict; update about set value = '0.9.0' where key = 'needs'"


def start(data: Path, migrations: list[str]) -> StoreBench:
    turns = Turns()
    return StoreBench(open_store(data, turns.post, migrations), turns)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data directory as a version with today's schema leaves it."""
    bench = start(tmp_path / "data", KNOWN)
    assert bench.commit(make_record(1), make_record(2)) is None
    bench.store.close()
    return tmp_path / "data"


def read(path: Path, sql: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


def test_an_upgrade_keeps_everything_and_makes_a_copy_first(old: Path) -> None:
    bench = start(old, [*KNOWN, SECOND])
    assert bench.seqs(Page(ROOM, 9)) == [1, 2]
    assert bench.commit(make_record(3)) is None
    bench.store.close()
    number = len(KNOWN) + 1
    assert read(old / "veche.db", "pragma user_version") == number
    copy = old / f"before-schema-{number}.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert read(copy, "pragma user_version") == len(KNOWN)
    assert read(copy, "select count(*) from message") == 2


def test_the_copy_can_be_started_on(old: Path, tmp_path: Path) -> None:
    start(old, [*KNOWN, SECOND]).store.close()
    other = tmp_path / "other"
    other.mkdir()
    (old / f"before-schema-{len(KNOWN) + 1}.db").rename(other / "veche.db")
    bench = start(other, KNOWN)
    assert bench.seqs(Page(ROOM, 9)) == [1, 2]
    bench.store.close()


def test_an_upgrade_that_fails_has_not_begun(old: Path) -> None:
    with pytest.raises(DataDirectoryError, match="cannot open"):
        start(old, [*KNOWN, "create table extra (a); create table extra (a)"])
    assert read(old / "veche.db", "pragma user_version") == len(KNOWN)
    assert read(old / "veche.db", "select count(*) from sqlite_schema where name = 'extra'") == 0
    bench = start(old, [*KNOWN, SECOND])
    assert bench.seqs(Page(ROOM, 9)) == [1, 2]
    bench.store.close()


def test_each_migration_is_applied_once(old: Path) -> None:
    third = "insert into extra values (1)"
    for _ in range(2):
        start(old, [*KNOWN, SECOND, third]).store.close()
    assert read(old / "veche.db", "select count(*) from extra") == 1


def test_a_newer_database_is_refused_with_the_version_it_needs(old: Path) -> None:
    start(old, [*KNOWN, SECOND]).store.close()
    content = (old / "veche.db").read_bytes()
    with pytest.raises(DataDirectoryError) as caught:
        start(old, KNOWN)
    assert caught.value.key == "newer"
    for language in ("en", "ru"):
        assert "0.9.0" in caught.value.text(language)
    assert (old / "veche.db").read_bytes() == content
    start(old, [*KNOWN, SECOND]).store.close()


def test_an_abandoned_copy_is_written_anew(old: Path) -> None:
    (old / f"before-schema-{len(KNOWN) + 1}.db.new").write_bytes(b"half a copy")
    start(old, [*KNOWN, SECOND]).store.close()
    assert read(old / f"before-schema-{len(KNOWN) + 1}.db", "select count(*) from message") == 2


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert KNOWN
    assert "create table message" in KNOWN[0]


def test_a_start_that_fails_after_a_crash_leaves_nothing_for_the_next_to_miss(tmp_path: Path) -> None:
    data = tmp_path / "data"
    program = """
import os, sys
from pathlib import Path
from veche.store.durable import open_store
from veche.testing.contracts import StoreBench, Turns, make_record
turns = Turns()
bench = StoreBench(open_store(Path(sys.argv[1]), turns.post), turns)
assert bench.commit(make_record(1)) is None
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program, str(data)], check=False)
    for _ in range(2):
        with pytest.raises(DataDirectoryError, match="cannot open"):
            start(data, [*KNOWN, "nonsense"])
    bench = start(data, KNOWN)
    assert bench.seqs(Page(ROOM, 9)) == [1]
    bench.store.close()
