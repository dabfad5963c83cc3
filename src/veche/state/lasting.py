"""Rooms that last: mode P, or a founder, keeps a room's topic, modes, lists and metadata when it is empty, and over
a restart.

The rule: `keep` writes down what a restart must bring back, and `restore` builds it in a world without users. Ranks of
guests are not kept: those users never come back.
"""

from collections.abc import Mapping
from typing import ClassVar

from veche.state.events import SILENCE, Audience, Fact
from veche.state.masks import parse_mask
from veche.state.ownership import Registration
from veche.state.room import LISTS, Entry, Room
from veche.state.world import World
from veche.wire.names import fold


class RoomKept(Fact):
    """A room is a lasting one, and this is how it stands. `lists`: by letter, entries of mask, setter and time."""

    __slots__ = (
        "created",
        "flags",
        "forward",
        "limit",
        "lists",
        "metadata",
        "password",
        "registration",
        "room",
        "slow",
        "topic",
        "topic_by",
        "topic_time",
    )
    defaults: ClassVar[Mapping[str, object]] = {"metadata": {}, "registration": {}}

    def __init__(self, room: str, created: int, flags: list[str]) -> None:
        super().__init__("")
        self.room = room
        self.created = created
        self.flags = flags
        self.password = ""
        self.limit = 0
        self.forward = ""
        self.slow = 0
        self.topic = ""
        self.topic_by = ""
        self.topic_time = 0
        self.lists: dict[str, list[list[str | int]]] = {}
        self.metadata: dict[str, str] = {}
        self.registration: dict[
            str, object
        ] = {}  # Registration.values(); nothing for a room that is nobody's


class RoomDropped(Fact):
    """A room need not be known after a restart any more."""

    __slots__ = ("room",)

    def __init__(self, room: str) -> None:
        super().__init__("")
        self.room = room


def keep(room: Room, flags: str = "") -> RoomKept:
    """The fact that brings this room back as it stands, with these flags besides."""
    fact = RoomKept(room.name, room.created, sorted(room.flags | set(flags)))
    fact.password = room.password
    fact.limit = room.limit
    fact.forward = room.forward
    fact.slow = room.slow
    fact.topic = room.topic
    fact.topic_by = room.topic_by
    fact.topic_time = room.topic_time
    fact.metadata = dict(room.metadata)
    if room.registration is not None:
        fact.registration = room.registration.values()
    fact.lists = {
        letter: [[entry.mask.text, entry.by, entry.time] for entry in entries.values()]
        for letter, entries in room.lists.items()
    }
    return fact


def restore(world: World, fact: RoomKept) -> Audience:
    """The room is there as it was, with nobody in it."""
    key = fold(fact.room)
    room = Room(fact.room, key, fact.created)
    room.flags.update(fact.flags)
    room.is_awaiting = True
    room.password = fact.password
    room.limit = fact.limit
    room.forward = fact.forward
    room.slow = fact.slow
    room.topic = fact.topic
    room.topic_by = fact.topic_by
    room.topic_time = fact.topic_time
    room.metadata.update(fact.metadata)
    if fact.registration:
        room.registration = Registration.from_values(fact.registration)
    for letter in LISTS:
        for text, by, time in fact.lists.get(letter, []):
            mask = parse_mask(str(text))
            if mask is not None:
                room.lists[letter][fold(mask.text)] = Entry(mask, str(by), int(time))
                room.has_timed = room.has_timed or bool(mask.minutes)
    world.rooms[key] = room
    return SILENCE


def drop(world: World, fact: RoomDropped) -> Audience:
    """The room is not there."""
    world.rooms.pop(fold(fact.room), None)
    return SILENCE


def lasting_rooms(world: World) -> list[Fact]:
    """The facts that bring back every lasting room."""
    return [keep(room) for room in world.rooms.values() if room.is_lasting()]
