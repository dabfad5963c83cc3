"""What a typed line means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.client.plain_commands import (
    SHAPES,
    Command,
    Misused,
    Say,
    Typed,
    UnknownCommand,
    command_named,
    parse_typed,
    usage,
)


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("hello there", Say("hello there")),
        ("  indented", Say("  indented")),
        ("//list is a command", Say("/list is a command")),
        ("hello\r\n", Say("hello")),
        ("2", Say("2")),
        ("", None),
        ("   ", None),
        ("/list", Command("list")),
        ("/LIST", Command("list")),
        ("/list of things", Command("list")),
        ("/msg 2", Command("msg", ("2",))),
        ("/msg bob  hello   there ", Command("msg", ("bob", "hello   there"))),
        ("/tell bob hi", Command("tell", ("bob", "hi"))),
        ("/w bob hi", Command("tell", ("bob", "hi"))),
        ("/tell bob", Misused("tell")),
        ("/tell", Misused("tell")),
        ("/msg", Misused("msg")),
        ("/to bob", Command("to", ("bob",))),
        ("/query bob", Command("to", ("bob",))),
        ("/join #tea key", Command("join", ("#tea", "key"))),
        ("/part", Command("part")),
        ("/topic green  tea", Command("topic", ("green  tea",))),
        ("/away", Command("away")),
        ("/away at lunch", Command("away", ("at lunch",))),
        ("/me waves", Command("me", ("waves",))),
        ("/me", Misused("me")),
        ("/register", Command("register")),
        ("/register ann@example.org", Command("register", ("ann@example.org",))),
        ("/login", Command("login")),
        ("/вход ann", Command("login", ("ann",))),
        ("/logout now", Command("logout")),
        ("/verify", Misused("verify")),
        ("/exit", Command("quit")),
        ("/quit see you", Command("quit", ("see you",))),
        ("/помощь", Command("help")),
        ("/сказать боб привет", Command("tell", ("боб", "привет"))),
        ("/nosuch thing", UnknownCommand("nosuch")),
        ("/ list", UnknownCommand("")),
    ],
)
def test_parse_typed(line: str, typed: Typed | None) -> None:
    assert parse_typed(line) == typed


@given(st.text())
def test_any_line_means_something_or_nothing(line: str) -> None:
    parse_typed(line)
    parse_typed("/" + line)


def test_no_alias_means_two_commands() -> None:
    words = [word for name, shape in SHAPES.items() for word in (name, *shape.aliases.split())]
    assert len(words) == len(set(words))


def test_usage_and_names() -> None:
    assert usage("tell", "en") == "/tell NAME TEXT"
    assert usage("tell", "ru") == "/tell ИМЯ ТЕКСТ"
    assert usage("list", "ru") == "/list"
    assert (command_named("/w"), command_named("list"), command_named("nosuch")) == ("tell", "list", None)
