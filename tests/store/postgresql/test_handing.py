"""veche.store.postgresql.handing: a world on its way from a node to one that comes."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from veche.core.turns import OutOfReach, Pack, Standing
from veche.state.parcel import pack, unpack
from veche.state.snapshot import snapshot
from veche.state.world import World
from veche.store.postgresql import coming, handing, turns
from veche.store.postgresql.coming import join
from veche.store.postgresql.handing import Copy, CopyError, as_one_text, as_pieces, give, receive
from veche.store.postgresql.link import Connection, connect
from veche.testing.postgres_proxy import Proxy
from veche.testing.stage import Stage

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

Job = Callable[[Connection], Coroutine[Any, Any, Any]]
TEXTS = ["beside", "head", "x" * 3_000_000]


def no_fork() -> int:
    raise OSError("no memory")


@pytest.fixture(params=["copied", "in place"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "in place":
        monkeypatch.setattr(os, "fork", no_fork)
    return str(request.param)


async def texts_of(copy: Copy) -> list[str]:
    found: list[str] = []

    async def take(body: bytes) -> None:
        found.append(zlib.decompress(body).decode())

    try:
        await copy.each(take)
    finally:
        await copy.end()
    return found


async def test_all_pieces_are_given_in_order(way: str) -> None:
    copy = Copy(lambda: TEXTS)
    assert (copy.pid > 0) == (way == "copied")
    assert await texts_of(copy) == TEXTS


async def test_what_is_given_is_the_world_of_that_moment(way: str) -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("JOIN #tea", "TOPIC #tea :leaves")
    before = snapshot(stage.engine.world)
    copy = Copy(partial(pack, stage.engine.world))
    bob.send("JOIN #tea", "NICK rob")
    ann.send("PART #tea", "QUIT")
    world = World()
    unpack(await texts_of(copy), world)
    assert snapshot(world) == before != snapshot(stage.engine.world)


async def test_a_copy_that_fails_is_no_world(capfd: pytest.CaptureFixture[str]) -> None:
    def broken() -> Iterator[str]:
        yield "beside"
        raise ValueError("a bug in packing")

    with pytest.raises(CopyError):
        await texts_of(Copy(broken))
    assert "a bug in packing" in capfd.readouterr().err


async def test_a_copy_that_nobody_reads_is_gone() -> None:
    copy = Copy(lambda: TEXTS * 100)

    async def refuse(body: bytes) -> None:
        raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        await copy.each(refuse)
    await copy.end()
    with pytest.raises(ProcessLookupError):
        os.kill(copy.pid, 0)


async def test_a_copy_is_gone_where_the_database_is_out_of_reach() -> None:
    async def aside(job: Job) -> Any:
        raise OutOfReach("cut off")

    copy = Copy(lambda: TEXTS * 100)
    with pytest.raises(OutOfReach):
        await give(aside, 1, Standing(2, 7, 8, 9), copy)
    with pytest.raises(ProcessLookupError):
        os.kill(copy.pid, 0)


def test_one_text_of_earlier_versions_is_understood_and_made() -> None:
    stage = Stage()
    stage.enter("ann").send("JOIN #tea")
    beside = {"homes": {"u": {"1": 1}}, "nodes": [1, 2]}
    pieces = [json.dumps(beside), *pack(stage.engine.world)]
    packed, beside_then = json.loads(as_one_text(pieces))
    assert beside_then == beside
    assert list(json.loads(packed)) == ["shape", "world", "entries"]
    again = as_pieces(as_one_text(pieces))
    assert json.loads(again[0]) == beside
    world = World()
    unpack(again[1:], world)
    assert snapshot(world) == snapshot(stage.engine.world)


# ---- over a real record

needs_postgres = pytest.mark.needs("postgres")


class Desk:
    """A record of nodes, looked at by hand: node 1 is there, node 2 comes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._in_use = asyncio.Lock()

    async def aside(self, job: Job) -> Any:
        async with self._in_use:
            return await job(self.connection)

    async def give(self, pack: Pack, number: int = 7) -> None:
        await give(self.aside, 1, Standing(2, number, 8, 9), Copy(pack))

    async def count(self) -> int:
        found: int = await self.connection.fetchval("select count(*) from veche_cluster.piece")
        return found


@pytest.fixture
def url(postgres: Postgres, database: str) -> str:
    return postgres.url(database)


@pytest.fixture
async def desk(url: str) -> AsyncIterator[Desk]:
    connection = await connect(url, "test", writes=True)
    await connection.execute(turns.SCHEMA)
    await connection.execute(
        "insert into veche_cluster.node values (1, 'up', 0), (2, 'joining in pieces', 0)"
    )
    yield Desk(connection)
    await connection.close()


@pytest.fixture
async def newcomer(url: str, desk: Desk) -> AsyncIterator[Connection]:
    connection = await connect(url, "newcomer", writes=True)
    yield connection
    await connection.close()


