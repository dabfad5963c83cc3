"""Registered rooms: who wins where two ask at once, what a restart brings back, and what an old record lacks."""

from __future__ import annotations

from veche.state.lasting import RoomKept
from veche.state.snapshot import snapshot
from veche.testing.disk import FakeDisk
from veche.testing.stage import Person, Stage, quiet_settings

SECRET = "correct-horse"


def restart(stage: Stage) -> Stage:
    """Another run of the server over what the first one stored."""
    disk = FakeDisk()
    disk.facts.extend(stage.disk.facts)
    disk.records.extend(stage.disk.records)
    return Stage(stage.settings, disk=disk)


def owners(stage: Stage, *names: str) -> list[Person]:
    """People who are logged in."""
    people = [stage.enter(name) for name in names]
    for person in people:
        person.send(f"REGISTER * * {SECRET}")
        person.take()
    return people


def founder(stage: Stage, room: str) -> str:
    """The name of the account that a room belongs to."""
    registration = stage.engine.world.rooms[room].registration
    return stage.engine.world.accounts.by_uid[registration.founder].name if registration else ""


def test_of_two_operators_who_register_at_once_one_has_the_room() -> None:
    stage = Stage()
    ann, bob = owners(stage, "ann", "bob")
    stage.settings.room_creations_per_minute = 10_000
    for number in range(1000):
        room = f"#r{number}"
        stage.settings.rooms_per_account = number + 1
        ann.send(f"JOIN {room}")
        bob.send(f"JOIN {room}")
        ann.send(f"MODE {room} +o bob")
        ann.take()
        bob.take()
        first, second = (ann, bob) if number % 2 else (bob, ann)
        first.post_bytes(f"CS REGISTER {room}\r\n".encode())
        second.post_bytes(f"CS REGISTER {room}\r\n".encode())
        stage.turn()
        assert founder(stage, room) == first.name
        assert any("is yours now" in line for line in first.take())
        assert any("registered already" in line for line in second.take())
        ann.send(f"PART {room}")
        bob.send(f"PART {room}")


def test_a_registered_room_is_brought_back_whole() -> None:
    stage = Stage()
    ann, _ = owners(stage, "ann", "bob")
    ann.send("JOIN #tea", "CS REGISTER #tea", "TOPIC #tea :Oolong", "MODE #tea +kb key evil!*@*")
    ann.send("CS ACCESS #tea ADD bob h", "CS SET #tea TOPICLOCK on", "CS TRANSFER #tea bob", "PART #tea")
    before = snapshot(stage.engine.world)["rooms"]
    assert snapshot(restart(stage).engine.world)["rooms"] == before
    assert "#tea" in before  # type: ignore[operator]


def test_who_stays_has_his_own_rank_and_that_of_his_account_after_a_restart() -> None:
    settings = quiet_settings()
    settings.always_on = "opt-out"
    stage = Stage(settings)
    ann, bob, cid = owners(stage, "ann", "bob", "cid")
    for person in (ann, bob, cid):
        person.send("JOIN #tea")
    ann.send("CS REGISTER #tea", "MODE #tea +v bob", "CS ACCESS #tea ADD bob h", "CS ACCESS #tea ADD cid o")
    # What is taken at last must not come back, whatever was written before.
    ann.send("CS ACCESS #tea DEL cid")

    def ranks(stage: Stage) -> dict[str, list[str]]:
        members = stage.engine.world.rooms["#tea"].members.values()
        return {member.user.nick: [member.ranks, member.given] for member in members}

    before = ranks(stage)
    assert before == {"ann": ["qo", "q"], "bob": ["hv", "h"], "cid": ["", ""]}
    assert ranks(restart(stage)) == before
    # Whoever has laid his down has not got it after a restart, until he comes in anew or is given another one.
    bob.send("MODE #tea -h bob")
    assert ranks(stage)["bob"] == ranks(restart(stage))["bob"] == ["v", "h"]
    ann.send("CS ACCESS #tea ADD bob o")
    assert ranks(stage)["bob"] == ranks(restart(stage))["bob"] == ["ov", "o"]


def test_a_room_kept_by_an_older_version_is_nobodys() -> None:
    assert RoomKept.defaults["registration"] == {}
    stage = Stage()
    stage.engine.world.rooms.clear()
    stage.disk.facts.clear()
    ann = stage.enter("ann")
    stage.engine.world.set_modes(stage.engine.world.users_by_key["ann"], frozenset("o"))
    ann.send("JOIN #tea", "MODE #tea +P")
    assert restart(stage).engine.world.rooms["#tea"].registration is None


def test_a_room_whose_founder_is_not_in_the_record_goes_to_its_heir_at_the_start() -> None:
    stage = Stage()
    ann, bob = owners(stage, "ann", "bob")
    ann.send("JOIN #tea,#cake", "CS REGISTER #tea", "CS REGISTER #cake", "CS ACCESS #tea ADD bob v")
    assert bob.session is not None
    disk = FakeDisk()
    gone = stage.engine.world.accounts.named("ann")
    assert gone is not None
    # As if the server had been killed between the erasure and what follows from it.
    disk.facts.extend(fact for fact in stage.disk.facts if fact.key != gone.uid)
    again = Stage(stage.settings, disk=disk)
    again.turn()
    assert founder(again, "#tea") == "bob"
    assert "#cake" not in again.engine.world.rooms
    assert founder(restart(again), "#tea") == "bob"


def test_the_empty_room_goes_with_its_registration() -> None:
    stage = Stage()
    (ann,) = owners(stage, "ann")
    ann.send("JOIN #tea", "CS REGISTER #tea", "PART #tea", "CS DROP #tea")
    code = ann.take()[-1].split()[-1]
    assert "#tea" in stage.engine.world.rooms
    ann.send(f"CS DROP #tea {code}")
    assert "#tea" not in stage.engine.world.rooms
    assert "#tea" not in restart(stage).engine.world.rooms


def test_a_disk_that_is_full_registers_nothing() -> None:
    stage = Stage()
    (ann,) = owners(stage, "ann")
    ann.send("JOIN #tea")
    stage.disk.is_full = True
    ann.take()
    ann.send("CS REGISTER #tea")
    assert [line.split()[1] for line in ann.take()] == ["FAIL"]
    assert founder(stage, "#tea") == ""
