"""A node with thousands of people is killed: how soon they are back by the others, and what those notice meanwhile.

    python -m bench.cluster_reconnect --people 5000 --spread 20 [--output bench/results/NAME]

Three nodes over PostgreSQL (which syncs) and NATS. On the first sit the people, guests, twenty to a room; on the two
others talkers, ten to a room, who all the time say something and wait for it. The first is killed (`kill -9`). Each
of its people notices at once and comes back after a moment of his own between 0 and `--spread` seconds, by one of the
others, as clients do; with an underscore behind his old nick, for as long as that one is not free. He is back when he
has been told who is in his room. What is counted of the talkers is the time to the echo of everything that they say
from the kill until the last of the others is back and everybody who has gone is seen to be gone.

The people and the talkers are processes of their own, on the same cores as everything else.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.cluster import Server
from bench.processes import cpu, cpu_seconds, family_seconds
from veche.testing.nats import Nats
from veche.testing.postgres import Postgres

NODES = 3
TO_A_ROOM = 20
TALKERS_TO_A_ROOM = 10
AT_A_TIME = 100  # who come in together, at the beginning
LATE_MS = 200.0
TEXT = "x" * 60


class Person(asyncio.Protocol):
    """Somebody in a room. `back` is when he was told who is there."""

    def __init__(self, nick: str, room: str, chance: random.Random) -> None:
        self.nick = nick
        self.room = room
        self.chance = chance
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = asyncio.Event()
        self.refusals = 0
        self._tail = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """He comes."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        wishes = "CAP REQ :message-tags echo-message labeled-response batch"
        lines = [wishes, f"NICK {self.nick}", "USER w 0 * :W", "CAP END", f"JOIN {self.room}", ""]
        transport.write("\r\n".join(lines).encode())

    def connection_lost(self, error: Exception | None) -> None:
        """The server is gone."""
        self.lost.set()
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(str(error)))

    def data_received(self, data: bytes) -> None:
        """He reads."""
        *lines, self._tail = (self._tail + data).split(b"\r\n")
        for line in lines:
            self.take(line)

    def take(self, line: bytes) -> None:
        """One line."""
        if b" 366 " in line and not self.ready.done():
            self.ready.set_result(None)
        elif b" 433 " in line:
            self.refusals += 1
            self.nick += "_"
            assert self.transport is not None
            self.transport.write(f"NICK {self.nick}\r\nJOIN {self.room}\r\n".encode())
        elif line.startswith(b"PING"):
            assert self.transport is not None
            self.transport.write(line.replace(b"PING", b"PONG") + b"\r\n")


class Talker(Person):
    """Says something every `pause` seconds, and waits for it."""

    def __init__(self, nick: str, room: str, chance: random.Random) -> None:
        super().__init__(nick, room, chance)
        self.sent: dict[bytes, float] = {}
        self.delays: list[tuple[float, float]] = []
        self._count = 0

    def say(self) -> None:
        """Say it."""
        self._count += 1
        label = str(self._count).encode()
        self.sent[label] = time.monotonic()
        assert self.transport is not None
        self.transport.write(b"@label=%s PRIVMSG %s :%s\r\n" % (label, self.room.encode(), TEXT.encode()))

    def take(self, line: bytes) -> None:
        """What is labelled is his own."""
        if line.startswith(b"@"):
            tags = dict(tag.partition(b"=")[::2] for tag in line.split(b" ", 1)[0][1:].split(b";"))
            sent = self.sent.pop(tags.get(b"label", b""), None)
            if sent is not None:
                self.delays.append((sent, time.monotonic() - sent))
        else:
            super().take(line)


async def come(maker: "type[Person]", nick: str, room: str, port: int, chance: random.Random) -> Person:
    """Connect, and be there."""
    _, person = await asyncio.get_running_loop().create_connection(
        partial(maker, nick, room, chance), "127.0.0.1", port
    )
    await person.ready
    return person


