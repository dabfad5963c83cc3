"""Codes that are sent by e-mail: guessed at, and used by somebody else (B17)."""

from __future__ import annotations

import pytest

from veche.testing.checks import check_stage
from veche.testing.stage import Stage, quiet_settings

HOME = "192.0.2.1"


@pytest.fixture
def stage() -> Stage:
    settings = quiet_settings()
    settings.email = "required"
    settings.ping_seconds = 1_000_000
    settings.connect_burst = 0
    return Stage(settings)


def register(stage: Stage, name: str, address: str = HOME) -> str:
    """The code that is sent."""
    person = stage.enter(name, address=address)
    person.send(f"REGISTER * {name}@example.org correct-horse")
    assert "VERIFICATION_REQUIRED" in person.take()[0]
    person.send("QUIT")
    text = stage.mailer.letters.pop().text
    return text.partition("The code is  ")[2].split()[0]


def verify(stage: Stage, name: str, code: str, address: str = HOME) -> str:
    person = stage.open("somebody", address=address)
    person.send("NICK somebody", f"VERIFY {name} {code}")
    answer = " ".join(person.take()[0].split()[1:4])
    stage.leave(person, "gone")
    stage.turn()
    return answer


def test_a_thousand_codes_from_one_address(stage: Stage) -> None:
    code = register(stage, "ann")
    answers = [verify(stage, "ann", f"aaaa-aaaa-aaaa-{number:04}", "198.51.100.1") for number in range(1000)]
    assert answers.count("FAIL VERIFY INVALID_CODE") == stage.settings.guesses_per_account
    assert answers.count("FAIL VERIFY TEMPORARILY_UNAVAILABLE") == 1000 - stage.settings.guesses_per_account
    assert verify(stage, "ann", code, "198.51.100.1") == "FAIL VERIFY TEMPORARILY_UNAVAILABLE"
    # That keeps the owner from nothing.
    assert verify(stage, "ann", code) == "VERIFY SUCCESS ann"
    assert check_stage(stage) == []


def test_a_thousand_codes_from_a_hundred_addresses(stage: Stage) -> None:
    code = register(stage, "ann")
    for address in range(100):
        for number in range(10):
            verify(stage, "ann", f"aaaa-aaaa-{address:04}-{number:04}", f"198.51.100.{address}")
    stage.pass_time(60)
    assert verify(stage, "ann", code) == "VERIFY SUCCESS ann"


def test_somebody_who_guesses_is_thrown_out(stage: Stage) -> None:
    register(stage, "ann")
    eve = stage.enter("eve")
    for _ in range(5):
        eve.send("NICKSERV VERIFY ann aaaa-bbbb-cccc-dddd")
    assert eve.ended


@pytest.mark.parametrize("code", ["", ":", "0", "*", "{hash}", "aaaa-bbbb-cccc-dddd"])
def test_nobody_is_verified_without_the_code(stage: Stage, code: str) -> None:
    register(stage, "ann")
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    pending = account.code("email")
    assert pending is not None
    assert "SUCCESS" not in verify(stage, "ann", code.replace("{hash}", pending.hash))
    assert not account.verified


def test_a_code_is_for_one_account_one_purpose_one_hour_and_one_time(stage: Stage) -> None:
    anns, bobs = register(stage, "ann"), register(stage, "bob")
    assert verify(stage, "ann", bobs) == "FAIL VERIFY INVALID_CODE"
    cid = stage.enter("cid")
    cid.send(f"NICKSERV SETPASS ann {anns} battery-staple")
    assert "wrong, used, or too old" in cid.take()[0]
    stage.pass_time(3599)
    assert verify(stage, "ann", anns.upper().replace("-", "")) == "VERIFY SUCCESS ann"
    assert verify(stage, "ann", anns) == "FAIL VERIFY INVALID_CODE"
    stage.pass_time(1)
    assert verify(stage, "bob", bobs) == "FAIL VERIFY INVALID_CODE"
    assert stage.engine.world.accounts.named("bob") is None


def test_two_who_say_a_code_at_once(stage: Stage) -> None:
    code = register(stage, "ann")
    people = [stage.enter(name) for name in ("one", "two")]
    for person in people:
        person.post_bytes(f"VERIFY ann {code}\r\n".encode())
    stage.turn()
    heard = ["".join(person.take()) for person in people]
    assert sorted("VERIFY SUCCESS" in text for text in heard) == [False, True]
    assert sum("FAIL VERIFY INVALID_CODE" in text for text in heard) == 1
    assert check_stage(stage) == []


def test_two_who_set_a_password_with_one_code_at_once(stage: Stage) -> None:
    verify(stage, "ann", register(stage, "ann"))
    stage.enter("bob").send("NICKSERV RESETPASS ann")
    code = stage.mailer.letters.pop().text.partition("The code is  ")[2].split()[0]
    people = [stage.enter(name) for name in ("one", "two")]
    for person in people:
        person.post_bytes(f"NICKSERV SETPASS ann {code} password-of-{person.name}\r\n".encode())
    stage.turn()
    heard = ["".join(person.take()) for person in people]
    assert ["is changed" in text for text in heard] == [True, False]
    people[1].send("NICKSERV IDENTIFY ann password-of-two", "NICKSERV IDENTIFY ann password-of-one")
    heard = people[1].take()
    assert "is wrong" in heard[0]
    assert " 900 " in heard[1]


def test_a_mail_that_cannot_be_sent_is_told_to_the_log_and_holds_nobody_up(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.mailer.trouble = "the mail server is asleep"
    person = stage.enter("ann")
    with caplog.at_level("WARNING", "veche.accounts"):
        person.send("REGISTER * ann@example.org correct-horse")
    assert "VERIFICATION_REQUIRED" in person.take()[0]
    assert caplog.messages == ["a mail (verify) could not be sent: the mail server is asleep"]


def test_an_account_that_waits_keeps_its_name_from_other_accounts_only(stage: Stage) -> None:
    register(stage, "ann")
    other = stage.enter("ann")  # whoever has been quick with somebody else's name keeps it from nobody
    other.send("REGISTER * other@example.org correct-horse")
    assert "ACCOUNT_EXISTS" in other.take()[0]
    stage.pass_time(3600)
    other.send("REGISTER * other@example.org correct-horse")
    assert "VERIFICATION_REQUIRED" in other.take()[0]
