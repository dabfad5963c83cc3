"""veche.store.postgresql.turns: whose turn it is, with several nodes at one real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from veche.core.ports import Record, Sent, StoreRefused
from veche.core.turns import OutOfReach, Overtaken, Removed, Turn
from veche.store.postgresql import coming, schema, turns
from veche.store.postgresql.coming import join
from veche.store.postgresql.handing import Copy, give
from veche.store.postgresql.link import LinkError, connect
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.seat import Seat, TakenError
from veche.store.postgresql.turns import SharedTurns, Silence, open_link
from veche.testing.postgres_proxy import Proxy

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]


WORLD = ("what is beside", "a world", "and more of it")


class Home:
    """Nodes whose loop thread is the test's own loop."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.thread: Any = _Here()
        self.nodes: list[SharedTurns] = []

    async def add(self, url: str = "") -> SharedTurns:
        """Another node; the first one hands it a world."""
        coming = asyncio.create_task(join(url or self.url, self.thread, lambda words: None))
        if self.nodes:
            await self._hand_over(self.nodes[0], coming)
        node = await coming
        await node._is_up()
        self.nodes.append(node)
        return node

    async def _hand_over(self, first: SharedTurns, coming: asyncio.Task[SharedTurns]) -> None:
        known = 0
        while not coming.done():
            for turn in await first._fetch(known):
                known = turn.number
                if '"*came"' in turn.body:
                    standing = turns.Standing(turn.node, turn.number, 5, 6)
                    copy = Copy(lambda: WORLD)
                    await give(first._aside, first.standing.node, standing, copy)
            await asyncio.sleep(0.02)


class _Here:
    """In the place of a LoopThread."""

    post = LoopThread.post


@pytest.fixture
async def home(postgres: Postgres, database: str) -> AsyncIterator[Home]:
    url = postgres.url(database)
    connection = await connect(url, "making", writes=True)
    await schema.bring_up_to_date(connection, url, schema.known_migrations())
    await connection.close()
    home = Home(url)
    yield home
    for node in home.nodes:
        await node.leave()


def said(seq: int, text: str) -> Record:
    return Record(
        seq=seq, msgid=f"m{seq}", time=1000 + seq, conversation="#tea", era=0, command="PRIVMSG",
        source="ann!a@h", sender="u1", account="", target="#tea", tags="", text=text,
    )  # fmt: skip


async def say(node: SharedTurns, text: str, after: int = 0) -> Turn:
    head = await node._take(after)
    turn = Turn(head.number + 1, node.standing.node, head.seq + 1, head.time + 1, f'["{text}"]')
    await node._put(turn, [said(turn.seq, text)])
    return turn


async def texts(home: Home) -> list[str]:
    connection = await connect(home.url, "looking", writes=False)
    found = await connection.fetch("select text from message order by seq")
    await connection.close()
    return [row[0] for row in found]


async def test_the_first_node_begins_and_others_are_handed_the_world(home: Home) -> None:
    first = await home.add()
    assert not first.standing.parcel
    second = await home.add()
    assert second.standing[:4] == (second.standing.node, 1, 5, 6)
    assert second.standing.node != first.standing.node


async def test_who_has_the_turn_is_alone_and_the_next_sees_what_was_done(home: Home) -> None:
    first, second = await home.add(), await home.add()
    head = await first._take(0)
    waiting = asyncio.create_task(second._take(1))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    turn = Turn(head.number + 1, first.standing.node, 10, 20, "[]")
    await first._put(turn, [said(10, "hello")])
    got = await waiting
    assert (got.number, got.seq, got.time) == (turn.number, 10, 20)
    assert got.missed == [turn]
    await second._give_back()
    assert await texts(home) == ["hello"]


async def test_fifty_turns_of_three_nodes_are_one_row_each_in_order(home: Home) -> None:
    nodes = [await home.add() for _ in range(3)]

    async def talk(node: SharedTurns, name: int) -> None:
        for number in range(17):
            await say(node, f"{name} {number}")

    await asyncio.gather(*(talk(node, name) for name, node in enumerate(nodes)))
    written = [turn for turn in await nodes[0]._fetch(0) if "*came" not in turn.body]
    assert [turn.number for turn in written] == list(range(3, 54))
    assert [turn.body for turn in written] == [f'["{text}"]' for text in await texts(home)]


async def test_a_node_that_was_removed_writes_nothing_any_more(home: Home) -> None:
    first, second = await home.add(), await home.add()
    connection = await connect(home.url, "looking", writes=False)
    beat = await connection.fetchval(
        "select beat from veche_cluster.node where id = $1", second.standing.node
    )
    await connection.close()
    assert not await first._remove(second.standing.node, beat + 1)
    assert await first._remove(second.standing.node, beat)
    with pytest.raises(Removed):
        await second._take(0)
    with pytest.raises(Removed):
        await second._beat()
    await say(first, "still here")


