"""A green run must mean that everything ran: skips under VECHE_REQUIRE, and what --long and VECHE_ROUNDS do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INNER = """
import pytest

@pytest.mark.needs("no-such-program")
def test_marked(): pass

def test_asking(require): require("no-such-program")

@pytest.mark.needs("no-such-program|sh")
def test_content_with_either(): pass

@pytest.mark.skip(reason="of its own")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_expected_failure(): assert False

@pytest.mark.long
def test_long(): pass

def test_rounds(rounds): print("rounds", rounds(3, 200))
"""

pytestmark = pytest.mark.slow


def run_inner(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, int], str]:
    """Run INNER below a copy of our conftest: exit code, counts of the closing line, output."""
    (tmp_path / "tests").mkdir()
    for file in ("pyproject.toml", "bootstrap.py"):
        shutil.copy(ROOT / file, tmp_path)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_inner.py").write_text(INNER)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("VECHE_", "PYTEST_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", *arguments],
        cwd=tmp_path,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    closing = ran.stdout.splitlines()[-1]
    return ran.returncode, {word: int(n) for n, word in re.findall(r"(\d+) (\w+)", closing)}, ran.stdout


def test_missing_part_is_a_skip_with_its_reason(tmp_path: Path) -> None:
    code, counts, output = run_inner(tmp_path)
    assert code == 0
    assert counts == {"passed": 2, "skipped": 3, "deselected": 1, "xfailed": 1}
    assert "needs no-such-program, which is not here" in output
    assert "rounds 3" in output


def test_every_skip_fails_when_everything_is_required(tmp_path: Path) -> None:
    code, counts, output = run_inner(tmp_path, VECHE_REQUIRE="all")
    assert code == 1
    assert (counts["failed"] + counts.get("errors", 0) + counts.get("error", 0), counts["passed"]) == (3, 2)
    assert "skipped" not in counts
    assert "of its own" in output


def test_single_parts_can_be_required(tmp_path: Path) -> None:
    code, counts, _ = run_inner(tmp_path, VECHE_REQUIRE="tmux,no-such-program")
    assert code == 1
    assert counts["skipped"] == 1


def test_long_runs_what_is_long_and_more_rounds(tmp_path: Path) -> None:
    code, counts, output = run_inner(tmp_path, "--long")
    assert code == 0
    assert counts["passed"] == 3
    assert "rounds 200" in output


def test_rounds_can_be_fixed(tmp_path: Path) -> None:
    assert "rounds 7" in run_inner(tmp_path, "--long", VECHE_ROUNDS="7")[2]
