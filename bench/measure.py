"""Runs and medians: in which order the loads are played against the servers, and what comes of it."""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .loads import LOADS, Load
from .servers import Subject, pinned

SOURCES = Path(__file__).with_name("load")


# One phase of one run, as the generator printed it: numbers by name. Any: it is JSON.
Phase = dict[str, Any]
# By load, by subject: the phases of each run.
Runs = dict[str, dict[str, list[list[Phase]]]]


@contextmanager
def built() -> Iterator[Path]:
    """Compile the generator; gives the program, for as long as the context lasts."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("the load generator is written in C: install a C compiler (cc, gcc or clang)")
    with tempfile.TemporaryDirectory(prefix="veche-bench-load-") as folder:
        program = Path(folder) / "load"
        command = [compiler, "-O2", "-o", str(program), *map(str, sorted(SOURCES.glob("*.c")))]
        whole = subprocess.run([*command, "-lssl", "-lcrypto"], capture_output=True, check=False)
        if whole.returncode != 0:  # no OpenSSL to build with: the loads that need it will fail and say so
            subprocess.run([*command, "-DWITHOUT_OPENSSL"], check=True)
        yield program


def cores() -> tuple[int | None, int | None]:
    """A core for the server and one for the load; None where there are not two."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


def play(program: Path, load: Load, subject: Subject) -> list[Phase]:
    """One run: a fresh server, one load, the phases that were measured."""
    server_core, load_core = cores()
    handshakes = subject.web_handshakes if load.clients == "web" else subject.handshakes
    with subject.run(server_core, load.clients) as running:
        result = subprocess.run(
            [str(program), str(running.port), str(running.pid), *load.words],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=pinned(load_core),
            env={**os.environ, "HANDSHAKES": str(handshakes), **load.options},
        )
    if result.returncode != 0:
        raise RuntimeError(f"{subject.name}, {' '.join(load.words)}: {result.stderr.strip()}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def play_all(
    loads: Sequence[str], subjects: dict[str, Subject], repeats: int, say: Callable[[str], None]
) -> tuple[Runs, list[str]]:
    """Every load against every server, `repeats` times, taking turns; returns the runs and what failed.

    Turns and not blocks: whatever else the machine does meanwhile then falls on all of them alike.
    """
    runs: Runs = {load: defaultdict(list) for load in loads}
    failures: list[str] = []
    with built() as program:
        for repeat in range(repeats):
            for load in loads:
                names = [name for name in subjects if can_play(load, name, subjects[name])]
                if not names or repeat >= LOADS[load].repeats:
                    continue
                turn = repeat % len(names)
                for name in names[turn:] + names[:turn]:
                    try:
                        phases = play(program, LOADS[load], subjects[name])
                    except RuntimeError as error:
                        failures.append(f"{load}, round {repeat + 1}: {error}")
                        say(f"FAILED {failures[-1]}")
                        continue
                    runs[load][name].append(phases)
                    cost = find_phase(phases, LOADS[load].phase)["cpu_us_each"]
                    say(f"{repeat + 1}/{repeats} {load:<10} {name:<10} {cost:9.3f} us")
    return runs, failures


def can_play(load: str, name: str, subject: Subject) -> bool:
    """Whether a load can be played against a server."""
    is_named = not subject.plays or load in subject.plays
    return is_named and LOADS[load].clients in subject.serves and name not in LOADS[load].without


def find_phase(phases: Sequence[Phase], name: str) -> Phase:
    """The phase of that name."""
    return next(phase for phase in phases if phase["phase"] == name)


def medians(phases: Sequence[Sequence[Phase]]) -> dict[str, dict[str, float]]:
    """Of several runs of one load against one server: by phase and figure, the median."""
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in phases:
        for phase in run:
            for figure, value in phase.items():
                if isinstance(value, int | float):
                    values[phase["phase"]][figure].append(value)
    return {
        phase: {figure: statistics.median(numbers) for figure, numbers in figures.items()}
        for phase, figures in values.items()
    }


def spread(phases: Sequence[Sequence[Phase]], phase: str, figure: str) -> tuple[float, float]:
    """The smallest and the largest value of a figure."""
    values = [part[figure] for run in phases for part in run if part["phase"] == phase]
    return min(values), max(values)
