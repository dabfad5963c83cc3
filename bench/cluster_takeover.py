"""A node joins a cluster of 50,000 people: how soon it serves, and what those on the others notice of handing over.

    python -m bench.cluster_takeover --people 50000 [--output bench/results/NAME]

Three nodes over PostgreSQL (which syncs) and NATS. Their people are real connections, registered, each in three rooms
of twenty, of which two have members on all nodes. Talkers on each node say something all the time and wait for it.
Then a fourth node is started, and counted are

* the seconds from its start, and from its asking for the world, until the world is there and until somebody who
  tries to connect all the time is welcomed, has the WHOIS of somebody on another node and the WHO of his room;
* of the talkers of the node that hands over and of those of the others, the time to the echo of what they say then;
* processor time of the node that gives, its children with it, and of the one that comes; and how large the world is.

Three nodes, because a process may have 20,000 files open on the machine where this was made. The people and the talkers
are processes of their own, on the same cores as everything else.
"""

import argparse
import asyncio
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.cluster import Server
from bench.cluster_reconnect import LATE_MS, Person, Talker, machine
from bench.processes import family_seconds, private_megabytes
from veche.testing.nats import Nats
from veche.testing.postgres import Postgres

NODES = 3
TO_A_ROOM = 20
AT_A_TIME = 200  # who come in together, at the beginning
TALKERS = 30  # on each node
SOURCES = 4  # addresses of the loopback that people of one node come from: each has 28,000 ports
WATCHED = "p0"  # somebody of the first node, who is asked for
PATIENCE = 120.0


