"""What is between a node and all that it needs: a link to the database and one to each NATS server, and its people's.

Two ways to have one that can be cut without anybody being told:

* **a network namespace** (Linux, root, `ip`): the node lives in it, and a pair of virtual interfaces leads to the
  database, another to NATS, a third to its people. A link is cut by taking the interface down: packets vanish, and
  TCP sends them again when it is up.
* **relays** everywhere else: the node speaks to relays of this process on the loopback. One that is stalled takes
  everything, and says and passes on nothing until it flows again.

Both leave nothing behind: a namespace ends with the process that holds it, and that one with us.
"""

import asyncio
import functools
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Literal, Protocol

from veche.app.children import until_we_end
from veche.testing.postgres_proxy import Proxy

from .client import CheckerError

Service = Literal["database", "nats"]
SERVICES: tuple[Service, ...] = ("database", "nats")


class Link(Protocol):
    """One node's. `host` is where it listens, `words` go before its command; `doors` are where it finds things."""

    host: str
    words: tuple[str, ...]
    doors: dict[Service, list[tuple[str, int]]]

    async def open(self, targets: dict[Service, list[int]]) -> None:
        """Lead to these ports of the loopback."""

    async def cut(self, service: Service) -> None:
        """From now on nothing passes, and nobody is told."""

    async def mend(self, service: Service) -> None:
        """It passes again, that which was sent meanwhile as well."""

    async def close(self) -> None:
        """Nothing is left."""


@functools.cache
def why_no_namespaces() -> str:
    """Why there can be no network namespaces here; empty if there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "not root on Linux"
    for program in ("ip", "unshare", "nsenter", "setpriv"):
        if not shutil.which(program):
            return f"no {program} here"
    tried = subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "a", "type", "veth", "peer", "name", "b"],  # noqa: S607 - as it is found
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip()


def make_link(number: int) -> Link:
    """The best that this machine can have."""
    return Relays() if why_no_namespaces() else Namespace(number)


class Relays:
    """Relays on the loopback, for a machine without namespaces."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.words: tuple[str, ...] = ()
        self.doors: dict[Service, list[tuple[str, int]]] = {}
        self._relays: dict[Service, list[Proxy]] = {}

    async def open(self, targets: dict[Service, list[int]]) -> None:
        """Lead to these ports of the loopback."""
        for service, ports in targets.items():
            self._relays[service] = [Proxy(port, host=self._host(service), looks=False) for port in ports]
            for relay in self._relays[service]:
                relay.open()
            self.doors[service] = [(relay.host, relay.port) for relay in self._relays[service]]

    def _host(self, _service: Service) -> str:
        return self.host

    async def cut(self, service: Service) -> None:
        """From now on nothing passes."""
        for relay in self._relays[service]:
            relay.stall()

    async def mend(self, service: Service) -> None:
        """It passes again."""
        for relay in self._relays[service]:
            relay.flow()

    async def close(self) -> None:
        """End all connections."""
        for relays in self._relays.values():
            for relay in relays:
                relay.flow()
                await relay.end()


class Namespace(Relays):
    """A network namespace with three links. Behind the first two are relays to the loopback, where the services are."""

    def __init__(self, number: int) -> None:
        super().__init__()
        # Of nobody's network, it is hoped: 198.18.0.0/15 is for tests of devices (RFC 2544, section C.2.2).
        chosen = random.randrange(1 << 13)  # noqa: S311 - no secret
        base = [198, 18 + (chosen >> 12), (chosen >> 4) & 255, (chosen & 15) * 16]
        self._places = {
            name: ".".join(map(str, [*base[:3], base[3] + 4 * place]))
            for place, name in enumerate(("people", *SERVICES))
        }
        self._names = {name: f"v{os.getpid()}-{number}{name[0]}" for name in self._places}
        self.host = self._address("people", 2)
        self._holder: asyncio.subprocess.Process | None = None

    def _address(self, name: str, end: int) -> str:
        head, _, tail = self._places[name].rpartition(".")
        return f"{head}.{int(tail) + end}"

    def _host(self, service: Service) -> str:
        return self._address(service, 1)

    async def open(self, targets: dict[Service, list[int]]) -> None:
        """Make the namespace and its links, and lead on to the loopback."""
        self._holder = await asyncio.create_subprocess_exec(
            *until_we_end(), "unshare", "--net", "sleep", "infinity", start_new_session=True
        )
        inside = f"/proc/{self._holder.pid}/ns/net"
        outside = os.readlink("/proc/self/ns/net")
        while os.readlink(inside) == outside:  # noqa: ASYNC110 - unshare(1) tells nobody
            await asyncio.sleep(0.01)
        self.words = ("nsenter", f"--net={inside}")
        await _run(*self.words, "ip", "link", "set", "lo", "up")
        for name, link in self._names.items():
            peer = ("peer", "name", f"{link}i", "netns", str(self._holder.pid))
            await _run("ip", "link", "add", link, "type", "veth", *peer)
            for end, words, device in ((1, (), link), (2, self.words, f"{link}i")):
                await _run(*words, "ip", "addr", "add", f"{self._address(name, end)}/30", "dev", device)
                await _run(*words, "ip", "link", "set", device, "up")
        await super().open(targets)

    async def cut(self, service: Service) -> None:
        """The interface goes down: packets vanish."""
        await _run("ip", "link", "set", self._names[service], "down")

    async def mend(self, service: Service) -> None:
        """The interface is up again."""
        await _run("ip", "link", "set", self._names[service], "up")

    async def close(self) -> None:
        """The namespace ends, and its links with it."""
        await super().close()
        if self._holder is not None:
            self._holder.kill()
            await self._holder.wait()
            for link in self._names.values():
                await _run("ip", "link", "del", link, may_fail=True)


async def _run(*words: str, may_fail: bool = False) -> None:
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode and not may_fail:
        raise CheckerError(f"{' '.join(words)}: {said.decode().strip()}")


def url_of(scheme: str, doors: Sequence[tuple[str, int]]) -> str:
    """Addresses of all doors, with commas between."""
    return ",".join(f"{scheme}://{host}:{port}" for host, port in doors)
