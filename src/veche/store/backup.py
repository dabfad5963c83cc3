"""Backups of a record: one file, made while the server writes, and put back when it does not run.

The rules:
* A backup is the record as it was at one moment: everything that was acknowledged before it began. It is a database
  like the record itself, of SQLite's whatever engine keeps the record, and has besides, in the table `kept_file`, the
  small files of the data directory without which a server would not be the same: its keys, certificate and settings.
  So it holds secrets, and is its owner's alone.
* The server beside it waits for nothing: what is copied is read as of one moment, without a lock that a writer needs.
* A file is there whole, on disk and looked through, or not at all. Nothing that is there is replaced unasked; a record
  that gives way to a backup is put aside with its log.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from veche.store.directory import DataDirectory
from veche.store.files import open_private, remove_lasting, sync_directory
from veche.store.tables import open_to_read
from veche.store.verify import Progress

# Pages (4 KiB) that are copied before the next look at the clock, and the rest after them, in times of what they took:
# a disk that is also written to by a server must not be taken from it.
_PAGES = 500
_REST = 0.5
# So many steps (of 2 MB) go to the disk at a time: left to the system they gather to gigabytes, and the next sync of a
# server waits for all of them.
_STEPS_TO_SYNC = 16
_LONGEST_FILE = 1 << 20  # bytes; keys and settings are far smaller

# What of a data directory goes into a backup beside the record.
KEPT_FILES = ("cloak.key", "veche.toml", "tls/cert.pem", "tls/key.pem")

_KEPT_FILE = """
    create table kept_file (
        name text primary key,
        content blob not null
    ) strict, without rowid
