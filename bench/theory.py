"""The measurements of the report's theory: one kind of work done in several ways, and what certainty of a disk costs.

    python -m bench.theory [--parts PARTS] [--name NAME] [--repeats N]

Parts, separated by commas; default: all, about six minutes.

work     one room, many senders: CPU for each delivery, by the size of the room. A thread for each client
         (bench/threads.py), an event loop of the standard library and of uvloop (both bench/model.py), and Veche.
alone    one sender with one message outstanding: each delivery is a system call of its own in every way.
memory   what a connection takes that has registered and says nothing.
steady   20 messages a second to a room of 300: how long one is on its way.
stall    one of five reads nothing: after how many messages the others hear nothing either, and the server's memory.
disk     appends to a file: not synced, each synced, and many before one sync; and the same with SQLite.

Writes results/NAME.json; `python -m bench.theory_plots` draws it for the report (with matplotlib). Needs
Linux and a C compiler, as bench/README.md says.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.loads import Load
from bench.measure import built, cores, medians, play
from bench.report import RESULTS, busyness, describe_machine
from bench.servers import ROOT, Subject, Veche

NAME = "2026-11-23-theory"
SIZES = (10, 30, 100, 300, 500)
BURST = 100  # messages, between two looks whether everybody has them
BURSTS = 400
STALLED_SECONDS = 3.0
ROW = b"x" * 200  # bytes: a message with what belongs to it
GROUPS = (1, 3, 10, 30, 100, 300, 1000)
DISK_SECONDS = 1.5  # for each way of appending

# Any: it is JSON.
Data = dict[str, Any]


class Way(Subject):
    """A relay that works in one way; started by a module of this folder."""

    stores = False

    def __init__(self, name: str, *words: str) -> None:
        self.name = name
        self._words = words

    def why_not(self) -> str:
        return ""

    def version(self) -> str:
        return f"Python {sys.version.split()[0]}"

    def command(self, folder: Path, port: int, clients: str) -> list[str]:  # noqa: ARG002 - there is one kind
        return [sys.executable, "-m", *self._words, str(port)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT)}


WAYS: dict[str, Subject] = {
    "threads": Way("a thread for each client", "bench.threads"),
    "asyncio": Way("an event loop: asyncio", "bench.model", "--asyncio"),
    "uvloop": Way("an event loop: uvloop", "bench.model"),
    "veche": Veche(stores=True),
}


def play_ways(program: Path, load: Load, repeats: int, title: str) -> Data:
    """The medians of one load for each way; the ways take turns."""
    runs: dict[str, list[Any]] = {name: [] for name in WAYS}
    names = list(WAYS)
    for repeat in range(repeats):
        for name in names[repeat % len(names) :] + names[: repeat % len(names)]:
            runs[name].append(play(program, load, WAYS[name]))
    result = {name: medians(phases)[load.phase] for name, phases in runs.items()}
    for name, figures in result.items():
        print(
            f"{title:<10} {name:<8}",
            {key: value for key, value in figures.items() if "us" in key or "kib" in key},
        )
    return result


def measure_work(program: Path, repeats: int) -> Data:
    """CPU for each delivery by the size of the room."""
    found = {}
    for size in SIZES:
        senders = min(20, size)
        each = max(20, 120_000 // (senders * size))
        found[str(size)] = play_ways(
            program, Load("", f"fan {size} {senders} {each} 4"), repeats, f"work {size}"
        )
    return found


def measure_alone(program: Path, repeats: int) -> Data:
    """One message outstanding."""
    return play_ways(program, Load("", "fan 300 1 200 1"), repeats, "alone")


def measure_memory(program: Path, repeats: int) -> Data:
    """Connections that say nothing."""
    return play_ways(program, Load("", "connect 1000"), min(2, repeats), "memory")


def measure_steady(program: Path, repeats: int) -> Data:
    """Delays, the load being far from what each can do."""
    return play_ways(program, Load("", "steady 300 20 5"), min(2, repeats), "steady")


# ---- one who does not read


def measure_stall(_program: Path, _repeats: int) -> Data:
    """Four read, the fifth does not; one of the four talks."""
    found = {}
    for name, subject in WAYS.items():
        with subject.run(cores()[0]) as running:
            found[name] = stall(running.port, running.pid)
        print("stall     ", name, found[name])
    return found


def stall(port: int, pid: int) -> Data:
    """What becomes of the others, and of the server's memory."""
    people = [come(port, f"reader{number}") for number in range(4)]
    stuck = come(port, "stuck", buffer=4096)
    before = memory(pid)
    line = b"PRIVMSG #bench :" + b"x" * 400 + b"\r\n"
    speaker, *others = people
    heard = dict.fromkeys(others, 0)
    is_let_go = False
    for burst in range(BURSTS):
        speaker.settimeout(STALLED_SECONDS)
        try:
            speaker.sendall(line * BURST)
        except TimeoutError:
            pass
        for reader in others:
            while heard[reader] < (burst + 1) * BURST:
                try:
                    data = reader.recv(1 << 20)
                except TimeoutError:
                    data = b""
                is_let_go = is_let_go or b" QUIT " in data
                if not data:
                    stuck.close()
                    return {"messages": min(heard.values()), "stalled": True, "let_go": is_let_go}
                heard[reader] += data.count(b" PRIVMSG ")
    grown = memory(pid) - before
    for one in (*people, stuck):
        one.close()
    return {"messages": BURST * BURSTS, "stalled": False, "let_go": is_let_go, "grown_kib": grown}


