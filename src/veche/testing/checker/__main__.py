"""The command line of the checker. Exit status: 0 green, 1 red, 2 the check could not be made."""

import argparse
import asyncio
import functools
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import record, report
from .again import again
from .client import CheckerError
from .database_faults import DATABASE_FAULTS, ON_A_DISK, SHORT, SYNCING
from .databases import Database, why_no_database
from .disks import why_no_disks, why_no_tmpfs
from .faults import FAULTS, STATEFUL
from .full_disk import diskfull
from .load import Shape
from .loads import LOADS
from .node_faults import LASTING_FAULTS, LONG, NODE_FAULTS
from .nodes import why_no_nodes
from .plan import Plan
from .process import own_server
from .sabotage import SABOTAGES
from .slow_disk import slowdisk, why_no_slow_disk
from .state_verdict import judge_state
from .verdict import Verdict, judge

ROUNDS = {"kill": 200, "diskfull": 3, "diskdies": 5, "gone": 1, "kill-node": 5, "stall": 3, "slowdisk": 1}
MANY = 20  # rounds of all others
SQLITE_FAULTS = {**FAULTS, "again": again, "diskfull": diskfull, "slowdisk": slowdisk}
STORES: dict[str, Mapping[str, Callable[[Plan], Coroutine[Any, Any, None]]]] = {
    "sqlite": SQLITE_FAULTS,
    "postgresql": DATABASE_FAULTS,
    "cluster": NODE_FAULTS,
}
OBSTACLES = {
    "powercut": why_no_disks,
    "diskdies": why_no_disks,
    "diskfull": why_no_tmpfs,
    "slowdisk": why_no_slow_disk,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one fault, or judge the observations of an earlier run."""
    options = _parser().parse_args(arguments)
    if options.fault == "judge":
        verdict = _judge(record.load(options.file))
        print(*report.summary("judge", verdict), sep="\n")
        return 0 if verdict.is_clean else 1
    obstacle = OBSTACLES.get(options.fault, lambda: "")()
    if options.store == "postgresql":
        obstacle = obstacle or why_no_database()
    if options.store == "cluster":
        obstacle = obstacle or why_no_nodes()
    if obstacle:
        print(f"{options.fault}: this machine cannot play it: {obstacle}", file=sys.stderr)
        return 2
    work = Path(tempfile.mkdtemp(prefix=f"veche-{options.fault}-", dir=options.work))
    plan = _plan(options, work)
    try:
        asyncio.run(_play(options, plan))
    except KeyboardInterrupt:
        print(f"{options.fault}: interrupted; so far: {report.counts(plan.total)}\nleft as it was: {work}")
        return 130
    except CheckerError as error:
        print(f"{options.fault}: cannot go on: {error}\n{plan.server.tail()}", file=sys.stderr)
        print(f"left as it was: {work}", file=sys.stderr)
        return 2
    print(*report.summary(options.fault, plan.total), sep="\n")
    if plan.total.is_clean:
        shutil.rmtree(work)
        return 0
    print(f"seed {options.seed}; data, observations and the server's log: {work}")
    return 1


async def _play(options: argparse.Namespace, plan: Plan) -> None:
    """Play the fault, with a database if the server is to have one."""
    database = plan.database
    try:
        if database is not None and options.fault not in ON_A_DISK:
            await database.open()
        await STORES[options.store][options.fault](plan)
    finally:
        if database is not None:
            await database.vanish()


def _plan(options: argparse.Namespace, work: Path) -> Plan:
    database: Database | None = None
    if options.store != "sqlite":
        folder = work / ("disk/postgresql" if options.fault in ON_A_DISK else "postgresql")
        database = Database(folder, is_durable=options.fault in SYNCING)
    command = options.server or own_server(options.sabotage, in_a_database=database is not None)
    shape = Shape(options.writers, options.readers, options.window, options.size)
    print(f"{options.fault}: {options.rounds} rounds, seed {options.seed}: {' '.join(command)}")
    say = functools.partial(print, flush=True)
    times = (options.rounds, options.longest, options.seed)
    return Plan(command, shape, *times, work, say, options.load, database, options.away, options.shortest)


def _judge(items: list[record.Item]) -> Verdict:
    """What was written down of messages, or of changes."""
    steps = [item for item in items if isinstance(item, record.Asked | record.Settled)]
    if steps:
        return judge_state(steps, [item for item in items if isinstance(item, record.Found)])
    events = [item for item in items if isinstance(item, record.Sent | record.Answered | record.Seen)]
    return judge(events, [item for item in items if isinstance(item, record.Kept)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m veche.testing.checker",
        description="Harms a running server, then checks that nothing acknowledged or seen is lost, "
        "and that there is one order.",
    )
    faults = parser.add_subparsers(dest="fault", required=True, metavar="FAULT")
    for name, fault in {**NODE_FAULTS, **DATABASE_FAULTS, **SQLITE_FAULTS}.items():
        text = (fault.__doc__ or "").strip()
        command = faults.add_parser(name, help=text, description=text)
        stores = [store for store, known in STORES.items() if name in known]
        command.add_argument("--store", choices=stores, default=stores[0], help="default %(default)s")
        command.add_argument("--rounds", type=int, default=ROUNDS.get(name, MANY), help="default %(default)s")
        command.add_argument(
            "--away",
            type=float,
            default=LONG if name in LASTING_FAULTS else 5.0,
            help="seconds that a trouble lasts which comes and goes; default %(default)s",
        )
        command.add_argument(
            "--longest", type=float, default=0.5, help="seconds of load before the harm, at most; default 0.5"
        )
        command.add_argument(
            "--shortest", type=float, default=0.0, help="seconds of load before the harm, at least; default 0"
        )
        seed = random.randrange(1 << 32)  # noqa: S311 - printed, so that a red run can be played again
        command.add_argument("--seed", type=int, default=seed, help="of the random moments")
        loads = LOADS if name in STATEFUL else ("messages", "both") if name in SHORT else LOADS[:1]
        command.add_argument("--load", choices=loads, default=loads[0], help="default %(default)s")
        command.add_argument("--writers", type=int, default=4, help="default %(default)s")
        command.add_argument("--readers", type=int, default=2, help="default %(default)s")
        command.add_argument(
            "--window", type=int, default=8, help="unanswered sends a writer; default %(default)s"
        )
        command.add_argument("--size", type=int, default=100, help="bytes in a message; default %(default)s")
        command.add_argument("--work", type=Path, help="where to work; default: a temporary folder")
        which = command.add_mutually_exclusive_group()
        which.add_argument("--sabotage", choices=SABOTAGES, help="break our own server on purpose")
        which.add_argument(
            "--server",
            nargs=argparse.REMAINDER,
            metavar="WORD",
            help="the server's command, {data}, {port} and {store} filled in; must be the last option",
        )
    again = faults.add_parser("judge", help="judge the saved observations of a red round again")
    again.add_argument("file", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
