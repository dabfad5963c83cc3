"""What visitors by ssh cost:  python -m bench.ssh [--visitors 30] [--rate 5] [--seconds 20]

Starts a server with the ssh door, brings in visitors who choose the first room and look at it through terminals of
80x24, lets one IRC client talk there, and counts the processor time of every process of the server: the chat, the
porter, the nursery and each visitor's own. What the visitors' end of ssh costs (this process) is not counted. All on
this machine.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import asyncssh

from bench.processes import cpu_seconds, family, family_seconds, private_megabytes
from veche.app.children import free_port

ROOT = Path(__file__).resolve().parents[1]


class Screen(asyncssh.SSHClientSession[bytes]):
    """A terminal that swallows everything."""

    def __init__(self) -> None:
        self.size = 0
        self.first: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.offers = asyncio.Event()  # the list of rooms is there

    def data_received(self, data: bytes, _datatype: asyncssh.DataType) -> None:
        self.size += len(data)
        if b"Esc" in data:
            self.offers.set()
        if not self.first.done():
            self.first.set_result(time.monotonic())


async def visit(port: int, name: str) -> tuple[asyncssh.SSHClientConnection, Screen, float]:
    """Come in; and how many milliseconds until the first bytes of a screen."""
    began = time.monotonic()
    connection = await asyncssh.connect(
        *("127.0.0.1", port), username=name, password="-", known_hosts=None, client_keys=None, config=None
    )
    screen = Screen()
    channel, _ = await connection.create_session(
        lambda: screen, term_type="xterm-256color", term_size=(80, 24), encoding=None
    )
    first = (await screen.first - began) * 1000
    async with asyncio.timeout(60):
        await screen.offers.wait()
    channel.write(b"\r")  # the first of the rooms to choose from
    return connection, screen, first


async def talk(port: int, rate: float, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"NICK talker\r\nUSER talker 0 * :talker\r\nJOIN #lobby\r\n")

    async def swallow() -> None:
        while data := await reader.read(65536):
            if b"PING" in data:
                writer.write(b"PONG :x\r\n")

    task = asyncio.create_task(swallow())
    await asyncio.sleep(1)
    said, at = 0, time.monotonic()
    while time.monotonic() < until:
        said += 1
        writer.write(f"PRIVMSG #lobby :line {said} of a talk that goes on and on\r\n".encode())
        at += 1 / rate
        await asyncio.sleep(max(0.0, at - time.monotonic()))
    task.cancel()
    writer.close()
    return said


async def measure(visitors: int, rate: float, seconds: float) -> None:
    irc, ssh = free_port(), free_port()
    data = Path(tempfile.mkdtemp(prefix="veche-bench-ssh-"))
    doors = ["--irc", f"127.0.0.1:{irc}", "--ircs", "off", "--web", "off", "--classic", "off"]
    limits = ["limits.connections_per_address=0", "limits.connect_burst=0", "limits.flood=false"]
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "veche.app.server", "--data", str(data), *doors),
        *("--ssh", f"127.0.0.1:{ssh}", *(f"--set={limit}" for limit in limits)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert server.stdout is not None
    try:
        while (line := await server.stdout.readline()) and line != b"ready\n":
            pass
        before = family_seconds(server.pid)
        people = [await visit(ssh, f"visitor{number}") for number in range(visitors)]
        await asyncio.sleep(3)
        opening = (family_seconds(server.pid) - before) / max(1, visitors)
        firsts = sorted(first for _, _, first in people)
        print(
            f"first bytes of a screen: {firsts[len(firsts) // 2]:.0f} ms (median), {opening:.2f} s of CPU each"
        )
        pids = family(server.pid)
        own = sorted(private_megabytes(pid) for pid in pids[-visitors:])
        print(f"memory of one visitor's own: {own[len(own) // 2]:.1f} MB (median)")
        for what, how in (("idle", 0.0), (f"{rate:g} lines a second", rate)):
            shown = sum(screen.size for _, screen, _ in people)
            spent, began = {pid: cpu_seconds(pid) for pid in pids}, time.monotonic()
            if how:
                await talk(irc, how, began + seconds)
            else:
                await asyncio.sleep(seconds)
            lasted = time.monotonic() - began
            parts = {pid: (cpu_seconds(pid) - spent[pid]) / lasted for pid in pids}
            rows = [parts[pid] for pid in pids]
            size = (sum(screen.size for _, screen, _ in people) - shown) / lasted / 1000
            print(
                f"{visitors} visitors, {what}: {sum(rows):.2f} of a core "
                f"(chat {rows[0]:.2f}, porter {rows[1]:.2f}, visitors {sum(rows[3:]):.2f}), {size:.0f} kB/s"
            )
    finally:
        server.send_signal(signal.SIGTERM)
        await server.wait()
        shutil.rmtree(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    asyncio.run(measure(options.visitors, options.rate, options.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
