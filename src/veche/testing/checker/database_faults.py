"""The faults of a database: it is restarted, killed, gone, cut off, silent, full, or loses its power.

What is asked of the server is the same in all of them: each send has one answer within `ANSWER_WITHIN`, what needs no
database goes on meanwhile, and when the database is back so is everything else, without a restart of the server.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from veche.testing.postgres import Way
from veche.testing.postgres_proxy import Which

from .client import CheckerError, Client
from .databases import Database
from .disks import LoopDisk, SmallDisk
from .faults import DISK_PATIENCE, TERMINATE_WITHIN, kill, live, talk, terminate
from .load import Crowd
from .loads import Observed
from .plan import Plan
from .verdict import Answers

ANSWER_WITHIN = 10.0  # for a send, whatever the database does
LOOK_WITHIN = 1.0  # for what the server knows by heart
HISTORY_WITHIN = 5.0  # for what it would have to read
BETWEEN_LOOKS = 0.2
HEAL_WITHIN = 5.0  # from the moment the database can be reached
OUTLAST = 3.0  # longer than any server waits for a lost connection before it refuses
IMAGE_SIZE = 128 << 20
SMALL_DISK = 128 << 20

# Does harm under load and takes it back; says what there is to be said of it.
Harm = Callable[[Plan, Crowd, int], Awaitable[str]]


async def restart_fast(plan: Plan) -> None:
    """The database is restarted orderly (`fast`) at a random moment under load."""
    await _in_rounds(plan, _restarted("fast"))


async def restart_immediate(plan: Plan) -> None:
    """The database is restarted without a word (`immediate`) at a random moment under load."""
    await _in_rounds(plan, _restarted("immediate"))


async def kill_database(plan: Plan) -> None:
    """`kill -9` of the database's postmaster at a random moment under load; it is started again a moment later."""

    async def harm(plan: Plan, _crowd: Crowd, _number: int) -> str:
        database = _database(plan)
        await database.kill()
        await asyncio.sleep(plan.random_moment())
        await database.start()
        return "postmaster killed"

    await _in_rounds(plan, harm)


async def gone(plan: Plan) -> None:
    """The database is gone for `--away` seconds: sends are refused in time, looking around goes on, all heals."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        database = _database(plan)
        bystander = await Bystander.enter(plan, crowd)
        await database.stop("fast")
        words = await bystander.look_on(plan.away)
        await database.start()
        return f"gone for {plan.away:.0f} s, {words}"

    await _in_rounds(plan, harm)


async def stall(plan: Plan) -> None:
    """The database takes everything and says nothing for `--away` seconds; what was sent to it arrives afterwards."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        way = _database(plan).way
        bystander = await Bystander.enter(plan, crowd)
        way.stall()
        words = await bystander.look_on(plan.away)
        way.flow()
        return f"silent for {plan.away:.0f} s, {words}"

    await _in_rounds(plan, harm)


async def cut(plan: Plan) -> None:
    """The connection is cut when COMMIT was sent and its answer has not come: was it done or not?"""

    async def harm(plan: Plan, _crowd: Crowd, number: int) -> str:
        # All four in turn: was it done, and is the database there again before the server gives up asking?
        which: Which = "kept" if number % 4 in (2, 3) else "lost"
        seconds = OUTLAST if number % 4 in (3, 0) else 0.0
        way = _database(plan).way
        sprung = way.cut_at_commit(which)
        try:
            await asyncio.wait_for(sprung.wait(), ANSWER_WITHIN)
        except TimeoutError:
            raise CheckerError("the server has sent no COMMIT") from None
        if seconds:
            await way.refuse(seconds)
        return f"cut at a COMMIT that was {which}" + (
            f", then out of reach for {seconds:.0f} s" if seconds else ""
        )

    await _in_rounds(plan, harm)