async def _people(ports: list[int], count: int, spread: float, seed: int) -> None:
    """The process of those whose node dies. Tells on stdout when they are there, and how they came back."""
    chance = random.Random(seed)
    people: list[Person] = []
    for first in range(0, count, AT_A_TIME):
        some = range(first, min(first + AT_A_TIME, count))
        comes = (come(Person, f"p{n}", f"#p{n // TO_A_ROOM}", ports[0], chance) for n in some)
        people += await asyncio.gather(*comes)
    print("there", flush=True)
    back: list[float] = []
    failed = 0

    async def return_after(number: int, person: Person) -> None:
        nonlocal failed
        await person.lost.wait()
        lost = time.monotonic()
        await asyncio.sleep(chance.uniform(0.0, spread))
        while True:
            try:
                port = ports[1 + number % (len(ports) - 1)]
                people[number] = await come(Person, person.nick, person.room, port, chance)
                break
            except OSError:
                failed += 1
                await asyncio.sleep(chance.uniform(0.5, 2.0))
        back.append(time.monotonic() - lost)

    await asyncio.gather(*(return_after(number, person) for number, person in enumerate(people)))
    back.sort()
    figures = {
        "back": len(back),
        "median_s": statistics.median(back),
        "last_s": back[-1],
        "tries_that_failed": failed,
        "nicks_taken": sum(person.refusals > 0 for person in people),
    }
    print(json.dumps(figures), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def _talkers(ports: list[int], count: int, rate: float) -> None:
    """The process of those on the others. For a line on stdin it prints what was since the line before."""
    chance = random.Random(1)
    talkers: list[Talker] = []
    for number in range(count):
        room = f"#t{number // TALKERS_TO_A_ROOM}"
        talker = await come(Talker, f"t{number}", room, ports[1 + number % (len(ports) - 1)], chance)
        assert isinstance(talker, Talker)
        talkers.append(talker)
    print("there", flush=True)

    async def talk() -> None:
        start, said = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - start) * rate)
            while said < due:
                talkers[said % count].say()
                said += 1
            await asyncio.sleep(0.002)

    task = asyncio.create_task(talk())
    while await asyncio.to_thread(sys.stdin.readline):
        delays = sorted(delay * 1000 for talker in talkers for _, delay in talker.delays)
        late = sum(delay > LATE_MS for delay in delays)
        for talker in talkers:
            talker.delays.clear()
        figures = {
            "echoes": len(delays),
            "p50_ms": statistics.median(delays),
            "p99_ms": delays[int(len(delays) * 0.99)],
            "longest_ms": delays[-1],
            "over_200_ms": late,
            "unanswered": sum(len(talker.sent) for talker in talkers),
        }
        print(json.dumps(figures), flush=True)
    task.cancel()


class Side:
    """A process of this program with a part of the load."""

    def __init__(self, part: str, ports: list[int], *words: object) -> None:
        command = [
            sys.executable,
            "-m",
            "bench.cluster_reconnect",
            f"--{part}-part",
            json.dumps([ports, *words]),
        ]
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

    def figures(self, *, asks: bool = True) -> dict[str, float]:
        """What it has seen."""
        assert self._process.stdin is not None
        if asks:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        found: dict[str, float] = json.loads(self.read())
        return found


