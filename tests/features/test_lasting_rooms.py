"""Rooms over a restart: what a lasting room was is what it is, and nothing of others is left."""

from __future__ import annotations

from veche.state.snapshot import snapshot
from veche.testing.disk import FakeDisk
from veche.testing.stage import Stage, quiet_settings


def restart(stage: Stage) -> Stage:
    """Another run of the server over what the first one stored."""
    settings = quiet_settings()
    settings.lobby = stage.engine.settings.lobby
    disk = FakeDisk()
    disk.facts.extend(stage.disk.facts)
    disk.records.extend(stage.disk.records)
    return Stage(settings, disk=disk)


def with_lobby() -> Stage:
    settings = quiet_settings()
    settings.lobby = "#lobby"
    return Stage(settings)


def test_the_lobby_keeps_its_topic() -> None:
    stage = with_lobby()
    ann = stage.enter("ann")
    ann.send("TOPIC #lobby :Welcome, and wipe your feet", "JOIN #tea", "TOPIC #tea :Oolong")
    again = restart(stage)
    assert list(again.engine.world.rooms) == ["#lobby"]
    bob = again.enter("bob")
    bob.take()
    bob.send("TOPIC #lobby")
    assert bob.take()[0] == ":irc.example 332 bob #lobby :Welcome, and wipe your feet"


def test_a_lasting_room_is_brought_back_whole() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "TOPIC #tea :Oolong", "MODE #tea +bk t:10:m:bob key")
    stage.engine.world.set_modes(stage.engine.world.users_by_key["ann"], frozenset("o"))
    ann.send(
        "MODE #tea +P",
        "MODE #tea +slf 25 #milk",
        "MODE #tea +eI cid a:dan",
        "MODE #tea -k x",
        "MODE #tea +v ann",
    )
    ann.send("PART #tea")
    before = snapshot(stage.engine.world)["rooms"]
    again = restart(stage)
    assert snapshot(again.engine.world)["rooms"] == before
    assert "#tea" in again.engine.world.rooms
    assert again.engine.world.rooms["#tea"].modes() == "+Pflnst"


def test_a_lasting_room_keeps_what_it_says_of_itself() -> None:
    stage = Stage()
    ann = stage.enter("ann", "draft/metadata-2", "batch")
    stage.engine.world.set_modes(stage.engine.world.users_by_key["ann"], frozenset("o"))
    ann.send("JOIN #tea", "METADATA #tea SET url :before", "MODE #tea +P")
    ann.send("METADATA #tea SET avatar :behind", "METADATA #tea SET gone :x", "METADATA #tea SET gone")
    ann.send("JOIN #milk", "METADATA #milk SET url :x", "MODE #milk +P", "METADATA #milk CLEAR")
    ann.send("JOIN #oat", "METADATA #oat SET url :x", "PART #tea,#milk,#oat")
    assert stage.engine.world.rooms["#tea"].metadata == {"url": "before", "avatar": "behind"}
    assert snapshot(restart(stage).engine.world)["rooms"] == snapshot(stage.engine.world)["rooms"]


def test_a_room_that_is_let_go_is_gone_after_a_restart() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    stage.engine.world.set_modes(stage.engine.world.users_by_key["ann"], frozenset("o"))
    ann.send("JOIN #tea", "MODE #tea +P", "MODE #tea -P", "TOPIC #tea :x")
    assert restart(stage).engine.world.rooms == {}


def test_only_an_operator_of_the_server_makes_a_room_last() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea")
    ann.take()
    ann.send("MODE #tea +P")
    assert ann.take() == [":irc.example 481 ann :Permission Denied- You're not an IRC operator"]


def test_a_topic_that_is_not_stored_is_not_set() -> None:
    stage = with_lobby()
    ann = stage.enter("ann")
    ann.take()
    stage.disk.is_full = True
    ann.send("TOPIC #lobby :lost")
    assert "FAIL TOPIC INTERNAL_ERROR" in ann.take()[0]
    stage.disk.is_full = False
    ann.send("TOPIC #lobby")
    assert ann.take() == [":irc.example 331 ann #lobby :No topic is set"]
