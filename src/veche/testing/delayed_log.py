"""A store whose disk obeys the test: each commit waits until it is released, refused or lost.

    store = DelayedStore(turns.append)      # `turns`: what the test runs as later turns of the owner
    ...                                     # something hands in a batch
    store.release()                         # it is on disk: done(None)
    store.refuse("disk full")               # it is certainly not: done(StoreRefused)
    store.lose("sync failed", stored=True)  # nobody can know: done(StoreUnknown); and this is how it truly went

The rule: nothing happens by itself except the answers to reading, which come through `post` as with any store.
"""

from collections import deque
from collections.abc import Callable

from veche.core.ports import Record, Row, StoreError, StoreRefused, StoreUnknown
from veche.store.engines.memory import MemoryStore

Done = Callable[[StoreError | None], None]


class DelayedStore(MemoryStore):
    """A MemoryStore whose commits the test ends, one by one.

    `waiting` holds the batches handed in and not ended yet, oldest first. The log has at most one under way; a
    batch that it hands in while being told of the last one's end stands here until the test ends it too.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], records: list[Record] | None = None
    ) -> None:
        super().__init__(post, records)
        self.waiting: deque[tuple[list[Row], Done]] = deque()
        self.has_refused = False  # some commit has not come to its end: what has happened may not be stored

    def append(self, rows: list[Row], done: Done) -> None:
        """Take a batch and keep it waiting until the test ends its commit."""
        if self._closed:
            super().append(rows, done)
            return
        self._begin(rows)
        self.waiting.append((rows, done))

    def release(self) -> list[Row]:
        """The oldest batch is on disk: store it, say so, and return it."""
        records, done = self._end()
        self._keep(records)
        done(None)
        return records

    def release_all(self) -> int:
        """Release until nothing waits, also what is handed in meanwhile; return how many batches there were."""
        count = 0
        while self.waiting:
            self.release()
            count += 1
        return count

    def refuse(self, reason: str = "database or disk is full") -> list[Row]:
        """The oldest batch is certainly not stored: say so and return it."""
        records, done = self._end()
        self.has_refused = True
        done(StoreRefused(reason))
        return records

    def lose(self, reason: str = "disk I/O error at sync", *, stored: bool) -> list[Row]:
        """Nobody can know what became of the oldest batch: say so and return it. `stored`: whether it is there."""
        records, done = self._end()
        self.has_refused = True
        if stored:
            self._keep(records)
        done(StoreUnknown(reason))
        return records

    def _end(self) -> tuple[list[Row], Done]:
        if not self.waiting:
            raise AssertionError("no commit is under way")
        self._committing = False
        return self.waiting.popleft()
