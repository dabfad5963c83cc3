"""File descriptors: some are kept back, so that a crowd at the doors takes none that the record and the log need.

The rule: the kernel gives "the lowest-numbered file descriptor not currently open for the process" (open(2)), so a
connection whose own number is among the last ones tells that all below are in use. It is told so in the words of its
door and closed at once: nothing lingers here. Who is in does not notice.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, cast

# Where the system sets no limit we set one: numbers are looked at, and a table of them has a size.
_ENOUGH: Final = 1 << 20
# Of a few descriptors a quarter is kept back, of many one in so many, and no more than so many: a turn of the loop may
# accept all who wait at the doors before it can refuse the first of them.
_PART: Final = 4
_FEW_KEPT: Final = 256
_PART_OF_MANY: Final = 22
_MOST_KEPT: Final = 4096
# The log is told at most once in so many seconds, how many there were since.
_TELL_SECONDS: Final = 60.0

_log = logging.getLogger("veche.net")


def allow_all() -> int:
    """Let this process have as many descriptors as the system lets it ask for; returns how many."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return _ENOUGH
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS has a limit of its own below what it calls none
        return _ENOUGH if soft == resource.RLIM_INFINITY else soft
    return wanted


class Reserve:
    """The descriptors that no visitor gets: the last ones of `limit`."""

    __slots__ = ("_first", "_refused", "_told", "kept", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept = min(limit // _PART, max(_FEW_KEPT, limit // _PART_OF_MANY), _MOST_KEPT)
        self._first = limit - self.kept
        self._refused = 0
        self._told = -_TELL_SECONDS

    def has_room(self, transport: asyncio.BaseTransport) -> bool:
        """Whether this new connection has left the reserve untouched."""
        sock = transport.get_extra_info("socket")
        return sock is None or sock.fileno() < self._first

    def note_refusal(self) -> None:
        """Somebody was turned away; say so, not too often."""
        self._refused += 1
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            _log.warning(
                "connections refused: %d; the system allows this process %d open files, and %d are kept for the record "
                "(ulimit -n, LimitNOFILE=)",
                self._refused,
                self.limit,
                self.kept,
            )
            self._told = now
            self._refused = 0


class Gate(asyncio.Protocol):
    """The first layer of a door: makes the protocol behind it unless descriptors run out. `words` tell why not."""

    __slots__ = ("_reserve", "_words", "next_layer")

    def __init__(self, reserve: Reserve, words: bytes, next_layer: Callable[[], asyncio.Protocol]) -> None:
        self._reserve = reserve
        self._words = words
        self.next_layer = next_layer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or not."""
        stream = cast(asyncio.Transport, transport)
        if not self._reserve.has_room(transport):
            self._reserve.note_refusal()
            if self._words:
                stream.write(self._words)
            stream.close()
            return
        inner = self.next_layer()
        stream.set_protocol(inner)
        inner.connection_made(stream)
