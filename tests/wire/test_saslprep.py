"""veche.wire.saslprep: the same characters typed on two keyboards are the same password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp.utils import saslprep as other_saslprep

from veche.wire.saslprep import prepare


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        # RFC 4013, 3 "Examples"
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("Пароль", "Пароль"),
        ("и\u0306", "й"),
    ],
)
def test_spellings_of_one_text_become_one(typed: str, prepared: str) -> None:
    assert prepare(typed) == prepared


@pytest.mark.parametrize("text", ["\x07", "é\x07", "\u0627\u0031", "☃️ 🐱", "\u00ad", "", "\udc80"])
def test_what_is_forbidden_stays_as_it_is(text: str) -> None:
    assert prepare(text) == text


@given(st.text(max_size=20))
def test_it_agrees_with_another_library(text: str) -> None:
    try:
        theirs = other_saslprep(text)
    except Exception:
        theirs = text
    assert prepare(text) == (theirs or text)
