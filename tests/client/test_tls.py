"""veche.client.tls: by what a server is recognised."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.client.certificates import make
from veche.client.tls import Tls, end_point, fingerprint, key_fingerprint, plain_fingerprint

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("key", [EC, RSA], ids=["EC", "RSA"])
@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (hashes.SHA512(), "sha512")],
)
def test_the_end_point_is_the_hash_that_the_certificate_names(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, algorithm: hashes.HashAlgorithm, name: str
) -> None:
    certificate = make(key, algorithm).public_bytes(Encoding.DER)
    assert end_point(certificate) == hashlib.new(name, certificate).digest()


@pytest.mark.parametrize("key", [EC, RSA], ids=["EC", "RSA"])
def test_the_key_is_known_when_the_certificate_is_renewed(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    one, other = (make(key, hashes.SHA256()).public_bytes(Encoding.DER) for _ in range(2))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key_fingerprint(one) == key_fingerprint(other) == hashlib.sha256(public).hexdigest()
    assert Tls(fingerprint=key_fingerprint(one)).accepts(other)
    assert not Tls(fingerprint=fingerprint(one)).accepts(other)


def test_a_signature_without_a_hash_of_its_own_gives_no_end_point() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    assert end_point(make(key, None).public_bytes(Encoding.DER)) is None


@given(st.binary(max_size=60) | st.binary(max_size=20).map(lambda tail: b"\x30\x82\x00\x10\x30\x02" + tail))
def test_no_bytes_make_it_raise(junk: bytes) -> None:
    assert end_point(junk) is None
    assert key_fingerprint(junk) == ""


def test_fingerprints_are_taken_as_programs_show_them() -> None:
    digest = hashlib.sha256(b"certificate").hexdigest()
    shown = ":".join(digest[index : index + 2] for index in range(0, 64, 2)).upper()
    assert plain_fingerprint(shown) == fingerprint(b"certificate") == digest
    assert Tls(fingerprint=shown).accepts(b"certificate")
    assert not Tls(fingerprint=shown).accepts(b"other")


@pytest.mark.parametrize("text", ["abc", "g" * 64, "a" * 63, "a" * 65])
def test_what_is_no_fingerprint_is_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Tls(fingerprint=text)
