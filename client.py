"""Starts the chat client:  python client.py [HOST[:PORT]] [options]   (--help lists them)

The first start fetches the packages that requirements.lock names into .venv (with --windows those of
requirements-tui.lock); later ones start at once.
Everything else is in src/veche: this file only finds the right Python for it.
"""

import sys

try:
    import bootstrap
except SyntaxError:  # this file parses even in Python 2, which many systems still call "python"
    sys.stderr.write("Veche needs Python 3.11 or newer: try  python3 client.py\n")
    sys.exit(2)

if __name__ == "__main__":
    if "--windows" in sys.argv and "--plain" not in sys.argv:
        bootstrap.start("veche.tui.start", group="tui")
    bootstrap.start("veche.client.plain")
