"""[oauth]: what makes an issuer, and what is no issuer at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from veche.app.administration import _describe
from veche.app.config_file import ConfigError, load_config
from veche.app.server import engine_settings
from veche.core.settings import Settings

KEYS = ["oauth.issuer=https://id.example", "oauth.audience=veche", "oauth.jwks_url=https://id.example/keys"]
ASKED = [
    "oauth.issuer=https://id.example",
    "oauth.introspection_url=https://id.example/tell",
    "oauth.client_id=veche",
]


def test_there_is_none_unless_it_is_named() -> None:
    settings = engine_settings(load_config(None), "en")
    assert (settings.oauth_issuer, settings.oauth_creates) == ("", False)
    assert (Settings().oauth_issuer, Settings().oauth_creates) == ("", False)


def test_an_issuer_is_told_to_the_engine() -> None:
    settings = engine_settings(load_config(None, [*KEYS, "oauth.create_accounts=true"]), "en")
    assert (settings.oauth_issuer, settings.oauth_creates) == ("https://id.example", True)
    assert load_config(None, ASKED).oauth.client_id == "veche"


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (KEYS[:2], "oauth.issuer"),
        ([*KEYS, *ASKED[1:]], "oauth.issuer"),
        ([KEYS[0], KEYS[2]], "oauth.jwks_url"),
        (KEYS[2:], "oauth.jwks_url"),
        (ASKED[:2], "oauth.introspection_url"),
        ([*KEYS[:2], "oauth.jwks_url=http://id.example/keys"], "oauth.jwks_url"),
        ([*KEYS[:2], "oauth.jwks_url=https://id.example/ke ys"], "oauth.jwks_url"),
        ([*KEYS[:2], "oauth.jwks_url=https://ann:secret@id.example/keys"], "oauth.jwks_url"),
        ([*KEYS[:2], "oauth.jwks_url=file:///etc/keys"], "oauth.jwks_url"),
        (["oauth.issuer=id.example", *KEYS[1:]], "oauth.issuer"),
        ([*KEYS, 'oauth.algorithms=["HS256"]'], "oauth.algorithms"),
        ([*KEYS, 'oauth.algorithms=["none"]'], "oauth.algorithms"),
        ([*KEYS, "oauth.algorithms=[]"], "oauth.algorithms"),
    ],
)
def test_a_mistake_is_named(overrides: list[str], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, overrides)
    assert caught.value.key == key


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_this_machine_may_be_asked_in_clear_text(host: str) -> None:
    load_config(None, [*KEYS[:2], f"oauth.jwks_url=http://{host}/keys"])


def test_a_secret_is_kept_to_the_owner(tmp_path: Path) -> None:
    file = tmp_path / "veche.toml"
    file.write_text('[oauth]\nclient_secret = "s"\n')
    file.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.key == "oauth.client_secret"
    file.chmod(0o600)
    load_config(file)
    assert _describe("oauth.client_secret", "s", "t") == "has changed"
