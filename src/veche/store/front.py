"""What a durable store is like whatever its engine: what it remembers of the log, and how it refuses when it is closed.

The rule: nothing here knows an engine. `SqliteStore` and `PostgresqlStore` add how they ask, and how they close.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from veche.core.ports import Edit, Record, Redaction, RoomEvent, Row, SavedFact, StoreError, StoreRefused
from veche.core.search import Found, SearchQuestion
from veche.store.forgetting import gone
from veche.store.search.index import SearchIndex
from veche.store.worker import Post

Answer = TypeVar("Answer")


class Appending(Protocol):
    """The one who writes, of any engine."""

    def append(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
        """Commit all of `rows` or none, and post `done`."""

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Put these in the place of all without a key. Blocks. Raises StoreError."""


class Front:
    """The part of a Store (core.ports) that is the same for every engine. Called by the owner, in its turns.

    `last` and `saved` are what was found when the record was opened.
    """

    def __init__(
        self,
        writer: Appending,
        search: SearchIndex,
        post: Post,
        last: tuple[int, int],
        saved: list[SavedFact],
    ) -> None:
        self._appending = writer
        self._search = search
        self._post = post
        self._last = last
        self._saved = saved
        self._closed = False

    def last(self) -> tuple[int, int]:
        """The highest `seq` of all rows, and the newest record's `time`; (0, 0) when there is none."""
        return self._last

    def saved(self) -> list[SavedFact]:
        """The facts that were saved when the record was opened. They are handed out once."""
        saved, self._saved = self._saved, []
        return saved

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Put these in the place of all without a key, at once or not at all. Blocks. Raises StoreError."""
        self._appending.replace_saved(facts)

    def append(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
        """Commit all of `rows` or none; `done(None)` once they are on disk. One commit at a time."""
        if self._closed:
            self._post(partial(done, _closed()))
        else:
            self._appending.append(rows, partial(self._appended, rows, done))

    def search(self, question: SearchQuestion, done: Callable[[Found | StoreError], None]) -> None:
        """Look for messages, in a thread of its own; see store/search/index.py."""
        self._unless_closed(partial(self._search.search, question), done)

    def _unless_closed(
        self,
        ask: Callable[[Callable[[Answer | StoreError], None]], None],
        done: Callable[[Answer | StoreError], None],
    ) -> None:
        """Ask, or refuse in a later turn what is asked of a closed record."""
        if self._closed:
            self._post(partial(done, _closed()))
        else:
            ask(done)

    def _appended(
        self, rows: list[Row], done: Callable[[StoreError | None], None], error: StoreError | None
    ) -> None:
        if error is None and rows:
            self._last = _end_of_log(self._last, rows)
            corrected = any(isinstance(row, Edit | Redaction) for row in rows)
            self._search.appended(self._last[0], corrected=corrected, gone=gone(rows))
        done(error)


def _end_of_log(last: tuple[int, int], rows: list[Row]) -> tuple[int, int]:
    """What `Store.last` is when these rows have been committed behind what was there before."""
    # A redaction that others have heard of is an event, too.
    time = next(
        (
            row.time
            for row in reversed(rows)
            if isinstance(row, Record | Edit) or (isinstance(row, Redaction) and row.event)
        ),
        0,
    )
    event = next((row.record.time for row in reversed(rows) if isinstance(row, RoomEvent)), 0)
    return max(last[0], rows[-1].seq), max(last[1], time, event)


def _closed() -> StoreRefused:
    return StoreRefused("the record is closed")
