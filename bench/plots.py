"""Plots of a result (PNG), where matplotlib is installed: `pip install matplotlib`, which nothing else here needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .measure import medians

# Any: what is in the JSON, and matplotlib's objects.
Data = dict[str, Any]
_COLOURS = {
    "compiled": "#8c2d19",
    "compiled-off": "#d98c5f",
    "veche": "#b8860b",
    "veche-off": "#e6c86e",
    "veche-postgres": "#5b1f6b",
    "inspircd": "#2f6690",
    "ngircd": "#81a4cd",
    "model": "#555555",
    "model-storing": "#999999",
}


def draw(data: Data, folder: Path) -> list[Path]:
    """Draw what there is into `folder`; returns the files, none without matplotlib."""
    try:
        import matplotlib as mpl
    except ImportError:
        return []
    mpl.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(exist_ok=True)
    files = []
    for name, plot in _PLOTS.items():
        figure, axes = pyplot.subplots(figsize=(9, 4.5), layout="constrained")
        if plot(data, axes):
            axes.legend(fontsize=8)
            axes.spines[["top", "right"]].set_visible(False)
            file = folder / f"{name}.png"
            figure.savefig(file, dpi=110, metadata={"Software": ""})
            files.append(file)
        pyplot.close(figure)
    return files


def _servers(data: Data) -> dict[str, str]:
    return {key: one["name"] for key, one in data["servers"].items()}


def _figure(data: Data, load: str, server: str, phase: str, name: str) -> float | None:
    phases = data["runs"].get(load, {}).get(server)
    if not phases:
        return None
    return medians(phases).get(phase, {}).get(name)


def _bars(data: Data, axes: Any, groups: list[tuple[str, str, str, str]]) -> bool:
    """Groups of bars, one bar for each server; a group is its title, a load, a phase and a figure."""
    servers = _servers(data)
    groups = [
        group
        for group in groups
        if any(_figure(data, group[1], server, *group[2:]) is not None for server in servers)
    ]
    width = 0.8 / max(1, len(servers))
    for number, (key, name) in enumerate(servers.items()):
        bars = [
            (place + number * width, value)
            for place, (_, load, phase, figure) in enumerate(groups)
            if (value := _figure(data, load, key, phase, figure)) is not None
        ]
        if bars:
            axes.bar(*zip(*bars, strict=True), width, label=name, color=_COLOURS.get(key))
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(groups))], [group[0] for group in groups])
    return bool(groups)


def _cpu(data: Data, axes: Any) -> bool:
    axes.set_yscale("log")
    axes.set_title("CPU per delivery (us; the lower the better)")
    names = ["fan", "fan-mixed", "fan-tls", "fan-web", "fan-one"]
    return _bars(
        data, axes, [*((name, name, "fan", "cpu_us_each") for name in names),
                     ("pairs", "pairs", "pairs", "cpu_us_each"),
                     ("pairs-one", "pairs-one", "pairs", "cpu_us_each")]
    )  # fmt: skip


def _speed(data: Data, axes: Any) -> bool:
    axes.set_title("Deliveries a second (the higher the better)")
    axes.set_yscale("log")
    groups = [
        ("fan", "fan"),
        ("fan-mixed", "fan"),
        ("fan-one", "fan"),
        ("pairs", "pairs"),
        ("pairs-one", "pairs"),
    ]
    rates: Data = {"servers": data["servers"], "runs": {}}
    for load, phase in groups:
        for server in data["servers"]:
            count, seconds = (_figure(data, load, server, phase, name) for name in ("deliveries", "seconds"))
            if count and seconds:
                made = [[{"phase": phase, "rate": count / seconds}]]
                rates["runs"].setdefault(load, {})[server] = made
    return _bars(rates, axes, [(load, load, phase, "rate") for load, phase in groups])


def _delays(data: Data, axes: Any) -> bool:
    axes.set_title("Delay at 20 messages a second to a room of 300 (ms)")
    groups = [
        (title, "steady", "steady", figure)
        for title, figure in (("median", "p50_ms"), ("99 %", "p99_ms"), ("99.9 %", "p999_ms"))
    ]
    runs = {
        server: [
            [
                {
                    "phase": "steady",
                    **{f"{name}_ms": phase[f"{name}_us"] / 1000 for name in ("p50", "p99", "p999")},
                }
                for phase in run
                if phase["phase"] == "steady"
            ]
            for run in phases
        ]
        for server, phases in data["runs"].get("steady", {}).items()
    }
    return _bars({"servers": data["servers"], "runs": {"steady": runs}}, axes, groups)


def _memory(data: Data, axes: Any) -> bool:
    axes.set_title("Memory of an idle connection (KiB)")
    axes.set_yscale("log")
    kinds = [("plain", "idle-plain"), ("TLS", "idle-tls"), ("WebSocket", "idle-web")]
    return _bars(data, axes, [(title, load, "connect", "memory_kib_each") for title, load in kinds])


def _storms(data: Data, axes: Any) -> bool:
    axes.set_title("CPU for each who is told, or each line of an answer (us)")
    groups = [
        ("5,000 join", "joins", "join-storm", "cpu_us_each"),
        ("2,500 quit", "quits", "quit-storm", "cpu_us_each"),
        ("a nick changes", "nicks", "nick", "cpu_us_each"),
        ("NAMES of 10,000", "ask", "names", "cpu_us_each"),
        ("WHO of 10,000", "ask", "who", "cpu_us_each"),
    ]
    return _bars(data, axes, groups)


def _lines(data: Data, axes: Any, loads: dict[int, str], value: Callable[[str, str], float | None]) -> bool:
    is_drawn = False
    for key, name in _servers(data).items():
        points = [(size, found) for size, load in loads.items() if (found := value(load, key)) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=name, color=_COLOURS.get(key))
            is_drawn = True
    axes.set_xscale("log")
    return is_drawn


def _growth(data: Data, axes: Any) -> bool:
    axes.set_title("CPU per delivery by the size of the room (us)")
    axes.set_xlabel("members")
    loads = {size: f"grow-{size}" for size in (100, 300, 1000, 3000, 10_000)}
    is_drawn = _lines(data, axes, loads, lambda load, key: _figure(data, load, key, "fan", "cpu_us_each"))
    axes.set_ylim(bottom=0)  # when the top is known
    return is_drawn


def _thousands(data: Data, axes: Any) -> bool:
    axes.set_title("CPU for each registration, thousand by thousand (us)")
    axes.set_xlabel("connections before")
    is_drawn = False
    for key, name in _servers(data).items():
        phases = data["runs"].get("idle-plain", {}).get(key) or [[{}]]
        costs = phases[-1][0].get("thousands_us_each")
        if costs:
            places = [1000 * place for place in range(len(costs))]
            axes.plot(places, costs, marker=".", label=name, color=_COLOURS.get(key))
            is_drawn = True
    axes.set_ylim(bottom=0)  # when the top is known
    return is_drawn


def _acknowledged(data: Data, axes: Any) -> bool:
    axes.set_title("Acknowledged messages a second by the number of senders who wait for each")
    axes.set_xlabel("senders")
    axes.set_yscale("log")

    def rate(load: str, key: str) -> float | None:
        count, seconds = (_figure(data, load, key, "ack", name) for name in ("messages", "seconds"))
        return count / seconds if count and seconds else None

    return _lines(data, axes, {size: f"ack-{size}" for size in (1, 10, 100, 1000)}, rate)


_PLOTS: dict[str, Callable[[Data, Any], bool]] = {
    "cpu": _cpu,
    "deliveries": _speed,
    "delays": _delays,
    "memory": _memory,
    "storms": _storms,
    "growth": _growth,
    "acknowledged": _acknowledged,
    "thousands": _thousands,
}
