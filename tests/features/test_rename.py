"""RENAME: what was said in a room is read in it, whatever it is called, and after a restart; and nowhere else."""

from __future__ import annotations

from veche.features.rename import NAMES_AT_ONCE
from veche.state.snapshot import snapshot
from veche.testing.checks import check_stage
from veche.testing.disk import FakeDisk
from veche.testing.stage import Person, Stage, quiet_settings


def restart(stage: Stage) -> Stage:
    """Another run of the server over what the first one stored."""
    disk = FakeDisk()
    disk.facts.extend(stage.disk.facts)
    disk.records.extend(stage.disk.records)
    return Stage(quiet_settings(), disk=disk)


def history(person: Person, room: str) -> list[str]:
    """What this person reads of a room."""
    person.take()
    person.send(f"CHATHISTORY LATEST {room} * 50")
    return [line.split(" UTC] ", 1)[-1] for line in person.take() if " PRIVMSG " in line]


def targets(person: Person, room: str) -> set[str]:
    """Where a page of history claims to have been said."""
    person.take()
    person.send(f"CHATHISTORY LATEST {room} * 50")
    return {line.split(" ")[2] for line in person.take() if " PRIVMSG " in line}


def test_the_history_goes_with_the_room() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("JOIN #tea", "PRIVMSG #tea :one", "RENAME #tea #coffee", "PRIVMSG #coffee :two")
    assert history(ann, "#coffee") == ["one", "two"]
    assert targets(ann, "#coffee") == {"#coffee"}
    bob.send("JOIN #tea", "PRIVMSG #tea :other")
    assert history(bob, "#tea") == ["other"], "another room, whatever was there before"
    assert history(ann, "#coffee") == ["one", "two"]
    assert check_stage(stage) == []


def test_what_is_said_in_line_before_a_rename_belongs_to_the_room() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("JOIN #tea")
    bob.send("JOIN #tea")
    stage.disk.is_slow = True
    bob.send("PRIVMSG #tea :early")
    ann.send("RENAME #tea #coffee")
    bob.send("PRIVMSG #tea :late")
    stage.disk.hurry()
    stage.turn()
    assert history(ann, "#coffee") == ["early"]
    assert any(" 403 bob #tea " in line for line in bob.take()), "refused, not lost"


def test_the_history_is_there_after_a_restart_though_the_room_is_not() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "PRIVMSG #tea :one", "RENAME #tea #coffee", "PRIVMSG #coffee :two")
    again = restart(stage)
    assert again.engine.world.rooms == {}
    bob = again.enter("bob")
    bob.send("JOIN #coffee", "JOIN #tea")
    assert history(bob, "#coffee") == ["one", "two"]
    assert history(bob, "#tea") == []
    third = restart(again)
    assert snapshot(third.engine.world)["conversations"] == snapshot(again.engine.world)["conversations"]


def test_a_room_that_gets_its_old_name_back_has_all_of_it() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("JOIN #tea", "PRIVMSG #tea :one", "RENAME #tea #coffee", "PRIVMSG #coffee :two")
    ann.send("RENAME #coffee #tea", "PRIVMSG #tea :three")
    assert history(ann, "#tea") == ["one", "two", "three"]
    bob.send("JOIN #coffee", "PRIVMSG #coffee :x")
    assert history(bob, "#coffee") == ["x"]
    assert "#tea" not in stage.engine.world.conversations, "the name is the key again"


def test_two_rooms_never_share_a_record() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("JOIN #a", "PRIVMSG #a :ann", "RENAME #a #b")
    bob.send("JOIN #a", "RENAME #a #c", "JOIN #a", "PRIVMSG #c :c", "PRIVMSG #a :a")
    conversations = [stage.engine.world.conversation_of(key) for key in ("#a", "#b", "#c")]
    assert len(set(conversations)) == 3
    assert history(bob, "#a") == ["a"]
    assert history(bob, "#c") == ["c"]
    assert history(ann, "#b") == ["ann"]


