"""Durations as people type them: 90s, 30m, 1d2h30m, 2w; and as they read them."""

import re

_UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
LONGEST = 100 * _UNITS["y"]
_PARTS = re.compile(r"(?:[0-9]{1,9}[ywdhms])+", re.ASCII)


def parse_duration(text: str) -> int | None:
    """The seconds of a duration; None for what is none, or longer than a century. A bare number is none: of what?"""
    text = text.lower()
    if not _PARTS.fullmatch(text):
        return None
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([ywdhms])", text))
    return seconds if 0 < seconds <= LONGEST else None


def format_duration(seconds: int) -> str:
    """A duration of at least a second in its two largest units."""
    parts = []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
