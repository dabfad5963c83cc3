"""The measurements of the report's theory: every way does the work, and the disk's parts append what they say."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bench import theory
from bench.loads import Load
from bench.measure import built, find_phase, play


@pytest.mark.slow
@pytest.mark.needs("cc|gcc|clang", "linux")
@pytest.mark.parametrize("way", ["threads", "asyncio", "uvloop"])
def test_every_way_delivers_all(way: str) -> None:
    """The generator fails when a delivery is missing, double or out of order."""
    with built() as program:
        phase = find_phase(play(program, Load("", "fan 8 3 5 2"), theory.WAYS[way]), "fan")
    assert phase["deliveries"] == 3 * 5 * 7


@pytest.mark.slow
@pytest.mark.needs("linux")
def test_a_room_in_which_all_read_is_not_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theory, "BURSTS", 2)
    with theory.WAYS["threads"].run(None) as running:
        found = theory.stall(running.port, running.pid)
    assert (
        found["messages"] == 2 * theory.BURST
    )  # so little fits into the buffers of the one who does not read
    assert not found["stalled"]


def test_a_reader_waits_for_the_word_that_it_is_given() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b":x 001 ann :hello\r\n:x 3")
        theirs.sendall(b"76 ann :end\r\n")
        theory.read_until(ours, (b" 376 ",))


def test_as_much_is_written_as_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theory, "DISK_SECONDS", 0.01)
    assert theory.append(tmp_path / "file", 10, is_synced=True) > 0
    size = (tmp_path / "file").stat().st_size
    assert size > 0
    assert size % (10 * len(theory.ROW)) == 0
    assert theory.insert(tmp_path / "database", 10) > 0


def test_every_part_of_the_result_is_there() -> None:
    import json

    data = json.loads((theory.RESULTS / f"{theory.NAME}.json").read_text())
    assert set(theory.PARTS) <= set(data)
    assert set(data["work"]) == {str(size) for size in theory.SIZES}
    for part in ("alone", "memory", "steady", "stall"):
        assert set(data[part]) == set(theory.WAYS)
