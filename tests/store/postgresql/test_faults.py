"""A database that restarts, is away, says nothing or loses its lock: each batch has one answer, and it is the truth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from veche.core.ports import Page, Row, SavedFact, StoreError, StoreRefused, StoreUnknown
from veche.store.postgresql import link, reader, seat, writer
from veche.store.postgresql.durable import PostgresqlStore
from veche.testing.contracts import ROOM, StoreBench, Turns, make_record, make_redaction

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]

Open = Callable[..., PostgresqlStore]
HEALING = 15.0  # s


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long here."""
    monkeypatch.setattr(seat, "PATIENCE", 0.3)


def wait_until(condition: Callable[[], bool]) -> None:
    """The database comes back by itself; when, nobody tells."""
    until = time.monotonic() + HEALING
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def heal(bench: StoreBench) -> None:
    wait_until(lambda: not bench.store.trouble())


@pytest.mark.parametrize("way_to_end", ["fast", "immediate"])
def test_a_restart_costs_no_message(
    open_store: Open, turns: Turns, postgres: Postgres, way_to_end: Literal["fast", "immediate"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(seat, "PATIENCE", 10.0)
    bench = StoreBench(open_store(), turns)
    assert bench.commit(make_record(1)) is None
    assert bench.seqs(Page(ROOM, 9)) == [1]
    postgres.restart(way_to_end)
    assert bench.commit(make_record(2)) is None
    assert bench.seqs(Page(ROOM, 9)) == [1, 2]
    assert bench.store.trouble() == ""


def test_while_it_is_away_everything_is_refused_and_then_nothing(
    open_store: Open, turns: Turns, postgres: Postgres
) -> None:
    bench = StoreBench(open_store(), turns)
    assert bench.commit(make_record(1)) is None
    postgres.stop()
    try:
        assert isinstance(bench.commit(make_record(2)), StoreRefused)
        assert isinstance(bench.commit(SavedFact(3, "Read", "{}", "ann")), StoreRefused)
        assert isinstance(bench.ask(Page(ROOM, 9)), StoreRefused)
        began = time.monotonic()
        assert isinstance(bench.commit(make_record(4)), StoreRefused)
        assert time.monotonic() - began < 1, "whatever comes later is not kept waiting"
        assert "out of reach" in str(bench.commit(make_record(5)))
        assert bench.store.trouble()
    finally:
        postgres.start()
    heal(bench)
    assert bench.commit(make_record(6)) is None
    wait_until(lambda: not isinstance(bench.ask(Page(ROOM, 9)), StoreError))
    assert bench.seqs(Page(ROOM, 9)) == [1, 6]
    assert bench.store.last() == (6, 6000)


BATCHES: list[list[Row]] = [
    [make_record(1)],
    [make_record(1), SavedFact(2, "RoomKept", "{}"), SavedFact(3, "Read", "{}", "ann")],
    [SavedFact(1, "RoomKept", "{}")],
    [make_record(1), make_redaction(2, make_record(1))],
]


@pytest.mark.parametrize("which", ["kept", "lost"])
@pytest.mark.parametrize("batch", BATCHES, ids=["message", "message and facts", "fact", "redaction"])
def test_a_commit_whose_answer_is_lost_is_found_out_about(
    open_store: Open, turns: Turns, way: Any, postgres: Postgres, database: str,
    monkeypatch: pytest.MonkeyPatch, which: Literal["kept", "lost"], batch: list[Row],
) -> None:  # fmt: skip
    monkeypatch.setattr(seat, "PATIENCE", 10.0)
    bench = StoreBench(open_store(port=way.port), turns)
    way.do(lambda: way.proxy.cut_at_commit(which))
    assert bench.commit(*batch) is None
    counts = "(select count(*) from veche.{})"
    tables = [counts.format(name) for name in ("message", "saved_fact", "keyed_fact", "redaction")]
    found = postgres.ask(f"select {' + '.join(tables)}", database)
    assert found == str(len(batch)), "each row is there once"
    assert way.proxy.accepted >= 2


def test_what_was_refused_with_its_outcome_open_is_undone(
    open_store: Open, turns: Turns, way: Any, tmp_path: Path
) -> None:
    bench = StoreBench(open_store("data", way.port), turns)
    assert bench.commit(make_record(1)) is None
    way.do(lambda: way.proxy.cut_at_commit("kept"))
    sprung = way.proxy._trap.sprung
    answers: list[StoreError | None] = []
    bench.store.append([make_record(2, conversation="#new"), SavedFact(3, "RoomKept", "{}")], answers.append)
    wait_until(sprung.is_set)
    way.do(way.proxy.close)
    while not answers:
        turns.take()
    assert isinstance(answers[0], StoreRefused)
    assert (tmp_path / "data" / "undo.json").exists()
    way.open()
    heal(bench)
    assert not (tmp_path / "data" / "undo.json").exists()
    wait_until(lambda: not isinstance(bench.ask(Page("#new", 9)), StoreError))
    assert bench.seqs(Page("#new", 9)) == []
    assert bench.commit(make_record(4, conversation="#new")) is None
    assert bench.seqs(Page("#new", 9)) == [4]


def test_a_server_that_ends_meanwhile_leaves_it_to_the_next(
    open_store: Open, turns: Turns, way: Any, tmp_path: Path
) -> None:
    bench = StoreBench(open_store("data", way.port), turns)
    way.do(lambda: way.proxy.cut_at_commit("kept"))
    sprung = way.proxy._trap.sprung
    answers: list[StoreError | None] = []
    bench.store.append([make_record(1)], answers.append)
    wait_until(sprung.is_set)
    way.do(way.proxy.close)
    while not answers:
        turns.take()
    assert isinstance(answers[0], StoreRefused)
    assert bench.store.close()
    bench.store = open_store("data")
    assert not (tmp_path / "data" / "undo.json").exists()
    assert bench.store.last() == (0, 0)
    assert bench.seqs(Page(ROOM, 9)) == []


def test_what_cannot_be_undone_ends_the_process(open_store: Open, turns: Turns, way: Any) -> None:
    bench = StoreBench(open_store(port=way.port), turns)
    assert bench.commit(make_record(1)) is None
    way.do(lambda: way.proxy.cut_at_commit("kept"))
    sprung = way.proxy._trap.sprung
    answers: list[StoreError | None] = []
    bench.store.append([make_redaction(2, make_record(1))], answers.append)
    wait_until(sprung.is_set)
    way.do(way.proxy.close)
    while not answers:
        turns.take()
    assert isinstance(answers[0], StoreRefused)
    way.open()
    wait_until(lambda: "had been stored after all" in bench.store.trouble())
    assert isinstance(bench.commit(make_record(3)), StoreUnknown)


def test_a_database_that_says_nothing_is_given_up(
    open_store: Open, turns: Turns, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = StoreBench(open_store(port=way.port), turns)
    assert bench.commit(make_record(1)) is None
    assert bench.seqs(Page(ROOM, 9)) == [1]
    for module in (link, reader, seat, writer):
        for name in ("ANSWER_SECONDS", "CONNECT_SECONDS", "PING_EVERY"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, 1.0)
    way.do(way.proxy.stall)
    assert isinstance(bench.commit(make_record(2)), StoreRefused)
    assert isinstance(bench.ask(Page(ROOM, 9)), StoreRefused)
    way.do(way.proxy.flow)
    heal(bench)
    assert bench.commit(make_record(3)) is None
    wait_until(lambda: not isinstance(bench.ask(Page(ROOM, 9)), StoreError))
    assert bench.seqs(Page(ROOM, 9)) == [1, 3]


class Silence:
    """A connection that was made and says nothing any more."""

    def __init__(self) -> None:
        self.is_given_up = False

    async def fetchval(self, _query: str, *_values: object) -> object:
        return await asyncio.Event().wait()

    def terminate(self) -> None:
        self.is_given_up = True


def test_a_link_that_breaks_while_it_is_made_anew_is_given_up(
    open_store: Open, turns: Turns, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = StoreBench(open_store(port=way.port), turns)
    connect, silence, tried = seat.connect, Silence(), []

    async def connect_badly(*words: Any, **named: Any) -> Any:
        tried.append(words)
        return silence if len(tried) == 1 else await connect(*words, **named)

    monkeypatch.setattr(seat, "connect", connect_badly)
    monkeypatch.setattr(seat, "ANSWER_SECONDS", 1.0)
    way.do(way.proxy.cut)
    wait_until(lambda: len(tried) > 1)
    heal(bench)
    assert silence.is_given_up
    assert bench.commit(make_record(1)) is None


def test_a_session_that_was_ended_by_somebody_is_made_anew(
    open_store: Open, turns: Turns, postgres: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seat, "PATIENCE", 10.0)
    bench = StoreBench(open_store(), turns)
    for seq in (1, 2, 3):
        end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'veche %'"
        assert postgres.ask(end, database) != "0"
        assert bench.commit(make_record(seq)) is None
        assert bench.seqs(Page(ROOM, 9)) == list(range(1, seq + 1))


def test_who_finds_that_another_server_has_written_ends(open_store: Open, turns: Turns, way: Any) -> None:
    bench = StoreBench(open_store(port=way.port), turns)
    assert bench.commit(make_record(1)) is None
    way.do(way.proxy.close)
    assert isinstance(bench.commit(make_record(2)), StoreRefused)
    other = open_store()
    way.open()
    wait_until(lambda: "another server uses this database" in bench.store.trouble())
    assert isinstance(bench.commit(make_record(3)), StoreRefused)
    assert other.close()
    wait_until(lambda: "another server has written" in bench.store.trouble())
    assert isinstance(bench.commit(make_record(4)), StoreUnknown)


def test_who_finds_that_the_database_has_forgotten_ends(
    open_store: Open, turns: Turns, way: Any, postgres: Postgres, database: str
) -> None:
    """A standby that took over without the last commits, or a backup: what people have seen is gone from history."""
    bench = StoreBench(open_store(port=way.port), turns)
    assert bench.commit(make_record(1)) is None
    assert bench.commit(make_record(2)) is None
    way.do(way.proxy.close)
    postgres.ask("delete from veche.message where seq = 2", database)
    way.open()
    wait_until(lambda: "lacks messages that it had said were on disk" in bench.store.trouble())
    assert isinstance(bench.commit(make_record(3)), StoreUnknown)


def test_a_database_without_a_free_connection_is_waited_for(
    open_store: Open, turns: Turns, way: Any, postgres: Postgres, database: str
) -> None:
    bench = StoreBench(open_store(port=way.port), turns)
    assert bench.commit(make_record(1)) is None
    way.do(way.proxy.close)
    ours = f"select count(*) from pg_stat_activity where datname = '{database}'"
    wait_until(lambda: postgres.ask(ours) == "0")
    with asyncio.Runner() as runner:
        crowd = runner.run(take_all_connections(postgres.url()))
        way.open()
        wait_until(lambda: "too many clients" in bench.store.trouble())
        assert isinstance(bench.commit(make_record(2)), StoreRefused)
        runner.run(let_go(crowd))
    heal(bench)
    assert bench.commit(make_record(3)) is None
    wait_until(lambda: not isinstance(bench.ask(Page(ROOM, 9)), StoreError))
    assert bench.seqs(Page(ROOM, 9)) == [1, 3]


_STUMBLE = """
    create sequence veche.stumbles;
    create function veche.stumble() returns trigger language plpgsql as $$ begin
        if nextval('veche.stumbles') <= {times} then raise exception 'not now' using errcode = '{state}'; end if;
        return null;
    end $$;
    create trigger stumble before insert on veche.message for each statement execute function veche.stumble();
"""


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_passes_at_the_next_try_is_tried_again(
    open_store: Open, turns: Turns, postgres: Postgres, database: str, state: str
) -> None:
    """A serialization failure, a deadlock: nothing was stored, and nobody needs to hear of it."""
    bench = StoreBench(open_store(), turns)
    assert bench.commit(make_record(1)) is None
    # A sequence is never rolled back: it remembers how often we have stumbled.
    postgres.ask(_STUMBLE.format(times=3, state=state), database)
    assert bench.commit(make_record(2), make_record(3)) is None
    assert bench.seqs(Page(ROOM, 9)) == [1, 2, 3]
    assert postgres.ask("select last_value from veche.stumbles", database) == "4"


def test_what_never_passes_is_refused_at_last(
    open_store: Open, turns: Turns, postgres: Postgres, database: str
) -> None:
    bench = StoreBench(open_store(), turns)
    assert bench.commit(make_record(1)) is None
    postgres.ask(_STUMBLE.format(times=5, state="40P01"), database)
    assert isinstance(bench.commit(make_record(2)), StoreRefused)
    assert bench.commit(make_record(3)) is None
    assert bench.seqs(Page(ROOM, 9)) == [1, 3]


async def take_all_connections(url: str) -> list[link.Connection]:
    crowd: list[link.Connection] = []
    while True:
        try:
            crowd.append(await link.connect(url, "somebody", writes=False, seconds=10.0))
        except link.RefusedError:
            return crowd


async def let_go(crowd: list[link.Connection]) -> None:
    for connection in crowd:
        await connection.close()
