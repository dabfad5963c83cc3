"""Checks everything:  python test.py [pytest arguments]

Without arguments: every test but the long fault rounds (--long adds them), and, as tests of their own in
tests/test_house.py, the linters, the types, the floors and the sizes of files.

    python test.py -k lobby          the tests with "lobby" in their names
    python test.py -m "not slow"     without those that start real processes
    python test.py -n auto           on all processors

VECHE_ROUNDS=200 sets how often fault tests repeat. VECHE_REQUIRE=all turns "skipped, no tmux here" into a failure.
Tests run in the checkout's root, wherever this was called from; the first run fetches requirements-dev.lock, or, where
Chromium is, requirements-browser.lock, and the tests with a browser run too.
"""

import sys

try:
    import bootstrap
except SyntaxError:  # this file parses even in Python 2, which many systems still call "python"
    sys.stderr.write("Veche needs Python 3.11 or newer: try  python3 test.py\n")
    sys.exit(2)

if __name__ == "__main__":
    bootstrap.start("pytest", group="browser" if bootstrap.find_browser() else "dev", chdir=True)
