"""Rounds: one seed, one server, some thousand lines; many beside one another; and the story of one that failed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import NamedTuple

from veche.testing.stage import quiet_settings

from .play import Found, Play
from .shrink import Shrinker
from .steps import Step, make_steps

# Lines of one round: each has a server, settings and people of its own, and a seed that is its number.
ROUND = 5000


class Round(NamedTuple):
    """What came of one round."""

    seed: int
    lines: int
    heard: dict[str, int]
    problem: str
    step: int


def play_round(seed: int, lines: int) -> Round:
    """Play one round."""
    play = Play(seed)
    problem = ""
    try:
        play.run(make_steps(random.Random(f"steps {seed}"), lines))
    except Found as found:
        problem = str(found)
    return Round(seed, play.lines, play.heard, problem, play.steps)


def explain(found: Round, lines: int) -> str:
    """A failure with the fewest steps that lead to it, as a text for whoever is to mend it."""
    steps = list(make_steps(random.Random(f"steps {found.seed}"), lines))[: found.step]

    def judge(trial: Sequence[Step]) -> str:
        try:
            Play(found.seed).run(trial)
        except Found as error:
            return str(error)
        return ""

    shrinker = Shrinker(judge, found.problem)
    fewest = shrinker.shrink(steps)
    last = Play(found.seed)
    last.transcript = []
    problem = "(it is gone: say so to whoever wrote the shrinker)"
    try:
        last.run(fewest)
    except Found as error:
        problem = str(error)
    usual = quiet_settings()
    settings = {
        name: value
        for name in usual.__slots__
        if (value := getattr(last.settings, name)) != getattr(usual, name)
        and isinstance(value, (int, str, list))
    }
    return "\n".join(
        [
            f"seed {found.seed}: {found.problem}",
            f"\nthe same with {len(fewest)} of {found.step} steps ({shrinker.trials} trials):",
            *last.transcript,
            problem,
            f"\nsettings: {settings}",
            f"\nonce more: python -m fuzz --seed {found.seed} --lines {lines} --round {lines}",
        ]
    )


def play_all(seeds: range, lines: int, jobs: int) -> int:
    """Play all rounds, stop at the first that fails, and say what came of it."""
    began = time.monotonic()
    said = 0
    heard: Counter[str] = Counter()
    with ProcessPoolExecutor(min(jobs, len(seeds)), get_context("spawn")) as pool:
        for found in pool.map(play_round, seeds, repeat(lines)):
            said += found.lines
            heard.update(found.heard)
            if found.problem:
                pool.shutdown(wait=False, cancel_futures=True)
                print(explain(found, lines))
                return 1
    seconds = time.monotonic() - began
    numerics = sum(name.isdigit() for name in heard)
    print(
        f"{said} lines in {seconds:.0f} s ({said / seconds:.0f} a second); heard {numerics} different numerics and "
        f"{len(heard) - numerics} commands"
    )
    return 0
