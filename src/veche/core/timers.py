"""Deadlines in order. The shell asks when the next one is and calls `run` then; a test moves its clock and calls it."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Timers:
    """Callbacks by monotonic time. They cannot be taken back: a callback looks whether it is still wanted."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0  # keeps the order of equal times, and functions out of comparisons

    def at(self, when: float, callback: Callable[[], None]) -> None:
        """Call back at `when` or a little later."""
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, callback))

    @property
    def next(self) -> float | None:
        """The time of the next deadline."""
        return self._heap[0][0] if self._heap else None

    def run(self, now: float) -> None:
        """Call back everything that is due."""
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
