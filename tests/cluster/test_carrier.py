"""veche.cluster.carrier: turns over a real NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from veche.cluster.carrier import MOST_BYTES, Carrier, is_url, shown
from veche.core.turns import Turn
from veche.testing.nats import Nats


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def turn(number: int, body: str = '[["Said",{"text":"ж\\n"}]]') -> Turn:
    return Turn(number, 1, 7, 1_700_000_000_000, body)


@pytest.mark.slow
@pytest.mark.needs("nats")
async def test_turns_arrive_at_the_others_and_only_there(tmp_path: Path) -> None:
    heard: list[list[Turn]] = [[], [], []]
    with Nats(tmp_path) as nats:
        one, two, stranger = (
            Carrier(nats.url, subject, into.append)
            for subject, into in zip(("a.turn", "a.turn", "b.turn"), heard, strict=True)
        )
        for carrier in (one, two, stranger):
            carrier.start()
        await until(lambda: one.is_up and two.is_up and stranger.is_up)
        await asyncio.sleep(0.1)  # subscriptions are on their way
        one.carry(turn(1))
        one.carry(turn(2, "x" * MOST_BYTES))  # too large: its number alone
        await until(lambda: len(heard[1]) == 2)
        assert heard == [[], [turn(1), turn(2, "")], []]
        # The server dies; what is told meanwhile is in the record, and what comes behind it arrives.
        nats.kill()
        await until(lambda: not one.is_up and not two.is_up)
        one.carry(turn(3))
        nats.start()
        await until(lambda: one.is_up and two.is_up)
        await asyncio.sleep(0.1)
        one.carry(turn(4))
        await until(lambda: turn(4) in heard[1])
        for carrier in (one, two, stranger):
            await carrier.close()


async def test_nobody_waits_for_a_nats_that_is_not_there() -> None:
    carrier = Carrier("nats://127.0.0.1:1", "a.turn", lambda turn: None)
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
