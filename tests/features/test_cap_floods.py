"""CAP that asks for too much, or over and over: one answer each, nothing kept, and an end before registration."""

from __future__ import annotations

from veche.testing.stage import Stage


def test_a_hundred_names_that_nobody_knows_are_refused_in_one() -> None:
    stage = Stage()
    person = stage.open("eve")
    names = " ".join(f"x{number}" for number in range(100))
    person.send(f"CAP REQ :{names}")
    assert person.take() == [f":irc.example CAP * NAK :{names}"]
    assert person.session is not None
    assert person.session.caps == 0


def test_the_end_may_come_twice() -> None:
    stage = Stage()
    person = stage.open("eve")
    person.send("CAP LS 302", "NICK eve", "USER eve 0 * :Eve", "CAP END", "CAP END")
    assert sum(" 001 " in line for line in person.take()) == 1


def test_asking_for_the_list_has_an_end() -> None:
    stage = Stage()
    person = stage.open("eve")
    person.send(*["CAP LS 302"] * 10_000)
    assert person.ended
    answered = sum(" CAP * LS " in line for line in person.take())
    assert 0 < answered < 3 * stage.settings.registration_lines
