"""WEBIRC: who may speak for others, and what is believed."""

from __future__ import annotations

import pytest

from veche.core.limits import Networks
from veche.core.settings import Gateway, OperatorBlock
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings

PROOF = "ab" * 32


def stage_with_gateways() -> Stage:
    settings = quiet_settings()
    settings.webirc = [
        Gateway("kiwi", "hunter2", Networks(["192.0.2.1", "unix"])),
        Gateway("lounge", "hunter3", Networks(["192.0.2.0/24"])),
    ]
    settings.gateways = Networks(["192.0.2.0/24"])
    return Stage(settings)


def come(stage: Stage, address: str = "192.0.2.1", *, secure: bool = False) -> Person:
    """Somebody connects, by TLS with a certificate of his own if `secure`."""
    person = Person(stage, "gateway", address)
    certificate = "00" * 32 if secure else ""
    person.session = stage.engine.connect(
        person.pipe,
        address,
        "ircs" if secure else "irc",
        secure=secure,
        certificate=certificate,
        binding=b"ours" if secure else b"",
    )
    stage.persons.append(person)
    return person


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("198.51.100.3", "198.51.100.3"),
        ("0::1", "::1"),
        ("2001:DB8::7", "2001:db8::7"),
    ],
)
def test_an_address_is_taken_over(given: str, address: str) -> None:
    # webirc: "If the IP address is an IPv6 address beginning with a colon, it MUST be sent with a
    # canonically-acceptable preceding zero."
    # webirc: "If the IP address cannot be resolved to a DNS name, the IP address MUST be sent as both the
    # `hostname` and `ip`."
    stage = stage_with_gateways()
    person = come(stage)
    person.send(f"WEBIRC hunter2 Example {given} {given}", "NICK ann", "USER ann 0 * :Ann")
    assert person.session is not None
    assert person.session.address == address
    assert person.session.gateway == "kiwi"
    assert person.take()[0].startswith(":irc.example 001 ann ")


def test_who_comes_through_a_gateway_is_shown_as_such() -> None:
    # webirc: "To assist network operators and prevent abuse, IRC servers SHOULD show when a WebIRC connection is in use
    # and SHOULD provide the original host when possible."
    stage = stage_with_gateways()
    stage.settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("x"))
    ann = come(stage)
    ann.send("WEBIRC hunter2 Example x 198.51.100.3", "NICK ann", "USER ann 0 * :Ann")
    amy, bob = stage.enter("amy"), stage.enter("bob")
    amy.send("OPER root x")
    for person in (ann, amy, bob):
        person.take()
        person.send("WHOIS ann")
    shown = [
        ":irc.example 338 {} ann ~ann@198.51.100.3 198.51.100.3 :Is actually using host",
        ":irc.example 350 {} ann * * :is connected via the kiwi WebIRC gateway",
    ]
    assert [line for line in amy.take() if line.split(" ")[1] in ("338", "350")] == [
        line.format("amy") for line in shown
    ]
    assert [line for line in ann.take() if line.split(" ")[1] in ("338", "350")] == [
        line.format("ann") for line in shown
    ]
    assert not [line for line in bob.take() if line.split(" ")[1] in ("338", "350")], "nobody else's business"


def test_limits_follow_the_address() -> None:
    stage = stage_with_gateways()
    stage.settings.connections_per_address = 2
    for _ in range(5):
        come(stage).send("WEBIRC hunter2 Example x 198.51.100.3")
    refused = [person for person in stage.persons if person.ended]
    assert [person.take() for person in refused] == [["ERROR :Too many connections from your address"]] * 3
    assert stage.engine.doorkeeper.count == 2
    for person in stage.persons[:2]:
        stage.leave(person, "gone")
    assert stage.engine.doorkeeper.count == 0
    assert stage.engine.doorkeeper.at_once == {}


