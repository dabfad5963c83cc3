"""TLS: what is agreed to, who is asked, what a handshake may cost."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.net.conftest import House
from veche.app.certificates import Pair, own_pair
from veche.client.tls import end_point
from veche.net import tls, tls_layer
from veche.net.tcp import IrcProtocol
from veche.net.tls import TlsDoor, TlsError
from veche.net.tls_layer import TlsLayer

REGISTER = b"NICK ann\r\nUSER ann 0 * :Ann\r\n"


def trusting() -> ssl.SSLContext:
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def with_certificate(folder: Path, now: float = 0.0) -> tuple[ssl.SSLContext, str]:
    """A client with a certificate that nobody issued, made at some time, and its fingerprint."""
    pair = own_pair(folder, ["ann.example"], now or time.time())
    (folder / "both.pem").write_bytes(
        pair.chain[0].public_bytes(Encoding.PEM)
        + pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = trusting()
    context.load_cert_chain(folder / "both.pem")
    return context, hashlib.sha256(pair.chain[0].public_bytes(Encoding.DER)).hexdigest()


class Door:
    """An open TLS door."""

    def __init__(self, house: House, door: TlsDoor, port: int) -> None:
        self.house = house
        self.door = door
        self.port = port

    @asynccontextmanager
    async def enter(
        self, context: ssl.SSLContext | None = None, name: str | None = "irc.example"
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context or trusting(), server_hostname=name if name else ""
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def knock(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection without TLS."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


@pytest.fixture
async def door(house: House, pair: Pair) -> Door:
    door = TlsDoor(house.shell)
    door.use(*pair)
    port = await house.open(lambda: TlsLayer(door, lambda peer: IrcProtocol(house.shell, "ircs", peer)))
    return Door(house, door, port)


async def register(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(REGISTER)
    writer.write(b"PING registered\r\n")
    return await reader.readuntil(b" PONG irc.example :registered\r\n")


async def test_somebody_registers_over_tls(door: Door) -> None:
    async with door.enter() as (reader, writer):
        assert b" 001 ann " in await register(reader, writer)
        session = next(iter(door.house.engine.sessions))
        assert session.secure
        assert session.server_name == "irc.example"
        assert session.certificate == ""
        assert session.door == "ircs"


async def test_long_answers_and_long_questions_pass_whole(door: Door) -> None:
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        words = [f"{number:04}" + "x" * 300 for number in range(400)]
        writer.write(b"".join(f"PING {word}\r\n".encode() for word in words))
        for word in words:
            assert await reader.readline() == f":irc.example PONG irc.example :{word}\r\n".encode()


async def test_what_the_server_writes_in_one_piece_arrives_whole(door: Door) -> None:
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        session = next(iter(door.house.engine.sessions))
        data = bytes(range(256)) * 700  # eleven records
        session.pipe.write(data)
        assert await reader.readexactly(len(data)) == data


async def test_a_certificate_that_nobody_issued_is_seen(door: Door, tmp_path: Path) -> None:
    context, print_of_it = with_certificate(tmp_path)
    async with door.enter(context) as (reader, writer):
        await register(reader, writer)
        assert next(iter(door.house.engine.sessions)).certificate == print_of_it


@pytest.mark.parametrize("days", [-2000, 2000])
async def test_a_certificate_that_is_not_valid_now_is_not_seen(door: Door, tmp_path: Path, days: int) -> None:
    context, _ = with_certificate(tmp_path, time.time() + days * 86400)
    async with door.enter(context) as (reader, writer):
        await register(reader, writer)
        assert next(iter(door.house.engine.sessions)).certificate == ""


async def test_a_certificate_that_makes_no_sense_is_not_seen_and_harms_nobody(
    door: Door, tmp_path: Path
) -> None:
    context, _ = with_certificate(tmp_path)
    pem = (tmp_path / "both.pem").read_bytes()
    certificate, key = pem.partition(b"-----BEGIN PRIVATE")[::2]
    der = ssl.PEM_cert_to_DER_cert(certificate.decode())
    # A month that no calendar has; whose signature it bears nobody asks.
    month = der.index(b"\x17\x0d") + 4
    broken = der[:month] + b"77" + der[month + 2 :]
    (tmp_path / "broken.pem").write_bytes(
        ssl.DER_cert_to_PEM_cert(broken).encode() + b"-----BEGIN PRIVATE" + key
    )
    context = trusting()
    context.load_cert_chain(tmp_path / "broken.pem")
    async with door.enter(context) as (reader, writer):
        await register(reader, writer)
        assert next(iter(door.house.engine.sessions)).certificate == ""
    async with door.enter() as (reader, writer):
        await register(reader, writer)


async def test_the_channel_binding_is_what_the_client_sees(door: Door) -> None:
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert next(iter(door.house.engine.sessions)).binding == end_point(shown) != b""


async def test_the_channel_binding_is_of_the_certificate_that_was_shown(door: Door, tmp_path: Path) -> None:
    async with door.enter() as (reader, writer):
        door.door.use(*own_pair(tmp_path, ["other.example"], time.time()))
        await register(reader, writer)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert next(iter(door.house.engine.sessions)).binding == end_point(shown)


def made(signer: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, **signing: object) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "irc.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(signer.public_key())
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=1))
    return builder.sign(signer, **signing)  # type: ignore[arg-type]


def test_the_channel_binding_is_the_hash_that_the_signature_uses() -> None:
    key = rsa.generate_private_key(65537, 2048)
    for algorithm, digest in (
        (hashes.SHA256(), "sha256"),
        (hashes.SHA384(), "sha384"),
        (hashes.SHA512(), "sha512"),
    ):
        certificate = made(key, algorithm=algorithm)
        der = certificate.public_bytes(Encoding.DER)
        assert tls.end_point(certificate) == hashlib.new(digest, der).digest() == end_point(der)
    salted = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    undefined = [
        made(key, algorithm=hashes.SHA256(), rsa_padding=salted),
        made(ed25519.Ed25519PrivateKey.generate(), algorithm=None),
    ]
    for certificate in undefined:
        assert tls.end_point(certificate) == b""


async def test_a_certificate_is_seen_in_tls_1_2_too(door: Door, tmp_path: Path) -> None:
    context, print_of_it = with_certificate(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with door.enter(context) as (reader, writer):
        await register(reader, writer)
        assert next(iter(door.house.engine.sessions)).certificate == print_of_it


async def test_browsers_are_not_asked_for_a_certificate(house: House, pair: Pair, tmp_path: Path) -> None:
    door = TlsDoor(house.shell, protocol=b"http/1.1", asks_clients=False)
    door.use(*pair)
    port = await house.open(lambda: TlsLayer(door, lambda peer: IrcProtocol(house.shell, "web", peer)))
    context, _ = with_certificate(tmp_path)
    async with Door(house, door, port).enter(context) as (reader, writer):
        await register(reader, writer)
        assert next(iter(house.engine.sessions)).certificate == ""


async def test_a_client_that_names_no_host_is_let_in(door: Door) -> None:
    async with door.enter(name=None) as (reader, writer):
        await register(reader, writer)
        assert next(iter(door.house.engine.sessions)).server_name == ""


@pytest.mark.parametrize(
    "suite",
    ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"],
)
async def test_suites_of_tls_1_2_that_are_agreed_to(door: Door, suite: str) -> None:
    context = trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    async with door.enter(context) as (_, writer):
        assert writer.get_extra_info("cipher")[0] == suite
        assert writer.get_extra_info("compression") is None


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-SHA256",
        "AES128-GCM-SHA256",
        "AES256-SHA",
        "DHE-RSA-AES128-GCM-SHA256",
        "aNULL:@SECLEVEL=0",
    ],
)
async def test_suites_that_are_refused(door: Door, suite: str) -> None:
    context = trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        async with door.enter(context):
            pass


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_old_versions_are_refused(door: Door, version: ssl.TLSVersion) -> None:
    context = trusting()
    context.minimum_version = version
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|NO_PROTOCOLS|UNSUPPORTED"):
        async with door.enter(context):
            pass


async def test_irc_is_agreed_upon_by_name(door: Door) -> None:
    context = trusting()
    context.set_alpn_protocols(["h2", "irc"])
    async with door.enter(context) as (_, writer):
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "irc"


async def test_who_wants_another_protocol_is_sent_away(door: Door) -> None:
    context = trusting()
    context.set_alpn_protocols(["http/1.1"])
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        async with door.enter(context):
            pass
    async with door.enter() as (reader, writer):  # and nobody else is
        await register(reader, writer)


@pytest.mark.parametrize(
    "data",
    [
        b"NICK ann\r\nUSER ann 0 * :Ann\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\xff\xff" + b"\0" * 100000,
        b"\0" * 10,
        b"\x80\x2e\x01\x00\x02",  # SSL 2
    ],
)
async def test_what_is_not_tls_is_hung_up_on(
    door: Door, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    async with door.knock() as (reader, writer):
        writer.write(data)
        try:
            answer = await asyncio.wait_for(reader.read(), 5)
        except ConnectionResetError:
            answer = b""
        assert b"ann" not in answer
        assert not door.house.engine.sessions
    assert caplog.messages == []


async def test_a_refused_address_gets_no_handshake(door: Door) -> None:
    door.house.settings.connections_per_address = 1
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        with pytest.raises((ConnectionError, ssl.SSLError)):
            async with door.enter():
                pass
        assert door.door.under_way == 0
        writer.write(b"PING still\r\n")
        assert await reader.readline() == b":irc.example PONG irc.example :still\r\n"


async def test_who_leaves_in_the_handshake_leaves_nothing(door: Door) -> None:
    for _ in range(3):
        async with door.knock() as (_, writer):
            writer.write(b"\x16\x03\x01")
            await door.house.until(lambda: door.door.under_way == 1)
            assert door.house.engine.doorkeeper.count == 1
        await door.house.until(lambda: door.door.under_way == 0)
    assert door.house.engine.doorkeeper.count == 0


async def test_a_handshake_that_takes_too_long_is_ended(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_layer, "HANDSHAKE_SECONDS", 0.02)
    async with door.knock() as (reader, writer):
        writer.write(b"\x16\x03\x01\x02")
        assert await asyncio.wait_for(reader.read(), 5) == b""
    await door.house.until(lambda: door.door.under_way == 0)


async def test_no_more_handshakes_than_fit_are_under_way(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "MOST_HANDSHAKES", 2)
    async with door.knock(), door.knock():
        await door.house.until(lambda: door.door.under_way == 2)
        async with door.knock() as (reader, _):
            assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_many_at_once_are_all_served(door: Door) -> None:
    door.house.settings.connections_per_address = 0

    async def come() -> bytes:
        async with door.enter() as (reader, writer):
            writer.write(b"PING 1\r\n")
            return await reader.readline()

    assert set(await asyncio.gather(*(come() for _ in range(40)))) == {
        b":irc.example PONG irc.example :1\r\n"
    }


async def test_a_new_certificate_is_for_new_connections(door: Door, tmp_path: Path) -> None:
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        fresh = own_pair(tmp_path / "fresh", ["irc.example"], time.time())
        door.door.use(*fresh)
        writer.write(b"PING old\r\n")
        assert await reader.readline() == b":irc.example PONG irc.example :old\r\n"
        async with door.enter() as (_, other):
            seen = other.get_extra_info("ssl_object").getpeercert(binary_form=True)
            assert seen == fresh.chain[0].public_bytes(Encoding.DER)


async def test_a_pair_that_does_not_fit_changes_nothing(door: Door, pair: Pair, tmp_path: Path) -> None:
    other = own_pair(tmp_path / "other", ["irc.example"], time.time())
    before = door.door.context
    with pytest.raises(TlsError, match="mismatch"):
        door.door.use(pair.chain, other.key)
    assert door.door.context is before


async def test_goodbye_is_said_in_tls(door: Door) -> None:
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        writer.write(b"QUIT :bye\r\n")
        # An end without close_notify would be an error here, not an end of file.
        assert await reader.read() == b"ERROR :Closing Link: there (Quit: bye)\r\n"


async def test_reading_stops_and_goes_on(door: Door) -> None:
    async with door.enter() as (reader, writer):
        await register(reader, writer)
        session = next(iter(door.house.engine.sessions))
        session.pipe.pause_reading()
        writer.write(b"PING held\r\n")
        writer.write(b"PING too\r\n")
        await asyncio.sleep(0.01)
        session.pipe.resume_reading()
        assert await reader.readline() == b":irc.example PONG irc.example :held\r\n"
        assert await reader.readline() == b":irc.example PONG irc.example :too\r\n"
