"""What sessions are owed: lines collect during a turn and leave in one write per session at its end.

The rule: everything that goes to a connection goes through here, so that one place knows how much each is owed.
A session whose connection takes too little is ended; no other session notices (SendQ).
"""

from collections.abc import Callable

from veche.core.session import Session


class Outboxes:
    """The sessions that are owed something in this turn.

    `limit` is the most bytes that a connection may leave untaken. `end(session, reason)` is called for who passes it.
    """

    __slots__ = ("end", "limit", "owed")

    def __init__(self, limit: int, end: Callable[[Session, str], None]) -> None:
        self.limit = limit
        self.end = end
        self.owed: list[Session] = []

    def send(self, session: Session, line: str) -> None:
        """Owe one answer (a line without its end) to one session."""
        if session.ended:
            return
        data = line.encode() + b"\r\n"
        if not session.outbox:
            self.owed.append(session)
        session.outbox.append(data)
        session.owed_bytes += len(data)
        if session.owed_bytes > self.limit:
            self.end(session, "SendQ exceeded")

    def flush(self) -> None:
        """Write what every session is owed.

        Members of a room are mostly owed the very same lines, so these are put together once: two outboxes are told to
        be alike by their lines being the same objects, which costs less than to join them, and a door that wraps
        what it sends (net/frames.py) knows the same bytes again.
        """
        while self.owed:
            owed = self.owed
            self.owed = []
            # By the number of lines, the first and the last; the list is kept, so that these stay what they are.
            joined: dict[tuple[int, int, int], tuple[list[bytes], bytes]] = {}
            for session in owed:
                outbox = session.outbox
                if session.ended:
                    outbox.clear()  # nothing is owed to who has gone
                if not outbox:
                    continue
                if len(outbox) == 1:
                    data = outbox[0]
                    outbox.clear()
                else:
                    key = (len(outbox), id(outbox[0]), id(outbox[-1]))
                    known = joined.get(key)
                    if known is not None and known[0] == outbox:
                        data = known[1]
                        outbox.clear()
                    else:
                        data = b"".join(outbox)
                        joined[key] = (outbox, data)
                        session.outbox = []
                session.owed_bytes = 0
                pipe = session.pipe
                pipe.write(data)
                # Our own count of what the kernel has not taken: a transport buffers without bound.
                if pipe.waiting() > self.limit and not session.ended:
                    self.end(session, "SendQ exceeded")
