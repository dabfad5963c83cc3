"""WHOIS and WHO where it matters who asks, and how somebody is connected."""

from __future__ import annotations

import pytest

from veche.features.user_modes import UserModesChanged
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings

CERTIFICATE = "ab" * 32


@pytest.fixture
def stage() -> Stage:
    return Stage(quiet_settings())


def enter_by_tls(stage: Stage, name: str) -> Person:
    person = Person(stage, name, "2001:db8::1")
    person.session = stage.engine.connect(
        person.pipe, person.address, "ircs", secure=True, certificate=CERTIFICATE
    )
    stage.persons.append(person)
    person.send(f"NICK {name}", f"USER {name} 0 * :X")
    return person


def make_operator(stage: Stage, person: Person) -> None:
    """As OPER does it."""
    session = person.session
    assert session is not None
    assert session.user is not None
    user = session.user
    stage.engine.log.commit(UserModesChanged(user.uid, user.source, user.nick, "+o"), None)
    stage.turn()
    person.take()


def numerics(person: Person) -> list[str]:
    return [line.split(" ")[1] for line in person.take()]


def test_who_comes_by_tls_has_mode_z_and_cannot_drop_it(stage: Stage) -> None:
    ann = enter_by_tls(stage, "ann")
    assert ann.take()[-1] == ":ann!~ann@there MODE ann +Z"
    ann.send("MODE ann -Z", "MODE ann")
    assert ann.take() == [":irc.example 221 ann +Z"]
    assert check_stage(stage) == []


def test_a_stranger_reads_of_the_secure_connection_and_no_more(stage: Stage) -> None:
    enter_by_tls(stage, "ann")
    bob = stage.enter("bob")
    bob.send("WHOIS ann")
    assert numerics(bob) == ["311", "312", "671", "317", "318"]
    assert not any(b"2001:db8" in line or CERTIFICATE.encode() in line for line in bob.heard)


def test_oneself_and_an_operator_read_address_modes_and_certificate(stage: Stage) -> None:
    ann, bob = enter_by_tls(stage, "ann"), stage.enter("bob")
    make_operator(stage, bob)
    ann.take()
    for person in (ann, bob):
        person.send("WHOIS ann")
        lines = person.take()
        nick = person.name
        assert f":irc.example 338 {nick} ann ~ann@2001:db8::1 2001:db8::1 :Is actually using host" in lines
        assert f":irc.example 379 {nick} ann :is using modes +Z" in lines
        assert f":irc.example 276 {nick} ann :has client certificate fingerprint {CERTIFICATE}" in lines
        person.send("WHO ann %i")
        assert person.take()[0] == f":irc.example 354 {nick} 2001:db8::1"


def test_an_operator_is_seen_as_one(stage: Stage) -> None:
    ann, bob = stage.enter("ann"), stage.enter("bob")
    make_operator(stage, ann)
    bob.send("WHOIS ann", "WHO ann", "WHO * o%n", "USERHOST ann bob")
    lines = bob.take()
    assert ":irc.example 313 bob ann :is an IRC operator" in lines
    assert ":irc.example 352 bob * ~ann there irc.example ann H* :0 Ann" in lines
    assert [line for line in lines if " 354 " in line] == [":irc.example 354 bob ann"]
    assert lines[-1] == ":irc.example 302 bob :ann*=+~ann@there bob=+~bob@there"
    ann.send("MODE ann -o")
    bob.send("WHO ann %f")
    assert bob.take()[0] == ":irc.example 354 bob H"
    assert check_stage(stage) == []


def test_an_address_that_begins_with_a_colon_stays_one_word(stage: Stage) -> None:
    ann = stage.enter("ann", address="::1")
    ann.send("WHOIS ann")
    assert ":irc.example 338 ann ann ~ann@0::1 0::1 :Is actually using host" in ann.take()
