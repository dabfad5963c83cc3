"""veche.core.pace: a burst, then one in a while."""

from __future__ import annotations

import pytest

from veche.core.ask import Ask
from veche.core.pace import Pace
from veche.testing.stage import Stage, quiet_settings
from veche.wire.message import Message


def ask_of(stage: Stage, name: str) -> Ask:
    session = stage.enter(name).session
    assert session is not None
    return Ask(stage.engine, session, Message("X", []), "")


@pytest.fixture
def stage() -> Stage:
    settings = quiet_settings()
    settings.flood = True
    settings.flood_burst = 100
    return Stage(settings)


def test_a_burst_and_then_one_in_a_while(stage: Stage) -> None:
    pace, ask = Pace("x", burst=3, seconds=10.0), ask_of(stage, "ann")
    assert [pace.wait(ask) for _ in range(5)] == [0, 0, 0, pytest.approx(10), pytest.approx(10)]
    stage.pass_time(4)
    assert pace.wait(ask) == pytest.approx(6)
    stage.pass_time(6)
    assert [pace.wait(ask), pace.wait(ask)] == [0, pytest.approx(10)]


def test_rest_gives_the_burst_back_and_no_more(stage: Stage) -> None:
    pace, ask = Pace("x", burst=2, seconds=1.0), ask_of(stage, "ann")
    assert pace.wait(ask) == pace.wait(ask) == 0
    stage.pass_time(60)
    assert [bool(pace.wait(ask)) for _ in range(3)] == [False, False, True]


def test_each_session_and_each_kind_has_its_own(stage: Stage) -> None:
    one, other = Pace("one", burst=1, seconds=9.0), Pace("other", burst=1, seconds=9.0)
    ann, bob = ask_of(stage, "ann"), ask_of(stage, "bob")
    assert [one.wait(ann), other.wait(ann), one.wait(bob)] == [0, 0, 0]
    assert one.wait(ann) > 0


def test_without_flood_control_there_is_no_pace() -> None:
    stage = Stage(quiet_settings())
    pace, ask = Pace("x", burst=1, seconds=10.0), ask_of(stage, "ann")
    assert [pace.wait(ask) for _ in range(9)] == [0] * 9
