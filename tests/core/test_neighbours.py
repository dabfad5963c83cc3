"""veche.core.neighbours: what nodes tell one another of the connections of addresses."""

from __future__ import annotations

import pytest

from veche.core import neighbours
from veche.core.limits import Doorkeeper
from veche.core.neighbours import BELIEVED_SECONDS, Neighbours
from veche.core.settings import Settings


class House:
    """The doors of one node, with two others beside it."""

    def __init__(self, most: int = 6) -> None:
        settings = Settings()
        settings.connections_per_address = most
        settings.connect_burst = 0
        self.doors = Doorkeeper(settings)
        self.others = {2, 3}
        self.due: list[float] = []
        self.beside = Neighbours(self.doors, lambda: self.others, self.due.append)
        self.doors.join(self.beside, lambda text: f"m{text}")

    def admit(self, address: str, count: int = 1, now: float = 0.0) -> list[str]:
        return [self.doors.admit(address, now) for _ in range(count)]


def test_of_few_connections_nothing_is_told() -> None:
    house = House()
    house.admit("192.0.2.1")
    assert (house.due, house.beside.take(0.0, everything=True)) == ([], {})


def test_of_many_the_count_is_told_once_for_all_changes_and_again_when_they_are_gone() -> None:
    house = House()
    house.admit("192.0.2.1", 4)
    assert house.due == [neighbours.HOLD_SECONDS]
    assert house.beside.take(0.1) == {"m192.0.2.1": [4, 0]}
    assert house.beside.take(0.2) == {}
    assert house.beside.take(10.0, everything=True) == {"m192.0.2.1": [4, 0]}
    for _ in range(4):
        house.doors.release("192.0.2.1")
    assert house.beside.take(11.0) == {"m192.0.2.1": [0, 0]}
    assert house.beside.take(20.0, everything=True) == {}


def test_what_others_have_counts_and_is_answered_with_ours() -> None:
    house = House()
    house.admit("192.0.2.1")
    house.beside.hear(2, {"m192.0.2.1": [4, 0]}, 0.0)
    assert house.beside.take(0.1) == {"m192.0.2.1": [1, 0]}
    assert house.admit("192.0.2.1", 2) == ["", "Too many connections from your address"]
    house.beside.hear(2, {"m192.0.2.1": [0, 0]}, 0.0)
    assert house.admit("192.0.2.1") == [""]


def test_what_is_not_said_again_is_believed_for_a_while() -> None:
    house = House()
    house.beside.hear(2, {"m192.0.2.1": [6, 0]}, 0.0)
    assert house.admit("192.0.2.1", now=BELIEVED_SECONDS - 1) != [""]
    assert house.admit("192.0.2.1", now=BELIEVED_SECONDS) == [""]


def test_a_node_that_is_gone_has_no_connections() -> None:
    house = House()
    house.beside.hear(2, {"m192.0.2.1": [6, 0]}, 0.0)
    house.others = {3}
    assert house.admit("192.0.2.1") == [""]


def test_the_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST_TOLD", 5)
    house = House(most=1)
    for number in range(20):
        house.admit(f"192.0.2.{number}")
    assert len(house.beside.take(0.1)) == 5
    house.beside.hear(2, {f"x{number}": [1, 1] for number in range(20)}, 0.0)
    assert sum(house.beside.counts(f"x{number}", 0.0)[0] for number in range(20)) == 5


def test_where_nothing_is_limited_nothing_is_told() -> None:
    house = House(most=0)
    assert house.admit("192.0.2.1", 50) == [""] * 50
    assert house.due == []
