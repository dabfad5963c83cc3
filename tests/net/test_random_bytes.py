"""Any bytes at every door: nothing raises but what is named, nothing grows without bound, pieces change nothing."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.visitors import Visitor, lobby_stage
from veche.net import frames
from veche.net.frames import MESSAGE_LIMIT, FrameError, FrameReader, LineFrames
from veche.net.http_head import HEAD_LIMIT, Head, HttpError, accept_key, check_body, take_head
from veche.net.proxy import LONGEST_REST, SIGNATURE, Header, HeaderError, take_header
from veche.net.websocket import _line_of
from veche.testing.checks import check_stage
from veche.wire.lines import LineReader


def outcome(
    take: Callable[[bytes], tuple[object, bytes] | None], data: bytes, wrong: type[Exception]
) -> object:
    """What a door makes of the beginning of a stream: the rest behind the header, the refusal's kind, or None."""
    try:
        found = take(data)
    except wrong:
        return wrong
    return None if found is None else (found[0], found[1])


# ---- the PROXY protocol

proxy_bytes = st.lists(
    st.binary(max_size=30)
    | st.sampled_from([
        SIGNATURE, SIGNATURE[:5], b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN\r\n", b"198.51.100.3 ", b"::1 ",
        b"1 2\r\n",
        b"\x21\x11\x00\x0c", b"\x20\x00\x00\x00", b"\x21\x21\x00\x24", b"\x21\x11\xff\xff", b"\x20\x00\x05\x01\0\0\0\0",
        b"PROXY TCP4 198.51.100.3 192.0.2.1 40000 6667\r\n", b"x" * 200,
    ]),
    max_size=8,
).map(b"".join)  # fmt: skip


@settings(deadline=None, derandomize=True)
@given(data=proxy_bytes, tail=st.binary(max_size=20))
def test_a_proxy_header_is_one_thing_however_it_comes(data: bytes, tail: bytes) -> None:
    def seen(data: bytes) -> object:
        found = outcome(take_header, data, HeaderError)
        if isinstance(found, tuple):
            header = found[0]
            assert isinstance(header, Header)
            return header.address, header.secure, found[1]
        return found

    decided = None
    for size in range(len(data) + 1):
        now = seen(data[:size])
        if isinstance(decided, tuple):
            assert now == (*decided[:2], decided[2] + data[size - 1 : size])
        elif decided is not None:
            assert now is decided, "what was refused is refused whatever follows"
        decided = now
    if isinstance(decided, tuple):
        assert seen(data + tail) == (*decided[:2], decided[2] + tail)
    if len(data) > len(SIGNATURE) + 4 + LONGEST_REST:
        assert decided is not None, "a header is waited for without end"


# ---- HTTP

http_lines = st.sampled_from([
    b"GET / HTTP/1.1", b"GET /irc HTTP/1.1", b"POST /x HTTP/1.0", b"Host: chat.example", b"Upgrade: websocket",
    b"Connection: Upgrade", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Origin: null",
    b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked", b"X-Forwarded-For: 1.2.3.4, ::1",
    b" folded",
    b"a" * 3000, b"", b"\r", b"Bad Name: x", b"Host: other", b"Upgrade: h2c, WebSocket", b"Sec-WebSocket-Key: x",
])  # fmt: skip
http_bytes = st.lists(http_lines | st.binary(max_size=20), max_size=12).map(b"\r\n".join)


@settings(deadline=None, derandomize=True)
@given(
    head=http_bytes, end=st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\n", b""]), tail=st.binary(max_size=20)
)
def test_a_request_is_read_or_refused(head: bytes, end: bytes, tail: bytes) -> None:
    found = outcome(take_head, head + end + tail, HttpError)
    if isinstance(found, tuple):
        read = found[0]
        assert isinstance(read, Head)
        assert (head + end + tail).endswith(found[1])
        for look in (check_body, accept_key, lambda head: head.wants_websocket):
            try:
                look(read)
            except HttpError:
                pass
    elif found is None:
        assert len(head + end + tail) <= HEAD_LIMIT, "a head is waited for without end"
        assert b"\r\n\r\n" not in head + end + tail


# ---- WebSocket frames


def frame(opcode: int, payload: bytes, *, fin: bool = True, mask: bytes = b"abcd") -> bytes:
    """A frame as a client sends it."""
    size = len(payload)
    length = (
        bytes([0x80 | size]) if size < 126
        else b"\xfe" + struct.pack("!H", size) if size < 1 << 16
        else b"\xff" + struct.pack("!Q", size)
    )  # fmt: skip
    return bytes([fin << 7 | opcode]) + length + mask + frames._unmask(mask, payload)


