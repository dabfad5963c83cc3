"""The PROXY protocol: a load balancer says, before anything else, whose connection it passes on.

The rule: at a door that expects it, a connection from a trusted address begins with one whole header within a few
seconds, or is closed; a connection from anywhere else is what it is, and whatever it begins with is for the next layer.
What would leave us without an address (UNKNOWN, local sockets, datagrams) is closed: limits and bans go by it.

Source: the PROXY protocol, versions 1 and 2 (HAProxy, proxy-protocol.txt).
"""

import asyncio
import ipaddress
import logging
from typing import cast

from veche.core.limits import Networks
from veche.net.peer import NextLayer, Peer, peer_address
from veche.net.shell import Shell

# Seconds from the connection to the end of the header.
HEADER_SECONDS = 5.0
# "the worst case (optional fields set to 0xff)" of version 1, with its CR LF.
LONGEST_LINE = 107
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
# Of a version 2 header behind its fixed part: addresses and whatever the proxy adds. The format allows 65535.
LONGEST_REST = 1024
_FIXED = len(SIGNATURE) + 4
_VERSION_2 = 0x20
_LOCAL = 0
_PROXY = 1
_TCP4 = 0x11
_TCP6 = 0x21
_TYPE_SSL = 0x20
_CLIENT_SSL = 0x01

_log = logging.getLogger("veche.net")


class HeaderError(Exception):
    """There is no PROXY header here that tells an address."""


class Header:
    """Whose connection it is: `address` "" for the proxy's own; `secure`: it came to the proxy by TLS."""

    __slots__ = ("address", "secure")

    def __init__(self, address: str, *, secure: bool = False) -> None:
        self.address = address
        self.secure = secure


def take_header(data: bytes) -> tuple[Header, bytes] | None:
    """The header at the beginning of `data` and what comes behind it; None while its end has not come.

    Raises HeaderError as soon as it is certain that there is none, or none that can be used.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        return _take_binary(data) if len(data) >= _FIXED else None
    return _take_line(data)


def _take_line(data: bytes) -> tuple[Header, bytes] | None:
    """Version 1: `PROXY TCP4 <from> <to> <port> <port>` in one line."""
    start = b"PROXY TCP"
    if data[: len(start)] != start[: len(data)]:
        raise HeaderError("no header")
    end = data.find(b"\r\n", 0, LONGEST_LINE)
    if end < 0:
        if len(data) >= LONGEST_LINE:
            raise HeaderError("a line that is too long")
        return None
    words = data[:end].decode("latin-1").split(" ")
    if len(words) != 6 or not all(_is_port(word) for word in words[4:]):
        raise HeaderError("a line of another form")
    try:
        # Both are addresses of the kind that the line says it has.
        kind = {"TCP4": ipaddress.IPv4Address, "TCP6": ipaddress.IPv6Address}[words[1]]
        address = str(kind(words[2]))
        kind(words[3])
    except (KeyError, ValueError) as error:
        raise HeaderError("addresses that are none") from error
    if "%" in address:
        raise HeaderError("addresses that are none")
    return Header(address), data[end + 2 :]


def _take_binary(data: bytes) -> tuple[Header, bytes] | None:
    """Version 2: the signature, version and command, family, length, addresses, additions (TLV)."""
    command, family = data[12], data[13]
    size = int.from_bytes(data[14:16], "big")
    if command & 0xF0 != _VERSION_2 or command & 0x0F > _PROXY or size > LONGEST_REST:
        raise HeaderError("a header of another version, or too long")
    rest = data[_FIXED : _FIXED + size]
    if command & 0x0F == _LOCAL:
        # "the connection was established on purpose by the proxy without being relayed": to see whether we live.
        header = Header("")
    elif family not in (_TCP4, _TCP6):
        raise HeaderError("a connection without an address")
    elif len(rest) < size:
        return None
    else:
        width = 4 if family == _TCP4 else 16
        if size < 2 * width + 4:
            raise HeaderError("a header that is too short")
        address = str(ipaddress.ip_address(rest[:width]))
        header = Header(address, secure=_came_by_tls(rest[2 * width + 4 :]))
    return (header, data[_FIXED + size :]) if len(rest) == size else None


def _came_by_tls(additions: bytes) -> bool:
    """Whether PP2_TYPE_SSL says so. Additions that are cut off are not read."""
    at = 0
    while at + 3 <= len(additions):
        size = int.from_bytes(additions[at + 1 : at + 3], "big")
        value = additions[at + 3 : at + 3 + size]
        if additions[at] == _TYPE_SSL and len(value) == size and value:
            return bool(value[0] & _CLIENT_SSL)
        at += 3 + size
    return False


def _is_port(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 5 and int(word) <= 65535


class ProxyLayer(asyncio.Protocol):
    """One connection to a door that proxies may use, until it is known whose it is."""

    __slots__ = ("_data", "_deadline", "_next_layer", "_shell", "_transport", "_trusted")

    def __init__(self, shell: Shell, trusted: Networks, next_layer: NextLayer) -> None:
        self._shell = shell
        self._trusted = trusted
        self._next_layer = next_layer
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the header, from those who are to send one."""
        self._transport = cast(asyncio.Transport, transport)
        address = peer_address(transport)
        if address in self._trusted:
            self._deadline = self._shell.loop.call_later(HEADER_SECONDS, self._transport.abort)
        else:
            self._go_on(Peer(address), b"")

    def data_received(self, data: bytes) -> None:
        """A part of the header."""
        if self._transport is None or self._transport.is_closing():
            return
        self._data += data
        try:
            found = take_header(self._data)
        except HeaderError as error:
            # At debug: a proxy that is set up wrongly would fill the log, and an attacker behind it too.
            _log.debug("no PROXY header from %s: %s", peer_address(self._transport), error)
            self._transport.abort()
            return
        if found is not None:
            header, rest = found
            peer = Peer(header.address or peer_address(self._transport))
            peer.secure = header.secure
            self._go_on(peer, rest)

    def connection_lost(self, _error: Exception | None) -> None:
        """It has gone before it said who it was."""
        self._wait_no_longer()
        self._transport = None

    def _go_on(self, peer: Peer, rest: bytes) -> None:
        transport = self._transport
        if transport is None:
            raise AssertionError("data comes between connection_made and connection_lost")
        self._wait_no_longer()
        inner = self._next_layer(peer)
        transport.set_protocol(inner)
        inner.connection_made(transport)
        if rest:
            inner.data_received(rest)

    def _wait_no_longer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
