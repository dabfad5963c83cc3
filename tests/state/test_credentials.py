"""What is kept of a password: values that go round, and nothing that is shown."""

from __future__ import annotations

import json

import pytest

from veche.state.credentials import SCRAM_ITERATIONS, PasswordKeys
from veche.wire.scram import Credentials

KEYS = PasswordKeys.of("$argon2id$...", Credentials(b"salt", 4096, b"stored", b"server"))


def test_both_proofs_are_kept_as_plain_values() -> None:
    assert KEYS.values() == {
        "hash": "$argon2id$...",
        "salt": "c2FsdA==",
        "iterations": 4096,
        "stored_key": "c3RvcmVk",
        "server_key": "c2VydmVy",
    }
    assert KEYS.has_password


def test_values_go_round_through_json() -> None:
    again = PasswordKeys.from_values(json.loads(json.dumps(KEYS.values())))
    assert again.values() == KEYS.values()
    scram = again.scram
    assert (scram.salt, scram.iterations) == (b"salt", 4096)
    assert (scram.stored_key, scram.server_key) == (b"stored", b"server")


def test_no_password_is_empty() -> None:
    assert not PasswordKeys().has_password
    assert PasswordKeys().values() == {}
    assert not PasswordKeys.from_values({}).has_password
    # Keys without a hash are no password either: they would let nobody in by one of the two ways.
    assert not PasswordKeys.of("", KEYS.scram).has_password


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert PasswordKeys.from_values({**KEYS.values(), "made": 7}).values() == KEYS.values()


@pytest.mark.parametrize("values", [{"hash": None}, {"hash": 7}, {"iterations": "7"}, {"iterations": True}])
def test_values_of_another_type_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(TypeError, match=next(iter(values))):
        PasswordKeys.from_values(values)


def test_keys_that_are_no_base64_are_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        print(PasswordKeys("$argon2id$...", "salt!", 4096).scram)


def test_nothing_that_helps_to_guess_is_shown() -> None:
    assert repr(KEYS) == "<PasswordKeys, a password>"
    assert repr(PasswordKeys()) == "<PasswordKeys, none>"


def test_a_guess_at_a_stolen_store_is_not_cheap() -> None:
    assert SCRAM_ITERATIONS >= 10_000
