"""The fuzzer barks at what it should bark at, and at nothing else: some lines each day, a million before a gate."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.grammar import FORMS
from fuzz.play import Found, Play
from fuzz.shrink import Shrinker
from fuzz.steps import Step, make_steps
from veche.app.features import FEATURES
from veche.core.ask import Ask
from veche.core.registry import Command, Feature

ROOT = Path(__file__).parent.parent.parent


def fuzz(lines: int) -> str:
    """What the program prints for a new seed; the test fails when it finds something."""
    ran = subprocess.run(
        [sys.executable, "-m", "fuzz", "--lines", str(lines)],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)
    return ran.stdout


def test_some_random_lines_leave_the_server_sound() -> None:
    """Every run has a seed of its own; what it finds, it finds again with the seed that it prints."""
    said = fuzz(20_000)
    assert re.match(r"seed \d+, 4 rounds of 5000 lines\n", said)
    # That lines are random is no merit; that they get far into the server is.
    numerics = int(re.search(r"heard (\d+) different numerics", said)[1])  # type: ignore[index]
    assert numerics > 100


@pytest.mark.long
def test_a_million_random_lines_leave_the_server_sound() -> None:
    assert "heard" in fuzz(1_000_000)


def test_every_form_is_of_a_command_that_there_is() -> None:
    """The other way round it cannot be forgotten: a command without forms is said with any parameters."""
    assert set(FORMS) == {row.name for feature in FEATURES for row in feature.commands}


def broken(weakness: str) -> list[Feature]:
    """All features, and one with a bug that shows when somebody says TOPIC with a text of more than 100 letters."""

    def topic(ask: Ask) -> None:
        if len(ask.params) > 1 and len(ask.params[1]) > 100:
            if weakness == "raises":
                raise KeyError("a bug")
            if weakness == "short":
                ask.reply("332")
            else:
                ask.engine.outboxes.send(ask.session, f":irc.example NOTICE {ask.session.nick} :{'x' * 600}")
        else:
            usual.handler(ask)

    features = []
    for feature in FEATURES:
        if feature.name == "topic":
            usual = feature.commands[0]
            changed = Feature("topic", facts=feature.facts, tokens=feature.tokens)
            changed.commands = [Command("TOPIC", topic, least=1)]
            features.append(changed)
        else:
            features.append(feature)
    return features


@pytest.mark.parametrize(
    ("weakness", "cry"),
    [("raises", "bug: TOPIC"), ("short", "a 332 of 1 parameters"), ("long", "a line of")],
)
def test_a_bug_is_found_and_told_in_few_steps(weakness: str, cry: str) -> None:
    features = broken(weakness)

    def judge(trial: list[Step]) -> str:
        try:
            Play(7, features).run(trial)
        except Found as found:
            return str(found)
        return ""

    steps = list(make_steps(random.Random("steps 7"), 5000))
    problem = judge(steps)
    assert cry in problem
    fewest = Shrinker(judge, problem, patience=30.0).shrink(steps)
    assert len(fewest) <= 6  # of a thousand; some are needed for somebody to get in at all
    assert cry in judge(fewest)


def test_a_world_that_is_not_what_the_facts_say_is_noticed() -> None:
    play = Play(1)
    play.step(Step("say", 0, b"JOIN #tea\r\n"))
    play.look_closely()
    next(iter(play.stage.engine.world.users.values())).real_name = "somebody else"
    with pytest.raises(Found, match="the facts give other users"):
        play.look_closely()


def test_what_is_held_when_all_have_gone_is_noticed() -> None:
    play = Play(1)
    play.step(Step("say", 0, b"PING x\r\n"))
    play.stage.engine.shelf(list).extend(object() for _ in range(100_000))
    with pytest.raises(Found, match="still holds"):
        play.run([])


def test_the_same_seed_is_the_same_play() -> None:
    one, other = (list(make_steps(random.Random("steps 3"), 500)) for _ in range(2))
    assert one == other
    assert len(one) > 200
