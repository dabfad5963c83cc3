"""An event loop in a thread of its own: asyncpg waits there, and never in a turn of the server's loop.

The rule: what runs here shares nothing with the owner but what it is handed, and answers through `post`.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from veche.store.worker import Job, Post, show_name

# How long (s) what is given up at the end may take over it.
LAST_SECONDS = 1.0
Value = TypeVar("Value")
_log = logging.getLogger("veche.store")


class LoopThread:
    """A named thread with an event loop, the quickest that there is, or `loop`.

    `start`, `run`, `call` and `finish` are called from other threads.
    """

    def __init__(self, name: str, post: Post, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._post = post
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = loop or _new_loop()
        # A daemon: a database that never answers must not keep the process from ending.
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def start(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have a job begun; it is waited for at the end."""
        self._loop.call_soon_threadsafe(self._begin, job)

    def run(self, job: Coroutine[Any, Any, Value], seconds: float | None = None) -> Value:
        """Wait for what a job gives, or raise what it raises; TimeoutError when it takes longer. Blocks."""
        future: Future[Value] = asyncio.run_coroutine_threadsafe(job, self._loop)
        try:
            return future.result(seconds)
        finally:
            future.cancel()

    def call(self, job: Job) -> None:
        """Have something done that waits for nothing; nobody is told of it."""
        try:
            self._loop.call_soon_threadsafe(job)
        except RuntimeError:  # it has ended
            pass

    def post(self, answer: Job) -> None:
        """Called by a job: have an answer given in a turn of the owner."""
        try:
            self._post(answer)
        except RuntimeError as error:  # the owner's loop is closed: there is nobody left to be told
            _log.warning("an answer came too late: %s", error)

    def finish(self, last: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> bool:
        """Do what was begun, then `last`, then end; False when that takes longer than `seconds`."""
        try:
            self.run(self._finish(last), seconds)
        except TimeoutError:
            return False
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(2 * LAST_SECONDS)
        return not self._thread.is_alive()

    # Everything below runs in the thread.

    def _work(self) -> None:
        show_name()
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(_empty())
        self._loop.close()

    def _begin(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._loop.create_task(self._guard(job))
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await job()
        except Exception:
            _log.exception("bug: a job of %s raised", self._thread.name)

    async def _finish(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while self._tasks:
            await asyncio.wait([*self._tasks])
        await last()


async def _empty() -> None:
    """Have nothing left in the loop that is closed after this: no task, and no connection that one let go of."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=LAST_SECONDS)
    await asyncio.sleep(0)  # a connection ends in the turn after that in which it is closed


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
