"""Conversations as the record knows them: of a room, or of two people; and which one a target means to who names it.

The rule: a target that one may not read, and one that does not exist, are both None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from veche.state.user import User
from veche.wire.names import fold, is_room

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.state.room import Room
    from veche.state.world import World


class Conversation:
    """`key` and `era` are as in the record; `name` is what it is called now: the room's name, or the other's nick."""

    __slots__ = ("era", "key", "name")

    def __init__(self, key: str, era: int, name: str) -> None:
        self.key = key
        self.era = era
        self.name = name


def conversation_of(one: str, other: str) -> str:
    """The key of a direct conversation: both identities, sorted."""
    return f"{one} {other}" if one < other else f"{other} {one}"


def of_room(world: World, room: Room) -> Conversation:
    """The conversation of a room, as its members read it."""
    return Conversation(world.conversation_of(room.key), room.created, room.name)


def find(ask: Ask, target: str) -> Conversation | None:
    """The conversation that the target means to who asks: of a room that he is in, or between him and somebody."""
    user = ask.user
    if is_room(target):
        room = ask.world.rooms.get(fold(target))
        return of_room(ask.world, room) if room is not None and user.uid in room.members else None
    other = ask.world.person(target)
    if other is None:
        return None
    name = other.nick if isinstance(other, User) else other.name
    return Conversation(conversation_of(user.identity, other.identity), 0, name)
