"""Several processes of one machine behind the same doors: `--workers N`.

The first process is the foreman. He keeps the data directory, a PostgreSQL and a NATS where none are given
(brought.py), and N workers, each of them a node of a cluster (ADR 0035) that listens at the same addresses
(SO_REUSEPORT: the kernel chooses who gets a connection).

    worker-1/, worker-2/ ...    in the data directory: each worker's own, with its index of words

The rules:
* A worker is told by its environment what it is (`Role`), so that no password is seen in the list of processes.
* What ends by itself is started again: at once, then later and later; the others go on meanwhile.
* Nobody outlives the foreman, however he ends, and he ends nobody before those who need him.
"""

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from veche.app import cli
from veche.app.brought import Brought, BroughtError, LocalNats, LocalPostgres, has_record
from veche.app.children import until_we_end
from veche.core.ports import Chance
from veche.phrases import Phrases
from veche.store.directory import DataDirectory

WORKER = "VECHE_WORKER"
EXIT_USAGE = 2
# Seconds until what has ended is started again: the first time, and at most; how long it must live to be forgiven.
FIRST_DELAY, LONGEST_DELAY, FORGIVEN = 0.5, 30.0, 60.0
# Seconds that a worker may take to be ready, and to end.
READY_SECONDS = 60.0
END_SECONDS = 15.0

_log = logging.getLogger("veche.workers")

PHRASES = {
    "workers": ("workers  {count} behind the same doors", "рабочих процессов за теми же дверями: {count}"),
    "record-elsewhere": (
        "{data} holds the record of a server that is alone. Stop it and copy the record, or name another --data",
        "в {data} лежит летопись одиночного сервера. Остановите его и перенесите её или укажите другой --data",
    ),
    "linux": (
        "--workers needs Linux: elsewhere several processes do not share a port fairly",
        "--workers работает только в Linux: в других системах процессы не делят порт поровну",
    ),
    "taken": (
        "{where} is taken: another program listens there. Stop it, or choose another address with --{door} ADDR.",
        "{where} занят: там уже слушает другая программа. Остановите её или укажите другой адрес: --{door} ADDR.",
    ),
    "no-start": ("{what} does not start: {detail}", "{what} не запускается: {detail}"),
    "worker-ended": (
        "worker {number} ended at its start with code {code} (see the messages above)",
        "рабочий процесс {number} завершился при запуске с кодом {code} (сообщения выше)",
    ),
    "made": (
        "This file says that a record has been made in {folder}/. Without it a server would make another.\n",
        "Этот файл говорит, что в {folder}/ есть летопись. Без него сервер начал бы другую.\n",
    ),
}


class Role(msgspec.Struct, frozen=True):
    """What a worker is: its number from 1, where the record and NATS are, the ports of doors that were to be any, the
    code by which this run's first owner makes himself known, and the process id of the foreman (0: nobody's)."""

    number: int
    store: str
    cluster: str
    ports: dict[str, int] = {}
    owner: str = ""
    foreman: int = 0

    def folder(self, data: Path) -> Path:
        """Its own place in the data directory."""
        return data / f"worker-{self.number}"

    def apply(self, settings: cli.Settings) -> cli.Settings:
        """The settings with what it was told."""
        config = settings.config
        config = msgspec.structs.replace(
            config,
            store=msgspec.structs.replace(config.store, url=self.store),
            cluster=msgspec.structs.replace(config.cluster, url=self.cluster),
        )
        return msgspec.structs.replace(settings, config=config)


def find_role(environment: Mapping[str, str] = os.environ) -> Role | None:
    """What this process is told that it is; None if it is no worker."""
    text = environment.get(WORKER)
    return msgspec.json.decode(text, type=Role) if text else None


class WorkersError(Exception):
    """There can be no workers; the text says why, in the reader's language."""


