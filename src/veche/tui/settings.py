"""The settings of the client with windows, as a person writes them in TOML.

The rule: pure; a file that is wrong gives a message with its line and not an exception, and everything in it that is
right holds all the same.

    theme = "dark"              # dark, light, none (without colours), or the name of a theme of Textual
    language = "en"             # en, ru; without it that of the system
    list_at_start = true        # choose from rooms and people on coming in
    density = "dense"           # dense, roomy (an empty line below each message)
    notify = "mentions"         # mentions (and what is said to oneself alone), all, nothing
    notify_by = "auto"          # auto, bell, terminal (OSC 9), terminal-777 (OSC 777), desktop (notify-send)
    quiet_hours = "22:00-07:00"
    [keys]
    switch = "ctrl+g"           # what the keys are called: KEYS
    [[servers]]
    address = "ircs://chat.example"
    name = "ann"
    password_file = "~/.config/veche-client/password"   # then the name is an account
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from veche.phrases import Phrases

THEMES = {"dark": "textual-dark", "light": "textual-light", "none": "textual-dark"}
DENSITIES = ("dense", "roomy")
NOTIFY = ("mentions", "all", "nothing")
NOTIFY_BY = ("auto", "bell", "terminal", "terminal-777", "desktop")
KEYS = (
    *(
        "switch",
        "search",
        "next",
        "above",
        "below",
        "page_up",
        "page_down",
        "help",
        "messages",
        "people",
        "theme",
    ),
    "leave",
)
_KEY = re.compile(r"^(?:(?:ctrl|alt|shift|super)\+)*[a-z0-9_]+$")
_CHOICES = {
    "language": ("en", "ru"),
    "density": DENSITIES,
    "notify": NOTIFY,
    "notify_by": NOTIFY_BY,
}


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A server to come in to at the start, without being asked."""

    address: str
    name: str
    password_file: str = ""


@dataclass(slots=True)
class Settings:
    """What a person has settled; see the head of the module."""

    theme: str = "dark"
    language: str = ""
    list_at_start: bool = True
    density: str = "dense"
    notify: str = "mentions"
    notify_by: str = "auto"
    quiet_hours: tuple[time, time] | None = None
    keys: dict[str, str] = field(default_factory=dict)
    servers: tuple[KnownServer, ...] = ()

    def is_quiet(self, now: time) -> bool:
        """Whether nobody is to be called now; hours may go over midnight."""
        if self.quiet_hours is None:
            return False
        start, end = self.quiet_hours
        return start <= now < end if start <= end else now >= start or now < end


def read_settings(text: str, say: Phrases, themes: frozenset[str]) -> tuple[Settings, list[str]]:
    """The settings, and what is wrong with them, line by line."""
    settings, wrong = Settings(), _Wrong(text, say)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = re.sub(r" \(at .*\)$", "", str(error))
        return settings, [say("settings_line", line=found[1] if found else 1, reason=reason)]
    for name, value in table.items():
        match name, value:
            case "theme", str() if value in THEMES or value in themes:
                settings.theme = value
            case "list_at_start", bool():
                settings.list_at_start = value
            case "quiet_hours", str() if (hours := _hours(value)) is not None:
                settings.quiet_hours = hours
            case (("language" | "density" | "notify" | "notify_by"), str()) if value in _CHOICES[name]:
                setattr(settings, name, value)
            case "keys", dict():
                settings.keys = _keys(value, wrong)
            case "servers", list():
                settings.servers = _servers(value, wrong)
            case _:
                known = {"theme", "list_at_start", "quiet_hours", "keys", "servers", *_CHOICES}
                choices = {"theme": [*THEMES, *sorted(themes)], **_CHOICES}.get(name, ())
                wrong.note(
                    name,
                    "settings_value" if name in known else "settings_unknown",
                    choices=", ".join(choices),
                )
    return settings, wrong.lines


class _Wrong:
    """What is wrong, with the line where it stands."""

    def __init__(self, text: str, say: Phrases) -> None:
        self._text, self._say = text.splitlines(), say
        self.lines: list[str] = []

    def note(self, name: str, key: str, *, choices: str = "") -> None:
        """Something is wrong with the value of a name."""
        pattern = re.compile(rf"^\s*(?:\[+\s*)?[\"']?{re.escape(name)}[\"']?\s*[=\].]")
        line = next((at for at, text in enumerate(self._text, 1) if pattern.match(text)), 1)
        reason = self._say(key, name=name) + (f": {choices}" if choices else "")
        self.lines.append(self._say("settings_line", line=line, reason=reason))


def _hours(value: str) -> tuple[time, time] | None:
    try:
        start, end = (time.fromisoformat(word.strip()) for word in value.split("-"))
    except ValueError:
        return None
    return None if start.tzinfo or end.tzinfo else (start, end)


def _keys(table: Mapping[str, object], wrong: _Wrong) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        if name not in KEYS:
            wrong.note(name, "settings_unknown", choices=", ".join(KEYS))
        elif isinstance(value, str) and all(_KEY.match(one.strip().lower()) for one in value.split(",")):
            found[name] = ",".join(one.strip().lower() for one in value.split(","))
        else:
            wrong.note(name, "settings_key")
    return found


def _servers(rows: list[object], wrong: _Wrong) -> tuple[KnownServer, ...]:
    found: list[KnownServer] = []
    for row in rows:
        words = row if isinstance(row, dict) else {}
        strings = {name: value for name, value in words.items() if isinstance(value, str) and value}
        unknown = set(words) - {"address", "name", "password_file"}
        if unknown or len(strings) < len(words) or "address" not in strings or "name" not in strings:
            wrong.note(next(iter(sorted(unknown)), "servers"), "settings_server")
        else:
            found.append(KnownServer(**strings))
    return tuple(found)
