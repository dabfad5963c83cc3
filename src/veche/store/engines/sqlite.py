"""SQLite as the record's engine: how a database is opened, and what its errors mean for a batch.

The rule: **one connection writes and makes checkpoints.** Before 3.51.3 SQLite has a race that can damage a database
when one connection resets the WAL while another writes or makes a checkpoint; with one such connection there is
nobody to race with. So the reading connection is opened read-only: it cannot write, make checkpoints or recover.

Nothing is acknowledged before SQLite has synced it: WAL with synchronous=full syncs the log at every commit. With
`normal` a power cut takes back commits that were already reported.
"""

import sqlite3
from pathlib import Path

from veche.core.ports import StoreError, StoreRefused, StoreUnknown

BUSY_TIMEOUT = 5000  # ms that another program's lock (a backup, an open sqlite3) is waited for
WAL_LIMIT = 64 * 1024 * 1024  # bytes; what a burst made longer is cut back to this

PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT}",
    "journal_mode=wal",
    "synchronous=full",
    "fullfsync=on",  # macOS: fsync alone leaves data in the disk's cache there
    "checkpoint_fullfsync=on",
    # The writer makes its own checkpoints, after it has acknowledged, and long before these 64 MiB of 4 KiB pages.
    "wal_autocheckpoint=16384",
    f"journal_size_limit={WAL_LIMIT}",
    "cache_size=-32768",  # KiB: the leaves of the index that busy rooms append to
    "temp_store=memory",
    "secure_delete=on",  # what was taken back is overwritten, not only forgotten
    "foreign_keys=on",
    "trusted_schema=off",  # a planted database must not run functions of ours
    "cell_size_check=on",  # notices damage when the page is read
)

READER_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT}",
    "query_only=on",
    "cache_size=-16384",
    "temp_store=memory",
    "trusted_schema=off",
    "cell_size_check=on",
)

# A sync that failed: the kernel may have dropped the pages and forgotten that it had to write them, so that the next
# sync succeeds without them. Nobody can know what is on disk, and only a new start can find out.
_SYNC_FAILED = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}

# What SQLite can only meet before a batch's last frame is in the log, so the batch is certainly not stored. Absent on
# purpose: errors of the shared-memory file and of memory, which can also come behind that frame.
_ROLLED_BACK = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_TOOBIG,
}
_ROLLED_BACK_IO = {
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_WRITE,
}

# After these the connection is as good as before; after any other error it is opened anew.
_HARMLESS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_LOCKED,
}


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open an existing file for writing. Raises sqlite3.Error."""
    return _connect(path, "rw", PRAGMAS)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a database that a writer of this process has open already, for reading. Raises sqlite3.Error."""
    return _connect(path, "ro", READER_PRAGMAS)


def _connect(path: Path, mode: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    # mode=rw never makes a file: a database that has vanished must be an error, not an empty database.
    # isolation_level None: transactions are ours to begin and end. Threads: one uses it at a time, not always the same.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT / 1000,
    )
    try:
        for pragma in pragmas:
            answer = connection.execute(f"pragma {pragma}").fetchone()
            if pragma == "journal_mode=wal" and answer != ("wal",):
                raise sqlite3.OperationalError(
                    f"the file system cannot keep a WAL (journal_mode is {answer[0]})"
                )
    except BaseException:
        connection.close()
        raise
    return connection


def empty_wal(connection: sqlite3.Connection) -> bool:
    """Move everything from the WAL into the database and cut it to nothing; False while some reader prevents it."""
    busy: int = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
    return not busy


def describe(error: Exception) -> str:
    """An error for the log and the operator, with SQLite's name for it."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return f"{name}: {error}"


def primary_code(error: Exception) -> int:
    """SQLite's error code without the details, or -1 for what SQLite did not raise."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF if code >= 0 else -1


def is_sync_failure(error: Exception) -> bool:
    """Whether the disk failed to sync, after which nothing may be written any more."""
    return getattr(error, "sqlite_errorcode", -1) in _SYNC_FAILED


def is_harmless(error: Exception) -> bool:
    """Whether the connection can be used on as it is: true also of what is no error of a database at all."""
    return primary_code(error) in _HARMLESS or not isinstance(error, sqlite3.Error)


def outcome(error: Exception, *, committing: bool) -> StoreError:
    """What an error means for the batch that met it; `committing`: in a statement that could have committed it."""
    text = describe(error)
    if is_sync_failure(error):
        return StoreUnknown(f"the disk failed to sync ({text})")
    code = getattr(error, "sqlite_errorcode", None)
    if not committing or code is None:
        return StoreRefused(text)  # without a code it came from Python, before SQLite saw the statement
    if code & 0xFF in _ROLLED_BACK or code in _ROLLED_BACK_IO:
        return StoreRefused(text)
    return StoreUnknown(f"the commit ended in an error that leaves its outcome open ({text})")
