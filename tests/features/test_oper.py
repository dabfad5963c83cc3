"""OPER: what a guesser learns, and what it costs."""

from __future__ import annotations

import logging

import pytest

from veche.core.settings import OperatorBlock
from veche.features.oper import BURST, BURST_OF_ALL, Attempts
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Stage, quiet_settings


@pytest.fixture
def stage() -> Stage:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    return Stage(settings)


def test_an_unknown_name_is_compared_too(stage: Stage) -> None:
    ann = stage.enter("ann")
    ann.send("OPER nobody secret", "OPER root wrong")
    assert stage.passwords.compared == ["", FakePasswords.hash("secret")]
    assert ann.take() == [":irc.example 464 ann :Password incorrect"] * 2


def test_neither_password_nor_unknown_name_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    ann = stage.enter("ann", address="192.0.2.7")
    with caplog.at_level(logging.DEBUG):
        ann.send("OPER marker1 marker2", "OPER root marker3", "OPER root secret")
    assert "marker" not in caplog.text
    assert "secret" not in caplog.text
    assert "192.0.2.7" in caplog.text


def test_too_many_waiting_comparisons_are_no_guesses(stage: Stage) -> None:
    ann = stage.enter("ann")
    stage.passwords.is_busy = True
    for _ in range(10):
        ann.send("OPER root secret")
    assert ann.take() == [":irc.example 263 ann OPER :Please wait a while and try again."] * 10
    stage.passwords.is_busy = False
    ann.send("OPER root secret")
    assert ann.take()[-1] == ":irc.example 381 ann :You are now an IRC operator"


def test_whoever_goes_while_his_password_is_compared_becomes_nothing(stage: Stage) -> None:
    ann = stage.enter("ann")
    assert ann.session is not None
    stage.engine.receive(ann.session, b"OPER root secret\r\n")
    stage.leave(ann, "Connection reset by peer")
    with stage.bugs:
        stage.turn()
    assert stage.bugs.found == []
    assert stage.engine.world.mode_counts.get("o", 0) == 0


def test_many_addresses_together_are_slowed_down(stage: Stage) -> None:
    answers = []
    for number in range(BURST_OF_ALL + 5):
        ann = stage.enter(f"a{number}", address=f"192.0.2.{number}")
        ann.send("OPER root wrong")
        answers.append(ann.take()[0].split(" ")[1])
    assert answers == ["464"] * BURST_OF_ALL + ["263"] * 5
    # Whoever is on the machine is not kept out by them.
    near = stage.enter("near", address="127.0.0.1")
    near.send("OPER root secret")
    assert near.take()[-1].split(" ")[1] == "381"


def test_attempts_are_forgotten() -> None:
    attempts = Attempts()
    for number in range(5000):
        attempts.take(f"10.0.{number // 250}.{number % 250}", number * 3.0)
    assert len(attempts.paid) < 1100
    assert [attempts.take("192.0.2.1", 1e6) for _ in range(BURST)] == [0.0] * BURST
    assert attempts.take("192.0.2.1", 1e6) > 0


@pytest.mark.parametrize(
    ("has_password", "has_certificate", "right"),
    [(True, False, False), (False, True, False), (True, True, True), (False, False, False)],
)
def test_a_certificate_beside_a_password_is_needed_too(
    stage: Stage, *, has_password: bool, has_certificate: bool, right: bool
) -> None:
    stage.settings.operators["root"].certificate = "ab" * 32
    ann = stage.enter("ann")
    assert ann.session is not None
    ann.session.certificate = "ab" * 32 if has_certificate else ""
    ann.send(f"OPER root {'secret' if has_password else 'wrong'}")
    assert (ann.take()[-1].split(" ")[1] == "381") is right


def test_a_certificate_alone_is_enough_where_no_password_is_asked_for(stage: Stage) -> None:
    stage.settings.operators["root"] = OperatorBlock("root", "", "ab" * 32)
    ann = stage.enter("ann")
    assert ann.session is not None
    ann.send("OPER root *")
    assert ann.take() == [":irc.example 464 ann :Password incorrect"]
    ann.session.certificate = "ab" * 32
    ann.send("OPER root *")
    assert ann.take()[-1] == ":irc.example 381 ann :You are now an IRC operator"


def test_a_title_is_what_whois_says(stage: Stage) -> None:
    stage.settings.operators["root"].title = "keeps the samovar"
    ann = stage.enter("ann")
    ann.send("OPER root secret", "WHOIS ann")
    assert ":irc.example 313 ann ann :keeps the samovar" in ann.take()


def test_without_blocks_nobody_is_asked_for_a_password() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    ann.send("OPER root secret")
    assert ann.take() == [":irc.example 491 ann :No O-lines for your host"]
    assert stage.passwords.compared == []
