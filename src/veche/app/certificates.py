"""The server's certificate: made at the first start, or the owner's own; renewed, reloaded, and complained of in time.

    tls/cert.pem, tls/key.pem    in the data directory: ours, made and renewed here when the config names no others

The rule: what the doors use is always a pair that fits. A new pair is read whole, checked and only then handed over;
one that does not fit leaves the old one in use and is complained of. Connections that exist keep what they began with.
"""

import datetime
import ipaddress
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from veche.phrases import Language, Phrases
from veche.store.files import require_regular, sync_directory, write_lasting

FOLDER = "tls"
CERTIFICATE_FILE = "cert.pem"
KEY_FILE = "key.pem"
# The longest that systems accept for a certificate that a person has chosen to trust.
VALID_DAYS = 825
RENEWED_DAYS = 30  # before the end
WARNED_DAYS = 14  # before the end of the owner's own certificate
# Days that our certificate is valid from before it was made: clocks of clients may be slow.
_SLACK_DAYS = 2
_LARGEST_FILE = 1 << 20
_DAY = 86400.0

_log = logging.getLogger("veche.tls")

PHRASES = {
    "unreadable": ("{path} cannot be read: {detail}", "{path} не читается: {detail}"),
    "exposed": (
        "{path} is a private key and others may read it (mode {mode:04o}): chmod 600 {path}",
        "{path} — закрытый ключ, а читать его могут и другие (права {mode:04o}): chmod 600 {path}",
    ),
    "no-certificate": (
        "{path} holds no certificate in PEM form: {detail}",
        "в {path} нет сертификата в формате PEM: {detail}",
    ),
    "no-key": (
        "{path} holds no private key in PEM form that needs no password: {detail}",
        "в {path} нет закрытого ключа в формате PEM без пароля: {detail}",
    ),
    "mismatch": (
        "the key in {key_file} does not belong to the certificate in {certificate}",
        "ключ в {key_file} не подходит к сертификату в {certificate}",
    ),
}


class CertificateError(Exception):
    """A certificate or key that cannot be used; the text says which file and why, in the reader's language."""


class Pair(NamedTuple):
    """A certificate with those that issued it, its own first, and its private key."""

    chain: list[x509.Certificate]
    key: PrivateKeyTypes

    @property
    def ends(self) -> float:
        """When the certificate ends to be valid: seconds since 1970."""
        return self.chain[0].not_valid_after_utc.timestamp()


