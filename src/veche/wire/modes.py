"""Mode strings: `+ov-k ann bob key` taken apart into single changes, and single changes put back together.

The rule: this module knows how many parameters a letter takes and nothing of what it means.

Source: Modern IRC, "MODE message", "Mode Messages" and "CHANMODES parameter" (types A to D), "PREFIX parameter".
"""

from collections.abc import Iterable, Mapping
from enum import Enum


class Kind(Enum):
    """CHANMODES types, and the ranks of PREFIX, which always take a parameter."""

    LIST = "A"  # adds or removes on a list; without a parameter asks for it
    ALWAYS = "B"  # takes a parameter to set and to unset
    WHEN_SET = "C"  # takes a parameter only to set
    FLAG = "D"  # takes none
    RANK = "rank"


class Change:
    """One mode change as asked for: `adding` or removing `letter`, with its parameter or None."""

    __slots__ = ("adding", "letter", "param")

    def __init__(self, adding: bool, letter: str, param: str | None = None) -> None:
        self.adding = adding
        self.letter = letter
        self.param = param

    def __repr__(self) -> str:
        return f"Change({'+' if self.adding else '-'}{self.letter} {self.param!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and (self.adding, self.letter, self.param) == (
            other.adding,
            other.letter,
            other.param,
        )

    __hash__ = None  # type: ignore[assignment]


def parse_modes(kinds: Mapping[str, Kind], words: list[str]) -> tuple[list[Change], list[str]]:
    """Parse `words` (mode string first, parameters behind it) into changes and the unknown letters, in order.

    A letter whose parameter is missing comes out with `param` None: a list is then being asked for, any other
    is for the caller to refuse. Where the sign in front is missing, a plus is assumed.
    """
    changes: list[Change] = []
    unknown: list[str] = []
    params = iter(words[1:])
    adding = True
    for letter in words[0] if words else "":
        if letter in "+-":
            adding = letter == "+"
            continue
        kind = kinds.get(letter)
        if kind is None:
            unknown.append(letter)
            continue
        takes = kind in (Kind.LIST, Kind.ALWAYS, Kind.RANK) or (kind is Kind.WHEN_SET and adding)
        changes.append(Change(adding, letter, next(params, None) if takes else None))
    return changes, unknown


def flags_after(flags: Iterable[str], words: str) -> set[str]:
    """What `flags` are after a mode string of which no letter takes a parameter, as those of a user."""
    after = set(flags)
    adding = True
    for letter in words:
        if letter in "+-":
            adding = letter == "+"
        elif adding:
            after.add(letter)
        else:
            after.discard(letter)
    return after


def format_modes(changes: Iterable[Change]) -> list[str]:
    """The words of a MODE message: one mode string with as few signs as possible, then the parameters in order."""
    letters = ""
    params: list[str] = []
    sign = ""
    for change in changes:
        wanted = "+" if change.adding else "-"
        if wanted != sign:
            letters += wanted
            sign = wanted
        letters += change.letter
        if change.param is not None:
            params.append(change.param)
    return [letters, *params]