@needs_postgres
@pytest.mark.slow
async def test_a_newcomer_receives_what_is_given(desk: Desk, newcomer: Connection) -> None:
    waiting = asyncio.create_task(receive(newcomer, 2))
    await desk.give(lambda: TEXTS)
    assert await waiting == Standing(2, 7, 8, 9, TEXTS)
    assert await desk.count() == 0


@needs_postgres
@pytest.mark.slow
async def test_nobody_who_gives_is_waited_for_in_vain(
    desk: Desk, newcomer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "FIRST_SECONDS", 0.1)
    assert await receive(newcomer, 2) is None
    assert not await desk.connection.fetchval("select exists (select from veche_cluster.node where id = 2)")


@needs_postgres
@pytest.mark.slow
async def test_who_gives_and_dies_is_not_waited_for(desk: Desk, newcomer: Connection) -> None:
    def broken() -> Iterator[str]:
        yield "beside"
        raise ValueError("it has died")

    await desk.give(broken)
    assert await desk.count() == 2
    waiting = asyncio.create_task(receive(newcomer, 2))
    await desk.connection.execute("delete from veche_cluster.node where id = 1")
    assert await waiting is None
    assert await desk.count() == 0


@needs_postgres
@pytest.mark.slow
async def test_who_has_given_up_is_given_nothing(desk: Desk) -> None:
    await desk.connection.execute("delete from veche_cluster.node where id = 2")
    await desk.give(lambda: TEXTS)
    assert await desk.count() == 0


@needs_postgres
@pytest.mark.slow
async def test_where_all_others_are_dead_a_node_is_the_first_after_so_many_looks(
    url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coming, "BEAT_SECONDS", 0.03)
    monkeypatch.setattr(handing, "FIRST_SECONDS", 60.0)
    await desk.connection.execute("update veche_cluster.head set nodes = 2, format = $1", turns.FORMAT)
    said: list[str] = []
    async with asyncio.timeout(30):
        joined = await join(url, None, said.append)  # type: ignore[arg-type]
    assert said == ["waiting for the other nodes"]
    assert not joined.standing.parcel
    states = "select array_agg(state order by id) from veche_cluster.node"
    assert await desk.connection.fetchval(states) == ["founding"]


@needs_postgres
@pytest.mark.slow
async def test_a_node_that_wants_one_text_gets_one(desk: Desk) -> None:
    await desk.connection.execute("update veche_cluster.node set state = 'joining' where id = 2")
    world = ['{"homes":{},"nodes":[1,2]}', '{"shape":{},"world":{}}', '[["list"],["list"]]', '[["set"]]']
    await desk.give(lambda: world)
    assert await desk.count() == 0
    number, body = await desk.connection.fetchrow(
        "select number, body from veche_cluster.parcel where node = 2"
    )
    packed, beside = json.loads(body)
    assert (number, beside) == (7, {"homes": {}, "nodes": [1, 2]})
    assert json.loads(packed) == {"shape": {}, "world": {}, "entries": [["list"], ["list"], ["set"]]}


@needs_postgres
@pytest.mark.slow
async def test_one_text_of_another_node_is_taken(desk: Desk, newcomer: Connection) -> None:
    body = as_one_text(['{"nodes": [1]}', '{"shape":{},"world":{}}', '[["list"]]'])
    await desk.connection.execute("insert into veche_cluster.parcel values (2, 7, 8, 9, $1)", body)
    standing = await receive(newcomer, 2)
    assert standing is not None
    assert standing[:4] == (2, 7, 8, 9)
    assert [json.loads(piece) for piece in standing.parcel][2] == [["list"]]


@needs_postgres
@pytest.mark.slow
async def test_a_database_that_goes_away_on_the_way_is_waited_for(
    url: str, desk: Desk, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coming, "LONGEST_PAUSE", 0.02)
    said: list[str] = []
    highest = "select max(id) from veche_cluster.node"
    await desk.connection.execute("update veche_cluster.head set nodes = 2, format = $1", turns.FORMAT)
    async with asyncio.timeout(30), Proxy(postgres.port) as proxy:
        through = url.replace(f":{postgres.port}/", f":{proxy.port}/")
        task = asyncio.create_task(join(through, None, said.append))  # type: ignore[arg-type]
        while await desk.connection.fetchval(highest) < 3:
            await asyncio.sleep(0.01)
        proxy.close()
        await until(lambda: any("out of reach" in words for words in said))
        proxy.open()
        # It asks again, under another number.
        while (number := await desk.connection.fetchval(highest)) < 4:
            await asyncio.sleep(0.01)
        await give(desk.aside, 1, Standing(number, 7, 8, 9), Copy(lambda: TEXTS))
        joined = await task
        assert joined.standing == Standing(number, 7, 8, 9, TEXTS)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)
