"""What the record costs: writing in batches of several sizes, beside an idle and a busy loop, and reading pages.

    python bench/record.py write [ROWS]             microseconds of CPU a row, time a commit, bytes a row
    python bench/record.py read DIRECTORY [ROWS]    makes a record of ROWS in DIRECTORY if there is none; start, pages

Deterministic: 1,000 rooms, the n-th busiest speaking 1/n as often as the first; lines of 63 bytes.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

from veche.core.ports import Page, Record, Records, StoreError
from veche.store.durable import SqliteStore, open_store
from veche.wire.msgids import make_msgid

ROOMS = 1000
START = 1_700_000_000_000


def make_past(first: int = 1) -> Iterator[Record]:
    """Messages without end, some to a millisecond."""
    chance = random.Random(first)
    weights = list(itertools.accumulate(1 / (n + 1) for n in range(ROOMS)))
    for seq in itertools.count(first):
        room = chance.choices(range(ROOMS), cum_weights=weights)[0]
        moment = START + seq // 2
        nick = f"nick{room % 97}"
        yield Record(
            seq,
            make_msgid(moment, chance.randbytes(16)),
            moment,
            f"#room-name-{room}",
            0,
            "PRIVMSG",
            f"{nick}!user@host.example.org",
            f"uid-{nick}-0123456789abcdef",
            nick,
            f"#Room-Name-{room}",
            "",
            "x" * 63,
        )


class Bench:
    """A store and its turns."""

    def __init__(self, path: Path) -> None:
        self.due: SimpleQueue[Callable[[], None]] = SimpleQueue()
        began = time.perf_counter()
        self.store: SqliteStore = open_store(path, self.due.put)
        self.start = time.perf_counter() - began

    def commit(self, records: Sequence[Record]) -> None:
        answers: list[object] = []
        self.store.append([*records], answers.append)
        self.due.get()()
        assert answers == [None], answers

    def page(self, page: Page) -> Records:
        answers: list[Records | StoreError] = []
        self.store.page(page, answers.append)
        self.due.get()()
        found = answers[0]
        assert isinstance(found, Records), found
        return found


def commit_all(bench: Bench, records: list[Record], size: int, busy: bool) -> list[float]:
    """Commit in batches for at most 5 s; how long each took. `busy`: the owner computes until it is answered."""
    times: list[float] = []
    answers: list[object] = []
    began = time.perf_counter()
    for start in range(0, len(records), size):
        handed = time.perf_counter()
        bench.store.append([*records[start : start + size]], answers.append)
        while busy and bench.due.empty():
            for number in range(1000):
                _ = number * number
        bench.due.get()()
        times.append(time.perf_counter() - handed)
        if handed - began > 5:
            break
    assert not any(answers), answers
    return times


def write(rows: int) -> None:
    print("batch  loop   rows/s     CPU us/row  commit p50 ms  p99 ms  bytes/row")
    said = list(itertools.islice(make_past(), rows))
    for size, busy in itertools.product((1, 20, 100, 500), (False, True)):
        with tempfile.TemporaryDirectory(dir=".") as folder:
            bench = Bench(Path(folder) / "data")
            # Rooms are new only once.
            seen = {record.conversation: record for record in said}
            bench.commit(list(seen.values()))
            rest = [record for record in said if seen[record.conversation] is not record]
            number = max(record.seq for record in said)
            for record in rest:
                record.seq += number
            began, cpu_began = time.perf_counter(), time.process_time()
            times = commit_all(bench, rest, size, busy)
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu_began
            done = min(len(times) * size, len(rest))
            bench.store.close()
            stored = (Path(folder) / "data" / "veche.db").stat().st_size / (done + len(seen))
            for record in rest:
                record.seq -= number
            times.sort()
            p50, p99 = times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000
            shown = "     -" if busy else f"{cpu / done * 1e6:6.2f}"
            print(
                f"{size:5}  {'busy' if busy else 'idle'} {done / wall:9.0f}  {shown}      {p50:9.2f} {p99:11.2f}"
                f" {stored:9.0f}",
                flush=True,
            )


def make_page(bench: Bench, kind: str, room: str, moment: int) -> Page:
    match kind:
        case "latest":
            return Page(room, 100, newest=True)
        case "before a time":
            return Page(room, 100, before=moment, newest=True)
        case "around a time":
            return Page(room, 100, around=moment)
    return Page(room, 100, after=bench.page(Page(room, 1, around=moment))[0].msgid)


def read(folder: Path, rows: int) -> None:
    bench = Bench(folder)
    have = bench.store.last()[0]
    if have < rows:
        began = time.perf_counter()
        past = make_past(have + 1)
        for at in range(have, rows, 1000):
            bench.commit(list(itertools.islice(past, min(1000, rows - at))))
        print(f"made {rows - have} rows in {time.perf_counter() - began:.0f} s")
        bench.store.close()
        bench = Bench(folder)
    size = (folder / "veche.db").stat().st_size
    print(f"{rows} rows, {size / rows:.0f} bytes a row; opened in {bench.start * 1000:.0f} ms")
    chance = random.Random(7)
    newest = bench.store.last()[1]
    for kind in ("latest", "before a time", "around a time", "after a msgid"):
        times = []
        for _ in range(1000):
            page = make_page(
                bench, kind, f"#room-name-{chance.randrange(ROOMS)}", chance.randrange(START, newest)
            )
            began = time.perf_counter()
            bench.page(page)
            times.append(time.perf_counter() - began)
        times.sort()
        print(f"page of 100, {kind:14} p50 {times[500] * 1000:6.2f} ms  p99 {times[990] * 1000:6.2f} ms")
    times = []
    for _ in range(200):
        answers: list[object] = []
        began = time.perf_counter()
        names = [(f"#room-name-{chance.randrange(ROOMS)}", 0) for _ in range(50)]
        bench.store.latest(names, answers.append)
        bench.due.get()()
        times.append(time.perf_counter() - began)
    times.sort()
    print(f"newest of 50 rooms           p50 {times[100] * 1000:6.2f} ms  p99 {times[198] * 1000:6.2f} ms")
    bench.store.close()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", *more]:
            write(int(more[0]) if more else 100_000)
        case ["read", folder, *more]:
            read(Path(folder), int(more[0]) if more else 10_000_000)
        case _:
            sys.exit(__doc__)
