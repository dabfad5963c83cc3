"""Opening a connection: the socket, TLS, and the look at who is at the other end, before a word is said."""

import asyncio
from dataclasses import dataclass

from veche.client.errors import ServerNotTrusted
from veche.client.link import NO_ANSWER, NOT_TRUSTED, OTHER_CERTIFICATE, Link, reason_of_error
from veche.client.tls import Tls, fingerprint, key_fingerprint, look_at


@dataclass(frozen=True, slots=True)
class Unopened:
    """Why there is no connection; `distrusted` where somebody was there whom we do not trust."""

    reason: str
    distrusted: ServerNotTrusted | None = None


async def open_link(
    link: Link, host: str, port: int, *, tls: Tls | None, patience: float, is_first: bool
) -> Unopened | None:
    """Open the socket of a link, within `patience` seconds; None when it is open and the server the right one.

    `is_first`: somebody may be there to be told by which certificate an unknown server could be known, so look at it.
    """
    try:
        async with asyncio.timeout(patience):
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


def _distrust(reason: str, certificate: bytes, expected: str) -> Unopened:
    shown = fingerprint(certificate) if certificate else ""
    return Unopened(reason, ServerNotTrusted(reason, shown, key_fingerprint(certificate), expected))
