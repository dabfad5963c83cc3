"""From a visitor's bytes to messages: by newlines where he uses them, else by silence.

The rule: nothing is dropped without a word, and no more than `PENDING_LIMIT` bytes wait.

The old client frames nothing: one `send()` is one message. Three things tell its messages apart, best first: a new
chunk that begins as only a message of that client begins; such a beginning inside a chunk, where the network has glued
two messages; and silence. A visitor whose name or later message ends in a newline is a person with `nc` or
`telnet` and is read line by line from then on. A newline *inside* what the old client sends makes no such visitor of
him: waiting for a newline behind it would mean waiting for ever.

Sources: RFC 854 (telnet's commands; CR NUL for a bare carriage return), RFC 856 (binary mode), RFC 860 (timing mark).
"""

import re

# More than this without an end is nothing that a person types; what comes behind it is not read any more.
PENDING_LIMIT = 16 * 1024
# How long nothing must come for a chunk to be a whole message. A message torn by the network arrives faster.
QUIET_SECONDS = 0.1
# Some telnets send every key on its own: give their people the time to find the next one.
TYPING_SECONDS = 2.0

# A name longer than this is none, and looking for it everywhere would cost the square of its length.
NAME_LIMIT = 256

_IAC = 0xFF
_SB = 0xFA
_SE = b"\xff\xf0"
_WILL, _WONT, _DO, _DONT = range(0xFB, 0xFF)  # each with the option behind it
_BINARY = 0  # RFC 856: all eight bits of a character count
_COMMANDS = range(0xEC, 0xFA)
# End of file, abort, interrupt: what telnet makes of ^D, ^\\ and ^C.
_INTERRUPTS = frozenset({0xEC, 0xEE, 0xF4})
# A telnet that is not in binary mode looks at seven bits of what is typed and takes the second byte of some letters for
# ^D, ^Z, ^\\, ^C, ^O. (And of one for ^]: that letter never comes here, unless by telnet -8.)
_LETTERS = {0xEC: b"\x84", 0xED: b"\x9a", 0xEE: b"\x9c", 0xF4: b"\x83", 0xF5: b"\x8f"}
# A subnegotiation longer than this is none.
_SB_LIMIT = 1024
# Nor does a telnet ask for this much at once.
_REPLIES_LIMIT = 256
# The old client's name and first message in one chunk: the name stands there twice.
_NAME_AND_MESSAGE = re.compile(rb"([^\n]{1,120}?)(?=(?:\1: |TELL \1 ))", re.DOTALL)


