"""A record in memory whose commits the test holds in its hand (ports.Store).

The rule: every answer comes in a later turn, when `answer` is called, never inside the call; so it is with real disks.
"""

from collections import deque
from collections.abc import Callable

from veche.core.ports import Page, Record, StoreError, StoreRefused, StoreUnknown, UnknownReference

Done = Callable[[StoreError | None], None]


class FakeDisk:
    """`records` is what is on disk; `waiting` the commits that a slow disk has not answered, oldest first."""

    __slots__ = ("_ready", "commits", "is_full", "is_slow", "reads_slowly", "records", "unread", "waiting")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.commits: list[int] = []  # how many records each commit held
        self.is_slow = False
        self.is_full = False
        self.reads_slowly = False
        self.waiting: deque[tuple[list[Record], Done]] = deque()
        self.unread: deque[Callable[[], None]] = deque()
        self._ready: deque[Callable[[], None]] = deque()

    # ---- what the engine asks

    def last(self) -> tuple[int, int]:
        """Sequence number and time of the newest record."""
        return (self.records[-1].seq, self.records[-1].time) if self.records else (0, 0)

    def append(self, records: list[Record], done: Done) -> None:
        """One commit."""
        if self.waiting:
            raise AssertionError("one commit is under way at a time")
        self.waiting.append((records, done))
        if self.is_full:
            self.refuse()
        elif not self.is_slow:
            self.commit()

    def page(self, page: Page, done: Callable[[list[Record] | StoreError], None]) -> None:
        """One question."""
        self._question(lambda: done(self._read(page)))

    def latest(self, conversations: list[str], done: Callable[[dict[str, int] | StoreError], None]) -> None:
        """When each conversation was last heard of."""

        def answer() -> None:
            wanted = set(conversations)
            done({r.conversation: r.time for r in self.records if r.conversation in wanted and not r.era})

        self._question(answer)

    # ---- what the test does

    def answer(self) -> bool:
        """Give the answers that are due; whether there was any."""
        if not self._ready:
            return False
        ready, self._ready = self._ready, deque()
        for callback in ready:
            callback()
        return True

    def commit(self) -> None:
        """The oldest waiting commit succeeds."""
        records, done = self.waiting.popleft()

        def store() -> None:
            self.records.extend(records)
            self.commits.append(len(records))
            done(None)

        self._ready.append(store)

    def refuse(self) -> None:
        """The oldest waiting commit is certainly not stored."""
        done = self.waiting.popleft()[1]
        self._ready.append(lambda: done(StoreRefused("No space left on device")))

    def fail(self) -> None:
        """Nobody knows what became of the oldest waiting commit."""
        done = self.waiting.popleft()[1]
        self._ready.append(lambda: done(StoreUnknown("Input/output error")))

    def hurry(self) -> None:
        """What waits succeeds, and so does what comes, at once."""
        self.is_slow = self.is_full = False
        if self.waiting:
            self.commit()

    def read(self) -> None:
        """The questions that wait are answered."""
        self._ready.extend(self.unread)
        self.unread.clear()

    # ---- reading

    def _question(self, answer: Callable[[], None]) -> None:
        (self.unread if self.reads_slowly else self._ready).append(answer)

    def _read(self, page: Page) -> list[Record] | StoreError:
        found = [r for r in self.records if r.conversation == page.conversation and r.era in (0, page.era)]
        try:
            if page.around is not None:
                at = self._place(found, page.around, behind=False)
                start = max(0, at - page.limit // 2)
                return found[start : start + page.limit]
            start = 0 if page.after is None else self._place(found, page.after, behind=True)
            end = len(found) if page.before is None else self._place(found, page.before, behind=False)
        except UnknownReference as unknown:
            return unknown
        found = found[start:end]
        return found[-page.limit :] if page.newest else found[: page.limit]

    @staticmethod
    def _place(found: list[Record], reference: int | str, *, behind: bool) -> int:
        """The index of the first record at a reference, or behind it."""
        for index, record in enumerate(found):
            if isinstance(reference, str):
                if record.msgid == reference:
                    return index + behind
            elif record.time > reference or (record.time == reference and not behind):
                return index
        if isinstance(reference, str):
            raise UnknownReference(reference)
        return len(found)
