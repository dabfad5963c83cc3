"""veche.core.playback: records as lines."""

from __future__ import annotations

import pytest

from veche.core.playback import playback_line
from veche.core.ports import Record
from veche.core.session import Session
from veche.testing.pipe import FakePipe
from veche.wire.caps import BATCH, MESSAGE_TAGS, SERVER_TIME, VIEW


def make_session(caps: int) -> Session:
    session = Session(FakePipe(), "", "there", "irc", 0.0, secure=False)
    session.caps = caps
    session.view = caps & VIEW
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
