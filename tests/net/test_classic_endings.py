"""The classic door against a whole engine: how visits end, and what visitors send who mean no good."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.visitors import Visitor, lobby_stage, old_visitor, person
from veche.net.classic.session import ClassicSession
from veche.testing.stage import Stage
from veche.wire.lines import LineReader

CHOOSE = "To everybody: just type. To one of them: /tell NAME TEXT, or /tell NUMBER TEXT. Commands: /help"
BY_NUMBER = "Type a number alone to talk to that person from now on."


@pytest.fixture
def stage() -> Stage:
    return lobby_stage()


# ---- coming and going


def test_departures_are_told_in_the_old_words(stage: Stage) -> None:
    ann, bob, ivy = old_visitor(stage, "ann"), person(stage, "bob"), stage.enter("ivy")
    ann.reads()
    bob.types("/quit see you")
    assert bob.reads()[-1] == "Goodbye!"
    assert bob.is_closed
    ivy.send("PART #lobby")
    assert ann.reads() == ["bob has left the Chat!", "ivy has left the Chat!"]
    ivy.send("QUIT")
    assert ann.reads() == []
    ann.says("LIST ")
    assert ann.reads() == ["Users in chatroom: ['ann']"]


def test_who_is_put_out_can_come_back(stage: Stage) -> None:
    ann, bob = person(stage, "ann"), person(stage, "bob")
    ann.reads()
    room = stage.engine.world.rooms["#lobby"]
    ivy = stage.enter("ivy")
    uid = stage.engine.world.users_by_key["ivy"].uid
    room.members[uid].ranks = "o"
    ivy.send("KICK #lobby ann :enough", "MODE #lobby +m")
    assert ann.reads() == [
        "ivy has joined the Chat",
        "ann has left the Chat!",
        "ivy has put you out of the room: enough. To come back: /join",
    ]
    assert bob.reads()[-3:] == [
        "ann has left the Chat!",
        "ivy has put ann out of the room: enough",
        "ivy has changed the room's modes: +m",
    ]
    ann.types("hello", "/join", "hello")
    assert ann.reads() == [
        "You are not in the room, so nobody heard that. To come back: /join",
        "ann has joined the Chat",
        "People to talk to:\n  1. bob\n  2. ivy",
        CHOOSE,
        BY_NUMBER,
        "You may not speak in the room now, so nobody heard that.",
    ]


def test_the_end_of_input_waits_for_what_was_said(stage: Stage) -> None:
    bob = old_visitor(stage, "bob")
    stage.disk.is_slow = True
    ann = Visitor(stage)
    ann.sends("ann\nhello\nbye")
    ann.shuts()
    assert not ann.is_closed
    stage.disk.hurry()
    assert ann.reads()[-3:] == ["ann: hello", "ann: bye", "Goodbye!"]
    assert ann.is_closed
    assert bob.reads() == ["ann has joined the Chat", "ann: hello", "ann: bye", "ann has left the Chat!"]


def test_an_interrupt_in_telnet_ends_the_visit(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.sends(b"\xff\xf4\xff\xfd\x06")
    assert ann.reads() == ["Goodbye!"]
    assert ann.is_closed


# ---- without a lobby


def test_without_a_lobby_people_whisper() -> None:
    stage = lobby_stage("")
    bob, ann = person(stage, "bob"), Visitor(stage)
    ann.says("ann")
    assert ann.reads() == [
        "Connected to the Server!",
        "This server has no common room: you can talk to people one by one.",
        "People to talk to:\n  1. bob",
        CHOOSE,
    ]
    ann.says("TELL ann 1 psst")
    assert bob.reads() == ["ann whispers: psst"]
    ann.says("LIST ")
    ann.says("ann: hello")
    assert ann.reads() == [
        "Users in chatroom: ['bob', 'ann']",
        "This server has no common room: you can talk to people one by one.",
        "Write it like this: /tell NAME TEXT",
    ]


# ---- bad input


def test_who_never_names_himself_is_sent_away() -> None:
    stage = lobby_stage()
    ann = Visitor(stage)
    stage.pass_time(stage.settings.registration_seconds + 10)
    assert ann.reads() == [
        "You did not say your name in time, so the connection is closed. Please come again."
    ]
    assert ann.is_closed


def test_a_silent_visitor_stays(stage: Stage) -> None:
    ann = person(stage, "ann")
    for _ in range(20):
        stage.pass_time(60)
        ann.reads()
    assert not ann.is_closed
    ann.types("still here")
    assert ann.reads() == ["ann: still here"]


@pytest.mark.parametrize(
    ("first", "answer"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not for a browser"),
        (b"\x16\x03\x01\x00\xa5\x01\x00\x00\n\x03\x03", "for people"),
        (b"CAP LS 302\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n", "IRC clients come in by the IRC port"),
    ],
)
def test_strangers_are_told_and_become_nobody(stage: Stage, first: bytes, answer: str) -> None:
    visitor = Visitor(stage)
    visitor.sends(first)
    told = visitor.reads()
    assert len(told) == 1
    assert answer in told[0]
    assert visitor.is_closed
    assert not stage.engine.world.users


def test_a_megabyte_without_a_newline_ends_the_visit(stage: Stage) -> None:
    bob, ann = person(stage, "bob"), person(stage, "ann")
    bob.reads()
    for _ in range(16):
        ann.sends(b"x" * 65536)
    assert ann.is_closed
    assert "without a line end" in ann.reads()[0]
    assert bob.reads() == ["ann has left the Chat!"]


def test_a_flood_is_passed_on_in_time_and_ends_nothing() -> None:
    stage = lobby_stage(flood=True)
    ann, bob = person(stage, "ann"), person(stage, "bob")
    ann.sends("".join(f"line {number} {'x' * 300}\n" for number in range(60)))
    stage.pass_time(5)
    assert 10 < len(bob.reads()) < 20
    stage.pass_time(30)
    assert f"line 59 {'x' * 300}" in bob.reads()[-1]
    assert not ann.is_closed


def test_who_says_too_much_before_he_is_let_in_is_told_so() -> None:
    stage = lobby_stage()
    stage.disk.is_slow = True
    ann = Visitor(stage)
    ann.types("ann")
    ann.sends("".join(f"line {number} {'x' * 300}\n" for number in range(300)))
    assert "more slowly" in ann.reads()[-1]
    assert ann.is_closed


def test_a_password_that_nobody_can_give_is_explained() -> None:
    stage = lobby_stage(password="secret")
    ann = Visitor(stage)
    ann.types("ann")
    (told,) = ann.reads()
    assert told.startswith("This server wants a password")
    assert ann.is_closed


def test_a_server_that_goes_down_says_so(stage: Stage) -> None:
    ann = person(stage, "ann")
    stage.engine.stop("Server is going down")
    stage.engine.say_goodbye()
    assert ann.reads() == ["The server is going down. What was said is kept; please come again later."]


def test_an_ending_that_nobody_has_words_for_is_told_as_it_is(stage: Stage) -> None:
    ann = person(stage, "ann")
    stage.engine.stop("Tea time")
    stage.engine.say_goodbye()
    assert ann.reads() == ["The server ends the connection: Tea time"]


COMMANDS = [
    "PRIVMSG",
    "JOIN",
    "PART",
    "QUIT",
    "NICK",
    "KICK",
    "TOPIC",
    "MODE",
    "PING",
    "PONG",
    "ERROR",
    "FAIL",
]
COMMANDS += ["001", "332", "353", "352", "315", "401", "433", "311", "474"]

CHUNKS = st.lists(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.sampled_from(
        [
            b"ann",
            b"\n",
            b"\r\n",
            b"/tell 1 x\n",
            b"/nick ",
            b"LIST ",
            b"TELL ann ",
            b"ann: ",
            b"/who\n",
            b"\xff\xf4",
            b"/me ",
        ]
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(CHUNKS)
def test_nothing_that_a_visitor_sends_raises_or_harms(chunks: list[bytes]) -> None:
    stage = lobby_stage()
    bob = person(stage, "bob")
    visitor = Visitor(stage)
    with stage.bugs:
        for index, chunk in enumerate(chunks):
            visitor.sends(chunk)
            if index % 2 and visitor.door.wait:
                visitor.waits()
        visitor.shuts()
    assert stage.bugs.found == []
    for text in bob.reads() + visitor.reads():
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


@given(st.lists(st.text(max_size=80), max_size=6), CHUNKS)
def test_nothing_that_the_engine_sends_raises(words: list[str], chunks: list[bytes]) -> None:
    door = ClassicSession("#lobby", "en", 30, 1, lambda: 0.0)
    door.receive(b"ann\n")
    door.hear(b":s 001 ann :Welcome to X, ann!~a@h\r\n:ann!~a@h JOIN #lobby\r\n:s PONG s classic-arrived\r\n")
    text = " ".join(words)
    for command in COMMANDS:
        lines = f":x!y@z {command} {text}\r\n@time=x;msgid=y :s {command} ann #lobby {text}\r\n"
        door.hear(lines.encode(errors="replace"))
    for chunk in chunks:
        door.receive(chunk)
        door.quiet()
    lines = door.take_lines_for_engine()
    assert all(isinstance(line, str) for line in LineReader().receive(lines))
