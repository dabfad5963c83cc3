"""The reading end of the record: a few connections that cannot write, and the questions that wait for one.

The rules:
* Reading waits for no commit, and no commit for reading: they share no connection.
* Some questions are asked at a time; the answers are given in the order of asking.
* A connection that breaks under a question is replaced, and the question asked once more; it may take 3 s in all that.
* `QUESTIONS_LIMIT` may wait: beyond, the answer is "busy". While the database is out of reach, one question every
  `_PAUSE` finds out whether it is back, and all others are refused at once.
* Whatever comes from a client is a value of a statement, never pasted into it.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from veche.core.ports import StoreError, StoreRefused
from veche.store.postgresql.link import ANSWER_SECONDS, Connection, LinkError, RefusedError, connect, meaning
from veche.store.postgresql.loop import LoopThread
from veche.store.worker import Job

QUESTIONS_LIMIT = 256
CONNECTIONS = 3
_PAUSE = 0.3  # s

Answer = TypeVar("Answer")
Question = Callable[[Connection], Awaitable[Answer]]
_log = logging.getLogger("veche.store")


class _Place:
    """Of a question in the line; the answer is given when it is there, and those before have been given."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: Job | None = None


class Reader:
    """Asks the record at `url`. `ask` is the owner's; the rest is the loop thread's.

    `may_read` tells whether the record holds only what was acknowledged, see writer.py.
    """

    def __init__(self, url: str, name: str, thread: LoopThread, may_read: Callable[[], bool]) -> None:
        self._url = url
        self._name = name
        self._thread = thread
        self._may_read = may_read
        self._asked = 0  # the owner's
        self._line: deque[_Place] = deque()  # of those that are under way
        self._idle: list[Connection] = []
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._away_until = 0.0
        self._trouble = ""

    def ask(self, question: Question[Answer], done: Callable[[Answer | StoreError], None]) -> None:
        """Post `done` with what a question gives, or with the StoreError that it raised or met."""
        if self._asked >= QUESTIONS_LIMIT:
            self._thread.post(partial(done, StoreRefused("busy: too many questions are waiting")))
            return
        self._asked += 1
        self._thread.start(partial(self._answer, question, done))

    def _answered(self, done: Callable[[Answer | StoreError], None], answer: Answer | StoreError) -> None:
        self._asked -= 1
        done(answer)

    # Everything below runs in the loop thread.

    async def _answer(self, question: Question[Answer], done: Callable[[Answer | StoreError], None]) -> None:
        answer: Answer | StoreError
        place = _Place()
        self._line.append(place)
        try:
            answer = await self.find(question)
        except StoreError as error:
            answer = error
        except Exception as error:
            _log.exception("bug: a question to the record raised")
            answer = StoreRefused(str(error))
        place.answer = partial(self._answered, done, answer)
        while self._line and (first := self._line[0].answer) is not None:
            self._line.popleft()
            self._thread.post(first)

    async def find(self, question: Question[Answer]) -> Answer:
        """What a question gives. Raises StoreError."""
        async with self._turns:
            for is_last in (False, True):
                try:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        return await self._ask_once(question)
                except RefusedError as error:
                    raise StoreRefused(_refusal(error)) from error
                except (LinkError, TimeoutError) as error:
                    if is_last or isinstance(error, TimeoutError):
                        raise self._away(meaning(error)) from error
        raise AssertionError("the last try answers or raises")

    async def _ask_once(self, question: Question[Answer]) -> Answer:
        connection = await self._connection()
        try:
            answer = await question(connection)
        except StoreError:
            self._idle.append(connection)
            raise
        except Exception as error:
            told = meaning(error)
            if isinstance(told, RefusedError):
                self._idle.append(connection)
            else:
                connection.terminate()
            raise told from error
        except BaseException:  # given up from outside, in the middle of an answer
            connection.terminate()
            raise
        self._idle.append(connection)
        return answer

    async def _connection(self) -> Connection:
        if not self._may_read():
            raise StoreRefused("the database is out of reach")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        if time.monotonic() < self._away_until:
            raise StoreRefused(f"the database is out of reach: {self._trouble}")
        connection = await connect(self._url, self._name, writes=False)
        if self._trouble:
            _log.warning("the record can be read again")
            self._trouble = ""
        return connection

    def _away(self, error: Exception) -> StoreRefused:
        # What is true of one connection will be true of those that were made before.
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()
        self._away_until = time.monotonic() + _PAUSE
        if not self._trouble:
            _log.error("the record cannot be read: %s", error)
        self._trouble = str(error)
        return StoreRefused(f"the database is out of reach: {error}")

    async def close(self) -> None:
        """Let go of all connections."""
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()


def _refusal(error: RefusedError) -> str:
    # query_canceled: the statement took longer than its limit
    return f"busy: {error}" if error.state == "57014" else str(error)