class _Worker:
    """One process. `table` is what it has printed before `ready`."""

    def __init__(self, command: Sequence[str], role: Role) -> None:
        self.role = role
        self.table: list[str] = []
        self.process: asyncio.subprocess.Process | None = None
        self._command = command
        self._reader: asyncio.Task[None] | None = None
        self._is_ready = False

    async def start(self) -> bool:
        """Start; whether it is ready. It is not if it has ended before, or was asked to."""
        text = msgspec.json.encode(self.role).decode()
        self.table = []
        self._is_ready = False
        self.process = await asyncio.create_subprocess_exec(
            *until_we_end(signal.SIGTERM),
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, WORKER: text},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read(self.process.stdout, ready), name="worker's table")
        waiting = asyncio.create_task(ready.wait(), name="worker ready")
        await asyncio.wait(
            {waiting, self._reader}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        return ready.is_set()

    async def _read(self, output: asyncio.StreamReader, ready: asyncio.Event) -> None:
        async for raw in output:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            if line == "ready":
                self._is_ready = True
                ready.set()
            elif not ready.is_set():
                self.table.append(line)

    async def wait(self) -> int:
        """Wait for its end; the exit code."""
        return await self.process.wait() if self.process is not None else 0

    def tell(self, which: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(which)

    def hang_up(self) -> None:
        """Have it read the config again; who is starting reads it anyhow, and would be ended by the signal."""
        if self._is_ready:
            self.tell(signal.SIGHUP)

    async def close(self) -> None:
        """End it in good order, or roughly if it takes too long."""
        self.tell(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), END_SECONDS)
        except TimeoutError:
            self.tell(signal.SIGKILL)
            await self.wait()
        if self._reader is not None:
            await self._reader


class Foreman:
    """From the first start to the last end."""

    def __init__(self, settings: cli.Settings, arguments: Sequence[str], chance: Chance) -> None:
        self.settings = settings
        self._command = [sys.executable, "-P", "-m", "veche.app.server", *arguments]
        self._chance = chance
        self._say = Phrases(PHRASES, settings.language)
        self._ending = asyncio.Event()
        self._exit_code = 0
        self._brought: list[Brought] = []
        self._workers: list[_Worker] = []
        self._held: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Serve until a signal; the exit code. Raises WorkersError, DataDirectoryError."""
        if sys.platform != "linux":
            raise WorkersError(self._say("linux"))
        loop = asyncio.get_running_loop()
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(which, self._ending.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        directory = DataDirectory(self.settings.data)
        try:
            await self._bring(directory)
            if await self._start_workers():
                await self._ending.wait()
        except BroughtError as error:
            raise WorkersError(self._say("no-start", what="PostgreSQL/NATS", detail=error)) from error
        finally:
            await self._close()
            directory.close()
        return self._exit_code

    async def _bring(self, directory: DataDirectory) -> None:
        """What the workers need, where it was not given."""
        config, data = self.settings.config, self.settings.data
        store, cluster = config.store.url, config.cluster.url
        if not store:
            if directory.is_made() and not has_record(data):
                raise WorkersError(self._say("record-elsewhere", data=data))
            postgres = LocalPostgres(data)
            self._brought.append(postgres)
            store = postgres.url
            directory.mark_made(self._say("made", folder="postgresql"))
        if not cluster:
            nats = LocalNats(data)
            self._brought.append(nats)
            cluster = nats.url
        await asyncio.gather(*(brought.start() for brought in self._brought))
        ports = self._reserve()
        owner = self._chance.uid()
        for number in range(1, config.cluster.workers + 1):
            self._workers.append(
                _Worker(self._command, Role(number, store, cluster, ports, owner, os.getpid()))
            )

    def _reserve(self) -> dict[str, int]:
        """Ports for doors that may have any: held, and not listened at, so that all workers get the same.

        Other ports are looked at, since workers would share one with whoever shares it as well. Raises WorkersError.
        """
        ports = {}
        for door in cli.DOOR_NAMES:
            for address in getattr(self.settings.doors, door):
                if address.path is not None or door == "ssh":
                    continue
                held = socket.socket(socket.AF_INET6 if ":" in (address.host or "") else socket.AF_INET)
                with closing(held):
                    # Behind whoever was there before us connections may linger; a listener is refused all the same.
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        held.bind((address.host or "", address.port))
                    except OSError as error:
                        if error.errno == errno.EADDRINUSE:
                            raise WorkersError(self._say("taken", where=address, door=door)) from error
                        continue  # whatever it is, the first worker will say it
                    port = held.getsockname()[1]
                if address.port == 0:
                    held = socket.socket(held.family)
                    self._held.append(held)
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                    held.bind((address.host or "", port))
                    ports[f"{door} {address}"] = port
        return ports

    async def _start_workers(self) -> bool:
        """The first alone, for it makes what is to be made once; then the others. Whether all are ready."""
        first, *others = self._workers
        if not await self._start_first([first]):
            return False
        if not await self._start_first(others):
            return False
        everything: list[_Worker | Brought] = [*self._workers, *self._brought]
        for watched in everything:
            self._tasks.append(asyncio.create_task(self._watch(watched), name="watch"))
        print("\n".join(first.table))
        print("  " + self._say("workers", count=len(self._workers)))
        print("ready", flush=True)
        return True

    async def _start_first(self, workers: Sequence[_Worker]) -> bool:
        starts = asyncio.gather(*(worker.start() for worker in workers))
        ending = asyncio.create_task(self._ending.wait(), name="an early end")
        both: set[asyncio.Future[Any]] = {starts, ending}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not starts.done():
            starts.cancel()
            with suppress(asyncio.CancelledError):
                await starts
            return False
        for worker, is_ready in zip(workers, await starts, strict=True):
            if not is_ready:
                worker.tell(signal.SIGKILL)
                code = await worker.wait()
                self._exit_code = code if code > 0 else 1
                words = self._say("worker-ended", number=worker.role.number, code=code)
                print(f"veche: {words}", file=sys.stderr)
                return False
        return True

    async def _watch(self, watched: "_Worker | Brought") -> None:
        """Start it again whenever it has ended by itself. A worker that ends with 0 was told to by an operator."""
        loop = asyncio.get_running_loop()
        name = f"worker {watched.role.number}" if isinstance(watched, _Worker) else type(watched).__name__
        delay = FIRST_DELAY
        while True:
            began = loop.time()
            code = await watched.wait()
            if self._ending.is_set():
                return
            if code == 0 and isinstance(watched, _Worker):
                self._ending.set()
                return
            if loop.time() - began > FORGIVEN:
                delay = FIRST_DELAY
            _log.error("%s has ended with code %d and is started again in %.1f s", name, code, delay)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
            try:
                await watched.start()
            except BroughtError as error:
                _log.error("%s does not start: %s", name, error)
            else:
                _log.warning("%s is started again", name)

    def _hang_up(self) -> None:
        for worker in self._workers:
            worker.hang_up()

    async def _close(self) -> None:
        """Those who need the others first."""
        self._ending.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in self._workers))
        for brought in reversed(self._brought):
            await brought.close()
        for held in self._held:
            held.close()