payloads = (
    st.binary(max_size=200)
    | st.text(max_size=60).map(str.encode)
    | st.sampled_from([b"x" * 9000, b"\x03\xe8"])
)
masks = st.binary(min_size=4, max_size=4)
websocket_bytes = st.lists(
    st.binary(max_size=12)
    | st.builds(frame, st.sampled_from([0, 1, 1, 1, 2, 8, 9, 10, 3]), payloads, fin=st.booleans(), mask=masks)
    | st.sampled_from([b"\x81\xff" + b"\xff" * 8, b"\x81\xfe\x00\x01", b"\xc1\x80", b"\x01\x80abcd", b"\x00\x80abcd"]),
    max_size=10,
).map(b"".join)  # fmt: skip


def read_frames(pieces: list[bytes]) -> tuple[list[tuple[int, bytes]], int]:
    """What comes of a stream: the messages, and the code of the fault that ends it, or 0."""
    reader = FrameReader()
    found: list[tuple[int, bytes]] = []
    for piece in pieces:
        try:
            found += reader.receive(piece)
        except FrameError as error:
            return found, error.code
        assert len(reader._tail) + len(reader._message) <= 2 * MESSAGE_LIMIT + 14
    return found, 0


@settings(deadline=None, derandomize=True)
@given(data=websocket_bytes, at=st.integers(0, 400))
def test_frames_are_the_same_in_pieces(data: bytes, at: int) -> None:
    singles, code = read_frames([data[i : i + 1] for i in range(len(data))])
    halves, code_of_halves = read_frames([data[:at], data[at:]])
    # "what came in the same piece before the fault is dropped with it"
    assert code == code_of_halves
    assert singles[: len(halves)] == halves
    assert code or singles == halves
    for opcode, payload in singles:
        assert len(payload) <= MESSAGE_LIMIT
        if opcode == frames.TEXT:
            payload.decode()


@settings(deadline=None, derandomize=True)
@given(payload=st.binary(max_size=300) | st.sampled_from([b"a\r\nQUIT", b"\r\n", b"x\n" * 20, b"\n\r\n"]))
def test_a_websocket_message_is_never_two_lines(payload: bytes) -> None:
    assert len(LineReader().receive(_line_of(payload))) <= 1


@settings(deadline=None, derandomize=True)
@given(
    lines=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=300).map(
            str.encode
        )
    )
)
def test_lines_come_out_of_frames_as_they_went_in(lines: list[bytes]) -> None:
    data = LineFrames(frames.BINARY).of(b"".join(line + b"\r\n" for line in lines))
    found = []
    while data:
        size, head = data[1], 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(data[2:head], "big")
        found.append(data[head : head + size])
        data = data[head + size :]
    assert found == lines


# ---- the classic door

classic_bytes = st.lists(
    st.binary(max_size=20)
    | st.text(max_size=20).map(str.encode)
    | st.sampled_from([
        b"ann\n", b"ann: ", b"LIST\n", b"LIST ", b"hello\r\n", b"\xff\xfd\x01", b"\xff\xfa", b"\xff\xf4", b"\x1b[A",
        b"\x7f\x08", b"\0",
        b"#tea: hello\n", b"x" * 3000, b"/help\n", b"\n\n\n", b"NICK", b"JOIN #tea\r\n", b"irc\n", b"\xd0",
    ]),
    max_size=15,
)  # fmt: skip


@settings(deadline=None, derandomize=True)
@given(one=classic_bytes, other=classic_bytes)
def test_visitors_who_say_anything_leave_the_server_sound(one: list[bytes], other: list[bytes]) -> None:
    stage = lobby_stage()
    with stage.bugs:
        ann = stage.enter("ann")
        ann.send("JOIN #tea")
        visitors = [Visitor(stage), Visitor(stage)]
        for index in range(max(len(one), len(other))):
            for visitor, pieces in zip(visitors, (one, other), strict=True):
                if index < len(pieces) and not visitor.is_closed:
                    visitor.sends(pieces[index])
                    if visitor.door.wait and index % 2:
                        visitor.waits()
            stage.pass_time(1.0)
        stage.pass_time(40.0)
        assert not check_stage(stage)


@pytest.mark.parametrize("byte", [b"\n", b"\r", b"\0", b"\xff"])
def test_a_visitor_who_says_one_thing_for_ever_is_bounded(byte: bytes) -> None:
    stage = lobby_stage()
    visitor = Visitor(stage)
    for _ in range(100):
        if not visitor.is_closed:
            visitor.sends(byte * 2000)
    assert sum(map(len, visitor.unread)) < 200_000
