"""SQLite as an engine: how it is opened, and what its errors mean for a batch."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from veche.core.ports import StoreError, StoreRefused, StoreUnknown
from veche.store.engines.sqlite import (
    PRAGMAS,
    connect_reader,
    connect_writer,
    empty_wal,
    is_harmless,
    outcome,
)


def error_of(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite would say it")
    error.sqlite_errorname = name
    error.sqlite_errorcode = getattr(sqlite3, name)
    return error


@pytest.mark.parametrize(
    ("name", "before", "at_commit"),
    [
        ("SQLITE_FULL", StoreRefused, StoreRefused),
        ("SQLITE_BUSY", StoreRefused, StoreRefused),
        ("SQLITE_BUSY_SNAPSHOT", StoreRefused, StoreRefused),
        ("SQLITE_LOCKED", StoreRefused, StoreRefused),
        ("SQLITE_READONLY", StoreRefused, StoreRefused),
        ("SQLITE_READONLY_DBMOVED", StoreRefused, StoreRefused),
        ("SQLITE_CONSTRAINT_PRIMARYKEY", StoreRefused, StoreRefused),
        ("SQLITE_CORRUPT", StoreRefused, StoreRefused),
        ("SQLITE_IOERR_READ", StoreRefused, StoreRefused),
        ("SQLITE_IOERR_WRITE", StoreRefused, StoreRefused),
        ("SQLITE_IOERR_FSYNC", StoreUnknown, StoreUnknown),
        ("SQLITE_IOERR_DIR_FSYNC", StoreUnknown, StoreUnknown),
        # Met behind the last frame too: SQLite enters the frames into its index when they are in the log.
        ("SQLITE_IOERR_SHMSIZE", StoreRefused, StoreUnknown),
        ("SQLITE_NOMEM", StoreRefused, StoreUnknown),
        ("SQLITE_IOERR", StoreRefused, StoreUnknown),
        ("SQLITE_INTERNAL", StoreRefused, StoreUnknown),
    ],
)
def test_what_an_error_means(name: str, before: type[StoreError], at_commit: type[StoreError]) -> None:
    for committing, meaning in ((False, before), (True, at_commit)):
        result = outcome(error_of(name), committing=committing)
        assert type(result) is meaning
        assert name in str(result)


def test_errors_of_python_come_before_the_statement() -> None:
    for error in (ValueError("x"), sqlite3.ProgrammingError("x"), OverflowError("x")):
        assert type(outcome(error, committing=True)) is StoreRefused


def test_after_which_errors_the_connection_is_kept() -> None:
    assert is_harmless(error_of("SQLITE_FULL"))
    assert is_harmless(error_of("SQLITE_BUSY"))
    assert is_harmless(ValueError("x"))
    assert not is_harmless(error_of("SQLITE_IOERR_WRITE"))
    assert not is_harmless(error_of("SQLITE_CORRUPT"))
    assert not is_harmless(sqlite3.ProgrammingError("closed"))


def test_opening_never_makes_a_file(tmp_path: Path) -> None:
    for connect in (connect_writer, connect_reader):
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            connect(tmp_path / "none.db")
    assert not any(tmp_path.iterdir())


def test_a_name_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "100%?mode=ro&x#y 'ж'.db"
    path.touch()
    connection = connect_writer(path)
    connection.execute("create table a (b)")
    connection.close()
    assert path.stat().st_size > 0


def test_what_protects_the_record_is_in_force(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    connection = connect_writer(path)
    in_force = {
        name: connection.execute(f"pragma {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "journal_size_limit")
    }
    connection.close()
    assert in_force == {
        "journal_mode": "wal",
        "synchronous": 2,  # full
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "journal_size_limit": 64 * 1024 * 1024,
    }
    assert "synchronous=full" in PRAGMAS


def test_a_reader_can_neither_write_nor_make_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    writer = connect_writer(path)
    writer.execute("create table a (b)")
    wal = path.with_name("a.db-wal")
    size = wal.stat().st_size
    reader = connect_reader(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("insert into a values (1)")
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("pragma wal_checkpoint(truncate)")
    reader.close()
    assert wal.stat().st_size == size
    assert empty_wal(writer)
    assert wal.stat().st_size == 0
    writer.close()
