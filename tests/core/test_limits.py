"""Who may come in: addresses and what they are counted by."""

from __future__ import annotations

import pytest

from veche.core.limits import Doorkeeper, Networks, address_key
from veche.core.settings import Settings


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no address", ""),
    ],
)
def test_what_limits_count_by(address: str, key: str) -> None:
    assert address_key(address) == key


@pytest.mark.parametrize(
    ("texts", "address", "is_in"),
    [
        ((), "192.0.2.1", False),
        ((), "", False),
        (("192.0.2.1",), "192.0.2.1", True),
        (("192.0.2.1",), "192.0.2.2", False),
        (("192.0.2.0/24",), "::ffff:192.0.2.9", True),
        (("192.0.2.7/24",), "192.0.2.9", True),
        (("fd00::/8",), "fd12::1", True),
        (("fd00::/8",), "192.0.2.1", False),
        (("192.0.2.1",), "", False),
        (("unix",), "", True),
        (("unix",), "127.0.0.1", False),
        (("192.0.2.1",), "no address", False),
    ],
)
def test_networks(texts: tuple[str, ...], address: str, is_in: bool) -> None:
    assert (address in Networks(texts)) == is_in


@pytest.mark.parametrize("text", ["", "all", "10.0.0.0/33", "10.0.0", "host.example"])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        Networks([text])


def test_one_household_has_one_budget_and_a_gateway_none() -> None:
    settings = Settings()
    settings.connections_per_address = 2
    settings.gateways = Networks(["192.0.2.1"])
    doorkeeper = Doorkeeper(settings)
    assert doorkeeper.admit("2001:db8::1", 0.0) == ""
    assert doorkeeper.admit("2001:db8::2", 0.0) == ""
    assert doorkeeper.admit("2001:db8::3", 0.0) != ""
    assert all(doorkeeper.admit("192.0.2.1", 0.0) == "" for _ in range(100))
    for _ in range(100):
        doorkeeper.release("192.0.2.1")
    doorkeeper.release("2001:db8::1")
    assert doorkeeper.admit("2001:db8::3", 0.0) == ""
    assert doorkeeper.count == 2