def machine() -> dict[str, str]:
    """Where this was measured."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu(),
        "kernel": platform.release(),
        "load on the machine before": f"{os.getloadavg()[0]:.2f}",
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Once."""
    where = machine()
    with tempfile.TemporaryDirectory(prefix="veche-bench-reconnect-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        base = stack.enter_context(Postgres(folder / "pg", is_durable=True))
        nats = stack.enter_context(Nats(folder / "nats"))
        name = base.new_database()
        words = ["--store", base.url(name), "--cluster", nats.url]
        servers = [
            stack.enter_context(Server(folder / f"node-{number}", words, is_compiled=options.compiled))
            for number in range(NODES)
        ]
        ports = [server.port for server in servers]
        talkers = stack.enter_context(Side("talkers", ports, options.talkers, options.rate))
        talkers.read()
        people = stack.enter_context(Side("people", ports, options.people, options.spread, options.seed))
        people.read()
        time.sleep(2.0)
        talkers.figures()
        time.sleep(options.before)
        before = talkers.figures()
        spent = [cpu_seconds(server.pid) for server in servers[1:]]
        turns = int(base.ask("select number from veche_cluster.head", name))
        database = family_seconds(base.pid)
        began = time.monotonic()
        servers[0].kill()
        returned = people.figures(asks=False)
        took = time.monotonic() - began
        end = time.monotonic() + 20.0
        while base.ask("select count(*) from veche_cluster.node", name) != str(NODES - 1):
            if time.monotonic() > end:
                raise RuntimeError("the others have not noticed")
            time.sleep(0.2)
        time.sleep(3.0)  # that it is lost is told in a turn, and then its people go in another
        during = talkers.figures()
        turns = int(base.ask("select number from veche_cluster.head", name)) - turns
        database = family_seconds(base.pid) - database
        cpu = [cpu_seconds(server.pid) - one for server, one in zip(servers[1:], spent, strict=True)]
    return {
        "machine": where,
        "people": options.people,
        "talkers": options.talkers,
        "messages a second": options.rate,
        "spread_s": options.spread,
        "compiled": options.compiled,
        "before": before,
        "until_all_were_back_s": took,
        "returned": returned,
        "during": during,
        "turns": turns,
        "processor_s_of_each_other_node": cpu,
        "processor_s_of_the_database": database,
    }


def as_text(figures: dict[str, Any], name: str) -> str:
    """For people."""
    returned, before, during = figures["returned"], figures["before"], figures["during"]
    cpu = ", ".join(f"{seconds:.1f}" for seconds in figures["processor_s_of_each_other_node"])
    lines = [
        f"# {name}",
        "",
        "Written by `python -m bench.cluster_reconnect`, whose head says what is measured.",
        "",
    ]
    lines += [f"* {key}: {value}" for key, value in figures["machine"].items()]
    waited = f"(median {returned['median_s']:.1f} s, with the moment that each waited by himself)"
    lines += [
        f"* compiled modules: {'yes' if figures['compiled'] else 'no'}",
        "",
        f"{figures['people']:,} people on the node that is killed come back within {figures['spread_s']:.0f} s, each",
        f"at a moment of his own; {figures['talkers']} talkers on the two others say",
        f"{figures['messages a second']:.0f} messages a second.",
        "",
        f"* all were back after {figures['until_all_were_back_s']:.1f} s {waited}",
        f"* tries that failed: {returned['tries_that_failed']}",
        f"* turns: {figures['turns']:,}; processor time of the other nodes: {cpu} s",
        "",
        "| echoes to talkers | count | p50 ms | p99 ms | longest ms | over 200 ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, one in (("before", before), ("from the kill until all was over", during)):
        lines.append(
            f"| {key} | {one['echoes']:,} | {one['p50_ms']:.1f} | {one['p99_ms']:.1f} | {one['longest_ms']:.0f} "
            f"| {one['over_200_ms']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cluster_reconnect", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--talkers", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second of all talkers")
    parser.add_argument("--spread", type=float, default=20.0, help="seconds within which people try again")
    parser.add_argument(
        "--before", type=float, default=10.0, help="seconds that are measured before the kill"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--output", type=Path, help="write NAME.md and NAME.json")
    for part in ("people", "talkers"):
        parser.add_argument(f"--{part}-part", dest=f"{part}_part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.people_part:
        asyncio.run(_people(*json.loads(options.people_part)))
    elif options.talkers_part:
        asyncio.run(_talkers(*json.loads(options.talkers_part)))
    else:
        figures = measure(options)
        print(as_text(figures, options.output.name if options.output else "a look"))
        if options.output:
            options.output.with_suffix(".md").write_text(as_text(figures, options.output.name))
            options.output.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
