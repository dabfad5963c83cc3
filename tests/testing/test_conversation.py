"""veche.testing.conversation and script: plays that come out, and how those that do not say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from veche.testing.conversation import PlayFailed, play
from veche.testing.script import Script, matches, read_script, split_steps, spoken

PATH = Path("play.talk")


def perform(text: str, *, bytewise: bool = False) -> None:
    play(Script(PATH, split_steps(text)), bytewise=bytewise)


def failure(text: str) -> str:
    with pytest.raises(PlayFailed) as caught:
        perform(text)
    return str(caught.value)


def test_a_play_comes_out() -> None:
    for bytewise in (False, True):
        perform(
            "# Ann talks to herself.\n"
            "ann connects\n"
            "ann: PRIVMSG ann :hello\n"
            "ann hears: :ann!~ann@there PRIVMSG ann :hello\n",
            bytewise=bytewise,
        )


def test_another_line_is_shown_beside_the_expected_one() -> None:
    assert failure("ann connects\nann: PING x\nann hears: :irc.example PONG irc.example :y\n") == (
        "play.talk:3: ann hears: :irc.example PONG irc.example :y\n"
        "  - :irc.example PONG irc.example :y\n"
        "  ?                                ^\n"
        "  + :irc.example PONG irc.example :x"
    )


def test_the_line_of_the_block_is_named() -> None:
    text = "ann connects\nann: PING x\nann hears:\n    :irc.example PONG irc.example :x\n\n    more\n"
    assert failure(text).startswith("play.talk:6: ann hears:\n  - more\n  (nothing is heard)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ann connects\nann: PING x\n", "the end of the play\nbut ann hears\n  + :irc.example PONG"),
        ("ann connects\nann: PING x\nann hears nothing\n", "play.talk:3: ann hears nothing\nbut ann hears"),
        ("ann connects\nann dances\n", "this is no step of a play"),
        ("ann: PING x\n", "nobody is called ann"),
        ("setting nonsense = 1\n", "there is no setting nonsense"),
        ("ann connects\nsetting flood = on\n", "the server stands already"),
        ("the disk commits\n", "no commit is waiting"),
        ("the disk holds 1 message\n", "it holds []"),
        ("1 message waits for the disk\n", "it is 0"),
        ("ann connects\nann is disconnected\n", "ann is not disconnected"),
        ("ann connects\nreading from ann is paused\n", "it is not so"),
        ("ann connects\nann hears: {nonsense}\n", "(nothing is heard)"),
        ("ann connects\nann: PING x\nann hears: {nonsense}\n", "nothing of that name was captured"),
        ("ann connects\nann: PING x\nann skips to: y\n", "  - y\n"),
        ("ann connects\nann: PING x\nann hears in any order:\n    y\n", "  - y\n"),
        ("ann connects\nann: PING x\nann skips everything\nann never heard: ...PONG...\n", "but ann heard\n"),
        ("setting password = x\nann connects\n", "ann was not let in"),
    ],
)
def test_a_play_that_does_not_come_out_says_why(text: str, words: str) -> None:
    assert words in failure(text)


def test_settings_have_the_type_of_their_default() -> None:
    perform(
        "setting flood = on\nsetting flood_burst = 3\nsetting motd = a | b\nsetting store = off\nann connects\n"
    )


def test_a_step_has_the_indented_lines_below_it() -> None:
    steps = split_steps("# comment\n\nfirst:\n    one\n    # two\n\nsecond\n")
    assert [(step.number, step.text, step.block) for step in steps] == [
        (3, "first:", ["one", "# two"]),
        (7, "second", []),
    ]


def test_an_indented_line_needs_a_step(tmp_path: Path) -> None:
    file = tmp_path / "bad.talk"
    file.write_text("  lost\n")
    with pytest.raises(ValueError, match="line 1 is indented"):
        read_script(file)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("hello", b"hello"),
        ("ж", "ж".encode()),
        ("\\xff\\x00\\x0d", b"\xff\0\r"),
        ("{ab*3}c", b"abababc"),
        ("{m} {unknown} {not a name}", b"M {unknown} {not a name}"),
    ],
)
def test_what_is_spoken(text: str, data: bytes) -> None:
    assert spoken(text, {"m": "M"}) == data


@pytest.mark.parametrize(
    ("expected", "heard", "result"),
    [
        ("hello", "hello", True),
        ("hello", "hello!", False),
        ("a...c", "abc", True),
        ("a...c", "ac", True),
        ("a.c", "abc", False),
        ("{time}", "2026-01-01T12:00:00.000Z", True),
        ("{time}", "2026-01-01", False),
        ("{number:n} {n}", "5 5", True),
        ("{m}", "M", True),
        ("{m}", "N", False),
        ("{a*3}", "aaa", True),
        ("\\x01x", "\x01x", True),
        ("\\xd0\\xb6", "ж", True),
        ("(*+?[", "(*+?[", True),
    ],
)
def test_what_is_heard(expected: str, heard: str, result: bool) -> None:
    try:
        assert matches(expected, heard, {"m": "M"}) is result
    except ValueError:
        assert expected == "{number:n} {n}"


def test_what_is_captured_must_be_the_same_again() -> None:
    known: dict[str, str] = {}
    assert matches("{word:w}-{word:w}", "a-a", known)
    assert known == {"w": "a"}
    assert not matches("{word:w}", "b", known)
    assert matches("{w}", "a", known)
    assert not matches("{word:v} x", "b y", known)
    assert "v" not in known
