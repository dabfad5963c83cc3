"""A run as data (JSON), as a page for people (Markdown) and as plots (PNG)."""

import datetime
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.processes import cpu

from . import goals, plots
from .loads import LOADS
from .measure import Phase, Runs, cores, medians, spread
from .servers import Subject

# In a checkout beside the programs; measured with an installed package, where it was started.
_HERE = Path(__file__).parent
RESULTS = _HERE / "results" if (_HERE.parent / "pyproject.toml").is_file() else Path("bench-results")

# What is in the JSON. Any: it is JSON.
Data = dict[str, Any]
Figures = dict[str, float]

# A column: its title, and how it is written from the figures of the phase that counts.
_COLUMNS: dict[str, str] = {
    "CPU us per message": "{cpu_us_per_message:.1f}",
    "of that the loop": "{cpu_us_first:.1f}",
    "the writer": "{cpu_us_veche-writer:.1f}",
    "the indexer": "{cpu_us_veche-search:.1f}",
    "delay us p50 / p99 / p99.9": "{p50_us:,.0f} / {p99_us:,.0f} / {p999_us:,.0f}",
    "deliveries/s": "{deliveries_a_second:,.0f}",
    "messages/s": "{messages_a_second:,.0f}",
    "busy: server / load": "{server_share:.0%} / {load_share:.0%}",
    "CPU us per registration": "{cpu_us_each:.0f}",
    "of the first / last thousand": "{first_us_each:.0f} / {last_us_each:.0f}",
    "registrations/s": "{clients_a_second:,.0f}",
    "until registered ms p50 / p99": "{p50_ms:,.0f} / {p99_ms:,.0f}",
    "memory KiB each": "{memory_kib_each:.2f}",
    "memory MiB": "{memory_mib:,.0f}",
    "seconds": "{seconds:.2f}",
    "ms until all know": "{ms_until_all_know:.1f}",
    "ms at most": "{ms_at_most:.0f}",
}
_TALK = ["CPU us per message", "delay us p50 / p99 / p99.9", "deliveries/s", "busy: server / load"]
_CONNECT = [
    "CPU us per registration",
    "of the first / last thousand",
    "registrations/s",
    "until registered ms p50 / p99",
    "memory KiB each",
    "memory MiB",
]
# By the phase that counts: what one delivery is there, and the columns.
_KINDS: dict[str, tuple[str, list[str]]] = {
    "connect": ("", _CONNECT),
    "join-storm": ("JOIN told", ["seconds", "memory MiB"]),
    "quit-storm": ("QUIT told", ["seconds", "memory MiB"]),
    "nick": ("NICK told", ["ms until all know"]),
    "names": ("name", ["ms at most", "memory MiB"]),
    "who": ("line of WHO", ["ms at most", "memory MiB"]),
    "ack": ("acknowledged message", ["messages/s", *_TALK[1:2], "busy: server / load"]),
    "rate": (
        "delivery",
        ["CPU us per message", "of that the loop", "the writer", "the indexer", *_TALK[1:2]],
    ),
}


def describe_machine() -> dict[str, str]:
    """What the figures depend on, besides the servers."""
    server_core, load_core = cores()
    pinning = "not pinned: fewer than two cores" if server_core is None else f"{server_core} and {load_core}"
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu(),
        "kernel": platform.release(),
        "cores of server and load": pinning,
        "payload": f"about 95 bytes, {os.environ.get('PADDING', '60')} of them filling",
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


def as_data(
    machine: dict[str, str],
    subjects: dict[str, Subject],
    absent: dict[str, str],
    runs: Runs,
    failures: Sequence[str],
) -> Data:
    """Everything that a run has given."""
    described = {
        key: {"name": subject.name, "version": subject.version(), "stores": subject.stores}
        for key, subject in subjects.items()
    }
    loads = {
        load: {
            "title": LOADS[load].title,
            "words": LOADS[load].words,
            "options": LOADS[load].options,
            "played": f"{machine.get('date', '')}, load on the machine {busyness()}, "
            + next(
                (
                    subject.version()
                    for key, subject in subjects.items()
                    if key.startswith(("compiled", "veche"))
                ),
                "",
            ),
        }
        for load in runs
    }
    return {
        "machine": machine,
        "servers": described,
        "absent": absent,
        "loads": loads,
        "runs": runs,
        "failures": list(failures),
    }


def added(name: str, data: Data, *, keeps: bool = False) -> Data:
    """Newer data beside the older of that name, where there is any; of the loads that both have it is the newer, or
    what there is of both if it `keeps`."""
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return data
    old = json.loads(file.read_text())
    runs = {**old["runs"], **data["runs"]}
    if keeps:
        for load, by_server in old["runs"].items():
            newer = data["runs"].get(load, {})
            runs[load] = {key: [*by_server.get(key, ()), *newer.get(key, ())] for key in by_server | newer}
    return {
        "machine": data["machine"],
        "servers": {**old["servers"], **data["servers"]},
        "absent": data["absent"],
        "loads": {load: {**old["loads"], **data["loads"]}[load] for load in LOADS if load in runs},
        "runs": {load: runs[load] for load in LOADS if load in runs},
        "failures": [
            *(one for one in old["failures"] if keeps or one.partition(",")[0] not in data["runs"]),
            *data["failures"],
        ],
    }


