"""Which nicks people may have: not the server's, nor a service's, nor what could be taken for them."""

from __future__ import annotations

import pytest

from veche.core.nicks import RESERVED, may_be_nick
from veche.core.settings import Settings
from veche.wire.names import is_valid_nick


@pytest.fixture
def settings() -> Settings:
    settings = Settings()
    settings.server = "Teahouse"  # of one word, so that it could be a nick
    return settings


@pytest.mark.parametrize("nick", [*RESERVED, "NickServ", "ROOT", "Global", "teahouse", "TeaHouse"])
def test_names_of_the_server_are_nobodys(settings: Settings, nick: str) -> None:
    assert not may_be_nick(nick, settings)


@pytest.mark.parametrize(
    "nick",
    [
        "ChɑnServ", "NıckServ", "NIckServ", "NlckServ", "N1ckServ", "MernoServ", "r00t", "R0oT", "гООТ", "ᴦΟΟΤ",
        "ꓣꓳꓳꓔ", "Globa1", "Gl0bal", "GIobaI", "GLOBA|", "ԌІОВаІ", "ЅегѴег", "ꓢꓰꓣꓦꓰꓣ", "ꓠꓲꓚꓗꓢꓰꓣꓦ", "Teah0use",
        "TEAH0USE", "гоот",
    ],
)  # fmt: skip
def test_lookalikes_of_the_server_are_nobodys(settings: Settings, nick: str) -> None:
    assert is_valid_nick(nick, 40)
    assert not may_be_nick(nick, settings)


@pytest.mark.parametrize(
    "nick", ["ann", "Nick", "serve", "servers", "root2", "Globally", "teahouses", "admin", "Серв", "guest"]
)
def test_other_names_are_free(settings: Settings, nick: str) -> None:
    assert may_be_nick(nick, settings)


@pytest.mark.parametrize("nick", ["Guest-", "Guest-1", "guest-ann", "GUEST-7", "GUꬲSt-7", "ꓖꓴꓰꓢꓔ-7"])
def test_names_that_the_server_gives_are_not_taken(settings: Settings, nick: str) -> None:
    assert is_valid_nick(nick, 40)
    assert not may_be_nick(nick, settings)
    assert may_be_nick(nick, settings, is_given=True)


def test_the_prefix_can_be_another_or_none(settings: Settings) -> None:
    settings.guest_prefix = "Visitor-"
    assert may_be_nick("Guest-1", settings)
    assert not may_be_nick("v1sitor-1", settings)
    settings.guest_prefix = ""
    assert may_be_nick("Guest-1", settings)
    assert may_be_nick("Visitor-1", settings)


def test_what_is_no_nick_is_nobodys(settings: Settings) -> None:
    for nick in ("", "1abc", "a!b@c", "#x", "~op", ",", ":", "*status", "n" * 41):
        assert not may_be_nick(nick, settings)
        assert not may_be_nick(nick, settings, is_given=True)
