"""Says a million random lines to the server: `python -m fuzz --help`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from .rounds import ROUND, play_all


def main() -> int:
    """Play the rounds; exit status 1 when one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz",
        description="Random lines for whole servers in memory, with a look at everything after each step. "
        "Prints its seed; a failure prints the fewest steps that lead to it.",
    )
    parser.add_argument("--lines", type=int, default=1_000_000, help="in all; default %(default)s")
    parser.add_argument("--seed", type=int, help="of the first round; default: chance")
    parser.add_argument("--round", type=int, default=ROUND, help="lines of one server; default %(default)s")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes; default %(default)s"
    )
    options = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    rounds = max(1, options.lines // options.round)
    print(f"seed {seed}, {rounds} rounds of {options.round} lines", flush=True)
    return play_all(range(seed, seed + rounds), options.round, max(1, options.jobs))


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of texts is part of what happens: the seed has to be all that there is to know.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "fuzz", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main())
