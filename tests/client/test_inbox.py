"""Events on their way to their reader."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from veche.client.events import EventsDropped, Registered
from veche.client.inbox import Inbox

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def registered(nick: str) -> Registered:
    return Registered(time=NOW, nick=nick)


async def test_a_reader_waits_for_news_and_sees_the_end() -> None:
    inbox = Inbox(10, lambda: NOW)

    async def read() -> list[object]:
        return [event async for event in inbox.read()]

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)
    inbox.put(registered("ann"))
    inbox.close()
    assert await reader == [registered("ann")]


async def test_beyond_the_limit_the_oldest_are_dropped_and_counted() -> None:
    inbox = Inbox(2, lambda: NOW)
    for nick in "abcde":
        inbox.put(registered(nick))
    inbox.close()
    assert [event async for event in inbox.read()] == [
        EventsDropped(time=NOW, count=3),
        registered("d"),
        registered("e"),
    ]