class Visitor(Person):
    """Somebody in three rooms, who says nothing."""

    def __init__(self, nick: str, rooms: list[str], chance: random.Random) -> None:
        super().__init__(nick, ",".join(rooms), chance)
        self._missing = len(rooms)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """He comes, with a small buffer: he has nothing to say."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(f"NICK {self.nick}\r\nUSER w 0 * :W\r\nJOIN {self.room}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """Most of what he is told are others who join."""
        if self._missing:
            self._missing -= data.count(b" 366 p")
            if not self._missing:
                self.ready.set_result(None)
        elif data.startswith(b"PING") or b"\nPING" in data:
            assert self.transport is not None
            self.transport.write(b"PONG x\r\n")


def rooms_of(number: int, people: int) -> list[str]:
    """The rooms of one of so many people: one with his neighbours, two with people from everywhere."""
    rooms = max(people // TO_A_ROOM, 1)
    return [f"#a{number // TO_A_ROOM}", f"#b{number % rooms}", f"#c{number * 7919 % rooms}"]


async def _people(port: int, first: int, end: int, people: int) -> None:
    """The process of those of one node."""
    chance = random.Random(first)
    loop = asyncio.get_running_loop()
    there: list[Visitor] = []
    for begin in range(first, end, AT_A_TIME):
        some = []
        for number in range(begin, min(begin + AT_A_TIME, end)):
            make = partial(Visitor, f"p{number}", rooms_of(number, people), chance)
            source = (f"127.0.0.{2 + number % SOURCES}", 0)
            _, visitor = await loop.create_connection(make, "127.0.0.1", port, local_addr=source)
            some.append(visitor)
        await asyncio.gather(*(visitor.ready for visitor in some))
        there += some
    print("there", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"lost": sum(visitor.lost.is_set() for visitor in there)}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def _talkers(ports: list[int], rate: float) -> None:
    """The process of those who speak. For a line on stdin it prints what was since the line before, by node."""
    chance = random.Random(1)
    talkers: list[Talker] = []
    for number in range(TALKERS * len(ports)):
        make = partial(Talker, f"t{number}", f"#t{number // len(ports)}", chance)
        _, talker = await asyncio.get_running_loop().create_connection(
            make, "127.0.0.1", ports[number % len(ports)]
        )
        await talker.ready
        talkers.append(talker)
    print("there", flush=True)

    async def talk() -> None:
        start, said = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - start) * rate)
            while said < due:
                talkers[said % len(talkers)].say()
                said += 1
            await asyncio.sleep(0.002)

    task = asyncio.create_task(talk())
    while await asyncio.to_thread(sys.stdin.readline):
        figures = [_delays(talkers[node :: len(ports)]) for node in range(len(ports))]
        print(json.dumps(figures), flush=True)
    task.cancel()


def _delays(talkers: list[Talker]) -> dict[str, float]:
    delays = sorted(delay * 1000 for talker in talkers for _, delay in talker.delays)
    for talker in talkers:
        talker.delays.clear()
    return {
        "echoes": len(delays),
        "p50_ms": statistics.median(delays),
        "p99_ms": delays[int(len(delays) * 0.99)],
        "longest_ms": delays[-1],
        "over_200_ms": sum(delay > LATE_MS for delay in delays),
        "unanswered": sum(len(talker.sent) for talker in talkers),
    }


async def _newcomer(port: int, room: str) -> None:
    """The process of somebody who tries to come to a node that is not there yet, and asks what it knows."""
    print("there", flush=True)
    found: dict[str, float] = {"who": 0}
    while not found.get("connected"):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        found["connected"] = time.monotonic()
        await _look_around(reader, writer, room, found)
    print(json.dumps(found), flush=True)


async def _look_around(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, room: str, found: dict[str, float]
) -> None:
    writer.write(f"NICK new\r\nUSER n 0 * :N\r\nWHOIS {WATCHED}\r\nWHO {room}\r\nLUSERS\r\n".encode())
    async for line in reader:
        words = line.decode().split(" ")
        number = words[1]
        if number == "001":
            found["welcomed"] = time.monotonic()
        elif number == "251":
            found["users"] = int(words[5])
        elif number == "311":
            found["whois"] = time.monotonic()
        elif number == "352":
            found["who"] += 1
        elif number == "315":
            found["answered"] = time.monotonic()
        elif number == "255" and "answered" in found:
            break
    writer.close()


class Side:
    """A process of this program with a part of the load."""

    def __init__(self, part: str, *words: object) -> None:
        command = [sys.executable, "-m", "bench.cluster_takeover", "--part", json.dumps([part, *words])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def read(self) -> str:
        """Its next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a part of the load has ended")
        return line.strip()

    def ask(self) -> Any:
        """What it has seen."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self.read())


class Looker(threading.Thread):
    """Looks into the database all the time: when the newcomer asks, how large its world is, when it has taken it."""

    def __init__(self, url: str) -> None:
        super().__init__(name="looker", daemon=True)
        self._url = url
        self.is_looking = threading.Event()
        self.ends = threading.Event()
        self.asked = self.there = self.taken = 0.0
        self.bytes = 0

    def run(self) -> None:
        """Until it is told to end."""
        asyncio.run(self._look())

    async def _look(self) -> None:
        connection = await import_module("asyncpg").connect(self._url)
        before = await connection.fetchval("select nodes from veche_cluster.head")
        self.is_looking.set()
        while not self.ends.is_set():
            nodes = await connection.fetchval("select nodes from veche_cluster.head")
            size = await connection.fetchval(SIZE)
            now = time.monotonic()
            if nodes != before and not self.asked:
                self.asked = now
            if size:
                self.there = self.there or now
                self.bytes = max(self.bytes, size)
            elif self.there and not self.taken:
                self.taken = now
            await asyncio.sleep(0.02)
        await connection.close()


SIZE = "select coalesce(sum(octet_length(body)), 0) from veche_cluster.piece"


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Once."""
    where = machine()
    with tempfile.TemporaryDirectory(prefix="veche-bench-takeover-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        base = stack.enter_context(Postgres(folder / "pg", is_durable=True))
        nats = stack.enter_context(Nats(folder / "nats"))
        name = base.new_database()
        words = [
            "--store",
            base.url(name),
            "--cluster",
            nats.url,
            "--set",
            "limits.clients=100000",
            "--set",
            "log.level=info",
        ]
        make = partial(Server, words=words, is_compiled=options.compiled)
        servers = [stack.enter_context(make(folder / f"node-{number}")) for number in range(NODES)]
        ports = [server.port for server in servers]
        bounds = [options.people * number // NODES for number in range(NODES + 1)]
        began = time.monotonic()
        crowds = [
            stack.enter_context(Side("people", ports[number], *bounds[number : number + 2], options.people))
            for number in range(NODES)
        ]
        for crowd in crowds:
            crowd.read()
        came = time.monotonic() - began
        print(f"{options.people} are there after {came:.0f} s", file=sys.stderr)
        talkers = stack.enter_context(Side("talkers", ports, options.rate))
        talkers.read()
        time.sleep(3.0)
        talkers.ask()
        cpu = family_seconds(servers[0].pid)
        time.sleep(options.before)
        usual = (family_seconds(servers[0].pid) - cpu) / options.before
        before = talkers.ask()
        looker = Looker(base.url(name))
        looker.start()
        looker.is_looking.wait(PATIENCE)
        fourth = make(folder / "newcomer")
        room = rooms_of(0, options.people)[1]
        newcomer = stack.enter_context(Side("newcomer", fourth.port, room))
        newcomer.read()
        cpu, start = family_seconds(servers[0].pid), time.monotonic()
        stack.enter_context(fourth)
        seen = json.loads(newcomer.read())
        coming = family_seconds(fourth.pid)
        time.sleep(2.0)
        during = talkers.ask()
        took = time.monotonic() - start
        cpu = family_seconds(servers[0].pid) - cpu - usual * took
        looker.ends.set()
        looker.join(PATIENCE)
        lost = sum(crowd.ask()["lost"] for crowd in crowds)
        memory = [private_megabytes(server.pid) for server in (servers[0], fourth)]
        log = (folder / "newcomer.log").read_text()
    if options.verbose:
        print(log, file=sys.stderr)
    moments = {"asked": looker.asked, "first piece is there": looker.there, "has the world": looker.taken}
    moments |= {key: seen[key] for key in ("connected", "welcomed", "whois", "answered")}
    return {
        "machine": where,
        "people": options.people,
        "compiled": options.compiled,
        "messages a second": options.rate,
        "came_in_s": came,
        "s_from_its_start": {key: moment - start for key, moment in moments.items()},
        "s_from_asking": {key: moment - looker.asked for key, moment in moments.items()},
        "bytes_of_the_world": looker.bytes,
        "processor_s_of_giving": cpu,
        "processor_s_of_coming": coming,
        "memory_mib": {"giver": memory[0], "newcomer": memory[1]},
        "before": before,
        "during": during,
        "answers": {"users": seen["users"], "in the room": seen["who"], "connections lost": lost},
    }


def as_text(figures: dict[str, Any], name: str) -> str:
    """For people."""
    start, asking = figures["s_from_its_start"], figures["s_from_asking"]
    lines = [
        f"# {name}",
        "",
        "Written by `python -m bench.cluster_takeover`, whose head says what is measured.",
        "",
    ]
    lines += [f"* {key}: {value}" for key, value in figures["machine"].items()]
    answers, memory = figures["answers"], figures["memory_mib"]
    lines += [
        f"* compiled modules: {'yes' if figures['compiled'] else 'no'}",
        "",
        f"{figures['people']:,} people on {NODES} nodes, each in three rooms, came in {figures['came_in_s']:.0f} s.",
        f"{TALKERS} talkers on each node say {figures['messages a second']:.0f} messages a second together.",
        "A fourth node starts.",
        "",
        "| the newcomer | s from its start | s from its asking |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {key} | {start[key]:.2f} | {asking[key]:.2f} |" for key in start]
    lines += [
        "",
        f"* it answered that there are {answers['users']:,} users, and {answers['in the room']} in the room asked for;",
        f"  connections that were lost on the others: {answers['connections lost']}",
        f"* the world on its way: {figures['bytes_of_the_world'] / 1e6:.1f} MB",
        f"* processor time: {figures['processor_s_of_giving']:.1f} s of the node that gave it, beside what it",
        f"  does otherwise; {figures['processor_s_of_coming']:.1f} s of the newcomer until then",
        f"* memory: {memory['giver']:.0f} MiB the giver, {memory['newcomer']:.0f} MiB the newcomer",
        "",
        "| echoes to talkers | count | p50 ms | p99 ms | longest ms | over 200 ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for when in ("before", "during"):
        for number, one in enumerate(figures[when]):
            who = "the node that gives" if number == 0 else f"node {number + 1}"
            lines.append(
                f"| {when}, {who} | {one['echoes']:,} | {one['p50_ms']:.1f} | {one['p99_ms']:.1f} "
                f"| {one['longest_ms']:.0f} | {one['over_200_ms']} |"
            )
    return "\n".join(lines) + "\n"


PARTS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "people": _people,
    "talkers": _talkers,
    "newcomer": _newcomer,
}


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cluster_takeover", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second of all talkers")
    parser.add_argument("--before", type=float, default=10.0, help="seconds that are measured before")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="print what the newcomer has to say")
    parser.add_argument("--output", type=Path, help="write NAME.md and NAME.json")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.part:
        part, *words = json.loads(options.part)
        asyncio.run(PARTS[part](*words))
        return
    figures = measure(options)
    print(as_text(figures, options.output.name if options.output else "a look"))
    if options.output:
        options.output.with_suffix(".md").write_text(as_text(figures, options.output.name))
        options.output.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
