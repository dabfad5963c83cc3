"""Whether processes live (Linux)."""

import time
from collections.abc import Iterable
from pathlib import Path


def is_alive(pid: int) -> bool:
    """There is such a process and it has not ended; one that waits to be buried has, for nobody may."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for_end(pids: Iterable[int], seconds: float = 10.0) -> None:
    """Wait until none of these lives.

    Raises:
        TimeoutError: some still live after so many seconds.
    """
    left, end = set(pids), time.monotonic() + seconds
    while left := {pid for pid in left if is_alive(pid)}:
        if time.monotonic() > end:
            raise TimeoutError(f"still there: {sorted(left)}")
        time.sleep(0.01)
