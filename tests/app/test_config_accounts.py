"""[accounts]: what the file says reaches the counters, at once, and nothing else does."""

from __future__ import annotations

import msgspec
import pytest

from veche.app.administration import LIVE
from veche.app.config import Accounts
from veche.app.config_file import ConfigError, load_config
from veche.app.server import engine_settings
from veche.core.guesses import Guesses, Registrations
from veche.core.settings import Settings


def loaded(*overrides: str) -> Settings:
    return engine_settings(load_config(None, overrides), "en")


def test_defaults_are_those_of_the_engine() -> None:
    settings = Settings()
    for name in Accounts.__struct_fields__:
        assert getattr(loaded(), name) == getattr(settings, name), name


@pytest.mark.parametrize(
    ("key", "attempts"),
    [
        ("guesses_per_account", [("ann", f"a{n}") for n in range(50)]),
        ("guesses_per_address", [(f"n{n}", "a") for n in range(50)]),
        ("guesses_per_minute", [(f"n{n}", f"a{n}") for n in range(50)]),
    ],
)
def test_so_many_guesses_are_looked_at_as_the_file_says(key: str, attempts: list[tuple[str, str]]) -> None:
    for number in (1, 2, 9):
        guesses = Guesses(loaded(f"accounts.{key}={number}"))
        assert sum(not guesses.wait(account, address, False, 0.0) for account, address in attempts) == number


@pytest.mark.parametrize("key", ["registrations_per_address", "registrations"])
def test_so_many_register_as_the_file_says(key: str) -> None:
    for number in (1, 2, 4):
        registrations = Registrations(loaded(f"accounts.{key}={number}"))
        addresses = ["a"] * 50 if key == "registrations_per_address" else [f"a{n}" for n in range(50)]
        assert sum(not registrations.wait(address, 0.0) for address in addresses) == number


def test_windows_are_as_long_as_the_file_says() -> None:
    settings = loaded("accounts.guess_window_seconds=77", "accounts.registration_window_seconds=88")
    guesses, registrations = Guesses(settings), Registrations(settings)
    assert max(guesses.wait("ann", "a", False, 0.0) for _ in range(50)) == 77.0
    assert max(registrations.wait("a", 0.0) for _ in range(50)) == 88.0


NUMBERS = [field for field in msgspec.structs.fields(Accounts) if type(field.default) is int]


@pytest.mark.parametrize("field", NUMBERS, ids=lambda field: field.name)
def test_every_number_is_bounded_and_takes_effect_at_once(field: msgspec.structs.FieldInfo) -> None:
    key = f"accounts.{field.name}"
    assert LIVE[key] == (field.name,)
    for value in ("-1", "1000000000", "true", "1.5", '"10"'):
        with pytest.raises(ConfigError) as caught:
            loaded(f"{key}={value}")
        assert caught.value.key == key


def test_addresses_need_a_mail_server() -> None:
    with pytest.raises(ConfigError, match=r"accounts\.email"):
        load_config(None, ("accounts.email=required",))
    mail = ("mail.host=localhost", "mail.sender=chat@example.org", "mail.tls=off")
    assert loaded("accounts.email=required", *mail).email == "required"