def test_a_closed_room_stays_closed() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send(
        "JOIN #tea", "MODE #tea +k key", "PRIVMSG #tea :secret", "RENAME #tea #coffee", "MODE #coffee -k key"
    )
    assert history(ann, "#coffee") == ["secret"], "it is the same room"
    ann.send("PART #coffee")
    stage.pass_time(1)
    bob.send("JOIN #coffee")
    assert history(bob, "#coffee") == [], "and this is another one"


def test_a_lasting_room_lasts_under_its_new_name() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    stage.engine.world.set_modes(stage.engine.world.users_by_key["ann"], frozenset("o"))
    ann.send("JOIN #tea", "MODE #tea +P", "JOIN #hall", "MODE #hall +P", "MODE #hall +f #tea")
    ann.send("RENAME #tea #coffee", "RENAME #coffee #Coffee", "TOPIC #coffee :Black")
    before = snapshot(stage.engine.world)["rooms"]
    again = restart(stage)
    rooms = snapshot(again.engine.world)["rooms"]
    assert isinstance(before, dict)
    assert isinstance(rooms, dict)
    assert rooms.keys() == before.keys() == {"#coffee", "#hall"}
    for key in rooms:
        assert {**before[key], "members": {}} == rooms[key]


def test_a_rename_that_is_not_stored_is_none() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea")
    ann.take()
    stage.disk.is_full = True
    ann.send("RENAME #tea #coffee")
    assert "FAIL RENAME INTERNAL_ERROR" in ann.take()[0]
    assert list(stage.engine.world.rooms) == ["#tea"]


def test_without_a_store_there_is_nothing_to_ask() -> None:
    stage = Stage(keeps=False)
    ann = stage.enter("ann", "draft/channel-rename")
    ann.send("JOIN #tea")
    ann.take()
    ann.send("RENAME #tea #coffee")
    assert ann.take() == [":ann!~ann@there RENAME #tea #coffee :"]


def test_a_ban_with_an_end_ends_under_the_new_name() -> None:
    stage = Stage()
    ann = stage.enter("ann", "draft/channel-rename")
    ann.send("JOIN #tea", "MODE #tea +b t:1:bob", "RENAME #tea #coffee")
    ann.take()
    stage.pass_time(61)
    assert ann.take() == [":irc.example MODE #coffee -b t:1:bob!*@*"]


def test_what_was_said_before_a_rename_can_be_taken_back() -> None:
    stage = Stage()
    ann = stage.enter(
        "ann", "echo-message", "message-tags", "draft/message-redaction", "draft/channel-rename"
    )
    ann.send("JOIN #tea", "PRIVMSG #tea :oops")
    msgid = next(line for line in ann.take() if " PRIVMSG " in line).partition("msgid=")[2].partition(" ")[0]
    ann.send("RENAME #tea #coffee", f"REDACT #coffee {msgid}")
    assert f":ann!~ann@there REDACT #coffee {msgid}" in ann.take()[-1]
    assert history(ann, "#coffee") == []


def test_the_names_of_a_large_room_come_bit_by_bit() -> None:
    stage = Stage()
    ann = stage.enter("ann", "draft/channel-rename")
    ann.send("JOIN #tea")
    crowd = [stage.enter(f"bot{number}") for number in range(150)]
    for bot in crowd:
        bot.send("JOIN #tea")
    for bot in crowd:
        bot.take()
    ann.send("RENAME #tea #coffee")
    heard = [bot.take() for bot in crowd]
    assert all(lines[1].endswith(" JOIN #coffee") for lines in heard), "everybody knows the name at once"
    told = sum(len(lines) > 2 for lines in heard)
    assert told == NAMES_AT_ONCE // 151 + 1
    stage.leave(crowd[-1], "gone")
    stage.pass_time(5)
    assert all(any(" 366 " in line for line in bot.take()) for bot in crowd[told:-1])
    assert check_stage(stage) == []
