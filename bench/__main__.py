"""Measure Veche beside other servers: `python -m bench --help`."""

import argparse
import datetime
import sys

from . import loads, measure, report
from .servers import SUBJECTS, Other, Subject


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m bench",
        description="Plays the same loads against Veche and other IRC servers, taking turns, and writes the medians "
        "of the servers' CPU time, delays and memory to bench/results/, as a page, as data and as plots.",
    )
    made.add_argument(
        "--name",
        default=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        help="of the result; default: today",
    )
    made.add_argument(
        "--repeats",
        type=int,
        default=5,
        help="runs of each load and server, fewer of those that take long; default %(default)s",
    )
    made.add_argument(
        "--loads",
        default="*",
        help=f"names with wildcards, separated by commas; default: all of {', '.join(loads.LOADS)}",
    )
    made.add_argument("--servers", default=",".join(SUBJECTS), help="default: %(default)s, if installed")
    made.add_argument(
        "--binary",
        action="append",
        default=[],
        metavar="SERVER=PATH",
        help="another program than the installed one, for inspircd or ngircd",
    )
    made.add_argument(
        "--command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="one more server, for plain clients; {port} and {folder} (an empty one) in COMMAND are replaced",
    )
    made.add_argument(
        "--add",
        action="store_true",
        help="add the runs to the result of that name, in place of those of the same loads",
    )
    made.add_argument(
        "--more",
        action="store_true",
        help="as --add, and keep the runs of the same loads that are there: for a long bench in pieces",
    )
    return made


def choose(options: argparse.Namespace) -> dict[str, Subject]:
    """The servers that are to be measured. Raises ValueError."""
    names = options.servers.split(",") if options.servers else []
    unknown = [name for name in names if name not in SUBJECTS]
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    chosen = {name: SUBJECTS[name] for name in names}
    for word in options.binary:
        name, _, path = word.partition("=")
        if name not in ("inspircd", "ngircd") or not path:
            raise ValueError(f"--binary {word}: which server, and where is it?")
        SUBJECTS[name].path = path
    for word in options.command:
        name, _, command = word.partition("=")
        if not command:
            raise ValueError(f"--command {word}: what is it called, and how is it started?")
        chosen[name] = Other(name, command)
    return chosen


def main() -> int:
    """Play the loads and write the result; exit status 1 when a run failed."""
    options = (asked := parser()).parse_args()
    try:
        chosen = choose(options)
        names = loads.matching(options.loads)
    except ValueError as error:
        asked.error(str(error))
    absent = {name: why for name, subject in chosen.items() if (why := subject.why_not())}
    subjects = {name: subject for name, subject in chosen.items() if name not in absent}
    if not subjects:
        asked.error("none of these servers is here")
    for name, why in absent.items():
        print(f"{name} is left out: {why}")
    machine = report.describe_machine()
    runs, failures = measure.play_all(names, subjects, options.repeats, print)
    machine["load on the machine after, the bench's own included"] = report.busyness()
    data = report.as_data(machine, subjects, absent, runs, failures)
    if options.add or options.more:
        data = report.added(options.name, data, keeps=options.more)
    print(f"written: {report.write(options.name, data)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
