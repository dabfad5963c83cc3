"""What happens to a server while a fault is on its way: messages, changes of state, or both at once."""

import random
from typing import NamedTuple

from .client import all_closed
from .household import Household, Resident
from .load import Crowd, Person, Shape
from .record import Event, Step, asked_at, known_at

LOADS = ("messages", "state", "both")
KEEPERS = 3  # of rooms, in each household


class Observed(NamedTuple):
    """What was seen of each load; None where there was none of it."""

    events: list[Event] | None
    steps: list[Step] | None


class Load:
    """The people of one round: a crowd that talks in a room, a household that changes things, or both."""

    def __init__(self, which: str, room: str, number: int, shape: Shape, chance: random.Random) -> None:
        self.room = room
        self.crowd = Crowd(room, shape) if which != "state" else None
        self.household = Household(number, KEEPERS, chance) if which != "messages" else None
        self.people: list[Person | Resident] = []
        for part in (self.crowd, self.household):
            self.people += part.people if part is not None else ()

    async def enter(self, port: int) -> None:
        """Everybody is in; nothing is said and changed yet."""
        for part in (self.household, self.crowd):
            if part is not None:
                await part.enter(port)

    def begin(self) -> None:
        """Everybody speaks, and changes things, from here on."""
        for part in (self.crowd, self.household):
            if part is not None:
                part.begin()

    async def wait_closed(self, seconds: float) -> bool:
        """Wait until the server has closed every connection (and so everything that it sent has been read)."""
        return await all_closed([person.client for person in self.people], seconds)

    def fall_silent(self) -> None:
        """Nothing new is asked; answers to what is under way are still awaited."""
        for part in (self.crowd, self.household):
            if part is not None:
                part.fall_silent()

    async def wait_answered(self, seconds: float) -> bool:
        """Wait until all has been answered; False when that took too long."""
        answered = [
            await part.wait_answered(seconds) for part in (self.crowd, self.household) if part is not None
        ]
        return all(answered)

    def leave(self) -> None:
        """Everybody drops the connection."""
        for person in self.people:
            person.client.abort()

    def mark(self) -> tuple[int, int]:
        """How much has been observed by now, for `observed`."""
        return (
            len(self.crowd.events) if self.crowd is not None else 0,
            len(self.household.steps) if self.household is not None else 0,
        )

    def observed(self, mark: tuple[int, int] | None = None) -> Observed:
        """What has been observed; with a mark, only that is certain which was so then."""
        events = self.crowd.events if self.crowd is not None else None
        steps = self.household.steps if self.household is not None else None
        if mark is not None:
            events = known_at(events, mark[0]) if events is not None else None
            steps = asked_at(steps, mark[1]) if steps is not None else None
        return Observed(events, steps)
