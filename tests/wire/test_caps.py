"""veche.wire.caps: capabilities as bits."""

from __future__ import annotations

from veche.wire.caps import BATCH, BITS, EDIT, MESSAGE_TAGS, MULTILINE, VIEW, view_of


def test_names_and_bits_are_one_to_one() -> None:
    assert len(set(BITS.values())) == len(BITS)
    assert all(bit.bit_count() == 1 for bit in BITS.values())


def test_a_line_looks_otherwise_only_by_what_changes_lines() -> None:
    assert VIEW & MESSAGE_TAGS
    assert not VIEW & BITS["echo-message"]
    assert view_of(MESSAGE_TAGS | BITS["echo-message"]) == MESSAGE_TAGS


def test_what_leans_on_another_capability_counts_only_with_it() -> None:
    """multiline: "This specification depends on the `batch` capability which MUST be negotiated"."""
    assert not view_of(MULTILINE | MESSAGE_TAGS) & MULTILINE
    assert view_of(MULTILINE | BATCH) & MULTILINE
    assert not view_of(EDIT) & EDIT
    assert view_of(EDIT | MESSAGE_TAGS) & EDIT
