"""Talking through a harm that the server must outlive, and somebody who looks around meanwhile.

What is asked of the server is the same whatever the harm: each send has one answer within `ANSWER_WITHIN`, what needs
no disk and no database goes on meanwhile, and when the harm is over all is as before, without a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from .client import CheckerError, Client
from .faults import TERMINATE_WITHIN, live
from .load import Crowd
from .plan import Plan
from .verdict import Answers

ANSWER_WITHIN = 10.0  # for a send, whatever the database does
LOOK_WITHIN = 1.0  # for what the server knows by heart
HISTORY_WITHIN = 5.0  # for what it would have to read
BETWEEN_LOOKS = 0.2
HEAL_WITHIN = 5.0  # from the moment the database can be reached
OUTLAST = 3.0  # longer than any server waits for a lost connection before it refuses

# Does harm under load and takes it back; says what there is to be said of it.
Harm = Callable[[Plan, Crowd, int], Awaitable[str]]


async def in_rounds(plan: Plan, harm: Harm, data: Path | None = None) -> None:
    """Talk through a harm in each round, with one server that never ends; a new one must read the same at the end.

    `data` is the server's data directory where that is not to be in `plan.work`.
    """
    data = data or plan.work / "data"
    try:
        await plan.server.start(data)
        for number in range(1, plan.rounds + 1):
            await _talk_through(plan, harm, number, data)
        await plan.server.kill()
        await plan.server.start(data)
        await plan.check_lasting()
    finally:
        await plan.server.kill()


async def _talk_through(plan: Plan, harm: Harm, number: int, data: Path) -> None:
    load, moment = await live(plan, number)
    crowd = load.crowd
    assert crowd is not None  # changes alone would not tell when all is well again
    words = await harm(plan, crowd, number)
    back_at = crowd.now()
    if not await crowd.wait_acknowledged(HEAL_WITHIN):
        plan.breach(f"{crowd.room}: sends are not accepted {HEAL_WITHIN:.0f} s after the trouble was over")
    healed = crowd.now() - back_at
    await asyncio.sleep(plan.random_moment())
    load.fall_silent()
    await load.wait_answered(TERMINATE_WITHIN)
    await crowd.wait_caught_up(TERMINATE_WITHIN)
    if not plan.server.is_running:
        plan.breach(f"{crowd.room}: the server ended\n{plan.server.tail()}")
        await plan.server.start(data)
    slowest = crowd.slowest()
    if slowest > ANSWER_WITHIN:
        plan.breach(f"{crowd.room}: an answer took {slowest:.1f} s")
    load.leave()
    label = f"{words} after {moment * 1000:.0f} ms; healed in {healed * 1000:.0f} ms, slowest answer {slowest:.1f} s"
    await plan.check(crowd.room, label, load.observed(), Answers.ALL)


class Bystander:
    """A member of the room who says nothing and looks around while there is trouble."""

    def __init__(self, plan: Plan, crowd: Crowd) -> None:
        self._plan = plan
        self._crowd = crowd
        self._client = Client("bystander")

    @classmethod
    async def enter(cls, plan: Plan, crowd: Crowd) -> "Bystander":
        """Come in while all is well."""
        bystander = cls(plan, crowd)
        await bystander._client.enter(plan.server.port)
        await bystander._client.join(crowd.room)
        return bystander

    async def look_on(self, seconds: float, *, expects_refusals: bool = True) -> str:
        """Look around for so long, then leave: all is answered in time, and sends are refused meanwhile, or are not."""
        now = asyncio.get_running_loop().time
        end = now() + seconds
        room = self._crowd.room
        looks, slowest = 0, 0.0
        while now() < end:
            for line, answer in ((f"NAMES {room}", "366"), (f"WHO {room}", "315"), ("PING :there", "PONG")):
                slowest = max(slowest, await self._ask(LOOK_WITHIN, line, answer))
            await self._ask(HISTORY_WITHIN, f"CHATHISTORY LATEST {room} * 10", "FAIL", "BATCH -")
            looks += 1
            await asyncio.sleep(BETWEEN_LOOKS)
        self._client.abort()
        was_refused = self._crowd.refused.is_set()
        if expects_refusals and seconds > OUTLAST and not was_refused:
            self._plan.breach(f"{room}: no send was refused in {seconds:.0f} s")
        elif was_refused and not expects_refusals:
            self._plan.breach(f"{room}: a send was refused")
        return f"{looks} looks around, the slowest answer after {slowest * 1000:.0f} ms"

    async def _ask(self, within: float, line: str, *answers: str) -> float:
        now = asyncio.get_running_loop().time
        start = now()
        try:
            await self._client.ask(line, *answers)
        except CheckerError as error:
            self._plan.breach(str(error))
        took = now() - start
        if took > within:
            self._plan.breach(f"{line}: answered after {took:.1f} s")
        return took
