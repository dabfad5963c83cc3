"""What reading a long record costs: the real server on it, asked through a socket; and its start.

    python -m bench.history DIRECTORY [NAME]        a data directory that bench.generate has filled; writes
                                                    results/NAME.md and NAME.json
    python -m bench.history URL NAME DATA           the same for a database of PostgreSQL's; DATA is the data directory
                                                    in which `bench.search index` has made the index

One client, in 50 of the rooms, asks one thing after the other and waits for the last line of each answer. Server time
is what the kernel charged to all threads of the server for one answer, and to the processes of PostgreSQL that work
for it: what else runs on the machine does not count there, and neither does waiting for the disk. The client's time
holds that, the wire on loopback, and reading the answer line by line. The record is read once before, so that it is
in memory where that is large enough: a hundred messages of any day are on a hundred pages, and a disk takes its time.
Which room is asked about is left to chance, each being as likely; words are chosen as they are said, so that most are
frequent ones. The start is compared with that of an empty record.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from bench.generate import ROOMS, START, WORDS, Talk, record_of
from bench.report import RESULTS, describe_machine, markdown_table
from bench.servers import ROOT

PATIENCE = 60.0
JOINED = 50  # rooms; a question without a room is about all of them
ASKS = 1000
_SETTINGS = (
    "limits.flood=false",
    "limits.room_creations_per_minute=1000",
    "limits.connections_per_address=0",
    "lobby.room=",
)
_FILES = ("veche.db", "search.db")
_CAPABILITIES = "batch draft/chathistory message-tags server-time soju.im/search"

Figures = dict[str, float]
Took = tuple[float, float]  # s: of the server, and of the client


class RefusedError(Exception):
    """A question that is not answered, with what was said instead."""


class Server:
    """The real server on a record; `ready` is the seconds until it said so."""

    def __init__(self, record: list[str]) -> None:
        doors = ["--irc=127.0.0.1:0", "--ircs=off", "--web=off", "--classic=off"]
        settings = [word for one in _SETTINGS for word in ("--set", one)]
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "veche.app.server", *record, *doors, *settings],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        self.port = 0
        said = []
        patience = threading.Timer(PATIENCE, self._process.kill)
        patience.start()
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("  irc "):
                self.port = int(line.split()[1].rpartition(":")[2])
            if line == "ready\n":
                break
        else:
            raise SystemExit("the server has ended, or was not ready in time:\n" + "".join(said))
        patience.cancel()
        self.ready = time.monotonic() - began
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Client:
    """Asks, and reads to the end of the answer."""

    def __init__(self, server: Server) -> None:
        self._clocks: list[int] = []
        self.charge(server.pid)
        self._socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")
        self._ask(f"CAP REQ :{_CAPABILITIES}", " ACK ")
        self._send("CAP END")
        self._ask("NICK reader\r\nUSER reader 0 * :reader", " 376 ", " 422 ")

    def charge(self, *pids: int) -> None:
        """Count what these processes do as the server's."""
        # clock_getcpuclockid(3) in the kernel's own form: what is charged to all threads of a process.
        self._clocks += [(~pid << 3) | 2 for pid in pids]

    def wait_quiet(self) -> None:
        """Until the server does nothing of its own: behind a start it makes ready for searching what came last."""
        while True:
            charged = self._charged()
            time.sleep(1)
            if self._charged() - charged < 0.01:
                return

    def _charged(self) -> float:
        return sum(map(time.clock_gettime, self._clocks))

    def join(self, room: str) -> None:
        self._ask(f"JOIN {room}", f" 366 reader {room} ")

    def ask(self, line: str) -> tuple[Took, list[str]]:
        """How long an answer that is a batch took, and its lines."""
        began, charged = time.perf_counter(), self._charged()
        self._send(line)
        heard: list[str] = []
        name = ""
        while True:
            got = self._read()
            words = got.split(" ")
            if words[0].startswith("@"):
                del words[0]
            if words[0] == "FAIL" or words[1:2] == ["FAIL"] or words[1:2] == ["421"]:
                raise RefusedError(f"{line}: {got}")
            if words[1] == "BATCH" and words[2].startswith("+") and not name:
                name = words[2][1:]
            elif words[1:3] == ["BATCH", f"-{name}"]:
                took = time.perf_counter() - began
                return (self._charged() - charged, took), heard
            elif words[1] == "PRIVMSG":
                heard.append(got)

    def _send(self, line: str) -> None:
        self._socket.sendall(f"{line}\r\n".encode())

    def _ask(self, line: str, *ends: str) -> None:
        self._send(line)
        while not any(end in self._read() for end in ends):
            pass

    def _read(self) -> str:
        got = self._lines.readline().decode().rstrip("\r\n")
        if not got:
            raise SystemExit("the server has hung up")
        if got.startswith("PING "):
            self._send("PONG " + got[5:])
        return got + " "


