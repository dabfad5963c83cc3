"""One TLS connection: a layer between TCP and the protocol that speaks through it.

The rule: nothing is decided here but what concerns TLS itself. Towards the network a TlsLayer is a protocol, towards
the protocol inside it is a transport, so that IRC and HTTP do not know the difference.
"""

import asyncio
import logging
import time
from typing import Any, cast

from OpenSSL import SSL

from veche.net.peer import NextLayer, Peer, peer_address
from veche.net.tls import TlsDoor, peer_fingerprint, reason_of

# Seconds from the connection to the end of the handshake; asyncio's own default is 60.
HANDSHAKE_SECONDS = 10.0
# Seconds that a closed connection may take to swallow what it is still owed.
LINGER_SECONDS = 5.0
# RFC 8446, 5.1: "The length MUST NOT exceed 2^14 bytes." Of what one record holds.
_RECORD = 1 << 14
# More than any suite adds to one record.
_RECORD_COSTS = 64
_READ = 1 << 16

_log = logging.getLogger("veche.tls")


class TlsLayer(asyncio.Transport, asyncio.Protocol):
    """One connection's TLS. `next_layer` makes the protocol inside when the handshake is done.

    `peer` is what an earlier layer has found out; None: there was none.
    """

    __slots__ = (
        "_connection",
        "_deadline",
        "_door",
        "_inner",
        "_is_paused",
        "_is_queued",
        "_next_layer",
        "_peer",
        "_transport",
    )

    def __init__(self, door: TlsDoor, next_layer: NextLayer, peer: Peer | None = None) -> None:
        super().__init__()
        self._door = door
        self._next_layer: NextLayer | None = next_layer  # None once it is made, or will never be
        self._peer = peer
        self._connection: SSL.Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._inner: asyncio.BaseProtocol | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_queued = False
        self._is_paused = False

    # ---- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the engine first: who is refused gets no handshake."""
        self._transport = cast(asyncio.Transport, transport)
        peer = self._peer = self._peer or Peer(peer_address(transport))
        door = self._door
        if door.is_full or door.context is None or (door.counts and not self._is_admitted(peer)):
            self._next_layer = None
            transport.abort()  # type: ignore[attr-defined] # it is a Transport
            return
        door.under_way += 1
        self._deadline = door.shell.loop.call_later(HANDSHAKE_SECONDS, transport.abort)  # type: ignore[attr-defined]
        self._connection = SSL.Connection(door.context)
        peer.binding = door.binding
        self._connection.set_accept_state()

    def _is_admitted(self, peer: Peer) -> bool:
        if not peer.admitted:
            peer.admitted = not self._door.shell.engine.admit(peer.address)
        return peer.admitted

    def data_received(self, data: bytes) -> None:
        """Encrypted bytes."""
        connection = self._connection
        if connection is None:
            return
        connection.bio_write(data)
        if self._inner is not None:
            self._read()
        elif not self._is_queued:
            self._is_queued = True
            self._door.has_news(self)

    def eof_received(self) -> bool:
        """TCP ended without TLS saying so: what was cut off cannot be known, so the connection is over."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever is inside, or give the place in the handshakes back."""
        self._end_handshake()
        inner, peer = self._inner, self._peer
        if inner is not None:
            inner.connection_lost(error)
        elif self._next_layer is not None and peer is not None and peer.admitted:
            self._door.shell.engine.give_up(peer.address)
        self._next_layer = self._inner = self._connection = None

    def pause_writing(self) -> None:
        """Pass it on."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        if self._inner is not None:
            self._inner.resume_writing()

    # ---- the handshake

    def step(self) -> None:
        """Take the handshake as far as what has come allows."""
        self._is_queued = False
        connection = self._connection
        if connection is None or self._inner is not None:
            return
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            self._flush(_RECORD)
            return
        except SSL.Error as error:
            self._flush(_RECORD)  # the alert that says why
            # At debug: anybody can cause this, as often as he likes.
            _log.debug("no handshake with %s: %s", self._peer and self._peer.address, reason_of(error))
            self._over()
            return
        self._end_handshake()
        self._begin(connection)

    def _begin(self, connection: SSL.Connection) -> None:
        """The handshake is done: note what it has told, and let the protocol inside begin."""
        peer, next_layer = self._peer, self._next_layer
        if peer is None or next_layer is None:
            raise AssertionError("a handshake begins with a peer and ends in a layer, once")
        peer.certificate = peer_fingerprint(connection, time.time())
        peer.server_name = (connection.get_servername() or b"").decode("ascii", "replace").lower()
        peer.secure = True
        self._next_layer = None
        self._inner = next_layer(peer)
        self._flush(_RECORD)
        self._inner.connection_made(self)
        self._read()  # RFC 8446, 4.4.4: the client may send at once behind its Finished

    def _end_handshake(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self._door.under_way -= 1

    # ---- bytes

    def _read(self) -> None:
        """Decrypt what has come and pass it on."""
        while not self._is_paused:
            connection = self._connection
            if connection is None or self.is_closing():
                return
            inner = cast(
                asyncio.Protocol, self._inner
            )  # each time: one may give way to another (set_protocol)
            try:
                data = connection.recv(_READ)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                if not inner.eof_received():
                    self.close()
                return
            except SSL.Error as error:
                _log.debug("TLS with %s broke off: %s", self._peer and self._peer.address, reason_of(error))
                self.abort()
                return
            inner.data_received(data)

    def _flush(self, expected: int) -> None:
        """Send what TLS has made of what was written, about `expected` bytes."""
        connection, transport = self._connection, self._transport
        if connection is None or transport is None:
            return
        while True:
            try:
                data = connection.bio_read(expected)
            except SSL.WantReadError:
                return
            transport.write(data)
            if len(data) < expected:
                return

    # ---- what the protocol inside calls: a transport

    def write(self, data: Any) -> None:
        """Encrypt and send bytes of any kind; what comes for a connection that is closing is dropped."""
        connection = self._connection
        if not data or connection is None or self.is_closing():
            return
        size = len(data)
        try:
            for start in range(0, size, _RECORD):
                connection.send(data if size <= _RECORD else data[start : start + _RECORD])
        except SSL.Error as error:
            _log.debug("TLS with %s broke off: %s", self._peer and self._peer.address, reason_of(error))
            self.abort()
            return
        self._flush(size + (size // _RECORD + 1) * _RECORD_COSTS)

    def get_write_buffer_size(self) -> int:
        """Encrypted bytes that the kernel has not taken."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def pause_reading(self) -> None:
        """Let the network hold what comes."""
        if not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what comes; what is here already is passed on in the loop's next turn."""
        if self._is_paused and self._transport is not None and not self.is_closing():
            self._is_paused = False
            self._transport.resume_reading()
            self._door.shell.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._inner is not None:
            self._read()

    def can_write_eof(self) -> bool:
        """TLS has no half-closed connections that one could count on."""
        return False

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Say that this is the end, send what is left, and close without waiting for the peer to say it too.

        RFC 8446, 6.1: "Each party MUST send a "close_notify" alert before closing its write side of the connection".
        Whoever writes waits for the bytes to leave, as with TCP (see TransportEnd.close).
        """
        if not self.is_closing():
            if self._inner is not None and self._connection is not None:
                try:
                    self._connection.shutdown()
                except SSL.Error:
                    pass  # TLS is broken already: nothing more can be said in it
                self._flush(_RECORD)
            self._over()

    def _over(self) -> None:
        """Close when everything is sent, or soon in any case."""
        transport = self._transport
        if transport is not None:
            transport.close()
            if transport.get_write_buffer_size():
                self._door.shell.loop.call_later(LINGER_SECONDS, transport.abort)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of the TCP connection; "sslcontext" is what others ask for to know that this is TLS."""
        if name == "sslcontext":
            return self._door.context
        return self._transport.get_extra_info(name, default) if self._transport is not None else default

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol inside."""
        if self._inner is None:
            raise AssertionError("nobody has this transport before there is a protocol inside")
        return self._inner

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Another protocol takes over."""
        self._inner = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When pause_writing is called."""
        if self._transport is not None:
            self._transport.set_write_buffer_limits(high, low)
