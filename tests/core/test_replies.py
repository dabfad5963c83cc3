"""veche.core.replies: answers as lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.core.replies import (
    Refusal,
    fit,
    iso_time,
    middle,
    numeric_line,
    plain_time,
    same_for_all,
    standard_line,
    with_tag,
)
from veche.wire.message import parse

texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ((), ":s 001 ann"),
        (("hello",), ":s 001 ann hello"),
        (("hello you",), ":s 001 ann :hello you"),
        (("a", "b", ""), ":s 001 ann a b :"),
        (("a", ":b"), ":s 001 ann a ::b"),
        (("", "x y", ":z", "end"), ":s 001 ann * x z end"),
    ],
)
def test_numerics(params: tuple[str, ...], line: str) -> None:
    assert numeric_line("s", "001", "ann", params) == line


@given(st.lists(texts, max_size=2), texts)
def test_a_numeric_keeps_its_parameters_whatever_they_hold(middles: list[str], last: str) -> None:
    line = numeric_line("irc.example", "401", "ann", (*middles, last))
    assert len(line.encode()) <= 510
    message = parse(line)
    assert message is not None
    assert len(message.params) == 2 + len(middles)


@given(texts)
def test_what_stands_in_the_middle_is_one_short_word(param: str) -> None:
    word = middle(param)
    assert word
    assert word[0] != ":"
    assert " " not in word
    assert len(word.encode()) <= 200


def test_standard_replies() -> None:
    assert standard_line("s", "FAIL", "*", "CODE", (), "no luck") == ":s FAIL * CODE :no luck"
    assert standard_line("s", "NOTE", "A", "B", ("x y", ""), "z") == ":s NOTE A B x * :z"
    assert len(standard_line("s", "FAIL", "A", "B", ("x" * 900,), "y" * 900).encode()) == 510


def test_tags_are_put_in_front() -> None:
    assert with_tag(":s ACK", "label=1") == "@label=1 :s ACK"
    assert with_tag("@time=x :s ACK", "label=1") == "@label=1;time=x :s ACK"


def test_what_is_too_long_gives_up_its_end() -> None:
    assert fit("@a=b ", "x" * 600) == "@a=b " + "x" * 510
    assert fit("", "€" * 200) == "€" * 170


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1767268800001, "2026-01-01T12:00:00.001Z"),
        (951782400000, "2000-02-29T00:00:00.000Z"),
        (4102444799999, "2099-12-31T23:59:59.999Z"),
    ],
)
def test_times(time: int, text: str) -> None:
    assert iso_time(time) == text
    assert plain_time(time) == f"{text[:10]} {text[11:19]} UTC"


def test_refusals_compare_by_what_they_say() -> None:
    assert Refusal("401", "x", "no") == Refusal("401", "x", "no")
    assert Refusal("401", "x", "no") != Refusal("403", "x", "no")
    assert repr(Refusal("401", "x", "no")) == "Refusal(401, x, no)"


def test_what_is_the_same_for_all_is_written_once_and_bears_each_nick() -> None:
    answers = (("002", ":Hello"), ("372", ":- " + "x" * 600))
    first, second = same_for_all("irc.example", 30, "ann", answers).split("\r\n")
    assert first == ":irc.example 002 ann :Hello"
    # It is cut so that it would fit whoever has the longest name.
    assert len(second) == 510 - 30 + len("ann")
    assert same_for_all("irc.example", 30, "bob", answers) == f"{first}\r\n{second}".replace("ann", "bob")
