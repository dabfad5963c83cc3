"""The line that a person is typing: keys in, finished lines out, and how it looks in a terminal of some width.

The rule: pure. It exists so that what arrives can be shown above the line being typed instead of into it; it does what
a terminal's own line discipline does, and the arrows, and no more.
"""

import unicodedata
from collections.abc import Callable

from veche.client.hushed import secret_at

# The longest line that makes sense; what is pasted beyond it is dropped.
MOST = 20_000
# Lines remembered for the arrow up.
MOST_REMEMBERED = 200


class EndOfInput:
    """The person has typed the end-of-file key on an empty line."""


class Editor:
    """One line being edited, and those before it."""

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self.is_secret = False  # what is typed now is not shown, and not remembered
        self.where = ""  # to whom it is said: services are told passwords
        self._before: list[str] = []
        self._place = 0  # in `_before`; its length means the line being typed
        self._draft = ""
        self._escape = ""

    def feed(self, data: str) -> list[str | EndOfInput]:
        """Take what the keyboard sent; return the lines that it finished."""
        done: list[str | EndOfInput] = []
        for char in data:
            if self._escape:
                self._take_escape(char)
            elif char == "\x1b":
                self._escape = char
            elif char in "\r\n":
                done.append(self._finish())
            elif char == "\x04" and not self.text:
                done.append(EndOfInput())
            elif char >= " " and char != "\x7f" and not "\x80" <= char <= "\x9f":
                self._insert(char)
            else:
                self._press(char)
        return done

    def clear(self) -> None:
        """Forget what was being typed."""
        self.text, self.cursor = "", 0

    def view(self, prompt: str, width: int) -> tuple[str, int]:
        """What to show in one row of `width` columns, and the column of the cursor in it.

        Of a line that is too long the part around the cursor is shown.
        """
        if self.is_secret:
            return prompt, columns(prompt)
        text, hidden = self.text, secret_at(self.text, self.where)
        if hidden is not None:
            text = text[:hidden] + "*" * (len(text) - hidden)
        room = max(4, width - columns(prompt) - 1)
        start = 0
        while columns(text[start : self.cursor]) >= room:
            start += 1
        end = self.cursor
        while end < len(text) and columns(text[start : end + 1]) <= room:
            end += 1
        return prompt + text[start:end], columns(prompt) + columns(text[start : self.cursor])

    def _finish(self) -> str:
        line = self.text
        is_secret = self.is_secret or secret_at(line, self.where) is not None
        if line.strip() and self._before[-1:] != [line] and not is_secret:
            self._before = [*self._before, line][-MOST_REMEMBERED:]
        self._place = len(self._before)
        self.clear()
        return line

    def _insert(self, char: str) -> None:
        if len(self.text) < MOST:
            self.text = self.text[: self.cursor] + char + self.text[self.cursor :]
            self.cursor += 1

    def _take_escape(self, char: str) -> None:
        """ESC [ ... letter, ESC [ digits ~, ESC O letter; what is unknown is swallowed whole."""
        self._escape += char
        if len(self._escape) == 2 and char in "[O":
            return
        if self._escape[:2] == "\x1b[" and (char in "0123456789;?" and len(self._escape) < 16):
            return
        sequence, self._escape = self._escape, ""
        key = _SEQUENCES.get(sequence[1:].replace("O", "[", 1))
        if key:
            self._press(key)

    def _press(self, key: str) -> None:
        action = _KEYS.get(key)
        if action is not None:
            action(self)

    def _move(self, place: int) -> None:
        self.cursor = min(max(place, 0), len(self.text))

    def _cut(self, start: int, end: int) -> None:
        start = max(start, 0)
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start

    def _cut_word(self) -> None:
        head = self.text[: self.cursor].rstrip(" ")
        self._cut(head.rfind(" ") + 1, self.cursor)

    def _remember(self, step: int) -> None:
        place = self._place + step
        if self.is_secret:
            return
        if not 0 <= place <= len(self._before):
            return
        if self._place == len(self._before):
            self._draft = self.text
        self._place = place
        self.text = self._draft if place == len(self._before) else self._before[place]
        self.cursor = len(self.text)


# As a terminal's line discipline and every shell have them.
_KEYS: dict[str, Callable[[Editor], None]] = {
    "\x7f": lambda line: line._cut(line.cursor - 1, line.cursor),
    "\x08": lambda line: line._cut(line.cursor - 1, line.cursor),
    "\x15": lambda line: line._cut(0, line.cursor),
    "\x17": lambda line: line._cut_word(),
    "\x0b": lambda line: line._cut(line.cursor, len(line.text)),
    "\x04": lambda line: line._cut(line.cursor, line.cursor + 1),
    "\x01": lambda line: line._move(0),
    "\x05": lambda line: line._move(len(line.text)),
    "\x02": lambda line: line._move(line.cursor - 1),
    "\x06": lambda line: line._move(line.cursor + 1),
    "\x10": lambda line: line._remember(-1),
    "\x0e": lambda line: line._remember(1),
}
_SEQUENCES = {
    "[A": "\x10",
    "[B": "\x0e",
    "[C": "\x06",
    "[D": "\x02",
    "[H": "\x01",
    "[F": "\x05",
    "[1~": "\x01",
    "[4~": "\x05",
    "[7~": "\x01",
    "[8~": "\x05",
    "[3~": "\x04",
}


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
