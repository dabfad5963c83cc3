"""TLS: what a server agrees to, and the handshakes under way at a door. The connections are in tls_layer.py.

Why not the event loop's own TLS: it begins with the handshake before anybody can ask who is calling, cannot start
behind a PROXY header whose packet held the first TLS bytes as well, and stands on the standard library's ssl, which
fails the handshake of every client whose certificate it has no chain for. A fingerprint needs no chain.
"""

import hashlib
from collections import deque
from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID
from OpenSSL import SSL

from veche.net.shell import Shell

# Handshakes under way at once: about 50 KiB each, 50 MiB in all. Who comes on top is hung up on.
MOST_HANDSHAKES = 1024
# Steps of handshakes taken before the loop looks after everybody else again. A step is up to a millisecond of
# arithmetic, so a storm of new connections delays those who are in by a few milliseconds and not by its own size.
STEPS_PER_TURN = 4

# TLS 1.2 suites with forward secrecy and authenticated encryption; all of TLS 1.3 are such.
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
_OPTIONS = (
    SSL.OP_NO_COMPRESSION
    | SSL.OP_NO_RENEGOTIATION
    | SSL.OP_NO_TICKET  # a stolen ticket key would open every recorded session, and connections here last for days
    | SSL.OP_CIPHER_SERVER_PREFERENCE
    | SSL.OP_SINGLE_ECDH_USE
)


class TlsError(Exception):
    """A certificate and key that cannot be used; the text says why."""


class Stepper(Protocol):
    """A handshake under way."""

    def step(self) -> None:
        """Take it as far as what has come allows."""


class TlsDoor:
    """What the connections of a door share: the certificate of the moment, and the handshakes under way.

    `protocol` is the one that is agreed upon where a client names any (ALPN). `asks_clients`: for a certificate, any
    at all, to take its fingerprint; not for browsers, which would bother the person in front of them with it.
    `counts`: every connection is to become a session, so the engine counts it before the handshake; otherwise the
    protocol inside counts.
    """

    def __init__(
        self, shell: Shell, *, protocol: bytes = b"irc", asks_clients: bool = True, counts: bool = True
    ) -> None:
        self.shell = shell
        self.counts = counts
        self.context: SSL.Context | None = None  # connections that exist keep the one they began with
        self.binding = b""  # the channel binding of connections that begin now
        self._protocol = protocol
        self._asks_clients = asks_clients
        self.under_way = 0
        self._due: deque[Stepper] = deque()
        self._is_working = False

    def use(self, chain: list[x509.Certificate], key: Any) -> None:
        """From now on greet clients with this certificate (and those that issued it) and its private key.

        `key` is whatever private key cryptography has loaded; hence Any. Raises TlsError, and keeps the old one.
        """
        self.context = _make_context(chain, key, self._protocol, asks_clients=self._asks_clients)
        self.binding = end_point(chain[0])

    @property
    def is_full(self) -> bool:
        """Whether no more handshakes may begin."""
        return self.under_way >= MOST_HANDSHAKES

    def has_news(self, layer: Stepper) -> None:
        """Bytes of a handshake have come: take its next step when its turn is."""
        self._due.append(layer)
        if not self._is_working:
            self._is_working = True
            self.shell.loop.call_soon(self._work)

    def _work(self) -> None:
        for _ in range(min(STEPS_PER_TURN, len(self._due))):
            self._due.popleft().step()
        self._is_working = bool(self._due)
        if self._is_working:
            self.shell.loop.call_soon(self._work)


def _make_context(
    chain: list[x509.Certificate], key: Any, protocol: bytes, *, asks_clients: bool
) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(CIPHERS)
    context.set_options(_OPTIONS)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 32 KiB less per silent connection
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_alpn_select_callback(_choose(protocol))
    if asks_clients:
        context.set_verify(SSL.VERIFY_PEER, _accept_any)
    try:
        context.use_certificate(chain[0])
        for certificate in chain[1:]:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(key)
        context.check_privatekey()
    except SSL.Error as error:
        raise TlsError(reason_of(error)) from error
    return context


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate (DER) in 64 lower-case hex digits."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def peer_fingerprint(connection: SSL.Connection, now: float) -> str:
    """The fingerprint of the certificate that a client has shown; "" for none, and for one that is not valid now.

    `now`: seconds since 1970. Whose it is nobody has vouched for, but its dates are its owner's own words.
    """
    try:
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return ""
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return fingerprint(certificate) if begins.timestamp() <= now <= ends.timestamp() else ""
    except (ValueError, x509.InvalidVersion):
        return ""  # OpenSSL makes sense of what cryptography does not


def end_point(certificate: x509.Certificate) -> bytes:
    """The channel binding "tls-server-end-point" (RFC 5929, 4) of our certificate; b"" where it is not defined."""
    # 4.1: "if the certificate's signatureAlgorithm uses no hash functions or uses multiple hash functions, then this
    # channel binding type's channel bindings are undefined at this time". RSA-PSS is such a one.
    try:
        used = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return b""
    if used is None or certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return b""
    # "if [...] that hash function is either MD5 [...] or SHA-1 [...], then use SHA-256"
    is_weak = isinstance(used, (hashes.MD5, hashes.SHA1))
    return certificate.fingerprint(hashes.SHA256() if is_weak else used)


def _accept_any(_connection: Any, _certificate: Any, _error: int, _depth: int, _ok: int) -> bool:
    """Who issued a client's certificate does not matter: an account knows it by its fingerprint."""
    return True


def _choose(protocol: bytes) -> Any:
    def choose(_connection: SSL.Connection, offered: list[bytes]) -> bytes:
        if protocol in offered:
            return protocol
        # RFC 7301, 3.2: "In the event that the server supports no protocols that the client advertises, then the
        # server SHALL respond with a fatal "no_application_protocol" alert." It keeps a browser that was led here
        # from taking IRC for an answer of the web server with the same certificate.
        raise SSL.Error([("veche", "alpn", "no protocol in common")])

    return choose


def reason_of(error: SSL.Error) -> str:
    """OpenSSL's words for what went wrong."""
    reasons = [str(entry[-1]) for entry in error.args[0]] if error.args and error.args[0] else []
    return ", ".join(filter(None, reasons)) or "the connection was cut"
