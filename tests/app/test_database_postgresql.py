"""`server.py db` for a record in PostgreSQL, and copies from one engine into the other and back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.app.test_database import Desk
from veche.core.ports import Page, SavedFact, Store
from veche.core.search import Reading, SearchQuestion
from veche.store.durable import open_store
from veche.store.postgresql.durable import open_postgresql
from veche.store.search.postings import BLOCK
from veche.store.tables import SqliteTables, open_to_read, read
from veche.store.transfer import TransferError, shared_tables, transfer
from veche.testing.contracts import (
    ROOM,
    StoreBench,
    Turns,
    close,
    make_event,
    make_message,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]


def fill(store: Store, turns: Turns, first: int = 1) -> None:
    """Something of everything."""
    bench = StoreBench(store, turns)
    said = [
        make_message(n, (ROOM, "#чай", "ann bob")[n % 3], "ann", text=f"чай {n}", era=n % 2 * (n % 3 == 0))
        for n in range(first, first + 90)
    ]
    said[3].sent = 2**62
    said[7].tags = f"+reply={said[4].msgid}"
    assert bench.commit(*said) is None
    assert bench.commit(SavedFact(first + 90, "RoomKept", '{"a": 1}'), make_event(first + 91)) is None
    assert bench.commit(SavedFact(first + 92, "AccountKept", '{"чай": 1}', "ann")) is None
    assert bench.commit(make_reaction(first + 93, said[10], "lol", "bob")) is None
    assert bench.commit(make_redaction(first + 94, said[8])) is None
    close(store)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.fixture
def url(postgres: Postgres, database: str) -> str:
    return postgres.url(database)


def fill_sqlite(desk: Desk, first: int = 1) -> None:
    turns = Turns()
    fill(open_store(desk.data, turns.post), turns, first)


def fill_postgresql(desk: Desk, url: str, first: int = 1) -> None:
    turns = Turns()
    fill(open_postgresql(url, desk.data, turns.post), turns, first)


def contents(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in a database of SQLite's, but numbers of the engine's own."""
    connection = open_to_read(file)
    try:
        source = SqliteTables(connection)
        return {
            table.name: [
                row for rows in read(source, table._replace(columns=_without_id(table))) for row in rows
            ]
            for table in source.tables()
            if table.name not in {"about", "kept_file"}
            for table in [table._replace(key=("kind", "key")) if table.name == "keyed_fact" else table]
        }
    finally:
        connection.close()


def _without_id(table: object) -> tuple[str, ...]:
    columns: tuple[str, ...] = table.columns  # type: ignore[attr-defined]
    return tuple(name for name in columns if (table.name, name) != ("keyed_fact", "id"))  # type: ignore[attr-defined]


def test_a_record_goes_to_postgresql_and_comes_back_the_same(desk: Desk, url: str, tmp_path: Path) -> None:
    fill_sqlite(desk)
    before = contents(desk.data / "veche.db")
    assert len(before["message"]) == 90
    assert before["reply"]
    assert desk.run("copy", "--to", url) == 0
    assert "90 messages, 2 saved facts" in desk.out
    assert "[store] url = " in desk.out
    assert "veche:" not in desk.out, "no password is shown"
    assert desk.run("verify", "--store", url) == 0
    assert desk.out == "read: 90 messages, 2 saved facts\nall is well\n"
    assert desk.run("check", "--store", url) in {0, 1}  # a PostgreSQL for tests does not sync
    assert "90 messages, " in desk.out
    assert desk.run("copy", "--store", url, "--to", f"sqlite:{tmp_path / 'back'}") == 0
    assert contents(tmp_path / "back" / "veche.db") == before
    turns = Turns()
    store = open_postgresql(url, desk.data, turns.post)
    bench = StoreBench(store, turns)
    assert len(bench.seqs(Page(ROOM, 1000))) == len([1 for n in range(1, 91) if n % 3 == 0 and n % 2 == 0])
    assert bench.commit(make_record(1000)) is None, "it is written on"
    close(store)
    assert desk.run("verify", "--store", url) == 0


