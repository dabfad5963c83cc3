"""Durations as people type and read them."""

from __future__ import annotations

import pytest

from veche.core.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1d2h30m", 95400), ("2W", 1209600), ("1y", 31536000), ("1h1h", 7200)],
)
def test_a_duration_is_its_parts_together(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30", "1x", "m", "-1d", "0s", "1d ", "١d", "999y", "1.5h", "192.0.2.1", "9" * 50 + "s"]
)
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1s"), (90, "1m30s"), (95400, "1d2h"), (86400, "1d"), (1209600, "2w"), (0, "0s")],
)
def test_a_duration_is_read_in_two_units(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text
