"""The settings themselves: defaults, and names that may be a server's."""

from __future__ import annotations

import pytest

from veche.app.config import Config, Server, default_server_name, is_server_name


def test_defaults_are_the_documented_ones() -> None:
    config = Config()
    assert config.listen.irc == ("127.0.0.1:6667",)
    assert config.listen.ircs == ("127.0.0.1:6697",)
    assert config.listen.web == ("127.0.0.1:8080",)
    assert config.listen.classic == ("127.0.0.1:1995",)
    assert config.limits.flood
    assert config.lobby.room == "#lobby"
    assert config.lobby.replay == 20
    assert config.store.mode == "durable"
    assert config.tls.certificate == ""
    assert config.tls.sts_seconds == 0
    assert config.web.origins == ()
    assert config.proxy.trusted == ()
    assert config.webirc == {}


def test_a_config_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Config().limits.flood = False  # type: ignore[misc]


def test_this_machine_has_a_name_for_a_server() -> None:
    assert is_server_name(default_server_name())


@pytest.mark.parametrize(
    ("hostname", "name"),
    [
        ("chat.example.org", "chat.example.org"),
        ("Box", "box.local"),
        ("", "irc.localhost"),
        ("under_score", "irc.localhost"),
        ("машина", "irc.localhost"),
        ("x" * 70, "irc.localhost"),
    ],
)
def test_default_name_comes_from_the_host_if_it_can(
    monkeypatch: pytest.MonkeyPatch, hostname: str, name: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: hostname)
    assert default_server_name() == name


@pytest.mark.parametrize(
    "name", ["", "irc", "a b.c", "irc..x", "-a.b", "a.b-", "irc.x.", "я.рф", "a" * 62 + ".b", "a.b\n"]
)
def test_what_cannot_name_a_server(name: str) -> None:
    assert not is_server_name(name)


def test_motd_is_lines_however_it_is_written() -> None:
    assert Server().motd_lines == ()
    assert Server(motd="\none\n\ntwo\n").motd_lines == ("one", "", "two")
    assert Server(motd=("one", "two")).motd_lines == ("one", "two")