def test_what_is_there_is_not_replaced_unasked_but_put_aside(desk: Desk, url: str) -> None:
    turns = Turns()
    fill(open_postgresql(url, desk.data.with_name("another"), turns.post), turns)
    fill_sqlite(desk, 1000)
    assert desk.run("copy", "--to", url) == 2
    assert "there is a record in postgresql://" in desk.err
    assert desk.run("copy", "--to", url, "--force") == 0
    assert "what was there is in the schema veche_before_" in desk.out
    assert desk.run("copy", "--store", url, "--to", "sqlite") == 2
    assert "there is a record in" in desk.err
    assert desk.run("copy", "--store", url, "--to", "sqlite", "--force") == 0
    assert list(desk.data.glob("before-restore-*"))
    assert desk.run("verify") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["copy"], "needs to know where to"),
        (["check", "--to", "sqlite"], "--to belongs to db copy"),
        (["copy", "--to", "mysql://x"], "--to mysql://x is no address"),
        (["copy", "--to", "sqlite:"], "is no address"),
        (["copy", "--to", "sqlite"], "is where the record is already"),
        (["copy", "--to", "postgresql://127.0.0.1:1/x"], "cannot be reached"),
        (["check", "--store", "postgresql://127.0.0.1:1/x"], "cannot be reached"),
    ],
)
def test_what_cannot_be_copied_is_explained(desk: Desk, words: list[str], said: str) -> None:
    fill_sqlite(desk)
    assert desk.run(*words) == 2
    assert said in desk.err


def test_nothing_is_copied_under_a_running_server(desk: Desk, url: str) -> None:
    fill_sqlite(desk)
    turns = Turns()
    running = open_store(desk.data, turns.post)
    assert desk.run("copy", "--to", url) == 2
    assert "already runs" in desk.err
    close(running)
    assert desk.run("copy", "--to", url) == 0
    served = open_postgresql(url, desk.data.with_name("other"), turns.post)
    assert desk.run("copy", "--to", url, "--force") == 2
    assert "another server keeps its record" in desk.err
    assert desk.run("copy", "--store", url, "--to", "sqlite", "--force") == 2
    assert desk.run("check", "--store", url) in {0, 1}
    assert "writes to it now" in desk.out
    close(served)


