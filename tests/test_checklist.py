"""The checklist, tried against a whole engine: each name does what it is there for, or is missing for a reason."""

from __future__ import annotations

import pytest

from tests.checklist import (
    CAPS,
    COMMANDS,
    EXTENDED_BANS,
    GIVEN_MODES,
    NOT_YET,
    REFUSED,
    REFUSED_CAPS,
    ROOM_MODES,
    TOKENS,
    USER_MODES,
    a_stage,
    in_a_room,
    tokens,
    verbs,
)
from veche.state.room import FLAGS, LISTS, RANKS
from veche.testing.stage import Stage, quiet_settings


def check(name: str, *, works: bool, heard: object) -> None:
    """Whether a name is where it belongs."""
    if name in NOT_YET:
        assert not works, f"{name} works: take it out of NOT_YET"
    else:
        assert works, f"{name} does not work: {heard}"


# ---- capabilities and tokens

# Tried below, where they are there; that of guests in tests/cluster/test_guests.py.
ELSEWHERE = ("sts", "soju.im/account-required", "veche/guest")


@pytest.mark.parametrize("cap", [cap for cap in CAPS if cap not in ELSEWHERE])
def test_capabilities(cap: str) -> None:
    ann = a_stage().open("ann")
    ann.send("CAP LS 302")
    listed = " ".join(ann.take()).replace("=", " ").replace(":", " ").split()
    ann.send(f"CAP REQ :{cap}")
    heard = ann.take()
    works = any(f" ACK :{cap}" in line for line in heard)
    assert works == (cap in listed), "what is listed can be had, and the reverse"
    check(cap, works=works, heard=heard)


def test_sts_is_told_where_it_is_set_and_never_granted() -> None:
    settings = quiet_settings()
    settings.sts_seconds, settings.sts_port = 3600, 6697
    ann = Stage(settings).open("ann", address="192.0.2.1")
    ann.send("CAP LS 302", "CAP REQ sts")
    *told, refused = ann.take()
    assert " sts=" in " ".join(told).replace(":", " ")
    assert " NAK " in refused


@pytest.mark.parametrize("cap", REFUSED_CAPS)
def test_capabilities_that_are_refused_for_good(cap: str) -> None:
    instead, _why = REFUSED_CAPS[cap]
    assert cap not in CAPS
    ann = a_stage().open("ann")
    ann.send("CAP LS 302")
    assert cap not in " ".join(ann.take())
    ann.send(f"CAP REQ :{cap}", f"CAP REQ :{cap} {instead}", f"CAP REQ :{instead}")
    assert ann.take() == [
        f":irc.example CAP * NAK :{cap}",
        f":irc.example CAP * NAK :{cap} {instead}",
        f":irc.example CAP * ACK :{instead}",
    ]


def test_that_an_account_is_required_is_told_where_it_is_so() -> None:
    settings = quiet_settings()
    assert "draft/ACCOUNTREQUIRED" not in Stage(settings).engine.registry.tokens
    settings.account_required = True
    stage = Stage(settings)
    assert stage.engine.registry.tokens["draft/ACCOUNTREQUIRED"] == ""
    ann = stage.open("ann")
    ann.send("CAP LS 302", "CAP REQ soju.im/account-required")
    *told, refused = ann.take()
    assert " soju.im/account-required" in " ".join(told).replace(":", " ")
    assert " NAK " in refused


@pytest.mark.parametrize("token", [token for token in TOKENS if token != "draft/ACCOUNTREQUIRED"])
def test_tokens(token: str) -> None:
    check(token, works=token in tokens(), heard=sorted(tokens()))


def test_nothing_is_advertised_that_is_not_on_the_list() -> None:
    stage = a_stage()
    assert tokens().keys() <= set(TOKENS), "name the new token in TOKENS"
    assert stage.engine.registry.caps.keys() <= set(CAPS), "name the new capability in CAPS"
    known = {command.partition(" ")[0] for command in COMMANDS}
    assert stage.engine.registry.commands.keys() <= known, "name the new command in COMMANDS"


def test_the_list_of_what_is_missing_names_what_was_asked_for() -> None:
    asked = {*CAPS, *TOKENS, *COMMANDS, *(f"+{letter}" for letter in USER_MODES + GIVEN_MODES)}
    assert set(NOT_YET) <= asked


# ---- commands


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str) -> None:
    line, expected = COMMANDS[command]
    stage = a_stage()
    ann = in_a_room(stage)
    with stage.bugs:
        ann.send(line)
    heard = ann.take()
    works = (expected in verbs(heard)) if expected else heard == []
    assert stage.bugs.found == []
    check(command, works=works, heard=heard)


@pytest.mark.parametrize("command", [name for name, row in COMMANDS.items() if " " in row[0]])
def test_commands_without_parameters_are_answered_or_do_nothing(command: str) -> None:
    stage = a_stage()
    ann = in_a_room(stage)
    with stage.bugs:
        ann.send(command.partition(" ")[0])
    assert stage.bugs.found == []
    assert all(len(line.encode()) <= 510 for line in ann.take())


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_for_good(name: str) -> None:
    line, expected, _why = REFUSED[name]
    ann = in_a_room(a_stage())
    ann.send(line)
    assert verbs(ann.take()) == [expected]


# ---- modes


@pytest.mark.parametrize("letter", ROOM_MODES)
def test_room_modes(letter: str) -> None:
    stage = a_stage()
    ann = in_a_room(stage)
    me = stage.engine.world.users_by_key["ann"]
    stage.engine.world.set_modes(me, frozenset("o"))  # P is for operators of the server
    stage.engine.world.rooms["#tea"].members[me.uid].ranks = "q"
    param = ROOM_MODES[letter]
    if letter in "nt":
        ann.send(f"MODE #tea -{letter}")
        ann.take()
    ann.send(f"MODE #tea +{letter} {param}")
    heard = ann.take()
    check("+" + letter, works=f" MODE #tea +{letter}" in heard[0], heard=heard)
    ann.send(f"MODE #tea -{letter} {param}")
    assert f" MODE #tea -{letter}" in ann.take()[0]


def test_room_modes_are_all_on_the_list() -> None:
    assert set(FLAGS + LISTS + RANKS) <= set(ROOM_MODES)


@pytest.mark.parametrize("mask", EXTENDED_BANS)
def test_extended_bans(mask: str) -> None:
    ann = in_a_room(a_stage())
    ann.send(f"MODE #tea +b {mask}", "MODE #tea b")
    assert verbs(ann.take()) == ["MODE", "367", "368"]


@pytest.mark.parametrize("letter", USER_MODES)
def test_user_modes_of_ones_own(letter: str) -> None:
    ann = in_a_room(a_stage())
    ann.send(f"MODE ann +{letter}", "MODE ann")
    heard = ann.take()
    check("+" + letter, works=heard[0].endswith(f" MODE ann +{letter}") and letter in heard[-1], heard=heard)
    ann.send(f"MODE ann -{letter}")
    assert ann.take()[0].endswith(f" MODE ann -{letter}")


@pytest.mark.parametrize("letter", GIVEN_MODES)
def test_user_modes_that_nobody_takes_for_himself(letter: str) -> None:
    ann = in_a_room(a_stage())
    ann.send(f"MODE ann +{letter}")
    assert "MODE" not in verbs(ann.take())
    assert "501" not in verbs(ann.take()), "known, and refused"
