"""veche.state.masks: whom an entry of a list means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.state.masks import Mask, parse_mask
from veche.state.user import User


def person(account: str = "") -> User:
    user = User("u1", "Ann", "ann", "~a", "there", "Ann of the North", 0)
    user.account = account
    return user


def mask_of(text: str) -> Mask:
    mask = parse_mask(text)
    assert mask is not None, text
    return mask


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann", "ann!*@*"),
        ("*@there", "*!*@there"),
        ("ann!a", "ann!a@*"),
        ("m:ann", "m:ann!*@*"),
        ("a:Ann", "a:Ann"),
        ("m:a:ann", "m:a:ann"),
        ("R:*@there", "R:*!*@there"),
        ("t:10:m:U:ann", "t:10:m:U:ann!*@*"),
        ("r:*north*", "r:*north*"),
    ],
)
def test_a_mask_is_shown_whole(text: str, shown: str) -> None:
    assert mask_of(text).text == shown
    assert mask_of(shown).text == shown


@pytest.mark.parametrize(
    "text", ["", " ", "a b", ":x", "m:", "a:", "x:ann", "t:0:a", "t:-1:a", "t:x:a", "t:9:", "t:99999999:a"]
)
def test_what_is_no_mask_is_refused(text: str) -> None:
    assert parse_mask(text) is None


@pytest.mark.parametrize(
    ("text", "account", "is_meant"),
    [
        ("ANN!*@*", "", True),
        ("bob", "", False),
        ("*@there", "", True),
        # account-extban: "Servers MUST support matching exact account names."
        ("a:anna", "Anna", True),
        ("a:*", "", False),
        ("a:*", "x", True),
        ("r:*north", "", True),
        ("R:ann", "", False),
        ("R:ann", "x", True),
        ("U:ann", "", True),
        ("U:ann", "x", False),
        ("m:ann", "", True),
    ],
)
def test_whom_a_mask_means(text: str, account: str, is_meant: bool) -> None:
    assert mask_of(text).matches(person(account)) is is_meant


@given(st.text())
def test_any_text_is_a_mask_or_is_not(text: str) -> None:
    mask = parse_mask(text)
    if mask is not None:
        assert mask.text == mask_of(mask.text).text
        assert mask.matches(person()) in (True, False)
