"""What a message costs where several servers are one, beside a single one over the same kind of record.

    python -m bench.cluster --rates 1000,2000,0 --seconds 8 --rounds 3

Writers on all nodes, each alone in a room of his own, so that a message has its echo and no other delivery: this is the
way of a message. At a given rate of all together, or (0) as fast as they are answered, `--outstanding` at a time.
A single server over PostgreSQL and a cluster of three over PostgreSQL and NATS run beside one another and take turns.
What is counted is the processor time of our own servers, all their threads and all nodes; that of PostgreSQL and NATS
stands beside it. PostgreSQL syncs, as it does by itself. All of it shares the cores of one machine.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from bench.processes import cpu_seconds, family_seconds
from veche.app.children import free_port
from veche.testing.nats import Nats
from veche.testing.postgres import Postgres

SETTINGS = {
    "limits.flood": "false",
    "limits.connections_per_address": "0",
    "lobby.room": "",
}
TEXT = "x" * 80


class Server:
    """One server of ours, from entering to leaving the context."""

    def __init__(self, folder: Path, words: Sequence[str], *, is_compiled: bool) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "veche.app.server", "--data", str(folder)]
        self._command += [
            "--irc",
            f"127.0.0.1:{self.port}",
            "--ircs",
            "off",
            "--web",
            "off",
            "--classic",
            "off",
        ]
        self._command += [*words, *(word for item in SETTINGS.items() for word in ("--set", "=".join(item)))]
        self._environment = {**os.environ, "VECHE_COMPILED": "1" if is_compiled else "0"}
        self._log = folder.with_suffix(".log")

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
            )
        for line in self._process.stdout or ():
            if line.strip() == b"ready":
                return self
        raise RuntimeError(f"it does not start:\n{self._log.read_text()[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid


class Writer(asyncio.Protocol):
    """Somebody alone in his room, who reads what he has written himself."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = 0
        self.delays: list[float] = []
        self.on_echo: Callable[[], None] | None = None
        self._sent: deque[float] = deque()
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """He comes."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        hello = f"CAP REQ echo-message\r\nNICK w{self.number}\r\nUSER w 0 * :W\r\nCAP END\r\nJOIN #own{self.number}\r\n"
        transport.write(hello.encode())

    def data_received(self, data: bytes) -> None:
        """He reads."""
        *lines, self._tail = (self._tail + data).split(b"\r\n")
        for line in lines:
            if b" PRIVMSG " in line:
                self.heard += 1
                self.delays.append(time.perf_counter() - self._sent.popleft())
                if self.on_echo is not None:
                    self.on_echo()
            elif b" 366 " in line:
                self.ready.set_result(None)
            elif line.startswith(b"PING"):
                self.transport.write(line.replace(b"PING", b"PONG") + b"\r\n")
            elif b" FAIL " in line:
                raise RuntimeError(line.decode())

    def say(self) -> None:
        """He writes."""
        self._sent.append(time.perf_counter())
        self.transport.write(f"PRIVMSG #own{self.number} :{TEXT}\r\n".encode())


class Figures(NamedTuple):
    """What one turn has shown: acknowledged messages a second, microseconds of processor time for one of them (of our
    servers, of PostgreSQL, of NATS), and milliseconds to the echo (median, and of 99 in 100)."""

    rate: float
    ours: float
    database: float
    carrier: float
    median: float
    p99: float


class Stand:
    """One or several servers, the database and the carrier under them, and their writers."""

    def __init__(self, name: str, servers: Sequence[Server], database: Postgres, nats: int) -> None:
        self.name = name
        self.servers = servers
        self.database = database
        self.nats = nats
        self.writers: list[Writer] = []

    async def open(self, count: int) -> None:
        """Have writers come, the same number to each server."""
        loop = asyncio.get_running_loop()
        for number in range(count):
            port = self.servers[number % len(self.servers)].port
            _, writer = await loop.create_connection(partial(Writer, number), "127.0.0.1", port)
            self.writers.append(writer)
        async with asyncio.timeout(60):
            await asyncio.gather(*(writer.ready for writer in self.writers))

    async def play(self, rate: int, seconds: float, outstanding: int) -> Figures:
        """Have them write for so long, half a second before it is measured."""
        for writer in self.writers:
            writer.on_echo = writer.say if not rate else None
            for _ in range(outstanding if not rate else 0):
                writer.say()
        pacing = asyncio.create_task(self._pace(rate)) if rate else None
        await asyncio.sleep(0.5)
        for writer in self.writers:
            writer.delays.clear()
        before, start = self._spent(), time.perf_counter()
        heard = sum(writer.heard for writer in self.writers)
        await asyncio.sleep(seconds)
        heard = sum(writer.heard for writer in self.writers) - heard
        spent, took = [b - a for a, b in zip(before, self._spent(), strict=True)], time.perf_counter() - start
        if pacing is not None:
            pacing.cancel()
        for writer in self.writers:
            writer.on_echo = None
        delays = sorted(delay * 1000 for writer in self.writers for delay in writer.delays)
        await asyncio.sleep(1.0)
        ours, database, carrier = (one / heard * 1e6 for one in spent)
        p99 = delays[int(len(delays) * 0.99)]
        return Figures(heard / took, ours, database, carrier, statistics.median(delays), p99)

    async def _pace(self, rate: int) -> None:
        start, sent = time.perf_counter(), 0
        while True:
            due = int((time.perf_counter() - start) * rate)
            while sent < due:
                self.writers[sent % len(self.writers)].say()
                sent += 1
            await asyncio.sleep(0.001)

    def _spent(self) -> tuple[float, float, float]:
        ours = sum(cpu_seconds(server.pid) for server in self.servers)
        return ours, family_seconds(self.database.pid), cpu_seconds(self.nats) if self.nats else 0.0


async def measure(stands: Sequence[Stand], options: argparse.Namespace) -> None:
    """Take turns, and print."""
    found: dict[tuple[str, int], list[Figures]] = {}
    for stand in stands:
        await stand.open(options.writers)
    for number in range(options.rounds):
        for rate in options.rates:
            for stand in stands if number % 2 else reversed(stands):
                figures = await stand.play(rate, options.seconds, options.outstanding)
                found.setdefault((stand.name, rate), []).append(figures)
    print("| servers | asked for | messages/s | ours, us each | PostgreSQL | NATS | echo, ms | 99 % |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, rate), runs in sorted(found.items(), key=lambda item: (item[0][1] or 1 << 30, item[0][0])):
        middle = Figures(*(statistics.median(column) for column in zip(*runs, strict=True)))
        cells = f"{middle.rate:,.0f} | {middle.ours:.1f} | {middle.database:.1f} | {middle.carrier:.1f}"
        spread = f"{min(run.ours for run in runs):.1f}-{max(run.ours for run in runs):.1f}"
        cells = cells.replace(f"{middle.ours:.1f}", f"{middle.ours:.1f} ({spread})", 1)
        print(f"| {name} | {rate or 'all'} | {cells} | {middle.median:.1f} | {middle.p99:.1f} |")


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cluster", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rates", default="1000,2000,0", help="messages a second, 0 for as many as can be")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--writers", type=int, default=60)
    parser.add_argument("--outstanding", type=int, default=8)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--compiled", action="store_true", help="measure what tools/compile has made")
    parser.add_argument(
        "--only", choices=["one", "cluster"], help="for a look at one of them with a profiler"
    )
    options = parser.parse_args()
    options.rates = [int(rate) for rate in options.rates.split(",")]
    with tempfile.TemporaryDirectory(prefix="veche-bench-cluster-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        stands = []
        if options.only != "cluster":
            base = stack.enter_context(Postgres(folder / "one-pg", is_durable=True))
            words = ["--store", base.url(base.new_database())]
            one = stack.enter_context(Server(folder / "one", words, is_compiled=options.compiled))
            stands.append(Stand("one", [one], base, 0))
        if options.only != "one":
            base = stack.enter_context(Postgres(folder / "pg", is_durable=True))
            nats = stack.enter_context(Nats(folder / "nats"))
            words = ["--store", base.url(base.new_database()), "--cluster", nats.url]
            servers = [
                stack.enter_context(Server(folder / f"node-{number}", words, is_compiled=options.compiled))
                for number in range(options.nodes)
            ]
            stands.append(Stand(f"cluster of {options.nodes}", servers, base, nats.pid))
        print(
            "our processes:", *(server.pid for stand in stands for server in stand.servers), file=sys.stderr
        )
        asyncio.run(measure(stands, options))


if __name__ == "__main__":
    main()
