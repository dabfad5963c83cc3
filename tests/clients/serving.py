"""A server of one's own, for clients that come from outside of this process."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.terminals import PATIENCE
from veche.app.children import until_we_end

ROOT = Path(__file__).parent.parent.parent


class Ports:
    """The doors of a running server; 0 is one that is shut."""

    def __init__(self, table: str) -> None:
        doors = dict(re.findall(r"^  (\w+) +[^\d\n]*127\.0\.0\.1:(\d+)", table, re.MULTILINE))
        self.irc, self.ircs, self.web, self.classic, self.ssh = (
            int(doors.get(door, 0)) for door in ("irc", "ircs", "web", "classic", "ssh")
        )


class Killable:
    """A server that is killed and started again at the same address: `port` is its door for IRC, `web` for browsers."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = self.web = 0
        self._folder = folder
        self._options = options
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        open_doors = [f"--irc=127.0.0.1:{self.port}", f"--web=127.0.0.1:{self.web}"]
        doors = [*open_doors, "--ircs=off", "--classic=off"]
        data = f"--data={self._folder / 'data'}"
        command = [*until_we_end(), sys.executable, "-m", "veche.app.server", data, *doors, *self._options]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")}
        log = self._folder / "log"
        with log.open("a") as output:
            self._server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=output)
        ports = Ports(read_table(self._server, log))
        self.port, self.web = ports.irc, ports.web

    def kill(self) -> None:
        """As a power cut would do it to the process: no goodbye, nothing written any more."""
        if self._server is not None:
            self._server.kill()
            self._server.communicate()
            self._server = None


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Ports]:
    """A server of this checkout with every door on a free port; see `running`."""
    command = [sys.executable, "-m", "veche.app.server", f"--data={folder / 'data'}", *options]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")}
    with running(command, folder, environment) as ports:
        yield ports


@contextmanager
def running(
    command: list[str], folder: Path, environment: dict[str, str], cwd: Path | None = None
) -> Iterator[Ports]:
    """A server with every door on a free port; it has to end well and to have logged no exception in `folder`."""
    doors = [f"--{door}=127.0.0.1:0" for door in ("irc", "ircs", "web", "classic")]
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*until_we_end(), *command, *doors],
            env=environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=output,
        ) as server,
    ):
        try:
            yield Ports(read_table(server, log))
            server.send_signal(signal.SIGTERM)
            assert server.wait(15) == 0
        finally:
            server.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


def read_table(server: subprocess.Popen[bytes], log: Path) -> str:
    """What the server prints up to "ready", from the pipe itself: a buffer would hide from select what it holds."""
    assert server.stdout is not None
    table = b""
    while not table.endswith(b"ready\n"):
        assert select.select([server.stdout], [], [], PATIENCE)[0], f"not ready: {table!r} {log.read_text()}"
        piece = os.read(server.stdout.fileno(), 4096)
        assert piece, f"the server ended: {log.read_text()}"
        table += piece
    return table.decode()
