"""WebSocket frames: bytes to messages, and lines to frames. No sockets here.

The rule: nothing is kept of a message that will be refused, and whatever breaks the protocol raises FrameError with the
code that the close frame is to carry. Nothing behind it is read.

Source: RFC 6455, section 5 ("Data Framing") and 7.4 ("Status Codes"). Extensions are never agreed to: compression holds
about 100 KiB for every browser that offers it, and browsers always do.
"""

from typing import Final

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
_CONTINUATION: Final = 0x0
_FIN: Final = 0x80

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
BAD_DATA: Final = 1007
TOO_BIG: Final = 1009

# An IRC line is at most 8191 bytes of tags and a body; what is longer by a little still earns its 417.
MESSAGE_LIMIT: Final = 8191 + 8192
# Frames that one message may come in. Clients that split at all do so at a few KiB.
FRAGMENT_LIMIT: Final = 64
# Lines whose frames are remembered: how many pieces of them at most, bytes in one, and bytes in all (the frames are as
# many again). In a busy room a piece holds what was said in one turn of the loop.
_REMEMBERED: Final = 256
_REMEMBERED_PIECE: Final = 1 << 18
_REMEMBERED_SIZE: Final = 1 << 21


class FrameError(Exception):
    """The peer broke the protocol; `code` is for the close frame, the text for the log and the others."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class FrameReader:
    """Collects bytes of a client, gives (opcode, payload): whole messages and control frames, in order."""

    __slots__ = ("_fragments", "_message", "_opcode", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._message = b""  # of a message that comes in several frames
        self._opcode = 0  # of that message; 0: there is none
        self._fragments = 0

    def receive(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take the next bytes; return what they complete.

        Raises FrameError; what came in the same piece before the fault is dropped with it.
        """
        if self._tail:
            data = self._tail + data
        found: list[tuple[int, bytes]] = []
        at = 0
        while (end := self._frame_end(data, at)) <= len(data):
            first = data[at]
            length = data[at + 1] & 0x7F
            body = at + (2 if length < 126 else 4 if length == 126 else 10)
            payload = _unmask(data[body : body + 4], data[body + 4 : end])
            self._take(first, payload, found)
            at = end
        self._tail = data[at:]
        return found

    def _frame_end(self, data: bytes, at: int) -> int:
        """Where the frame that begins at `at` ends; beyond the data if that cannot be known yet.

        Everything that the head alone can say against a frame is said here, before its payload is waited for.
        """
        have = len(data) - at
        if have < 2:
            return len(data) + 1
        opcode, second = data[at] & 0x0F, data[at + 1]
        length = second & 0x7F
        if data[at] & 0x70:
            # "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
            raise FrameError(PROTOCOL_ERROR, "reserved bits are set")
        if not second & 0x80:
            # "The server MUST close the connection upon receiving a frame that is not masked."
            raise FrameError(PROTOCOL_ERROR, "a frame is not masked")
        if opcode & 0x8:
            if opcode > PONG:
                raise FrameError(PROTOCOL_ERROR, "a frame of unknown kind")
            if length > 125 or not data[at] & _FIN:
                # "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
                raise FrameError(PROTOCOL_ERROR, "a control frame is too long or in pieces")
        elif opcode > BINARY:
            raise FrameError(PROTOCOL_ERROR, "a frame of unknown kind")
        head = 2
        if length >= 126:
            head = 4 if length == 126 else 10
            if have < head:
                return len(data) + 1
            least = 126 if length == 126 else 1 << 16
            length = int.from_bytes(data[at + 2 : at + head], "big")
            if length < least or length >> 63:
                # "in all cases, the minimal number of bytes MUST be used to encode the length"
                raise FrameError(PROTOCOL_ERROR, "a length that is written wrongly")
        if length + len(self._message) > MESSAGE_LIMIT:
            raise FrameError(TOO_BIG, "a message is too long")
        return at + head + 4 + length

    def _take(self, first: int, payload: bytes, found: list[tuple[int, bytes]]) -> None:
        """One whole frame."""
        opcode = first & 0x0F
        if opcode & 0x8:
            if opcode == CLOSE:
                _check_close(payload)
            found.append((opcode, payload))
            return
        if (opcode == _CONTINUATION) != bool(self._opcode):
            # "The fragments of one message MUST NOT be interleaved between the fragments of another message"
            raise FrameError(PROTOCOL_ERROR, "a message inside another, or the end of none")
        if opcode != _CONTINUATION:
            if first & _FIN:
                found.append((opcode, _check_text(opcode, payload)))
                return
            self._opcode, self._fragments = opcode, 0
        self._fragments += 1
        if self._fragments > FRAGMENT_LIMIT:
            raise FrameError(TOO_BIG, "a message in too many pieces")
        self._message += payload
        if first & _FIN:
            found.append((self._opcode, _check_text(self._opcode, self._message)))
            self._message, self._opcode = b"", 0


class LineFrames:
    """Turns lines into frames, once however many connections they go to."""

    __slots__ = ("_first", "_known", "_size")

    def __init__(self, opcode: int) -> None:
        self._first = bytes([_FIN | opcode])
        self._known: dict[bytes, bytes] = {}
        self._size = 0  # bytes of the lines that are known

    def of(self, data: bytes) -> bytes:
        """The frames of lines that each end in CR LF: one message per line, which the frame ends and no CR LF.

        websocket: "servers and clients MUST NOT include trailing \\r or \\n characters in the message."
        """
        frames = self._known.get(data)
        if frames is None:
            first = self._first
            frames = b"".join([first + _length(line) + line for line in data.split(b"\r\n") if line])
            if len(data) <= _REMEMBERED_PIECE:
                if len(self._known) >= _REMEMBERED or self._size > _REMEMBERED_SIZE:
                    self._known.clear()
                    self._size = 0
                self._known[data] = frames
                self._size += len(data)
        return frames


def control_frame(opcode: int, payload: bytes = b"") -> bytes:
    """A ping, pong or close frame with at most 125 bytes."""
    return bytes([_FIN | opcode, len(payload)]) + payload


def close_frame(code: int, text: str = "") -> bytes:
    """A close frame; its text is cut to what fits."""
    return control_frame(
        CLOSE, code.to_bytes(2, "big") + text.encode()[:123].decode(errors="ignore").encode()
    )


def _length(line: bytes) -> bytes:
    size = len(line)
    if size < 126:
        return bytes([size])
    return b"\x7e" + size.to_bytes(2, "big") if size < 1 << 16 else b"\x7f" + size.to_bytes(8, "big")


def _unmask(mask: bytes, payload: bytes) -> bytes:
    """Section 5.3, as one operation on large numbers: the fastest way that Python has."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")


def _check_text(opcode: int, payload: bytes) -> bytes:
    if opcode == TEXT and not payload.isascii():
        try:
            payload.decode()
        except UnicodeDecodeError:
            # Section 8.1: "that endpoint MUST _Fail the WebSocket Connection_"
            raise FrameError(BAD_DATA, "a text message that is not UTF-8") from None
    return payload


def _check_close(payload: bytes) -> None:
    """Section 5.5.1 and 7.4: no body at all, or a code that may be sent and a reason in UTF-8."""
    if not payload:
        return
    code = int.from_bytes(payload[:2], "big")
    is_known = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
    if len(payload) < 2 or not is_known:
        raise FrameError(PROTOCOL_ERROR, "a close code that may not be sent")
    _check_text(TEXT, payload[2:])
