"""Masks of the server's bans: what is one, whom it means, and how fast that is known."""

from __future__ import annotations

import pytest

from veche.state.server_bans import (
    FEW_BANS,
    MOST_BANS,
    ServerBan,
    ServerBans,
    ServerMask,
    parse_server_mask,
)


def mask(text: str) -> ServerMask:
    found = parse_server_mask(text)
    assert found is not None
    return found


def make_bans(*texts: str, until: int = 0) -> ServerBans:
    bans = ServerBans()
    for text in texts:
        bans.add(ServerBan(mask(text), "root", "why", 100, until))
    return bans


@pytest.mark.parametrize(
    ("text", "shown", "is_address"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.77/24", "192.0.2.0/24", True),
        ("2001:DB8::1", "2001:db8::1", True),
        ("2001:db8::/32", "2001:db8::/32", True),
        ("bob@host", "bob@host", False),
        ("*@192.0.2.0/24", "*@192.0.2.0/24", False),
        ("@host", "*@host", False),
        ("bob!*@host", "bob!*@host", False),
        ("*!bob@host", "bob@host", False),
    ],
)
def test_a_mask_is_shown_in_one_form(text: str, shown: str, *, is_address: bool) -> None:
    assert (mask(text).text, mask(text).is_address) == (shown, is_address)


@pytest.mark.parametrize("text", ["", "bob", "a b@c", "bob@", "x" * 300 + "@y", "192.0.2.300", "1.2.3.4/33"])
def test_what_is_no_mask(text: str) -> None:
    assert parse_server_mask(text) is None


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("bob@*", True),
        ("~bob@*", True),
        ("BOB@THERE.example", True),
        ("*@*.example", True),
        ("*@192.0.2.*", True),
        ("*@192.0.2.0/24", True),
        ("192.0.2.0/24", True),
        ("rob!*@there.example", True),
        ("eve!*@there.example", False),
        ("ob@*", False),
        ("*@198.51.100.0/24", False),
        ("2001:db8::/32", False),
    ],
)
def test_whom_a_mask_means(text: str, *, means: bool) -> None:
    assert mask(text).matches("Rob", "~bob", "there.example", "192.0.2.9") is means


def test_ipv4_inside_ipv6_is_ipv4() -> None:
    assert mask("192.0.2.0/24").matches("a", "b", "c", "::ffff:192.0.2.1")
    assert make_bans("192.0.2.0/24").of_address("::ffff:192.0.2.1", 0) is not None


@pytest.mark.parametrize(
    "text", ["*@*", "0.0.0.0/0", "10.0.0.0/7", "::/0", "*@*.ru", "*@0.0.0.0/0", "??@*.*", "*!*@*"]
)
def test_what_means_about_everybody(text: str) -> None:
    assert mask(text).is_too_wide


@pytest.mark.parametrize("text", ["10.0.0.0/8", "2001:db8::/32", "*@*.example", "bob@*", "spam@0.0.0.0/0"])
def test_what_does_not(text: str) -> None:
    assert not mask(text).is_too_wide


def test_addresses_are_found_by_network() -> None:
    bans = make_bans("192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "bob@*")
    for address, found in [
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.0", ""),
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.8", ""),
        ("2001:db8:1::1", "2001:db8::/32"),
        ("2001:db9::1", ""),
        ("", ""),
    ]:
        ban = bans.of_address(address, 0)
        assert (ban.mask.text if ban else "") == found
    bans.remove("192.0.2.0/24")
    assert bans.of_address("192.0.2.255", 0) is None
    assert bans.of_address("2001:db8:1::1", 0) is not None


def test_a_ban_ends() -> None:
    bans = make_bans("192.0.2.1", "bob@*", until=200)
    assert bans.of_address("192.0.2.1", 199) is not None
    assert bans.of_address("192.0.2.1", 200) is None
    assert bans.of_person("x", "bob", "h", "", 200) is None


def test_bans_that_are_over_are_dropped_when_many_come() -> None:
    bans = make_bans("192.0.2.1", "bob@*", until=200)
    for number in range(FEW_BANS):
        bans.add(ServerBan(mask(f"eve{number}@*"), "root", "why", 300, 0))
    assert len(bans.entries) == FEW_BANS
    assert "bob@*" not in bans.entries
    assert bans.of_address("192.0.2.1", 100) is None


def test_the_list_is_full_of_those_that_stand() -> None:
    bans = ServerBans()
    for number in range(MOST_BANS):
        bans.add(
            ServerBan(
                mask(f"10.0.{number >> 8}.{number & 255}"), "root", "why", 100, 200 if number < 5 else 0
            )
        )
    assert bans.is_full(199)
    assert not bans.is_full(200)
    bans.add(ServerBan(mask("bob@*"), "root", "why", 200, 0))
    assert len(bans.entries) == MOST_BANS - 4


def test_the_same_mask_again_takes_the_place_of_the_old() -> None:
    bans = make_bans("192.0.2.1", until=200)
    bans.add(ServerBan(mask("192.0.2.1"), "root", "other", 150, 0))
    ban = bans.of_address("192.0.2.1", 1000)
    assert ban is not None
    assert ban.reason == "other"
