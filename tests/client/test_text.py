"""Texts made harmless, and cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.client.text import plain, split_text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2J", "]0;title[2J"),
        ("\x9b31mred\x9d52;c;\x9c", "31mred52;c;"),
        ("a\rb\bc\x7fd\0e\nf", "abcdef"),
        ("tab\there", "tab here"),
        ("\x02bold\x0f \x0304,01red\x03 \x04ff0000hex\x04 \x1d\x1f\x16", "bold red hex "),
        ("\x0312345", "345"),
        ("photo\u202egpj.exe", "photo\ufffdgpj.exe"),
        ("\u2066a\u2069\u202bb\u202c\u2028", "ab"),
        (
            "שלום, привет, \U0001f468\u200d\U0001f469\u200d\U0001f467",
            "שלום, привет, \U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
    ],
)
def test_plain(raw: str, shown: str) -> None:
    assert plain(raw) == shown


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = plain(text)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u202d\u202e\u2028" for char in shown)
    assert plain(shown) == shown


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("short", 10, ["short"]),
        ("one two three", 8, ["one two", "three"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("привет", 5, ["пр", "ив", "ет"]),
        ("two\r\nlines\n\n", 100, ["two", "lines"]),
        ("   ", 10, []),
        ("\U0001f600\U0001f600", 1, ["\U0001f600", "\U0001f600"]),
    ],
)
def test_split_text(text: str, limit: int, pieces: list[str]) -> None:
    assert split_text(text, limit) == pieces


@given(st.text(), st.integers(4, 50))
def test_pieces_fit_and_lose_nothing_but_spaces(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert all(0 < len(piece.encode()) <= limit for piece in pieces)
    kept = "".join(pieces).replace(" ", "")
    whole = text.encode(errors="replace").decode()
    assert kept == "".join(char for char in whole if char not in " \r\n\0")
