"""A server that may die: for what a page does then."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.serving import ROOT, Ports, read_table


class Mortal:
    """A server on ports that stay the same, which can be killed and started again on the same record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as irc, socket.socket() as web:
            for one in (irc, web):
                one.bind(("127.0.0.1", 0))
            doors = {"irc": irc.getsockname()[1], "web": web.getsockname()[1]}
        self._options = [f"--{door}=127.0.0.1:{port}" for door, port in doors.items()]
        self._process: subprocess.Popen[bytes] | None = None
        self.ports: Ports

    def start(self) -> None:
        """Start it, and wait until its doors are open."""
        command = [
            sys.executable,
            "-m",
            "veche.app.server",
            f"--data={self._folder / 'data'}",
            *self._options,
        ]
        log = self._folder / "log"
        with log.open("a") as output:
            self._process = subprocess.Popen(
                [*command, "--ircs=off", "--classic=off"],
                env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")},
                stdout=subprocess.PIPE,
                stderr=output,
            )
        self.ports = Ports(read_table(self._process, log))

    def kill(self) -> None:
        """End it as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


@contextmanager
def mortal(folder: Path) -> Iterator[Mortal]:
    """One that runs; killed at the end."""
    server = Mortal(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
    assert "Traceback" not in (folder / "log").read_text()
