"""How often one particular thing may be done that costs others more than a line: a burst, then one in a while.

A `Pace` is for what one session does; a `SharedPace` for what happens to one victim, or to one pair, whoever does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from veche.core.ask import Ask

# Budgets of a SharedPace that are looked through for ones that are paid off, when there are so many of them.
_MANY: Final = 1024
_SLACK: Final = 1e-6


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
        if late > _SLACK:
            return late
        paces[self.name] = paid
        return 0.0


class SharedPace:
    """`burst` times at once for one key, then once in `seconds`; the key is a uid, a room, or whatever is spared."""

    __slots__ = ("_allowance", "_seconds", "name")

    def __init__(self, name: str, burst: int, seconds: float) -> None:
        self.name = name
        self._seconds = seconds
        self._allowance = burst * seconds

    def wait(self, ask: Ask, key: str) -> float:
        """Take one and return 0, or return how many seconds are to wait. Flood control off means no limit."""
        if ask.engine.flood is None:
            return 0.0
        now = ask.engine.clock.monotonic()
        paces = ask.engine.shelf(_Budgets).of(self.name, now)
        paid = max(paces.get(key, now), now) + self._seconds
        late = paid - now - self._allowance
        if late > _SLACK:
            return late
        paces[key] = paid
        return 0.0


class _Budgets:
    """When what was done is paid off (monotonic), by the name of the pace and by key. No facts: a restart forgives."""

    __slots__ = ("_paces", "_sweep_at")

    def __init__(self) -> None:
        self._paces: dict[str, dict[str, float]] = {}
        self._sweep_at: dict[str, int] = {}

    def of(self, name: str, now: float) -> dict[str, float]:
        paces = self._paces.setdefault(name, {})
        if len(paces) >= self._sweep_at.get(name, _MANY):
            for key in [key for key, paid in paces.items() if paid <= now]:
                del paces[key]
            self._sweep_at[name] = max(_MANY, 2 * len(paces))
        return paces
