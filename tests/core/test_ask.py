"""veche.core.ask: how an answer finds its label and its batch. What features make of it is for the plays."""

from __future__ import annotations

import pytest

from veche.core.ask import Ask, is_one_batch, nested
from veche.core.replies import Refusal
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage
from veche.wire.message import Message


def start(label: str = "") -> tuple[Person, Ask]:
    stage = Stage()
    ann = stage.enter("ann", "batch", "labeled-response")
    assert ann.session is not None
    if label:
        ann.offered.append(label)
    return ann, Ask(stage.engine, ann.session, Message("X", ["a"]), label)


def hear(ann: Person) -> list[str]:
    ann.stage.turn()
    return ann.take()


def test_an_answer_without_a_label_goes_out_line_by_line() -> None:
    ann, ask = start()
    ask.reply("001", "hello")
    assert hear(ann) == [":irc.example 001 ann hello"]
    ask.fail("CODE", "a b", text="no luck")
    ask.finish()
    assert hear(ann) == [":irc.example FAIL X CODE a :no luck"]


@pytest.mark.parametrize(
    ("lines", "heard"),
    [
        ([], ["@label=l :irc.example ACK"]),
        (["A"], ["@label=l A"]),
        (["@t=1 A"], ["@label=l;t=1 A"]),
        (
            ["A", "@t=1 B"],
            [
                "@label=l :irc.example BATCH +b1 labeled-response",
                "@batch=b1 A",
                "@batch=b1;t=1 B",
                ":irc.example BATCH -b1",
            ],
        ),
        (
            [":s BATCH +x type", "@batch=x A", ":s BATCH -x"],
            ["@label=l :s BATCH +x type", "@batch=x A", ":s BATCH -x"],
        ),
    ],
)
def test_a_labelled_answer_is_one(lines: list[str], heard: list[str]) -> None:
    ann, ask = start("l")
    for line in lines:
        ask.send(line)
    assert hear(ann) == []
    ask.finish()
    assert hear(ann) == heard
    ask.finish()
    assert hear(ann) == []
    assert check_stage(ann.stage) == []


def test_an_answer_waits_for_what_was_asked_and_for_its_handler() -> None:
    ann, ask = start("l")
    ask.wait()
    ask.wait()
    ask.send("A")
    ask.settled()
    ask.settled()
    # What has happened is told at once, because others may speak before the rest of it is known.
    assert hear(ann) == ["@label=l :irc.example BATCH +b1 labeled-response", "@batch=b1 A"]
    ask.send("B")
    assert hear(ann) == ["@batch=b1 B"]
    ask.finish()
    assert hear(ann) == [":irc.example BATCH -b1"]


def test_nobody_is_refused_who_asked_not_to_be() -> None:
    ann, ask = start()
    ask.muted = True
    ask.refuse(Refusal("401", "x", "no"))
    assert hear(ann) == []


def test_a_command_within_a_command_has_its_own_parameters() -> None:
    ann, ask = start()
    ask.run("PING", "inner")
    ask.run("NO-SUCH-THING", "x")
    assert hear(ann) == [":irc.example PONG irc.example :inner"]
    assert ask.params == ["a"]


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        ([":s BATCH +x t", "A", ":s BATCH -x"], True),
        ([":s BATCH +x t", ":s BATCH -x"], True),
        ([":s BATCH +x t", "A", ":s BATCH -y"], False),
        ([":s BATCH +x t", ":s A"], False),
        ([":s A", ":s B"], False),
        ([":s BATCH", ":s BATCH -x"], False),
    ],
)
def test_what_is_one_batch(lines: list[str], *, result: bool) -> None:
    assert is_one_batch(lines) is result


@pytest.mark.parametrize(
    ("line", "inside"),
    [
        ("A", "@batch=r A"),
        ("@t=1 A", "@batch=r;t=1 A"),
        ("@batch=x A", "@batch=x A"),
        ("@t=1;batch=x A", "@t=1;batch=x A"),
        ("@+a=batch=x A", "@batch=r;+a=batch=x A"),
        ("A batch=x", "@batch=r A batch=x"),
    ],
)
def test_a_line_within_a_batch(line: str, inside: str) -> None:
    assert nested(line, "r") == inside
