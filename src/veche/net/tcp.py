"""IRC over a stream socket: TCP or Unix. Bytes to the engine and back; it knows no IRC.

Protocol classes and not streams: a quarter of the memory per connection and half the work to accept one.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, cast

from veche.core.session import Session
from veche.net.peer import Peer, peer_address
from veche.net.shell import Shell
from veche.wire.compiler import mypyc_attr

# Seconds that a closed connection may take to swallow what it is still owed.
LINGER_SECONDS: Final = 5.0
# The same for one that was refused at the door: it is counted nowhere, so a flood of such must not pile up.
REFUSED_SECONDS: Final = 1.0

# How other protocols begin: a TLS handshake record, SSH, the requests that a web page can have a browser send
# here, and a PROXY header from somebody who is not trusted with one.
_FOREIGN: Final = (
    b"\x16\x03",
    b"SSH-",
    b"GET /",
    b"HEAD /",
    b"POST /",
    b"PUT /",
    b"OPTIONS ",
    b"CONNECT ",
    b"PROXY ",
)

_log = logging.getLogger("veche.net")


@mypyc_attr(allow_interpreted_subclasses=True)
class TransportEnd:
    """Our end of an asyncio transport: a ports.Pipe but for `write`, which is each pipe's own."""

    __slots__ = ("_closed", "_loop", "_paused", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._paused = False
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether anything may still be written."""
        return not self._closed and not self._transport.is_closing()

    def waiting(self) -> int:
        """Bytes that the kernel has not taken."""
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Let the network hold what comes."""
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what comes."""
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def close(self) -> None:
        """Close when the peer has everything, or soon in any case: who does not read must not keep us.

        RFC 1122, 4.2.2.13: a socket that is closed with unread input resets the connection, and the peer loses what
        it has not read yet, the reason of its end among it. So our side is shut first, and the peer's is read to
        its end; the engine drops what comes.
        """
        if not self.is_open:
            return
        self._closed = True
        self.resume_reading()
        if not self._transport.can_write_eof():
            self.close_both()
            return
        try:
            self._transport.write_eof()
        except OSError:  # the peer is gone already, and the loop has not told us yet
            self._transport.abort()
            return
        self._loop.call_later(LINGER_SECONDS, self._transport.abort)

    def close_both(self) -> None:
        """Close when everything is sent, without waiting for what the peer may still say: it has said all."""
        self._closed = True
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(LINGER_SECONDS, self._transport.abort)

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()


class TransportPipe(TransportEnd):
    """The writing end of an asyncio transport (ports.Pipe).

    `write` hands over bytes; what comes for a connection that is closing is dropped. It is the transport's own
    function: a room of 500 calls it 500 times for a message, and everything around it is paid for as often. Transports
    drop what they are given while they are lost, until `connection_lost`; behind that, the session has ended.
    """

    __slots__ = ("write",)

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(transport, loop)
        self.write: Callable[[bytes], None] = transport.write

    def close(self) -> None:
        """Close as `TransportEnd.close` does; what is written from now on is dropped."""
        self.write = _drop  # a transport that has been shut takes nothing, and says so by an exception
        super().close()


def _drop(_data: bytes) -> None:
    """Nobody is there to read it."""


def describe_loss(error: Exception | None) -> str:
    """The reason that others read in the QUIT of a connection that was lost."""
    if error is None:
        return "Connection closed"
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return "Connection timed out"
    return "Connection reset by peer" if isinstance(error, ConnectionError) else "Connection lost"


class IrcProtocol(asyncio.Protocol):
    """One IRC connection. `peer` is what the layers below have found out; None: there are none."""

    __slots__ = ("_door", "_is_fresh", "_peer", "_session", "_shell")

    def __init__(self, shell: Shell, door: str, peer: Peer | None = None) -> None:
        self._shell = shell
        self._door = door
        self._peer = peer
        self._session: Session | None = None
        self._is_fresh = True  # nothing has been read yet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce the connection to the engine."""
        stream = cast(asyncio.Transport, transport)
        # TCP_NODELAY is on: asyncio and uvloop see to it, and a call of our own costs as much as a message.
        pipe = TransportPipe(stream, self._shell.loop)
        peer = self._peer or Peer(peer_address(transport))
        self._peer = None
        self._session = self._shell.engine.connect(
            pipe,
            peer.address,
            self._door,
            secure=peer.secure,
            certificate=peer.certificate,
            server_name=peer.server_name,
            binding=peer.binding,
            admitted=peer.admitted,
            vouched=peer.vouched,
        )
        if self._session is None:
            self._shell.loop.call_later(REFUSED_SECONDS, stream.abort)
        self._shell.touch()

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        session = self._session
        if session is None:
            return
        if self._is_fresh:
            self._is_fresh = False
            if data.startswith(_FOREIGN):
                # Who speaks another protocol will not stop at the first wrong line, and would wait for an answer.
                self._shell.engine.end(session, "This door speaks IRC without TLS")
                self._shell.touch()
                return
        self._shell.engine.receive(session, data)
        self._shell.touch()

    def eof_received(self) -> bool:
        """The peer has shut down its side: it may still wait for answers, as `printf ... | nc` does."""
        if self._session is None or self._session.ended:
            return False
        self._shell.engine.finished(self._session)
        self._shell.touch()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the engine."""
        if self._session is not None:
            self._shell.engine.closed(self._session, describe_loss(error))
            self._session = None
            self._shell.touch()
