"""A way to PostgreSQL that can be harmed: cut, stalled, closed, or cut between a COMMIT and its answer.

The rule: bytes pass as they are; of their meaning it understands just enough to see that a commit is asked for
("PostgreSQL: 53.7. Message Formats"). It lives in one event loop and is told what to do from there.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from veche.app.children import free_port

# The first message of a client has no type: its length and a code. StartupMessage is the last of them.
PROTOCOL_3 = 3
# A transaction that is ended by name, and what commits itself outside of one.
COMMIT = re.compile(r"(?:^|;)\s*(?:COMMIT|END)\b", re.IGNORECASE)
WRITE = re.compile(r"^\s*(?:COPY|INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
_COPY_IN = re.compile(r"^\s*COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
Which = Literal["kept", "lost"]


class Proxy:
    """Listens on `port` of the loopback and leads to `target`, another port there.

    `host` is where it listens if that is another address of this machine. Without `looks` it carries anything at all,
    and knows of no commits.
    """

    def __init__(self, target: int, *, host: str = "127.0.0.1", looks: bool = True) -> None:
        self.target = target
        self.host = host
        self.looks = looks
        self.port = free_port()
        self.accepted = 0  # connections so far
        self.is_stalled = False
        self.links: set[_Link] = set()
        self._listener: socket.socket | None = None
        self._arriving: set[asyncio.Task[None]] = set()
        self._trap: _Trap | None = None
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self.has_held = asyncio.Event()  # something was sent into the stall

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def end(self) -> None:
        """Close, and return when every connection is gone."""
        self.close()
        while self._arriving:
            await asyncio.wait(self._arriving)
        self.cut()
        await self._all_gone.wait()

    # --- harm ---

    def cut(self) -> None:
        """End all connections at once, with a reset; new ones are welcome."""
        for link in list(self.links):
            link.cut()

    def stall(self) -> None:
        """From now on take connections and bytes and pass nothing on, either way, until `flow`.

        Not the end of a connection either: a server that is out of reach is told later that its client has gone, and
        behind what the client had sent before.
        """
        self.is_stalled = True
        self.has_held.clear()

    def flow(self) -> None:
        """Let go what was stalled."""
        self.is_stalled = False
        for link in list(self.links):
            link.flow()

    def close(self) -> None:
        """End all connections and refuse new ones, until `open`."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self.cut()

    def open(self) -> None:
        """Take connections, at the same address as before."""
        assert self._listener is None
        # No asyncio server: one that is closed while somebody comes in leaves that connection to nobody (Python 3.11).
        self._listener = socket.create_server((self.host, self.port))
        self._listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    async def refuse(self, seconds: float) -> None:
        """Be gone for so long."""
        self.close()
        await asyncio.sleep(seconds)
        self.open()

    def cut_at_commit(self, which: Which = "kept") -> asyncio.Event:
        """Cut the connection on which the next commit is asked for, before its answer has passed.

        "kept": the server has done it, and its answer is thrown away. "lost": the statement itself is thrown away, so
        that the server undoes the transaction. Whoever has sent it cannot tell the two apart. The event that is
        returned is set when it has happened.
        """
        self._trap = _Trap(which)
        return self._trap.sprung

    # --- for links ---

    def _accept(self, listener: socket.socket) -> None:
        try:
            arrived, _ = listener.accept()
        except OSError:
            return  # gone again
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._bring_in(arrived), name="proxy accepts")
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _bring_in(self, arrived: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        link = _Link(self)
        await loop.connect_accepted_socket(lambda: link.client, arrived)
        if self._listener is None:  # closed meanwhile
            link.cut()

    def note(self, link: _Link) -> None:
        """A client is there."""
        self.accepted += 1
        self.links.add(link)
        self._all_gone.clear()

    def forget(self, link: _Link) -> None:
        """Both of its connections are gone."""
        self.links.discard(link)
        if not self.links:
            self._all_gone.set()

    def take_trap(self) -> _Trap | None:
        """The trap that a commit steps into; it springs once."""
        trap, self._trap = self._trap, None
        return trap


class _Trap:
    """Waits for a commit."""

    __slots__ = ("sprung", "which")

    def __init__(self, which: Which) -> None:
        self.which = which
        self.sprung = asyncio.Event()


class _Side(asyncio.Protocol):
    """One of the two connections of a link."""

    def __init__(self, link: _Link, look: Callable[[bytes], bytes]) -> None:
        self._link = link
        self._look = look
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None
        self._held: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._link.gain_side()
        if self._link.is_ended:
            transport.abort()
        else:
            self._link.flow()

    def data_received(self, data: bytes) -> None:
        self._held.append(data)
        if self._link.must_wait:
            self._link.note_held()
        else:
            self.pass_on()

    def pass_on(self) -> None:
        """Give to the other side what has come, unless it has to wait."""
        if self._link.must_wait:
            return
        assert self.other is not None
        held, self._held = self._held, []
        for data in held:
            passing = self._look(data)
            if self._link.is_ended:
                return
            if self.other.transport is not None:  # it may have gone while everything was stalled
                self.other.transport.write(passing)

    def end(self, *, with_reset: bool) -> None:
        """Close it: after what was written to it, or at once and roughly."""
        if self.transport is None:
            return
        if not with_reset:
            self.transport.close()
            return
        # Lingering for no time: what is under way is thrown away, and the other end gets a reset.
        known: socket.socket = self.transport.get_extra_info("socket")
        known.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport = None
        self._link.lose_side()


class _Link:
    """One client's connection and the one that stands for it at the server. A slow side is not waited for: what it has
    not taken yet is kept in memory."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._statements = Statements()
        self._answers = Answers()
        self._trap: _Trap | None = None  # stepped into: what comes back is not passed on
        self._connecting: asyncio.Task[None] | None = None
        self._is_made = False
        self._has_lost = False  # one side
        self.is_ended = False
        self.client = _Side(self, self._look_at_statements)
        self.server = _Side(self, self._look_at_answers)
        self.client.other = self.server
        self.server.other = self.client

    @property
    def must_wait(self) -> bool:
        """Nothing may pass, or there is no way yet."""
        return self._proxy.is_stalled or not self._is_made

    def flow(self) -> None:
        """Something may have become possible."""
        if self._proxy.is_stalled or self.is_ended:
            return
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="proxy connects")
            self._connecting.add_done_callback(lambda _: self._forget())
        self._is_made = self._is_made or self.server.transport is not None
        self.client.pass_on()
        self.server.pass_on()
        if self._has_lost:
            self.end()

    def note_held(self) -> None:
        """Bytes have come that cannot pass."""
        if self._proxy.is_stalled:
            self._proxy.has_held.set()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self.server, "127.0.0.1", self._proxy.target)
        except OSError:
            self.end()  # nobody is there: the client's connection ends, as it would with any other proxy

    def _look_at_statements(self, data: bytes) -> bytes:
        if not self._proxy.looks:
            return data
        for text in self._statements.take(data):
            is_commit = COMMIT.search(text) or (WRITE.search(text) and self._answers.is_idle)
            trap = self._proxy.take_trap() if is_commit else None
            if trap is None:
                continue
            self._trap = trap
            if trap.which == "lost":
                self._spring(trap)
        return data

    def _look_at_answers(self, data: bytes) -> bytes:
        if not self._proxy.looks:
            return data
        is_done = self._answers.take(data)
        if self._trap is None:
            return data
        if is_done:
            self._spring(self._trap)
        return b""

    def _spring(self, trap: _Trap) -> None:
        self.cut()
        trap.sprung.set()

    def cut(self) -> None:
        """End both connections, roughly."""
        self.end(with_reset=True)

    def end(self, *, with_reset: bool = False) -> None:
        """End both connections."""
        self.is_ended = True
        if self._connecting is not None:
            self._connecting.cancel()
        for side in (self.client, self.server):
            side.end(with_reset=with_reset)

    def gain_side(self) -> None:
        """One of the two is there; the client's comes first."""
        if self.server.transport is None:
            self._proxy.note(self)

    def lose_side(self) -> None:
        """One of the two is gone: so shall be the other, as soon as it may hear of it."""
        self._has_lost = True
        if self._is_made and not self.is_ended:
            self.flow()
        else:
            self.end()
        self._forget()

    def _forget(self) -> None:
        is_connecting = self._connecting is not None and not self._connecting.done()
        if self.client.transport is None and self.server.transport is None and not is_connecting:
            self._proxy.forget(self)


class Statements:
    """The texts of the statements that a client asks to be carried out; each one when nothing more is to come of it.

    That is a Query message, or the Sync behind the Execute of a statement that was given with Parse before, or the
    CopyDone behind the rows of a COPY.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._has_started = False
        self._texts: dict[bytes, str] = {}  # by the name of the prepared statement
        self._bound: list[str] = []  # since the last Sync
        self._copying: list[str] = []

    def take(self, data: bytes) -> list[str]:
        """Eat bytes; what is carried out with them."""
        self._tail += data
        texts: list[str] = []
        while True:
            skipped = 1 if self._has_started else 0
            if len(self._tail) < skipped + 4:
                return texts
            length = int.from_bytes(self._tail[skipped : skipped + 4], "big")
            if len(self._tail) < skipped + length:
                return texts
            kind, body = self._tail[:skipped], self._tail[skipped + 4 : skipped + length]
            self._tail = self._tail[skipped + length :]
            if self._has_started:
                texts += self._take_message(kind, body)
            else:
                # SSLRequest, GSSENCRequest and CancelRequest have impossible major versions.
                self._has_started = int.from_bytes(body[:2], "big") == PROTOCOL_3

    def _take_message(self, kind: bytes, body: bytes) -> list[str]:
        match kind:
            case b"Q":
                text = body.rstrip(b"\0").decode("utf-8", "replace")
                if not _COPY_IN.search(text):
                    return [text]
                self._copying = [text]
            case b"c":
                copying, self._copying = self._copying, []
                return copying
            case b"P":
                name, raw, _ = body.split(b"\0", 2)
                self._texts[name] = raw.decode("utf-8", "replace")
            case b"B":
                _, name, _ = body.split(b"\0", 2)
                self._bound.append(self._texts.get(name, ""))
            case b"S":
                bound, self._bound = self._bound, []
                return bound
        return []


class Answers:
    """Sees when a server has done what it was asked to: ReadyForQuery."""

    def __init__(self) -> None:
        self._tail = b""
        self._has_started = False
        self.is_idle = False  # by the last of them: no transaction is open

    def take(self, data: bytes) -> bool:
        """Eat bytes; whether a ReadyForQuery has ended in them."""
        self._tail += data
        is_ready = False
        if not self._has_started:
            # "53.2.11. SSL Session Encryption: The server then responds with a single byte"; ours has none: "N".
            self._tail = self._tail.lstrip(b"N")
            self._has_started = bool(self._tail)
        while len(self._tail) >= 5:
            length = 1 + int.from_bytes(self._tail[1:5], "big")
            if len(self._tail) < length:
                break
            if self._tail[:1] == b"Z":
                is_ready = True
                self.is_idle = self._tail[5:6] == b"I"
            self._tail = self._tail[length:]
        return is_ready
