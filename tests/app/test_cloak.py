"""The key of an installation: made once, kept, and what is made of it."""

from __future__ import annotations

from pathlib import Path

from veche.app.cloak import KEY_BYTES, KEY_FILE, Cloak, decoy_secret, load_key


def test_the_key_is_made_once_and_kept_to_the_owner(tmp_path: Path) -> None:
    key = load_key(tmp_path / KEY_FILE)
    assert len(key) == KEY_BYTES
    assert load_key(tmp_path / KEY_FILE) == key
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    assert load_key(tmp_path / "another") != key


def test_what_is_made_of_it_is_its_own_and_nobody_elses() -> None:
    one, other = b"1" * KEY_BYTES, b"2" * KEY_BYTES
    assert decoy_secret(one) == decoy_secret(one) != decoy_secret(other)
    assert one not in decoy_secret(one)
    assert Cloak(one)("192.0.2.1") == Cloak(one)("192.0.2.1") != Cloak(other)("192.0.2.1")
    assert Cloak(one)("") == Cloak(other)("") == "local"
