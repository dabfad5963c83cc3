"""veche.state.parcel: a world as texts and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from veche.state import parcel as parcel_module
from veche.state.parcel import ParcelError, pack, unpack
from veche.state.snapshot import snapshot
from veche.state.world import World
from veche.testing.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Somebody of everything: accounts, rooms with lists, bans of networks, notes, markers."""
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send(
        "PRIVMSG NickServ :REGISTER sesame-open-9",
        "JOIN #tea,#чай",
        "MODE #tea +bkl m:*!*@bad key 20",
        "TOPIC #tea :leaves",
        "PRIVMSG ChanServ :REGISTER #tea",
        "SILENCE +evil",
        "AWAY :out",
    )
    bob.send("JOIN #tea key", "PRIVMSG #tea :hello")
    return stage


def taken_apart(world: World) -> dict[str, Any]:
    """The head of a parcel, and all entries."""
    head, *parts = map(json.loads, pack(world))
    return {**head, "entries": [entry for part in parts for entry in part]}


def put_together(parcel: dict[str, Any]) -> list[str]:
    entries = parcel.pop("entries")
    return [json.dumps(parcel), json.dumps(entries[:7]), json.dumps(entries[7:])]


def test_a_world_comes_back_as_it_was(stage: Stage) -> None:
    world = World()
    unpack(pack(stage.engine.world), world)
    assert snapshot(world) == snapshot(stage.engine.world)
    assert world.watcher is None


def test_whoever_is_in_two_places_is_one(stage: Stage) -> None:
    world = World()
    unpack(pack(stage.engine.world), world)
    ann = world.users_by_key["ann"]
    assert world.rooms["#tea"].members[ann.uid].user is ann
    assert world.present[ann.identity] is ann
    # What the owner of an account says of himself is his account's.
    assert world.profiles[ann.identity].metadata is ann.metadata
    world.rename_user(ann, "anna", "anna")
    assert world.users_by_key["anna"] is ann


@pytest.mark.parametrize(
    "break_it",
    [
        lambda parcel: parcel["shape"]["User"].append("wings"),  # and no value for it
        lambda parcel: parcel["shape"]["Account"].remove("name"),
        lambda parcel: parcel["world"].pop("rooms"),
        lambda parcel: parcel["entries"].insert(0, ["Popen", "ls"]) or parcel["world"].update(rooms=[0]),
        lambda parcel: parcel["world"].update(rooms=[10**9]),
        lambda parcel: parcel["entries"].pop(),
    ],
)  # fmt: skip
def test_what_is_no_world_of_this_version_is_refused(stage: Stage, break_it) -> None:  # type: ignore[no-untyped-def]
    parcel = taken_apart(stage.engine.world)
    break_it(parcel)
    world = World()
    with pytest.raises(ParcelError):
        unpack(put_together(parcel), world)
    assert world.users == {}


def places(parcel: dict[str, Any], kind: str) -> list[list[Any]]:
    return [entry for entry in parcel["entries"] if entry[0] == kind]


def test_a_world_of_another_version_is_understood(stage: Stage) -> None:
    parcel = taken_apart(stage.engine.world)
    # A later one, whose users have wings and whose rooms have some of a class that is not known here ...
    parcel["entries"].append(["Wings", 2])
    for kind, value in (("User", [len(parcel["entries"]) - 1]), ("Account", "blue")):
        parcel["shape"][kind].insert(0, "wings")
        for entry in places(parcel, kind):
            entry.insert(1, value)
    parcel["shape"]["Wings"] = ["count"]
    parcel["world"]["weather"] = "fine"
    # ... and an earlier one, whose users were never slow.
    at = parcel["shape"]["Member"].index("spoke")
    del parcel["shape"]["Member"][at]
    for entry in places(parcel, "Member"):
        del entry[at + 1]
    world = World()
    unpack(put_together(parcel), world)
    assert snapshot(world) == snapshot(stage.engine.world)


@pytest.mark.parametrize("pieces", [[], ["{"], ["{}"]])
def test_no_parcel_at_all_is_refused(pieces: list[str]) -> None:
    with pytest.raises(ParcelError):
        unpack(pieces, World())


def test_a_large_world_comes_in_pieces(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel_module, "_IN_A_PIECE", 5)
    pieces = list(pack(stage.engine.world))
    assert len(pieces) > 10
    assert max(map(len, pieces[1:])) < 3000
    world = World()
    unpack(pieces, world)
    assert snapshot(world) == snapshot(stage.engine.world)
    with pytest.raises(ParcelError):
        unpack(pieces[:-1], World())
