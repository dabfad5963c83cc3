"""veche.wire.passwords: one form for what is typed, and what is too easy."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.phrases import Phrases
from veche.wire.passwords import LONGEST, PHRASES, prepare, weakness


@pytest.mark.parametrize(
    "password",
    [
        # RFC 8265, 4.3 "Examples": 17 to 20, and spaces that are not at the edge only.
        "correct horse battery staple",
        "Correct Horse Battery Staple",
        "πßå",
        "Jack of ♦s",
        "foo bar",
        " leading and trailing ",
        "пароль из слов",
        "😀 emoji",
        "ｆｕｌｌ　ｗｉｄｔｈ".replace("\u3000", " "),
        "a",
        "x" * LONGEST,
        "ж" * (LONGEST // 2),
    ],
)
def test_what_is_in_form_stays_as_it_is(password: str) -> None:
    assert prepare(password) == password


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("foo\u1680bar", "foo bar"),  # RFC 8265, 4.3: an Ogham space mark
        ("\u00a0\u2003\u3000", "   "),
        ("e\u0301tude", "étude"),
        ("и\u0306", "й"),
        ("\u1112\u1161\u11ab", "한"),
        ("\u212b", "Å"),
        ("e\u0301" * 150, "é" * 150),
        ("\u3000" * LONGEST, " " * LONGEST),
    ],
)
def test_the_same_characters_become_the_same_password(typed: str, prepared: str) -> None:
    assert prepare(typed) == prepared


@pytest.mark.parametrize(
    "password",
    [
        "",
        "my cat is a \tby",  # RFC 8265, 4.3: contains a control character
        "a\x00b",
        "a\r\nb",
        "a\x7fb",
        "a\x85b",
        "a\u200bb",  # zero width
        "a\u202eb",  # direction
        "a\ufeffb",
        "a\ue000b",  # private use
        "a\ud800b",  # half a character
        "a\ufdd0b",  # no character
        "a\u0378b",  # unassigned
        "a\u0640b",
        "a\u3164b",  # a letter that shows nothing
        "\u2764\ufe0f",  # a variation selector
        "\u1112",  # a lone piece of a syllable
        "a\u2028b",
        "x" * (LONGEST + 1),
        "ж" * (LONGEST // 2 + 1),
        "x" * 100_000,
        "\u3000" * (LONGEST + 1),
    ],
)
def test_what_cannot_be_a_password(password: str) -> None:
    assert prepare(password) is None


@pytest.mark.parametrize(
    ("password", "may"),
    [
        ("l·l", True),  # Catalan
        ("a·l", False),
        ("l·", False),
        ("·", False),
        ("͵α", True),
        ("͵a", False),
        ("͵", False),
        ("א׳", True),
        ("a׳", False),
        ("׳א", False),
        ("א״", True),
        ("ア・", True),
        ("・漢", True),
        ("・あ", True),
        ("a・・", False),
        ("٠١", True),
        ("۰۱", True),
        ("٠۱", False),
        ("क\u094d\u200dष", True),  # behind a virama
        ("क\u200dष", False),
        ("क\u094d\u200cष", True),
        ("क\u200cष", False),
        ("می\u200cخواهم", True),  # between letters that join
        ("می\u064b\u200cخواهم", True),
        ("می\u200c", False),
        ("\u200cمی", False),
        ("a\u200cb", False),
    ],
)
def test_what_may_only_stand_beside_certain_others(password: str, may: bool) -> None:
    assert (prepare(password) is not None) == may


@given(st.text(max_size=400))
def test_preparing_is_done_once(password: str) -> None:
    prepared = prepare(password)
    if prepared is not None:
        assert prepare(prepared) == prepared
        assert 1 <= len(prepared.encode()) <= LONGEST
        assert unicodedata.is_normalized("NFC", prepared)
        assert all(unicodedata.category(char)[0] != "C" or char in "\u200c\u200d" for char in prepared)


@given(st.text(st.characters(codec="utf-8"), max_size=100))
def test_how_it_was_typed_makes_no_difference(password: str) -> None:
    assert prepare(unicodedata.normalize("NFD", password)) == prepare(unicodedata.normalize("NFC", password))


# ---- what is too easy

NAMES = ("annalisa", "Example", "bo")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "unusable"),
        ("line\r\nline", "unusable"),
        ("x1" * 200, "unusable"),
        ("seven 7", "short"),
        ("семь, 7", "short"),
        ("e\u0301" * 7, "short"),
        ("password", "common"),
        ("PassWord", "common"),
        ("ｐａｓｓｗｏｒｄ", "common"),
        ("зфыыцщкв", "common"),  # "password" on Russian keys
        ("пароль123", "common"),  # "gfhjkm123" is in the list
        ("йцукенгшщз", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("ababababab", "common"),
        ("abcabcabca", "common"),
        ("abcdabcdabcdab", "common"),
        ("7001007007100", "common"),
        ("12345678901234567890123456789", "common"),
        ("0987654321098", "common"),
        ("mnbvcxzlkj", "common"),
        ("uvwxyzabcdef", "common"),
        ("абвгдеёжз", "common"),
        ("юбьтимсчя", "common"),
        ("annalisa", "name"),
        ("AnnaLisa", "name"),
        ("ａnnalisa", "name"),
        ("annalisa1985", "name"),
        ("!!annalisa!!", "name"),
        ("annalisaannalisa", "name"),
        ("asilanna", "name"),
        ("example 2026", "name"),
        ("bobobobobob", "common"),
        ("correct horse battery staple", ""),
        ("чай, липа и мёд", ""),
        ("annalisa drinks tea", ""),
        ("my bo is a dog", ""),
        ("g7Rw!pQ2", ""),
        ("😀😁😂🤣😃😄😅😆", ""),
    ],
)
def test_why_a_password_is_refused(password: str, reason: str) -> None:
    assert weakness(password, NAMES) == reason


def test_without_names_there_are_still_the_others() -> None:
    assert weakness("annalisa1985", ()) == ""
    assert weakness("password", ()) == "common"
    assert weakness("a name that is not", ("",)) == ""


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_every_reason_is_said_in_both_languages(password: str, names: list[str]) -> None:
    reason = weakness(password, names)
    assert (reason == "unusable") == (prepare(password) is None)
    if reason:
        assert Phrases(PHRASES, "en")(reason) != Phrases(PHRASES, "ru")(reason)


def test_the_numbers_in_the_phrases_are_true() -> None:
    assert "8" in PHRASES["short"][0]
    assert str(LONGEST) in PHRASES["unusable"][0]
    assert str(LONGEST) in PHRASES["unusable"][1]
