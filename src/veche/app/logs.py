"""What the server tells its owner: one line per event on stderr, whatever the event holds.

The rule: nothing that a stranger sent can end a line, move a cursor or pass for another event; and no event, however
often it is provoked, fills the disk.
"""

import logging
import sys
import time

# So many lines of one kind (logger, level and unformatted text) are written in a minute; the rest is counted.
BURST = 60
_MINUTE = 60.0


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00Z WARNING veche.store: text`, with everything that is not printable escaped."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback is part of it, its line ends escaped."""
        return "".join(char if char.isprintable() else _escape(char) for char in super().format(record))


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


class Repetition(logging.Filter):
    """Lets `BURST` events of a kind pass in a minute, then one line that says how many were not written."""

    def __init__(self) -> None:
        super().__init__()
        self._since = 0.0
        self._counts: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write this event; keeps at most one count per place in the code that logs."""
        if record.created - self._since >= _MINUTE:
            self._since = record.created
            self._counts.clear()
        kind = (record.name, record.levelno, str(record.msg))
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count == BURST:
            record.msg = f"{record.msg} [more of these are not written for up to a minute]"
        return count <= BURST


def set_up(level: str) -> None:
    """Write events of `level` (debug, info, warning, error) and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    handler.addFilter(Repetition())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
