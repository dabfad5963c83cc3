"""Guessing at passwords, by every way to log in: what it costs, whom it hinders, and what it tells."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest

from veche.testing.stage import Person, Stage
from veche.wire.scram import ClientExchange, Failure

PASSWORD = "correct-horse"
HOME = "192.0.2.1"


def strangers(count: int) -> list[str]:
    return [f"198.51.100.{number}" for number in range(count)]


@pytest.fixture
def stage() -> Stage:
    """Ann has an account, and has come from home to make it."""
    stage = Stage()
    stage.engine.cloak = lambda address: f"{address}.cloak"  # everybody comes from where he comes from
    ann = stage.enter("ann", address=HOME)
    ann.send(f"REGISTER * * {PASSWORD}")
    assert any(" 900 " in line for line in ann.take())
    ann.send("QUIT")
    return stage


def open_sasl(stage: Stage, address: str) -> Person:
    person = stage.open("somebody", address=address)
    person.send("CAP REQ :sasl")
    person.take()
    return person


def by_sasl(person: Person, account: str, password: str) -> list[str]:
    """What he hears of one login."""
    secret = b64encode(f"\0{account}\0{password}".encode()).decode()
    person.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
    return person.take()


def by_nickserv(person: Person, account: str, password: str) -> list[str]:
    person.send(f"NICKSERV IDENTIFY {account} {password}")
    return person.take()


def guess(stage: Stage, account: str, address: str, times: int) -> list[str]:
    """What somebody hears who guesses so often; whoever is thrown out comes back."""
    heard: list[str] = []
    person = open_sasl(stage, address)
    for number in range(times):
        if person.ended:
            person = open_sasl(stage, address)
        heard += by_sasl(person, account, f"guess-number-{number}")
    return heard


def is_in(heard: list[str]) -> bool:
    return any(" 903 " in line for line in heard)


def test_a_thousand_guesses_from_a_hundred_addresses(stage: Stage) -> None:
    bob = stage.enter("bob", address="192.0.2.77")
    for address in strangers(100):
        heard = guess(stage, "ann", address, 10)
        assert not is_in(heard)
        # No time has passed at all, and whoever is here is answered.
        bob.send("PING x")
        assert bob.take() == [":irc.example PONG irc.example :x"]
    assert len(stage.passwords.compared) == stage.settings.guesses_per_account
    assert is_in(by_sasl(open_sasl(stage, HOME), "ann", PASSWORD)), "the owner is not kept out"
    assert not is_in(by_sasl(open_sasl(stage, "203.0.113.9"), "ann", PASSWORD)), "not even a right guess"
    stage.pass_time(stage.settings.guess_window_seconds)
    assert is_in(by_sasl(open_sasl(stage, "203.0.113.9"), "ann", PASSWORD))


def test_a_thousand_names_from_a_hundred_addresses(stage: Stage) -> None:
    for number, address in enumerate(strangers(100)):
        for name in range(10):
            guess(stage, f"name{number}x{name}", address, 1)
    assert len(stage.passwords.compared) == stage.settings.guesses_per_minute
    assert is_in(by_sasl(open_sasl(stage, HOME), "ann", PASSWORD))


def test_one_household_is_one_address(stage: Stage) -> None:
    for number in range(100):
        guess(stage, f"name{number}", f"2001:db8:1:2::{number:x}", 1)
    assert len(stage.passwords.compared) == stage.settings.guesses_per_address


def test_nobody_learns_whether_there_is_such_an_account(stage: Stage) -> None:
    there = guess(stage, "ann", "198.51.100.1", 12)
    costs = len(stage.passwords.compared)
    assert guess(stage, "eve", "198.51.100.2", 12) == there
    assert len(stage.passwords.compared) == 2 * costs


def by_sasl_plain(stage: Stage, address: str, password: str) -> list[str]:
    return by_sasl(open_sasl(stage, address), "ann", password)


def by_sasl_scram(stage: Stage, address: str, password: str) -> list[str]:
    client = ClientExchange("ann", password, "abcdefgh")
    person = open_sasl(stage, address)
    person.send("AUTHENTICATE SCRAM-SHA-256", f"AUTHENTICATE {b64encode(client.first()).decode()}")
    final = client.hear_challenge(b64decode(person.take()[-1].removeprefix("AUTHENTICATE ")))
    assert not isinstance(final, Failure)
    person.send(f"AUTHENTICATE {b64encode(final).decode()}", "AUTHENTICATE +")
    return person.take()


def by_nickserv_identify(stage: Stage, address: str, password: str) -> list[str]:
    return by_nickserv(stage.enter("somebody", address=address), "ann", password)


def by_pass(stage: Stage, address: str, password: str) -> list[str]:
    person = stage.open("somebody", address=address)
    person.send(f"PASS ann:{password}", "NICK somebody", "USER somebody 0 * :Somebody")
    return person.take()


WAYS = [by_sasl_plain, by_sasl_scram, by_nickserv_identify, by_pass]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_used_up_in_one_way_is_used_up_in_all(
    stage: Stage, way: Callable[[Stage, str, str], list[str]]
) -> None:
    for number in range(stage.settings.guesses_per_account):
        assert "or the password is wrong" in "".join(way(stage, f"198.51.100.{number}", "wrong-horse"))
        stage.leave(stage.persons[-1], "gone")
        stage.turn()
    compared = len(stage.passwords.compared)
    for number, other in enumerate(WAYS):
        heard = "".join(other(stage, f"203.0.113.{number}", PASSWORD))
        assert "Too many wrong attempts. Please wait 600 seconds" in heard
        assert " 900 " not in heard
        stage.leave(stage.persons[-1], "gone")
        stage.turn()
    assert len(stage.passwords.compared) == compared
    stage.pass_time(stage.settings.guess_window_seconds)
    for number, other in enumerate(WAYS):
        assert " 900 " in "".join(other(stage, f"203.0.113.{number}", PASSWORD)), "and all are open again"


def test_who_is_right_uses_nothing_up(stage: Stage) -> None:
    for number in range(3 * stage.settings.guesses_per_account):
        person = open_sasl(stage, f"203.0.113.{number % 2}")
        assert is_in(by_sasl(person, "ann", PASSWORD))
        stage.leave(person, "gone")
    assert len(stage.engine.guesses) == 0


def test_a_login_that_could_not_be_looked_at_was_no_guess(stage: Stage) -> None:
    stage.passwords.is_busy = True
    person = open_sasl(stage, "203.0.113.9")
    for _ in range(3 * stage.settings.guesses_per_account):
        assert not is_in(by_sasl(person, "ann", PASSWORD))
    stage.passwords.is_busy = False
    assert is_in(by_sasl(person, "ann", PASSWORD))


def test_accounts_are_not_made_by_the_hundred(stage: Stage) -> None:
    def register(nick: str, address: str) -> bool:
        person = stage.enter(nick, address=address)
        person.send("REGISTER * * correct-horse")
        return any("REGISTER SUCCESS" in line for line in person.take())

    settings = stage.settings
    from_one = sum(register(f"a{number}", "198.51.100.1") for number in range(10))
    assert from_one == settings.registrations_per_address
    in_all = sum(register(f"b{number}", address) for number, address in enumerate(strangers(60)[2:]))
    assert 1 + from_one + in_all == settings.registrations
    stage.pass_time(settings.registration_window_seconds)
    assert register("late", "198.51.100.1")
