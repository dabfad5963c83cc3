"""What happened in rooms, on its way to the disk behind everything else.

The rules: nobody waits for what he does to be kept. Whoever comes, goes or changes a mode is told about at once; the
rows gather here and are committed about once a second, in batches of their own, so that a message's commit stays the
one statement that it is. What comes while one of these is under way waits for its end, as it does for any commit. A
crash loses the last second of them, a full disk more. What was said is never here. docs/adr/0021.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from veche.core.ports import ForgottenEvents, Record, RoomEvent, Row, StoreError, StoreRefused

# Rows in one commit: a message that comes meanwhile waits for some 20 ms at most.
AT_ONCE = 500
# Rows that may wait, when a crowd leaves at once or the disk takes none: some ten megabytes.
MOST = 20_000
# Seconds from the first row to its commit, and between the commits of what is too much for one.
PAUSE: Final = 1.0
PAUSE_WHILE_MANY: Final = 0.05
# Milliseconds between two looks for what has become too old.
_FORGET_EVERY: Final = 60_000

_log = logging.getLogger("veche.log")


class Behind:
    """The rows that wait, and who waits for them. `keep` is for how long they are kept (ms)."""

    __slots__ = ("_forgot", "_lost", "_under_way", "_waiters", "is_due", "keep", "rows")

    def __init__(self) -> None:
        self.rows: list[Record] = []
        self.keep = 0
        self.is_due = False  # they are to be committed as soon as no commit is under way
        self._under_way: list[Record] = []
        self._waiters: list[Callable[[], None]] = []
        self._forgot = 0
        self._lost = False

    def add(self, records: list[Record]) -> bool:
        """Take what has happened; whether these are the first that wait, so that somebody must see to them."""
        is_first = not self.rows
        if len(self.rows) + len(records) <= MOST:
            self.rows += records
        elif not self._lost:
            self._lost = True
            _log.warning(
                "more happens in rooms than the disk takes: some of it will be missing in their history"
            )
        return is_first and bool(self.rows)

    def wait(self, then: Callable[[], None]) -> bool:
        """Have `then` called when all that has happened is on disk, or cannot be; False if that is so already."""
        if not self.rows and not self._under_way:
            return False
        self._waiters.append(then)
        self.is_due = bool(self.rows)
        return True

    def take(self, seq: int, now: int) -> list[Row]:
        """The rows of the next commit. `seq` is the last place in the log, `now` its time."""
        self._under_way = self.rows[:AT_ONCE]
        del self.rows[:AT_ONCE]
        self.is_due = bool(self._waiters) and bool(self.rows)
        rows: list[Row] = [RoomEvent(record) for record in self._under_way]
        if now >= self._forgot + _FORGET_EVERY:
            self._forgot = now
            rows.append(ForgottenEvents(seq, now - self.keep))
        return rows

    def ended(self, error: StoreError | None) -> bool:
        """The commit is over; what was refused is tried again. Whether anything waits for a next one."""
        rows, self._under_way = self._under_way, []
        if isinstance(error, StoreRefused):
            self.rows[:0] = rows[: max(0, MOST - len(self.rows))]
            self.is_due = False
        elif error is None:
            self._lost = False
        if not self.is_due:
            waiters, self._waiters = self._waiters, []
            for then in waiters:
                then()
        return bool(self.rows)
