"""Addresses of doors: what is understood, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from veche.app.addresses import Address, AddressError, parse_address, parse_addresses, to_go_to


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:6667", Address("127.0.0.1", 6667)),
        (" 127.0.0.1:0 ", Address("127.0.0.1", 0)),
        ("localhost:65535", Address("localhost", 65535)),
        ("chat-1.example.org:1", Address("chat-1.example.org", 1)),
        (":6667", Address(None, 6667)),
        ("*:6667", Address(None, 6667)),
        ("[::1]:6697", Address("::1", 6697)),
        ("[::]:80", Address("::", 80)),
        ("[fe80::1%eth0]:80", Address("fe80::1%eth0", 80)),
        ("unix:/run/veche/irc.sock", Address(path=Path("/run/veche/irc.sock"))),
        ("unix:/a:b", Address(path=Path("/a:b"))),
    ],
)
def test_address_is_understood(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["127.0.0.1:6667", ":0", "[::1]:1995", "unix:/tmp/x", "host:1"])
def test_address_is_written_as_it_is_typed(text: str) -> None:
    assert str(parse_address(text)) == text


def test_unix_path_is_absolute_at_once() -> None:
    assert parse_address("unix:veche.sock").path == Path.cwd() / "veche.sock"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no port"),
        ("localhost", "has no port"),
        ("[::1]", "has no port"),
        ("[::1", "has no port"),
        ("6667", "127.0.0.1:6667"),
        ("::1:6667", "brackets"),
        ("host:", "from 0 to 65535"),
        ("host:irc", "from 0 to 65535"),
        ("host:65536", "from 0 to 65535"),
        ("host:-1", "from 0 to 65535"),
        ("host:٦٦٦٧", "from 0 to 65535"),
        ("host:00006667", "from 0 to 65535"),
        ("256.0.0.1:1", "neither an IP address"),
        ("127.1:1", "neither an IP address"),
        ("two words:1", "neither an IP address"),
        ("вече.рф:1", "neither an IP address"),
        ("[127.0.0.1]:1", "neither an IP address"),
        ("[::g]:1", "neither an IP address"),
        ("unix:", "path of a unix socket"),
        ("unix:/a\0b", "path of a unix socket"),
        ("unix:/" + "x" * 107, "path of a unix socket"),
    ],
)
def test_address_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        parse_address(text)


def test_off_shuts_the_door() -> None:
    assert parse_addresses(["off"]) == ()


def test_off_stands_alone() -> None:
    with pytest.raises(AddressError, match="alone"):
        parse_addresses(["off", ":6667"])


def test_repeated_addresses_count_once() -> None:
    assert parse_addresses([":1", "127.0.0.1:1", ":1"]) == (Address(None, 1), Address("127.0.0.1", 1))


def test_refusal_speaks_russian() -> None:
    with pytest.raises(AddressError, match="не указан порт"):
        parse_address("localhost", "ru")


@pytest.mark.parametrize("text", ["127.0.0.1:5", "127.0.0.2:5", "localhost:5", "[::1]:5"])
def test_lan_moves_what_only_this_machine_reaches(text: str) -> None:
    assert parse_address(text).everywhere() == Address(None, 5)


@pytest.mark.parametrize("text", ["10.0.0.1:5", ":5", "unix:/run/x"])
def test_lan_leaves_other_addresses_alone(text: str) -> None:
    assert parse_address(text).everywhere() == parse_address(text)


@pytest.mark.parametrize(
    ("address", "shown", "link"),
    [
        (Address(port=8080), ":8080", "127.0.0.1:8080"),
        (Address("0.0.0.0", 0), "0.0.0.0:43210", "127.0.0.1:43210"),
        (Address("::", 8080), "[::]:8080", "127.0.0.1:8080"),
        (Address("192.0.2.7", 8080), "192.0.2.7:8080", "192.0.2.7:8080"),
        (Address(path=Path("/run/veche")), "unix:/run/veche", "unix:/run/veche"),
    ],
)
def test_a_link_leads_somewhere_where_a_door_is_open_everywhere(
    address: Address, shown: str, link: str
) -> None:
    assert to_go_to(address, shown, "127.0.0.1") == link
