"""Make a failure small: the shortest tail that still fails, then without every step and line that it does not need.

The rule: a smaller play counts as the same failure when it fails with the same kind of words; a shorter one that fails
otherwise would lead away from what was found.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from .steps import Step

# Returns what went wrong, or "" for a play that went well.
Judge = Callable[[Sequence[Step]], str]

PATIENCE = 60.0


def kind_of(problem: str) -> str:
    """What kind of failure a text tells of: its last line that is no detail, without numbers and quotations."""
    lines = [line for line in problem.splitlines() if line and line[0] != " "]
    text = lines[-1] if problem.startswith("an exception") else lines[0]
    return re.sub(r"\d+|b?'.*|\{.*|\[.*|:.*", "", text)


class Shrinker:
    """Looks for smaller plays that fail as `steps` do, for `patience` seconds at most."""

    def __init__(self, judge: Judge, problem: str, patience: float = PATIENCE) -> None:
        self._judge = judge
        self._kind = kind_of(problem)
        self._end = time.monotonic() + patience
        self.trials = 0

    def shrink(self, steps: Sequence[Step]) -> list[Step]:
        """The smallest that was found."""
        found = self._shortest_tail(list(steps))
        while True:
            size = _size(found)
            found = self._without(found)
            found = self._shorter_lines(found)
            if _size(found) == size or self._is_late():
                return found

    def _fails(self, steps: Sequence[Step]) -> bool:
        self.trials += 1
        problem = self._judge(steps)
        return bool(problem) and kind_of(problem) == self._kind

    def _is_late(self) -> bool:
        return time.monotonic() > self._end

    def _shortest_tail(self, steps: list[Step]) -> list[Step]:
        """By bisection between a tail that is too short and one that is long enough."""
        short, enough = 0, 1
        while enough < len(steps) and not self._fails(steps[-enough:]):
            short, enough = enough, enough * 2
        enough = min(enough, len(steps))
        while enough - short > 1 and not self._is_late():
            middle = (short + enough) // 2
            if self._fails(steps[-middle:]):
                enough = middle
            else:
                short = middle
        return steps[-enough:]

    def _without(self, steps: list[Step]) -> list[Step]:
        """Without whatever can be left out: large pieces first, then smaller ones."""
        size = max(1, len(steps) // 2)
        while size and not self._is_late():
            at = 0
            while at < len(steps) and not self._is_late():
                fewer = steps[:at] + steps[at + size :]
                if fewer and self._fails(fewer):
                    steps = fewer
                else:
                    at += size
            size //= 2
        return steps

    def _shorter_lines(self, steps: list[Step]) -> list[Step]:
        """Each step that says several lines, with fewer of them."""
        for index, step in enumerate(steps):
            lines = step.data.splitlines(keepends=True) if step.kind == "say" else []
            at = 0
            while len(lines) > 1 and at < len(lines) and not self._is_late():
                fewer = lines[:at] + lines[at + 1 :]
                trial = [*steps[:index], step._replace(data=b"".join(fewer)), *steps[index + 1 :]]
                if self._fails(trial):
                    lines, steps = fewer, trial
                else:
                    at += 1
        return steps


def _size(steps: Sequence[Step]) -> int:
    return sum(len(step.data) + 10 for step in steps)
