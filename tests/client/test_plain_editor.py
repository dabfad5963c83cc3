"""The line being typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.client.plain_editor import MOST, Editor, EndOfInput, columns

LEFT, RIGHT, UP, DOWN, HOME, END, DELETE = (
    "\x1b[D",
    "\x1b[C",
    "\x1b[A",
    "\x1b[B",
    "\x1b[H",
    "\x1bOF",
    "\x1b[3~",
)


@pytest.mark.parametrize(
    ("keys", "text", "cursor"),
    [
        ("hello", "hello", 5),
        ("привет", "привет", 6),
        ("helo" + LEFT + "l", "hello", 4),
        ("ab\x7f", "a", 1),
        ("ab" + LEFT * 5 + "\x7f" + RIGHT + "c", "acb", 2),
        ("abc" + HOME + DELETE, "bc", 0),
        ("abc" + LEFT + "\x04", "ab", 2),
        ("one two  \x17", "one ", 4),
        ("one\x17\x17", "", 0),
        ("abc" + LEFT + "\x15", "c", 0),
        ("abc" + HOME + "\x0b", "", 0),
        ("abc\x01x\x05y", "xabcy", 5),
        ("a" + "\x1b[99;5x" + "b", "ab", 2),
        ("a\x1b[Zb\x00\x07\x9bc", "abc", 3),
        ("abc" + HOME + END, "abc", 3),
    ],
)
def test_keys(keys: str, text: str, cursor: int) -> None:
    editor = Editor()
    assert editor.feed(keys) == []
    assert (editor.text, editor.cursor) == (text, cursor)
    one_by_one = Editor()
    for key in keys:
        one_by_one.feed(key)
    assert (one_by_one.text, one_by_one.cursor) == (text, cursor)


def test_enter_finishes_lines_and_the_end_key_ends() -> None:
    editor = Editor()
    lines = editor.feed("one\rtwo\nthree")
    assert lines == ["one", "two"]
    assert editor.feed("\r\x04")[0] == "three"
    assert isinstance(editor.feed("\x04")[0], EndOfInput)


def test_the_arrow_up_brings_lines_back_and_keeps_the_draft() -> None:
    editor = Editor()
    editor.feed("one\r\rtwo\rtwo\rdraft" + UP)
    assert editor.text == "two"
    editor.feed(UP)
    assert editor.text == "one"
    editor.feed(UP + DOWN + DOWN + DOWN)
    assert editor.text == "draft"


def test_a_huge_paste_is_cut() -> None:
    editor = Editor()
    (line,) = editor.feed("x" * (MOST + 100) + "\r")
    assert line == "x" * MOST


@pytest.mark.parametrize(
    ("text", "left", "row", "column"),
    [
        ("hi", 0, "> hi", 4),
        ("hi", 1, "> hi", 3),
        ("0123456789", 0, "> 456789", 8),
        ("0123456789", 10, "> 0123456", 2),
        ("漢字漢字漢字", 0, "> 字漢字", 8),
    ],
)
def test_a_long_line_shows_what_is_around_the_cursor(text: str, left: int, row: str, column: int) -> None:
    editor = Editor()
    editor.feed(text + LEFT * left)
    assert editor.view("> ", 10) == (row, column)


@given(st.text(), st.integers(1, 30))
def test_any_keys_leave_a_cursor_inside_a_row_that_fits(keys: str, width: int) -> None:
    editor = Editor()
    editor.feed(keys)
    assert 0 <= editor.cursor <= len(editor.text)
    row, column = editor.view("> ", width)
    assert columns(row) <= max(width, 8)
    assert 0 <= column <= columns(row)


def test_columns() -> None:
    assert (columns("ab"), columns("漢"), columns("e\u0301"), columns("ж")) == (2, 2, 1, 1)


def test_a_secret_is_neither_shown_nor_remembered() -> None:
    editor = Editor()
    editor.feed("before\r")
    editor.is_secret = True
    assert editor.feed("ses" + UP + "ame") == []
    assert editor.view("Password: ", 80) == ("Password: ", 10)
    assert editor.feed("\r") == ["sesame"]
    editor.is_secret = False
    editor.feed(UP)
    assert editor.text == "before"
