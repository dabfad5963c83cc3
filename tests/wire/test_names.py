"""veche.wire.names: what may be a name, when two are one, and masks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.names import fold, is_room, is_valid_nick, is_valid_room, matches


@pytest.mark.parametrize(
    "nick",
    [
        "ann",
        "A",
        "[x]\\^{}|_`-"[0:10],
        "_a",
        "a1",
        "Ева",
        "Жанна-2",
        "山田",
        "ひらカタ",
        "한국",
        "José",
        "n" * 30,
        "Ё" * 15,
    ],
)
def test_nicks_of_one_script_are_welcome(nick: str) -> None:
    assert is_valid_nick(nick, 30)


@pytest.mark.parametrize(
    "nick",
    [
        "", "1a", "-a", "a b", "a!b", "a@b", "#a", "@a", "+a", "~a", "a,b", "a*", "a?", "a.b", ":a", "a\x07", "a\x00",
        "аnn", "аdmin", "Аnn", "n" * 31, "Ж" * 16, "٣ا", "\u0301a", "a\u200bb", "ж\u200bж", "ж\u202eж", "ж\u00adж",
        "ж\ufe0f\ue000", "ж\ufe0f", "ж\U000e0100", "ж\u034f", "\u0378ж", "한\u1160", "\u115f", "\u3164", "ក\u17b4",
        "ﬁ", "ａｎｎ", "e\u0301", "☃", "ж ж", "ж\u00a0ж", "₽ж", "😀",
    ],
)  # fmt: skip
def test_what_hides_or_misleads_is_no_nick(nick: str) -> None:
    assert not is_valid_nick(nick, 30)


@pytest.mark.parametrize("room", ["#a", "##", "#чай", "#tea-2", "#😀", "#" + "r" * 63, "#" + "ж" * 31])
def test_rooms(room: str) -> None:
    assert is_valid_room(room, 64)
    assert is_room(room)


@pytest.mark.parametrize(
    "room",
    ["", "#", "a", "&a", "#a b", "#a,b", "#a:b", "#a\x07", "#a\u200b", "#\u202ea", "#" + "r" * 64, "#" + "ж" * 32,
     "#a\u00a0", "#a\ufe0f", "#\u1160", "#\u3164"],
)  # fmt: skip
def test_what_cannot_be_a_room(room: str) -> None:
    assert not is_valid_room(room, 64)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ann", "aNN"), ("ЖЕНЯ", "женя"), ("Å", "å"), ("É", "e\u0301"), ("ＡＮＮ", "ann"), ("#Чай", "#чАЙ")],
)
def test_two_names_that_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("ann", "ann_"), ("{a}", "[a]"), ("ё", "е"), ("~", "^")])
def test_two_names_that_are_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_valid_nicks_can_be_told_from_everything_else(name: str) -> None:
    if is_valid_nick(name, 30):
        assert not is_room(name)
        assert not set(name) & set(" !@,:*?\r\n\0")
        assert len(name.encode()) <= 30
        assert fold(name)


@pytest.mark.parametrize(
    ("mask", "text", "result"),
    [
        ("*", "", True),
        ("", "", True),
        ("", "a", False),
        ("?", "", False),
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*a*a*", "aa", True),
        ("*!*@host", "ann!~a@host", True),
        ("a*b*c", "aXbYbZc", True),
        ("a**c", "ac", True),
    ],
)
def test_masks(mask: str, text: str, result: bool) -> None:
    assert matches(mask, text) is result


@given(st.text("ab*?", max_size=10), st.text("ab", max_size=10))
def test_masks_match_as_a_naive_matcher_does(mask: str, text: str) -> None:
    pattern = "".join({"*": ".*", "?": "."}.get(char, char) for char in mask)
    assert matches(mask, text) == (re.fullmatch(pattern, text, re.DOTALL) is not None)


def test_a_mask_cannot_make_the_matcher_run_for_ever() -> None:
    # A naive matcher needs 2**200 steps here; ours a few thousand.
    assert not matches("*a" * 100 + "b", "a" * 400)
