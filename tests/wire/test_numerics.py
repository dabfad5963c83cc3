"""veche.wire.numerics: numbers with names."""

from __future__ import annotations

from veche.wire import numerics


def test_numerics_are_three_digits_and_each_stands_once() -> None:
    found = {name: value for name, value in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))}
    assert all(len(value) == 3 and value.isdecimal() for value in found.values())
    assert len(set(found.values())) == len(found)
