"""veche.app.children: nothing that a test starts outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import veche
from veche.testing.processes import is_alive, wait_for_end

pytestmark = [pytest.mark.slow, pytest.mark.needs("setpriv", "linux")]

STARTER = """
import asyncio, pathlib, sys
from veche.testing.checker.process import Server, own_server
from veche.testing.nats import Nats

async def start(folder):
    server = Server(own_server(None, in_a_database=False), folder / "log")
    await server.start(folder / "data")
    nats = Nats(folder / "nats")
    nats.start()
    print(server.pid, nats._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(start(pathlib.Path(sys.argv[1])))
"""


@pytest.mark.needs("nats")
def test_servers_of_a_checker_that_was_killed_are_gone(tmp_path: Path) -> None:
    source = str(Path(veche.__file__).parents[1])
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))},
    )
    assert starter.stdout is not None
    pids = [int(word) for word in starter.stdout.readline().split()]
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    wait_for_end(pids)