def test_a_full_house_has_room_for_who_is_in_it() -> None:
    stage = stage_with_gateways()
    stage.settings.clients = 1
    person = come(stage)
    person.send("WEBIRC hunter2 Example x 198.51.100.3")
    assert not person.ended


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("192.0.2.1", "WEBIRC hunter1 Example x 198.51.100.3"),
        ("192.0.2.2", "WEBIRC hunter2 Example x 198.51.100.3"),
        ("198.51.100.9", "WEBIRC hunter2 Example x 198.51.100.3"),
    ],
    ids=["wrong", "another gateway's", "from elsewhere"],
)
def test_who_is_no_gateway_is_hung_up_on(address: str, line: str) -> None:
    # webirc: "If the `WEBIRC` command does not originate from a whitelisted IP address or uses an incorrect password,
    # the gateway SHOULD close any connections with an `ERROR` command." The server does it.
    # webirc: "IRC servers SHOULD use secure passwords and SHOULD whitelist the IP addresses for the allowed
    # WebIRC gateway servers."
    person = come(stage_with_gateways(), address)
    person.send(line, "NICK ann", "USER ann 0 * :Ann")
    assert person.take() == ["ERROR :Invalid WebIRC password"]
    assert person.ended


def test_nobody_is_a_gateway_where_none_is_set_up() -> None:
    person = come(Stage())
    person.send("WEBIRC hunter2 Example x 198.51.100.3")
    assert person.take() == ["ERROR :Invalid WebIRC password"]


@pytest.mark.parametrize("address", ["evil", "1.2.3", "1.2.3.4.5", ":", "1.2.3.4:80", "fe80::1%eth0"])
def test_an_address_that_is_none_is_hung_up_on(address: str) -> None:
    person = come(stage_with_gateways())
    person.send(f"WEBIRC hunter2 Example x :{address}")
    assert person.take() == ["ERROR :Invalid WebIRC address"]


@pytest.mark.parametrize(
    "first", ["CAP LS 302", "NICK ann", "PING x", "WEBIRC hunter2 Example x 198.51.100.3"]
)
def test_it_comes_first_or_not_at_all(first: str) -> None:
    # webirc: "The WEBIRC command MUST be the first command sent from the WebIRC gateway to the IRC server and
    # MUST be sent before capability negotiation."
    person = come(stage_with_gateways())
    person.send(first, "WEBIRC hunter2 Example x 198.51.100.4")
    assert person.take()[-1] == "ERROR :WEBIRC comes first or not at all"


def test_it_does_not_come_after_registration() -> None:
    person = stage_with_gateways().enter("ann", address="192.0.2.1")
    person.take()
    person.send("WEBIRC hunter2 Example x 198.51.100.4")
    assert person.take() == ["ERROR :WEBIRC comes first or not at all"]


def test_too_few_words_are_told_so() -> None:
    person = come(stage_with_gateways())
    person.send("WEBIRC hunter2 Example x")
    assert person.take() == [":irc.example 461 * WEBIRC :Not enough parameters"]


@pytest.mark.parametrize(
    ("is_tls", "options", "is_secure", "certificate"),
    [
        (True, "secure", True, ""),
        (True, "secure=examplevalue123 local-port=6697", True, ""),
        (True, "local-port=6697", False, ""),
        (True, "", False, ""),
        (False, "secure", False, ""),
        (True, f"secure certfp-sha-256={PROOF}", True, PROOF),
        (True, f"secure certfp-sha-256={PROOF.upper()}", True, PROOF),
        (True, f"certfp-sha-256={PROOF}", False, ""),
        (False, f"secure certfp-sha-256={PROOF}", False, ""),
        (True, "secure certfp-sha-256=" + "zz" * 32, True, ""),
        (True, f"secure certfp-sha-512={PROOF} spkifp-sha-256={PROOF} unknown=x", True, ""),
    ],
)
def test_what_is_believed_of_the_link(is_tls: bool, options: str, is_secure: bool, certificate: str) -> None:
    # webirc: "Servers MUST be able to handle options that don't currently have defined values gaining values in the
    # future."
    # webirc: "they MUST treat the options secure and secure=examplevalue123 in exactly the same way."
    # webirc: "Servers MUST ONLY treat the connection as secure if this flag is sent and the connection from the
    # gateway to the server is also secure with TLS."
    person = come(stage_with_gateways(), secure=is_tls)
    person.send(f"WEBIRC hunter2 Example x 198.51.100.3 :{options}")
    assert person.session is not None
    assert (person.session.secure, person.session.certificate) == (is_secure, certificate)


def test_a_login_cannot_be_bound_to_the_gateways_tls() -> None:
    person = come(stage_with_gateways(), secure=True)
    assert person.session is not None
    assert person.session.binding == b"ours"
    person.send("WEBIRC hunter2 Example x 198.51.100.3 :secure", "CAP LS 302")
    assert person.session.binding == b""
    assert "PLUS" not in " ".join(person.take())
