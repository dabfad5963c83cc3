"""Certificates of accounts: NickServ CERT, and logging in with one (SASL EXTERNAL)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from veche.features.accounts.facts import MOST_CERTIFICATES, CertificateAdded
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage

PASSWORD = "correct-horse"
LAPTOP, PHONE, STOLEN = "1a" * 32, "2b" * 32, "3c" * 32
WRONG = [":irc.example 904 * :The account name or the password is wrong"]


@pytest.fixture
def stage() -> Stage:
    """Ann, who is here, and bob, who is not, have accounts."""
    stage = Stage()
    stage.enroll("bob", PASSWORD).send("QUIT")
    stage.enroll("ann", PASSWORD)
    return stage


@pytest.fixture
def ann(stage: Stage) -> Person:
    return stage.persons[-1]


def holding(person: Person, certificate: str) -> Person:
    """The same person, come in with a certificate."""
    assert person.session is not None
    person.session.certificate = certificate
    return person


def cert(person: Person, words: str) -> list[str]:
    """What NickServ says."""
    person.send(f"NICKSERV CERT {words}")
    return [line.partition(" NOTICE ann :")[2] for line in person.take()]


def by_external(stage: Stage, certificate: str, authzid: str = "") -> list[str]:
    """What somebody hears who logs in with this certificate."""
    person = holding(stage.open("somebody"), certificate)
    person.send("CAP REQ :sasl")
    person.take()
    person.send("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {b64encode(authzid.encode()).decode() or '+'}")
    return person.take()[1:]


def enters(heard: list[str], account: str) -> bool:
    return [line.split(" ")[1] for line in heard] == ["900", "903"] and heard[0].split(" ")[4] == account


# ---- CERT


def test_a_certificate_of_this_connection_or_one_that_is_named(stage: Stage, ann: Person) -> None:
    assert cert(ann, "LIST") == ["Your account has no certificate. CERT ADD adds that of this connection."]
    assert "SHA-256" in cert(ann, "ADD")[0]
    holding(ann, LAPTOP)
    assert cert(ann, "ADD") == [f"{LAPTOP} logs you in from now on (SASL EXTERNAL)."]
    colons = ":".join(PHONE[start : start + 2].upper() for start in range(0, 64, 2))
    assert cert(ann, f"ADD {colons} the phone") == [f"{PHONE} logs you in from now on (SASL EXTERNAL)."]
    assert cert(ann, "LIST") == [
        "Your account is entered with these certificates:",
        f"  {LAPTOP} (this connection)",
        f"  {PHONE} the phone",
    ]
    assert enters(by_external(stage, LAPTOP), "ann")
    assert enters(by_external(stage, PHONE), "ann")


def test_names_are_one_short_line(ann: Person) -> None:
    cert(ann, f"ADD {PHONE} {'ж' * 60}")
    assert cert(ann, "LIST")[1] == f"  {PHONE} {'ж' * 32}"


def test_a_certificate_belongs_to_one_account(stage: Stage, ann: Person) -> None:
    bob = stage.enter("rob")
    bob.send(f"NICKSERV IDENTIFY bob {PASSWORD}", f"NICKSERV CERT ADD {LAPTOP}")
    bob.take()
    assert cert(ann, f"ADD {LAPTOP}") == ["This certificate belongs to another account."]
    assert enters(by_external(stage, LAPTOP), "bob")


def test_two_who_name_the_same_one_at_once(stage: Stage, ann: Person) -> None:
    world = stage.engine.world
    bob_account = world.accounts.named("bob")
    assert bob_account is not None
    stage.disk.is_slow = True
    stage.engine.log.commit(CertificateAdded("", bob_account, LAPTOP, ""), None)
    ann.send(f"NICKSERV CERT ADD {LAPTOP}")
    stage.disk.hurry()
    stage.turn()
    assert ann.take() == [
        ":irc.example FAIL NICKSERV TEMPORARILY_UNAVAILABLE :This certificate belongs to another account"
    ]
    assert world.accounts.certified(LAPTOP) is bob_account


def test_so_many_and_no_more(ann: Person) -> None:
    for number in range(MOST_CERTIFICATES):
        assert "from now on" in cert(ann, f"ADD {number:064x}")[0]
    assert cert(ann, f"ADD {PHONE}")[0].startswith(f"An account has at most {MOST_CERTIFICATES}")
    assert "from now on" in cert(ann, f"ADD {0:064x} renamed")[0]


def test_what_is_taken_back_opens_nothing(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    cert(ann, f"ADD {PHONE}")
    unknown = ["Your account has no such certificate, or more than one that begins so."]
    for words in (f"DEL {STOLEN}", f"DEL {LAPTOP[:7]}", "DEL", f"DEL {LAPTOP} or so"):
        assert cert(ann, words) == unknown
    assert cert(ann, f"DEL {LAPTOP[:8].upper()}") == [f"{LAPTOP} logs nobody in any more."]
    assert by_external(stage, LAPTOP) == WRONG
    assert enters(by_external(stage, PHONE), "ann")


def test_what_was_added_stands_over_a_restart(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP} the laptop")
    cert(ann, f"ADD {PHONE}")
    cert(ann, f"DEL {PHONE}")
    stage.restart()
    assert enters(by_external(stage, LAPTOP), "ann")
    assert by_external(stage, PHONE) == WRONG
    assert check_stage(stage) == []


def test_it_is_for_people_with_an_account(stage: Stage) -> None:
    cid = holding(stage.enter("cid"), STOLEN)
    cid.send("NICKSERV CERT ADD", "NICKSERV CERT")
    assert [line.partition(" :")[2] for line in cid.take()] == [
        "Log in first: this is for people with an account"
    ] * 2


@pytest.mark.parametrize("words", ["", "ERASE", "BLESS x"])
def test_what_is_no_use_of_it_is_told_the_right_one(ann: Person, words: str) -> None:
    assert cert(ann, words) == ["Say: CERT LIST, CERT ADD [<fingerprint>] [<name>], CERT DEL <fingerprint>"]


def test_it_is_said_in_russian_too(stage: Stage, ann: Person) -> None:
    stage.settings.language = "ru"
    assert cert(ann, "LIST")[0].startswith("У вашей учётной записи нет сертификата.")


# ---- EXTERNAL


def test_it_is_offered_to_who_has_a_certificate(stage: Stage) -> None:
    for certificate, offered in (("", False), (LAPTOP, True)):
        person = holding(stage.open("somebody"), certificate)
        person.send("CAP LS 302")
        words = " ".join(person.take()).replace(":", " ").split()
        mechanisms = next(word for word in words if word.startswith("sasl=")).removeprefix("sasl=").split(",")
        assert ("EXTERNAL" in mechanisms) is offered


def test_without_a_certificate_there_is_no_such_mechanism(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    person = stage.open("somebody")
    person.send("CAP REQ :sasl")
    person.take()
    person.send("AUTHENTICATE EXTERNAL")
    assert [line.split(" ")[1] for line in person.take()] == ["908", "904"]


def test_a_certificate_that_nobody_has_named_is_wrong(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    assert by_external(stage, STOLEN) == WRONG
    assert by_external(stage, STOLEN, "ann") == WRONG


def test_the_account_may_be_named_and_no_other(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    assert enters(by_external(stage, LAPTOP, "ann"), "ann")
    assert enters(by_external(stage, LAPTOP, "ANN@phone"), "ann")
    assert by_external(stage, LAPTOP, "bob") == WRONG
    assert by_external(stage, LAPTOP, "eve") == WRONG


def test_the_device_may_be_named(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    by_external(stage, LAPTOP, "ann@phone")
    session = stage.persons[-1].session
    assert session is not None
    assert session.device == "phone"


def test_what_is_no_name_is_told_so(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    person = holding(stage.open("somebody"), LAPTOP)
    person.send("CAP REQ :sasl", "AUTHENTICATE EXTERNAL", "AUTHENTICATE /w==")
    assert " 904 " in person.take()[-1]


def test_an_account_that_is_suspended_is_told_so(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    account.suspended = "bad manners"
    assert by_external(stage, LAPTOP) == [":irc.example 904 * :This account is suspended: bad manners"]


def test_an_account_that_is_gone_takes_its_certificates_along(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    accounts = stage.engine.world.accounts
    account = accounts.named("ann")
    assert account is not None
    accounts.remove(account.uid)
    assert accounts.by_certificate == {}
    assert by_external(stage, LAPTOP) == WRONG


def test_guessing_with_certificates_has_an_end(stage: Stage) -> None:
    person = holding(stage.open("somebody"), STOLEN)
    person.send("CAP REQ :sasl")
    for _ in range(5):
        assert not person.ended
        person.send("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
    assert person.ended


def test_a_login_by_certificate_gives_no_guess_back(stage: Stage, ann: Person) -> None:
    cert(ann, f"ADD {LAPTOP}")
    guesser = stage.open("eve")
    wrong = b64encode(b"\0ann\0wrong-horse").decode()
    guesser.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {wrong}")
    counted = len(stage.engine.guesses)
    assert counted
    by_external(stage, LAPTOP)
    assert len(stage.engine.guesses) == counted
