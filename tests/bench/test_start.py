"""The bench of starts runs, with few, and finds everybody who stays."""

from __future__ import annotations

import re

import pytest

from bench import start

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]


def test_a_start_with_those_who_stay_is_measured() -> None:
    told = start.measure(accounts=20, staying=10, rooms=5, repeats=1)
    assert re.match(
        r"20 accounts, 10 of their owners staying in 3 of 5 rooms each: ready after \d+\.\d\d s", told
    )