@pytest.mark.parametrize("rows", [1, 100, 190])
def test_an_interrupted_copy_leaves_nothing(
    desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    fill_sqlite(desk)
    seen = [0]

    def count(data: bytes, *more: int) -> int:
        seen[0] += 1
        if seen[0] > rows:
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patched:
        patched.setattr("veche.store.transfer.crc32", count)
        assert desk.run("copy", "--to", url) == 130
    assert desk.run("check", "--store", url) == 2
    assert "there is no record in" in desk.err
    assert desk.run("copy", "--to", url) == 0
    seen[0] = 0
    with monkeypatch.context() as patched:
        patched.setattr("veche.store.transfer.crc32", count)
        assert desk.run("copy", "--store", url, "--to", "sqlite:" + str(desk.file)) == 130
    assert not (desk.file / "veche.db").exists()
    assert not (desk.file / "veche.db.restoring").exists()


def test_a_copy_that_differs_is_not_taken(desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_sqlite(desk)
    write = SqliteTables.write
    assert desk.run("copy", "--to", url) == 0

    def write_less(database: SqliteTables, table: object, rows: list[tuple[object, ...]]) -> None:
        write(database, table, rows[:-1] if getattr(table, "name", "") == "message" else rows)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteTables, "write", write_less)
    assert desk.run("copy", "--store", url, "--to", f"sqlite:{desk.file}") == 2
    assert "message: 90 rows were copied, and 89 are there" in desk.err
    assert not (desk.file / "veche.db").exists()


def test_a_backup_of_postgresql_is_the_same_file(desk: Desk, url: str, tmp_path: Path) -> None:
    fill_postgresql(desk, url)
    (desk.data / "cloak.key").write_bytes(b"k")
    assert desk.run("backup", desk.file, "--store", url) == 0
    assert "read again and compared" in desk.out
    assert desk.run("verify", desk.file) == 0
    turns = Turns()
    store = open_postgresql(url, desk.data, turns.post)
    assert StoreBench(store, turns).commit(make_record(2000)) is None
    assert desk.run("backup", tmp_path / "beside.db", "--store", url) == 0, "beside a server"
    assert desk.run("restore", desk.file, "--store", url) == 2
    close(store)
    assert desk.run("restore", desk.file, "--store", url) == 0
    assert "90 messages, 2 saved facts" in desk.out
    assert "what was there is in the schema veche_before_" in desk.out
    assert desk.run("verify", "--store", url) == 0
    # And a server without PostgreSQL can go on with it.
    desk.data = tmp_path / "new"
    assert desk.run("restore", desk.file) == 0
    assert desk.run("verify") == 0
    assert (desk.data / "cloak.key").read_bytes() == b"k"


def test_verify_names_what_was_changed(desk: Desk, url: str, postgres: Postgres, database: str) -> None:
    fill_postgresql(desk, url)
    postgres.ask("update veche.message set text = 'x' where seq = 31", database)
    assert desk.run("verify", "--store", url) == 1
    assert "(place 31): not as it was written" in desk.out
    assert desk.run("backup", desk.file, "--store", url) == 1, "damage does not become a backup"
    assert not desk.file.exists()


def test_migrate_gives_checksums_to_rows_that_have_none(
    desk: Desk, url: str, postgres: Postgres, database: str
) -> None:
    fill_postgresql(desk, url)
    for table in ("message", "saved_fact", "keyed_fact"):
        postgres.ask(f"update veche.{table} set checksum = null", database)
    assert desk.run("verify", "--store", url) == 0
    assert "92 of them are from before" in desk.out
    assert desk.run("migrate", "--store", url) == 0
    assert "92 rows have got their checksums" in desk.out
    assert desk.run("verify", "--store", url) == 0
    assert "from before" not in desk.out


def test_a_message_that_vanished_is_told_by_the_search(
    desk: Desk, url: str, postgres: Postgres, database: str
) -> None:
    turns = Turns()
    store = open_postgresql(url, desk.data, turns.post)
    bench = StoreBench(store, turns)
    assert bench.commit(*[make_record(n) for n in range(BLOCK - 20, BLOCK + 5)]) is None
    while not bench.search(SearchQuestion({ROOM: Reading()}, 1)).is_complete:
        pass
    close(store)
    assert desk.run("verify", "--store", url) == 0
    postgres.ask(f"delete from veche.message where seq = {BLOCK - 10}", database)
    assert desk.run("verify", "--store", url) == 1
    assert f"(place {BLOCK - 10}): missing; the search knows of it" in desk.out


def test_a_table_that_the_target_lacks_is_not_left_behind_in_silence(tmp_path: Path) -> None:
    connections = []
    for name in ("one", "two"):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute("create table message (seq integer primary key)")
        connections.append(connection)
    one, two = map(SqliteTables, connections)
    assert [table.name for table in shared_tables(one, two)] == ["message"]
    connections[0].execute("create table more (seq integer primary key)")
    with pytest.raises(TransferError, match="more: the target has no such table"):
        shared_tables(one, two)
    connections[0].execute("alter table message add column text")
    with pytest.raises(TransferError, match="message: the target has no text"):
        transfer(one, two, lambda done, of: None)
    for connection in connections:
        connection.close()


def test_check_tells_where_words_linger_that_were_erased(desk: Desk, postgres: Postgres, url: str) -> None:
    fill_postgresql(desk, url)
    desk.run("check", "--store", url)
    assert "erasing  what is erased is gone from PostgreSQL's files and its log a minute later\n" in desk.out
    database = url.rpartition("/")[2]
    role = f"of_{database}"
    slot = f"reader_{database}"
    postgres.ask(f"create role {role} login password 'tea'; grant usage on schema veche to {role}", database)
    postgres.ask(f"grant select on all tables in schema veche to {role}", database)
    postgres.ask(f"select pg_create_physical_replication_slot('{slot}')")
    try:
        his = url.replace(f"postgres:{postgres.password}", f"{role}:tea")
        desk.run("check", "--store", his)
        assert f"these replication slots has read on: {slot};" in desk.out
        assert (
            f"stays in the log for up to 300 s; to shorten that: grant pg_checkpoint to {role}\n" in desk.out
        )
        assert f"does not own the database {database}:" in desk.out
        desk.run("check", "--store", his, language="ru")
        assert f"grant pg_checkpoint to {role}" in desk.out
        assert "до 300 с" in desk.out
        postgres.ask(f"grant pg_checkpoint to {role}")
        desk.run("check", "--store", his)
        assert "pg_checkpoint" not in desk.out
    finally:
        postgres.ask(f"select pg_drop_replication_slot('{slot}')")
        postgres.ask(f"drop owned by {role}; drop role {role}", database)
