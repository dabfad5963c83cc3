"""veche.state.snapshot: every part of the world is in it, so that no difference escapes the comparison."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from veche.state.room import Room
from veche.state.snapshot import snapshot
from veche.state.user import User
from veche.state.world import World
from veche.testing.rooms import list_mask


def build() -> tuple[World, User, Room]:
    world = World()
    user = User("u1", "ann", "ann", "~ann", "there", "Ann", 5)
    world.add_user(user)
    room = Room("#tea", "#tea", 7)
    world.add_member(room, user, "o")
    return world, user, room


Change = Callable[[World, User, Room], object]

CHANGES: dict[str, Change] = {
    "nick": lambda world, user, room: world.rename_user(user, "anna", "anna"),
    "real_name": lambda world, user, room: setattr(user, "real_name", "x"),
    "account": lambda world, user, room: setattr(user, "account", "x"),
    "away": lambda world, user, room: setattr(user, "away", "x"),
    "modes": lambda world, user, room: world.set_modes(user, frozenset("i")),
    "signed_on": lambda world, user, room: setattr(user, "signed_on", 6),
    "invitations": lambda world, user, room: user.invitations.update({"#milk": 1}),
    "rooms": lambda world, user, room: world.remove_member(room, user),
    "name": lambda world, user, room: setattr(room, "name", "#TEA"),
    "created": lambda world, user, room: setattr(room, "created", 8),
    "topic": lambda world, user, room: setattr(room, "topic", "x"),
    "topic_by": lambda world, user, room: setattr(room, "topic_by", "x"),
    "topic_time": lambda world, user, room: setattr(room, "topic_time", 9),
    "flags": lambda world, user, room: room.flags.add("m"),
    "password": lambda world, user, room: setattr(room, "password", "x"),
    "limit": lambda world, user, room: setattr(room, "limit", 9),
    "ranks": lambda world, user, room: setattr(room.members["u1"], "ranks", "v"),
    "lists": lambda world, user, room: list_mask(room, "b", "x!*@*"),
    "forward": lambda world, user, room: setattr(room, "forward", "#milk"),
    "slow": lambda world, user, room: setattr(room, "slow", 5),
}


@pytest.mark.parametrize("part", sorted(CHANGES))
def test_every_change_can_be_seen(part: str) -> None:
    world, user, room = build()
    before = snapshot(world)
    CHANGES[part](world, user, room)
    assert snapshot(world) != before


def test_two_worlds_of_one_history_are_equal() -> None:
    assert snapshot(build()[0]) == snapshot(build()[0])
