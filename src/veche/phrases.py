"""What people read, in English and Russian: tables of phrases, chosen by the reader's language.

The rule: a table maps a key to its (English, Russian) pair, and every pair is complete; texts are format strings
whose arguments are trusted only as text. This module holds the mechanism; each table stands beside the code that
speaks it.
"""

import os
import re
from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "ru"]
Table = Mapping[str, tuple[str, str]]

# Texts call the programs as a checkout does; these are the same programs where the package is installed.
_COMMANDS = (
    (re.compile(r"(?:python )?server\.py (db|export|hash-password)\b"), r"veche \1"),
    (re.compile(r"(?:python )?server\.py\b"), "veche serve"),
    (re.compile(r"(?:python )?client\.py\b"), "veche client"),
)
_is_installed = False


def call_programs_as_installed() -> None:
    """From now on texts say `veche serve` where they said `python server.py`, and so on. For the command `veche`."""
    global _is_installed  # noqa: PLW0603 - of the whole process, as the locale is
    _is_installed = True


def called(text: str) -> str:
    """`text` with the programs called as they are called here."""
    if _is_installed:
        for pattern, command in _COMMANDS:
            text = pattern.sub(command, text)
    return text


class Phrases:
    """One table in one language."""

    __slots__ = ("_column", "_table", "language")

    def __init__(self, table: Table, language: Language) -> None:
        self.language = language
        self._table = table
        self._column = 1 if language == "ru" else 0

    def __call__(self, key: str, **values: object) -> str:
        """The phrase for `key` with `values` filled in. Raises KeyError for a key or value that is missing."""
        return called(self._table[key][self._column]).format_map(values)

    def count(self, key: str, number: int, **values: object) -> str:
        """The phrase for `number` things; its text holds `one|many` in English, `one|few|many` in Russian."""
        forms = self._table[key][self._column].split("|")
        return forms[plural_form(self.language, number)].format_map({"n": number, **values})


def plural_form(language: Language, number: int) -> int:
    """Which plural form a number takes (Unicode CLDR, cardinal rules of English and Russian)."""
    if language == "en":
        return 0 if number == 1 else 1
    if number % 10 == 1 and number % 100 != 11:
        return 0
    if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14:
        return 1
    return 2


def language_of_locale(environment: Mapping[str, str] = os.environ) -> Language:
    """The language of the process's locale, in the order that POSIX gives (LC_ALL, LC_MESSAGES, LANG)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"