class Framing:
    """Collects bytes, gives messages. After `overflowed` turns true nothing more can be had from the stream."""

    __slots__ = (
        "_asked_for_binary",
        "_marks",
        "_named",
        "_pending",
        "_tail",
        "end",
        "interrupted",
        "name",
        "overflowed",
        "replies",
        "uses_lines",
    )

    def __init__(self) -> None:
        self.uses_lines = False
        self.end = "\n"  # how this visitor ends a line
        self.name: bytes | None = None  # what the old client puts in front of everything
        self.overflowed = False
        self.interrupted = False  # somebody has pressed ^C in his telnet
        self.replies = b""  # owed to a telnet
        self._named = False
        self._pending = b""
        self._marks: list[int] = []  # where chunks began, in _pending
        self._tail = b""  # the beginning of a telnet command
        self._asked_for_binary = False

    @property
    def wait(self) -> float:
        """After how many seconds of silence `flush` shall be called; 0 for never."""
        if not self._pending or self.uses_lines:
            return 0.0
        if len(self._marks) == len(self._pending):
            return TYPING_SECONDS
        return QUIET_SECONDS

    def receive(self, data: bytes) -> list[bytes]:
        """Take a chunk; return the messages that are complete with it, without their line ends."""
        data = self._without_telnet(data)
        if not data or self.overflowed:
            return []
        self._marks.append(len(self._pending))
        self._pending += data
        if b"\n" in data and (not self._named or data.endswith(b"\n")):
            # An old client's name holds no newline, and it ends no message with one.
            self.uses_lines = True
            self.end = "\r\n" if b"\r\n" in data else "\n"
        messages: list[bytes] = []
        if self.uses_lines:
            *messages, self._pending = self._pending.split(b"\n")
            messages = [message.removesuffix(b"\r") for message in messages]
            self._marks = [0] if self._pending else []
            self._named = self._named or bool(messages)
        if len(self._pending) > PENDING_LIMIT:
            self._pending = b""
            self.overflowed = True
        return messages

    def flush(self) -> list[bytes]:
        """Nothing has come for a while, or nothing will come any more: what waits is whole."""
        data, self._pending = self._pending + self._tail, b""
        self._tail = b""
        marks, self._marks = self._marks, []
        if not data:
            return []
        if self.uses_lines:
            return [data.removesuffix(b"\r")]
        cuts: list[int] = []
        if not self._named:
            self._named = True
            self.name = self._first_name(data, marks)
            if self.name != data:
                cuts.append(len(self.name))
        cuts += self._cuts(data, marks)
        parts = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        # Only a line end inside a message cuts it: one at the end would have been a person's.
        return [line.removesuffix(b"\r") for part in parts for line in part.split(b"\n")]

    def _first_name(self, data: bytes, marks: list[int]) -> bytes:
        """What of a first chunk is the name. An old client that was given no name sends none: ": hello" comes first."""
        if data.startswith((b": ", b"TELL  ", b"LIST ", b"HELP ")):
            return b""
        for mark in marks[1:8]:
            if mark <= NAME_LIMIT and data.startswith(_beginnings(data[:mark]), mark):
                return data[:mark]
        glued = _NAME_AND_MESSAGE.match(data)
        return glued[1] if glued else data

    def _cuts(self, data: bytes, marks: list[int]) -> list[int]:
        """Where the old client's messages begin behind the first one."""
        name = self.name
        if name is None or len(name) > NAME_LIMIT:
            return []
        start = len(name) if data.startswith(name) and not data.startswith(_beginnings(name)) else 0
        cuts = {mark for mark in marks if data.startswith(_beginnings(name), mark)}
        if name:
            # Behind a space it may be talk about oneself; and with no name at all, ": " is any colon.
            own = re.escape(name)
            for found in re.finditer(rb"(?<=\S)(?=" + own + rb": |TELL " + own + rb" )", data):
                cuts.add(found.start())
            for found in re.finditer(rb"(?:\A|(?<=\S))(?:LIST |HELP )+(?=" + own + rb": |TELL |\Z)", data):
                cuts.update(range(found.start(), found.end() + 1, len(b"LIST ")))
        return sorted(cut for cut in cuts if start < cut < len(data))

    def _without_telnet(self, data: bytes) -> bytes:
        """The chunk without telnet's commands, which are answered or noted; what is no command of it stays."""
        data = self._tail + data
        self._tail = b""
        at = data.find(_IAC)
        pieces: list[bytes] = []
        start = 0
        while at >= 0:
            end = _end_of_command(data, at)
            if end < 0:
                self._tail = data[at:]
                break
            if end > at:
                pieces.append(data[start:at])
                pieces.append(self._obey(data[at:end], (data[start:at] or b"".join(pieces[-3:]))[-3:]))
                start = end
            at = data.find(_IAC, max(end, at + 1))
        pieces.append(data[start : len(data) - len(self._tail)])
        return b"".join(pieces).replace(b"\r\0", b"\r\n")

    def _obey(self, command: bytes, before: bytes) -> bytes:
        """Serve a telnet command; the letter that it was meant to be, for one that stands inside a letter."""
        code = command[1]
        option = command[2] if len(command) == 3 else -1
        if code in (_WILL, _DO):
            if option != _BINARY:
                # Unanswered, a telnet that has sent ^C (which ends in "do timing mark") shows nothing more.
                self._reply(_DONT if code == _WILL else _WONT, option)
            elif code == _DO:
                self._reply(_WILL, _BINARY)
        if not self._asked_for_binary:
            # Only now: other programs would show these bytes, or die of them.
            self._asked_for_binary = True
            self._reply(_DO, _BINARY)
        if code in _LETTERS and _is_torn(before or self._pending[-3:]):
            return _LETTERS[code]
        self.interrupted = self.interrupted or code in _INTERRUPTS
        return b""

    def _reply(self, code: int, option: int) -> None:
        if len(self.replies) < _REPLIES_LIMIT:
            self.replies += bytes((_IAC, code, option))


def _end_of_command(data: bytes, at: int) -> int:
    """Where the telnet command at `at` ends: `at` itself if it is none, -1 if the rest of it has not come."""
    if at + 1 == len(data):
        return -1
    code = data[at + 1]
    if _WILL <= code <= _DONT:
        return at + 3 if at + 2 < len(data) else -1
    if code == _SB:
        end = data.find(_SE, at + 2, at + _SB_LIMIT)
        if end >= 0:
            return end + len(_SE)
        return -1 if len(data) - at < _SB_LIMIT else at
    return at + 2 if code in _COMMANDS else at


def _is_torn(data: bytes) -> bool:
    """Whether the bytes end inside a character of UTF-8."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC2:
            return back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
        if byte < 0x80:
            return False
    return False


def _beginnings(name: bytes) -> tuple[bytes, ...]:
    """How messages of the old client begin: it writes its own name in front of every line."""
    return (name + b": ", b"TELL " + name + b" ", b"LIST ", b"HELP ")
