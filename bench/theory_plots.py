"""Draws the measurements of the theory for the report:  python -m bench.theory_plots [NAME]

From results/NAME.json into docs/report/pictures/plot-*.svg and, in Russian, plot-*.ru.svg. Needs matplotlib
(`pip install matplotlib`), which nothing else here does.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from bench.report import RESULTS
from bench.servers import ROOT

PICTURES = ROOT / "docs" / "report" / "pictures"
NAME = "2026-11-23-theory"
COLOURS = {"threads": "#555555", "asyncio": "#81a4cd", "uvloop": "#2f6690", "veche": "#8c2d19"}
# (English, Russian)
WORDS = {
    "threads": ("a thread for each client", "поток на клиента"),
    "asyncio": ("event loop: asyncio", "цикл событий: asyncio"),
    "uvloop": ("event loop: uvloop", "цикл событий: uvloop"),
    "veche": ("Veche, storing everything", "Вече, всё записывает"),
    "work": (
        "CPU for one delivery, up to 20 people talking at once (µs; the lower the better)",
        "Процессор на одну доставку, до 20 человек говорят разом (мкс; меньше — лучше)",
    ),
    "members": ("members of the room", "участников в комнате"),
    "memory": (
        "Memory of one connection (KiB; the lower the better)",
        "Память одного соединения (КиБ; меньше — лучше)",
    ),
    "steady": (
        "Delay at 20 messages a second to a room of 300 (ms; the lower the better)",
        "Задержка при 20 сообщениях в секунду в комнате из 300 (мс; меньше — лучше)",
    ),
    "p50_us": ("half arrive within", "половина приходит за"),
    "p99_us": ("99 % arrive within", "99 % приходят за"),
    "disk": ("Rows appended a second", "Строк, записанных за секунду"),
    "group": ("rows before one sync", "строк на одну синхронизацию"),
    "cache": ("a file, not synced", "файл, без синхронизации"),
    "synced": ("a file, synced", "файл, с синхронизацией"),
    "sqlite": ("SQLite, synced", "SQLite, с синхронизацией"),
}
# Any: what is in the JSON, and matplotlib's objects, which bring no types that we could lean on.
Data = dict[str, Any]
Say = Callable[[str], str]


def draw(data: Data) -> None:
    """All plots, in both languages."""
    import matplotlib as mpl

    mpl.use("Agg")
    # The same data give the same bytes: element ids are otherwise made of random numbers.
    mpl.rcParams.update({"svg.hashsalt": "veche", "font.size": 10, "axes.titlesize": 10.5})
    from matplotlib import pyplot

    for name, plot in PLOTS.items():
        for number, ending in enumerate(("", ".ru")):
            figure, axes = pyplot.subplots(figsize=(7.2, 3.4), layout="constrained")

            def say(word: str, number: int = number) -> str:
                return WORDS[word][number]

            axes.set_title(say(name))
            plot(data[name], axes, say)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y", alpha=0.3)
            axes.set_axisbelow(True)
            file = PICTURES / f"plot-{name}{ending}.svg"
            figure.savefig(file, metadata={"Date": None, "Creator": None})
            file.write_text("\n".join(line.rstrip() for line in file.read_text().splitlines()) + "\n")
            pyplot.close(figure)
            print(file)


def _work(data: Data, axes: Any, say: Say) -> None:
    sizes = sorted(map(int, data))
    for way, colour in COLOURS.items():
        costs = [data[str(size)][way]["cpu_us_each"] for size in sizes]
        axes.plot(sizes, costs, marker="o", label=say(way), color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_yticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
    axes.minorticks_off()
    axes.set_xlabel(say("members"))
    axes.legend(fontsize=8)


def _memory(data: Data, axes: Any, say: Say) -> None:
    names = list(COLOURS)[::-1]
    bars = axes.barh([say(way) for way in names], [data[way]["memory_kib_each"] for way in names],
                     color=[COLOURS[way] for way in names])  # fmt: skip
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.grid(axis="y", alpha=0)


def _steady(data: Data, axes: Any, say: Say) -> None:
    width = 0.2
    for number, (way, colour) in enumerate(COLOURS.items()):
        heights = [data[way][figure] / 1000 for figure in ("p50_us", "p99_us")]
        bars = axes.bar([place + (number - 1.5) * width for place in (0, 1)], heights, width * 0.92,
                        label=say(way), color=colour)  # fmt: skip
        axes.bar_label(bars, fmt="%.1f", fontsize=8)
    axes.set_xticks([0, 1], [say("p50_us"), say("p99_us")])
    axes.legend(fontsize=8)


def _disk(data: Data, axes: Any, say: Say) -> None:
    sizes = sorted(map(int, data["synced"]))
    axes.axhline(data["cache"], color="#999999", linestyle="--", label=say("cache"))
    for name, colour in (("synced", "#2f6690"), ("sqlite", "#8c2d19")):
        axes.plot(sizes, [data[name][str(size)] for size in sizes], marker="o", label=say(name), color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel(say("group"))
    axes.legend(fontsize=8)


PLOTS: dict[str, Callable[[Data, Any, Say], None]] = {
    "work": _work,
    "memory": _memory,
    "steady": _steady,
    "disk": _disk,
}


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else NAME
    draw(json.loads((RESULTS / f"{name}.json").read_text()))
