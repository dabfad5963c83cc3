"""veche.core.playback: records as lines."""

from __future__ import annotations

import pytest

from veche.core.playback import playback_line
from veche.core.ports import Record
from veche.core.session import Session
from veche.testing.pipe import FakePipe
from veche.wire.caps import BATCH, MESSAGE_TAGS, MULTILINE, SERVER_TIME, view_of


def make_session(caps: int) -> Session:
    session = Session(FakePipe(), "", "there", "irc", 0.0, secure=False)
    session.caps = caps
    session.view = view_of(caps)
    return session


def make_record(text: str = "hello", tags: str = "") -> Record:
    return Record(1, "M", 1767268800001, "#tea", 0, "PRIVMSG", "ann!~ann@there", "u1", "", "#tea", tags, text)


@pytest.mark.parametrize(
    ("caps", "batch", "line"),
    [
        (0, "", ":ann!~ann@there PRIVMSG #tea :[2026-01-01 12:00 UTC] hello"),
        (0, "b", ":ann!~ann@there PRIVMSG #tea :[2026-01-01 12:00 UTC] hello"),
        (BATCH, "b", "@batch=b :ann!~ann@there PRIVMSG #tea :[2026-01-01 12:00 UTC] hello"),
        (SERVER_TIME, "", "@time=2026-01-01T12:00:00.001Z :ann!~ann@there PRIVMSG #tea :hello"),
        (MESSAGE_TAGS | SERVER_TIME | BATCH, "b",
         "@batch=b;time=2026-01-01T12:00:00.001Z;msgid=M;+a=b :ann!~ann@there PRIVMSG #tea :hello"),
    ],
)  # fmt: skip
def test_a_record_looks_as_the_session_can_read_it(caps: int, batch: str, line: str) -> None:
    assert playback_line(make_record(tags="+a=b"), make_session(caps), batch) == line


def test_an_action_stays_an_action() -> None:
    line = playback_line(make_record("\x01ACTION waves\x01"), make_session(0))
    assert line.endswith(":\x01ACTION [2026-01-01 12:00 UTC] waves\x01")


@pytest.mark.parametrize("letter", ["x", "€", "😀"])
def test_a_stamp_does_not_make_a_line_too_long(letter: str) -> None:
    text = letter * (470 // len(letter.encode()))
    assert len(playback_line(make_record(text), make_session(0)).encode()) <= 510


LONG = "one\n\n" + "two \n\rthree"


def test_a_long_message_is_a_batch_for_who_knows_it() -> None:
    session = make_session(MESSAGE_TAGS | SERVER_TIME | BATCH | MULTILINE)
    assert playback_line(make_record(LONG, tags="+a=b"), session, "h").split("\r\n") == [
        "@batch=h;time=2026-01-01T12:00:00.001Z;msgid=M;+a=b :ann!~ann@there BATCH +m1 draft/multiline #tea",
        "@batch=m1 :ann!~ann@there PRIVMSG #tea :one",
        "@batch=m1 :ann!~ann@there PRIVMSG #tea :",
        "@batch=m1 :ann!~ann@there PRIVMSG #tea :two ",
        "@batch=m1;draft/multiline-concat :ann!~ann@there PRIVMSG #tea :three",
        "@batch=h :ann!~ann@there BATCH -m1",
    ]


def test_a_long_message_is_its_lines_for_everybody_else() -> None:
    record = make_record(LONG, tags="+a=b")
    assert playback_line(record, make_session(MESSAGE_TAGS | SERVER_TIME | BATCH), "h").split("\r\n") == [
        "@batch=h;time=2026-01-01T12:00:00.001Z;msgid=M;+a=b :ann!~ann@there PRIVMSG #tea :one",
        "@batch=h;time=2026-01-01T12:00:00.001Z :ann!~ann@there PRIVMSG #tea :two ",
        "@batch=h;time=2026-01-01T12:00:00.001Z :ann!~ann@there PRIVMSG #tea :three",
    ]
    assert playback_line(record, make_session(0)).split("\r\n") == [
        ":ann!~ann@there PRIVMSG #tea :[2026-01-01 12:00 UTC] one",
        ":ann!~ann@there PRIVMSG #tea :[2026-01-01 12:00 UTC] two ",
        ":ann!~ann@there PRIVMSG #tea :[2026-01-01 12:00 UTC] three",
    ]
