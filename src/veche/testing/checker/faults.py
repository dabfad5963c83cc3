"""The faults. Each one plays its harm `plan.rounds` times and leaves its findings in `plan.total`."""

import asyncio
import signal
from collections.abc import Sequence

from .disks import LoopDisk
from .household import Resident
from .load import Crowd, Person
from .loads import Load, Observed
from .plan import Plan
from .record import in_doubt_from, without_final_refusals
from .verdict import Answers

KILLED_STARTS = 0.1  # how often the start after a kill is killed as well: recovery must bear it, too
INTERRUPTS = 0.2  # how often the clean end is asked for with SIGINT
TERMINATE_WITHIN = 10.0
DISK_PATIENCE = 20.0  # until a harmed disk is felt: the log may own some space already
SECOND_THOUGHTS = 1.0  # within which a server that has answered everything ends, if it is going to
EX_IOERR = 74  # sysexits.h: how the server ends when nobody can know what the disk has kept


async def kill(plan: Plan) -> None:
    """`kill -9` at a random moment under load (sometimes at the next start as well), and what is left then."""
    data = plan.work / "data"
    try:
        for number in range(1, plan.rounds + 1):
            if number > 1 and plan.random.random() < KILLED_STARTS:
                await plan.server.start_and_kill(data, plan.random_moment())
            # One start serves two: it answers for the last round and takes the load of this one.
            await plan.server.start(data)
            await plan.check_last()
            load, moment = await live(plan, number)
            await plan.server.kill()
            await load.wait_closed(TERMINATE_WITHIN)
            load.leave()
            plan.check_later(load.room, f"killed after {moment * 1000:3.0f} ms", load.observed())
        await plan.server.start(data)
        await plan.check_last()
        await plan.check_lasting()
    finally:
        await plan.server.kill()


async def powercut(plan: Plan) -> None:
    """The disk as it was at a random moment under load, and a start on that."""
    folder = plan.work / "disk"
    disk = LoopDisk(plan.work / "0.img", folder)
    disk.format()
    try:
        for number in range(1, plan.rounds + 1):
            with disk:
                await plan.server.start(folder / "data")
                await plan.check_last()
                load, moment = await live(plan, number)
                # From here on nothing new is certain: the copy is made at some moment after this line.
                mark = load.mark()
                copy = plan.work / f"{number}.img"
                await asyncio.to_thread(disk.copy_as_after_power_cut, copy, lambda: [plan.server.pid])
                await plan.server.kill()
                load.leave()
            disk.image.unlink()
            disk.image = copy
            label = f"power cut after {moment * 1000:3.0f} ms"
            plan.check_later(load.room, label, load.observed(mark))
        with disk:
            await plan.server.start(folder / "data")
            await plan.check_last()
            await plan.check_lasting()
            await plan.server.kill()
    finally:
        await plan.server.kill()
        disk.unmount()


async def terminate(plan: Plan) -> None:
    """SIGTERM (or SIGINT) at a random moment under load: what was read is answered, all are told, exit 0 in time."""
    data = plan.work / "data"
    try:
        for number in range(1, plan.rounds + 1):
            await plan.server.start(data)
            await plan.check_last()
            load, moment = await live(plan, number)
            which = signal.SIGINT if plan.random.random() < INTERRUPTS else signal.SIGTERM
            ended = await plan.server.end(which, TERMINATE_WITHIN)
            await load.wait_closed(TERMINATE_WITHIN)
            load.leave()
            if ended is None:
                plan.breach(f"{load.room}: still running {TERMINATE_WITHIN:.0f} s after {which.name}")
                took = TERMINATE_WITHIN
            else:
                status, took = ended
                if status != 0:
                    plan.breach(f"{load.room}: exit status {status} after {which.name}\n{plan.server.tail()}")
            check_farewells(plan, load.room, load.people)
            label = f"{which.name} after {moment * 1000:3.0f} ms, ended in {took * 1000:3.0f} ms"
            plan.check_later(load.room, label, load.observed(), Answers.KEPT)
        await plan.server.start(data)
        await plan.check_last()
        await plan.check_lasting()
    finally:
        await plan.server.kill()