def read_pair(certificate: Path, key: Path, language: Language = "en") -> Pair:
    """The pair in two files that the owner names. Raises CertificateError; a key that others may read is refused."""
    phrases = Phrases(PHRASES, language)
    chain_text = _read(certificate, phrases)
    mode = stat.S_IMODE(_stat_of(key, phrases))
    if mode & 0o077:
        raise CertificateError(phrases("exposed", path=key, mode=mode))
    key_text = _read(key, phrases)
    try:
        chain = x509.load_pem_x509_certificates(chain_text)
    except ValueError as error:
        raise CertificateError(phrases("no-certificate", path=certificate, detail=_brief(error))) from error
    try:
        private = load_pem_private_key(key_text, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError(phrases("no-key", path=key, detail=_brief(error))) from error
    if not _fit(chain[0], private):
        raise CertificateError(phrases("mismatch", certificate=certificate, key_file=key))
    return Pair(chain, private)


def own_pair(folder: Path, names: list[str], now: float) -> Pair:
    """Our own pair for these host names: read, made, or renewed when its end is near or the names have changed.

    The key stays when the certificate is renewed, for clients that remember it. `now`: seconds since 1970.
    Raises OSError when the files can be neither read nor written.
    """
    certificate, key = folder / CERTIFICATE_FILE, folder / KEY_FILE
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        sync_directory(folder.parent)
    old: Pair | None = None
    is_there = [require_regular(file) for file in (certificate, key)]
    if all(is_there):
        try:
            old = read_pair(certificate, key)
        except CertificateError as error:
            _log.warning("our own certificate is made anew: %s", error)
    if (
        old is not None
        and old.ends - now > RENEWED_DAYS * _DAY
        and _names_of(old.chain[0]) == _all_names(names)
    ):
        return old
    private = old.key if old is not None else ec.generate_private_key(ec.SECP256R1())
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        private = ec.generate_private_key(ec.SECP256R1())
    made = _make_certificate(private, names, now)
    write_lasting(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_lasting(certificate, made.public_bytes(Encoding.PEM))
    return Pair([made], private)


class CertificateKeeper:
    """Watches over the pair of a running server.

    `certificate` and `key` are the owner's files, or None for our own in `folder`, made for `names`. `users` are told
    of every pair that comes into use. Raises CertificateError or OSError when there is no pair to begin with.
    """

    def __init__(
        self,
        files: tuple[Path, Path] | None,
        folder: Path,
        names: list[str],
        now: float,
        language: Language = "en",
    ) -> None:
        self.users: list[Callable[[Pair], None]] = []
        self._files = files
        self._folder = folder
        self._names = names
        self._language = language
        self._warned = 0.0
        self._stamps: list[tuple[int, int, int] | None] = []
        self.pair = self._read(now)
        self._warn(now)

    def check(self, now: float) -> None:
        """To be called every so often: reload what has changed, renew what ends, warn of what will end."""
        is_ending = self._files is None and self.pair.ends - now <= RENEWED_DAYS * _DAY
        if is_ending or self._look() != self._stamps:
            self.reload(now)
        self._warn(now)

    def reload(self, now: float) -> str:
        """Read the pair again and put it into use; returns "" or why the old one stays, which is logged too."""
        try:
            pair = self._read(now)
            for user in self.users:
                user(pair)
        except Exception as error:  # whatever is wrong with a file must not cost the server its doors
            _log.warning("the old certificate stays in use: %s", error)
            return str(error)
        self.pair = pair
        self._warned = 0.0
        until = pair.chain[0].not_valid_after_utc
        _log.info("the certificate was loaded again; it is valid until %s", f"{until:%Y-%m-%d}")
        return ""

    def _read(self, now: float) -> Pair:
        if self._files is not None:
            self._stamps = self._look()  # before: a change in the meantime is found at the next look
            return read_pair(*self._files, self._language)
        pair = own_pair(self._folder, self._names, now)
        self._stamps = self._look()  # behind: it may just have been written
        return pair

    def _look(self) -> list[tuple[int, int, int] | None]:
        """What tells whether the files are still the same."""
        files = self._files or (self._folder / CERTIFICATE_FILE, self._folder / KEY_FILE)
        stamps: list[tuple[int, int, int] | None] = []
        for file in files:
            try:
                found = file.stat()
                stamps.append((found.st_ino, found.st_size, found.st_mtime_ns))
            except OSError:
                stamps.append(None)
        return stamps

    def _warn(self, now: float) -> None:
        """Once a day, from WARNED_DAYS before the end."""
        left = self.pair.ends - now
        if left < WARNED_DAYS * _DAY and now - self._warned >= _DAY:
            self._warned = now
            if left < 0:
                _log.warning("the TLS certificate has expired: clients will refuse to connect")
            else:
                _log.warning("the TLS certificate expires in %d days", left // _DAY)


def _make_certificate(key: ec.EllipticCurvePrivateKey, names: list[str], now: float) -> x509.Certificate:
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(microsecond=0)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    day = datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _SLACK_DAYS * day)
        .not_valid_after(moment + (VALID_DAYS - _SLACK_DAYS) * day)
        .add_extension(x509.SubjectAlternativeName(_all_names(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _all_names(names: list[str]) -> list[x509.GeneralName]:
    """The names of this server, and those of this machine to itself."""
    hosts = dict.fromkeys([*names, "localhost"])
    addresses = ("127.0.0.1", "::1")
    return [
        *(x509.DNSName(host) for host in hosts),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]


def _names_of(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (x509.ExtensionNotFound, ValueError):
        return []


def _fit(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)


def _brief(error: Exception) -> str:
    """A library's words without its advice."""
    return str(error).partition(". See ")[0]


def _stat_of(path: Path, phrases: Phrases) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        raise CertificateError(phrases("unreadable", path=path, detail=error.strerror)) from error


def _read(path: Path, phrases: Phrases) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE)
    except OSError as error:
        raise CertificateError(phrases("unreadable", path=path, detail=error.strerror)) from error
