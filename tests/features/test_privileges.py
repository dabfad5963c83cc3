"""What is for operators alone changes nothing when somebody else says it, whatever he says."""

from __future__ import annotations

import pytest

from veche.app.features import FEATURES
from veche.core.registry import Registry
from veche.core.settings import OperatorBlock
from veche.state.server_bans import ServerBans
from veche.state.snapshot import snapshot
from veche.testing.checks import check_stage
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Stage, quiet_settings

PRIVILEGED = sorted(
    name for name, row in Registry(FEATURES, quiet_settings()).commands.items() if row.privileged
)
PARAMETERS = [
    "", "bob", "bob :reason", "bob #tea", "#tea +o ann", "bob bobby", "irc.example", "1", "ADD bob@there 1h :x",
    "DEL bob@there", "LIST", "192.0.2.2", "1h 192.0.2.0/24 :x", "*@192.0.2.2 :x", "+abc", ":to all",
]  # fmt: skip


def make_stage() -> Stage:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    return Stage(settings)


def test_the_table_holds_what_it_should() -> None:
    assert set(PRIVILEGED) >= {
        "KILL", "WALLOPS", "SAJOIN", "SAMODE", "SANICK", "UBAN", "KLINE", "DLINE", "UNKLINE", "UNDLINE", "DEFCON",
        "REHASH", "DIE", "RESTART", "DEOPER", "SNOMASK",
    }  # fmt: skip


@pytest.mark.parametrize("command", PRIVILEGED)
def test_a_plain_user_changes_nothing(command: str) -> None:
    stage = make_stage()
    ann, bob = stage.enter("ann", address="192.0.2.1"), stage.enter("bob", address="192.0.2.2")
    bob.send("JOIN #tea", "MODE bob +w")
    bob.take()
    before = snapshot(stage.engine.world)
    for parameters in PARAMETERS:
        ann.send(f"{command} {parameters}".rstrip())
        assert ann.take() == [":irc.example 481 ann :Permission Denied- You're not an IRC operator"]
    assert snapshot(stage.engine.world) == before
    assert bob.unheard == []
    assert not bob.ended
    assert check_stage(stage) == []


def test_nobody_makes_himself_an_operator_by_a_mode() -> None:
    stage = make_stage()
    ann = stage.enter("ann")
    for line in ("MODE ann +o", "MODE ann +os abc", "MODE ann +s *", "MODE ann +rZ", "SAMODE ann +o"):
        ann.send(line)
    assert stage.engine.world.users_by_key["ann"].modes == frozenset()


@pytest.mark.parametrize("command", PRIVILEGED)
def test_before_registration_it_is_too_early(command: str) -> None:
    stage = make_stage()
    ann = stage.open("ann")
    ann.send(f"{command} bob :reason")
    assert ann.take() == [":irc.example 451 * :You have not registered"]


@pytest.mark.parametrize("command", PRIVILEGED)
def test_an_operator_may_say_anything_after_it(command: str) -> None:
    """No bug, whatever comes behind a command of an operator."""
    stage = make_stage()
    with stage.bugs:
        for parameters in PARAMETERS:
            ann = stage.enter("ann", address="127.0.0.1")
            bob = stage.enter("bob", address="127.0.0.1")
            bob.send("JOIN #tea")
            ann.send("OPER root secret", f"{command} {parameters}".rstrip(), "DEFCON 5", "QUIT")
            bob.send("QUIT")
            for person in list(stage.engine.sessions):
                stage.engine.end(person, "Next")
            stage.turn()
            stage.engine.world.server_bans = ServerBans()
    assert stage.bugs.found == []
