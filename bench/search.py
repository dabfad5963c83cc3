"""What searching costs: making the index, its size, and questions of several sorts.

    python -m bench.search cost [ROWS]              microseconds of CPU a message with and without the index
    python -m bench.search index RECORD [DATA]      makes the index of a record of bench/generate.py, and says how long
                                                    that takes; of one in PostgreSQL in the data directory DATA
    python -m bench.search ask DIRECTORY [ASKS]     times of answers in such a record

`ask` waits until the record is indexed, which it times where there is something left to do. Its times are those that
the kernel charged: waiting for the disk and for others on the machine is not in them. The one who asks is in 50
rooms, the 10 busiest among them; words are drawn as they are said, so that most are frequent ones.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.generate import BATCH, ROOMS, START, WORDS, Owner, Talk, batches, record_of
from veche.core.ports import Page, StoreError
from veche.core.search import Found, Reading, SearchQuestion
from veche.wire.words import parse


def ask(owner: Owner, question: SearchQuestion) -> Found:
    answers: list[Found | StoreError] = []
    owner.store.search(question, answers.append)
    while not answers:
        owner.due.get()()
    assert isinstance(answers[0], Found), answers
    return answers[0]


def wait_indexed(owner: Owner) -> float:
    """Until everything is indexed; how long that took."""
    began = time.perf_counter()
    search = owner.store._search
    while search._postings is None or (
        search._missing or search._building is not None or search._tail.upto < owner.store.last()[0]
    ):
        time.sleep(0.05)
        if int(time.perf_counter() - began) % 60 == 59:
            print(f"  {len(search._missing)} blocks to go", flush=True)
            time.sleep(1)
    return time.perf_counter() - began


def questions(owner: Owner) -> Iterator[tuple[str, Callable[[random.Random], SearchQuestion]]]:
    talk = Talk()
    rooms = {f"#room-{n}": Reading() for n in [*range(10), *range(10, ROOMS, 25)]}
    quiet = {f"#room-{n}": Reading() for n in range(ROOMS - 50, ROOMS)}
    newest = owner.store.last()[1]

    def word(chance: random.Random, language: str = "") -> str:
        rank = chance.choices(range(WORDS), cum_weights=talk.frequencies)[0]
        return talk.words[language or chance.choice(["en", "ru"])][rank]

    def in_one(chance: random.Random) -> SearchQuestion:
        room = chance.randrange(ROOMS)
        return SearchQuestion(
            {f"#room-{room}": Reading()}, 100, wanted=parse(word(chance, "en" if room % 2 else "ru"))
        )

    def rare(chance: random.Random) -> SearchQuestion:
        return SearchQuestion(rooms, 100, wanted=parse(talk.words["en"][chance.randrange(1000, WORDS)]))

    yield "one word, in one room", in_one
    yield "one word, in 50 rooms", lambda chance: SearchQuestion(rooms, 100, wanted=parse(word(chance)))
    yield "one rare word, in 50 rooms", rare
    yield (
        "one word, in the 50 quietest",
        lambda chance: SearchQuestion(quiet, 100, wanted=parse(word(chance))),
    )
    yield (
        "two words, in 50 rooms",
        lambda chance: SearchQuestion(rooms, 100, wanted=parse(f"{word(chance, 'ru')} {word(chance, 'ru')}")),
    )
    yield (
        "two in a row, in 50 rooms",
        lambda chance: SearchQuestion(
            rooms, 100, wanted=parse(f'"{word(chance, "ru")} {word(chance, "ru")}"')
        ),
    )
    yield (
        "a beginning, in 50 rooms",
        lambda chance: SearchQuestion(rooms, 100, wanted=parse(word(chance)[:-1] + "*")),
    )
    yield (
        "by whom and when, in one room",
        lambda chance: SearchQuestion(
            {f"#room-{chance.randrange(ROOMS)}": Reading()},
            100,
            nick=f"nick{chance.randrange(200)}",
            before=chance.randrange(START, newest),
        ),
    )


def index(record: Path | str, data: Path) -> None:
    """Have the index made, with nobody else at work in the process."""
    owner = Owner(record, data)
    rows = owner.store.last()[0]
    took = wait_indexed(owner)
    spent = time.process_time()
    assert owner.store.close(60.0)
    size = (data / "search.db").stat().st_size
    print(
        f"{rows} messages; indexed in {took:.0f} s, {spent:.0f} s of CPU; {size / rows:.1f} bytes a message"
    )


def ask_all(folder: Path, asks: int) -> None:
    owner = Owner(folder)
    rows = owner.store.last()[0]
    took = wait_indexed(owner)
    size = (folder / "search.db").stat().st_size
    print(f"{rows} messages; indexed in {took:.0f} s; {size / rows:.1f} bytes a message")
    print("question                          p50 ms   p99 ms    most   hits  incomplete")
    for name, make in questions(owner):
        chance = random.Random(7)
        times, hits, cut = [], 0, 0
        for _ in range(asks):
            question = make(chance)
            began = time.process_time()
            found = ask(owner, question)
            times.append((time.process_time() - began) * 1000)
            hits += len(found.records)
            cut += not found.is_complete
        times.sort()
        print(
            f"{name:32} {times[asks // 2]:7.1f} {times[asks * 99 // 100]:8.1f} {times[-1]:7.0f}"
            f" {hits / asks:6.1f} {cut:5}",
            flush=True,
        )
    pages(owner)
    owner.store.close(60.0)


def pages(owner: Owner) -> None:
    """Pages of history while somebody searches without end, and while nobody does."""
    for is_searching in (False, True):
        chance = random.Random(9)
        waiting = {f"#room-{n}": Reading() for n in range(ROOMS)}
        busy = [is_searching]

        def again(_answer: object, waiting: dict[str, Reading] = waiting, busy: list[bool] = busy) -> None:
            if busy[0]:
                owner.store.search(SearchQuestion(waiting, 100, wanted=parse("stot* «бат вот»")), again)

        if is_searching:
            again(None)
        times = []
        for _ in range(300):
            answers: list[object] = []
            began = time.perf_counter()
            owner.store.page(Page(f"#room-{chance.randrange(ROOMS)}", 100, newest=True), answers.append)
            while not answers:
                owner.due.get()()
            times.append((time.perf_counter() - began) * 1000)
        busy[0] = False
        times.sort()
        what = "beside a search without end" if is_searching else "alone"
        print(f"page of 100, {what:28} p50 {times[150]:6.2f} ms  p99 {times[297]:6.2f} ms", flush=True)
    time.sleep(2.5)


def cost(rows: int) -> None:
    said = list(batches(0, rows))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        owner = Owner(Path(folder) / "data")
        owner.commit(said[0])
        wait_indexed(owner)
        thread = next(thread for thread in threading.enumerate() if thread.name == "veche-search")
        assert thread.ident is not None
        clock = time.pthread_getcpuclockid(thread.ident)
        began, cpu, indexing = time.perf_counter(), time.process_time(), time.clock_gettime(clock)
        for batch in said[1:]:
            owner.commit(batch)
        wall, stored = time.perf_counter() - began, time.process_time() - cpu
        meanwhile = time.clock_gettime(clock) - indexing
        wait_indexed(owner)
        indexing = time.clock_gettime(clock) - indexing
        count = len(said[1:]) * BATCH
        print(
            f"{count} messages in {wall:.1f} s: {(stored - meanwhile) / count * 1e6:.1f} us of CPU each for storing,"
            f" {indexing / count * 1e6:.1f} for indexing"
        )
        owner.store.close(60.0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["cost", *more]:
            cost(int(more[0]) if more else 100_000)
        case ["index", record, *more]:
            index(record_of(record), Path(more[0] if more else record))
        case ["ask", folder, *more]:
            ask_all(Path(folder), int(more[0]) if more else 300)
        case _:
            sys.exit(__doc__)
