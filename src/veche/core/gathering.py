"""When a commit waits for more to share it: where thousands of rows a second come, for a few milliseconds.

A commit costs the writer's thread a hundred microseconds and the loop a wake-up, whatever is in it; twenty rows in each
cost twice as much as a hundred (docs/adr/0003).

The rules:
* Nobody waits for it while less comes than `MANY` rows a second. A single message never does.
* It ends when enough has come, when everybody who has talked lately is waiting himself, so that nobody is left who
  could add anything, or `LONGEST` after the commit before, which most of it may have taken itself.
* Waits that bring little, one after the other, are a wrong guess, and none is made for a while. One alone is not: it
  may have met a moment in which the machine was at something else.
"""

from __future__ import annotations

from typing import Final

# Rows a second from which on it pays.
MANY: Final = 4000.0
# As many share a commit at most by waiting; from there on each saves hardly anything more.
ENOUGH: Final = 200
# Seconds between the beginnings of two commits.
LONGEST: Final = 0.008
# What came in so long (s) is what is known of how much comes, and of who talks.
_WINDOW: Final = 0.05
# How long (s) there is no waiting after so many in a row that brought less than this part of what they should have.
_NO_MORE: Final = 1.0
LITTLE: Final = 0.5
IN_VAIN: Final = 3


class Gathering:
    """Times are monotonic, in s. `until`: the present wait ends then at the latest. Who pays more for
    a commit has other numbers in the places of `MANY`, `LONGEST` and `LITTLE`."""

    __slots__ = (
        "_handed",
        "_in_vain",
        "_little",
        "_longest",
        "_many",
        "_no_more",
        "_rate",
        "_rows",
        "_since",
        "_talked",
        "_talks",
        "is_many",
        "until",
    )

    def __init__(self, many: float = MANY, longest: float = LONGEST, little: float = LITTLE) -> None:
        self._many = many
        self._longest = longest
        self._little = little
        self.is_many = False
        self.until = 0.0
        self._rate = 0.0
        self._rows = 0
        self._since = 0.0
        self._handed = 0.0
        self._no_more = 0.0
        self._in_vain = 0  # waits that have brought little, one after the other
        # Who talks: those of the last window, and those of this one so far.
        self._talked: set[object] = set()
        self._talks: set[object] = set()

    def stored(self, rows: int, now: float) -> None:
        """So many have just been handed to the store."""
        self._handed = now
        self._rows += rows
        since = now - self._since
        if since >= _WINDOW:
            self._rate = self._rows / since
            self._rows = 0
            self._since = now
            self.is_many = self._rate >= self._many
            self._talked = self._talks
            self._talks = set()

    def talks(self, who: object) -> None:
        """Called while there `is_many`, for each fact that is handed over: whose it is."""
        self._talks.add(who)

    def waits(self, waiting: int, now: float) -> bool:
        """Whether the next commit waits for more than the facts that are `waiting`."""
        if not self.is_many or now - self._since > 2 * _WINDOW:
            self.is_many = False
            return False
        if waiting >= min(ENOUGH, len(self._talked)) or now < self._no_more:
            return False
        self.until = self._handed + self._longest
        if now < self.until:
            return True
        if waiting >= self._little * self._longest * self._rate:
            self._in_vain = 0
            return False
        self._in_vain += 1
        if self._in_vain >= IN_VAIN:
            self._in_vain = 0
            self._no_more = now + _NO_MORE
        return False
