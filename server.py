"""Starts the chat server:  python server.py [options]   (--help lists them)

The first start fetches the packages that requirements.lock names into .venv; later ones start at once.
Everything else is in src/veche: this file only finds the right Python for it.
"""

import sys

try:
    import bootstrap
except SyntaxError:  # this file parses even in Python 2, which many systems still call "python"
    sys.stderr.write("Veche needs Python 3.11 or newer: try  python3 server.py\n")
    sys.exit(2)

if __name__ == "__main__":
    bootstrap.start("veche.app.server")
