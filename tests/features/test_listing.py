"""LIST: long answers come as they are taken, and not too often."""

from __future__ import annotations

import pytest

from veche.core.pieces import STEPS
from veche.features.listing import parse_condition
from veche.state.room import Room
from veche.testing.stage import Person, Stage, quiet_settings

NOW = 100 * 60_000


def a_room(name: str = "#tea", *, age: int = 0, topic_age: int | None = None) -> Room:
    """A room that was made, and got its topic, so many minutes ago."""
    room = Room(name, name, NOW - age * 60_000)
    if topic_age is not None:
        room.topic_time = (NOW - topic_age * 60_000) // 1000
    return room


@pytest.mark.parametrize(
    ("condition", "room", "fits"),
    [
        ("C<10", a_room(age=9), True),
        ("C<10", a_room(age=10), False),
        ("C>10", a_room(age=10), False),
        ("C>10", a_room(age=11), True),
        ("t<10", a_room(topic_age=9), True),
        ("T>10", a_room(topic_age=11), True),
        ("T>0", a_room(age=5), False),
        ("T<99", a_room(age=5), False),
        ("U<1", a_room(), True),
        (">0", a_room(), False),
        ("*EA", a_room(), True),
        ("!*ea", a_room(), False),
        ("!", a_room(), False),
        ("C<١", a_room(age=0), False),
    ],
)
def test_a_condition_fits(condition: str, room: Room, *, fits: bool) -> None:
    assert parse_condition(condition)(room, NOW) is fits


def fill(stage: Stage, count: int) -> None:
    """Rooms without end, as though many had opened them."""
    for number in range(count):
        room = Room(f"#r{number}", f"#r{number}", 1)
        room.flags.add("P")
        room.topic = "x" * 100
        stage.engine.world.rooms[room.key] = room


def rooms_heard(person: Person) -> int:
    return sum(b" 322 " in line for line in person.heard)


def test_a_long_list_waits_for_who_does_not_read_it() -> None:
    stage = Stage()
    fill(stage, 5000)
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.pipe.stall()
    ann.send("LIST")
    stage.pass_time(1)
    assert ann.session is not None
    assert ann.session.owed_bytes + ann.pipe.waiting() < 200_000, "about a piece beyond the backlog"
    bob.take()
    bob.send("PING x")
    assert bob.take() == [":irc.example PONG irc.example :x"]
    ann.pipe.flow()
    stage.pass_time(5)
    assert rooms_heard(ann) == 5000
    assert ann.heard[-1] == b":irc.example 323 ann :End of /LIST\r"


def test_a_room_that_goes_while_it_is_listed_is_left_out() -> None:
    stage = Stage()
    fill(stage, 3 * STEPS)
    ann = stage.enter("ann")
    ann.pipe.stall()
    session = ann.session
    assert session is not None
    stage.engine.receive(session, b"LIST\r\n")  # the first piece is given within the turn
    last = stage.engine.world.rooms.pop(f"#r{3 * STEPS - 1}")
    ann.pipe.flow()
    stage.turn()
    stage.pass_time(1)
    assert rooms_heard(ann) == 3 * STEPS - 1
    assert not any(last.name.encode() + b" " in line for line in ann.heard)


def test_who_lists_everything_all_the_time_is_told_to_wait() -> None:
    settings = quiet_settings()
    settings.flood = True
    settings.flood_burst = 100
    stage = Stage(settings)
    ann = stage.enter("ann")
    ann.take()
    ann.send(*["LIST"] * 4)
    ann.take()
    ann.send("LIST >1", "LIST #tea")
    heard = ann.take()
    assert heard[0] == ":irc.example 263 ann LIST :Please wait a while and try again."
    assert heard[-1] == ":irc.example 323 ann :End of /LIST", "a named room costs no search"
    stage.pass_time(6)
    ann.send("LIST")
    assert ann.take()[-1] == ":irc.example 323 ann :End of /LIST"
