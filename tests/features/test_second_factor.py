"""A second factor: codes of the time beside the password, by every way to log in."""

from __future__ import annotations

import re
from base64 import b32decode, b64encode

import pytest

from tests.features.test_sasl_scram import by_scramp, open_sasl
from veche.core.logins import FRESH_SECONDS
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.totp import STEP, hotp, step_at

PASSWORD = "correct-horse"
WRONG = "The account name or the password is wrong"
NEEDS_CODE = "This account has a second factor: say the password"


def say(person: Person, line: str) -> str:
    """What somebody hears of NickServ, in one text."""
    person.send(f"NICKSERV {line}")
    return "\n".join(person.take())


class Phone:
    """An authenticator application."""

    def __init__(self, stage: Stage, secret: str) -> None:
        self.stage = stage
        self.secret = b32decode(secret)

    def code(self, late: int = 0) -> str:
        """The code of now, or of some steps ago."""
        return hotp(self.secret, step_at(self.stage.clock.now()) - late)


@pytest.fixture
def stage() -> Stage:
    settings = quiet_settings()
    settings.ping_seconds = 1_000_000
    settings.guesses_per_account = settings.guesses_per_address = 100
    return Stage(settings)


@pytest.fixture
def ann(stage: Stage) -> Person:
    person = stage.enter("ann")
    person.send(f"REGISTER * * {PASSWORD}")
    person.take()
    return person


def switch_on(stage: Stage, ann: Person) -> tuple[Phone, list[str]]:
    """The phone, and the recovery codes."""
    shown = re.search(r"application: ([A-Z2-7]{32})\n", say(ann, "TOTP ON"))
    assert shown is not None
    phone = Phone(stage, shown[1])
    heard = say(ann, f"TOTP CONFIRM {phone.code()}")
    assert "Your second factor is on." in heard
    stage.pass_time(STEP)  # the code that has confirmed it is used up
    return phone, re.findall(r"\b[a-z2-7]{5}-[a-z2-7]{5}\b", heard)


def by_plain(stage: Stage, password: str) -> str:
    person = open_sasl(stage)
    secret = b64encode(f"\0ann\0{password}".encode()).decode()
    person.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
    heard = "\n".join(person.take())
    stage.leave(person, "gone")
    stage.turn()
    return heard


def by_pass(stage: Stage, password: str) -> str:
    person = stage.open("somebody")
    person.send(f"PASS :ann:{password}", "NICK somebody", "USER ann 0 * :Ann")
    heard = "\n".join(person.take())
    stage.leave(person, "gone")
    stage.turn()
    return heard


def by_nickserv(stage: Stage, password: str) -> str:
    person = stage.enter("somebody")
    heard = say(person, f"IDENTIFY ann {password}")
    stage.leave(person, "gone")
    stage.turn()
    return heard


@pytest.mark.parametrize("log_in", [by_plain, by_pass, by_nickserv])
def test_the_password_alone_is_not_enough(stage: Stage, ann: Person, log_in: object) -> None:
    assert callable(log_in)
    phone, _ = switch_on(stage, ann)
    assert " 900 " not in log_in(stage, PASSWORD)
    assert NEEDS_CODE in log_in(stage, PASSWORD)
    assert WRONG in log_in(stage, f"{PASSWORD} 000000")
    # Who does not know the password learns nothing of the code, nor that one is needed.
    assert WRONG in log_in(stage, f"wrong-horse {phone.code()}")
    assert WRONG in log_in(stage, "wrong-horse")
    assert " 900 " in log_in(stage, f"{PASSWORD} {phone.code()}")
    assert WRONG in log_in(stage, f"{PASSWORD} {phone.code()}")  # once
    stage.pass_time(STEP)
    assert WRONG in log_in(stage, f"{PASSWORD} {phone.code(late=2)}")
    assert WRONG in log_in(stage, f"{PASSWORD} {phone.code(late=1)}")  # that one was used
    assert " 900 " in log_in(stage, f"{PASSWORD} {phone.code()}")
    stage.pass_time(2 * STEP)
    assert " 900 " in log_in(stage, f"{PASSWORD} {phone.code(late=1)}")  # a clock that is a little slow
    assert check_stage(stage) == []


def test_one_code_lets_one_in_of_two_who_say_it_at_once(stage: Stage, ann: Person) -> None:
    phone, _ = switch_on(stage, ann)
    people = [open_sasl(stage), open_sasl(stage)]
    secret = b64encode(f"\0ann\0{PASSWORD} {phone.code()}".encode()).decode()
    for person in people:
        person.post_bytes(f"AUTHENTICATE PLAIN\r\nAUTHENTICATE {secret}\r\n".encode())
    stage.turn()
    assert sorted(" 903 " in "\n".join(person.take()) for person in people) == [False, True]


def test_it_is_kept_over_a_restart_with_what_was_used(stage: Stage, ann: Person) -> None:
    phone, recovery = switch_on(stage, ann)
    assert " 900 " in by_plain(stage, f"{PASSWORD} {phone.code()}")
    assert " 900 " in by_plain(stage, f"{PASSWORD} {recovery[0]}")
    stage.restart()
    assert NEEDS_CODE in by_plain(stage, PASSWORD)
    assert WRONG in by_plain(stage, f"{PASSWORD} {phone.code()}")
    assert WRONG in by_plain(stage, f"{PASSWORD} {recovery[0]}")
    assert " 900 " in by_plain(stage, f"{PASSWORD} {recovery[1].upper()}")


