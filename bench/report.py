"""A run as a page for people (Markdown) and as data (JSON)."""

import datetime
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .measure import LOADS, Phase, Runs, cores, medians, spread
from .servers import Subject

RESULTS = Path(__file__).with_name("results")


def describe_machine() -> dict[str, str]:
    """What the figures depend on, besides the servers."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    server_core, load_core = cores()
    pinning = "not pinned: fewer than two cores" if server_core is None else f"{server_core} and {load_core}"
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{os.cpu_count()} x {cpu}",
        "kernel": platform.release(),
        "cores of server and load": pinning,
        "a sync of the disk": f"{_sync_us():.0f} us (4 KiB appended, fdatasync, median of 200)",
        "load on the machine before": busyness(),
    }


def busyness() -> str:
    """How many processes wanted to run: above 2 on two cores, others were measured as well."""
    return f"{os.getloadavg()[0]:.2f}"


def _sync_us() -> float:
    """What the disk under the servers' folders asks for durability; storing figures mean little without it."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(200):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def write(
    name: str,
    machine: dict[str, str],
    subjects: dict[str, Subject],
    absent: dict[str, str],
    runs: Runs,
    failures: Sequence[str],
) -> Path:
    """Write both files; returns the page's path."""
    RESULTS.mkdir(exist_ok=True)
    described = {
        key: {"name": subject.name, "version": subject.version(), "stores": subject.stores}
        for key, subject in subjects.items()
    }
    data = {
        "machine": machine,
        "servers": described,
        "absent": absent,
        "loads": {load: {"title": LOADS[load].title, "words": LOADS[load].words} for load in runs},
        "runs": runs,
        "failures": list(failures),
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
    page = RESULTS / f"{name}.md"
    page.write_text("\n".join(_page(name, machine, subjects, absent, runs, failures)) + "\n")
    return page


def _page(
    name: str,
    machine: dict[str, str],
    subjects: dict[str, Subject],
    absent: dict[str, str],
    runs: Runs,
    failures: Sequence[str],
) -> list[str]:
    lines = [f"# {name}", "", "Written by `python -m bench`; how to read it: [README](../README.md).", ""]
    lines += [f"* {what}: {value}" for what, value in machine.items()]
    lines += ["", *_table(["server", "version", "keeps messages on disk"], _versions(subjects))]
    lines += [f"\n{key} was left out: {why}." for key, why in absent.items()]
    for load, by_subject in runs.items():
        lines += ["", f"## {load}: {LOADS[load].title}", ""]
        lines += (
            _fan_table(subjects, by_subject) if load != "connect" else _connect_table(subjects, by_subject)
        )
        lines += _beside(load, subjects, runs)
    if failures:
        lines += ["", "## Failures", "", *(f"* {failure}" for failure in failures)]
    return lines


def _beside(load: str, subjects: dict[str, Subject], runs: Runs) -> list[str]:
    """What this load costs each server, against the load that differs from it in the kind of clients alone."""
    other = LOADS[load].beside
    if other not in runs:
        return []
    ratios = [
        f"{subjects[key].name} {_cost(phases) / _cost(runs[other][key]):.2f}"
        for key, phases in runs[load].items()
        if runs[other].get(key)
    ]
    return ["", f"Median CPU per delivery against `{other}`: {', '.join(ratios)}."] if ratios else []


def _cost(phases: Sequence[Sequence[Phase]]) -> float:
    return max(medians(phases)["fan"]["cpu_us_each"], 1e-9)  # a run can be shorter than the kernel's tick


def _versions(subjects: dict[str, Subject]) -> list[list[str]]:
    return [
        [one.name, one.version(), "yes, synced before delivery" if one.stores else "no"]
        for one in subjects.values()
    ]


def _fan_table(subjects: dict[str, Subject], runs: dict[str, list[list[dict[str, float]]]]) -> list[str]:
    rows = []
    for key, phases in runs.items():
        figures = medians(phases)
        talk = figures.get("fan") or figures["pairs"]
        low, high = spread(phases, "fan" if "fan" in figures else "pairs", "cpu_us_each")
        rows.append(
            [
                subjects[key].name,
                f"**{talk['cpu_us_each']:.3f}** ({low:.3f} to {high:.3f})",
                f"{talk['cpu_us_per_message']:.1f}",
                f"{talk['p50_us']:,.0f} / {talk['p99_us']:,.0f}",
                f"{talk['deliveries'] / talk['seconds']:,.0f}",
                f"{talk['server_share']:.0%} / {talk['load_share']:.0%}",
                f"{figures['join']['cpu_us_each']:.3f}" if "join" in figures else "",
                str(len(phases)),
            ]
        )
    header = [
        "server",
        "CPU us per delivery, median (range)",
        "CPU us per message",
        "delay us p50 / p99",
        "deliveries/s",
        "busy: server / load",
        "CPU us per JOIN told",
        "runs",
    ]
    return _table(header, rows)


def _connect_table(subjects: dict[str, Subject], runs: dict[str, list[list[dict[str, float]]]]) -> list[str]:
    rows = []
    for key, phases in runs.items():
        figures = medians(phases)["connect"]
        base = figures["memory_kib"] - figures["memory_kib_each"] * figures["clients"]
        rows.append(
            [
                subjects[key].name,
                f"{figures['cpu_us_each']:.0f}",
                f"{figures['memory_kib_each']:.2f}",
                f"{base / 1024:.0f}",
                f"{figures['clients'] / figures['seconds']:,.0f}",
                str(len(phases)),
            ]
        )
    return _table(
        [
            "server",
            "CPU us per registration",
            "memory KiB each",
            "memory MiB before",
            "registrations/s",
            "runs",
        ],
        rows,
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(header) + " |",
        "|" + " --- |" * len(header),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