async def diskdies(plan: Plan) -> None:
    """The disk fails for good under load: an end that says so, and on the repaired disk all that was promised."""
    folder = plan.work / "disk"
    disk = LoopDisk(plan.work / "disk.img", folder)
    disk.format()
    try:
        for number in range(1, plan.rounds + 1):
            with disk:
                await plan.server.start(folder / "data")
                await plan.check_last()
                await _talk_while_disk_dies(plan, disk, number)
        with disk:
            await plan.server.start(folder / "data")
            await plan.check_last()
            await plan.check_lasting()
            await plan.server.kill()
    finally:
        await plan.server.kill()
        disk.unmount()


async def live(plan: Plan, number: int) -> tuple[Load, float]:
    """People who have been talking, or changing things, for a random moment."""
    load = Load(plan.load, plan.room(number), number, plan.shape, plan.random)
    await load.enter(plan.server.port)
    moment = plan.random_moment()
    load.begin()
    await asyncio.sleep(moment)
    return load, moment


async def talk(plan: Plan, number: int) -> tuple[Crowd, float]:
    """A crowd that has been talking for a random moment."""
    crowd = Crowd(plan.room(number), plan.shape)
    await crowd.enter(plan.server.port)
    moment = plan.random_moment()
    crowd.begin()
    await asyncio.sleep(moment)
    return crowd, moment


async def _talk_while_disk_dies(plan: Plan, disk: LoopDisk, number: int) -> None:
    """Two ends are good: refusals from now on, or, when an outcome is open, the end of the process, announced."""
    crowd, moment = await talk(plan, number)
    # While ext4 is aborted it says yes to a sync that is under way and loses what was synced: 15 times of 150 in a bare
    # loop of pwrite, fdatasync and nothing else (Linux 6.18). So what is acknowledged from here on may be lost.
    mark = len(crowd.events)
    await asyncio.to_thread(disk.abort)
    if not await crowd.wait_refused(DISK_PATIENCE):
        plan.breach(f"{crowd.room}: no send was refused, {DISK_PATIENCE:.0f} s after the disk failed")
    await crowd.wait_closed(plan.random_moment())
    crowd.fall_silent()
    # A server that owes an answer and has closed the connections is about to end; one that owes none may live on.
    is_done = await crowd.wait_answered(TERMINATE_WITHIN)
    if await plan.server.wait_ended(SECOND_THOUGHTS if is_done else TERMINATE_WITHIN):
        await crowd.wait_closed(TERMINATE_WITHIN)
        how, answers = "the server ended", Answers.KEPT
        # What was being stored when the disk failed may be kept or not; the server says so, and ends.
        events = without_final_refusals(in_doubt_from(crowd.events, mark))
        if plan.server.status != EX_IOERR:
            plan.breach(f"{crowd.room}: exit status {plan.server.status} after the disk failed")
        check_farewells(plan, crowd.room, crowd.people)
    else:
        how, answers = "the server refuses", Answers.ALL
        events = in_doubt_from(crowd.events, mark)
    await plan.server.kill()
    crowd.leave()
    label = f"disk failed after {moment * 1000:3.0f} ms, {how}"
    plan.check_later(crowd.room, label, Observed(events, None), answers)


def check_farewells(plan: Plan, room: str, people: Sequence[Person | Resident]) -> None:
    untold = [person.client.nick for person in people if not person.client.farewell]
    if untold:
        plan.breach(f"{room}: closed without an ERROR line: {', '.join(untold)}")


FAULTS = {
    "kill": kill,
    "powercut": powercut,
    "terminate": terminate,
    "diskdies": diskdies,
}
# Those under which things may be changed besides; the others look at what becomes of single messages.
STATEFUL = ("kill", "powercut", "terminate")
