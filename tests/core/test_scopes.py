"""veche.core.scopes: a device that may only read changes nothing and tells nobody anything, whatever it says."""

from __future__ import annotations

import re

import pytest

from veche.app.features import FEATURES
from veche.core.registry import Registry
from veche.core.scopes import FULL, READ, may_say
from veche.state.snapshot import snapshot
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings

COMMANDS = sorted(Registry(FEATURES, quiet_settings()).commands)
# What a reader keeps for himself of his reading, and how he says who he is or that he goes.
OWN = {"MARKREAD", "AUTHENTICATE", "QUIT", "CAP"}
PARAMETERS = [
    "", "bob", "#tea", "#tea hello", "bob hello", "#tea +t", "#tea :text of several words", "#cake", "+i", "ann +i",
    "LATEST #tea * 5", "+ bob", "on", "* SET url :x", ":away", "x y z", "#tea #cake", "REGISTER other-horse",
    "SET LANGUAGE ru", "@#tea hi",
]  # fmt: skip


def read_only(stage: Stage) -> Person:
    """Ann's screen, which has a token for reading; she herself is somewhere else."""
    ann = stage.enter("ann")
    ann.send("REGISTER * * correct-horse", "JOIN #tea", "NICKSERV TOKEN ADD screen read")
    token = re.search(r"veche-[0-9a-f]{40}", "\n".join(ann.take()))
    assert token is not None
    screen = stage.open("screen")
    screen.send(f"PASS ann:{token[0]}", "NICK screen", "USER ann 0 * :Ann")
    screen.take()
    return screen


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in OWN])
def test_nothing_comes_of_it(command: str) -> None:
    stage = Stage()
    bob = stage.enter("bob")
    bob.send("JOIN #tea")
    screen = read_only(stage)
    ann = stage.persons[1]
    ann.take()
    bob.take()
    before = snapshot(stage.engine.world)
    for parameters in PARAMETERS:
        screen.send(f"{command} {parameters}".rstrip())
    assert snapshot(stage.engine.world) == before
    assert bob.take() == []
    assert ann.take() == []
    assert not screen.ended
    assert check_stage(stage) == []


def test_what_it_reads_it_is_answered() -> None:
    stage = Stage()
    screen = read_only(stage)
    for line in (
        "NAMES #tea",
        "WHO #tea",
        "WHOIS ann",
        "MODE #tea",
        "TOPIC #tea",
        "LIST",
    ):
        screen.send(line)
        heard = screen.take()
        assert heard
        assert "PRIVS_NEEDED" not in "".join(heard), line


def test_full_is_everything() -> None:
    assert all(may_say(FULL, command, 3) for command in COMMANDS)
    assert not may_say(READ, "PRIVMSG", 2)
    assert not may_say(READ, "WHATEVER-COMES", 0)
