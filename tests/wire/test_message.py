"""veche.wire.message: lines taken apart and put together."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        # Modern IRC, "Parameters", and the examples that people keep asking about
        (":irc.example.com CAP * LIST :", Message("CAP", ["*", "LIST", ""], "irc.example.com")),
        ("CAP * LS :multi-prefix sasl", Message("CAP", ["*", "LS", "multi-prefix sasl"])),
        (":dan!d@localhost PRIVMSG #chan :Hey!", Message("PRIVMSG", ["#chan", "Hey!"], "dan!d@localhost")),
        (":dan!d@localhost PRIVMSG #chan Hey!", Message("PRIVMSG", ["#chan", "Hey!"], "dan!d@localhost")),
        (":dan!d@localhost PRIVMSG #chan ::-)", Message("PRIVMSG", ["#chan", ":-)"], "dan!d@localhost")),
        ("privmsg #a b:c", Message("PRIVMSG", ["#a", "b:c"])),
        ("PING", Message("PING", [])),
        ("  PING   x  y  ", Message("PING", ["x", "y"])),
        ("PING :", Message("PING", [""])),
        ("PING  :  x", Message("PING", ["  x"])),
        ("PING\tx y", Message("PING\tX", ["y"])),
        ("@a=b;c PING", Message("PING", [], tags={"a": "b", "c": ""})),
        ("@a=b   :src   PING   x", Message("PING", ["x"], "src", {"a": "b"})),
        ("@ PING", Message("PING", [])),
        ("@;=;a PING", Message("PING", [], tags={"a": ""})),
        ("@a=1;a=2 PING", Message("PING", [], tags={"a": "2"})),
        ("@a=b=c PING", Message("PING", [], tags={"a": "b=c"})),
        (" ".join(str(number) for number in range(500)), Message("0", [str(n) for n in range(1, 500)])),
    ],
)
def test_a_line_is_taken_apart(line: str, message: Message) -> None:
    assert parse(line) == message


@pytest.mark.parametrize(
    "line", ["", " ", "    ", ":", ":src", ":src  ", "@", "@a", "@a=b ", "@a :src", " :x"]
)
def test_a_line_without_a_command_is_none(line: str) -> None:
    assert parse(line) is None


@given(st.text())
def test_no_line_raises(line: str) -> None:
    message = parse(line)
    assert message is None or message.command


@pytest.mark.parametrize(
    ("escaped", "value"),
    [
        (r"\:", ";"),
        (r"\s", " "),
        (r"\\", "\\"),
        (r"\r\n", "\r\n"),
        (r"a\b", "ab"),
        ("a\\", "a"),
        (r"\\s", r"\s"),
        (r"\\\s", "\\ "),
        ("\\\\\\", "\\"),
        ("", ""),
    ],
)
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
