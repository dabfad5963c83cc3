"""Who is there: a node shows that it lives, looks whether the others do, and sees to the users of those that do not.

The rules:
* A node beats by its own loop's timers: one that is frozen, or too busy to be of any use, does not.
* Whoever is silent for too long is removed from the record (store/postgresql/turns.py), after which it writes nothing
  more. Clocks are not compared: looks are counted.
* That a node is lost is told in a turn, so that all nodes know it at the same place; then its guests go, in one turn,
  and whoever has an account after `GRACE_SECONDS`, unless he is back on another node by then.
"""

from collections.abc import Callable
from typing import Protocol

from veche.core.ports import Clock
from veche.core.shared import LOST, SharedLog
from veche.core.timers import Timers

GRACE_SECONDS = 20.0
# Thousands do not leave at once: a turn in which a thousand went held up everybody else. So many go, and after a breath
# (s), in which others speak, the next.
AT_ONCE = 300
BREATH = 0.1
# What the others read of who was on a node that is lost.
REASON = "Connection lost"


class Beating(Protocol):
    """Where a node shows that it lives."""

    def beat(self, done: Callable[[tuple[int, list[int], list[int]] | Exception], None]) -> None:
        """`done` hears the number of the last turn, the nodes, and those that were removed by this look."""


class Keeper:
    """Beats for one node, every `pause` seconds."""

    def __init__(self, log: SharedLog, timers: Timers, clock: Clock, beating: Beating, pause: float) -> None:
        self._log = log
        self._timers = timers
        self._clock = clock
        self._beating = beating
        self._pause = pause
        self._missing: set[int] = set()

    def start(self) -> None:
        """Beat now, and go on."""
        self._beating.beat(self._seen)

    def _seen(self, seen: tuple[int, list[int], list[int]] | Exception) -> None:
        now = self._clock.monotonic()
        self._timers.at(now + self._pause, self.start)
        if isinstance(seen, Exception):
            self._log.fail(seen)
            return
        number, there, _ = seen
        log = self._log
        # Twice, because who has just come may be known here before his name was read there.
        missing = log.nodes - set(there)
        for node in missing & self._missing:
            log.note(LOST, node)
        self._missing = missing
        log.look(number)
        self._dismiss()

    def _dismiss(self) -> None:
        now = self._clock.monotonic()
        log = self._log
        if log.dismiss_homeless(REASON, guests_only=now < log.lost_at + GRACE_SECONDS, most=AT_ONCE):
            self._timers.at(now + BREATH, self._dismiss)
