"""The whole checker against a fake server that breaks one promise at a time."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from veche.testing.checker.__main__ import main
from veche.testing.checker.disks import why_no_tmpfs

pytestmark = [pytest.mark.slow]
FAKE = Path(__file__).with_name("fake_server.py")

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(fault: str, weakness: str = "none", rounds: int = 1) -> tuple[int, str]:
        server = [sys.executable, str(FAKE), "--data", "{data}", "--port", "{port}", "--fault", weakness]
        # The fake is quick and strikes every twentieth message: a tenth of a second is plenty.
        load = ["--longest", "0.1", "--writers", "2", "--readers", "1", "--window", "4"]
        load += ["--rounds", str(rounds), "--seed", "5"]
        status = main([fault, *load, "--work", str(tmp_path), "--server", *server])
        written = capsys.readouterr()
        return status, written.out + written.err

    return run


@pytest.mark.parametrize("fault", ["kill", "terminate"])
def test_an_honest_server_is_green_and_leaves_nothing_behind(run: Run, tmp_path: Path, fault: str) -> None:
    status, said = run(fault, rounds=2)
    assert status == 0, said
    assert "GREEN" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("weakness", "words"),
    [
        ("lose", "acknowledged, but not in history"),
        ("repeat", "in history more than once"),
        ("swap", "in another order"),
        ("rename", "one message, several msgids"),
        ("retime", "one message, several times"),
        ("deliver-first", "seen by someone, but not in history"),
        ("answer-twice", "one send, several answers"),
        ("deliver-twice", "delivered twice to one client"),
        ("leave-out", "left out of the middle of a live feed"),
        ("refuse-but-keep", "refused, but kept"),
    ],
)
def test_a_server_that_breaks_a_promise_is_red(run: Run, tmp_path: Path, weakness: str, words: str) -> None:
    status, said = run("kill", weakness)
    assert status == 1, said
    assert "RED" in said
    assert words in said
    saved = next(tmp_path.rglob("round-1.jsonl"))
    assert main(["judge", str(saved)]) == 1


def test_a_server_that_loses_an_old_room_at_a_later_fault_is_red(run: Run) -> None:
    status, said = run("kill", "fade", rounds=2)
    assert status == 1, said
    assert "gone or changed after a later one" in said
    assert "1 gone or changed, the first at place 11" in said


@pytest.mark.parametrize(
    ("weakness", "words"),
    [
        ("mute", "read and kept, but never answered"),
        ("bad-exit", "exit status 1 after SIGTERM"),
        ("silent-exit", "closed without an ERROR line"),
    ],
)
def test_a_bad_end_is_red(run: Run, weakness: str, words: str) -> None:
    status, said = run("terminate", weakness)
    assert status == 1, said
    assert words in said


def test_a_server_that_does_not_end_is_red(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veche.testing.checker.faults.TERMINATE_WITHIN", 0.2)
    status, said = run("terminate", "deaf")
    assert status == 1, said
    assert "still running" in said


@pytest.mark.parametrize("weakness", ["never-ready", "no-history"])
def test_a_server_that_cannot_be_checked_is_neither_green_nor_red(run: Run, weakness: str) -> None:
    status, said = run("kill", weakness)
    assert status == 2, said
    assert "cannot go on" in said


@pytest.mark.skipif(bool(why_no_tmpfs()), reason=why_no_tmpfs() or "it can")
def test_a_full_disk_is_played_and_healed(run: Run) -> None:
    status, said = run("diskfull")
    assert status == 0, said
    assert "refused 0" not in said
