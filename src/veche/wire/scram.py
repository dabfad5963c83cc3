"""SCRAM-SHA-256: proving a password without saying it, for both ends, without any I/O.

The strategy: each side is one object that takes the other's message and gives its own, in the one order that there
is. Everything is compared as the bytes that were sent, never as what they were read to mean, so that no two spellings
of one thing can stand for each other. A refusal is a `Failure`, and after one there is no way back: every later call
gives a `Failure` too. No input raises.

It must not: draw random numbers (nonces are handed in), know accounts, or say more to a stranger than that it failed:
an account that does not exist is served with `decoy` and fails exactly where a wrong password does.

Sources: RFC 5802 (SCRAM), RFC 7677 (SCRAM-SHA-256), RFC 5929 and RFC 9266 (channel bindings).
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from enum import Enum

from veche.wire.saslprep import prepare

# RFC 7677, 4: "the hash iteration-count should be such that a modern machine will take 0.1 seconds [...] servers
# SHOULD announce a hash iteration-count of at least 4096". Fewer are a server that wants to guess our password.
LEAST_ITERATIONS = 4096
# A hostile server must not keep us busy for minutes; this is about a second. OWASP asks for 600,000.
MOST_ITERATIONS = 2_000_000
# Bytes of one message of the other side; RFC 5802 sets no limit, and no honest message has a quarter of this.
MOST_BYTES = 2048

_HASH = "sha256"
_KEY_BYTES = 32
# nonce: "printable = %x21-2B / %x2D-7E": printable ASCII except ",".
_NONCE = re.compile(rb"r=[\x21-\x2b\x2d-\x7e]+")
# posit-number = %x31-39 *DIGIT
_ITERATIONS = re.compile(rb"i=([1-9][0-9]{0,9})")
# attr-val = ALPHA "=" value, of which extensions consist
_EXTENSION = re.compile(rb"[A-Za-z]=[^\0,]+")
_BINDING_NAME = re.compile(rb"p=([A-Za-z0-9.-]+)")


class Failure(Enum):
    """Why an exchange ended without success; the first eight are RFC 5802's words ("server-error-value")."""

    INVALID_ENCODING = "invalid-encoding"
    EXTENSIONS_NOT_SUPPORTED = "extensions-not-supported"
    INVALID_PROOF = "invalid-proof"
    CHANNEL_BINDINGS_DONT_MATCH = "channel-bindings-dont-match"
    SERVER_DOES_SUPPORT_CHANNEL_BINDING = "server-does-support-channel-binding"
    CHANNEL_BINDING_NOT_SUPPORTED = "channel-binding-not-supported"
    UNSUPPORTED_CHANNEL_BINDING_TYPE = "unsupported-channel-binding-type"
    INVALID_USERNAME_ENCODING = "invalid-username-encoding"
    OTHER_USER = "other-user"  # an authorization identity that is not the user's own
    OUT_OF_TURN = "out-of-turn"
    WRONG_NONCE = "wrong-nonce"
    # What only a client finds:
    REFUSED_BY_SERVER = "refused-by-server"
    TOO_FEW_ITERATIONS = "too-few-iterations"
    TOO_MANY_ITERATIONS = "too-many-iterations"
    WRONG_SIGNATURE = "wrong-signature"  # the server does not know the password either: it is not who it says

    @property
    def message(self) -> bytes:
        """The server-final-message that says so: "e=" and a word."""
        return b"e=" + (self.value if self in _STANDARD else "other-error").encode()


_STANDARD = frozenset(list(Failure)[:8])


class Credentials:
    """What a server keeps of a password: enough to check a proof, not enough to make one.

    "salt, iteration count, StoredKey, ServerKey"; keys have 32 bytes.
    """

    __slots__ = ("iterations", "salt", "server_key", "stored_key")

    def __init__(self, salt: bytes, iterations: int, stored_key: bytes, server_key: bytes) -> None:
        self.salt = salt
        self.iterations = iterations
        self.stored_key = stored_key
        self.server_key = server_key


def salted_password(password: str, salt: bytes, iterations: int) -> bytes:
    """RFC 5802, 3: "SaltedPassword := Hi(Normalize(password), salt, i)". Slow on purpose: about half a microsecond an
    iteration, without holding the interpreter.
    """
    return hashlib.pbkdf2_hmac(_HASH, prepare(password).encode(errors="surrogatepass"), salt, iterations)


def derive(password: str, salt: bytes, iterations: int) -> Credentials:
    """What to keep of a new password. As slow as `salted_password`: not for the loop. `salt`: 16 random bytes."""
    salted = salted_password(password, salt, iterations)
    client_key = _hmac(salted, b"Client Key")
    return Credentials(salt, iterations, hashlib.sha256(client_key).digest(), _hmac(salted, b"Server Key"))


