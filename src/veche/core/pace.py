"""How often a session may do one particular thing that costs others more than a line: a burst, then one in a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veche.core.ask import Ask


class Pace:
    """`burst` times at once, then once in `seconds`. `name` tells this budget of a session from its others."""

    __slots__ = ("_allowance", "_seconds", "name")

    def __init__(self, name: str, burst: int, seconds: float) -> None:
        self.name = name
        self._seconds = seconds
        self._allowance = burst * seconds

    def wait(self, ask: Ask) -> float:
        """Take one and return 0, or return how many seconds are to wait. Flood control off means no limit."""
        if ask.engine.flood is None:
            return 0.0
        now = ask.engine.clock.monotonic()
        paces = ask.session.paces
        paid = max(paces.get(self.name, now), now) + self._seconds
        late = paid - now - self._allowance
        if late > 1e-6:
            return late
        paces[self.name] = paid
        return 0.0
