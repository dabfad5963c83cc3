"""The PROXY protocol: whole, in single bytes, with a tail, and everything that is none."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl

import pytest

from tests.net.conftest import House
from tests.net.test_tls import trusting
from veche.app.certificates import Pair
from veche.core.limits import Networks
from veche.net import proxy
from veche.net.peer import Peer
from veche.net.proxy import SIGNATURE, HeaderError, ProxyLayer, take_header
from veche.net.tcp import IrcProtocol
from veche.net.tls import TlsDoor
from veche.net.tls_layer import TlsLayer


def binary(family: int, rest: bytes, *, command: int = 0x21, size: int | None = None) -> bytes:
    return (
        SIGNATURE + bytes([command, family]) + (len(rest) if size is None else size).to_bytes(2, "big") + rest
    )


def addresses(source: str, target: str) -> bytes:
    packed = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    return packed + (40000).to_bytes(2, "big") + (6667).to_bytes(2, "big")


V4 = addresses("198.51.100.3", "192.0.2.1")
V6 = addresses("2001:db8::3", "2001:db8::1")
SSL_YES = b"\x20\x00\x05\x01\x00\x00\x00\x00"
SSL_NO = b"\x20\x00\x05\x00\x00\x00\x00\x00"

GOOD = {
    "line, v4": (b"PROXY TCP4 198.51.100.3 192.0.2.1 40000 6667\r\n", "198.51.100.3", False),
    "line, v6": (b"PROXY TCP6 2001:DB8::3 ::1 0 65535\r\n", "2001:db8::3", False),
    "binary, v4": (binary(0x11, V4), "198.51.100.3", False),
    "binary, v6": (binary(0x21, V6), "2001:db8::3", False),
    "binary, by TLS": (binary(0x11, V4 + b"\x04\x00\x02xx" + SSL_YES), "198.51.100.3", True),
    "binary, not by TLS": (binary(0x11, V4 + SSL_NO), "198.51.100.3", False),
    "binary, additions cut off": (binary(0x11, V4 + b"\x20\xff\xff\x01"), "198.51.100.3", False),
    "binary, additions of no length": (binary(0x11, V4 + b"\x20\x00\x00" * 300), "198.51.100.3", False),
    "binary, as long as may be": (binary(0x21, V6 + b"\x04\x03\xd9" + b"x" * 985), "2001:db8::3", False),
    "binary, the proxy's own": (binary(0x00, b"", command=0x20), "", False),
    "binary, the proxy's own with a rest": (binary(0x11, V4, command=0x20), "", False),
}


@pytest.mark.parametrize("name", GOOD)
def test_headers(name: str) -> None:
    data, address, secure = GOOD[name]
    for tail in (b"", b"NICK ann\r\n", SIGNATURE):
        found = take_header(data + tail)
        assert found is not None
        header, rest = found
        assert (header.address, header.secure, rest) == (address, secure, tail)
    for size in range(len(data)):
        assert take_header(data[:size]) is None


BAD = {
    "unknown": b"PROXY UNKNOWN\r\n",
    "unknown with more": b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
    "108 bytes": b"PROXY TCP4 " + b"1" * 95 + b"\r\n",
    "without end": b"PROXY TCP4 " + b"1" * 5000,
    "v6 that is said to be v4": b"PROXY TCP4 ::1 ::1 1 2\r\n",
    "v4 that is said to be v6": b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
    "a scope": b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "a name": b"PROXY TCP4 evil.example 192.0.2.1 1 2\r\n",
    "a large port": b"PROXY TCP4 1.2.3.4 192.0.2.1 1 65536\r\n",
    "a negative port": b"PROXY TCP4 1.2.3.4 192.0.2.1 -1 2\r\n",
    "too few words": b"PROXY TCP4 1.2.3.4 192.0.2.1 1\r\n",
    "too many words": b"PROXY TCP4 1.2.3.4 192.0.2.1 1 2 3\r\n",
    "two spaces": b"PROXY TCP4  1.2.3.4 192.0.2.1 1 2\r\n",
    "another protocol": b"PROXY TCP5 1.2.3.4 192.0.2.1 1 2\r\n",
    "small letters": b"proxy tcp4 1.2.3.4 192.0.2.1 1 2\r\n",
    "no header": b"NICK ann\r\n",
    "TLS": b"\x16\x03\x01\x02",
    "version 1 in binary": binary(0x11, V4, command=0x11),
    "version 3": binary(0x11, V4, command=0x31),
    "an unknown command": binary(0x11, V4, command=0x22),
    "65535 bytes": binary(0x11, V4, size=65535),
    "1025 bytes": binary(0x11, V4, size=1025),
    "no family": binary(0x00, b""),
    "datagrams": binary(0x12, V4),
    "a local socket": binary(0x31, b"/tmp/x".ljust(216, b"\0")),
    "v4 that is too short": binary(0x11, V4[:-1]),
    "v6 that is too short": binary(0x21, V4),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_header(name: str) -> None:
    with pytest.raises(HeaderError):
        take_header(BAD[name])


async def open_door(house: House, *trusted: str) -> int:
    def layer(peer: Peer) -> asyncio.Protocol:
        return IrcProtocol(house.shell, "irc", peer)

    return await house.open(lambda: ProxyLayer(house.shell, Networks(trusted), layer))


async def come(port: int, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def test_a_trusted_proxys_word_is_taken(house: House) -> None:
    port = await open_door(house, "127.0.0.0/8")
    reader, writer = await come(port, binary(0x11, V4 + SSL_YES) + b"PING 1\r\n")
    assert await reader.readline() == b":irc.example PONG irc.example :1\r\n"
    session = next(iter(house.engine.sessions))
    assert (session.address, session.secure) == ("198.51.100.3", True)
    assert house.engine.doorkeeper.at_once == {"198.51.100.3": 1}
    writer.transport.abort()


@pytest.mark.parametrize("data", [BAD["unknown"], BAD["no header"], BAD["65535 bytes"]])
async def test_a_trusted_proxy_must_say_it(house: House, data: bytes) -> None:
    port = await open_door(house, "127.0.0.1")
    reader, writer = await come(port, data)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    assert not house.engine.sessions
    writer.transport.abort()


async def test_nobody_else_is_believed(house: House) -> None:
    port = await open_door(house, "192.0.2.1")
    reader, writer = await come(port, b"PING 1\r\n")
    assert await reader.readline() == b":irc.example PONG irc.example :1\r\n"
    assert next(iter(house.engine.sessions)).address == "127.0.0.1"
    other_reader, other = await come(port, GOOD["line, v4"][0] + b"PING 1\r\n")
    assert b"ERROR" in await asyncio.wait_for(other_reader.read(), 5)
    writer.transport.abort()
    other.transport.abort()


async def test_a_header_is_waited_for_only_so_long(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "HEADER_SECONDS", 0.02)
    port = await open_door(house, "127.0.0.1")
    reader, writer = await come(port, b"PROXY TCP4 ")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.transport.abort()


async def test_limits_go_by_the_address_behind_the_proxy(house: House) -> None:
    house.settings.connections_per_address = 1
    port = await open_door(house, "127.0.0.1")
    writers = []
    for last in (3, 4, 3):
        line = f"PROXY TCP4 198.51.100.{last} 192.0.2.1 1 2\r\nPING 1\r\n".encode()
        reader, writer = await come(port, line)
        writers.append(writer)
    assert await reader.readline() == b"ERROR :Too many connections from your address\r\n"
    assert len(house.engine.sessions) == 2
    for writer in writers:
        writer.transport.abort()


async def test_tls_begins_in_the_same_packet_as_the_header_ends(house: House, pair: Pair) -> None:
    door = TlsDoor(house.shell)
    door.use(*pair)

    def irc(peer: Peer) -> asyncio.Protocol:
        return IrcProtocol(house.shell, "ircs", peer)

    def tls(peer: Peer) -> asyncio.Protocol:
        return TlsLayer(door, irc, peer)

    port = await house.open(lambda: ProxyLayer(house.shell, Networks(["127.0.0.1"]), tls))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting().wrap_bio(incoming, outgoing, server_hostname="irc.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    reader, writer = await come(port, GOOD["line, v4"][0] + outgoing.read())
    while True:
        incoming.write(await asyncio.wait_for(reader.read(65536), 5))
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            pass
    client.write(b"PING 1\r\n")
    writer.write(outgoing.read())
    answer = b""
    while not answer:
        incoming.write(await asyncio.wait_for(reader.read(65536), 5))
        try:
            answer = client.read()
        except ssl.SSLWantReadError:
            pass  # that was the server's part of the handshake that comes behind it
    assert answer == b":irc.example PONG irc.example :1\r\n"
    assert next(iter(house.engine.sessions)).binding == door.binding != b"", "it is our TLS, behind the proxy"
    session = next(iter(house.engine.sessions))
    assert (session.address, session.secure, session.server_name) == ("198.51.100.3", True, "irc.example")
    writer.transport.abort()
