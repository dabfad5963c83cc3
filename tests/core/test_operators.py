"""Server notices: who reads them, and how many."""

from __future__ import annotations

import pytest

from veche.core.operators import BURST, KINDS, USUAL_KINDS, WINDOW, tell
from veche.core.settings import OperatorBlock
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings


@pytest.fixture
def stage() -> Stage:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    settings.operators["root"].notices = "ab"
    return Stage(settings)


def make_operator(stage: Stage, name: str = "ann") -> Person:
    person = stage.enter(name)
    person.send("OPER root secret")
    person.take()
    return person


def test_a_notice_is_for_operators_who_read_its_kind(stage: Stage) -> None:
    ann, bob = make_operator(stage), make_operator(stage, "bob")
    cid = stage.enter("cid")
    bob.send("SNOMASK k")
    bob.take()
    tell(stage.engine, "b", "x")
    stage.turn()
    assert ann.take() == [":irc.example NOTICE ann :*** x"]
    assert bob.unheard == cid.unheard == []


def test_an_attack_is_told_of_and_buries_nobody(stage: Stage) -> None:
    ann = make_operator(stage)
    for number in range(BURST + 100):
        tell(stage.engine, "b", f"{number}")
    tell(stage.engine, "a", "another kind")
    stage.turn()
    heard = ann.take()
    assert len(heard) == BURST + 1
    assert heard[-2].endswith("[more of these are not told for up to 10 seconds]")
    stage.pass_time(WINDOW)
    tell(stage.engine, "b", "again")
    stage.turn()
    assert ann.take() == [":irc.example NOTICE ann :*** again"]


def test_a_notice_fits_a_line_whatever_it_tells(stage: Stage) -> None:
    ann = make_operator(stage)
    tell(stage.engine, "b", "ж" * 1000)
    stage.turn()
    assert len(ann.take()[0].encode()) <= 510


def test_the_usual_kinds_are_some_of_all() -> None:
    assert set(USUAL_KINDS) < set(KINDS)
    assert list(KINDS) == sorted(KINDS)
