"""A disk that fills up and is freed again: the server's own, or its database's."""

import asyncio
from contextlib import AsyncExitStack

from .disks import SmallDisk
from .faults import DISK_PATIENCE
from .load import Crowd
from .plan import Plan
from .through import in_rounds

# What the rounds write must fit beside the ballast, or it never heals.
SMALL_DISK = 48 << 20
DATABASE_DISK = 128 << 20


async def diskfull(plan: Plan) -> None:
    """The disk fills up under load and is freed again: refusals, no silence, no lies, and no restart needed."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        await asyncio.to_thread(disk.fill)
        full_at = crowd.now()
        if not await crowd.wait_refused(DISK_PATIENCE):
            plan.breach(f"{crowd.room}: no send was refused, {DISK_PATIENCE:.0f} s after the disk was filled")
        felt = crowd.now() - full_at
        await asyncio.sleep(plan.random_moment())
        disk.free()
        return f"disk full (felt in {felt * 1000:.0f} ms{await _look_after_database(plan)})"

    async with AsyncExitStack() as stack:
        disk = stack.enter_context(
            SmallDisk(plan.work / "disk", DATABASE_DISK if plan.database else SMALL_DISK)
        )
        if plan.database is None:
            data = disk.folder / "data"
        else:
            data = plan.work / "data"
            stack.push_async_callback(plan.database.vanish)
            await plan.database.open()
        await in_rounds(plan, harm, data)


async def _look_after_database(plan: Plan) -> str:
    """A database that ended over its full disk is started again, as its guardian would."""
    if plan.database is None:
        return ""
    if plan.database.server.is_running:
        return ", the database stayed"
    await plan.database.start()
    return ", the database had ended"
