"""The search: a thread of its own that indexes what has been committed, and answers questions in between.

The rules:
* **Nobody waits for the index.** Messages are committed without it and indexed behind the commit: the owner hands over
  a number now and then, and the thread reads what is new from the record. Just before an answer it catches up, so what
  was committed before the question is found.
* It works a millisecond at a time and then rests (pace.py), so that beside a busy event loop it takes little and holds
  the interpreter lock for no longer than a millisecond; also when a record of ten million messages from before there
  was an index is being indexed, the newest block first. Questions come in between.
* What is in memory is lost with the process and made anew by the next: at most one block, the newest.
* The record is read through a connection of its own that cannot write; see record.py.
* A question may take 2 s, and 32 may wait: beyond, the answer is "busy".
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from veche.core.ports import StoreError, StoreRefused
from veche.core.search import Found, SearchQuestion
from veche.store.engines.sqlite import describe, primary_code
from veche.store.search.block import Block, known_by
from veche.store.search.finding import Finder
from veche.store.search.pace import LOOK_EVERY, Pace
from veche.store.search.postings import BLOCK_BITS, Postings
from veche.store.search.record import IndexedRecord
from veche.store.search.tidying import Tidying
from veche.store.worker import Job, Post, show_name

QUESTIONS_LIMIT = 32
PATIENCE = 2.0  # s that one question may take

# Messages that may be new before the thread is told.
TELL_EVERY = 512
# Messages that are indexed at once: a millisecond's work.
_SLICE = 64
# What is new is indexed before an answer for at most so long (s): some ten thousand messages.
_CATCH_UP = 0.5
# The rests (s) before the first slice after a question, and after an error.
_SHORTEST_REST = 0.001
_REST_AFTER_ERROR = 30.0
_STEPS_BETWEEN_LOOKS = 50_000

_log = logging.getLogger("veche.store")


class SearchIndex:
    """The search in a record, with an index at `path`. `last` is the place of the record's last row.

    `open_record` is called in the thread, with a question that is answered with yes when the time is over.
    `search`, `appended` and `close` are the owner's; the rest is the thread's.
    """

    def __init__(
        self,
        open_record: Callable[[Callable[[], bool]], IndexedRecord],
        path: Path,
        last: int,
        post: Post,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_record = open_record
        self._path = path
        self._last = last
        self._told = last
        self._post = post
        self._clock = clock
        self._deadline = float("inf")
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._asked = 0
        self._trouble = ""
        self._resumes = 0.0
        self._pace = Pace(clock(), 0.0, last)
        self._tail = Block(last >> BLOCK_BITS)
        self._building: Block | None = None
        self._written: dict[int, tuple[int, int]] = {}
        self._missing: list[int] = []  # ascending: the newest is taken first
        self._tidying: Tidying | None = None
        self._record: IndexedRecord | None = None
        self._postings: Postings | None = None
        self._thread = Thread(target=self._work, name="veche-search", daemon=True)
        self._thread.start()

    def search(self, question: SearchQuestion, done: Callable[[Found | StoreError], None]) -> None:
        """Post `done` with what was found, or with why there is no answer."""
        if self._asked >= QUESTIONS_LIMIT:
            self._post(partial(done, StoreRefused("busy: too many searches are waiting")))
            return
        self._asked += 1
        self._jobs.put(partial(self._answer, question, partial(self._answered, done)))

    def appended(self, last: int, *, corrected: bool, gone: Sequence[int] = ()) -> None:
        """The record now goes up to the place `last`; `corrected`: something in it was taken back, or reads otherwise;
        `gone`: these places are no messages any more. Cheap at every commit."""
        self._last = last
        if gone:
            self._jobs.put(partial(self._take_out, gone))
        if corrected:
            self._jobs.put(self._correct)
        elif last - self._told >= TELL_EVERY:
            self._told = last
            self._jobs.put(_look)

    def close(self, seconds: float) -> bool:
        """Answer what was asked, then close; False when that takes too long."""
        self._jobs.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _answered(self, done: Callable[[Found | StoreError], None], answer: Found | StoreError) -> None:
        self._asked -= 1
        done(answer)

    # Everything below runs in the thread.

    def _work(self) -> None:
        show_name()
        rest: float | None = 0.0
        while True:
            try:
                job = self._jobs.get(timeout=rest)
            except Empty:
                rest = self._go_on()
                continue
            if job is None:
                break
            try:
                job()
            except Exception as error:
                self._fail(error)
            rest = _SHORTEST_REST
        for connection in (self._record, self._postings):
            if connection is not None:
                connection.close()

    def _go_on(self) -> float | None:
        """Do a little of what there is to do; how long to rest then (s), None when there is nothing."""
        now = self._clock()
        if now < self._resumes:
            return self._resumes - now
        began = time.thread_time()
        self._pace.look(now, time.process_time() - began, self._last, self._tail.upto)
        if self._pace.is_burst:
            return LOOK_EVERY
        try:
            has_more = self._index_some()
        except Exception as error:
            self._fail(error)
            return _REST_AFTER_ERROR
        return self._pace.rest(time.thread_time() - began) if has_more else None

    def _index_some(self) -> bool:
        """Index one slice; False when everything is indexed."""
        if not self._last:
            return False  # nothing has ever been said
        postings = self._open()
        if self._tail.upto < self._last:
            self._fill_tail(postings)
            return True
        if self._building is None:
            if not self._missing:
                return self._tidy(postings)
            self._building = Block(self._missing.pop())
        block = self._building
        if self._fill(block):
            self._write(postings, block)
            self._building = None
        return True

    def _fill_tail(self, postings: Postings) -> None:
        tail = self._tail
        if not self._fill(tail):
            return
        if self._last < tail.end:
            tail.upto = max(tail.upto, self._last) if self._last >= tail.start else tail.upto
            return
        self._write(postings, tail)
        self._tail = Block(tail.number + 1)

    def _fill(self, block: Block) -> bool:
        """Read the next slice into a block; whether nothing is left that had been committed before."""
        assert self._record is not None
        upto = min(self._last, block.end - 1)
        rows = self._record.following(block.upto, upto + 1, _SLICE)
        for row in rows:
            if row.stands:
                block.add(*row[:-1])
            else:
                block.upto = row.seq
        if len(rows) < _SLICE:
            block.upto = max(block.upto, upto)
            return True
        return False

    def _write(self, postings: Postings, block: Block) -> None:
        postings.write(block.number, block.lists, block.times, block.last)
        self._written[block.number] = block.times or (1, 0)

    def _correct(self) -> None:
        """Take what was taken back, and what reads otherwise now, out of the index and out of its file; and put the new
        words into it."""
        postings = self._open()
        assert self._record is not None
        newest, messages = self._record.corrected(postings.corrected())
        if not newest:
            return
        seqs = sorted(set(messages))
        rows = self._record.standing(seqs)
        blocks = [self._tail, self._building] if self._building is not None else [self._tail]
        for block in blocks:
            for seq in seqs:
                block.forget(seq)
            for row in rows:
                block.add_again(*row[:-1])
        written = [row for row in rows if row.seq >> BLOCK_BITS in self._written]
        postings.correct(
            [seq for seq in seqs if seq >> BLOCK_BITS in self._written],
            [(row.seq, known_by(*row[3:-1])) for row in written],
            newest,
        )

    def _take_out(self, gone: Sequence[int]) -> None:
        """These are no messages any more: at once in memory, bit by bit on disk."""
        postings = self._open()
        self._tail.forget_all(gone)
        if self._building is not None:
            self._building.forget_all(gone)
        self._tidy_later(postings, {seq >> BLOCK_BITS for seq in gone})

    def _tidy_later(self, postings: Postings, blocks: set[int]) -> None:
        assert self._record is not None
        mark = self._record.forgotten()
        if mark != postings.tidied():
            waiting = self._tidying.blocks_left() if self._tidying is not None else set()
            self._tidying = Tidying(blocks & self._written.keys() | waiting, mark)

    def _tidy(self, postings: Postings) -> bool:
        """Take a little of what is gone out of the index; False when nothing is left to do."""
        assert self._record is not None
        if self._tidying is not None and not self._tidying.step(self._record, postings):
            self._tidying = None
        return self._tidying is not None

    def _answer(self, question: SearchQuestion, done: Callable[[Found | StoreError], None]) -> None:
        answer: Found | StoreError
        try:
            postings = self._open()
            assert self._record is not None
            self._deadline = self._clock() + PATIENCE
            is_caught_up = self._catch_up(postings)
            finder = Finder(question, self._record, postings, self._tail, self._is_late)
            is_whole = is_caught_up and not self._missing and self._building is None
            answer = finder.find(self._written, is_whole=is_whole)
        except Exception as error:
            answer = self._fail(error)
        finally:
            self._deadline = float("inf")
        self._tell(partial(done, answer))

    def _catch_up(self, postings: Postings) -> bool:
        """Index what was committed before the question; False when that is too much."""
        upto = self._last
        enough = self._clock() + _CATCH_UP
        while self._tail.upto < upto:
            if self._clock() > enough:
                return False
            self._fill_tail(postings)
        return True

    def _is_late(self) -> bool:
        return self._clock() > self._deadline

    def _tell(self, answer: Job) -> None:
        try:
            self._post(answer)
        except RuntimeError as error:  # the event loop is closed: there is nobody left to be told
            _log.warning("an answer came too late: %s", error)

    def _open(self) -> Postings:
        """The index, opened when it is first needed."""
        if self._postings is not None:
            return self._postings
        if self._record is None:
            self._record = self._open_record(self._is_late)
        postings = Postings(self._path)
        try:
            if not self._is_of_record(postings):
                postings.start_anew()
            postings.guard(self._is_late, _STEPS_BETWEEN_LOOKS)
            self._written = postings.blocks()
        except BaseException:
            postings.close()
            raise
        self._postings = postings
        self._building = None
        self._missing = [block for block in range(self._tail.number) if block not in self._written]
        if self._missing:
            _log.info("%d messages are being made ready for searching", len(self._missing) << BLOCK_BITS)
        self._tidy_later(postings, set(self._written))
        self._correct()
        return postings

    def _is_of_record(self, postings: Postings) -> bool:
        """Whether the index was made of this record, and not of one that was put aside for a copy of another day."""
        assert self._record is not None
        last, correction = postings.last_message(), postings.corrected()
        mark, tidied = self._record.forgotten(), postings.tidied()
        if mark < tidied:
            return False
        # What was forgotten since cannot tell; then every block is looked through in any case.
        is_missing = last is not None and not self._record.is_there(*last)
        if last is not None and is_missing and (mark == tidied or self._record.highest() < last[0]):
            return False
        return bool(mark or not correction or self._record.is_correction(correction))

    def _fail(self, error: Exception) -> StoreError:
        """Something went wrong: say so once, and begin with new connections next time."""
        if getattr(error, "sqlite_errorcode", -1) == sqlite3.SQLITE_INTERRUPT:
            return StoreRefused(f"busy: the search took longer than {PATIENCE:g} s")
        text = str(error) if isinstance(error, StoreError) else describe(error)
        if not isinstance(error, sqlite3.Error | OSError | StoreError):
            _log.exception("bug: the search raised")
        elif text != self._trouble:
            _log.error("the search does not work: %s", text)
        self._trouble = text
        self._resumes = self._clock() + _REST_AFTER_ERROR
        self._reset(is_damaged=_is_damage(error))
        return StoreRefused(text)

    def _reset(self, *, is_damaged: bool) -> None:
        try:
            if self._postings is not None and is_damaged:
                self._postings.start_anew()
            for connection in (self._postings, self._record):
                if connection is not None:
                    connection.close()
        except (sqlite3.Error, OSError) as error:
            _log.error("the search index cannot be made anew: %s", describe(error))
        self._postings = self._record = None
        self._tail = Block(self._last >> BLOCK_BITS)


def _is_damage(error: Exception) -> bool:
    # SQLITE_ERROR: a table that is not there, or not as it should be.
    return primary_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


def _look() -> None:
    """A job that does nothing: after it the thread looks what is new."""
