"""How often somebody may: a few times at once, then at a steady pace.

The rule: what is kept of people is bounded; who was quiet longest is forgotten first, as if he had never come.
"""

from collections import OrderedDict

MOST_KEYS = 1000


class Pace:
    """For each key: `burst` times at once, and one more every `seconds`."""

    def __init__(self, burst: int, seconds: float) -> None:
        self._burst = burst
        self._seconds = seconds
        self._known: OrderedDict[str, tuple[float, float]] = (
            OrderedDict()
        )  # key: what is left, and when that was

    def take(self, key: str, now: float) -> bool:
        """Whether it may be done now, at the time `now` (s); if so, it counts."""
        left, at = self._known.pop(key, (float(self._burst), now))
        left = min(self._burst, left + max(0.0, now - at) / self._seconds)
        may = left >= 1
        self._known[key] = (left - 1 if may else left, now)
        if len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)
        return may
