"""The writing end of a connection that is none (ports.Pipe): it keeps what was written, and stalls when told to."""


class FakePipe:
    """A connection in memory.

    `received` is what has reached the other end. A stalled pipe takes everything and lets nothing through, as a peer
    does that has stopped reading.
    """

    __slots__ = ("aborted", "closed", "is_paused", "is_stalled", "received", "stuck", "writes")

    def __init__(self) -> None:
        self.received = bytearray()
        self.stuck = bytearray()
        self.writes = 0
        self.closed = False
        self.aborted = False
        self.is_paused = False
        self.is_stalled = False

    def write(self, data: bytes) -> None:
        """Take bytes; what comes after the end is dropped, as a closing transport does."""
        if self.closed:
            return
        self.writes += 1
        (self.stuck if self.is_stalled else self.received).extend(data)

    def waiting(self) -> int:
        """What the other end has not taken."""
        return len(self.stuck)

    def pause_reading(self) -> None:
        """Noted in `is_paused`."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Noted in `is_paused`."""
        self.is_paused = False

    def close(self) -> None:
        """The end, behind everything that was written."""
        self.closed = True

    def abort(self) -> None:
        """The end at once: what is stuck is lost."""
        self.closed = self.aborted = True
        self.stuck.clear()

    # ---- what the test does

    def stall(self) -> None:
        """The peer reads no more."""
        self.is_stalled = True

    def flow(self) -> None:
        """The peer reads again, beginning with what is stuck."""
        self.is_stalled = False
        self.received.extend(self.stuck)
        self.stuck.clear()

    def take(self) -> bytes:
        """What has been received since this was called last."""
        data = bytes(self.received)
        self.received.clear()
        return data
