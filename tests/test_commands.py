"""docs/commands.md and its twin in Russian say what the server says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from veche.app.features import FEATURES
from veche.core.registry import Registry
from veche.core.settings import Settings

ROOT = Path(__file__).parent.parent
TOOL = ROOT / "tools" / "commands"


def test_the_tables_of_commands_are_fresh() -> None:
    ran = subprocess.run(
        [sys.executable, str(TOOL), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("page", ["commands.md", "commands.ru.md"])
def test_every_command_and_mode_has_its_row(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    registry = Registry(FEATURES, Settings())
    for name in registry.commands:
        assert f"`{name} " in text or f"`{name}`" in text, name
    for letter in registry.user_modes:
        assert f"\n| `+{letter}` |" in text, letter
    assert "{" not in text.replace("{,", "").replace("{ ", ""), "a limit that was not filled in"
