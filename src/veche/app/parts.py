"""Parts of the program that are fetched when the settings need them, by the starter that fetched all the rest.

The rule: nothing is fetched that nobody asked for, and never by another way than the starter's (bootstrap.py): locked,
with hashes, and one at a time.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import veche
from veche.phrases import Language, Phrases
from veche.store.postgresql.link import is_installed

# bootstrap.py reads it.
NEEDS = "VECHE_NEEDS"
EXIT_USAGE = 2

PHRASES = {
    "postgresql": (
        "A record in PostgreSQL needs the package asyncpg: pip install 'veche[postgresql]'",
        "Для летописи в PostgreSQL нужен пакет asyncpg: pip install 'veche[postgresql]'",
    ),
}


def require_postgresql(arguments: Sequence[str], language: Language) -> None:
    """Return when there is what a record in PostgreSQL needs; otherwise start anew by the starter, which fetches it.

    `arguments` are the program's. Raises SystemExit where there is no starter, or where it could not help.
    """
    if is_installed():
        return
    starter = Path(veche.__file__).resolve().parents[2] / "server.py"
    if not starter.is_file() or os.environ.get(NEEDS):
        print(f"veche: {Phrases(PHRASES, language)('postgresql')}", file=sys.stderr)
        raise SystemExit(EXIT_USAGE)
    os.environ[NEEDS] = "postgresql"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(starter), *arguments])  # noqa: S606 - no shell is wanted