"""


def copy_database(source: sqlite3.Connection, target: Path, progress: Progress) -> None:
    """Copy a database as it is now into a new file. Raises sqlite3.Error and OSError.

    The transaction that holds this moment delays no writer; only the log of the database cannot be made shorter
    meanwhile.
    """
    make_private(target)
    # Open as long as SQLite has the file open: closing it would drop SQLite's locks.
    descriptor = open_private(target, os.O_RDWR)
    into = sqlite3.connect(target, isolation_level=None)
    try:
        # The copy is nobody's yet: that it is on disk is seen to when it is whole.
        into.execute("pragma synchronous=off")
        source.execute("begin")
        try:
            source.execute("select count(*) from sqlite_schema").fetchone()
            began, steps = time.monotonic(), 0

            def step(_: int, remaining: int, total: int) -> None:
                nonlocal began, steps
                progress(total - remaining, total)
                steps += 1
                if steps % _STEPS_TO_SYNC == 0:
                    os.fsync(descriptor)
                time.sleep(min(0.1, _REST * (time.monotonic() - began)))
                began = time.monotonic()

            source.backup(into, pages=_PAGES, progress=step, sleep=0)
        finally:
            source.execute("rollback")
        into.execute("pragma journal_mode=delete").fetchone()
    finally:
        into.close()
        os.close(descriptor)


def keep_files(target: Path, data: Path, settings: Path) -> list[str]:
    """Put the small files of the data directory into a copy; `settings` is the file with the settings. Their names."""
    kept = []
    into = sqlite3.connect(target, isolation_level=None)
    try:
        into.execute("begin")
        into.execute("drop table if exists kept_file")
        into.execute(_KEPT_FILE)
        for name in KEPT_FILES:
            file = settings if name == "veche.toml" else data / name
            if file.is_file() and file.stat().st_size <= _LONGEST_FILE:
                into.execute("insert into kept_file values (?, ?)", (name, file.read_bytes()))
                kept.append(name)
        into.execute("commit")
    finally:
        into.close()
    return kept


def make_private(path: Path) -> None:
    """Make an empty file that nobody else can read, in place of a database that was left behind, log and all."""
    for end in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    os.close(open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))


def put_in_place(fresh: Path, target: Path, *, replaces: bool) -> None:
    """Give a finished file its name, on disk with it. Raises FileExistsError unless it `replaces`."""
    sync_file(fresh)
    if replaces:
        fresh.replace(target)
    else:
        os.link(fresh, target)  # unlike a renaming, it never replaces what somebody has put there meanwhile
        fresh.unlink()
    sync_directory(target.parent)


def sync_file(path: Path) -> None:
    """Have what was written on disk. Not while SQLite has the file open in this process."""
    descriptor = open_private(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(
    backup: Path, directory: DataDirectory, now: str, progress: Progress, check: Callable[[Path], bool]
) -> tuple[Path | None, list[str]] | None:
    """Put a backup in place of the record of a locked data directory.

    It is copied first, and the copy given to `check`, whose no ends everything with nothing changed (None is
    returned). Otherwise returns what `install` does, and the files that were put back because they were missing.
    """
    fresh = fresh_file(directory)
    source = open_to_read(backup)
    try:
        copy_database(source, fresh, progress)
    finally:
        source.close()
    if not check(fresh):
        fresh.unlink()
        return None
    kept = take_kept_files(fresh)
    aside = install(fresh, directory, now)
    return aside, put_back(directory.path, kept)


def fresh_file(directory: DataDirectory) -> Path:
    """Where a database is made that is to be the record of this directory."""
    return directory.path / "veche.db.restoring"


def install(fresh: Path, directory: DataDirectory, now: str) -> Path | None:
    """Make a finished database the record of a locked data directory.

    What was there goes into a directory named after `now`, which is returned, if there was anything. Killed in between,
    it has left either the old record, or none, which a server refuses to start with: then it is to be done again.
    """
    give_to_owner(fresh, directory.path)
    sync_file(fresh)
    # From now on a database that is missing is an error, and never a reason to begin an empty one.
    directory.mark_made()
    aside = _put_aside(directory, now)
    remove_lasting(directory.running)
    fresh.replace(directory.database)
    sync_directory(directory.path)
    for name in ("lock", "made"):
        give_to_owner(directory.path / name, directory.path)
    return aside


def give_to_owner(path: Path, data: Path) -> None:
    """See to it that a file belongs to whom its data directory belongs: a server there need not be the superuser."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = data.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def take_kept_files(database: Path) -> dict[str, bytes]:
    """Take the small files out of a copy of a backup: their contents by name."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        there = connection.execute("select count(*) from sqlite_schema where name = 'kept_file'").fetchone()[
            0
        ]
        if not there:
            return {}
        kept = dict(connection.execute("select name, content from kept_file").fetchall())
        connection.execute("pragma secure_delete=on")
        connection.execute("drop table kept_file")
        return {name: content for name, content in kept.items() if name in KEPT_FILES}
    finally:
        connection.close()


def _put_aside(directory: DataDirectory, now: str) -> Path | None:
    names = [
        "veche.db-wal",  # first: without it the database is one that a server refuses to start with
        "veche.db-shm",
        "veche.db",
        "search.db",
        "search.db-wal",
        "search.db-shm",
    ]
    there = [name for name in names if os.path.lexists(directory.path / name)]
    if not there:
        return None
    aside = directory.path / f"before-restore-{now}"
    while os.path.lexists(aside):  # a second one in the same second
        aside = aside.with_name(aside.name + "+")
    aside.mkdir(mode=0o700)
    give_to_owner(aside, directory.path)
    sync_directory(directory.path)
    for name in there:
        (directory.path / name).rename(aside / name)
    sync_directory(aside)
    sync_directory(directory.path)
    return aside


def put_back(data: Path, kept: dict[str, bytes]) -> list[str]:
    """Write the files that are missing; what is there is newer and stays."""
    written = []
    for name, content in sorted(kept.items()):
        file = data / name
        if os.path.lexists(file):
            continue
        if not file.parent.is_dir():
            file.parent.mkdir(mode=0o700)
            give_to_owner(file.parent, data)
        descriptor = open_private(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        give_to_owner(file, data)
        sync_directory(file.parent)
        written.append(name)
    return written
