"""Opening a connection: the socket, TLS, and the look at who is at the other end, before a word is said."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from veche.client.errors import ServerNotTrusted
from veche.client.link import NO_ANSWER, NOT_TRUSTED, OTHER_CERTIFICATE, Link, reason_of_error
from veche.client.tls import Tls, fingerprint, key_fingerprint, look_at

# Gives a connected stream socket, in place of the way by host and port.
OpenSocket = Callable[[], Awaitable[socket.socket]]


@dataclass(frozen=True, slots=True)
class Unopened:
    """Why there is no connection; `distrusted` where somebody was there whom we do not trust."""

    reason: str
    distrusted: ServerNotTrusted | None = None


async def open_link(
    link: Link,
    host: str,
    port: int,
    *,
    tls: Tls | None,
    patience: float,
    is_first: bool,
    open_socket: OpenSocket | None = None,
) -> Unopened | None:
    """Open the socket of a link, within `patience` seconds; None when it is open and the server the right one.

    `open_socket`: the way to it, if there is another than by host and port; what it gives is trusted.
    `is_first`: somebody may be there to be told by which certificate an unknown server could be known, so look at it.
    """
    try:
        async with asyncio.timeout(patience):
            if open_socket is not None:
                link.is_handed_over = True
                await _take_over(link, await open_socket())
                return None
            await asyncio.get_running_loop().create_connection(
                lambda: link, host, port, ssl=tls.context() if tls is not None else None
            )
    except TimeoutError:
        return Unopened(NO_ANSWER)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
        reason = reason_of_error(error)
        if reason != NOT_TRUSTED or not is_first:
            return Unopened(reason)
        return _distrust(reason, await look_at(host, port, patience), "")
    if tls is None or tls.accepts(link.certificate):
        return None
    link.end(OTHER_CERTIFICATE)
    return _distrust(OTHER_CERTIFICATE, link.certificate, tls.fingerprint)


async def _take_over(link: Link, sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    if sock.family == getattr(socket, "AF_UNIX", None):
        await loop.create_unix_connection(lambda: link, sock=sock)
    else:
        await loop.create_connection(lambda: link, sock=sock)


def _distrust(reason: str, certificate: bytes, expected: str) -> Unopened:
    shown = fingerprint(certificate) if certificate else ""
    return Unopened(reason, ServerNotTrusted(reason, shown, key_fingerprint(certificate), expected))
