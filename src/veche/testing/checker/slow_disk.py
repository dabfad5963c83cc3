"""A disk on which every sync takes half a second: strace holds up the system call."""

import asyncio
import shutil
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from veche.app.children import until_we_end

from .client import CheckerError
from .load import Crowd
from .plan import Plan
from .through import Bystander, in_rounds

DELAY = 500_000  # microseconds, for each sync
ATTACH_PATIENCE = 10.0


def why_no_slow_disk() -> str:
    """Why this machine cannot play a slow disk; empty if it can."""
    return "" if shutil.which("strace") else "needs strace"


async def slowdisk(plan: Plan) -> None:
    """Every sync takes half a second for `--away` seconds: answers come later, and nothing is refused."""

    async def harm(plan: Plan, crowd: Crowd, _number: int) -> str:
        database = plan.database
        bystander = await Bystander.enter(plan, crowd)
        async with SlowSyncs([plan.server.pid] if database is None else database.server.pids()):
            words = await bystander.look_on(plan.away, expects_refusals=False)
        return f"slow for {plan.away:.0f} s, {words}"

    await in_rounds(plan, harm)


class SlowSyncs:
    """Holds up each fsync and fdatasync of these processes, and of those that they start meanwhile."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._strace: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        calls = "fsync,fdatasync"
        words = ["-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:delay_enter={DELAY}"]
        for pid in self._pids:
            words += ["-p", str(pid)]
        self._strace = await asyncio.create_subprocess_exec(
            *until_we_end(), "strace", *words, stderr=asyncio.subprocess.PIPE, start_new_session=True
        )
        try:
            await asyncio.wait_for(self._wait_attached(), ATTACH_PATIENCE)
        except TimeoutError:
            await self._end()
            raise CheckerError("strace is attached to nothing") from None
        return self

    async def _wait_attached(self) -> None:
        assert self._strace is not None
        assert self._strace.stderr is not None
        missing = len(self._pids)
        while missing:
            line = await self._strace.stderr.readline()
            if not line:
                raise CheckerError("strace has ended: may it trace others?")
            missing -= b" attached" in line

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        assert self._strace is not None
        if self._strace.returncode is None:
            self._strace.terminate()  # it lets go of them
        await self._strace.communicate()
