"""Texts and parcels of the classic door."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.net.classic import phrases
from veche.net.classic.parcels import PARCEL_BYTES, Parcels
from veche.net.classic.text import plain, split_text

HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]52;c;aGk=\x1b\\x", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x9b31mred", "red"),
        ("\x1bcreset", "reset"),
        ("\x02bold\x02 \x0304,12colour\x03 \x04ff0000hex", "bold colour hex"),
        ("a\tb\rc\bd\x7f", "a bcd"),
        ("exe\u202egpj", "exegpj"),
        ("привет 🙂 \u200d", "привет 🙂 \u200d"),
        ("[31m", "[31m"),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_left(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_plain_text_is_plain(text: str) -> None:
    shown = plain(text)
    assert not HARMFUL.search(shown)
    assert plain(shown) == shown


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(min_value=4, max_value=60))
def test_a_split_text_loses_nothing_but_gaps(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert all(len(piece.encode()) <= limit for piece in pieces)
    assert re.sub("[ \n]", "", "".join(pieces)) == re.sub("[ \n]", "", text)


def test_a_text_is_split_at_words() -> None:
    assert split_text("one two three", 8) == ["one two", "three"]


def test_every_phrase_takes_the_same_values_in_both_languages() -> None:
    for key, (english, russian) in phrases.TABLE.items():
        fields = [set(re.findall(r"\{(\w+)\}", text)) for text in (english, russian)]
        assert fields[0] == fields[1], key
        assert english.strip(), key
        assert russian.strip(), key


def test_few_messages_go_one_by_one() -> None:
    parcels = Parcels()
    parcels.put("one")
    parcels.put("two\nlines")
    assert [parcels.take(), parcels.take(), parcels.take()] == [b"one", b"two\nlines", b""]
    assert parcels.size == 0


def test_many_messages_share_parcels() -> None:
    parcels = Parcels()
    for number in range(100):
        parcels.put(f"bob: message {number}")
    taken = []
    while parcel := parcels.take():
        taken.append(parcel)
    assert len(taken) < 15
    assert b"\n".join(taken).split(b"\n") == [f"bob: message {number}".encode() for number in range(100)]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), max_size=30))
def test_a_parcel_fits_one_read_and_holds_whole_characters(messages: list[str]) -> None:
    parcels = Parcels()
    for message in messages:
        parcels.put(message)
    while parcel := parcels.take():
        assert len(parcel) <= PARCEL_BYTES
        parcel.decode()
    assert parcels.size == 0


def test_what_is_left_goes_out_at_the_end() -> None:
    parcels = Parcels()
    parcels.put("one")
    parcels.put("two")
    assert parcels.take_all() == b"one\ntwo"
    assert parcels.size == 0