async def diskfull(plan: Plan) -> None:
    """The database's disk fills up under load and is freed again; what ended over it is started by its guardian."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        await asyncio.to_thread(disk.fill)
        full_at = crowd.now()
        if not await crowd.wait_refused(DISK_PATIENCE):
            plan.breach(f"{crowd.room}: no send was refused, {DISK_PATIENCE:.0f} s after the disk was filled")
        felt = crowd.now() - full_at
        await asyncio.sleep(plan.random_moment())
        disk.free()
        was_running = database.server.is_running
        if not was_running:
            await database.start()
        how = "stayed" if was_running else "had ended"
        return f"full disk felt after {felt * 1000:.0f} ms, the database {how}"

    database = _database(plan)
    with SmallDisk(plan.work / "disk", SMALL_DISK) as disk:
        try:
            await database.open()
            await _in_rounds(plan, harm)
        finally:
            await database.vanish()


async def powercut(plan: Plan) -> None:
    """The database's disk as it was at a random moment under load, and a start of both on that."""
    database = _database(plan)
    data = plan.work / "data"
    disk = LoopDisk(plan.work / "0.img", plan.work / "disk")
    disk.format(IMAGE_SIZE)
    try:
        for number in range(1, plan.rounds + 1):
            copy = plan.work / f"{number}.img"
            with disk:
                try:
                    await _start_both(plan, database, data)
                    load, moment = await live(plan, number)
                    # From here on nothing new is certain: the copy is made at some moment after this line.
                    mark = load.mark()
                    await asyncio.to_thread(disk.copy_as_after_power_cut, copy, database.server.pids)
                    await plan.server.kill()
                    load.leave()
                finally:
                    await database.vanish()
            disk.image.unlink()
            disk.image = copy
            label = f"power cut after {moment * 1000:3.0f} ms"
            plan.check_later(load.room, label, load.observed(mark))
        with disk:
            try:
                await _start_both(plan, database, data)
                await plan.check_lasting()
            finally:
                await plan.server.kill()
                await database.vanish()
    finally:
        await plan.server.kill()
        disk.unmount()


async def _start_both(plan: Plan, database: Database, data: Path) -> None:
    await database.open()
    await plan.server.start(data)
    await plan.check_last()


def _restarted(way: Way) -> Harm:
    async def harm(plan: Plan, _crowd: Crowd, _number: int) -> str:
        database = _database(plan)
        await database.stop(way)
        await database.start()
        return f"restarted {way}"

    return harm


async def _in_rounds(plan: Plan, harm: Harm) -> None:
    """Talk through a harm in each round, with one server that never ends; a new one must read the same at the end."""
    data = plan.work / "data"
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
    crowd, moment = await talk(plan, number)
    words = await harm(plan, crowd, number)
    back_at = crowd.now()
    if not await crowd.wait_acknowledged(HEAL_WITHIN):
        plan.breach(f"{crowd.room}: sends are not accepted {HEAL_WITHIN:.0f} s after the database was back")
    healed = crowd.now() - back_at
    await asyncio.sleep(plan.random_moment())
    crowd.fall_silent()
    await crowd.wait_answered(TERMINATE_WITHIN)
    await crowd.wait_caught_up(TERMINATE_WITHIN)
    if not plan.server.is_running:
        plan.breach(f"{crowd.room}: the server ended\n{plan.server.tail()}")
        await plan.server.start(data)
    slowest = crowd.slowest()
    if slowest > ANSWER_WITHIN:
        plan.breach(f"{crowd.room}: an answer took {slowest:.1f} s")
    crowd.leave()
    label = f"{words} after {moment * 1000:.0f} ms; healed in {healed * 1000:.0f} ms, slowest answer {slowest:.1f} s"
    await plan.check(crowd.room, label, Observed(crowd.events, None), Answers.ALL)


class Bystander:
    """A member of the room who says nothing and looks around while the database is away."""

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

    async def look_on(self, seconds: float) -> str:
        """Look around for so long, then leave: everything is answered in time, and sends are refused meanwhile."""
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
        if seconds > OUTLAST and not self._crowd.refused.is_set():
            self._plan.breach(f"{room}: no send was refused in {seconds:.0f} s without a database")
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


def _database(plan: Plan) -> Database:
    assert plan.database is not None  # these faults are played with one only
    return plan.database


# Faults whose database is on a disk that they make.
ON_A_DISK = frozenset({"powercut", "diskfull"})
DATABASE_FAULTS = {
    "kill": kill,
    "terminate": terminate,
    "powercut": powercut,
    "diskfull": diskfull,
    "restart-fast": restart_fast,
    "restart-immediate": restart_immediate,
    "kill-database": kill_database,
    "gone": gone,
    "stall": stall,
    "cut": cut,
}
