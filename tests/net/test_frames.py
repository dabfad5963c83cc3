"""WebSocket frames: whatever the pieces, the same messages; whatever is wrong, the right code."""

from __future__ import annotations

import pytest

from veche.net.frames import (
    BINARY,
    CLOSE,
    MESSAGE_LIMIT,
    PING,
    TEXT,
    FrameError,
    FrameReader,
    LineFrames,
    close_frame,
    control_frame,
)

MASK = b"\x11\x22\x33\x44"


def client_frame(
    opcode: int, payload: bytes, *, fin: bool = True, mask: bytes = MASK, first: int = 0
) -> bytes:
    """A frame as a client sends it."""
    size = len(payload)
    length = (
        bytes([0x80 | size])
        if size < 126
        else b"\xfe" + size.to_bytes(2, "big")
        if size < 1 << 16
        else b"\xff" + size.to_bytes(8, "big")
    )
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes([(0x80 if fin else 0) | opcode | first]) + length + mask + masked


FRAMES = [
    (client_frame(TEXT, b"hello"), [(TEXT, b"hello")]),
    (client_frame(TEXT, b""), [(TEXT, b"")]),
    (client_frame(BINARY, b"\xff\x00"), [(BINARY, b"\xff\x00")]),
    (client_frame(TEXT, "да".encode(), mask=b"\0\0\0\0"), [(TEXT, "да".encode())]),
    (client_frame(BINARY, b"x" * 125), [(BINARY, b"x" * 125)]),
    (client_frame(BINARY, b"x" * 126), [(BINARY, b"x" * 126)]),
    (client_frame(BINARY, b"x" * MESSAGE_LIMIT), [(BINARY, b"x" * MESSAGE_LIMIT)]),
    (
        client_frame(TEXT, "д".encode()[:1], fin=False)
        + client_frame(PING, b"?")
        + client_frame(0, "д".encode()[1:]),
        [(PING, b"?"), (TEXT, "д".encode())],
    ),
    (
        b"".join(client_frame(TEXT if i == 0 else 0, b"x", fin=i == 63) for i in range(64)),
        [(TEXT, b"x" * 64)],
    ),
    (client_frame(CLOSE, b""), [(CLOSE, b"")]),
    (client_frame(CLOSE, b"\x03\xe8bye"), [(CLOSE, b"\x03\xe8bye")]),
]


@pytest.mark.parametrize(("data", "messages"), FRAMES)
def test_frames_are_read_whole_in_single_bytes_and_with_a_tail(
    data: bytes, messages: list[tuple[int, bytes]]
) -> None:
    assert FrameReader().receive(data) == messages
    reader = FrameReader()
    assert [found for i in range(len(data)) for found in reader.receive(data[i : i + 1])] == messages
    more = client_frame(TEXT, b"more")
    reader = FrameReader()
    assert reader.receive(data + more[:3]) == messages
    assert reader.receive(more[3:]) == [(TEXT, b"more")]


BROKEN = {
    "not masked": (b"\x81\x02hi", 1002),
    "first reserved bit (compression)": (client_frame(TEXT, b"x", first=0x40), 1002),
    "second reserved bit": (client_frame(TEXT, b"x", first=0x20), 1002),
    "third reserved bit": (client_frame(TEXT, b"x", first=0x10), 1002),
    "unknown data frame": (client_frame(3, b"x"), 1002),
    "unknown control frame": (client_frame(0xB, b"x"), 1002),
    "long ping": (client_frame(PING, b"x" * 126), 1002),
    "ping in pieces": (client_frame(PING, b"x", fin=False), 1002),
    "continuation of nothing": (client_frame(0, b"x"), 1002),
    "a message inside another": (client_frame(TEXT, b"x", fin=False) + client_frame(TEXT, b"y"), 1002),
    "length in too many bytes": (b"\x81\xfe\x00\x05" + MASK + b"xxxxx", 1002),
    "length in far too many bytes": (b"\x81\xff" + (300).to_bytes(8, "big") + MASK, 1002),
    "2^63 bytes": (b"\x82\xff\x80" + b"\0" * 7, 1002),
    "2^62 bytes": (b"\x82\xff\x40" + b"\0" * 7, 1009),
    "one byte too many": (b"\x82\xfe" + (MESSAGE_LIMIT + 1).to_bytes(2, "big"), 1009),
    "one byte too many in two pieces": (
        client_frame(BINARY, b"x" * MESSAGE_LIMIT, fin=False) + client_frame(0, b"x"),
        1009,
    ),
    "a million pieces": (client_frame(TEXT, b"", fin=False) + client_frame(0, b"x", fin=False) * 64, 1009),
    "a million empty pieces": (
        client_frame(TEXT, b"", fin=False) + client_frame(0, b"", fin=False) * 64,
        1009,
    ),
    "text that is not UTF-8": (client_frame(TEXT, b"\xff"), 1007),
    "text that ends within a letter": (client_frame(TEXT, "д".encode()[:1]), 1007),
    "text with half of a pair": (client_frame(TEXT, b"\xed\xa0\x80"), 1007),
    "close with half a code": (client_frame(CLOSE, b"\x03"), 1002),
    "close with code 999": (client_frame(CLOSE, (999).to_bytes(2, "big")), 1002),
    "close with code 1005": (client_frame(CLOSE, (1005).to_bytes(2, "big")), 1002),
    "close with code 1006": (client_frame(CLOSE, (1006).to_bytes(2, "big")), 1002),
    "close with code 5000": (client_frame(CLOSE, (5000).to_bytes(2, "big")), 1002),
    "close with a reason that is not UTF-8": (client_frame(CLOSE, b"\x03\xe8\xff"), 1007),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_protocol_is_told_by_its_code(name: str) -> None:
    data, code = BROKEN[name]
    with pytest.raises(FrameError) as caught:
        FrameReader().receive(data)
    assert caught.value.code == code
    reader = FrameReader()
    with pytest.raises(FrameError) as caught:
        _ = [reader.receive(data[i : i + 1]) for i in range(len(data))]
    assert caught.value.code == code


def test_a_line_is_a_message_without_its_end() -> None:
    frames = LineFrames(TEXT)
    assert frames.of(b"a\r\n") == b"\x81\x01a"
    assert frames.of(b"a\r\n" + b"b" * 126 + b"\r\n") == b"\x81\x01a\x81\x7e\x00\x7e" + b"b" * 126
    assert LineFrames(BINARY).of(b"x" * 65536 + b"\r\n")[:10] == b"\x82\x7f" + (65536).to_bytes(8, "big")


def test_a_line_to_many_is_framed_once() -> None:
    frames = LineFrames(TEXT)
    line = b":ann PRIVMSG #tea :hello\r\n"
    assert frames.of(line) is frames.of(bytes(bytearray(line)))
    turn = line * 1000
    assert frames.of(turn) is frames.of(bytes(bytearray(turn)))


def test_what_is_remembered_is_bounded() -> None:
    frames = LineFrames(TEXT)
    for number in range(1000):
        frames.of(b"%d\r\n" % number)
        frames.of(b"%d" % number * 30_000 + b"\r\n")
        assert sum(map(len, frames._known)) < 3 << 20
    big = b"x" * 300_000 + b"\r\n"
    assert frames.of(big) is not frames.of(big)
    assert len(frames._known) <= 256


def test_a_close_frame_holds_no_half_letters() -> None:
    frame = close_frame(1009, "я" * 100)
    assert len(frame) <= 127
    frame[4:].decode()
    assert control_frame(PING, b"x") == b"\x89\x01x"
