"""What all faults need: the checker, and a machine on which they can be played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from veche.testing.checker.__main__ import main
from veche.testing.checker.disks import why_no_disks, why_no_tmpfs


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the checker; its exit status and all that it said."""

    def check(fault: str, rounds: int, *options: str) -> tuple[int, str]:
        status = main([fault, "--rounds", str(rounds), "--work", str(tmp_path), *options])
        written = capsys.readouterr()
        return status, written.out + written.err

    return check


@pytest.fixture
def holds(check: Callable[..., tuple[int, str]]) -> Callable[..., None]:
    """Run the checker, and fail with all that it said where it has found something."""

    def holds(fault: str, rounds: int, *options: str) -> None:
        status, said = check(fault, rounds, *options)
        assert status == 0, said

    return holds


@pytest.fixture
def disks() -> None:
    """Skips (which VECHE_REQUIRE=all turns into a failure) where no power cut can be played."""
    if why := why_no_disks():
        pytest.skip(f"power cuts: {why}")


@pytest.fixture
def small_disks() -> None:
    """Skips where no disk can be filled."""
    if why := why_no_tmpfs():
        pytest.skip(f"full disks: {why}")
