"""Whether a text calls somebody by his name: the name as a word of its own, in capitals or small letters.

The rule: whatever `could_mention` finds is looked at by `mentions`, which alone decides. The first is a pattern for the
database, which knows letters, but not words.
"""

import re
from functools import lru_cache

# The digits of a color code stand before the word that they color, and would be taken for a part of it.
_COLOR = re.compile("\x03\\d{1,2}(?:,\\d{1,2})?")


def mentions(word: str, text: str) -> bool:
    """Whether `word` is in `text`, with no letter, digit or underscore next to it. An empty word is in none."""
    if not word:
        return False
    return _pattern(word).search(_COLOR.sub("\x03", text) if "\x03" in text else text) is not None


def could_mention(word: str) -> str:
    """A pattern of SQLite's GLOB that matches every text that mentions `word`, and some that do not."""
    return f"*{''.join(_glob(cases) for cases in _cases(word))}*" if word else ""


def could_mention_posix(word: str) -> str:
    """The same as a regular expression of POSIX, for PostgreSQL; "" of an empty word."""
    return "".join(_posix(cases) for cases in _cases(word))


@lru_cache(maxsize=1024)
def _pattern(word: str) -> re.Pattern[str]:
    letters = "".join(f"[{''.join(map(re.escape, cases))}]" for cases in _cases(word))
    return re.compile(rf"(?<!\w){letters}(?!\w)")


def _cases(word: str) -> list[list[str]]:
    """For each character of a word the ways to write it; one that becomes two in another case has this one alone."""
    return [sorted(case for case in {char, char.lower(), char.upper()} if len(case) == 1) for char in word]


def _glob(cases: list[str]) -> str:
    # What has more than one case is a letter, and stands for itself between brackets.
    return f"[{''.join(cases)}]" if len(cases) > 1 or cases[0] in "[*?" else cases[0]


def _posix(cases: list[str]) -> str:
    if len(cases) > 1:
        return f"[{''.join(cases)}]"
    char = cases[0]
    return f"\\{char}" if char.isascii() and not char.isalnum() else char
