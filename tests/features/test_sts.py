"""sts: who is told what, and that nobody can ask for it."""

from __future__ import annotations

import re

import pytest

from veche.testing.stage import Person, Stage, quiet_settings


def ask(
    *,
    seconds: int = 3600,
    port: int = 6697,
    door: str = "irc",
    address: str = "198.51.100.3",
    server_name: str = "",
    line: str = "CAP LS 302",
) -> str:
    """What a server set up like this answers to somebody who comes like this."""
    settings = quiet_settings()
    settings.sts_seconds, settings.sts_port = seconds, port
    settings.sts_names = {
        "irc.example": None,
        "chat.example": None,
        "new.example": 60,
        "old.example": -1,
        "none.example": 0,
    }
    stage = Stage(settings)
    person = Person(stage, "ann", address)
    person.session = stage.engine.connect(
        person.pipe, address, door, secure=door == "ircs", server_name=server_name
    )
    stage.persons.append(person)
    person.send(line)
    answer, *more = person.take()
    return " ".join([answer.replace(" LS * :", " LS :"), *(line.partition(" :")[2] for line in more)])


def told(**how: object) -> str:
    """The value of sts in CAP LS; "" where it is not there."""
    words = ask(**how).partition(" :")[2].split(" ")  # type: ignore[arg-type]
    return next((word.partition("=")[2] for word in words if word.partition("=")[0] == "sts"), "")


def test_the_value_is_one_key_with_a_number() -> None:
    # sts: "When enabled, the capability has a REQUIRED value: a comma (`,`) (0x2C) separated list of tokens."
    # sts: "Keys specified in this document MUST only occur at most once."
    # sts: "This key's value MUST be a single port number."
    assert re.fullmatch(r"port=[1-9][0-9]{0,4}", told())
    # sts: "The value of this key MUST be given as a single integer which represents the number of seconds until the
    # persistence policy expires."
    assert re.fullmatch(r"duration=[1-9][0-9]*", told(door="ircs", server_name="irc.example"))


def test_a_plain_connection_hears_the_port_and_no_duration() -> None:
    # sts: "An **upgrade policy**, expressed via the `port` key. *REQUIRED* on an insecure connection."
    # sts: "To enforce an STS upgrade policy, servers MUST send this key to insecurely connected clients."
    assert told() == "port=6697"


@pytest.mark.parametrize("name", ["irc.example", "chat.example"])
def test_a_tls_connection_hears_the_duration_and_no_port(name: str) -> None:
    # sts: "A **persistence policy**, expressed via the `duration` key *REQUIRED* on a secure connection."
    # sts: "To enforce an STS persistence policy, servers MUST send this key to securely connected clients."
    assert told(door="ircs", server_name=name) == "duration=3600"


@pytest.mark.parametrize(
    ("name", "value"), [("new.example", "duration=60"), ("old.example", "duration=0"), ("none.example", "")]
)
def test_a_host_may_have_a_duration_of_its_own(name: str, value: str) -> None:
    # sts: "IRCd software SHOULD allow for each part of the STS policy to be configured per hostname."
    assert told(door="ircs", server_name=name) == value


@pytest.mark.parametrize("name", ["", "other.example", "x" * 255])
def test_who_asked_tls_for_another_name_hears_nothing(name: str) -> None:
    # sts: "Before advertising an STS persistence policy over a secure connection, servers SHOULD verify whether the
    # hostname provided by clients, for example, via TLS Server Name Indication (SNI), has been whitelisted by
    # administrators in the server configuration."
    # sts: "If no hostname has been provided for the connection, an STS persistence policy SHOULD NOT be
    # advertised."
    assert told(door="ircs", server_name=name) == ""


def test_what_was_said_can_be_taken_back() -> None:
    assert told(seconds=-1, door="ircs", server_name="irc.example") == "duration=0"
    assert told(seconds=-1) == ""


def test_nothing_is_said_unless_it_is_set() -> None:
    # sts: "In server software, this capability MUST be made available as an optional configuration setting."
    assert told(seconds=0) == ""
    assert told(seconds=0, door="ircs", server_name="irc.example") == ""


def test_nothing_is_said_where_there_is_no_tls_door() -> None:
    assert told(port=0) == ""


@pytest.mark.parametrize("door", ["web", "classic"])
def test_other_doors_hear_nothing(door: str) -> None:
    assert told(door=door) == ""


def test_local_sockets_hear_nothing() -> None:
    assert told(address="") == ""


def test_old_clients_are_not_shown_a_name_without_its_value() -> None:
    assert " sts" not in ask(line="CAP LS").replace(":", " ")


@pytest.mark.parametrize("word", ["sts", "-sts", "sts=port=1", "batch sts"])
def test_nobody_can_ask_for_it(word: str) -> None:
    # sts: "Clients MUST NOT request this capability with `CAP REQ`."
    # sts: "Servers MAY reply with a CAP NAK message if a client requests this capability."
    assert ask(line=f"CAP REQ :{word}") == f":irc.example CAP * NAK :{word}"


def test_it_is_never_listed_as_enabled() -> None:
    assert "sts" not in ask(line="CAP LIST")


def test_it_is_never_taken_away_from_who_has_heard_of_it() -> None:
    # sts: "Servers MUST NOT send `CAP DEL` to disable this capability, and clients MUST ignore any attempts to do so."
    settings = quiet_settings()
    settings.sts_seconds, settings.sts_port = 3600, 6697
    stage = Stage(settings)
    ann = stage.open("ann", address="198.51.100.3")
    ann.send("CAP LS 302", "CAP REQ :cap-notify", "NICK ann", "USER ann 0 * :Ann", "CAP END")
    settings.sts_seconds = 0  # as REHASH does it
    ann.send("CAP LS 302", "PING x")
    heard = ann.take()
    assert sum("sts=port=6697" in line for line in heard) == 1, "before the change, and not behind it"
    assert not any(" DEL " in line for line in heard)