async def test_who_stands_idle_in_his_turn_loses_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "IDLE_SECONDS", 0.3)
    first, second = await home.add(), await home.add()
    head = await first._take(0)
    turn = await say(second, "went on")  # once the first has lost it
    with pytest.raises(Overtaken):
        await first._put(Turn(head.number + 1, first.standing.node, 9, 9, "[]"), [said(9, "too late")])
    assert (await first._take(turn.number)).missed == []
    await first._give_back()
    assert await texts(home) == ["went on"]


async def test_silence_is_counted_in_looks(home: Home) -> None:
    first, second = await home.add(), await home.add()
    for _ in range(turns.SILENT_LOOKS + 3):
        await second._beat()
        assert (await first._beat())[2] == []
    gone = [(await first._beat())[2] for _ in range(turns.SILENT_LOOKS + 1)]
    assert [numbers for numbers in gone if numbers] == [[second.standing.node]]


def test_only_silence_in_a_row_counts() -> None:
    silence = Silence()
    for look in range(50):
        assert silence.look({1: look // 5, 2: look}) == []
    found = [silence.look({1: 10, 2: 50 + look}) for look in range(turns.SILENT_LOOKS + 1)]
    assert found == [[]] * turns.SILENT_LOOKS + [[1]]


@pytest.mark.parametrize("which", ["kept", "lost"])
async def test_what_became_of_a_commit_without_an_answer_is_found_out(
    home: Home, postgres: Postgres, database: str, which: str
) -> None:
    async with Proxy(postgres.port) as way:
        node = await home.add(postgres.url(database, port=way.port))
        await say(node, "before")
        head = await node._take(1)
        turn = Turn(head.number + 1, node.standing.node, 50, 60, "[]")
        way.cut_at_commit("kept" if which == "kept" else "lost")
        putting = asyncio.create_task(node._put(turn, [said(50, "cut")]))
        if which == "kept":
            await putting
        else:
            with pytest.raises(Overtaken):
                await putting
        assert await texts(home) == (["before", "cut"] if which == "kept" else ["before"])


async def test_a_database_that_is_away_is_said_and_comes_back(home: Home, postgres: Postgres) -> None:
    node = await home.add()
    postgres.stop("immediate")
    try:
        with pytest.raises(OutOfReach):
            await node._take(0)
        assert node.trouble
    finally:
        postgres.start()
    await say(node, "back")
    assert node.trouble == ""


async def test_a_row_that_is_refused_is_said_to_be(home: Home) -> None:
    node = await home.add()
    head = await node._take(0)
    with pytest.raises(StoreRefused):
        await node._put(Turn(head.number + 1, node.standing.node, 1, 1, "[]"), [said(1, "nul \0")])
    await say(node, "next")
    assert await texts(home) == ["next"]


async def test_what_was_said_with_an_id_is_known_in_the_turn(home: Home) -> None:
    first, second = await home.add(), await home.add()
    head = await first._take(0, [77, 78], 0)
    assert head.said == {}
    record = said(9, "once")
    record.sent, record.era = 77, 5
    taking = asyncio.create_task(second._take(1, [77, 78], 1000))  # asked before it was said
    await asyncio.sleep(0.1)
    await first._put(Turn(head.number + 1, first.standing.node, 9, 1009, "{}"), [record])
    head = await taking
    assert head.said == {77: Sent("#tea", 5, "m9", 1009)}
    assert [turn.seq for turn in head.missed] == [9]
    await second._give_back()
    assert (await second._take(2, [77], 1009)).said == {}
    await second._give_back()


async def test_a_node_reads_its_own_part(home: Home) -> None:
    first, second, third = await home.add(), await home.add(), await home.add()
    head = await first._take(0)
    parts = {second.standing.node: """its 'part' \\ E'\\n' $1""", 99: "another's"}
    turn = Turn(head.number + 1, first.standing.node, 1, 1, "it's for all", parts)
    await first._put(turn, [])
    for node in (first, second, third):
        assert await node._fetch(head.number) == [turn.for_node(node.standing.node)]
    assert (await second._take(head.number)).missed == [turn.for_node(second.standing.node)]
    await second._give_back()


async def test_nodes_that_write_otherwise_do_not_come_beside_one_another(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.add()
    monkeypatch.setattr(coming, "FORMAT", turns.FORMAT + 1)
    with pytest.raises(LinkError, match="version"):
        await join(home.url, home.thread, lambda words: None)
    await home.nodes.pop().leave()
    await home.add()


async def test_nodes_and_a_server_that_is_alone_keep_each_other_out(home: Home) -> None:
    await home.add()
    with pytest.raises(TakenError):
        await Seat.take(home.url, "alone")
    await home.nodes.pop().leave()
    alone = await Seat.take(home.url, "alone")
    with pytest.raises(LinkError):
        await open_link(home.url, "node")
    await alone.close()
