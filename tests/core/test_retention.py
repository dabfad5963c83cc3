"""veche.core.retention: how long what is said is kept, and which clock is believed."""

from __future__ import annotations

import pytest

from veche.core.retention import DOUBT, LEAP, TrustedClock, horizon, kept_seconds, problem_of
from veche.core.settings import Settings
from veche.state.room import Room

DAY = 86_400.0
NOW = 1_800_000_000.0
FAR = 4_070_908_800.0  # 2099


def room_that_keeps(value: str) -> Room:
    room = Room("#tea", "#tea", 0)
    room.metadata["veche/keep"] = value
    return room


def test_a_room_keeps_less_than_the_installation_and_never_more() -> None:
    settings = Settings()
    assert kept_seconds(settings) == 0
    assert kept_seconds(settings, room_that_keeps("30d")) == 30 * 86400
    assert horizon(settings, NOW) == 0
    assert horizon(settings, NOW, room_that_keeps("1d")) == (NOW - DAY) * 1000
    settings.keep_days = 10
    assert kept_seconds(settings) == 10 * 86400
    assert kept_seconds(settings, room_that_keeps("30d")) == 10 * 86400
    assert kept_seconds(settings, room_that_keeps("1d")) == 86400
    assert kept_seconds(settings, room_that_keeps("off")) == 10 * 86400
    assert kept_seconds(settings, room_that_keeps("nonsense")) == 10 * 86400
    settings.rooms_keep_less = False
    assert kept_seconds(settings, room_that_keeps("1d")) == 10 * 86400


@pytest.mark.parametrize("value", ["off", "1h", "30d", "1w", "10y"])
def test_what_a_room_may_choose(value: str) -> None:
    assert problem_of(Settings(), value) == ""


@pytest.mark.parametrize(
    "value", ["", "on", "0d", "59m", "30", "-1d", "1d ", "forever", "200y", "999999999y", "٣d"]
)
def test_what_is_no_time(value: str) -> None:
    assert problem_of(Settings(), value).startswith("This is off, or a time of at least 1h")


def test_what_the_installation_does_not_let_a_room_choose() -> None:
    settings = Settings()
    settings.keep_days = 7
    assert problem_of(settings, "8d") == "Nothing is kept here for longer than 1w"
    assert problem_of(settings, "7d") == ""
    settings.rooms_keep_less = False
    assert problem_of(settings, "1d", "ru").startswith("Сколько хранятся")


def test_a_clock_that_goes_as_time_goes_is_believed() -> None:
    clock = TrustedClock()
    assert clock.look(NOW, 10.0) == NOW
    assert clock.look(NOW + 60, 70.0) == NOW + 60
    assert clock.look(NOW + 60 + LEAP, 130.0) == NOW + 60 + LEAP
    assert clock.look(NOW, 190.0) == NOW  # set back: less is deleted
    assert not clock.is_doubting


def test_a_minute_in_another_century_deletes_nothing() -> None:
    clock = TrustedClock()
    clock.look(NOW, 0.5)
    assert clock.look(FAR, 60.5) == NOW + 60
    assert clock.is_doubting
    assert clock.look(FAR + 60, 120.5) == NOW + 120
    assert clock.look(NOW + 180, 180.5) == NOW + 180
    assert not clock.is_doubting


def test_a_leap_is_believed_when_it_has_been_so_for_a_day() -> None:
    clock = TrustedClock()
    clock.look(NOW, 0.5)
    for minute in range(1, 24 * 60 + 1):
        assert clock.look(FAR + minute * 60, 0.5 + minute * 60) < FAR
    after = 0.5 + 60 + DOUBT
    assert clock.look(FAR + after, after) == FAR + after
    assert not clock.is_doubting


def test_a_start_begins_with_what_was_believed() -> None:
    clock = TrustedClock()
    clock.mark = NOW
    assert clock.look(FAR, 5.0) == NOW
    assert clock.is_doubting
    clock = TrustedClock()
    clock.mark = NOW
    assert clock.look(NOW + 3600, 5.0) == NOW + 3600
