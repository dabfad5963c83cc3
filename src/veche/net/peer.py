"""Who is at the other end of a connection, as far as the doors know it before the first line.

A door may have several layers: a PROXY header, TLS, IRC. Each is a protocol of its own that makes the next one when it
knows enough, and hands it the peer.
"""

import asyncio
from collections.abc import Callable

from veche.core.session import Vouched


class Peer:
    """What the layers of a door have found out. `address` is an IP address, or "" for a local socket."""

    __slots__ = ("address", "admitted", "binding", "certificate", "secure", "server_name", "vouched")

    def __init__(self, address: str) -> None:
        self.address = address
        self.admitted = False  # the engine has counted it (Engine.admit)
        self.secure = False  # nobody between the client and us can read along
        self.certificate = ""  # SHA-256 of the client's TLS certificate, in hex
        self.binding = (
            b""  # the tls-server-end-point of our certificate, where the client itself has seen that one
        )
        self.vouched: Vouched | None = None  # what the door knows of who it is
        self.server_name = ""  # the host name that the client asked TLS for (SNI)


# Makes the next layer of a connection.
NextLayer = Callable[[Peer], asyncio.Protocol]


def peer_address(transport: asyncio.BaseTransport) -> str:
    """The IP address of the other end; "" for a local socket."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
