"""veche.core.dispatch: what the table of commands alone decides."""

from __future__ import annotations

import pytest

from veche.core.ask import Ask
from veche.core.registry import Command
from veche.testing.stage import Person, Stage


def echo(ask: Ask) -> None:
    """Tell what was asked."""
    ask.send(f"SERVED {' '.join(ask.params)}")


def furnish(*caps: str) -> Person:
    stage = Stage()
    stage.engine.registry.commands["ECHO"] = Command("ECHO", echo, least=1)
    stage.engine.registry.commands["EARLY"] = Command("EARLY", echo, early=True)
    return stage.enter("ann", *caps)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("ECHO a", ["SERVED a"]),
        ("echo a b", ["SERVED a b"]),
        ("ECHO", [":irc.example 461 ann ECHO :Not enough parameters"]),
        ("NOPE", [":irc.example 421 ann NOPE :Unknown command"]),
        (":spoofed ECHO a", ["SERVED a"]),
        ("001 a", []),
        ("ERROR :x", []),
        ("@label=l ERROR :x", []),
        ("@label=l ECHO a", ["@label=l SERVED a"]),
        ("@label=l;+x=y NOPE", ["@label=l :irc.example 421 ann NOPE :Unknown command"]),
        ("@label=" + "l" * 65 + " ECHO a", ["SERVED a"]),
        ("@label= ECHO a", ["SERVED a"]),
    ],
)
def test_a_line_is_served_or_refused(line: str, answer: list[str]) -> None:
    ann = furnish("batch", "labeled-response")
    ann.send(line)
    assert ann.take() == answer


@pytest.mark.parametrize("caps", [("batch",), ("labeled-response",), ()])
def test_labels_need_both_capabilities(caps: tuple[str, ...]) -> None:
    ann = furnish(*caps)
    ann.send("@label=l ECHO a")
    assert ann.take() == ["SERVED a"]


def test_only_early_commands_are_served_before_registration() -> None:
    ann = furnish()
    eve = ann.stage.open("eve")
    eve.send("ECHO a", "ECHO", "EARLY b", "NOPE")
    assert eve.take() == [
        ":irc.example 451 * :You have not registered",
        ":irc.example 451 * :You have not registered",
        "SERVED b",
        ":irc.example 421 * NOPE :Unknown command",
    ]
