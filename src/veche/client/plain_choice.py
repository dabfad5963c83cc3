"""Whom a person can talk to, numbered, and what a number or a name means.

The rule: pure. A number means what it meant when the list was last shown; names come from the server and are shown
only after `text.plain`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from veche.client.text import plain
from veche.phrases import Phrases

# More than this of either kind is no list to choose from; the rest can be named.
MOST_ROOMS = 50
MOST_PEOPLE = 100


@dataclass(frozen=True, slots=True)
class RoomRow:
    """One room of the list: how many people, or None where nobody tells."""

    name: str
    people: int | None = None
    topic: str = ""


class Choices:
    """The numbered list as it was last shown."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def renew(self, rooms: Sequence[RoomRow], people: Sequence[str]) -> None:
        """Number anew: rooms first, then people."""
        self.names = [row.name for row in rooms[:MOST_ROOMS]] + list(people[:MOST_PEOPLE])

    def resolve(self, word: str, same: Callable[[str, str], bool]) -> str | None:
        """The name that a number or a name of the list means; None for neither."""
        if word.isdecimal():
            index = int(word) if len(word) < 6 else 0
            return self.names[index - 1] if 0 < index <= len(self.names) else None
        return next((name for name in self.names if same(name, word)), None)


def list_lines(say: Phrases, rooms: Sequence[RoomRow], people: Sequence[str], current: str) -> list[str]:
    """The list as lines to show, numbered as `Choices.renew` numbers them."""
    lines = [say("list_rooms")] if rooms else []
    width = max([len(plain(row.name)) for row in rooms[:MOST_ROOMS]], default=0)
    for number, row in enumerate(rooms[:MOST_ROOMS], start=1):
        count = "" if row.people is None else say.count("people_count", row.people)
        here = say("list_here") if row.name == current else ""
        words = [f"{number:3}. {plain(row.name):{width}}", count, here, plain(row.topic)]
        lines.append("  ".join(word for word in words if word).rstrip())
    if len(rooms) > MOST_ROOMS:
        lines.append(say.count("list_more", len(rooms) - MOST_ROOMS))
    lines.append(say("list_people") if people else say("list_nobody"))
    for number, nick in enumerate(people[:MOST_PEOPLE], start=len(rooms[:MOST_ROOMS]) + 1):
        lines.append(f"{number:3}. {plain(nick)}" + ("  " + say("list_here") if nick == current else ""))
    if len(people) > MOST_PEOPLE:
        lines.append(say.count("list_more", len(people) - MOST_PEOPLE))
    return lines
