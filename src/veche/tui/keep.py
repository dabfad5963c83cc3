"""What outlasts the program: settings, which a person writes, and drafts, which the program does.

The rule: the only module of the windows that touches files. A disk that fails costs what was to be kept and never the
chat. `Keep(None, None)` keeps nothing.

Source: XDG Base Directory Specification.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

FOLDER = "veche-client"
# Drafts are cut to this many characters, and there are no more than this many of a server.
MOST_DRAFT, MOST_DRAFTS = 20_000, 200
MOST_BYTES = 1 << 20


def config_place(environment: Mapping[str, str] = os.environ) -> Path:
    """The file of the settings."""
    return _base(environment, "XDG_CONFIG_HOME", ".config") / FOLDER / "settings.toml"


def state_place(environment: Mapping[str, str] = os.environ) -> Path:
    """The file of the drafts."""
    return _base(environment, "XDG_STATE_HOME", ".local/state") / FOLDER / "drafts.json"


def _base(environment: Mapping[str, str], variable: str, otherwise: str) -> Path:
    # "All paths set in these environment variables must be absolute. If an implementation encounters a relative path
    # [...] it should consider the path invalid and ignore it."
    word = environment.get(variable, "")
    return Path(word) if word and Path(word).is_absolute() else Path.home() / otherwise


class Keep:
    """The files; None for one that there is not."""

    def __init__(self, settings: Path | None, drafts: Path | None) -> None:
        self.settings, self._drafts = settings, drafts

    def settings_text(self) -> str:
        """The settings as they are written; "" for none. Raises OSError, or ValueError for what is no text."""
        if self.settings is None or not self.settings.exists():
            return ""
        return self.settings.read_text(encoding="utf-8")

    def drafts(self, server: str) -> dict[str, str]:
        """What was begun to be written on this server, by conversation."""
        table = self._all().get(server)
        rows = table.items() if isinstance(table, dict) else ()
        return {
            name: text[:MOST_DRAFT]
            for name, text in list(rows)[:MOST_DRAFTS]
            if isinstance(name, str) and isinstance(text, str)
        }

    def keep_drafts(self, server: str, drafts: Mapping[str, str]) -> None:
        """Keep these, and nothing else of this server."""
        path = self._drafts
        if path is None:
            return
        table = self._all()
        table[server] = {
            name: text[:MOST_DRAFT] for name, text in list(drafts.items())[-MOST_DRAFTS:] if text
        }
        if not table[server]:
            del table[server]
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_name(f"{path.name}.{os.getpid()}")
            with open(
                os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                json.dump(table, file, ensure_ascii=True)
            new.replace(path)
        except OSError:
            return  # they are on the screen all the same

    def _all(self) -> dict[str, object]:
        if self._drafts is None:
            return {}
        try:
            if self._drafts.stat().st_size > MOST_BYTES:
                return {}
            table = json.loads(self._drafts.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return table if isinstance(table, dict) else {}


def keep_at_home() -> Keep:
    """The files of whoever runs the program."""
    try:
        return Keep(config_place(), state_place())
    except RuntimeError:  # nobody's home: a user without an entry
        return Keep(None, None)
