"""Fixtures for the chat in the browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser, visit  # noqa: F401  # fixtures
from tests.clients.serving import ROOT, Ports, serving
from tests.web.people import VIOLATIONS

OPERATOR = "secretsecret"


@pytest.fixture(autouse=True)
def obeyed() -> Iterator[None]:
    """No page does anything against the policy of the chat, over the whole run."""
    VIOLATIONS.clear()
    yield
    assert VIOLATIONS == []


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    """A server with every door open, where one may say much at once."""
    with serving(tmp_path, "--set=limits.flood=false") as doors:
        yield doors


@pytest.fixture(scope="session")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of settings with the operator `boss`, whose password is OPERATOR."""
    hashed = subprocess.run(
        [sys.executable, "-m", "veche.app.server", "hash-password"],
        input=OPERATOR + "\n",
        env={"PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    file = tmp_path_factory.mktemp("operators") / "veche.toml"
    file.write_text(f'[oper.boss]\npassword_hash = "{hashed}"\n')
    file.chmod(0o600)
    return file