def decoy(secret: bytes, name: str, iterations: int) -> Credentials:
    """Credentials for an account that does not exist: the same salt each time it is asked for, as a real one has, and
    keys that no password fits. `secret` is the server's, kept as long as its accounts; `name` is folded.
    """
    raw = name.encode(errors="surrogatepass")
    salt = _hmac(secret, b"salt " + raw)[:16]
    return Credentials(salt, iterations, _hmac(secret, b"stored " + raw), _hmac(secret, b"server " + raw))


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, _HASH)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _decode(text: bytes) -> bytes | None:
    """Base64 in the one spelling that there is for each value; None for all else."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data) == text else None


def _read_name(raw: bytes) -> str | None:
    """saslname: "," and "=" are written "=2C" and "=3D", any other "=" is an error."""
    if re.search(rb"=(?!2C|3D)|\0", raw):
        return None
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        return None
    return name.replace("=2C", ",").replace("=3D", "=")


def _write_name(name: str) -> bytes:
    return name.replace("=", "=3D").replace(",", "=2C").encode(errors="surrogatepass")


def _are_extensions(words: list[bytes]) -> bool:
    """Optional extensions: "SHOULD be ignored" when unknown. A mandatory one (m=) stands elsewhere, and ends it."""
    return all(map(_EXTENSION.fullmatch, words))


class ServerExchange:
    """One login as the server sees it: `hear_first`, `challenge`, `hear_final`.

    `nonce`: 18 random bytes or more, as base64. `is_plus`: the client chose SCRAM-SHA-256-PLUS. `bindings`: the data of
    this connection by the name of its channel binding ("tls-server-end-point"); not empty exactly if -PLUS was offered.
    """

    __slots__ = (
        "_binding",
        "_bindings",
        "_client_first",
        "_credentials",
        "_is_plus",
        "_nonce",
        "_server_first",
        "_turn",
        "user",
    )

    def __init__(
        self, nonce: str, *, is_plus: bool = False, bindings: Mapping[str, bytes] | None = None
    ) -> None:
        self._nonce = nonce.encode()
        self._is_plus = is_plus
        self._bindings = bindings or {}
        self._turn = 0
        self._client_first = b""
        self._server_first = b""
        self._binding = b""
        self._credentials = Credentials(b"", 0, b"", b"")
        self.user = ""

    def hear_first(self, data: bytes) -> str | Failure:
        """The client-first-message: the user name in it, with its escapes undone but otherwise as it was written."""
        if self._turn != 0:
            return self._end(Failure.OUT_OF_TURN)
        self._turn = -1
        parts = data.split(b",", 2)
        if len(data) > MOST_BYTES or len(parts) != 3:
            return Failure.INVALID_ENCODING
        flag, authzid, bare = parts
        bound = self._hear_flag(flag)
        if isinstance(bound, Failure):
            return bound
        words = bare.split(b",")
        if words[0][:2] == b"m=":
            # reserved-mext: "its presence in a client or a server message MUST cause authentication failure".
            return Failure.EXTENSIONS_NOT_SUPPORTED
        if len(words) < 2 or words[0][:2] != b"n=" or not _NONCE.fullmatch(words[1]):
            return Failure.INVALID_ENCODING
        if not _are_extensions(words[2:]):
            return Failure.INVALID_ENCODING
        user = _read_name(words[0][2:])
        if not user:
            return Failure.INVALID_USERNAME_ENCODING
        # To be somebody else than one has proven to be is a right that nobody has here.
        if authzid and (authzid[:2] != b"a=" or _read_name(authzid[2:]) != user):
            return Failure.OTHER_USER
        self._binding = flag + b"," + authzid + b"," + bound
        self._client_first = bare
        self._nonce = words[1][2:] + self._nonce
        self.user = user
        self._turn = 1
        return user

    def _hear_flag(self, flag: bytes) -> bytes | Failure:
        """gs2-cbind-flag: the data that the client must have bound itself to, b"" for none."""
        if flag == b"y" and self._bindings:
            # RFC 5802, 6: the client believes that we have no -PLUS; somebody in between has struck it off our list.
            return Failure.SERVER_DOES_SUPPORT_CHANNEL_BINDING
        if flag in {b"n", b"y"}:
            return Failure.CHANNEL_BINDINGS_DONT_MATCH if self._is_plus else b""
        named = _BINDING_NAME.fullmatch(flag)
        if named is None:
            return Failure.INVALID_ENCODING
        if not self._is_plus:
            return Failure.CHANNEL_BINDING_NOT_SUPPORTED
        data = self._bindings.get(named[1].decode())
        return Failure.UNSUPPORTED_CHANNEL_BINDING_TYPE if data is None else data

    def challenge(self, credentials: Credentials) -> bytes:
        """The server-first-message, when the user's credentials (or a `decoy`) have been found; b"" out of turn."""
        if self._turn != 1:
            self._turn = -1
            return b""
        self._turn = 2
        self._credentials = credentials
        salt = b64encode(credentials.salt)
        self._server_first = b"r=%b,s=%b,i=%d" % (self._nonce, salt, credentials.iterations)
        return self._server_first

    def hear_final(self, data: bytes) -> bytes | Failure:
        """The client-final-message: our server-final-message, which proves that we know the password too."""
        if self._turn != 2:
            return self._end(Failure.OUT_OF_TURN)
        self._turn = -1
        without_proof, comma, proof = data.rpartition(b",")
        words = without_proof.split(b",")
        if len(data) > MOST_BYTES or not comma or len(words) < 2 or proof[:2] != b"p=":
            return Failure.INVALID_ENCODING
        if words[0][:2] != b"c=" or words[1][:2] != b"r=" or not _are_extensions(words[2:]):
            return Failure.INVALID_ENCODING
        if not hmac.compare_digest(words[0][2:], b64encode(self._binding)):
            return Failure.CHANNEL_BINDINGS_DONT_MATCH
        if not hmac.compare_digest(words[1][2:], self._nonce):
            return Failure.WRONG_NONCE
        signed = _decode(proof[2:])
        if signed is None or len(signed) != _KEY_BYTES:
            return Failure.INVALID_ENCODING
        known = self._credentials
        message = b",".join((self._client_first, self._server_first, without_proof))
        client_key = _xor(signed, _hmac(known.stored_key, message))
        if not hmac.compare_digest(hashlib.sha256(client_key).digest(), known.stored_key):
            return Failure.INVALID_PROOF
        return b"v=" + b64encode(_hmac(known.server_key, message))

    def _end(self, failure: Failure) -> Failure:
        self._turn = -1
        return failure


