"""veche.wire.lines: each input is eaten whole, in single bytes, in any pieces, and with a tail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.lines import BODY_LIMIT, CLIENT_TAG_DATA, TAIL_LIMIT, BadLine, Fault, LineReader, cut

Lines = list[str | BadLine]

CASES: list[tuple[bytes, Lines]] = [
    (b"PING x\r\n", ["PING x"]),
    (b"PING x\n", ["PING x"]),
    (b"\r\n\n\r\nPING x\r\n\r\n", ["PING x"]),
    (b" \r\n", [" "]),
    (b"A\r\nB\nC\r\n", ["A", "B", "C"]),
    ("ПРИВЕТ\r\n".encode(), ["ПРИВЕТ"]),
    (b"PRIVMSG #a :\xff\r\nPING\r\n", [BadLine(Fault.NOT_UTF8, "PRIVMSG"), "PING"]),
    (b"@a=b :me privmsg #a :\xff\r\n", [BadLine(Fault.NOT_UTF8, "PRIVMSG", "a=b")]),
    (b"@\xff A :\xff\r\n", [BadLine(Fault.NOT_UTF8, "A")]),
    (b"@a\0 A\r\n", [BadLine(Fault.BAD_BYTE, "A")]),
    (b"@a=b A\0\r\n", [BadLine(Fault.BAD_BYTE, "*", "a=b")]),
    (b"\xff\r\n", [BadLine(Fault.NOT_UTF8, "*")]),
    (b"A\0B\r\n", [BadLine(Fault.BAD_BYTE, "*")]),
    (b"A x\0\r\n", [BadLine(Fault.BAD_BYTE, "A")]),
    (b"A x\rB y\r\n", [BadLine(Fault.BAD_BYTE, "A")]),
    (b"A\r\r\n", [BadLine(Fault.BAD_BYTE, "*")]),
    (b"x" * 510 + b"\r\n", ["x" * 510]),
    (b"x" * 511 + b"\r\n", [BadLine(Fault.TOO_LONG, "X" * 40)]),
    (b"PING " + b"x" * 506 + b"\n", [BadLine(Fault.TOO_LONG, "PING")]),
    (b"@a=" + b"x" * 4092 + b" PING\r\n", ["@a=" + "x" * 4092 + " PING"]),
    (b"@a=" + b"x" * 4093 + b" PING\r\n", [BadLine(Fault.TOO_LONG, "PING")]),
    (b"@a " + b"x" * 510 + b"\r\n", ["@a " + "x" * 510]),
    (b"@a " + b"x" * 511 + b"\r\n", [BadLine(Fault.TOO_LONG, "X" * 40, "a")]),
    (b"@" + b"x" * 600 + b"\r\n", [BadLine(Fault.TOO_LONG, "*")]),
]


@pytest.mark.parametrize(("data", "lines"), CASES)
def test_a_stream_is_cut_into_lines(data: bytes, lines: Lines) -> None:
    reader = LineReader()
    assert reader.receive(data) == lines
    assert reader.tail == b""


@pytest.mark.parametrize(("data", "lines"), CASES)
def test_single_bytes_give_the_same_lines(data: bytes, lines: Lines) -> None:
    reader = LineReader()
    found: Lines = []
    for index in range(len(data)):
        found += reader.receive(data[index : index + 1])
    assert found == lines


@pytest.mark.parametrize(("data", "lines"), CASES)
def test_what_has_no_end_yet_is_kept(data: bytes, lines: Lines) -> None:
    reader = LineReader()
    assert reader.receive(data + b"TAIL") == lines
    assert reader.tail == b"TAIL"
    assert reader.receive(b" end\r\n") == ["TAIL end"]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_pieces_do_not_matter(data: bytes, cuts: list[int]) -> None:
    whole = LineReader()
    lines = whole.receive(data)
    pieces = LineReader()
    found: Lines = []
    at = 0
    for end in [*sorted(min(end, len(data)) for end in cuts), len(data)]:
        found += pieces.receive(data[at:end])
        at = end
    assert found == lines
    assert pieces.tail == whole.tail


@given(st.binary(max_size=2000))
def test_nothing_that_is_no_text_comes_out(data: bytes) -> None:
    for line in LineReader().receive(data):
        if isinstance(line, str):
            assert line
            assert not set(line) & set("\r\n\0")
            assert len(line.encode()) <= 1 + CLIENT_TAG_DATA + 1 + BODY_LIMIT


def test_an_endless_line_is_given_up_before_it_costs_memory() -> None:
    reader = LineReader()
    reader.receive(b"x" * TAIL_LIMIT)
    assert not reader.overflowed
    reader.receive(b"x")
    assert reader.overflowed
    assert reader.tail == b""


def test_lines_before_an_overflow_come_out() -> None:
    reader = LineReader()
    assert reader.receive(b"PING\r\n" + b"x" * 20000) == ["PING"]
    assert reader.overflowed


def test_limits_are_a_choice() -> None:
    reader = LineReader(limit=10, tags=4)
    assert reader.receive(b"0123456789\r\n") == ["0123456789"]
    assert reader.receive(b"01234567890\r\n") == [BadLine(Fault.TOO_LONG, "01234567890")]
    assert reader.receive(b"@abcd 0123456789\r\n") == ["@abcd 0123456789"]
    assert reader.receive(b"@abcde 0123456789\r\n") == [BadLine(Fault.TOO_LONG, "0123456789")]


def test_a_bad_line_shows_what_it_is() -> None:
    assert repr(BadLine(Fault.TOO_LONG, "PING")) == "BadLine(TOO_LONG, 'PING')"
    assert BadLine(Fault.TOO_LONG, "PING") != BadLine(Fault.NOT_UTF8, "PING")
    assert BadLine(Fault.TOO_LONG, "PING") != "PING"


@given(st.text(max_size=60), st.integers(0, 100))
def test_cut_ends_where_a_letter_ends(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert text.startswith(short)
    assert len(short.encode()) <= limit
    assert short == text or len((short + text[len(short)]).encode()) > limit
