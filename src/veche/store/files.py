"""Files that last and that nobody else can read or swap.

The rule: whatever is opened here is an ordinary file that we did not reach through a link, is readable by its owner
alone, and is on disk, with its name, when the function returns.

A database file must never be opened here while SQLite has it open: closing any descriptor of a file drops every
lock that the process holds on it (POSIX).
"""

import os
import stat
from pathlib import Path

_FLAGS = (
    os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
)  # nonblocking: opening a planted FIFO would hang otherwise


class NotRegularError(OSError):
    """There is a link, a directory, a device or the like where an ordinary file belongs."""


def open_private(path: Path, flags: int) -> int:
    """Open a file by its own name, mode 0600 when it is made. Raises NotRegularError, or OSError as os.open does."""
    require_regular(path)
    descriptor = os.open(path, flags | _FLAGS, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(path)
    return descriptor


def require_regular(path: Path) -> bool:
    """Whether the file exists. Raises NotRegularError when there is something else under that name."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise NotRegularError(path)
    return True


def read_start(path: Path, size: int) -> bytes:
    """The first `size` bytes of a file, or all of a shorter one."""
    descriptor = open_private(path, os.O_RDONLY)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def write_lasting(path: Path, content: bytes) -> None:
    """Put a file in place whole or not at all, on disk with its name."""
    fresh = path.with_name(path.name + ".new")
    descriptor = open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    sync_directory(path.parent)


def remove_lasting(path: Path) -> None:
    """Remove a file, if it is there, so that it stays removed."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Put the names in a directory on disk: a synced file whose name is lost is lost too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """What tells whether a path still leads to the same file: device and inode; None when there is none."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)
