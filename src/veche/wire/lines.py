"""Cut a stream of bytes into lines.

The rule: a reader never holds more than `TAIL_LIMIT` bytes of an unfinished line, and hands every finished
line out exactly once, whole: as text where it is fit to be parsed, as a `Fault` where it is not.
This module knows nothing of commands; what to do about a fault is for the floor above.

Sources: Modern IRC "Message Format" (lines end in CR LF, a lone LF SHOULD be handled), message-tags "Size limit",
utf8-only.
"""

from enum import Enum
from typing import Final

# message-tags, "Size limit": 8191 bytes for all tags, of which client-sent tag data may take 4094 bytes.
CLIENT_TAG_DATA: Final = 4094
# Modern IRC: "limit messages to 512 bytes in length, including the trailing CR-LF".
BODY_LIMIT: Final = 510
# An unfinished line may grow this far before the stream is given up: a line that is too long by a little
# earns its 417, a stream without any newline costs no more memory than this.
TAIL_LIMIT: Final = 16 * 1024


class Fault(Enum):
    """Why a line cannot be parsed; the line itself is dropped, the stream goes on behind it."""

    TOO_LONG = "too long"
    NOT_UTF8 = "not UTF-8"
    BAD_BYTE = "NUL or CR inside the line"


class BadLine:
    """A line that was refused, with as much of its command as an answer needs, and its tag part where that is fit."""

    __slots__ = ("command", "fault", "tags")

    def __init__(self, fault: Fault, command: str, tags: str = "") -> None:
        self.fault = fault
        self.command = command
        self.tags = tags

    def __repr__(self) -> str:
        return f"BadLine({self.fault.name}, {self.command!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BadLine) and (other.fault, other.command, other.tags) == (
            self.fault,
            self.command,
            self.tags,
        )

    __hash__ = None  # type: ignore[assignment]


class LineReader:
    """Collects bytes, gives lines.

    `limit` is the longest body (without tags and line end) in bytes; `tags` the longest tag data.
    After `overflowed` turns true the stream cannot be trusted any more: close it. `blank` is how many empty lines have
    come since the last one that was not.
    """

    __slots__ = ("blank", "limit", "overflowed", "tags", "tail")

    def __init__(self, *, limit: int = BODY_LIMIT, tags: int = CLIENT_TAG_DATA) -> None:
        self.tail = b""
        self.limit = limit
        self.tags = tags
        self.overflowed = False
        self.blank = 0

    def receive(self, data: bytes) -> list[str | BadLine]:
        """Take the next bytes of the stream; return the lines that they complete, in order, empty ones dropped."""
        if self.tail:
            data = self.tail + data
        raws = data.split(b"\n")
        self.tail = raws.pop()
        if len(self.tail) > TAIL_LIMIT:
            self.tail = b""
            self.overflowed = True
        lines: list[str | BadLine] = []
        for raw in raws:
            if raw[-1:] == b"\r":
                raw = raw[:-1]
            if not raw:
                self.blank += 1
                continue  # "If you encounter an empty message, silently ignore it."
            self.blank = 0
            if len(raw) > self.limit and self._is_too_long(raw):
                lines.append(BadLine(Fault.TOO_LONG, _command_of(raw), self._tags_of(raw)))
                continue
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                lines.append(BadLine(Fault.NOT_UTF8, _command_of(raw), self._tags_of(raw)))
                continue
            if "\0" in line or "\r" in line:
                # A CR that some receiver takes for a line end would let one line become two.
                lines.append(BadLine(Fault.BAD_BYTE, _command_of(raw), self._tags_of(raw)))
                continue
            lines.append(line)
        return lines

    def _is_too_long(self, raw: bytes) -> bool:
        if raw[:1] != b"@":
            return True
        tags, space, body = raw.partition(b" ")
        return not space or len(tags) - 1 > self.tags or len(body) > self.limit

    def _tags_of(self, raw: bytes) -> str:
        """The tag part, without its '@', of a line refused for something else; "" where it is to blame itself."""
        tags, space, _ = raw[1:].partition(b" ") if raw[:1] == b"@" else (b"", b"", b"")
        if not space or len(tags) > self.tags or b"\0" in tags or b"\r" in tags:
            return ""
        try:
            return tags.decode()
        except UnicodeDecodeError:
            return ""


def _command_of(raw: bytes) -> str:
    """The command of a line that cannot be parsed, for the answer; '*' where none can be read."""
    if raw[:1] == b"@":
        raw = raw.partition(b" ")[2].lstrip(b" ")
    if raw[:1] == b":":
        raw = raw.partition(b" ")[2].lstrip(b" ")
    word = raw[:40].partition(b" ")[0]
    return word.decode().upper() if word.isalnum() and word.isascii() else "*"


def cut(text: str, limit: int) -> str:
    """Shorten `text` to at most `limit` bytes of UTF-8, never in the middle of a code point (utf8-only)."""
    if len(text) * 4 <= limit:
        return text
    raw = text.encode()
    return text if len(raw) <= limit else raw[:limit].decode(errors="ignore")
