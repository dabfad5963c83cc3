"""The house rules, as tests: style, types, floors, sizes, and locks that depend on nobody's host.

They are tests so that `python test.py` is one thing with one answer; a red one shows the tool's own words.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIMIT = 600  # lines of a source file; half of it is the aim
LIMIT_OF_STARTERS = 60
# Each holds what the one before it holds, and more.
LOCKS = [
    "requirements.lock",
    "requirements-tui.lock",
    "requirements-ssh.lock",
    "requirements-postgresql.lock",
    "requirements-cluster.lock",
    "requirements-workers.lock",
    "requirements-dev.lock",
    "requirements-browser.lock",
]
# Long files that are excused, with their lengths today: the list may only shrink.
EXCUSED: dict[str, int] = {}


def run_tool(*command: str, cwd: Path = ROOT) -> None:
    """Run a tool of the venv; fail with its output when it is not content."""
    scripts = Path(sysconfig.get_path("scripts"))
    ran = subprocess.run(
        [str(scripts / command[0]), *command[1:]],
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    if ran.returncode:
        pytest.fail(f"{' '.join(command)} says (exit code {ran.returncode}):\n{ran.stdout}", pytrace=False)


def source_files() -> list[Path]:
    """Everything in Python that people read, the starters included."""
    places = ["src", "tests", "tools", "bench", "fuzz", "examples"]
    return sorted(ROOT.glob("*.py")) + [
        file for place in places for file in sorted((ROOT / place).rglob("*.py"))
    ]


def count_lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def test_style_of_the_code() -> None:
    run_tool("ruff", "check", ".")


def test_layout_of_the_code() -> None:
    run_tool("ruff", "format", "--check", ".")


@pytest.mark.slow
def test_types() -> None:
    run_tool("mypy", "--strict", "src/veche", "bench")


def test_floors() -> None:
    run_tool("lint-imports", "--no-logo", "--no-cache")


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("wire/names", "from veche.core import engine"),
        ("core/engine", "from veche.features import topic"),
        ("features/topic", "from veche.store import writer"),
        ("store/writer", "from veche.net import tcp"),
        ("net/tcp", "from veche.app import server"),
        ("app/server", "from veche.client import plain"),
        ("client/plain", "from veche.state import world"),
        ("client/session", "import asyncio"),
        ("core/engine", "import time"),
        ("core/engine", "from random import choice"),
        ("features/topic", "from asyncio import sleep"),
    ],
)
def test_the_floors_are_guarded(tmp_path: Path, module: str, line: str) -> None:
    """A guard that never barks may be asleep: each kind of trespass, in a copy of the house, is noticed."""
    modules = [
        "wire/names", "state/world", "core/engine", "features/topic", "store/writer",
        "net/tcp", "app/server", "client/session", "client/plain",
    ]  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in modules:
        file = tmp_path / "veche" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(line if name == module else "")
    (tmp_path / "veche" / "__init__.py").touch()
    run = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports as l; raise SystemExit(l(no_cache=True))",
    ]
    # PYTHONPATH goes before the venv's path file, so the copy is what the linter sees.
    ran = subprocess.run(
        run,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 broken" in ran.stdout, ran.stdout


def test_no_file_is_too_long() -> None:
    long = {
        str(file.relative_to(ROOT)): count_lines(file) for file in source_files() if count_lines(file) > LIMIT
    }
    assert long == EXCUSED, "split by noun, not by number; and take out of EXCUSED what has become short"


@pytest.mark.parametrize("starter", ["server.py", "client.py", "test.py"])
def test_starters_are_thin(starter: str) -> None:
    assert count_lines(ROOT / starter) < LIMIT_OF_STARTERS


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_versions_and_hashes_only(lock: str) -> None:
    """No addresses, no choice of index, no local paths; and hashes of every platform's files, not of this one's."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)
    assert not re.search(r" @ |file:|^[./~]", text, re.MULTILINE)
    packages = re.findall(
        r"^([A-Za-z0-9._-]+)==\S+.*\n((?: +--hash=sha256:[0-9a-f]{64}.*\n)+)", text, re.MULTILINE
    )
    assert len(packages) == len(re.findall(r"^\w", text, re.MULTILINE)), "a package without a hash"
    hashes = {name: len(block.splitlines()) for name, block in packages}
    assert hashes["msgspec"] > 30, "the hashes of one platform only"
    assert hashes["uvloop"] > 30


def test_each_lock_takes_the_versions_of_the_one_before() -> None:
    """One .venv serves all: tests run what people run."""
    groups = [
        dict(
            re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
        )
        for lock in LOCKS
    ]
    for smaller, larger in pairwise(groups):
        assert smaller
        assert {name: larger.get(name) for name in smaller} == smaller


def test_npm_locks_hold_versions_and_hashes_only() -> None:
    locks = [file for file in sorted(ROOT.rglob("package-lock.json")) if "node_modules" not in file.parts]
    assert locks
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        # Of `npm install`, "funding" is to be taken out by hand: whom to pay is no matter of a lock.
        assert "://" not in text, lock
        _, *packages = json.loads(text)["packages"].values()
        for package in packages:
            assert package["integrity"].startswith("sha512-"), package
            assert "resolved" not in package, package
