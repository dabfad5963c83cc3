"""The server under test as a process: started, killed, asked to end. It ends nothing that it has not started."""

import asyncio
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import veche
from veche.app.children import until_we_end

from .client import CheckerError, Door

# Limits off: the load is meant to be more than a person's. No doors but the one that is used.
_ACCOUNTS = (
    *(
        "always_on=opt-out",
        "registration_window_seconds=10",
        "registrations_per_address=1000",
        "registrations=10000",
    ),
    *("guess_window_seconds=10", "guesses_per_address=1000", "guesses_per_minute=10000"),
)
OPTIONS = (
    *("--data", "{data}", "--irc", "{host}:{port}", "--classic", "off", "--ircs", "off", "--web", "off"),
    *("--set", "limits.flood=false", "--set", "limits.connections_per_address=0", "--set", "lobby.room="),
    *(word for option in _ACCOUNTS for word in ("--set", f"accounts.{option}")),
)
PROGRAM = (sys.executable, "-m", "veche.app.server")
IN_A_DATABASE = ("--store", "{store}")
START_PATIENCE = 20.0  # a start must be far quicker; this only ends a hopeless wait


def own_server(sabotage: str | None, *, in_a_database: bool) -> tuple[str, ...]:
    """The command that starts our own server, with one promise broken on purpose if that is wanted."""
    broken = (sys.executable, "-m", "veche.testing.checker.sabotage", sabotage or "", "--")
    return (*(broken if sabotage else PROGRAM), *OPTIONS, *(IN_A_DATABASE if in_a_database else ()))


class Server:
    """One server on one data directory; it may be started again and again.

    `store` is the address of the database that its command leads to, if it does.
    """

    def __init__(self, command: Sequence[str], log: Path, host: str = "127.0.0.1") -> None:
        self.command = command
        self.host = host
        self.store = ""
        self.log = log
        self.port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready: asyncio.Event | None = None
        self._last_words: deque[str] = deque(maxlen=20)

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    @property
    def door(self) -> Door:
        """Where people come in."""
        return self.host, self.port

    @property
    def is_running(self) -> bool:
        """It was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self, data: Path) -> None:
        """Start on a data directory and return when it has said `ready`."""
        ready = await self._launch(data)
        assert self._reader is not None
        waiting = asyncio.create_task(ready.wait(), name="server ready")
        done, _ = await asyncio.wait(
            {waiting, self._reader}, timeout=START_PATIENCE, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting not in done:
            waiting.cancel()
            was_late = not done
            await self.kill()
            how = f"is not ready after {START_PATIENCE:.0f} s" if was_late else "ended at its start"
            raise CheckerError(f"the server {how}: {' '.join(self.command)}")

    async def wait_ready_again(self, seconds: float) -> bool:
        """Wait until a server that begins anew by itself has said so; False when it does not."""
        assert self._ready is not None
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return self.is_running

    def expect_another_start(self) -> None:
        """From now on `wait_ready_again` waits for a `ready` that has not been said yet."""
        assert self._ready is not None
        self._ready.clear()

    async def start_and_kill(self, data: Path, seconds: float) -> None:
        """Start, and kill a moment later, wherever the start has come to."""
        await self._launch(data)
        await asyncio.sleep(seconds)
        await self.kill()

    async def _launch(self, data: Path) -> asyncio.Event:
        # A new port every time: connections to the one that was killed cannot be taken for its successor's.
        self.port = _free_port()
        names = {"{data}": str(data), "{host}": self.host, "{port}": str(self.port), "{store}": self.store}
        words = list(self.command)
        for name, value in names.items():
            words = [word.replace(name, value) for word in words]
        source = str(Path(veche.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *until_we_end(),
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
                # A group of its own: a Ctrl-C at the terminal ends the checker, and the checker ends the server.
                start_new_session=True,
            )
        assert self._process.stdout is not None
        self._ready = ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read(self._process.stdout, ready), name="server output")
        return ready

    async def _read(self, output: asyncio.StreamReader, ready: asyncio.Event) -> None:
        # Read to the end and not only to `ready`: a full pipe would stop the server.
        async for raw in output:
            line = raw.decode("utf-8", "replace").rstrip()
            self._last_words.append(line)
            if line == "ready":
                ready.set()

    async def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._end()

    async def end(self, which: signal.Signals, seconds: float) -> tuple[int, float] | None:
        """Ask for the end. Returns exit status and seconds; None (after a SIGKILL) when it took too long."""
        assert self._process is not None
        start = asyncio.get_running_loop().time()
        if self._process.returncode is None:
            self._process.send_signal(which)
        if not await self.wait_ended(seconds):
            await self.kill()
            return None
        return self.status, asyncio.get_running_loop().time() - start

    async def wait_ended(self, seconds: float) -> bool:
        """Wait for an end that comes by itself; False when it does not."""
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return False
        await self._end()
        return True

    @property
    def status(self) -> int:
        """The exit status of a server that has ended; negative: the signal that killed it."""
        assert self._process is not None
        assert self._process.returncode is not None
        return self._process.returncode

    async def _end(self) -> None:
        assert self._process is not None
        await self._process.wait()
        if self._reader is not None:
            await self._reader

    def tail(self) -> str:
        """The end of what the server wrote, for whoever has to understand a failure."""
        logged = self.log.read_text("utf-8", "replace").splitlines()[-20:] if self.log.exists() else []
        return "\n".join(f"    | {line}" for line in (*self._last_words, *logged))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
