"""veche.net.shell: turns of the loop, answers from other threads, and the clock and chance of the real world."""

from __future__ import annotations

import asyncio
import threading

from tests.net.conftest import House
from veche.net.shell import Shell, SystemChance, SystemClock
from veche.testing.pipe import FakePipe
from veche.wire.msgids import time_of_msgid


async def test_many_calls_are_one_turn(house: House) -> None:
    pipe = FakePipe()
    session = house.engine.connect(pipe, "", "irc")
    assert session is not None
    for number in range(10):
        house.engine.receive(session, f"PING {number}\r\n".encode())
        house.shell.touch()
    assert pipe.writes == 0
    await asyncio.sleep(0)
    assert pipe.writes == 1
    assert pipe.received.count(b"PONG") == 10
    house.engine.closed(session, "gone")


async def test_an_answer_from_another_thread_comes_into_the_loop(house: House) -> None:
    heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    thread = threading.Thread(
        target=lambda: house.shell.post(lambda: heard.set_result(threading.get_ident()))
    )
    thread.start()
    async with asyncio.timeout(5):
        assert await heard == threading.get_ident()
    thread.join()


def test_an_answer_after_the_end_is_nothing() -> None:
    loop = asyncio.new_event_loop()
    shell = Shell(loop)
    loop.close()
    shell.post(lambda: None)


async def test_a_deadline_is_met(house: House) -> None:
    met: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    now = house.engine.clock.monotonic()
    house.engine.timers.at(now + 3600, lambda: None)
    house.engine.timers.at(now + 0.01, lambda: met.set_result(None))
    house.shell.touch()
    async with asyncio.timeout(5):
        await met


async def test_a_nearer_deadline_takes_the_place_of_a_far_one(house: House) -> None:
    house.shell.touch()
    await asyncio.sleep(0)
    met: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    house.engine.timers.at(house.engine.clock.monotonic() + 0.01, lambda: met.set_result(None))
    house.shell.touch()
    async with asyncio.timeout(1):
        await met


def test_chance_does_not_repeat_itself() -> None:
    # message-ids: "Uniqueness in this context means that any other message transmitted on the entire network at any
    # time MUST NOT share the same value." Two processes, as before and after a restart, in one millisecond:
    chance, another = SystemChance(), SystemChance()
    msgids = [each.msgid(1767268800000) for _ in range(1000) for each in (chance, another)]
    assert len(set(msgids)) == 2000
    assert {time_of_msgid(msgid) for msgid in msgids} == {1767268800000}
    assert len({chance.uid() for _ in range(2000)}) == 2000
    assert all(len({msgid[at] for msgid in msgids}) > 50 for at in range(10, 29))


def test_the_clock_is_the_machines() -> None:
    clock = SystemClock()
    assert clock.now() > 1767268800
    assert clock.monotonic() <= clock.monotonic()
