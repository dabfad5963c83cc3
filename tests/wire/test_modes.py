"""veche.wire.modes: mode strings taken apart and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.modes import Change, Kind, flags_after, format_modes, parse_modes

KINDS = {"b": Kind.LIST, "k": Kind.ALWAYS, "l": Kind.WHEN_SET, "n": Kind.FLAG, "t": Kind.FLAG, "o": Kind.RANK}


@pytest.mark.parametrize(
    ("words", "changes", "unknown"),
    [
        ([], [], []),
        ([""], [], []),
        (["+-+"], [], []),
        (["n"], [Change(True, "n")], []),
        (["+n-t"], [Change(True, "n"), Change(False, "t")], []),
        (["+o-k", "ann", "key"], [Change(True, "o", "ann"), Change(False, "k", "key")], []),
        (["-l+l", "5"], [Change(False, "l"), Change(True, "l", "5")], []),
        (["b"], [Change(True, "b")], []),
        (["+bo", "mask"], [Change(True, "b", "mask"), Change(True, "o")], []),
        (["+xny"], [Change(True, "n")], ["x", "y"]),
        (["n", "left", "over"], [Change(True, "n")], []),
    ],
)
def test_modes_are_taken_apart(words: list[str], changes: list[Change], unknown: list[str]) -> None:
    assert parse_modes(KINDS, words) == (changes, unknown)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([], [""]),
        ([Change(True, "n"), Change(True, "t")], ["+nt"]),
        ([Change(True, "o", "ann"), Change(False, "k", "*"), Change(False, "n")], ["+o-kn", "ann", "*"]),
    ],
)
def test_modes_are_put_together(changes: list[Change], words: list[str]) -> None:
    assert format_modes(changes) == words


def changes_of(letter: str, *, adding: bool, param: str) -> Change:
    kind = KINDS[letter]
    takes = kind in (Kind.LIST, Kind.ALWAYS, Kind.RANK) or (kind is Kind.WHEN_SET and adding)
    return Change(adding, letter, param if takes else None)


CHANGES = st.builds(
    changes_of, st.sampled_from(sorted(KINDS)), adding=st.booleans(), param=st.text(min_size=1)
)


@given(st.lists(CHANGES))
def test_there_and_back_again(changes: list[Change]) -> None:
    assert parse_modes(KINDS, format_modes(changes)) == (changes, [])


def test_a_change_shows_what_it_is() -> None:
    assert repr(Change(True, "o", "ann")) == "Change(+o 'ann')"
    assert Change(True, "n") != Change(False, "n")


@pytest.mark.parametrize(
    ("flags", "words", "after"),
    [("", "+iw", "iw"), ("iw", "-i+B", "Bw"), ("i", "i-i", ""), ("i", "", "i"), ("", "-+-w", "")],
)
def test_flags_change(flags: str, words: str, after: str) -> None:
    assert sorted(flags_after(flags, words)) == sorted(after)
