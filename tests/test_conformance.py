"""docs/conformance.md says what the plays say now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_table_of_clauses_is_fresh() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "conformance"), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
