"""What the client knows of rooms, people and the server."""

from __future__ import annotations

import pytest

from veche.client.model import Member, Model, Room


@pytest.mark.parametrize(
    ("mapping", "same"),
    [("ascii", False), ("rfc1459", True), ("rfc1459-strict", True), ("unheard-of", False)],
)
def test_casemapping_is_the_servers(mapping: str, same: bool) -> None:
    model = Model("ann")
    model.learn_tokens([f"CASEMAPPING={mapping}"])
    assert model.same("Bob[1]", "bob{1}") is same
    assert model.same("БОРИС", "борис")


def test_a_server_that_does_not_say_has_the_old_casemapping() -> None:
    assert Model("ann").same("a~", "A^")
    strict = Model("ann")
    strict.learn_tokens(["CASEMAPPING=rfc1459-strict"])
    assert not strict.same("a~", "A^")


def test_a_change_of_casemapping_finds_the_rooms_again() -> None:
    model = Model("ann")
    model.rooms[model.fold("#a[")] = Room("#a[")
    model.learn_tokens(["CASEMAPPING=ascii"])
    assert model.room("#A[") is not None


def test_ranks_follow_prefix() -> None:
    model = Model("ann")
    model.learn_tokens(["PREFIX=(qov)~@+"])
    member = model.parse_member("~+bob!b@host")
    assert (member.nick, member.ranks) == ("bob", "~+")
    model.change_rank(member, "o", gained=True)
    assert member.ranks == "~@+"
    model.change_rank(member, "q", gained=False)
    model.change_rank(member, "z", gained=True)
    assert member.ranks == "@+"


def test_a_server_without_prefixes_has_no_ranks() -> None:
    model = Model("ann")
    model.learn_tokens(["PREFIX"])
    assert model.parse_member("@bob").nick == "@bob"


def test_room_signs_and_status_targets() -> None:
    model = Model("ann")
    assert model.is_room("&local")
    model.learn_tokens(["CHANTYPES=#", "STATUSMSG=@+"])
    assert not model.is_room("&local")
    assert not model.is_room("")
    assert model.without_status("@#tea") == "#tea"
    assert model.without_status("@bob") == "@bob"


def test_a_token_can_be_taken_back() -> None:
    model = Model("ann")
    model.learn_tokens(["CHANTYPES=!", "CHATHISTORY=50"])
    model.learn_tokens(["-CHANTYPES", "-NEVER"])
    assert model.is_room("#tea")
    assert model.number("CHATHISTORY", 7) == 50


@pytest.mark.parametrize("value", ["", "x", "-5", "1" * 5000, "٣"])
def test_a_number_that_is_none_is_the_default(value: str) -> None:
    model = Model("ann")
    model.learn_tokens([f"CHATHISTORY={value}"])
    assert model.number("CHATHISTORY", 7) == 7


def test_people_are_those_of_all_rooms_but_us() -> None:
    model = Model("ann")
    for name, nicks in (("#tea", "Ann bob"), ("#milk", "ann cid BOB")):
        room = model.rooms[model.fold(name)] = Room(name)
        for nick in nicks.split():
            room.add(model.fold(nick), Member(nick))
    assert model.people() == ["BOB", "cid"]
    assert model.rooms_of("Bob") == ("#tea", "#milk")


def test_who_comes_and_goes_during_a_names_answer_is_not_lost() -> None:
    room = Room("#tea")
    room.arriving = {"ann": Member("ann"), "bob": Member("bob")}
    room.add("cid", Member("cid"))
    room.remove("bob")
    room.rename("ann", "anna", "anna")
    room.take_arrived()
    assert room.nicks() == ["anna", "cid"]
