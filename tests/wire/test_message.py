"""veche.wire.message: lines taken apart and put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.message import (
    Message,
    escape,
    format_message,
    format_tags,
    parse,
    parse_tags,
    unescape,
)

# The chat in the browser is held to the same ones (web/test/message.test.ts). Among them are those of Modern IRC,
# "Parameters", and the examples that people keep asking about.
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("line", "parts"), VECTORS["lines"])
def test_a_line_is_taken_apart(line: str, parts: dict[str, Any]) -> None:
    assert parse(line) == Message(**parts)


@pytest.mark.parametrize("line", VECTORS["nothing"])
def test_a_line_without_a_command_is_none(line: str) -> None:
    assert parse(line) is None


@given(st.text())
def test_no_line_raises(line: str) -> None:
    message = parse(line)
    assert message is None or message.command


@pytest.mark.parametrize(("escaped", "value"), VECTORS["escaped"])
def test_values_are_unescaped(escaped: str, value: str) -> None:
    assert unescape(escaped) == value
    assert parse_tags("k=" + escaped) == {"k": value}


@given(st.text())
def test_escape_and_back(value: str) -> None:
    escaped = escape(value)
    assert unescape(escaped) == value
    assert not set(escaped) & set("; \r\n")


def test_tags_are_written_with_and_without_values() -> None:
    assert format_tags({}) == ""
    assert format_tags({"a": "", "+b": "x y"}) == r"@a;+b=x\sy "


words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0 "), min_size=1).filter(
    lambda w: w[0] != ":"
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))
commands = st.from_regex(r"[A-Z]{1,10}|[0-9]{3}", fullmatch=True)
keys = st.from_regex(r"\+?[a-z][a-z0-9/.-]{0,10}", fullmatch=True)


@given(
    commands,
    st.lists(words, max_size=14),
    st.none() | texts,
    st.just("") | words,
    st.dictionaries(keys, texts),
)
def test_parse_gives_back_what_was_formatted(
    command: str, middles: list[str], last: str | None, source: str, tags: dict[str, str]
) -> None:
    params = middles if last is None else [*middles, last]
    tags = {key: value for key, value in tags.items() if "\0" not in value}
    line = format_message(command, *params, source=source, tags=tags)
    assert parse(line) == Message(command, params, source, tags)


@pytest.mark.parametrize(
    "parts",
    [
        ("PRIVMSG", "", "x"),
        ("PRIVMSG", "a b", "x"),
        ("PRIVMSG", ":a", "x"),
        ("PRIVMSG", "a", "x\ny"),
        ("A", "\0"),
        ("A\r",),
    ],
)
def test_what_cannot_be_written_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"parameter|line end"):
        format_message(*parts)


def test_a_source_has_a_nick() -> None:
    assert Message("A", [], "dan!d@h").nick == "dan"
    assert Message("A", [], "irc.example").nick == "irc.example"
    assert Message("A", []) != "A"
    assert repr(Message("A", ["x"], "s", {"k": "v"})) == "Message('A', ['x'], source='s', tags={'k': 'v'})"
