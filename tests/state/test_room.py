"""veche.state.room: the questions that features ask of a room."""

from __future__ import annotations

import pytest

from veche.state.room import Ban, Room
from veche.state.user import User
from veche.state.world import World


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
    assert [room.may_speak(user.uid) for user in users] == may


def test_a_ban_silences_members_without_rank() -> None:
    _, room, users = furnish("o", "v", "")
    room.bans["n*!*@*"] = Ban("n*!*@*", "ann", 0)
    room.bans_mark += 1
    assert [room.may_speak(user.uid) for user in users[:3]] == [True, True, False]
    assert room.is_banned(users[3])


def test_a_ban_is_judged_anew_after_a_change_of_list_or_nick() -> None:
    world, room, users = furnish("")
    user = users[0]
    room.bans["bad!*@*"] = Ban("bad!*@*", "ann", 0)
    room.bans_mark += 1
    assert room.may_speak(user.uid)
    world.rename_user(user, "Bad", "bad")
    assert not room.may_speak(user.uid)
    room.bans.clear()
    room.bans_mark += 1
    assert room.may_speak(user.uid)


def test_masks_are_matched_folded() -> None:
    world, room, users = furnish("")
    world.rename_user(users[0], "Женя", "женя")
    room.bans["жен?!*@*"] = Ban("ЖЕН?!*@*", "ann", 0)
    assert room.is_banned(users[0])


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
