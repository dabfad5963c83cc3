"""The certificate: made once, renewed in time, reloaded whole or not at all."""

from __future__ import annotations

import datetime
import logging
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from veche.app.certificates import CertificateError, CertificateKeeper, Pair, own_pair, read_pair
from veche.store.files import NotRegularError
from veche.testing.clock import NOON

DAY = 86400.0
NAMES = ["irc.example"]


def make_files(folder: Path, name: str, *, days: int = 100, mode: int = 0o600) -> tuple[Path, Path]:
    """A certificate and key as an authority would give them, valid for so many days from NOON."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    begin = datetime.datetime.fromtimestamp(NOON - DAY * 100, datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=100 + days))
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].touch(mode=0o600)
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[1].chmod(mode)
    return files


def serial(pair: Pair) -> int:
    return pair.chain[0].serial_number


def test_first_start_makes_a_private_pair(tmp_path: Path) -> None:
    own_pair(tmp_path / "tls", NAMES, NOON)
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    for file in ("cert.pem", "key.pem"):
        assert stat.S_IMODE((tmp_path / "tls" / file).stat().st_mode) == 0o600


def test_our_certificate_names_the_server_and_this_machine(tmp_path: Path) -> None:
    certificate = own_pair(tmp_path / "tls", NAMES, NOON).chain[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["irc.example", "localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.not_valid_before_utc.timestamp() < NOON - DAY


def test_second_start_finds_the_same_pair(tmp_path: Path) -> None:
    first = own_pair(tmp_path / "tls", NAMES, NOON)
    assert serial(own_pair(tmp_path / "tls", NAMES, NOON + 700 * DAY)) == serial(first)


@pytest.mark.parametrize(
    ("names", "later"), [(NAMES, 800 * DAY), (["new.example"], 0.0)], ids=["its end is near", "a new name"]
)
def test_our_certificate_is_renewed_with_its_key(tmp_path: Path, names: list[str], later: float) -> None:
    first = own_pair(tmp_path / "tls", NAMES, NOON)
    second = own_pair(tmp_path / "tls", names, NOON + later)
    assert serial(second) != serial(first)
    assert second.ends > NOON + later + 800 * DAY
    assert second.chain[0].public_key() == first.chain[0].public_key()


@pytest.mark.parametrize("file", ["cert.pem", "key.pem"])
@pytest.mark.parametrize("damage", ["missing", "half", "empty", "another"])
def test_what_is_left_of_our_pair_is_made_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, file: str, damage: str
) -> None:
    folder = tmp_path / "tls"
    own_pair(folder, NAMES, NOON)
    path = folder / file
    text = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "another":
        own_pair(tmp_path / "other", NAMES, NOON)
        path.write_bytes((tmp_path / "other" / file).read_bytes())
    else:
        path.write_bytes(text[: len(text) // 2] if damage == "half" else b"")
    mended = own_pair(folder, NAMES, NOON)
    assert serial(read_pair(folder / "cert.pem", folder / "key.pem")) == serial(mended)


def test_a_link_in_place_of_our_key_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "key.pem").symlink_to(target)
    with pytest.raises(NotRegularError):
        own_pair(tmp_path / "tls", NAMES, NOON)
    assert target.read_text() == "precious"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_may_read_is_refused_by_name(tmp_path: Path, mode: int) -> None:
    certificate, key = make_files(tmp_path, "a", mode=mode)
    with pytest.raises(CertificateError, match=f"{key} is a private key .*{mode:04o}.*chmod 600"):
        read_pair(certificate, key)


def test_a_pair_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    certificate, _ = make_files(tmp_path, "a")
    _, key = make_files(tmp_path, "b")
    with pytest.raises(CertificateError, match="does not belong to"):
        read_pair(certificate, key)


def test_a_key_behind_a_password_is_refused(tmp_path: Path) -> None:
    certificate, key = make_files(tmp_path, "a")
    private = ec.generate_private_key(ec.SECP256R1())
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    with pytest.raises(CertificateError, match="needs no password"):
        read_pair(certificate, key)


def test_refusals_come_in_the_readers_language(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="не читается"):
        read_pair(tmp_path / "none", tmp_path / "none", "ru")


class Watched:
    """A keeper over the owner's files, and what it has given out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = make_files(folder, "a")
        self.keeper = CertificateKeeper(self.files, folder / "tls", NAMES, NOON)
        self.used: list[int] = []
        self.keeper.users.append(lambda pair: self.used.append(serial(pair)))

    def put(self, name: str, *, certificate: bool = True, key: bool = True) -> None:
        fresh = make_files(self.folder, name)
        if certificate:
            fresh[0].replace(self.files[0])
        if key:
            fresh[1].replace(self.files[1])


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_changed_pair_is_put_into_use(watched: Watched) -> None:
    watched.keeper.check(NOON)
    assert watched.used == []
    watched.put("b")
    watched.keeper.check(NOON)
    assert watched.used == [serial(watched.keeper.pair)]


def test_half_a_change_keeps_the_old_pair_and_the_other_half_completes_it(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    old = serial(watched.keeper.pair)
    watched.put("b", key=False)
    watched.keeper.check(NOON)
    watched.keeper.check(NOON)
    assert watched.used == []
    assert serial(watched.keeper.pair) == old
    assert len(caplog.records) == 1  # complained of once, not at every look
    (watched.folder / "b.key").replace(watched.files[1])
    watched.keeper.check(NOON)
    assert watched.used == [serial(watched.keeper.pair)]


@pytest.mark.parametrize("text", [b"", b"-----BEGIN CERTIFICATE-----\nMIIB", b"\xff\x00"])
def test_a_half_written_file_keeps_the_old_pair(watched: Watched, text: bytes) -> None:
    watched.files[0].write_bytes(text)
    assert watched.keeper.reload(NOON) != ""
    assert watched.used == []


def test_a_certificate_about_to_expire_is_complained_of_once_a_day(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    watched.keeper.check(NOON + 85 * DAY)
    assert caplog.messages == []
    for hours in (0, 1, 23, 24, 25):
        watched.keeper.check(NOON + 87 * DAY + hours * 3600)
    assert caplog.messages == [
        "the TLS certificate expires in 13 days",
        "the TLS certificate expires in 12 days",
    ]
    watched.keeper.check(NOON + 101 * DAY)
    assert caplog.messages[2:] == ["the TLS certificate has expired: clients will refuse to connect"]


def test_our_own_certificate_is_renewed_while_the_server_runs(tmp_path: Path) -> None:
    keeper = CertificateKeeper(None, tmp_path / "tls", NAMES, NOON)
    used: list[Pair] = []
    keeper.users.append(used.append)
    keeper.check(NOON + 700 * DAY)
    assert used == []
    keeper.check(NOON + 800 * DAY)
    keeper.check(NOON + 801 * DAY)
    assert len(used) == 1
