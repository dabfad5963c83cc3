"""TLS: by what a server is recognised, and what its certificate says of the connection.

The rule: a connection is either to a server that was recognised or to none at all. There is no way to switch that off;
who does not want to trust an authority names the certificate by its fingerprint.

Sources: RFC 5929, 4 (tls-server-end-point); RFC 5280 (where the algorithm stands in a certificate).
"""

import asyncio
import hashlib
import hmac
import re
import ssl
from dataclasses import dataclass

END_POINT = "tls-server-end-point"
# The protocol that we name in the handshake (ALPN), as IANA lists it.
PROTOCOL = "irc"

# Signature algorithms by the contents of their object identifiers, and the hash in each. RFC 5929, 4.1: "if the
# certificate's signatureAlgorithm uses a single hash function, and that hash function is either MD5 [...] or SHA-1
# [...], then use SHA-256"; else that function itself. Others (Ed25519, RSA-PSS) have none that would be defined here.
_HASHES = {
    bytes.fromhex("2a864886f70d010104"): "sha256",  # md5WithRSAEncryption
    bytes.fromhex("2a864886f70d010105"): "sha256",  # sha1WithRSAEncryption
    bytes.fromhex("2a864886f70d01010b"): "sha256",  # sha256WithRSAEncryption
    bytes.fromhex("2a864886f70d01010c"): "sha384",
    bytes.fromhex("2a864886f70d01010d"): "sha512",
    bytes.fromhex("2a8648ce3d0401"): "sha256",  # ecdsa-with-SHA1
    bytes.fromhex("2a8648ce3d040302"): "sha256",  # ecdsa-with-SHA256
    bytes.fromhex("2a8648ce3d040303"): "sha384",
    bytes.fromhex("2a8648ce3d040304"): "sha512",
}
_SEQUENCE, _INTEGER, _OBJECT_IDENTIFIER, _VERSION = 0x30, 0x02, 0x06, 0xA0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """By what a server is recognised, and by what we are.

    With a `fingerprint` (SHA-256 of its certificate or of its public key, in hexadecimal, with or without colons): by
    that and nothing else, whoever has issued it; the key's holds when the certificate is renewed with the same key,
    as a Veche server does it. Otherwise by its name, in a certificate of the `authorities` in a PEM file, or
    of those that this machine trusts. `certificate` and `key`: PEM files of a certificate of our own, by which an
    account may be entered without a password. Raises ValueError for what is no fingerprint.
    """

    fingerprint: str = ""
    authorities: str = ""
    certificate: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if self.fingerprint and not re.fullmatch("[0-9a-f]{64}", plain_fingerprint(self.fingerprint)):
            raise ValueError("a fingerprint is a SHA-256: 64 hexadecimal digits")

    def context(self) -> ssl.SSLContext:
        """What a connection is made with. Raises OSError when a file cannot be read or holds no certificate."""
        if self.fingerprint:
            context = _unchecked()
        else:
            context = ssl.create_default_context(cafile=self.authorities or None)
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key or None)
        context.set_alpn_protocols([PROTOCOL])
        return context

    def accepts(self, certificate: bytes) -> bool:
        """Whether this certificate (DER), whose handshake is complete, is the server's."""
        if not self.fingerprint:
            return True  # the handshake has looked at it
        known = plain_fingerprint(self.fingerprint)
        shown = (fingerprint(certificate), key_fingerprint(certificate))
        return any(hmac.compare_digest(known, one) for one in shown)


def plain_fingerprint(text: str) -> str:
    """A fingerprint as programs show it (with colons, in capitals) as this one compares it."""
    return text.replace(":", "").replace(" ", "").lower()


def fingerprint(certificate: bytes) -> str:
    """The SHA-256 of a certificate (DER), in 64 lower-case hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest()


def key_fingerprint(certificate: bytes) -> str:
    """The SHA-256 of the public key (SubjectPublicKeyInfo) in a certificate (DER), in 64 lower-case hexadecimal digits;
    "" where there is none to be found.
    """
    whole = _take(certificate, _SEQUENCE)
    signed = _take(whole[0], _SEQUENCE) if whole is not None else None
    rest = signed[0] if signed is not None else b""
    # TBSCertificate ::= SEQUENCE { version [0] (absent in the first), serialNumber, signature, issuer, validity,
    #                               subject, subjectPublicKeyInfo SEQUENCE, ... }
    for tag in (*([_VERSION] if rest[:1] == bytes([_VERSION]) else []), _INTEGER, *[_SEQUENCE] * 4):
        element = _take(rest, tag)
        if element is None:
            return ""
        rest = element[1]
    key = _take(rest, _SEQUENCE)
    return hashlib.sha256(rest[: len(rest) - len(key[1])]).hexdigest() if key is not None else ""


def certificate_of(transport: asyncio.BaseTransport) -> bytes:
    """The certificate (DER) that the other side of a connection has shown; b"" where there is no TLS."""
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    return (tls.getpeercert(binary_form=True) or b"") if tls is not None else b""


async def look_at(host: str, port: int, patience: float) -> bytes:
    """The certificate (DER) that a server shows, to tell a person; b"" when it shows none.

    Nothing is said on that connection, because nobody knows yet who listens.
    """
    try:
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection(host, port, ssl=_unchecked())
    except (OSError, TimeoutError, UnicodeError):
        return b""
    shown = certificate_of(writer.transport)
    writer.transport.abort()
    return shown


def end_point(certificate: bytes) -> bytes | None:
    """The channel binding `END_POINT` of a certificate (DER): its hash, by the function that its signature uses. None
    where that is none of the usual ones.
    """
    # Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, ... }, ... }
    whole = _take(certificate, _SEQUENCE)
    signed = _take(whole[0], _SEQUENCE) if whole is not None else None
    algorithm = _take(signed[1], _SEQUENCE) if signed is not None else None
    identifier = _take(algorithm[0], _OBJECT_IDENTIFIER) if algorithm is not None else None
    name = _HASHES.get(identifier[0]) if identifier is not None else None
    return hashlib.new(name, certificate).digest() if name is not None else None


def _take(data: bytes, tag: int) -> tuple[bytes, bytes] | None:
    """The contents of the first DER element of `data`, and what is behind it; None if it has another tag or breaks
    off."""
    if len(data) < 2 or data[0] != tag:
        return None
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        start += count
        length = int.from_bytes(data[2:start])
    end = start + length
    return (data[start:end], data[end:]) if end <= len(data) else None


def _unchecked() -> ssl.SSLContext:
    """A handshake with anybody: whoever uses it looks at the certificate himself, before he says a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
