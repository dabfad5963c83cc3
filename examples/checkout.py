"""Lets the examples find the library in a checkout, without anything being installed: import it first."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("veche") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
