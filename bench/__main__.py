"""Measure Veche beside other servers: `python -m bench --help`."""

import argparse
import datetime
import sys

from . import measure, report
from .servers import SUBJECTS


def main() -> int:
    """Play the loads and write the result; exit status 1 when a run failed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Plays the same loads against Veche and other IRC servers, taking turns, and writes the medians "
        "of the servers' CPU time, delays and memory to bench/results/.",
    )
    parser.add_argument(
        "--name",
        default=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        help="of the result; default: today",
    )
    parser.add_argument(
        "--repeats", type=int, default=5, help="runs of each load and server; default %(default)s"
    )
    parser.add_argument("--loads", default=",".join(measure.LOADS), help="default: %(default)s")
    parser.add_argument("--servers", default=",".join(SUBJECTS), help="default: %(default)s, if installed")
    options = parser.parse_args()
    loads, names = options.loads.split(","), options.servers.split(",")
    unknown = [name for name in loads if name not in measure.LOADS] + [
        name for name in names if name not in SUBJECTS
    ]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    absent = {name: why for name in names if (why := SUBJECTS[name].why_not())}
    subjects = {name: SUBJECTS[name] for name in names if name not in absent}
    if not subjects:
        parser.error("none of these servers is here")
    for name, why in absent.items():
        print(f"{name} is left out: {why}")
    machine = report.describe_machine()
    runs, failures = measure.play_all(loads, subjects, options.repeats, print)
    machine["load on the machine after, the bench's own included"] = report.busyness()
    print(f"written: {report.write(options.name, machine, subjects, absent, runs, failures)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
