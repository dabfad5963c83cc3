"""The data directory: one server in it at a time, and never a new database where an old one should be.

    veche.db, -wal, -shm    the record (SQLite)
    search.db, -wal, -shm   the search index, made of the record and made anew if it is missing
    made                    there is a record: written once the first one was on disk, names included
    running                 a server runs, or was not stopped properly: then the -wal belongs to the record
    lock                    held (flock) by the running server; its number is inside, for the message to a second one

    cloak.key, tls/         keys of the server, and its settings, veche.toml: of other modules

The rule: `made` decides, also where the record is in a database elsewhere. Without it a database may be created, and a
creation that was interrupted goes on. With it a database that is missing, empty or another file is an error that a
person must look at. Nothing is put into a directory that is in use for something else: it must be new, empty, or hold
one of the names above. Everything is made readable by its owner alone; a directory that already exists keeps the rights
that its owner gave it.

The lock is an advisory one and lies beside the database, so that tools which read the database are not shut out.
"""

import errno
import fcntl
import os
from pathlib import Path

from veche.store.files import (
    NotRegularError,
    open_private,
    read_start,
    remove_lasting,
    require_regular,
    sync_directory,
    write_lasting,
)
from veche.store.refusals import DataDirectoryError

APPLICATION_ID = 0x56656368  # "Vech": written into the database, so that another program's file is recognised
_SQLITE_MAGIC = b"SQLite format 3\0"
_HEADER_SIZE = 100
_MADE = "This file says that veche.db has been made. Without it the server would make a new, empty one.\n"
# By any of these a directory is a server's: a first start that was interrupted has left `lock` at least, and who
# prepares one puts the settings, a backup or keys there. `made` and `lock` are common words: they count as ordinary
# files only (/var/lock is a link).
_OUR_NAMES = ("veche.db", "veche.toml", "cloak.key", "tls/cert.pem", "tls/key.pem")
_OUR_FILES = ("made", "lock")
_OF_THE_SYSTEM = frozenset({"lost+found"})  # in every new file system of the ext family
_RUNNING = (
    b"A server runs on this directory, or was not stopped properly. veche.db-wal belongs to veche.db.\n"
)


class DataDirectory:
    """An opened and locked data directory. Raises DataDirectoryError when it cannot be had."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "veche.db"
        self.wal = path / "veche.db-wal"
        self.search = path / "search.db"
        self.made = path / "made"
        self.running = path / "running"
        try:
            self._lock = _lock(path)
        except OSError as error:
            raise explain(path, error) from error

    def close(self) -> None:
        """Let another server in. Idempotent."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def prepare_database(self) -> None:
        """See to it that there is a file for SQLite to open: the old one, or on a first start an empty one.

        Reads no more than the file's header, so it takes no longer with ten million messages than with none. Raises
        DataDirectoryError, and OSError (see `explain`) like the methods below.
        """
        is_made = require_regular(self.made)
        require_regular(self.wal)
        if not require_regular(self.database):
            if is_made:
                raise DataDirectoryError("missing", path=self.database, marker=self.made)
            os.close(open_private(self.database, os.O_RDWR | os.O_CREAT | os.O_EXCL))
            return
        header = read_start(self.database, _HEADER_SIZE)
        if not header:
            if is_made:
                raise DataDirectoryError("empty", path=self.database)
            return
        if not _is_ours(header, is_made):
            raise DataDirectoryError("other_file", path=self.database)
        if require_regular(self.running) and not self.wal.exists():
            raise DataDirectoryError("wal_missing", path=self.database, running=self.running)

    def is_made(self) -> bool:
        """Whether there has been a record, here or in a database elsewhere."""
        return require_regular(self.made)

    def mark_made(self, words: str = _MADE) -> None:
        """From now on a missing database is an error. To be called when it is on disk. `words` are for people."""
        if not require_regular(self.made):
            sync_directory(self.path)  # the database's name first: `made` must not outlive it in a power cut
            write_lasting(self.made, words.encode())

    def mark_running(self) -> None:
        """From now on the -wal may hold messages that the database does not. To be called when there is one."""
        write_lasting(self.running, _RUNNING)

    def mark_stopped(self) -> None:
        """The database holds everything. To be called when the -wal is empty and before SQLite removes it."""
        remove_lasting(self.running)


def _is_ours(header: bytes, is_made: bool) -> bool:
    """Whether a database's header is that of a Veche, or of a first start that ended before its first commit."""
    if len(header) < _HEADER_SIZE or not header.startswith(_SQLITE_MAGIC):
        return False
    pages = int.from_bytes(header[28:32], "big")
    application = int.from_bytes(header[68:72], "big")
    return application == APPLICATION_ID or (not is_made and application == 0 and pages <= 1)


def _make(path: Path) -> None:
    """Make a directory, and what is missing above it, for its owner alone and on disk with its name."""
    if os.path.lexists(path):
        raise DataDirectoryError("not_a_directory", directory=path)
    if not path.parent.is_dir():
        _make(path.parent)
    path.mkdir(mode=0o700)
    try:
        sync_directory(path.parent)
    except PermissionError:
        pass  # we may add names to that directory, but not open it


def _require_ours(path: Path) -> None:
    """Raise DataDirectoryError for the root of the file system or a home directory, unless a server lives there.

    Other files elsewhere do no harm: a unit's log, a note, the directory of a test.
    """
    whole = path.resolve()
    if whole != whole.parent and whole != Path("~").expanduser():
        return
    strangers = sorted(set(os.listdir(path)) - _OF_THE_SYSTEM)
    if not strangers or any(os.path.lexists(path / name) for name in _OUR_NAMES):
        return
    if any((path / name).is_file() and not (path / name).is_symlink() for name in _OUR_FILES):
        return
    raise DataDirectoryError("foreign", directory=path, example=repr(strangers[0]))


def _lock(path: Path) -> int:
    """Make the directory if need be and take its lock; return the descriptor that holds it."""
    if path.is_dir():
        _require_ours(path)
    else:
        _make(path)
    descriptor = open_private(path / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        pid = os.read(descriptor, 20).decode("ascii", "replace").strip()
        os.close(descriptor)
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            raise
        holder = f" ({pid})" if pid.isdigit() else ""
        raise DataDirectoryError("locked", directory=path, holder=holder) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor


def explain(directory: Path, error: OSError) -> DataDirectoryError:
    """What a person reads of an error of the operating system in the data directory."""
    if isinstance(error, NotRegularError):
        return DataDirectoryError("not_regular", path=error.args[0])
    if error.errno == errno.ELOOP:
        return DataDirectoryError("not_regular", path=error.filename)
    return DataDirectoryError(
        "cannot_use", directory=directory, path=error.filename or directory, reason=error.strerror or error
    )
