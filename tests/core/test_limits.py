"""veche.core.limits: connections per address, and the pace of commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.core.limits import Doorkeeper, Flood, address_key
from veche.core.settings import Settings


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("/run/veche.sock", ""),
    ],
)
def test_a_household_is_one(address: str, key: str) -> None:
    assert address_key(address) == key


def keeper(**chosen: int) -> Doorkeeper:
    settings = Settings()
    settings.connections_per_address = 2
    settings.connect_burst = 3
    settings.connect_window_seconds = 60
    for name, value in chosen.items():
        setattr(settings, name, value)
    return Doorkeeper(settings)


def test_so_many_at_once_from_one_address() -> None:
    door = keeper()
    assert [door.admit("192.0.2.1", 0.0) for _ in range(2)] == ["", ""]
    assert "from your address" in door.admit("192.0.2.1", 0.0)
    assert door.admit("192.0.2.2", 0.0) == ""
    door.release("192.0.2.1")
    assert door.admit("192.0.2.1", 0.0) == ""


def test_so_many_in_a_while() -> None:
    door = keeper()
    for _ in range(3):
        assert door.admit("192.0.2.1", 0.0) == ""
        door.release("192.0.2.1")
    assert "too often" in door.admit("192.0.2.1", 59.0)
    assert door.admit("192.0.2.1", 60.0) == ""


def test_so_many_in_all() -> None:
    door = keeper(clients=2)
    assert [door.admit("", 0.0) for _ in range(2)] == ["", ""]
    assert "full" in door.admit("", 0.0)
    door.release("")
    assert door.admit("", 0.0) == ""


def test_a_limit_can_be_lifted() -> None:
    door = keeper(connections_per_address=0)
    assert {door.admit("192.0.2.1", 0.0) for _ in range(100)} == {""}


def test_nothing_is_kept_of_who_has_gone() -> None:
    door = keeper(clients=10_000)
    for number in range(1000):
        address = f"192.0.{number // 250}.{number % 250}"
        assert door.admit(address, 0.0) == ""
        door.release(address)
    assert door.count == 0
    assert door.at_once == {}
    door.sweep(30.0)
    assert len(door.recent) == 1000
    door.sweep(60.0)
    assert door.recent == {}


def test_a_burst_then_a_pace() -> None:
    flood = Flood(5, 2.0)
    budget = 0.0
    sent = []
    for tick in range(100):
        now = 1000 + tick / 10
        while flood.may_send(budget, now):
            budget = flood.spend(budget, now, 1.0)
            sent.append(now)
    assert sent[:5] == [1000.0] * 5
    assert sent[5] == 1000.5
    assert len(sent) == 5 + 19


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 10)), max_size=30))
def test_whoever_is_woken_may_send(steps: list[tuple[float, float]]) -> None:
    """The moment that `ready_at` names is not too early, whatever was spent before."""
    flood = Flood(5, 2.0)
    budget, now = 0.0, 1000.0
    for pause, cost in steps:
        now += pause
        if not flood.may_send(budget, now):
            assert flood.ready_at(budget) > now
            now = flood.ready_at(budget)
            assert flood.may_send(budget, now)
        budget = flood.spend(budget, now, cost)
