"""veche.cluster.carrier: turns over a real NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from veche.cluster.carrier import MOST_CHARS, SEAL_BYTES, Carrier, is_url, shown
from veche.core.sheets import NOTHING
from veche.core.turns import NO_PARTS, Turn
from veche.testing.nats import Nats


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def turn(number: int, body: str = '{"k":{"Said":"text"},"f":[[0,"Said","",["ж\\n"]]]}', **parts: str) -> Turn:
    by_node = {int(name[1:]): part for name, part in parts.items()}
    return Turn(number, 1, 7, 1_700_000_000_000, body, by_node or NO_PARTS)


class Node:
    """A carrier, and what it has heard."""

    def __init__(self, url: str, number: int, subject: str = "a", key: bytes = b"k" * 32) -> None:
        self.heard: list[Turn] = []
        self.passing: list[str] = []
        self.carrier = Carrier(url, subject, number, key, self.heard.append, self.passing.append)
        self.carrier.start()


async def open_nodes(*nodes: Node) -> None:
    await until(lambda: all(node.carrier.is_up for node in nodes))
    await asyncio.sleep(0.1)  # subscriptions are on their way


async def close_nodes(*nodes: Node) -> None:
    for node in nodes:
        await node.carrier.close()


@pytest.mark.slow
@pytest.mark.needs("nats")
async def test_turns_arrive_at_the_others_and_only_there(tmp_path: Path) -> None:
    with Nats(tmp_path) as nats:
        one, two, stranger = Node(nats.url, 1), Node(nats.url, 2), Node(nats.url, 3, "b")
        await open_nodes(one, two, stranger)
        one.carrier.carry(turn(1))
        one.carrier.carry(turn(2, "x" * (MOST_CHARS + 1)))  # too large: its number alone
        await until(lambda: len(two.heard) == 2)
        assert (one.heard, two.heard, stranger.heard) == ([], [turn(1), turn(2, "")], [])
        # The server dies; what is told meanwhile is in the record, and what comes behind it arrives.
        nats.kill()
        await until(lambda: not one.carrier.is_up and not two.carrier.is_up)
        one.carrier.carry(turn(3))
        nats.start()
        await open_nodes(one, two)
        one.carrier.carry(turn(4))
        await until(lambda: turn(4) in two.heard)
        await close_nodes(one, two, stranger)


@pytest.mark.slow
@pytest.mark.needs("nats")
async def test_that_nats_is_away_is_said_unless_we_end_as_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def said() -> list[str]:
        return [record.message for record in caplog.records if record.levelname == "WARNING"]

    with Nats(tmp_path) as nats:
        one, two = Node(nats.url, 1), Node(nats.url, 2)
        await open_nodes(one, two)
        two.carrier.is_ending = True
        nats.kill()
        await until(lambda: bool(said()))
        nats.start()
        await until(lambda: len(said()) == 2)
        assert ["out of reach" in said()[0], "is back" in said()[1]] == [True, True]
        # Whoever ends us ends it too, and in whatever order.
        nats.kill()
        await until(lambda: not one.carrier.is_up and not two.carrier.is_up)
        await close_nodes(one, two)
        await asyncio.sleep(1.0)
        assert len(said()) == 2


@pytest.mark.slow
@pytest.mark.needs("nats")
async def test_a_node_hears_its_own_part_and_of_all_else_the_place(tmp_path: Path) -> None:
    with Nats(tmp_path) as nats:
        one, two, three = (Node(nats.url, number) for number in (1, 2, 3))
        await open_nodes(one, two, three)
        long = "for two " * 5000
        for number in range(1, 51):
            one.carrier.carry(turn(number, NOTHING, n2=f"{long}{number}"))
        one.carrier.carry(turn(51, NOTHING))
        one.carrier.pass_on({2: "typing"})
        await until(lambda: len(two.heard) == len(three.heard) == 51 and bool(two.passing))
        assert two.heard[:50] == [turn(n, f"{NOTHING}\n{long}{n}") for n in range(1, 51)]
        assert three.heard == [turn(number, NOTHING) for number in range(1, 52)]
        assert (two.passing, three.passing) == (["typing"], [])
        assert two.carrier.heard_bytes > 50 * len(long)
        assert three.carrier.heard_bytes < 51 * 60
        await close_nodes(one, two, three)


@pytest.mark.slow
@pytest.mark.needs("nats")
async def test_nobody_but_nodes_is_believed(tmp_path: Path) -> None:
    with Nats(tmp_path) as nats:
        node, forger = Node(nats.url, 1), Node(nats.url, 2, key=b"another key".ljust(32))
        await open_nodes(node, forger)
        forger.carrier.carry(turn(1))
        forger.carrier.pass_on({1: "typing"})
        for data in (b"", b"x" * SEAL_BYTES, b"x" * SEAL_BYTES + b"\xff", b"1 2 3 4 \n{}"):
            await forger.carrier._client.publish("a.turn", data)
        await until(lambda: node.carrier.refused == 6)
        assert (node.heard, node.passing) == ([], [])
        await close_nodes(node, forger)


async def test_a_part_that_has_not_come_leaves_its_turn_to_the_record() -> None:
    heard: list[Turn] = []
    carrier = Carrier("nats://127.0.0.1:1", "a", 2, b"k" * 32, heard.append, lambda _: None)
    carrier._hear_turn("7 1 5 6 2,3", NOTHING)
    carrier._hear_part("8", "late")
    carrier._hear_turn("8 1 5 6 2", NOTHING)
    assert heard == [Turn(7, 1, 5, 6, ""), Turn(8, 1, 5, 6, f"{NOTHING}\nlate")]


async def test_nobody_waits_for_a_nats_that_is_not_there() -> None:
    carrier = Carrier("nats://127.0.0.1:1", "a", 1, b"k" * 32, lambda turn: None, lambda body: None)
    carrier.start()
    for number in range(5000):
        carrier.carry(turn(number))
    assert not carrier.is_up
    await carrier.close()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("nats://host:4222", True),
        ("nats://a,tls://b:4443", True),
        ("nats://", False),
        ("http://host", False),
        ("nats://a,b", False),
        ("", False),
    ],
)
def test_addresses(text: str, is_one: bool) -> None:
    assert is_url(text) is is_one


def test_passwords_are_not_shown() -> None:
    assert shown("nats://me:secret@a:4222,tls://b") == "nats://a:4222,tls://b"
