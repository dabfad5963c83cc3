"""The faults of a database: it is restarted, killed, gone, cut off, silent, full, or loses its power."""

import asyncio
from pathlib import Path

from veche.testing.postgres import Way
from veche.testing.postgres_proxy import Proxy, Which

from .again import again
from .client import CheckerError
from .databases import Database
from .disks import LoopDisk
from .faults import TERMINATE_WITHIN, kill, live, talk, terminate
from .full_disk import diskfull
from .load import Crowd
from .loads import Observed
from .plan import Plan
from .slow_disk import slowdisk
from .through import ANSWER_WITHIN, OUTLAST, Bystander, Harm, in_rounds

IMAGE_SIZE = 128 << 20


async def restart_fast(plan: Plan) -> None:
    """The database is restarted orderly (`fast`) at a random moment under load."""
    await in_rounds(plan, _restarted("fast"))


async def restart_immediate(plan: Plan) -> None:
    """The database is restarted without a word (`immediate`) at a random moment under load."""
    await in_rounds(plan, _restarted("immediate"))


async def kill_database(plan: Plan) -> None:
    """`kill -9` of the database's postmaster at a random moment under load; it is started again a moment later."""

    async def harm(plan: Plan, _crowd: Crowd, _number: int) -> str:
        database = _database(plan)
        await database.kill()
        await asyncio.sleep(plan.random_moment())
        await database.start()
        return "postmaster killed"

    await in_rounds(plan, harm)


async def failover(plan: Plan) -> None:
    """The database's machine is lost under load, and a standby that had confirmed every commit takes its place."""

    async def harm(plan: Plan, _crowd: Crowd, number: int) -> str:
        database = _database(plan)
        await database.add_standby(plan.work / f"standby-{number}")
        await asyncio.sleep(plan.random_moment())
        await database.fail_over()
        return "failed over to the standby"

    await in_rounds(plan, harm)


async def gone(plan: Plan) -> None:
    """The database is gone for `--away` seconds: sends are refused in time, looking around goes on, all heals."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        database = _database(plan)
        bystander = await Bystander.enter(plan, crowd)
        await database.stop("fast")
        words = await bystander.look_on(plan.away)
        await database.start()
        return f"gone for {plan.away:.0f} s, {words}"

    await in_rounds(plan, harm)


async def stall(plan: Plan) -> None:
    """The database takes everything and says nothing for `--away` seconds; what was sent to it arrives afterwards."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        way = _database(plan).way
        bystander = await Bystander.enter(plan, crowd)
        way.stall()
        words = await bystander.look_on(plan.away)
        way.flow()
        return f"silent for {plan.away:.0f} s, {words}"

    await in_rounds(plan, harm)


async def cut(plan: Plan) -> None:
    """The connection is cut when COMMIT was sent and its answer has not come: was it done or not?"""

    async def harm(plan: Plan, _crowd: Crowd, number: int) -> str:
        # All four in turn: was it done, and is the database there again before the server gives up asking?
        which: Which = "kept" if number % 4 in (2, 3) else "lost"
        seconds = OUTLAST if number % 4 in (3, 0) else 0.0
        way = _database(plan).way
        await _spring(way, which)
        if seconds:
            await way.refuse(seconds)
        return f"cut at a COMMIT that was {which}" + (
            f", then out of reach for {seconds:.0f} s" if seconds else ""
        )

    await in_rounds(plan, harm)


async def cut_kill(plan: Plan) -> None:
    """The connection is cut at a COMMIT, and before or after the server has refused what it was for, it is killed."""
    way = _database(plan).way
    data = plan.work / "data"
    try:
        for number in range(1, plan.rounds + 1):
            await plan.server.start(data)
            await plan.check_last()
            crowd, _ = await talk(plan, number)
            await _spring(way, "kept")
            way.close()
            if number % 2 and not await crowd.wait_refused(ANSWER_WITHIN):
                plan.breach(f"{crowd.room}: no send was refused without a database")
            await plan.server.kill()
            await crowd.wait_closed(TERMINATE_WITHIN)
            crowd.leave()
            way.open()
            label = (
                f"cut at a commit that was kept, killed {'after' if number % 2 else 'before'} it was refused"
            )
            plan.check_later(crowd.room, label, Observed(crowd.events, None))
        await plan.server.start(data)
        await plan.check_last()
        await plan.check_lasting()
    finally:
        await plan.server.kill()


async def _spring(way: Proxy, which: Which) -> None:
    sprung = way.cut_at_commit(which)
    try:
        await asyncio.wait_for(sprung.wait(), ANSWER_WITHIN)
    except TimeoutError:
        raise CheckerError("the server has asked for no commit") from None


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


def _database(plan: Plan) -> Database:
    assert plan.database is not None  # these faults are played with one only
    return plan.database


# Faults whose database is on a disk that they make.
ON_A_DISK = frozenset({"powercut", "diskfull"})
# Those that are over before the server gives up: changes can be made meanwhile. (A change whose outcome is open when it
# does may end the process, since what it knows could be other than what is on record: store/postgresql/writer.py.)
SHORT = frozenset({"restart-fast", "restart-immediate", "kill-database", "failover", "slowdisk"})
# Those that are nothing to a database that does not sync.
SYNCING = frozenset({"powercut", "diskfull", "slowdisk"})
DATABASE_FAULTS = {
    "kill": kill,
    "again": again,
    "terminate": terminate,
    "powercut": powercut,
    "diskfull": diskfull,
    "restart-fast": restart_fast,
    "restart-immediate": restart_immediate,
    "kill-database": kill_database,
    "failover": failover,
    "gone": gone,
    "stall": stall,
    "cut": cut,
    "cut-kill": cut_kill,
    "slowdisk": slowdisk,
}
