"""How far a long piece of work is: a bar on a terminal, and nothing anywhere else.

The rule: it stands on one line of stderr, is drawn at most ten times a second, and leaves the line empty behind it, so
that what is written to stdout is the same with it and without it.
"""

import sys
import time
from typing import TextIO

_WIDTH = 30
_EVERY = 0.1  # s


class Bar:
    """One piece of work, called `what`. To be called with how much is done, and of how much; ends with `clear`."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = sys.stderr if stream is None else stream
        self._shows = self._stream.isatty()
        self._drawn = 0.0
        self._longest = 0

    def __call__(self, done: int, of: int) -> None:
        """So much of it is done."""
        now = time.monotonic()
        if not self._shows or now - self._drawn < _EVERY:
            return
        self._drawn = now
        part = min(1.0, done / of) if of else 0.0
        full = int(part * _WIDTH)
        line = f"{self._what} [{'#' * full}{'.' * (_WIDTH - full)}] {part:4.0%}"
        self._longest = max(self._longest, len(line))
        self._stream.write("\r" + line)
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away."""
        if self._shows and self._longest:
            self._stream.write("\r" + " " * self._longest + "\r")
            self._stream.flush()
            self._longest = 0
