"""veche.wire.caps: capabilities as bits."""

from __future__ import annotations

import pytest

from veche.wire.caps import BATCH, BITS, MESSAGE_TAGS, VIEW, bits_of, names_of


def test_names_and_bits_are_one_to_one() -> None:
    assert len(set(BITS.values())) == len(BITS)
    assert all(bit.bit_count() == 1 for bit in BITS.values())
    for name in BITS:
        assert names_of(bits_of([name])) == [name]


def test_a_set_of_bits_has_its_names_in_order() -> None:
    assert names_of(BATCH | MESSAGE_TAGS) == ["message-tags", "batch"]
    assert names_of(0) == []
    assert VIEW & MESSAGE_TAGS


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        bits_of(["batch", "no-such-thing"])
