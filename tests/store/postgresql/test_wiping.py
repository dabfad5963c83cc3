"""What PostgreSQL is made to forget with little right, beside a reader who does not end, and where a table is large."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.store.postgresql.conftest import Open
from veche.store.postgresql import wiping
from veche.store.postgresql.durable import open_postgresql
from veche.store.postgresql.link import connect
from veche.testing.contracts import StoreBench, Turns, make_reaction, make_record

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]
DONE = "nothing of what was erased is left in the database's files"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(wiping, "PAUSE", 0.01)
    caplog.set_level(logging.INFO, "veche.store")


async def test_who_still_reads_what_was_is_waited_for(
    postgres: Postgres, database: str, open_store: Open, turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store()
    assert StoreBench(store, turns).commit(make_record(1)) is None
    store.close()
    reader = await connect(postgres.url(database), "a reader", writes=False)
    try:
        await reader.execute("begin isolation level repeatable read; set statement_timeout = 0")
        await reader.fetch("select * from message")
        postgres.ask("insert into veche.about values ('wiping', '1')", database)
        under_way = asyncio.create_task(wiping.wipe(postgres.url(database), "wiping"))
        asked = (
            "select count(*) from pg_stat_activity where application_name = 'wiping' and query like '%xmin%'"
        )
        while postgres.ask(asked) == "0":
            await asyncio.sleep(0.01)
        assert not under_way.done()
        await reader.execute("commit")
        await under_way
    finally:
        await reader.close()
    assert DONE in caplog.text
    assert postgres.ask("select count(*) from veche.about where key = 'wiping'", database) == "0"


async def test_a_role_of_little_right_waits_for_the_checkpoint(
    postgres: Postgres, database: str, tmp_path: Path, turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    role = f"of_{database}"
    postgres.ask(f"create role {role} login password 'tea'")
    postgres.ask(f"alter database {database} owner to {role}")
    url = postgres.url(database).replace(f"postgres:{postgres.password}", f"{role}:tea")
    try:
        store = open_postgresql(url, tmp_path / "data", turns.post)
        assert StoreBench(store, turns).commit(make_record(1)) is None
        store.close()
        postgres.ask("insert into veche.about values ('wiping', '1')", database)
        under_way = asyncio.create_task(wiping.wipe(url, "wiping"))
        asked = "select count(*) from pg_stat_activity where application_name = 'wiping' and query like '%redo_lsn%'"
        while postgres.ask(asked) == "0":
            await asyncio.sleep(0.01)
        assert not under_way.done()
        postgres.ask("checkpoint")
        await under_way
    finally:
        postgres.ask(f"alter database {database} owner to postgres")
        postgres.ask(f"drop owned by {role} cascade", database)
        postgres.ask(f"drop role {role}")
    assert DONE in caplog.text


def test_a_start_goes_on_with_it(
    postgres: Postgres, database: str, open_store: Open, turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store()
    assert StoreBench(store, turns).commit(make_record(1)) is None
    store.close()
    postgres.ask("insert into veche.about values ('wiping', '1')", database)
    store = open_store("data-0")
    until = time.monotonic() + 30
    while DONE not in caplog.text:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert StoreBench(store, turns).commit(make_record(2)) is None


async def test_large_tables_are_not_rewritten_beside_a_server(
    postgres: Postgres,
    database: str,
    open_store: Open,
    turns: Turns,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = open_store()
    assert StoreBench(store, turns).commit(make_record(1)) is None
    store.close()
    postgres.ask("insert into veche.about values ('wiping', '1')", database)
    monkeypatch.setattr(
        wiping, "REWRITTEN", int(postgres.ask("select pg_total_relation_size('veche.edit')", database))
    )
    await wiping.wipe(postgres.url(database), "wiping")
    assert "which were not rewritten: veche.message" in caplog.text
    assert DONE not in caplog.text


def test_what_fails_is_tried_again(
    postgres: Postgres,
    database: str,
    open_store: Open,
    turns: Turns,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(wiping, "FIRST_AGAIN", 0.01)
    store = open_store()
    assert StoreBench(store, turns).commit(make_record(1)) is None
    store.close()
    postgres.ask("insert into veche.about values ('wiping', '1')", database)
    postgres.ask("alter table veche.event rename to other", database)
    task = wiping.Wiping(postgres.url(database), "a server")

    async def wipe_in_vain() -> None:
        task.start()
        while "is still in the database's files" not in caplog.text:
            await asyncio.sleep(0.01)
        postgres.ask("alter table veche.other rename to event", database)
        while DONE not in caplog.text:
            await asyncio.sleep(0.01)
        await task.close()

    asyncio.run(wipe_in_vain())


async def test_statistics_of_a_table_that_is_empty_now_are_forgotten(
    postgres: Postgres, database: str, open_store: Open, turns: Turns
) -> None:
    store = open_store()
    said = make_record(1)
    assert StoreBench(store, turns).commit(said, make_reaction(2, said, "zxqv", "bob")) is None
    store.close()
    postgres.ask("insert into veche.about values ('wiping', '1')", database)
    postgres.ask("analyze veche.reaction; delete from veche.reaction", database)
    values = "select count(*) from pg_stats where schemaname = 'veche' and tablename = 'reaction'"
    columns = """
        select string_agg(pg_attribute::text, ' ' order by attnum) from pg_attribute
        where attrelid = 'veche.reaction'::regclass and attnum > 0
    """
    before = postgres.ask(columns, database)
    assert postgres.ask(values, database) != "0"
    await wiping.wipe(postgres.url(database), "wiping")
    assert postgres.ask(values, database) == "0"
    assert postgres.ask(columns, database) == before
