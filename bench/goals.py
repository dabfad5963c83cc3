"""What Veche wants to reach beside its peers, and how far it is from that.

Each goal is a figure of Veche's against a limit that is a number or a figure of a peer's in the same run; a goal whose
loads were not played is left out. The compiled Veche is judged, where it was played, and the one that runs from its
sources stands beside it.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .measure import Runs, medians

HEADER = ["goal", "Veche", "limit", "used of it", "", "from source"]


class Goal(NamedTuple):
    """A figure and its limit, both in `unit`."""

    title: str
    figure: float
    limit: float
    unit: str
    is_least: bool = False  # the limit is the least that is asked for

    @property
    def is_met(self) -> bool:
        """Whether it has been reached."""
        return self.figure >= self.limit if self.is_least else self.figure <= self.limit

    def row(self) -> list[str]:
        """Cells for HEADER but the last."""
        mark = "reached" if self.is_met else "**not reached**"
        share = self.limit / self.figure if self.is_least else self.figure / self.limit
        bound = "at least" if self.is_least else "at most"
        return [
            self.title,
            self.value,
            f"{bound} {_short(self.limit)} {self.unit}".rstrip(),
            f"{share:.0%}",
            mark,
        ]

    @property
    def value(self) -> str:
        """The figure with its unit."""
        return f"{_short(self.figure)} {self.unit}".rstrip()


def _short(number: float) -> str:
    return f"{number:,.3g}" if number < 1000 else f"{number:,.0f}"


class _Figures:
    """The medians of a run, asked for by load, server, phase and name. Raises KeyError for what was not played.

    "veche" stands for the Veche that is judged: `own` is "veche" or "compiled".
    """

    def __init__(self, runs: Runs, own: str) -> None:
        self._runs = runs
        self._own = own

    def __call__(self, load: str, server: str, name: str = "cpu_us_each", phase: str = "") -> float:
        figures = medians(self._runs[load][server.replace("veche", self._own)])
        return figures[phase or _PHASE[load.partition("-")[0]]][name]

    def rate(self, load: str, server: str, what: str, phase: str) -> float:
        return self(load, server, what, phase) / self(load, server, "seconds", phase)


_PHASE = {
    "fan": "fan",
    "grow": "fan",
    "pairs": "pairs",
    "steady": "steady",
    "connect": "connect",
    "idle": "connect",
    "joins": "join-storm",
    "rate": "rate",
}


def _many(of: _Figures) -> Iterator[Goal]:
    off, on = of("fan", "veche-off"), of("fan", "veche")
    yield Goal(
        "many senders into one room, storing: 0.5 of InspIRCd's CPU", on, 0.5 * of("fan", "inspircd"), "us"
    )
    yield Goal("the same, not storing: 1.4 of the model's", off, 1.4 * of("fan", "model"), "us")


def _one(of: _Figures) -> Iterator[Goal]:
    yield Goal(
        "one sender at a time, not storing: InspIRCd's CPU",
        of("fan-one", "veche-off"),
        of("fan-one", "inspircd"),
        "us",
    )


def _pairs(of: _Figures) -> Iterator[Goal]:
    limit = min(of("pairs", "inspircd"), of("pairs", "ngircd"))
    yield Goal(
        "pairs, not storing: the smaller of InspIRCd's and ngIRCd's CPU",
        of("pairs", "veche-off"),
        limit,
        "us",
    )
    yield Goal("pairs, storing: twice that", of("pairs", "veche"), 2 * limit, "us")


def _steady(of: _Figures) -> Iterator[Goal]:
    off, on = of("steady", "veche-off", "p99_us"), of("steady", "veche", "p99_us")
    peer = of("steady", "inspircd", "p99_us")
    yield Goal("20 messages a second to 300, not storing: InspIRCd's 99th percentile", off, peer, "us")
    yield Goal("the same, storing: 3 ms more than not storing", on, off + 3000, "us")


def _registering(of: _Figures) -> Iterator[Goal]:
    own, peer = of("connect", "veche"), of("connect", "inspircd")
    yield Goal("registering a connection: InspIRCd's CPU", own, peer, "us")
    speed = of.rate("connect", "veche", "clients", "connect")
    yield Goal("10,000 connections registered", speed, 5000, "a second", is_least=True)


def _joining(of: _Figures) -> Iterator[Goal]:
    yield Goal(
        "5,000 join one room: InspIRCd's CPU for each who is told",
        of("joins", "veche"),
        of("joins", "inspircd"),
        "us",
    )


def _memory(kind: str, limit: float) -> Callable[[_Figures], Iterator[Goal]]:
    def goals(of: _Figures) -> Iterator[Goal]:
        figure = of(f"idle-{kind}", "veche", "memory_kib_each")
        yield Goal(f"memory of an idle connection, {kind}", figure, limit, "KiB")

    return goals


def _held(of: _Figures) -> Iterator[Goal]:
    held = of("idle-plain", "veche", "clients")
    yield Goal("connections held by one process", held, 19_000, "", is_least=True)
    first, last = (of("idle-plain", "veche", f"{which}_us_each") for which in ("first", "last"))
    yield Goal("registering the last thousand of them: as the first, and a tenth", last, 1.1 * first, "us")
    first, last = (of("idle-plain", "veche", "cpu_us_each", which) for which in ("first", "last"))
    yield Goal("a message among the last thousand: as among the first, and a tenth", last, 1.1 * first, "us")


def _growing(of: _Figures) -> Iterator[Goal]:
    small, large = of("grow-100", "veche-off"), of("grow-10000", "veche-off")
    yield Goal("CPU per delivery from 100 to 10,000 members, not storing", large / small, 1.3, "times")
    small, large = of("grow-100", "veche"), of("grow-10000", "veche")
    yield Goal("the same, storing", large / small, 1.3, "times")


def _storing(of: _Figures) -> Iterator[Goal]:
    more = of("rate", "veche", "cpu_us_per_message") - of("rate", "veche-off", "cpu_us_per_message")
    yield Goal("storing at 10,000 messages a second, all threads", more, 3.0, "us a message")
    more = of("rate", "veche", "cpu_us_first") - of("rate", "veche-off", "cpu_us_first")
    yield Goal("of that in the loop's thread", more, 3.0, "us a message")


_GOALS: list[Callable[[_Figures], Iterator[Goal]]] = [
    _many,
    _one,
    _pairs,
    _steady,
    _registering,
    _joining,
    _memory("plain", 4.0),
    _memory("tls", 32.0),
    _memory("web", 16.0),
    _held,
    _growing,
    _storing,
]


def table(runs: Runs) -> list[list[str]]:
    """Rows for HEADER."""
    from_source = _reached(_Figures(runs, "veche"))
    judged = _reached(_Figures(runs, "compiled")) or from_source
    return [
        [*goal.row(), from_source[title].value if title in from_source else ""]
        for title, goal in judged.items()
    ]


def _reached(figures: _Figures) -> dict[str, Goal]:
    """The goals that can be judged, by their titles."""
    found: dict[str, Goal] = {}
    for goals in _GOALS:
        try:
            for goal in goals(figures):
                found[goal.title] = goal
        except KeyError:
            continue  # with those of the group that stand before what was not played
    return found