def come(port: int, nick: str, buffer: int = 0) -> socket.socket:
    """Somebody in the room; a small `buffer` stands for a slow line."""
    sock = socket.socket()
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.settimeout(STALLED_SECONDS)
    sock.connect(("127.0.0.1", port))
    sock.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
    read_until(sock, (b" 376 ", b" 422 "))
    sock.sendall(b"JOIN #bench\r\n")
    read_until(sock, (b" 366 ",))
    return sock


def read_until(sock: socket.socket, words: tuple[bytes, ...]) -> None:
    """Read up to a line in which one of these is."""
    data = b""
    while not any(word in data for word in words):
        data += sock.recv(65536)


def memory(pid: int) -> int:
    """The memory of a process in KiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


# ---- the disk


def measure_disk(_program: Path, _repeats: int) -> Data:
    """Appends a second, by what is waited for."""
    with tempfile.TemporaryDirectory(
        prefix="veche-bench-disk-", dir=os.environ.get("VECHE_BENCH_DISK")
    ) as folder:
        place = Path(folder)
        found = {
            "cache": append(place / "cache", 1, is_synced=False),
            "synced": {
                str(group): append(place / f"synced{group}", group, is_synced=True) for group in GROUPS
            },
            "sqlite": {str(group): insert(place / f"sqlite{group}", group) for group in GROUPS},
            "sync_us": syncs(place / "syncs"),
        }
    print("disk      ", found)
    return found


def repeated(write: Callable[[], None], group: int) -> float:
    """How many appends a second `write` makes, which makes `group` of them."""
    started = time.perf_counter()
    count = 0
    while (took := time.perf_counter() - started) < DISK_SECONDS:
        write()
        count += group
    return count / took


def append(path: Path, group: int, *, is_synced: bool) -> float:
    """Rows appended to a file; with a sync behind each `group` of them."""
    with path.open("ab", buffering=0) as file:
        descriptor = file.fileno()

        def write() -> None:
            for _ in range(group):
                os.write(descriptor, ROW)
            if is_synced:
                os.fdatasync(descriptor)

        return repeated(write, group)


def insert(path: Path, group: int) -> float:
    """The same into SQLite: one INSERT of `group` rows, which is a transaction, synced as Veche's are."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table message (seq integer primary key, text)")
    statement = f"insert into message (text) values {', '.join(['(?)'] * group)}"
    rows = [ROW.decode()] * group

    def write() -> None:
        database.execute(statement, rows)

    try:
        return repeated(write, group)
    finally:
        database.close()


def syncs(path: Path) -> dict[str, float]:
    """How long one append and its sync take: the median, and the hundredth of them that takes longest."""
    times = []
    with path.open("ab", buffering=0) as file:
        for _ in range(500):
            started = time.perf_counter()
            os.write(file.fileno(), ROW)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1e6)
    return {"p50": statistics.median(times), "p99": statistics.quantiles(times, n=100)[-1]}


PARTS: dict[str, Callable[[Path, int], Data]] = {
    "work": measure_work,
    "alone": measure_alone,
    "memory": measure_memory,
    "steady": measure_steady,
    "stall": measure_stall,
    "disk": measure_disk,
}


def main() -> int:
    """Measure the parts that were asked for, and put them beside those that there are."""
    asked = argparse.ArgumentParser(
        prog="python -m bench.theory", description=(__doc__ or "").partition("\n")[0]
    )
    asked.add_argument("--parts", default=",".join(PARTS), help="default: %(default)s")
    asked.add_argument("--name", default=NAME, help="of the result; default: %(default)s")
    asked.add_argument("--repeats", type=int, default=3, help="runs of each; default: %(default)s")
    options = asked.parse_args()
    parts = options.parts.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        asked.error(f"unknown: {', '.join(unknown)}")
    file = RESULTS / f"{options.name}.json"
    data: Data = json.loads(file.read_text()) if file.exists() else {"machine": {}}
    machine = describe_machine()
    with built() as program:
        for part in parts:
            data[part] = PARTS[part](program, options.repeats)
            data["machine"][part] = {**machine, "load on the machine after": busyness()}
    file.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
    print(f"written: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
