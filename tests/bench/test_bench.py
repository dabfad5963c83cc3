"""The bench's own arithmetic, and its load generator against the checker's fake server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import measure, report
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
        "fan": measure.Load("a small room", "fan", "10", "2", "5", "2"),
        "connect": measure.Load("a few", "connect", "10"),
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
    page = report.write("small", {"cpu": "one"}, subjects, {"ngircd": "not installed"}, runs, failures)
    assert "ngircd was left out: not installed" in page.read_text()
    assert "| fake | **" in page.read_text()
    assert json.loads((tmp_path / "small.json").read_text())["servers"]["fake"]["stores"] is True


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux")
def test_the_generator_fails_when_a_message_is_delivered_twice(tmp_path: Path) -> None:
    load = measure.Load("a small room", "fan", "4", "1", "40", "1")
    with measure.built() as program, pytest.raises(RuntimeError, match="deliveries instead of"):
        measure.play(program, load, Fake("deliver-twice"))


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang")
def test_the_generator_is_clean_c() -> None:
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", os.devnull, str(measure.SOURCE)]
    subprocess.run(command, check=True)


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux")
@pytest.mark.parametrize("name", ["fan-mixed", "fan-2000-web"])
def test_clients_with_capabilities_and_browsers_are_played(name: str) -> None:
    """Against our own server, since the fake one knows neither; a small room."""
    usual = measure.LOADS[name]
    load = measure.Load("small", usual.words[0], "10", "2", "5", "2", clients=usual.clients)
    with measure.built() as program:
        phases = measure.play(program, load, SUBJECTS["veche-off"])
    assert [phase["phase"] for phase in phases] == ["connect", "join", "fan"]
    assert phases[-1]["deliveries"] == 2 * 5 * 9
    assert (phases[-1]["capabilities"] > 10) == (name == "fan-mixed")


def test_what_a_load_costs_against_another_is_told() -> None:
    def fan(cost: float) -> list[list[measure.Phase]]:
        return [[{"phase": "fan", "cpu_us_each": cost}]]

    runs: measure.Runs = {
        "fan-2000": {"fake": fan(0.2), "other": fan(0.1)},
        "fan-2000-web": {"fake": fan(0.3)},
    }
    said = report._beside("fan-2000-web", {"fake": Fake()}, runs)
    assert said[-1] == "Median CPU per delivery against `fan-2000`: fake 1.50."
    assert report._beside("fan-2000", {"fake": Fake()}, runs) == []
