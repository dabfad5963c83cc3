"""Messages on their way to an old client, which takes one read of at most 1,024 bytes for one message.

The rule: a parcel is one `send()` of at most `PARCEL_BYTES`, cut only between characters, with no newline at its end.

Why parcels and not a newline behind each message: the old protocol has none, and the client would print an empty line
after each. Why a gap between parcels: what comes without one is read as one message (`ann: oneann: two`), and where the
1,024 bytes of a read end inside a character the old client dies of it. When more waits than a few messages, as many as
fit share a parcel with newlines between them, so that a busy room is late by less than a second and still readable.
Why no newline ever stands behind `NICK`: the client compares what it has read with these four bytes exactly.
"""

from collections import deque

from veche.net.classic.text import split_text

# A read of the old client is 1,024 bytes.
PARCEL_BYTES = 1000
# Time for the client to be woken and to read: far more than it takes on one machine, and not long for a reader.
GAP_SECONDS = 0.04
# Up to this many messages go one by one.
_FEW = 8


class Parcels:
    """A queue of messages that gives parcels. `size` is its length in bytes."""

    __slots__ = ("_queue", "size")

    def __init__(self) -> None:
        self._queue: deque[bytes] = deque()
        self.size = 0

    def put(self, message: str) -> None:
        """Add a message; a long one becomes several."""
        for piece in split_text(message, PARCEL_BYTES):
            data = piece.encode()
            if data:
                self._queue.append(data)
                self.size += len(data) + 1

    def take(self) -> bytes:
        """The next parcel; b"" if nothing waits."""
        queue = self._queue
        if not queue:
            return b""
        alone = len(queue) <= _FEW
        parcel = [queue.popleft()]
        room = PARCEL_BYTES - len(parcel[0])
        while queue and not alone and len(queue[0]) + 1 <= room:
            parcel.append(queue.popleft())
            room -= len(parcel[-1]) + 1
        self.size -= sum(len(data) + 1 for data in parcel)
        return b"\n".join(parcel)

    def take_all(self) -> bytes:
        """Everything that waits, for a connection that ends."""
        data = b"\n".join(self._queue)
        self._queue.clear()
        self.size = 0
        return data
