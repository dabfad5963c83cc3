"""People on all nodes who want one and the same nick, again and again, whatever is done to the nodes meanwhile.

The rule: who is still connected when all is well again is called what the server last told him, and of those nobody
may be called as another is.
"""

import asyncio
from collections.abc import Sequence

from veche.wire.message import Message

from .client import Client, Door

# Seconds between two tries of somebody who has not got it.
AGAIN = 0.2


class Claimant:
    """Wants the prize. `nick` is what he is called, by the server's words."""

    def __init__(self, nick: str, prize: str) -> None:
        self.nick = nick
        self.prize = prize
        self.refusals = 0
        self.client = Client(nick, self._hear)

    def _hear(self, message: Message) -> None:
        if message.command == "NICK" and message.nick == self.nick and message.params:
            self.nick = message.params[0]
        elif message.command == "433":
            self.refusals += 1

    def claim(self) -> None:
        """Try, unless it is his."""
        if self.nick != self.prize:
            self.client.send(f"NICK {self.prize}")


class Claims:
    """One of them on each node, from `enter` to `settle`."""

    def __init__(self, number: int, count: int) -> None:
        self.prize = f"prize-{number}"
        self.people = [Claimant(f"c{place}-{number}", self.prize) for place in range(count)]
        self._task: asyncio.Task[None] | None = None

    async def enter(self, doors: Sequence[Door]) -> None:
        """Everybody comes in, by a door of his own."""
        await asyncio.gather(
            *(person.client.enter(door) for person, door in zip(self.people, doors, strict=True))
        )

    def begin(self) -> None:
        """All claim at once, and whoever is refused claims again."""
        self._task = asyncio.create_task(self._go_on(), name="claims")

    async def _go_on(self) -> None:
        while True:
            for person in self.people:
                person.claim()
            await asyncio.sleep(AGAIN)

    async def settle(self) -> list[str]:
        """No new tries; what is wrong with how it ended."""
        if self._task is not None:
            self._task.cancel()
        there = [person for person in self.people if person.client.is_open]
        # What was asked is answered in order, so behind this nothing is under way; a node may still let people go.
        asks = (person.client.ask("PING :settled", "PONG") for person in there)
        await asyncio.gather(*asks, return_exceptions=True)
        there = [person for person in there if person.client.is_open]
        owners = [f"who came as {person.client.nick}" for person in there if person.nick == self.prize]
        if len(owners) > 1:
            return [f"{self.prize} is {' and '.join(owners)}"]
        if not owners and len(there) == len(self.people):
            return [f"{self.prize} is nobody, though all were here all the time"]
        return []

    def leave(self) -> None:
        """Everybody drops the connection."""
        if self._task is not None:
            self._task.cancel()
        for person in self.people:
            person.client.abort()
