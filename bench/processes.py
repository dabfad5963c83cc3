"""The machine and what processes have used of it, read from Linux's /proc (proc(5))."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu() -> str:
    """The processors of this machine: their number and what they call themselves."""
    for row in Path("/proc/cpuinfo").read_text().splitlines():
        if row.startswith("model name"):
            return f"{os.cpu_count()} x {row.partition(':')[2].strip()}"
    return f"{os.cpu_count()} x unknown"


def family(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def cpu_seconds(pid: int) -> float:
    """The processor time of a process and its threads so far."""
    return sum(_times(pid)[:2])


def family_seconds(pid: int) -> float:
    """The processor time of a process and all that come from it, of those as well that have ended and been waited for.

    Whoever ends between two of these is in both sums: PostgreSQL starts and ends processes of its own accord.
    """
    spent = 0.0
    for one in family(pid):
        try:
            spent += sum(_times(one))
        except FileNotFoundError:
            continue  # it has ended while we read; its parent tells of it the next time
    return spent


def private_megabytes(pid: int) -> float:
    """The memory of a process that it shares with nobody, in units of 1,048,576 bytes."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Private_")) / 1024


def _times(pid: int) -> list[float]:
    """Seconds: its own in user and kernel mode, then those of children that have ended (fields 14 to 17)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(field) / TICKS for field in fields[11:15]]
