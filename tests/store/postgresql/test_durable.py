"""The record in a real PostgreSQL does what every record does, and one server at a time has it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from veche.core.ports import Page, SavedFact, StoreRefused
from veche.store.directory import DataDirectory
from veche.store.durable import open_store
from veche.store.postgresql import durable
from veche.store.postgresql.durable import PostgresqlStore, open_postgresql
from veche.store.postgresql.schema import known_migrations
from veche.store.refusals import DataDirectoryError
from veche.store.schema import known_migrations as known_migrations_of_sqlite
from veche.testing.contracts import ROOM, StoreBench, StoreContract, Turns, make_message, make_record

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]

Open = Callable[..., PostgresqlStore]


@pytest.fixture
def bench(open_store: Open, turns: Turns) -> StoreBench:
    stores = [open_store()]

    def restart() -> PostgresqlStore:
        assert stores[-1].close()
        stores.append(open_store())
        return stores[-1]

    return StoreBench(stores[0], turns, restart=restart)


class TestPostgresqlStore(StoreContract):
    """The contract."""


def test_migrations_go_as_far_as_those_of_sqlite() -> None:
    assert max(known_migrations()) == len(known_migrations_of_sqlite())
    assert sorted(known_migrations()) == list(range(min(known_migrations()), max(known_migrations()) + 1))


def test_everything_is_there_after_a_restart(bench: StoreBench) -> None:
    assert bench.commit(make_record(1), make_record(2), SavedFact(3, "RoomKept", "{}")) is None
    assert bench.saved() == ["3 RoomKept {}"]
    assert bench.store.last() == (3, 2000)
    assert bench.seqs(Page(ROOM, 9)) == [1, 2]
    assert bench.commit(make_record(4)) is None
    assert bench.seqs(Page(ROOM, 9)) == [1, 2, 4]


def test_one_server_at_a_time_has_a_database(open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "START_PATIENCE", 0.1)
    first = open_store()
    with pytest.raises(
        DataDirectoryError, match="another server keeps its record in postgresql://postgres@127"
    ):
        open_store()
    assert first.close()
    open_store()


def test_a_database_of_a_newer_version_is_left_alone(
    open_store: Open, postgres: Postgres, database: str
) -> None:
    assert open_store().close()
    postgres.ask("update veche.about set value = '999' where key = 'schema'", database)
    postgres.ask("update veche.about set value = '77.0' where key = 'needs'", database)
    with pytest.raises(DataDirectoryError, match=r"schema 999.*Start Veche 77\.0 or newer"):
        open_store()
    assert postgres.ask("select value from veche.about where key = 'schema'", database) == "999"


@pytest.mark.parametrize(
    ("user", "place", "said"),
    [
        ("postgres:secret", "{host}/{database}", "refuses.*password authentication failed"),
        ("postgres:{password}", "{host}/nowhere", 'refuses.*"nowhere" does not exist'),
        ("postgres:{password}", "127.0.0.1:1/{database}", "cannot be reached"),
    ],
)
def test_what_is_wrong_with_the_address_is_said_without_the_password(
    postgres: Postgres,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    user: str,
    place: str,
    said: str,
) -> None:
    monkeypatch.setattr(durable, "START_PATIENCE", 0.1)
    url = f"postgresql://{user}@{place}".format(
        host=f"127.0.0.1:{postgres.port}", database=database, password=postgres.password
    )
    with pytest.raises(DataDirectoryError, match=said) as caught:
        open_postgresql(url, tmp_path, Turns().post)
    for text in (str(caught.value), caught.value.text("ru")):
        assert "secret" not in text
        assert postgres.password not in text
    DataDirectory(tmp_path).close()  # the directory is free again


def test_names_with_marks_are_looked_for_as_they_are(bench: StoreBench) -> None:
    words = [
        "[ann]",
        "a|b",
        "^a^",
        "{x}",
        "a\\b",
        "-a-",
        "a*b",
        "]",
        "a]b",
        "`a",
        "a_b",
        "Аня",
        "straße",
        "a2",
    ]
    said = [
        make_message(n, f"#{n}", "bob", text=f"hello {word.upper()}, hello")
        for n, word in enumerate(words, 1)
    ]
    assert bench.commit(*said) is None
    for n, word in enumerate(words, 1):
        hits = int(len(word.upper()) == len(word))
        assert bench.unread((f"#{n}", 0, 0, "ann", word)) == [(1, hits)], word
    assert bench.unread(("#1", 0, 0, "ann", "xannx")) == [(1, 0)]


def test_a_database_that_cannot_hold_every_letter_is_refused(postgres: Postgres, tmp_path: Path) -> None:
    postgres.ask("create database latin encoding 'LATIN1' template template0")
    try:
        with pytest.raises(DataDirectoryError, match="keeps texts as LATIN1"):
            open_postgresql(postgres.url("latin"), tmp_path, Turns().post)
    finally:
        postgres.drop_database("latin")


def test_a_database_that_does_not_sync_is_spoken_of(
    open_store: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "veche.store"):
        open_store()
    assert "fsync is off" in caplog.text


@pytest.fixture
def standby(postgres: Postgres) -> Iterator[Postgres]:
    """A second PostgreSQL that follows the first; no commit waits for it."""
    from veche.testing.postgres import Postgres

    with TemporaryDirectory(prefix="veche-standby-") as folder:
        standby = Postgres(Path(folder))
        standby.follow(postgres)
        standby.start()
        yield standby
        standby.stop("fast")
    postgres.ask("alter system reset synchronous_standby_names")
    postgres.ask("select pg_reload_conf()")


def test_a_standby_that_no_commit_waits_for_is_spoken_of(
    open_store: Open, postgres: Postgres, standby: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    until = time.monotonic() + 10
    while postgres.ask("select count(*) from pg_stat_replication") != "1":
        assert time.monotonic() < until
    with caplog.at_level(logging.WARNING, "veche.store"):
        open_store("data").close()
        assert "a standby follows that no commit waits for" in caplog.text
        caplog.clear()
        postgres.wait_for_standby()
        open_store("data").close()
        assert "standby" not in caplog.text


def test_what_cannot_be_written_is_refused_and_the_next_batch_is_not(
    bench: StoreBench, postgres: Postgres, database: str
) -> None:
    assert bench.commit(make_record(1)) is None
    for batch in (
        [make_record(1)],
        [make_record(1), SavedFact(2, "RoomKept", "{}")],
        [make_record(3, text="\0")],
    ):
        assert isinstance(bench.commit(*batch), StoreRefused)
    assert bench.commit(make_record(4, conversation="#new")) is None
    assert bench.saved() == []
    assert bench.seqs(Page(ROOM, 9)) == [1]
    assert bench.seqs(Page("#new", 9)) == [4]


def test_an_empty_database_never_stands_in_for_a_record(
    postgres: Postgres, database: str, turns: Turns, tmp_path: Path
) -> None:
    """Neither for one in another database (a wrong address), nor for one in the data directory (not copied yet)."""
    url = postgres.url(database)
    for begin in (partial(open_postgresql, url), open_store):
        data = tmp_path / begin.__class__.__name__
        assert begin(data, turns.post).close()
        empty = postgres.new_database()
        with pytest.raises(DataDirectoryError) as refused:
            open_postgresql(postgres.url(empty), data, turns.post)
        assert refused.value.key == "database_empty"
        assert postgres.ask("select count(*) from pg_namespace where nspname = 'veche'", empty) == "0"
        # Who wants to begin anew is told how.
        Path(str(refused.value.values["marker"])).unlink()
        assert open_postgresql(postgres.url(empty), data, turns.post).close()
        assert open_postgresql(postgres.url(empty), data, turns.post).close()
        postgres.drop_database(empty)


def test_a_record_in_postgresql_is_not_replaced_by_an_empty_one_in_the_directory(
    postgres: Postgres, database: str, turns: Turns, tmp_path: Path
) -> None:
    """The line with the address was lost from the settings."""
    assert open_postgresql(postgres.url(database), tmp_path / "data", turns.post).close()
    with pytest.raises(DataDirectoryError) as refused:
        open_store(tmp_path / "data", turns.post)
    assert refused.value.key == "missing"
    assert f"/{database}" in (tmp_path / "data" / "made").read_text()
    assert postgres.password not in (tmp_path / "data" / "made").read_text()
