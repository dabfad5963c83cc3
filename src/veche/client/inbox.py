"""Events on their way to whoever reads them, and the sign that there is something new.

The rule: a writer never waits. Beyond `limit` unread events the oldest are dropped and `EventsDropped` says how many.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from veche.client.events import Event, EventsDropped


class Inbox:
    """A queue of events for one reader."""

    def __init__(self, limit: int, clock: Callable[[], datetime]) -> None:
        self._limit = limit
        self._clock = clock
        self._events: deque[Event] = deque()
        self._dropped = 0
        self._is_closed = False
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event."""
        self._events.append(event)
        if len(self._events) > self._limit:
            self._events.popleft()
            self._dropped += 1
        self._news.set()

    def close(self) -> None:
        """Nothing more will come; what is here can still be read."""
        self._is_closed = True
        self._news.set()

    async def read(self) -> AsyncIterator[Event]:
        """The events, one after another, until there will be no more."""
        while True:
            if self._dropped:
                count, self._dropped = self._dropped, 0
                yield EventsDropped(time=self._clock(), count=count)
            elif self._events:
                yield self._events.popleft()
            elif self._is_closed:
                return
            else:
                self._news.clear()
                await self._news.wait()
