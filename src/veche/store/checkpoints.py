"""The log of the database (its WAL): when it is moved into the database, and what happens when somebody's reading
prevents that.

The rules:
* Checkpoints are made after the answer, so that nobody waits for one, and wait for no reader.
* While anybody reads what stands in the log, SQLite cannot begin it anew. Our own readers end within 2 s
  (store/history.py, store/search/), so a log that has become long is emptied by waiting for them once: rarely, since
  what is said meanwhile waits too.
* Another program that keeps a reading transaction open cannot be ended from here. It is named in the log of the
  server, and at `LOG_LIMIT` messages are refused until it has ended: rather a refusal that says why than a disk that
  is full for everybody on this machine.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from veche.store.engines.sqlite import BUSY_TIMEOUT, empty_wal

# A checkpoint is due after about so many pages in the log (4 KiB each): a batch writes a page or two, and each row
# the leaf of its conversation's index. Fewer make a checkpoint short, more let it write a page once for many rows.
CHECKPOINT_PAGES = 4000

# bytes: what no log reaches that nobody reads for long, and where it has to stop whoever does.
LONG_LOG = 64 << 20
LOG_LIMIT = 2 << 30

# How long (ms) the emptying of a long log waits for readers: whenever a checkpoint is due, and once for each doubling.
# The second is longer than any reader of ours may take.
_BRIEFLY, _PATIENTLY = 20, 2500
# How often (s) it is tried where messages are refused for it.
_TRY_EVERY = 1.0

_PAGE = 4096 + 24  # a page in the log, with its head

# SQLite's locks of the shared index, and those of them that readers of the log hold (wal.c, WAL_READ_LOCK(1) to (4)).
_READ_LOCKS = range(124, 128)

_log = logging.getLogger("veche.store")


class Checkpoints:
    """Keeps the log short. All of it belongs to the writer's thread. `refuses` says why nothing may be written, or "".

    `path` is the database; `limit` is in bytes; `clock` is in seconds that never go back.
    """

    def __init__(
        self,
        path: Path,
        limit: int = LOG_LIMIT,
        long: int = LONG_LOG,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = path.with_name(path.name + "-shm")
        self._limit = limit
        self._long = long
        self._clock = clock
        self._pages = 0  # in the log since the last checkpoint, about
        self._patient_at = long  # bytes at which the next patient try is due
        self._told = False
        self._tried = 0.0
        self.refuses = ""

    def wrote(self, pages: int) -> None:
        """So many pages more are in the log, about."""
        self._pages += pages

    def emptied(self) -> None:
        """The log has just been emptied by somebody else's doing."""
        self._pages = 0
        self._is_short()

    @property
    def is_due(self) -> bool:
        """Whether there is enough in the log for a checkpoint."""
        return self._pages >= CHECKPOINT_PAGES

    def make(self, connection: sqlite3.Connection) -> None:
        """Move the log into the database, as far as readers let it. Raises sqlite3.Error."""
        self._pages = CHECKPOINT_PAGES * 3 // 4  # what does not succeed is tried again soon, but not at once
        _, pages, moved = connection.execute("pragma wal_checkpoint(passive)").fetchone()
        size = pages * _PAGE
        if size < self._long:
            if moved == pages:
                self._pages = 0
            self._is_short()
            return
        is_patient = size >= self._patient_at
        if self._empty(connection, _PATIENTLY if is_patient else _BRIEFLY):
            self._pages = 0
            self._is_short()
        elif is_patient:
            self._patient_at = 2 * size
            self._told = True
            _log.warning(
                "the log of the database (%d MiB) cannot be emptied: %s reads it. It grows until that ends; at %d MiB"
                " messages are refused",
                size >> 20,
                self._who_reads(),
                self._limit >> 20,
            )
        if self._told and size >= self._limit:
            self.refuses = (
                f"the log of the database has reached {size >> 20} MiB, because {self._who_reads()} reads it without"
                " an end: end that"
            )

    def try_again(self, connection: sqlite3.Connection) -> None:
        """Where messages are refused: look now and then whether they must be. Raises sqlite3.Error."""
        now = self._clock()
        if now - self._tried >= _TRY_EVERY:
            self._tried = now
            if self._empty(connection, _BRIEFLY):
                self.emptied()

    def _is_short(self) -> None:
        if self._told:
            _log.warning("the log of the database could be emptied again")
        self._told = False
        self.refuses = ""
        self._patient_at = self._long

    def _empty(self, connection: sqlite3.Connection, patience: int) -> bool:
        connection.execute(f"pragma busy_timeout={patience}")
        try:
            return empty_wal(connection)
        finally:
            connection.execute(f"pragma busy_timeout={BUSY_TIMEOUT}")

    def _who_reads(self) -> str:
        """Which processes hold what SQLite's readers hold, for people; /proc/locks knows, where there is one.

        The file itself must not be opened to ask: closing it would let go of our own locks.
        """
        found = []
        with contextlib.suppress(OSError):
            inode = self._shared.stat().st_ino
            for line in Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines():
                pid = _reader_in(line, inode)
                if pid and pid not in found:
                    found.append(pid)
        return " and ".join(map(_name, found)) if found else "another program"


def _reader_in(line: str, inode: int) -> int:
    """The process of a line of /proc/locks that is a reader of the log; 0 for any other.

    As `1: POSIX  ADVISORY  READ 4711 fd:00:2531452 124 124`; see proc_locks(5).
    """
    words = line.split()
    if len(words) != 8 or words[1] != "POSIX" or not words[4].isdigit():
        return 0
    if words[5].rpartition(":")[2] != str(inode) or not words[6].isdigit():
        return 0
    return int(words[4]) if int(words[6]) in _READ_LOCKS else 0


def _name(pid: int) -> str:
    if pid == os.getpid():
        return "this server itself"
    try:
        program = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return f"process {pid}"
    return f"process {pid} ({program})"
