"""A thread that does one job after the other, away from the event loop, and posts the answers back.

The rule: a job never raises, and what it has to say goes through `post`, so that only the owner's turn ever touches
the owner's state. The queue between them is the only thing shared.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, current_thread, get_native_id

Job = Callable[[], None]
Post = Callable[[Job], None]

_log = logging.getLogger("veche.store")


def show_name() -> None:
    """Let the system know this thread by its name, as `top -H` and `perf` show it. Linux; elsewhere nothing happens.

    proc(5): "A thread may modify its comm value"; the first 15 bytes of it count.
    """
    try:
        Path(f"/proc/self/task/{get_native_id()}/comm").write_text(current_thread().name)
    except OSError:
        pass


class Worker:
    """A named thread with a queue of jobs. The number of jobs is for the caller to limit (`waiting`)."""

    def __init__(self, name: str, post: Post) -> None:
        self._post = post
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # A daemon: a disk that never answers must not keep the process from ending.
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Have a job done when those before it are."""
        self._jobs.put(job)

    def waiting(self) -> int:
        """How many jobs have not been begun."""
        return self._jobs.qsize()

    def post(self, answer: Job) -> None:
        """Called by a job: have an answer given in a turn of the owner."""
        try:
            self._post(answer)
        except RuntimeError as error:  # the event loop is closed: there is nobody left to be told
            _log.warning("an answer came too late: %s", error)

    def finish(self, seconds: float) -> bool:
        """Do what is queued, then end; False when that takes longer than `seconds`."""
        self._jobs.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        show_name()
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                _log.exception("bug: a job of %s raised", self._thread.name)