def test_recovery_codes_are_good_once_each(stage: Stage, ann: Person) -> None:
    _, recovery = switch_on(stage, ann)
    assert len(set(recovery)) == 8
    for code in recovery:
        assert " 900 " in by_nickserv(stage, f"{PASSWORD} {code}")
        assert WRONG in by_nickserv(stage, f"{PASSWORD} {code}")
    assert "recovery codes left: 0" in say(ann, "INFO")


def test_what_is_kept_of_codes_and_tokens_is_not_what_is_shown(stage: Stage, ann: Person) -> None:
    heard = say(ann, "TOKEN ADD phone")
    token = re.search(r"veche-[0-9a-f]{40}", heard)
    assert token is not None
    _, recovery = switch_on(stage, ann)
    kept = "".join(row.body for row in stage.disk.facts if hasattr(row, "body"))
    assert PASSWORD in kept  # the fake's hash holds it: what is looked at is what is kept
    assert token[0] not in kept
    assert all(code not in kept for code in recovery)


def test_tokens_do_not_ask_for_it_and_scram_cannot(stage: Stage, ann: Person) -> None:
    token = re.search(r"veche-[0-9a-f]{40}", say(ann, "TOKEN ADD phone"))
    assert token is not None
    assert any(" 903 " in line for line in by_scramp(open_sasl(stage), "ann", PASSWORD))
    switch_on(stage, ann)
    assert " 900 " in by_plain(stage, token[0])
    heard = by_scramp(open_sasl(stage), "ann", PASSWORD)
    assert len(heard) == 1
    assert "this mechanism cannot ask for: log in with a token" in heard[0]
    assert " 904 " in by_scramp(open_sasl(stage), "ann", "wrong-horse")[0]


def test_it_is_on_when_a_code_has_come_back(stage: Stage, ann: Person) -> None:
    assert "TOTP ON first" in say(ann, "TOTP CONFIRM 123456")
    assert "otpauth://totp/Example:ann?secret=" in say(ann, "TOTP ON")
    assert "wrong or used" in say(ann, "TOTP CONFIRM 000000")
    assert " 900 " in by_plain(stage, PASSWORD)
    switch_on(stage, ann)
    assert "is on already" in say(ann, "TOTP ON")
    assert "is on already" in say(ann, "TOTP CONFIRM 123456")


def test_it_is_switched_off_with_a_code(stage: Stage, ann: Person) -> None:
    assert "You have no second factor" in say(ann, "TOTP OFF 123456")
    phone, recovery = switch_on(stage, ann)
    assert "wrong or used" in say(ann, "TOTP OFF 000000")
    assert "Say: TOTP" in say(ann, "TOTP OFF")
    assert "is off" in say(ann, f"TOTP OFF {phone.code()}")
    assert " 900 " in by_plain(stage, PASSWORD)
    stage.pass_time(STEP)
    phone, recovery = switch_on(stage, ann)
    assert "is off" in say(ann, f"TOTP OFF {recovery[3]}")


def test_an_open_session_is_not_enough_to_switch_it_on(stage: Stage, ann: Person) -> None:
    stage.pass_time(FRESH_SECONDS)
    assert "Prove first that it is you" in say(ann, "TOTP ON")
    say(ann, f"IDENTIFY {PASSWORD}")
    assert "otpauth" in say(ann, "TOTP ON")


def test_the_code_stands_behind_the_password_wherever_one_is_asked_for(stage: Stage, ann: Person) -> None:
    phone, _ = switch_on(stage, ann)
    # Without the name of the account, too.
    assert "You are logged in as ann" in say(ann, f"IDENTIFY {PASSWORD} {phone.code()}")
    assert "is changed" in say(ann, "PASSWD battery-staple")
    stage.pass_time(FRESH_SECONDS)
    assert "Prove first" in say(ann, "PASSWD battery-staple battery-horse")
    assert NEEDS_CODE in say(ann, "DROP battery-staple")
    assert "is erased" in say(ann, f"DROP battery-staple {phone.code()}")


def test_codes_are_guesses_like_passwords(stage: Stage, ann: Person) -> None:
    phone, _ = switch_on(stage, ann)
    stage.settings.guesses_per_account = stage.settings.guesses_per_address = 10
    stage.engine.cloak = lambda address: f"{address}.cloak"
    for number in range(100):
        person = stage.open("eve", address="198.51.100.1")
        person.send("CAP REQ :sasl")
        secret = b64encode(f"\0ann\0{PASSWORD} {number:06}".encode()).decode()
        person.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
        assert " 900 " not in "\n".join(person.take())
        stage.leave(person, "gone")
    person = stage.open("eve", address="198.51.100.2")
    person.send("CAP REQ :sasl")
    secret = b64encode(f"\0ann\0{PASSWORD} {phone.code()}".encode()).decode()
    person.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
    assert "Too many wrong attempts" in person.take()[-1]
    assert len(stage.passwords.compared) == 10
