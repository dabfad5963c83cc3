"""Disks that may be harmed: an ext4 file system inside an image file, and a tmpfs of a few megabytes.

**What a power cut leaves.** The file system inside the image keeps written data in the page cache until somebody
syncs it; only then does it reach the loop device, which writes it into the image file. So the content of the image
file is what "reached the disk", and a copy of it is the disk after a power cut. Three things would spoil this:

* The inner file system's own flushing would save data that nobody synced: the journal's commit interval is set far
  beyond the length of a round. (The kernel's flusher takes pages older than 30 s, beyond a round as well.)
* A copy that takes time while the server writes mixes earlier and later states, and shows losses that no power cut
  makes (an old database beside a log that was reset meanwhile). So the image is read by one single `preadv` with
  O_DIRECT: ext4 and XFS hold the inode's lock over the whole of it, and the loop device's writes, which are buffered,
  need the same lock exclusively. Tried with a thread that writes a counter to three places: of 20 such copies none
  was torn, of 20 ordinary ones all 20 were. Other file systems give no such promise: there the server is stopped
  (SIGSTOP) while the copy is made.
* A disk with a write cache of its own loses more than this model. What the server can do about that is to sync, and
  a missing sync is what is looked for here.
"""

import mmap
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from .client import CheckerError

IMAGE_SIZE = 64 << 20
# Where one direct read is one moment; the names are those of `stat -f`, to which ext2, ext3 and ext4 are one.
_ATOMIC = frozenset({"ext2/ext3", "ext4", "xfs"})


def why_no_disks() -> str:
    """Why this machine cannot play power cuts; empty if it can. Root in a container often may not: it is tried."""
    return _why_no_mounts("mkfs.ext4", "losetup", "stat") or _why_not_this_one(_mount_image)


def why_no_tmpfs() -> str:
    """Why this machine cannot play a full disk; empty if it can."""
    return _why_no_mounts() or _why_not_this_one(_mount_tmpfs)


def _why_no_mounts(*programs: str) -> str:
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root: it mounts file systems"
    missing = [program for program in ("mount", "umount", *programs) if not _find(program)]
    return f"needs {', '.join(missing)}" if missing else ""


def _why_not_this_one(mount: Callable[[Path], "Disk"]) -> str:
    with tempfile.TemporaryDirectory(prefix="veche-mount-") as folder:
        try:
            with mount(Path(folder)):
                return ""
        except CheckerError as error:
            return f"must be allowed to mount: {error}"


def _mount_image(folder: Path) -> "Disk":
    disk = LoopDisk(folder / "image", folder / "disk")
    disk.format()
    return disk


def _mount_tmpfs(folder: Path) -> "Disk":
    return SmallDisk(folder / "disk", 1 << 20)


class Disk:
    """A mounted file system; leaving the context unmounts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_mounted = False

    def mount(self) -> None:
        """Make the file system visible at `folder`."""
        raise NotImplementedError

    def unmount(self) -> None:
        """Take it away again. Whoever still held a file there has just been killed, and may take a moment to go."""
        if not self.is_mounted:
            return
        for attempt in range(100):
            try:
                _run("umount", str(self.folder))
            except CheckerError:
                if attempt == 99:
                    raise
                time.sleep(0.02)
            else:
                break
        self.is_mounted = False

    def __enter__(self) -> Self:
        self.mount()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unmount()


class LoopDisk(Disk):
    """An ext4 file system in an image file."""

    def __init__(self, image: Path, folder: Path) -> None:
        super().__init__(folder)
        self.image = image

    def format(self, size: int = IMAGE_SIZE) -> None:
        """Make a new, empty file system."""
        with self.image.open("wb") as file:
            file.truncate(size)
        lazy = "lazy_itable_init=0,lazy_journal_init=0"  # no writing in the background afterwards
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", lazy, str(self.image))

    def mount(self) -> None:
        """Mount, replaying the journal as after a power cut."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "ext4", "-o", "loop,noatime,commit=300", str(self.image), str(self.folder))
        self.is_mounted = True

    def abort(self) -> None:
        """Let the file system fail for good, as it does when the disk under it no longer answers."""
        _run("mount", "-o", "remount,abort", str(self.folder))

    def copy_as_after_power_cut(self, copy: Path, pids: Callable[[], Sequence[int]]) -> None:
        """Write to `copy` what has reached the disk at one moment of this call; `pids` are those who write there."""
        if is_one_read_one_moment(self.image):
            content = read_at_once(self.image)
        else:
            stopped = _stop_all(pids)
            try:
                content = memoryview(self.image.read_bytes())
            finally:
                for pid in stopped:
                    os.kill(pid, signal.SIGCONT)
        _write_sparse(copy, content)


class SmallDisk(Disk):
    """A tmpfs that is easily filled."""

    def __init__(self, folder: Path, size: int) -> None:
        super().__init__(folder)
        self.size = size

    def mount(self) -> None:
        """Mount it empty."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={self.size},mode=0700", "veche-checker", str(self.folder))
        self.is_mounted = True

    def fill(self) -> None:
        """Take all the space that is left."""
        ballast = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        block = bytes(4096)
        try:
            while True:
                os.write(ballast, block)
        except OSError:
            pass  # ENOSPC is what was wanted
        finally:
            os.close(ballast)

    def free(self) -> None:
        """Give the space back."""
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


def read_at_once(image: Path) -> memoryview:
    """The whole content of a file as it was at one moment, on the file systems named in `_ATOMIC`."""
    size = image.stat().st_size
    content = mmap.mmap(-1, size)  # page aligned, as O_DIRECT wants it
    file = os.open(image, os.O_RDONLY | os.O_DIRECT)
    try:
        got = os.preadv(file, [content], 0)
    finally:
        os.close(file)
    if got != size:
        raise CheckerError(f"only {got} of {size} bytes of {image} came in one read: the copy would be torn")
    return memoryview(content)


def is_one_read_one_moment(path: Path) -> bool:
    """Whether `read_at_once` holds its promise for a file there."""
    return _run("stat", "-f", "-c", "%T", str(path)).strip() in _ATOMIC


def _write_sparse(copy: Path, content: memoryview) -> None:
    step = 1 << 16
    zeros = bytes(step)
    with copy.open("wb") as file:
        for start in range(0, len(content), step):
            piece = bytes(content[start : start + step])
            if piece != zeros[: len(piece)]:
                file.seek(start)
                file.write(piece)
        file.truncate(len(content))


def _stop_all(pids: Callable[[], Sequence[int]]) -> list[int]:
    """Stop processes until there is none left to be stopped; they may be making others meanwhile."""
    stopped: list[int] = []
    while new := [pid for pid in pids() if pid not in stopped]:
        for pid in new:
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
            _wait_stopped(pid)
    return stopped


def _wait_stopped(pid: int) -> None:
    # A thread that sits in fsync stops only when the call returns; until then its writes may still arrive.
    while True:
        stats = [(task / "stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
        if all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats):
            return
        time.sleep(0.001)


def _find(program: str) -> str | None:
    # Debian keeps programs for administrators where an ordinary PATH does not look.
    return shutil.which(
        program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    )


def _run(program: str, *words: str) -> str:
    command = [_find(program) or program, *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed programs
    if result.returncode != 0:
        raise CheckerError(f"{program} {' '.join(words)}: {result.stderr.strip()}")
    return result.stdout
