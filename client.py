"""Starts the chat client:  python client.py [HOST[:PORT]] [options]   (--help lists them)

The first start fetches the packages that requirements-tui.lock names into .venv; later ones start at once. Without a
terminal that can show windows, and with --plain, requirements.lock is enough.
Everything else is in src/veche: this file only finds the right Python for it.
"""

import sys

try:
    import bootstrap
except SyntaxError:  # this file parses even in Python 2, which many systems still call "python"
    sys.stderr.write("Veche needs Python 3.11 or newer: try  python3 client.py\n")
    sys.exit(2)

if __name__ == "__main__":
    if bootstrap.wants_windows(sys.argv):
        bootstrap.start("veche.tui.start", group="tui", otherwise="veche.client.plain")
    bootstrap.start("veche.client.plain")
