"""Faults of several servers that are one: nodes are killed and frozen, links to them are cut, NATS servers die, the
database is restarted, clocks jump; writers, readers, and people who want one and the same nick, sit on all nodes.

The rule: whoever sits on a node that is not harmed is answered all the time; a node that was harmed either goes on or
begins anew by itself; nobody's acknowledged message is lost, doubled or out of the one order, whichever node's history
is read; all nodes know the same people, and no two of them by one nick.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any

from .claims import Claims
from .links import Service
from .load import Crowd, Person
from .loads import Observed
from .nodes import COUNT, Looker, Nodes
from .plan import Plan
from .verdict import Answers

# Until whoever sits on a node that lives is acknowledged something new: a lost node is noticed within ten seconds.
PATIENCE = 20.0
# Until a node that was harmed serves its people again, or has let them go and is ready again.
RECOVERY = 30.0
# Until everybody who has gone with a node is seen to be gone.
GONE_WITHIN = 15.0
# How long a link is cut if not for `--away`: short enough for the node to stay one of them.
SHORTLY = (0.5, 2.5)
JUMPS = (-86_400.0, -3_600.0, -10.0, 0.0, 10.0, 3_600.0, 86_400.0)

# What was done, and to which nodes.
Done = tuple[str, Collection[int]]
Harm = Callable[[Plan, Nodes], Awaitable[Done]]


async def kill_node(plan: Plan, nodes: Nodes) -> Done:
    """`kill -9` of a random node under load; the others go on, and it comes back to them."""
    victim = plan.random.randrange(COUNT)
    await nodes.servers[victim].kill()
    return f"node {victim} killed", {victim}


async def freeze_node(plan: Plan, nodes: Nodes) -> Done:
    """A random node stands still for `--away` seconds: beyond some six it is taken for dead, and begins anew."""
    victim = plan.random.randrange(COUNT)
    pid = nodes.servers[victim].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(plan.away)
    finally:
        os.kill(pid, signal.SIGCONT)
    return f"node {victim} frozen for {plan.away:.0f} s", {victim}


async def cut_database(plan: Plan, nodes: Nodes) -> Done:
    """The link of a random node to the database is cut, shortly or for `--away` seconds."""
    return await _cut(plan, nodes, "database")


async def cut_carrier(plan: Plan, nodes: Nodes) -> Done:
    """The link of a random node to NATS is cut, shortly or for `--away` seconds: nobody notices."""
    label, _ = await _cut(plan, nodes, "nats")
    return label, ()


async def _cut(plan: Plan, nodes: Nodes, service: Service) -> Done:
    victim = plan.random.randrange(COUNT)
    seconds = plan.random.choice((plan.random.uniform(*SHORTLY), plan.away))
    link = nodes.links[victim]
    await link.cut(service)
    try:
        await asyncio.sleep(seconds)
    finally:
        await link.mend(service)
    return f"node {victim} without {service} for {seconds:.1f} s", {victim}


async def kill_carrier(plan: Plan, nodes: Nodes) -> Done:
    """`kill -9` of one NATS server under load, sometimes of all; they are started again a while later."""
    victims = [plan.random.choice(nodes.carriers)] if plan.random.random() < 0.7 else nodes.carriers
    for carrier in victims:
        await nodes.kill_carrier(carrier)
    await asyncio.sleep(2 * plan.random_moment() + 1.0)
    for carrier in victims:
        await nodes.start_carrier(carrier)
    return f"{len(victims)} of {len(nodes.carriers)} NATS servers killed", ()


async def restart_database(plan: Plan, _nodes: Nodes) -> Done:
    """The database of all nodes is restarted without a word under load."""
    assert plan.database is not None
    await plan.database.stop("immediate")
    await plan.database.start()
    return "database restarted", ()


async def jump_clock(plan: Plan, nodes: Nodes) -> Done:
    """The wall clock of a random node jumps by seconds, an hour or a day, ahead or back: nobody notices."""
    victim = plan.random.randrange(COUNT)
    seconds = plan.random.choice(JUMPS)
    nodes.set_clock(victim, seconds)
    await asyncio.sleep(plan.random_moment())
    return f"clock of node {victim} is off by {seconds:+.0f} s", ()


async def any_of_them(plan: Plan, nodes: Nodes) -> Done:
    """Any of the others, by chance."""
    return await plan.random.choice(HARMS)(plan, nodes)


HARMS: Sequence[Harm] = (
    kill_node,
    freeze_node,
    cut_database,
    cut_carrier,
    kill_carrier,
    restart_database,
    jump_clock,
)


def _as_fault(harm: Harm) -> Callable[[Plan], Coroutine[Any, Any, None]]:
    async def fault(plan: Plan) -> None:
        await _in_rounds(plan, harm)

    fault.__doc__ = harm.__doc__
    return fault


NODE_FAULTS = {
    "kill-node": _as_fault(kill_node),
    "freeze-node": _as_fault(freeze_node),
    "cut-database": _as_fault(cut_database),
    "cut-carrier": _as_fault(cut_carrier),
    "kill-carrier": _as_fault(kill_carrier),
    "restart-immediate": _as_fault(restart_database),
    "jump-clock": _as_fault(jump_clock),
    "random": _as_fault(any_of_them),
}
# Of those that last as long as they are told to: long enough to be taken for dead.
LASTING_FAULTS = ("freeze-node", "cut-database", "cut-carrier", "random")
LONG = 12.0


async def _in_rounds(plan: Plan, harm: Harm) -> None:
    nodes = Nodes(plan)
    try:
        await nodes.open()
        for number in range(1, plan.rounds + 1):
            await _Round(plan, nodes, number).play(harm)
        await plan.check_lasting()
    finally:
        await nodes.close()


class _Round:
    """One of them: other people in another room. Nicks are others as well, for those of a node that was killed are
    their owners' until the others have noticed."""

    def __init__(self, plan: Plan, nodes: Nodes, number: int) -> None:
        self.plan = plan
        self.nodes = nodes
        self.number = number
        self.crowd = Crowd(plan.room(number), plan.shape, mark=f"-{number}")
        self.claims = Claims(number, COUNT)
        self.label = ""

    def breach(self, words: str) -> None:
        """Something was not as it should be."""
        self.plan.breach(f"{self.crowd.room}: {self.label}: {words}")

    async def play(self, harm: Harm) -> None:
        """From the first to come to the last look at what is left."""
        plan, nodes, crowd = self.plan, self.nodes, self.crowd
        doors = [server.door for server in nodes.servers]
        await crowd.enter(*doors)
        await self.claims.enter(doors)
        for server in nodes.servers:
            server.expect_another_start()
        crowd.begin()
        self.claims.begin()
        moment = await plan.wait_a_moment()
        self.label, harmed = await harm(plan, nodes)
        await self._wait_served(harmed)
        crowd.fall_silent()
        spared = [writer for writer in crowd.writers if self._place(writer) not in harmed]
        if not await _all((writer.wait_idle() for writer in spared), PATIENCE):
            self.breach("something is never answered")
        await self._look_around()
        for wrong in await self.claims.settle():
            self.breach(wrong)
        crowd.leave()
        self.claims.leave()
        words = f"{self.label} after {moment * 1000:3.0f} ms"
        await self._check_history(words, Answers.SOME if harmed else Answers.ALL)
        for place, server in enumerate(nodes.servers):
            if not server.is_running:
                await nodes.start(place)

    def _place(self, person: Person) -> int:
        return self.crowd.people.index(person) % COUNT

    async def _wait_served(self, harmed: Collection[int]) -> None:
        """Everybody is acknowledged something new, or has lost his connection to a node that was harmed."""
        writers = self.crowd.writers
        for writer in writers:
            writer.expect_fresh()
        spared = [writer for writer in writers if self._place(writer) not in harmed]
        if not await _all((writer.fresh.wait() for writer in spared), PATIENCE):
            self.breach(f"after {PATIENCE:.0f} s something is still not acknowledged")
        for place in harmed:
            server = self.nodes.servers[place]
            if server.is_running:
                mine = [writer for writer in writers if self._place(writer) == place]
                if not await _all((writer.wait_fresh() for writer in mine), RECOVERY):
                    self.breach(f"after {RECOVERY:.0f} s node {place} neither serves nor lets go")
                has_begun_anew = any(writer.client.closed.is_set() for writer in mine)
                if has_begun_anew and not await server.wait_ready_again(RECOVERY):
                    self.breach(f"after {RECOVERY:.0f} s node {place} has not begun anew\n{server.tail()}")
                    await server.kill()

    async def _look_around(self) -> None:
        """All nodes know those who are there, and nobody else, before long."""
        running = [server for server in self.nodes.servers if server.is_running]
        lookers = [Looker(f"l{place}-{self.number}") for place in range(len(running))]
        for looker, server in zip(lookers, running, strict=True):
            await looker.client.enter(server.door)
        loop = asyncio.get_running_loop()
        until = loop.time() + GONE_WITHIN
        while True:
            there = {person.client.nick for person in self.crowd.people if person.client.is_open}
            found = [set(await looker.names(self.crowd.room)) for looker in lookers]
            if all(names == there for names in found):
                break
            if loop.time() > until:
                self.breach(
                    f"{sorted(there)} are here, and the nodes know {[sorted(names) for names in found]}"
                )
                break
            await asyncio.sleep(0.2)
        for looker in lookers:
            looker.client.abort()

    async def _check_history(self, words: str, answers: Answers) -> None:
        plan = self.plan
        running = [server for server in self.nodes.servers if server.is_running]
        plan.server = plan.random.choice(running)
        await plan.check(self.crowd.room, words, Observed(self.crowd.events, None), answers)
        others = [server for server in running if server is not plan.server]
        await plan.compare(self.crowd.room, self.label, others)


async def _all(waits: Iterable[Awaitable[object]], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*waits)
    except TimeoutError:
        return False
    return True
