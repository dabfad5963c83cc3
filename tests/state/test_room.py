"""veche.state.room: the questions that features ask of a room."""

from __future__ import annotations

import pytest

from veche.state.room import Room
from veche.state.user import User
from veche.state.world import World
from veche.testing.rooms import list_mask


def furnish(*ranks: str) -> tuple[World, Room, list[User]]:
    """A room with one member for each string of ranks, and the last user outside of it."""
    world = World()
    room = Room("#tea", "#tea", 7)
    users = []
    for index, rank in enumerate([*ranks, None]):
        user = User(f"u{index}", f"n{index}", f"n{index}", "~n", "there", "N", 0)
        world.add_user(user)
        users.append(user)
        if rank is not None:
            world.add_member(room, user, rank)
    return world, room, users


def test_a_member_shows_his_ranks() -> None:
    _, room, _ = furnish("ov", "v", "")
    members = list(room.members.values())
    assert [member.prefix for member in members] == ["@", "+", ""]
    assert [member.prefixes for member in members] == ["@+", "+", ""]
    assert [room.is_operator(f"u{index}") for index in range(4)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("flags", "may"),
    [("", [True, True, True, True]), ("n", [True, True, True, False]), ("m", [True, True, False, False])],
)
def test_who_may_speak(flags: str, may: list[bool]) -> None:
    _, room, users = furnish("o", "v", "")
    room.flags.update(flags)
    assert [room.may_speak(user, 0) for user in users] == may


def test_a_ban_silences_members_without_rank() -> None:
    _, room, users = furnish("o", "v", "")
    list_mask(room, "b", "n*!*@*")
    assert [room.may_speak(user, 0) for user in users[:3]] == [True, True, False]
    assert room.is_banned(users[3], 0)


def test_a_ban_is_judged_anew_after_a_change_of_list_or_nick() -> None:
    world, room, users = furnish("")
    user = users[0]
    list_mask(room, "b", "bad!*@*")
    assert room.may_speak(user, 0)
    world.rename_user(user, "Bad", "bad")
    assert not room.may_speak(user, 0)
    room.lists["b"].clear()
    room.lists_mark += 1
    assert room.may_speak(user, 0)


def test_masks_are_matched_folded() -> None:
    world, room, users = furnish("")
    world.rename_user(users[0], "Женя", "женя")
    list_mask(room, "b", "ЖЕН?!*@*")
    assert room.is_banned(users[0], 0)


def test_a_mute_keeps_nobody_out() -> None:
    _, room, users = furnish("")
    list_mask(room, "b", "m:n?!*@*")
    assert not room.may_speak(users[0], 0)
    assert not room.is_banned(users[1], 0)


def test_an_exemption_is_stronger_than_a_ban() -> None:
    _, room, users = furnish("")
    list_mask(room, "b", "*!*@*")
    list_mask(room, "e", "n0!*@*")
    assert room.may_speak(users[0], 0)
    assert not room.is_banned(users[0], 0)
    assert room.is_banned(users[1], 0)


def test_a_timed_ban_ends_by_itself() -> None:
    _, room, users = furnish("")
    list_mask(room, "b", "t:2:*!*@*", time=1000)
    assert not room.may_speak(users[0], 1_119_999)
    assert room.may_speak(users[0], 1_120_000)


def test_in_an_auditorium_only_ranks_are_seen() -> None:
    world, room, users = furnish("o", "", "")
    room.flags.add("u")
    members = list(room.members.values())
    assert [room.sees("u1", member) for member in members] == [True, True, False]
    assert [room.sees("u0", member) for member in members] == [True, True, True]
    assert list(world.onlookers(room, users[1])) == ["u0", "u1"]
    assert world.onlookers(room, users[0]) is room.members
    assert world.peers(users[2]) == {"u0"}


def test_a_lasting_room_stays_when_it_is_empty() -> None:
    world, room, users = furnish("")
    room.flags.add("P")
    world.remove_member(room, users[0])
    assert world.rooms == {"#tea": room}
    room.flags.discard("P")
    world.forget_if_empty(room)
    assert world.rooms == {}


def test_an_invitation_is_into_one_incarnation() -> None:
    _, room, users = furnish("")
    users[1].invitations["#tea"] = 7
    assert room.has_invited(users[1])
    room.created = 8
    assert not room.has_invited(users[1])


def test_a_secret_room_is_for_its_members() -> None:
    _, room, users = furnish("")
    assert room.is_visible_to(users[1].uid)
    room.flags.add("s")
    assert room.is_visible_to(users[0].uid)
    assert not room.is_visible_to(users[1].uid)


def test_modes_are_shown_in_order() -> None:
    _, room, _ = furnish("")
    assert room.modes() == "+"
    assert not room.is_closed()
    room.flags.update("ts")
    room.limit = 5
    room.password = "x"
    assert room.modes() == "+klst"
    assert room.is_closed()
    assert repr(room) == "<Room #tea +klst 1 members>"
    room.password = ""
    room.flags.add("i")
    assert room.is_closed()