def _questions(rooms: list[int], newest: int) -> dict[str, Callable[[random.Random], str]]:
    talk = Talk()

    def word(chance: random.Random, language: str) -> str:
        return talk.words[language][chance.choices(range(WORDS), cum_weights=talk.frequencies)[0]]

    def moment(chance: random.Random) -> str:
        at = chance.randrange(START + (newest - START) // 10, newest) / 1000
        return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))

    def search_one(chance: random.Random) -> str:
        room = chance.choice(rooms)
        return f"SEARCH in=#room-{room};text={word(chance, 'en' if room % 2 else 'ru')};limit=100"

    return {
        "CHATHISTORY LATEST, 100": lambda chance: f"CHATHISTORY LATEST #room-{chance.choice(rooms)} * 100",
        "CHATHISTORY BEFORE a moment, 100": lambda chance: (
            f"CHATHISTORY BEFORE #room-{chance.choice(rooms)} timestamp={moment(chance)} 100"
        ),
        "SEARCH one word, in= one room": search_one,
        "SEARCH one word": lambda chance: (
            f"SEARCH text={word(chance, chance.choice(['en', 'ru']))};limit=100"
        ),
    }


def _percentiles(times: list[Took], lines: int) -> Figures:
    count = len(times)
    figures = {"lines": lines / count}
    for name, column in (
        ("server", sorted(took[0] for took in times)),
        ("client", sorted(took[1] for took in times)),
    ):
        figures[f"{name}_p50_ms"] = column[count // 2] * 1000
        figures[f"{name}_p99_ms"] = column[count * 99 // 100] * 1000
    return figures


def ask_all(server: Server, newest: int, helpers: Callable[[], list[int]]) -> dict[str, Figures]:
    """Every question so many times, in turns of fifty, so that the machine's moods fall on all."""
    client = Client(server)
    # Fifty rooms from the busiest to the quietest.
    rooms = [*range(10), *range(10, ROOMS, (ROOMS - 10) // (JOINED - 10) + 1)]
    for room in rooms:
        client.join(f"#room-{room}")
    client.wait_quiet()
    chance = random.Random(7)
    questions = _questions(rooms, newest)
    client.ask(questions["CHATHISTORY LATEST, 100"](chance))
    client.charge(*helpers())
    times: dict[str, list[Took]] = {name: [] for name in questions}
    lines = dict.fromkeys(questions, 0)
    before = "CHATHISTORY BEFORE a message, 100"
    times[before], lines[before] = [], 0
    for _ in range(ASKS // 50):
        for name, make in [*questions.items()]:
            try:
                for _ in range(50):
                    took, heard = client.ask(make(chance))
                    times[name].append(took)
                    lines[name] += len(heard)
            except RefusedError as error:
                print(f"left out: {name}: {error}")
                del questions[name], times[name]
        for _ in range(50):
            room = f"#room-{chance.choice(rooms)}"
            _, heard = client.ask(f"CHATHISTORY LATEST {room} * 100")
            msgid = heard[0].partition("msgid=")[2].partition(" ")[0].partition(";")[0]
            took, heard = client.ask(f"CHATHISTORY BEFORE {room} msgid={msgid} 100")
            times[before].append(took)
            lines[before] += len(heard)
    return {name: _percentiles(took, lines[name]) for name, took in times.items()}


def start_times(record: list[str], repeats: int = 5) -> dict[str, float]:
    """Seconds until the server is ready on this record and on an empty one, medians of interleaved starts."""
    times: dict[str, list[float]] = {"full": [], "empty": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name, where in (("full", record), ("empty", [f"--data={folder}/data"])):
                with Server(where):
                    pass  # the first start makes keys and certificates, the second does not
                with Server(where) as server:
                    times[name].append(server.ready)
    return {name: statistics.median(all_times) for name, all_times in times.items()}


def measure(record: Path | str, name: str, folder: Path) -> Path:
    """Everything about a record, with `folder` as the data directory; the page."""
    machine = describe_machine()
    options = [f"--data={folder}"]
    if isinstance(record, str):
        options.append(f"--store={record}")
    rows, sizes = _sizes(record, folder)
    starts = start_times(options)
    _read_through(record, folder)
    with Server(options) as server:
        answers = ask_all(server, START + rows * 20, partial(_helpers, record))
    data = {"machine": machine, "rows": rows, "sizes": sizes, "starts": starts, "answers": answers}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
    page = RESULTS / f"{name}.md"
    page.write_text("\n".join(_page(name, machine, rows, sizes, starts, answers)) + "\n")
    return page


def _read_through(record: Path | str, folder: Path) -> None:
    for file in _FILES:
        if (folder / file).exists():
            with (folder / file).open("rb") as opened:
                while opened.read(1 << 22):
                    pass
    if isinstance(record, str):
        asyncio.run(_read_through_postgresql(record))


async def _read_through_postgresql(url: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.fetchval("select sum(length(text)) from veche.message", timeout=PATIENCE * 5)
    # What is read in order leaves the index out.
    await connection.execute("set enable_seqscan = off")
    await connection.fetchval(
        "select count(time) from veche.message where conversation >= 0", timeout=PATIENCE * 5
    )
    await connection.close()


def _sizes(record: Path | str, folder: Path) -> tuple[int, dict[str, int]]:
    """How many messages there are, and the bytes that each part takes on the disk."""
    files = {file: (folder / file).stat().st_size for file in _FILES if (folder / file).exists()}
    if isinstance(record, str):
        rows, tables = asyncio.run(_sizes_in_postgresql(record))
        return rows, tables | files
    connection = sqlite3.connect(f"{(record / 'veche.db').absolute().as_uri()}?mode=ro", uri=True)
    counted: int = connection.execute("select max(seq) from message").fetchone()[0]
    connection.close()
    return counted, files


async def _sizes_in_postgresql(url: str) -> tuple[int, dict[str, int]]:
    import asyncpg

    connection = await asyncpg.connect(url)
    rows: int = await connection.fetchval("select max(seq) from veche.message")
    found = await connection.fetch(
        "select relname, pg_total_relation_size(oid) as size, pg_indexes_size(oid) as indexes from pg_class"
        " where relkind = 'r' and relnamespace = 'veche'::regnamespace order by 2 desc limit 1"
    )
    await connection.close()
    return rows, {f"{row['relname']} (indexes {row['indexes'] / rows:.0f})": row["size"] for row in found}


def _helpers(record: Path | str) -> list[int]:
    """The processes of PostgreSQL that work for the server; it must run on this machine."""
    return asyncio.run(_backends(record)) if isinstance(record, str) else []


async def _backends(url: str) -> list[int]:
    import asyncpg

    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
    return [row["pid"] for row in found if Path(f"/proc/{row['pid']}").exists()]


def _page(
    name: str,
    machine: dict[str, str],
    rows: int,
    sizes: dict[str, int],
    starts: dict[str, float],
    answers: dict[str, Figures],
) -> list[str]:
    table = [
        [
            what,
            *(f"{one[f'{who}_{part}_ms']:.2f}" for who in ("server", "client") for part in ("p50", "p99")),
            f"{one['lines']:.0f}",
        ]
        for what, one in answers.items()
    ]
    return [
        f"# {name}",
        "",
        "Written by `python -m bench.history`, whose head says what is measured.",
        "",
        *(f"* {what}: {value}" for what, value in machine.items()),
        "",
        f"{rows:,} messages in {ROOMS:,} rooms; the one who asks is in {JOINED} of them.",
        "",
        *markdown_table(
            ["question", "server time ms p50", "p99", "client's time ms p50", "p99", "lines"], table
        ),
        "",
        *(f"* {file}: {size / rows:.0f} bytes a message" for file, size in sizes.items()),
        f"* ready after {starts['full']:.2f} s; with an empty record after {starts['empty']:.2f} s",
    ]


if __name__ == "__main__":
    match sys.argv[1:]:
        case [word, *more] if len(more) < 3:
            record = record_of(word)
            folder = record if isinstance(record, Path) else Path(more[1]) if len(more) > 1 else None
            if folder is None:
                sys.exit(__doc__)
            print(f"written: {measure(record, more[0] if more else 'history', folder)}")
        case _:
            sys.exit(__doc__)