def write(name: str, data: Data) -> Path:
    """Write the files; returns the page's path."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
    pictures = plots.draw(data, RESULTS / name)
    page = RESULTS / f"{name}.md"
    page.write_text("\n".join(_page(name, data, pictures)) + "\n")
    return page


def _page(name: str, data: Data, pictures: list[Path]) -> list[str]:
    lines = [f"# {name}", "", "Written by `python -m bench`; how to read it: [README](../README.md).", ""]
    lines += [f"* {what}: {value}" for what, value in data["machine"].items()]
    versions = [
        [one["name"], one["version"], "yes, synced before delivery" if one["stores"] else "no"]
        for one in data["servers"].values()
    ]
    lines += ["", *markdown_table(["server", "version", "keeps messages on disk"], versions)]
    lines += [f"\n{key} was left out: {why}." for key, why in data["absent"].items()]
    reached = goals.table(data["runs"])
    if reached:
        lines += ["", "## How far from each goal", "", *markdown_table(goals.HEADER, reached)]
    lines += [f"\n![{file.stem}]({file.parent.name}/{file.name})" for file in pictures]
    for load, by_subject in data["runs"].items():
        lines += ["", f"## {load}: {data['loads'][load]['title']}", ""]
        for phase in _phases(load):
            lines += _load_table(phase, data["servers"], by_subject)
        lines += _beside(load, data)
        lines += _left_out(load, data["servers"])
        lines += [f"\nPlayed {data['loads'][load]['played']}."]
    if data["failures"]:
        lines += ["", "## Failures", "", *(f"* {failure}" for failure in data["failures"])]
    return lines


def _phases(load: str) -> list[str]:
    """The phases that get a table."""
    phase = LOADS[load].phase
    if LOADS[load].words[0] == "idle":
        return ["connect", "first", "last"]
    return ["names", "who"] if phase == "names" else [phase]


def _left_out(load: str, servers: dict[str, Any]) -> list[str]:
    return [
        f"\nWithout {servers[key]['name']}: {why}."
        for key, why in LOADS[load].without.items()
        if key in servers
    ]


def _beside(load: str, data: Data) -> list[str]:
    """What this load costs each server, against the load that differs from it in the kind of clients alone."""
    other = LOADS[load].beside
    if other not in data["runs"]:
        return []
    ratios = [
        f"{data['servers'][key]['name']} {_cost(phases) / _cost(data['runs'][other][key]):.2f}"
        for key, phases in data["runs"][load].items()
        if data["runs"][other].get(key)
    ]
    return ["", f"Median CPU per delivery against `{other}`: {', '.join(ratios)}."] if ratios else []


def _cost(phases: Sequence[Sequence[Phase]]) -> float:
    return max(medians(phases)["fan"]["cpu_us_each"], 1e-9)  # a run can be shorter than the kernel's tick


def _load_table(phase: str, servers: dict[str, Any], runs: dict[str, list[list[Phase]]]) -> list[str]:
    unit, columns = _KINDS.get(phase, ("delivery", _TALK))
    has_joins = phase == "fan"
    rows, shown = [], set()
    for key, phases in runs.items():
        figures = medians(phases)
        if phase not in figures:
            continue
        talk = _more(figures[phase])
        low, high = spread(phases, phase, "cpu_us_each")
        cells = {title: _format(_COLUMNS[title], talk) for title in columns}
        if unit:
            cells = {
                f"CPU us per {unit}, median (range)": f"**{talk['cpu_us_each']:.3f}** ({low:.3f} to {high:.3f})"
            } | cells
        if has_joins:
            cells["CPU us per JOIN told"] = f"{figures['join']['cpu_us_each']:.3f}"
        cells["runs"] = str(len(phases))
        shown |= {title for title, cell in cells.items() if cell}
        rows.append((servers[key]["name"], cells))
    header = [title for title in (rows[0][1] if rows else {}) if title in shown]
    intro = [f"\n{phase}:\n"] if phase in ("first", "last", "who") else []
    return intro + markdown_table(
        ["server", *header], [[name, *(cells[title] for title in header)] for name, cells in rows]
    )


def _more(figures: Figures) -> Figures:
    """Figures that follow from others."""
    made = dict(figures)
    seconds = max(figures["seconds"], 1e-9)
    made["memory_mib"] = figures.get("memory_kib", 0) / 1024
    made["clients_a_second"] = figures["clients"] / seconds
    made["deliveries_a_second"] = figures.get("deliveries", 0) / seconds
    made["messages_a_second"] = figures.get("messages", 0) / seconds
    for name in ("p50", "p99"):
        made[f"{name}_ms"] = figures.get(f"{name}_us", 0) / 1000
    return made


def _format(form: str, figures: Figures) -> str:
    """A cell; empty where the figures lack something."""
    try:
        return form.format(**figures)
    except KeyError:
        return ""


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(header) + " |",
        "|" + " --- |" * len(header),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
