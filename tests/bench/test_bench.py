"""The bench's own arithmetic, and its load generator against the checker's fake server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import goals, loads, measure, plots, report
from bench.__main__ import choose, parser
from bench.loads import Load
from bench.servers import SUBJECTS, Subject

FAKE = Path(__file__).parent.parent / "testing" / "fake_server.py"


class Fake(Subject):
    name = "fake"
    stores = True

    def __init__(self, weakness: str = "none") -> None:
        self.weakness = weakness

    def why_not(self) -> str:
        return ""

    def version(self) -> str:
        return "1"

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(FAKE.parents[2] / "src")}

    def command(self, folder: Path, port: int, clients: str) -> list[str]:
        options = ["--data", str(folder / "data"), "--port", str(port), "--fault", self.weakness]
        return [sys.executable, str(FAKE), *options]


def test_medians_are_taken_by_phase_and_figure() -> None:
    runs = [
        [{"phase": "connect", "cpu_us_each": cost}, {"phase": "fan", "cpu_us_each": cost / 10}]
        for cost in (30.0, 10.0, 20.0)
    ]
    assert measure.medians(runs) == {"connect": {"cpu_us_each": 20.0}, "fan": {"cpu_us_each": 2.0}}
    assert measure.spread(runs, "fan", "cpu_us_each") == (1.0, 3.0)


def test_every_server_says_whether_it_can_be_measured() -> None:
    for subject in SUBJECTS.values():
        assert isinstance(subject.why_not(), str)


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux")
def test_a_run_measures_and_writes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    small = {
        "fan": Load("a small room", "fan 10 2 5 2"),
        "connect": Load("a few", "connect 10"),
    }
    monkeypatch.setattr(measure, "LOADS", small)
    monkeypatch.setattr(report, "LOADS", small)
    subjects: dict[str, Subject] = {"fake": Fake(), "other": Fake()}
    said: list[str] = []
    runs, failures = measure.play_all(["fan", "connect"], subjects, 1, said.append)
    assert failures == []
    assert len(said) == 4
    talk = runs["fan"]["fake"][0][-1]
    assert talk["deliveries"] == 2 * 5 * 9
    assert talk["cpu_us_each"] >= 0  # the kernel counts at its tick, and this is over sooner
    data = report.as_data({"cpu": "one"}, subjects, {"ngircd": "not installed"}, runs, failures)
    page = report.write("small", data)
    assert "ngircd was left out: not installed" in page.read_text()
    assert "| fake | **" in page.read_text()
    assert json.loads((tmp_path / "small.json").read_text())["servers"]["fake"]["stores"] is True


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux")
def test_the_generator_fails_when_a_message_is_delivered_twice(tmp_path: Path) -> None:
    load = Load("a small room", "fan 4 1 40 1")
    with measure.built() as program, pytest.raises(RuntimeError, match="deliveries instead of"):
        measure.play(program, load, Fake("deliver-twice"))


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "openssl-headers")
@pytest.mark.parametrize("options", [["-lssl", "-lcrypto"], ["-DWITHOUT_OPENSSL"]])
def test_the_generator_is_clean_c(options: list[str]) -> None:
    sources = map(str, measure.SOURCES.glob("*.c"))
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", os.devnull, *sources, *options]
    subprocess.run(command, check=True)


SMALL = {
    "fan-mixed": "fan 10 2 5 2",
    "fan-tls": "fan 10 2 5 2",
    "fan-web": "fan 10 2 5 2",
    "pairs": "pairs 5 5 2",
    "steady": "steady 10 50 0.2",
    "life": "life 300 5 3",
    "connect": "connect 10",
    "joins": "joins 20",
    "quits": "quits 20",
    "nicks": "nicks 10 2",
    "ask": "ask 20 2",
    "ack-10": "ack 5 5 1",
    "rate": "rate 5 100 0.2",
}


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux", "openssl-headers")
@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_load_is_played(name: str) -> None:
    """Against our own server, since the fake one knows little; with a few."""
    usual = loads.LOADS[name]
    load = Load("small", SMALL[name], clients=usual.clients, **usual.options)
    with measure.built() as program:
        phases = measure.play(program, load, SUBJECTS["veche-off"])
    phase = measure.find_phase(phases, usual.phase)
    assert phase["cpu_us_each"] >= 0
    if usual.phase == "fan":
        assert phase["deliveries"] == 2 * 5 * 9
        assert (phase["capabilities"] > 10) == (name == "fan-mixed")


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux", "openssl-headers")
def test_those_who_come_back_prove_their_passwords() -> None:
    usual = loads.LOADS["sasl"]
    load = Load("small", "connect 5", clients=usual.clients, **usual.options)
    with measure.built() as program:
        phases = measure.play(program, load, SUBJECTS["veche"])
    assert phases[0]["clients"] == 5


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux")
@pytest.mark.parametrize("name", ["model", "model-storing"])
def test_the_relay_without_rules_relays(name: str) -> None:
    with measure.built() as program:
        phases = measure.play(program, Load("small", "fan 10 2 5 2"), SUBJECTS[name])
    assert phases[-1]["deliveries"] == 2 * 5 * 9


def test_what_a_load_costs_against_another_is_told() -> None:
    def fan(cost: float) -> list[list[measure.Phase]]:
        return [[{"phase": "fan", "cpu_us_each": cost}]]

    data = {
        "servers": {"fake": {"name": "Fake"}, "other": {"name": "Other"}},
        "runs": {"fan": {"fake": fan(0.2), "other": fan(0.1)}, "fan-web": {"fake": fan(0.3)}},
    }
    assert report._beside("fan-web", data)[-1] == "Median CPU per delivery against `fan`: Fake 1.50."
    assert report._beside("fan", data) == []


def test_a_goal_is_a_figure_beside_that_of_a_peer() -> None:
    def fan(cost: float) -> list[list[measure.Phase]]:
        return [[{"phase": "fan", "cpu_us_each": cost}]]

    costs = {"veche": 0.3, "veche-off": 0.2, "inspircd": 0.5, "model": 0.15}
    rows = goals.table({"fan": {name: fan(cost) for name, cost in costs.items()}})
    assert [row[1:] for row in rows] == [
        ["0.3 us", "at most 0.25 us", "120%", "**not reached**", "0.3 us"],
        ["0.2 us", "at most 0.21 us", "95%", "reached", "0.2 us"],
    ]
    costs |= {"compiled": 0.2, "compiled-off": 0.1}
    rows = goals.table({"fan": {name: fan(cost) for name, cost in costs.items()}})
    assert [row[1:] for row in rows] == [
        ["0.2 us", "at most 0.25 us", "80%", "reached", "0.3 us"],
        ["0.1 us", "at most 0.21 us", "48%", "reached", "0.2 us"],
    ]
    assert goals.table({}) == []


def test_loads_are_chosen_by_patterns_in_their_own_order() -> None:
    assert loads.matching("pairs*,fan") == ["fan", "pairs", "pairs-one"]
    with pytest.raises(ValueError, match="unknown: fun"):
        loads.matching("fan,fun*")


def test_other_servers_and_other_programs_take_part() -> None:
    words = ["--servers", "veche", "--command", "mine=/opt/mine {port} --data {folder}"]
    chosen = choose(parser().parse_args(words))
    assert list(chosen) == ["veche", "mine"]
    assert chosen["mine"].why_not() == "/opt/mine is not there"
    assert chosen["mine"].command(Path("/here"), 6667, "plain") == ["/opt/mine", "6667", "--data", "/here"]
    for wrong in (["--binary", "veche=/opt/veche"], ["--command", "mine"], ["--servers", "theirs"]):
        with pytest.raises(ValueError, match=wrong[1].partition("=")[0]):
            choose(parser().parse_args(wrong))


def test_plots_are_left_out_where_nothing_can_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert plots.draw({"servers": {}, "runs": {}}, tmp_path) == []


def test_a_long_bench_is_made_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)

    def piece(server: str, load: str, cost: float) -> report.Data:
        runs = {load: {server: [[{"phase": "fan", "cpu_us_each": cost}]]}}
        return {"machine": {}, "servers": {}, "absent": {}, "loads": {load: {}}, "runs": runs, "failures": []}

    def costs(data: report.Data) -> dict[str, list[float]]:
        return {
            f"{load} {server}": [run[0]["cpu_us_each"] for run in runs]
            for load, by_server in data["runs"].items()
            for server, runs in by_server.items()
        }

    (tmp_path / "long.json").write_text(json.dumps(piece("mine", "fan", 1.0)))
    assert costs(report.added("long", piece("mine", "fan", 2.0))) == {"fan mine": [2.0]}
    more = report.added("long", piece("mine", "fan", 2.0), keeps=True)
    assert costs(more) == {"fan mine": [1.0, 2.0]}
    other = report.added("long", piece("theirs", "fan", 3.0), keeps=True)
    assert costs(other) == {"fan mine": [1.0], "fan theirs": [3.0]}
    assert costs(report.added("long", piece("mine", "pairs", 4.0), keeps=True)) == {
        "fan mine": [1.0],
        "pairs mine": [4.0],
    }