class ClientExchange:
    """One login as the client sees it: `first`, `hear_challenge`, `hear_verdict`.

    `nonce`: 18 random bytes or more, as base64. `binding`: name and data of this connection's channel binding, for
    SCRAM-SHA-256-PLUS. `could_bind`: we could have bound ourselves, but the server did not offer -PLUS.
    """

    __slots__ = ("_binding", "_first", "_header", "_nonce", "_password", "_signature", "_turn", "_user")

    def __init__(
        self,
        user: str,
        password: str,
        nonce: str,
        *,
        binding: tuple[str, bytes] | None = None,
        could_bind: bool = False,
    ) -> None:
        self._user = user
        self._password = password
        self._nonce = nonce.encode()
        if binding is not None:
            self._header, self._binding = f"p={binding[0]},,".encode(), binding[1]
        else:
            self._header, self._binding = b"y,," if could_bind else b"n,,", b""
        self._first = b""
        self._signature = b""
        self._turn = 0

    def first(self) -> bytes:
        """The client-first-message."""
        self._turn = 1
        self._first = b"n=" + _write_name(prepare(self._user)) + b",r=" + self._nonce
        return self._header + self._first

    def hear_challenge(self, data: bytes) -> bytes | Failure:
        """The server-first-message: our client-final-message. Takes as long as the server's iterations do (some
        milliseconds for an honest one, `MOST_ITERATIONS` at worst).
        """
        if self._turn != 1:
            return self._end(Failure.OUT_OF_TURN)
        self._turn = -1
        words = data.split(b",")
        if words[0][:2] == b"e=":
            return Failure.REFUSED_BY_SERVER
        if words[0][:2] == b"m=":
            return Failure.EXTENSIONS_NOT_SUPPORTED
        if len(data) > MOST_BYTES or len(words) < 3 or not _are_extensions(words[3:]):
            return Failure.INVALID_ENCODING
        nonce, salt, count = words[0], _decode(words[1][2:]), _ITERATIONS.fullmatch(words[2])
        if not _NONCE.fullmatch(nonce) or words[1][:2] != b"s=" or not salt or count is None:
            return Failure.INVALID_ENCODING
        # "The client MUST verify that the initial part of the nonce used in subsequent messages is the same as the
        # nonce it initially specified"; and a server that adds nothing has not made this exchange a new one.
        if not nonce.startswith(b"r=" + self._nonce) or len(nonce) == len(self._nonce) + 2:
            return Failure.WRONG_NONCE
        iterations = int(count[1])
        if iterations < LEAST_ITERATIONS:
            return Failure.TOO_FEW_ITERATIONS
        if iterations > MOST_ITERATIONS:
            return Failure.TOO_MANY_ITERATIONS
        without_proof = b"c=" + b64encode(self._header + self._binding) + b"," + nonce
        message = b",".join((self._first, data, without_proof))
        salted = salted_password(self._password, salt, iterations)
        client_key = _hmac(salted, b"Client Key")
        self._signature = _hmac(_hmac(salted, b"Server Key"), message)
        self._turn = 2
        proof = _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), message))
        return without_proof + b",p=" + b64encode(proof)

    def hear_verdict(self, data: bytes) -> bytes | Failure:
        """The server-final-message: b"" when the server has proven that it knows the password, and so is ours."""
        if self._turn != 2:
            return self._end(Failure.OUT_OF_TURN)
        self._turn = -1
        word, *extensions = data.split(b",")
        if word[:2] == b"e=":
            return Failure.REFUSED_BY_SERVER
        if len(data) > MOST_BYTES or word[:2] != b"v=" or not _are_extensions(extensions):
            return Failure.INVALID_ENCODING
        if not hmac.compare_digest(word[2:], b64encode(self._signature)):
            return Failure.WRONG_SIGNATURE
        self._turn = 3
        return b""

    @property
    def is_proven(self) -> bool:
        """Whether the server has proven that it knows the password."""
        return self._turn == 3

    def _end(self, failure: Failure) -> Failure:
        self._turn = -1
        return failure
