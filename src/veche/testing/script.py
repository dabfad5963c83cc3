"""Conversations on paper: `.talk` files taken apart, and lines compared with what is expected of them.

A play is read from top to bottom. Each line is a comment (`# ...`), empty, or a step; lines that are indented belong to
the step above them. What the steps are is for `veche.testing.conversation`.

In what is said:      \\xff              a byte that cannot be typed
                      {a*600}           600 times "a"
                      {plain ann secret}  what SASL PLAIN says for that account and password, in base64
                      {word}            what was captured under that name before
In what is expected:  ...               anything, or nothing
                      {time}            a time as server-time writes it
                      {msgid:first}     a message id; heard again under the same name, it must be the same one
                      {batch:b} {number:n} {word:w} {text:t}   a batch's reference, digits, a word, anything
                      {first}           what was captured under that name before
"""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

# What a capture accepts, by its kind.
KINDS = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "msgid": r"[A-Za-z0-9_-]{30}",
    "batch": r"[A-Za-z0-9]+",
    "number": r"\d+",
    "word": r"[^ ;]+",
    "text": r".*",
}
_SPECIAL = re.compile(r"\{(\w+)(?::(\w+))?\}|\.\.\.|(?:\\x[0-9a-f]{2})+")
_BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_REPEAT = re.compile(r"\{([^{}]+)\*(\d+)\}")
_PLAIN = re.compile(r"\{plain ([^ {}]+) ([^{}]+)\}")
_KNOWN = re.compile(r"\{(\w+)\}")


class Step:
    """One step of a play: its line's number, its text, and the indented lines below it with their numbers."""

    __slots__ = ("block", "number", "numbers", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.block: list[str] = []
        self.numbers: list[int] = []


class Script:
    """A play: where it stands and its steps."""

    __slots__ = ("path", "steps")

    def __init__(self, path: Path, steps: list[Step]) -> None:
        self.path = path
        self.steps = steps


def read_script(path: Path) -> Script:
    """Read a play. Raises ValueError for an indented line that has no step above it."""
    return Script(path, split_steps(path.read_text(encoding="utf-8")))


def split_steps(text: str) -> list[Step]:
    """The steps of a text, in order."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            steps.append(Step(number, line.rstrip()))
        elif steps:
            steps[-1].block.append(line.strip(" "))
            steps[-1].numbers.append(number)
        else:
            raise ValueError(f"line {number} is indented, but there is no step above it")
    return steps


def spoken(text: str, known: dict[str, str]) -> bytes:
    """The bytes of what a person says."""
    text = _REPEAT.sub(lambda found: found[1] * int(found[2]), text)
    text = _KNOWN.sub(lambda found: known.get(found[1], found[0]), text)  # a password may be known, too
    text = _PLAIN.sub(lambda found: b64encode(f"\0{found[1]}\0{found[2]}".encode()).decode(), text)
    return _BYTE.sub(lambda found: bytes([int(found[1], 16)]), text.encode())


def matches(expected: str, heard: str, known: dict[str, str]) -> bool:
    """Whether a line is as expected. What it brings to light is added to `known`, if it is."""
    pattern = ""
    at = 0
    text = _REPEAT.sub(lambda found: found[1] * int(found[2]), expected)
    names: set[str] = set()
    for found in _SPECIAL.finditer(text):
        pattern += re.escape(text[at : found.start()]) + _part(found, known, names)
        at = found.end()
    result = re.fullmatch(pattern + re.escape(text[at:]), heard, re.DOTALL)
    if result is None:
        return False
    known.update(result.groupdict())
    return True


def _part(found: re.Match[str], known: dict[str, str], names: set[str]) -> str:
    """One special piece of an expectation as a regular expression."""
    if found[0] == "...":
        return ".*"
    if found[0].startswith("\\x"):
        return re.escape(bytes.fromhex(found[0].replace("\\x", "")).decode(errors="backslashreplace"))
    kind, name = found[1], found[2] or ""
    if not name and kind in known:
        return re.escape(known[kind])
    if kind not in KINDS:
        raise ValueError(f"{found[0]}: nothing of that name was captured, and it is no kind of thing")
    if name in known:
        return re.escape(known[name])
    if name in names:
        return f"(?P={name})"
    if name:
        names.add(name)
        return f"(?P<{name}>{KINDS[kind]})"
    return KINDS[kind]
