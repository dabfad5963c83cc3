"""veche.core.pieces: long answers, piece by piece. How they look on the wire is in features/test_who.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from veche.core import pieces
from veche.core.ask import Ask
from veche.core.registry import Command, Feature
from veche.features import cap, registration
from veche.testing.stage import Person, Stage, quiet_settings


def count(ask: Ask) -> None:
    """COUNT <number> [<at which to fail>]: that many lines."""
    ask.engine.pieces.start(
        ask, _lines(ask, int(ask.params[0]), int(ask.params[1]) if ask.params[1:] else -1)
    )


def _lines(ask: Ask, number: int, bad: int) -> Iterator[None]:
    for line in range(number):
        if line == bad:
            raise RuntimeError("a bug in the middle")
        ask.send(f"LINE {line}")
        yield
    ask.send("END")


@pytest.fixture
def stage() -> Stage:
    counting = Feature("counting", commands=[Command("COUNT", count, least=1)])
    return Stage(quiet_settings(), features=[registration.feature, cap.feature, counting])


def enter(stage: Stage, name: str) -> Person:
    person = stage.open(name)
    person.send(f"NICK {name}", f"USER {name} 0 * :x")
    person.take()
    return person


def test_a_short_answer_comes_at_once(stage: Stage) -> None:
    ann = enter(stage, "ann")
    ann.send(f"COUNT {pieces.STEPS - 1}")
    assert len(ann.take()) == pieces.STEPS
    assert stage.engine.is_idle


def test_the_sessions_next_line_waits_for_the_end(stage: Stage) -> None:
    ann = enter(stage, "ann")
    ann.send(f"COUNT {pieces.STEPS + 1}", "PING x")
    assert ann.take()[-1] == f"LINE {pieces.STEPS - 1}"
    stage.pass_time(1)
    assert ann.take() == [f"LINE {pieces.STEPS}", "END", ":irc.example PONG irc.example :x"]


def test_whoever_comes_while_others_wait_gets_a_little_at_once(stage: Stage) -> None:
    crowd = [enter(stage, f"p{number}") for number in range(pieces.ANSWERS + 1)]
    for person in crowd:
        person.post_bytes(f"COUNT {2 * pieces.STEPS}\r\n".encode())
    stage.turn()
    counts = [len(person.take()) for person in crowd]
    assert counts == [pieces.STEPS] * pieces.ANSWERS + [pieces.FIRST_STEPS]
    stage.pass_time(1)
    assert [person.take()[-1] for person in crowd] == ["END"] * len(crowd)


def test_a_bug_in_a_later_piece_costs_its_asker_alone(stage: Stage) -> None:
    ann, bob = enter(stage, "ann"), enter(stage, "bob")
    with stage.bugs:
        ann.send(f"COUNT {2 * pieces.STEPS} {pieces.STEPS + 5}")
        stage.pass_time(1)
    assert len(stage.bugs.found) == 1
    assert ann.ended
    bob.send("PING x")
    assert bob.take() == [":irc.example PONG irc.example :x"]
    assert stage.engine.is_idle


def test_one_who_takes_nothing_does_not_hold_up_the_others(stage: Stage) -> None:
    ann, bob = enter(stage, "ann"), enter(stage, "bob")
    ann.pipe.stall()
    ann.send("COUNT 100000")
    stage.pass_time(10)
    bob.send(f"COUNT {3 * pieces.STEPS}")
    stage.pass_time(1)
    assert bob.take()[-1] == "END"
    assert ann.pipe.waiting() < 2 * pieces.BACKLOG
    stage.leave(ann, "gone")
    stage.turn()
    stage.pass_time(1)
    assert stage.engine.is_idle
