"""The faults. Each one plays its harm `plan.rounds` times and leaves its findings in `plan.total`."""

import asyncio
from pathlib import Path

from .disks import LoopDisk, SmallDisk
from .load import Crowd
from .plan import Plan
from .record import Event, known_at
from .verdict import Answers

LONGEST_MOMENT = 0.5  # seconds of load before the harm is done, at most
KILLED_STARTS = 0.1  # how often the start after a kill is killed as well: recovery must bear it, too
TERMINATE_WITHIN = 10.0
SMALL_DISK = 16 << 20
DISK_PATIENCE = 20.0  # until a full disk is felt (the log may own some space already), or a freed one


async def kill(plan: Plan) -> None:
    """`kill -9` at a random moment under load (sometimes at the next start as well), and what is left then."""
    data = plan.work / "data"
    before: tuple[str, str, list[Event]] | None = None
    try:
        for number in range(1, plan.rounds + 1):
            if number > 1 and plan.random.random() < KILLED_STARTS:
                await plan.server.start_and_kill(data, plan.random.uniform(0, LONGEST_MOMENT))
            # One start serves two: it answers for the last round and takes the load of this one.
            await plan.server.start(data)
            if before is not None:
                await plan.check(*before)
            crowd, moment = await _talk(plan, number)
            await plan.server.kill()
            await crowd.wait_closed(TERMINATE_WITHIN)
            crowd.leave()
            before = crowd.room, f"killed after {moment * 1000:3.0f} ms", crowd.events
        await plan.server.start(data)
        if before is not None:
            await plan.check(*before)
        await plan.check_lasting()
    finally:
        await plan.server.kill()


async def powercut(plan: Plan) -> None:
    """The disk as it was at a random moment under load, and a start on that."""
    folder = plan.work / "disk"
    disk = LoopDisk(plan.work / "0.img", folder)
    disk.format()
    before: tuple[str, str, list[Event]] | None = None
    try:
        for number in range(1, plan.rounds + 1):
            with disk:
                await plan.server.start(folder / "data")
                if before is not None:
                    await plan.check(*before)
                crowd, moment = await _talk(plan, number)
                # From here on nothing new is certain: the copy is made at some moment after this line.
                mark = len(crowd.events)
                copy = plan.work / f"{number}.img"
                await asyncio.to_thread(disk.copy_as_after_power_cut, copy, plan.server.pid)
                await plan.server.kill()
                crowd.leave()
            disk.image.unlink()
            disk.image = copy
            before = crowd.room, f"power cut after {moment * 1000:3.0f} ms", known_at(crowd.events, mark)
        with disk:
            await plan.server.start(folder / "data")
            if before is not None:
                await plan.check(*before)
            await plan.check_lasting()
            await plan.server.kill()
    finally:
        await plan.server.kill()
        disk.unmount()


async def terminate(plan: Plan) -> None:
    """SIGTERM at a random moment under load: what was read is answered, everybody is told, exit 0 in time."""
    data = plan.work / "data"
    before: tuple[str, str, list[Event], Answers] | None = None
    try:
        for number in range(1, plan.rounds + 1):
            await plan.server.start(data)
            if before is not None:
                await plan.check(*before)
            crowd, moment = await _talk(plan, number)
            ended = await plan.server.terminate(TERMINATE_WITHIN)
            await crowd.wait_closed(TERMINATE_WITHIN)
            crowd.leave()
            label = f"SIGTERM after {moment * 1000:3.0f} ms, "
            if ended is None:
                plan.breach(f"{crowd.room}: still running {TERMINATE_WITHIN:.0f} s after SIGTERM")
                label += "no end"
            else:
                status, took = ended
                if status != 0:
                    plan.breach(f"{crowd.room}: exit status {status} after SIGTERM\n{plan.server.tail()}")
                label += f"ended in {took * 1000:3.0f} ms"
            untold = [person.client.nick for person in crowd.people if not person.client.farewell]
            if untold:
                plan.breach(f"{crowd.room}: closed without an ERROR line: {', '.join(untold)}")
            before = crowd.room, label, crowd.events, Answers.KEPT
        await plan.server.start(data)
        if before is not None:
            await plan.check(*before)
        await plan.check_lasting()
    finally:
        await plan.server.kill()


async def diskfull(plan: Plan) -> None:
    """The disk fills up under load and is freed again: refusals, no silence, no lies, and no restart needed."""
    with SmallDisk(plan.work / "disk", SMALL_DISK) as disk:
        data = disk.folder / "data"
        try:
            for number in range(1, plan.rounds + 1):
                await plan.server.start(data)
                await _talk_through_full_disk(plan, disk, number, data)
                await plan.server.kill()
            await plan.server.start(data)
            await plan.check_lasting()
        finally:
            await plan.server.kill()


async def _talk_through_full_disk(plan: Plan, disk: SmallDisk, number: int, data: Path) -> None:
    crowd, _ = await _talk(plan, number)
    await asyncio.to_thread(disk.fill)
    full_at = crowd.now()
    try:
        async with asyncio.timeout(DISK_PATIENCE):
            await crowd.refused.wait()
    except TimeoutError:
        plan.breach(f"{crowd.room}: no send was refused, {DISK_PATIENCE:.0f} s after the disk was filled")
    felt = crowd.now() - full_at
    await asyncio.sleep(plan.random.uniform(0, LONGEST_MOMENT))
    disk.free()
    free_at = crowd.now()
    if not await crowd.wait_acknowledged(DISK_PATIENCE):
        plan.breach(f"{crowd.room}: sends are not accepted {DISK_PATIENCE:.0f} s after space was freed")
    healed = crowd.now() - free_at
    await asyncio.sleep(plan.random.uniform(0, LONGEST_MOMENT))
    crowd.fall_silent()
    await crowd.wait_answered(TERMINATE_WITHIN)
    await crowd.wait_caught_up(TERMINATE_WITHIN)
    if not plan.server.is_running:
        plan.breach(f"{crowd.room}: the server ended\n{plan.server.tail()}")
        await plan.server.start(data)
    label = f"full disk felt after {felt * 1000:.0f} ms, healed {healed * 1000:.0f} ms after it was freed"
    crowd.leave()
    await plan.check(crowd.room, label, crowd.events, Answers.ALL)


async def _talk(plan: Plan, number: int) -> tuple[Crowd, float]:
    """A crowd that has been talking for a random moment."""
    crowd = Crowd(plan.room(number), plan.shape)
    await crowd.enter(plan.server.port)
    moment = plan.random.uniform(0, LONGEST_MOMENT)
    crowd.begin()
    await asyncio.sleep(moment)
    return crowd, moment


FAULTS = {"kill": kill, "powercut": powercut, "terminate": terminate, "diskfull": diskfull}
