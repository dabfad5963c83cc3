"""A record in memory on a disk that a test slows down, fills up and breaks (ports.Store).

The rule: every answer comes in a later turn, when `answer` is called, never inside the call; so it is with real disks.
"""

from collections import deque
from collections.abc import Callable

from veche.core.ports import Page, Partner, Records, Row, StoreError, UnreadQuestion, Version
from veche.core.search import Found, SearchQuestion
from veche.testing.delayed_log import DelayedStore, Done


class FakeDisk(DelayedStore):
    """A DelayedStore that ends its commits by itself while the disk is fast, or refuses them while it is full."""

    def __init__(self) -> None:
        super().__init__(self._post_reading)
        self.is_slow = False
        self.is_full = False
        self.reads_slowly = False
        self.is_unreadable = False
        self._ready: deque[Callable[[], object]] = deque()
        self._unread: deque[Callable[[], object]] = deque()

    def append(self, rows: list[Row], done: Done) -> None:
        """One commit."""
        super().append(rows, done)
        if self.is_full:
            self._ready.append(self._refuse_waiting)
        elif not self.is_slow:
            self._ready.append(self._release_waiting)

    def page(self, page: Page, done: Callable[[Records | StoreError], None]) -> None:
        """One question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().page(page, done)

    def latest(
        self, conversations: list[tuple[str, int]], done: Callable[[dict[str, int] | StoreError], None]
    ) -> None:
        """Another question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().latest(conversations, done)

    def reactions(
        self, messages: list[int], done: Callable[[dict[int, dict[str, int]] | StoreError], None]
    ) -> None:
        """Another question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().reactions(messages, done)

    def partners(
        self, who: str, after: int, limit: int, done: Callable[[list[Partner] | StoreError], None]
    ) -> None:
        """Another question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().partners(who, after, limit, done)

    def unread(
        self, questions: list[UnreadQuestion], done: Callable[[list[tuple[int, int]] | StoreError], None]
    ) -> None:
        """Another question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().unread(questions, done)

    def versions(self, message: int, done: Callable[[list[Version] | StoreError], None]) -> None:
        """Another question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().versions(message, done)

    def search(self, question: SearchQuestion, done: Callable[[Found | StoreError], None]) -> None:
        """Another question."""
        if self.is_unreadable:
            self._post_reading(lambda: done(StoreError("Input/output error")))
        else:
            super().search(question, done)

    def answer(self) -> bool:
        """Give the answers that are due; whether there was any."""
        if not self._ready:
            return False
        ready, self._ready = self._ready, deque()
        for callback in ready:
            callback()
        return True

    def forget(self) -> None:
        """The server is killed: nothing that waits for the disk comes there, and nobody waits for an answer."""
        self.waiting.clear()
        self._ready.clear()
        self._unread.clear()
        self._committing = False
        self.has_refused = False  # whoever starts now knows no more than there is

    def hurry(self) -> None:
        """What waits succeeds, and so does what comes, at once."""
        self.is_slow = self.is_full = False
        self._ready.append(self._release_waiting)

    def read(self) -> None:
        """What was asked is answered now."""
        self.reads_slowly = False
        self._ready.extend(self._unread)
        self._unread.clear()

    def _release_waiting(self) -> None:
        if self.waiting:  # the test may have been quicker
            self.release()

    def _refuse_waiting(self) -> None:
        if self.waiting:
            self.refuse()

    def _post_reading(self, answer: Callable[[], None]) -> None:
        (self._unread if self.reads_slowly else self._ready).append(answer)
