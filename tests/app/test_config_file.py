"""Reading settings: every mistake is refused by key and line, whatever way TOML wrote it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from veche.app.config import Config
from veche.app.config_file import ConfigError, find_line, load_config


def write(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    file = tmp_path / "veche.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    file.chmod(mode)
    return file


def refusal(tmp_path: Path, text: str, *overrides: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text), overrides)
    return caught.value


def test_absent_file_gives_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "no-such.toml") == load_config(None) == Config()


def test_empty_file_gives_defaults(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")) == Config()


def test_file_overrides_single_keys(tmp_path: Path) -> None:
    config = load_config(
        write(
            tmp_path,
            '[server]\nname = "irc.example"\nmotd = ["one", "two"]\n'
            '[listen]\nirc = [":6667", "unix:/run/x"]\nweb = "off"\n'
            "[limits]\nflood_per_second = 3\n",
        )
    )
    assert config.server.name == "irc.example"
    assert config.server.network == "Veche"
    assert config.server.motd_lines == ("one", "two")
    assert config.listen.irc == (":6667", "unix:/run/x")
    assert config.listen.web == ("off",)
    assert config.limits.flood_per_second == 3.0
    assert config.limits.flood_burst == 5


def test_the_password_of_a_database_is_for_its_owner_alone_and_is_not_repeated(tmp_path: Path) -> None:
    text = '[store]\nurl = "postgresql://ann:tea@db.example/chat"\n'
    assert load_config(write(tmp_path, text)).store.url == "postgresql://ann:tea@db.example/chat"
    with pytest.raises(ConfigError, match=r"line 2: store\.url: the file holds a password"):
        load_config(write(tmp_path, text, 0o644))
    assert load_config(write(tmp_path, text.replace(":tea", ""), 0o644)).store.url
    for url in (
        "postgresql://ann:te#a@db.example/chat",
        "ann:te#a@db.example",
        "postgresql://ann:te/a@db/chat",
    ):
        error = refusal(tmp_path, f'[store]\nurl = "{url}"\n')
        assert (error.key, error.line) == ("store.url", 2)
        assert "te#a" not in str(error)
        assert "te/a" not in str(error)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        # unknown keys, in every dress
        ("[limits]\nflood = true\nflod = false\n", "limits.flod", 3),
        ("# a comment\n\n[limts]\nflood = true\n", "limts", 3),
        ("[limits]\n\n[lobby]\nflood = true\n", "lobby.flood", 4),
        ('lobby.room = "#tea"\nlobby.rooms = 3\n', "lobby.rooms", 2),
        ('lobby = { room = "#tea", rooms = 3 }\n', "lobby.rooms", 1),
        ('"lobby"."rooms" = 1\n', "lobby.rooms", 1),
        ("flood = true\n", "flood", 1),
        ('[server]\nmotd = """\n[limits]\nflod = 1\n"""\n[limits]\nflod = 1\n', "limits.flod", 7),
        # wrong types and values out of bounds
        ('[limits]\nflood = "yes"\n', "limits.flood", 2),
        ("[limits]\nflood_burst = 2.5\n", "limits.flood_burst", 2),
        ("[limits]\nflood_burst = 0\n", "limits.flood_burst", 2),
        ("[limits]\nregistration_seconds = 61\n", "limits.registration_seconds", 2),
        ("[limits]\nflood_per_second = nan\n", "limits.flood_per_second", 2),
        ("[limits]\nflood_per_second = inf\n", "limits.flood_per_second", 2),
        ("limits = 3\n", "limits", 1),
        ("[[limits]]\nflood = true\n", "limits", 1),
        ('[store]\nmode = "maybe"\n', "store.mode", 2),
        ('[server]\nlanguage = "de"\n', "server.language", 2),
        ('[listen]\nirc = [\n  ":6667",\n  7,\n]\n', "listen.irc", 2),
        # values that only their meaning refuses
        ('[server]\nname = "irc_1"\n', "server.name", 2),
        ('[server]\nnetwork = ""\n', "server.network", 2),
        ('[server]\nmotd = ["ok", "\\u001b]0;title"]\n', "server.motd", 2),
        ('[server]\nadmin_email = "a\\r\\nb"\n', "server.admin_email", 2),
        ('[lobby]\nroom = "lobby"\n', "lobby.room", 2),
        ('[listen]\n# doors\nweb = ["localhost"]\n', "listen.web", 3),
        ('[listen]\nirc = ["off", ":1"]\n', "listen.irc", 2),
    ],
)
def test_mistake_is_named_by_key_and_line(tmp_path: Path, text: str, key: str, line: int) -> None:
    error = refusal(tmp_path, text)
    assert (error.key, error.line) == (key, line)
    assert f"line {line}: {key}: " in str(error)
    assert str(tmp_path / "veche.toml") in str(error)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[limits]\nflood = true\nflood = false\n", 3),
        ("[limits]\n[lobby]\n[limits]\n", 3),
        ("[limits\n", 1),
        ("[limits]\nflood == 1\n", 2),
        ("[server]\nname = 'x\n", 2),
        ('[server]\n\nmotd = """\nnever closed\n', 4),
        ("[server]\nname = !!str x\n", 2),
        ('[server]\n\nname = "\udcff"\n', 3),
    ],
)
def test_what_is_not_toml_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    error = refusal(tmp_path, text)
    assert error.line == line
    assert f"line {line}: " in str(error)


def test_unknown_key_gets_a_hint(tmp_path: Path) -> None:
    assert "did you mean limits.flood?" in str(refusal(tmp_path, "[limits]\nflod = true\n"))


def test_refusal_speaks_russian(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"строка 2: limits\.flod: такого ключа нет"):
        load_config(write(tmp_path, "[limits]\nflod = true\n"), (), "ru")


def test_overrides_are_toml_or_else_strings(tmp_path: Path) -> None:
    overrides = [
        "limits.flood=false",
        "limits.flood_burst = 7",
        "lobby.room=",
        "store.mode=off",
        'server.network="Чат"',
        "server.password=12345",
        "listen.irc=:7000",
        'listen.web=["off"]',
        "server.motd=one\nname = 2",
    ]
    config = load_config(write(tmp_path, "[limits]\nflood = true\nclients = 9\n"), overrides)
    assert not config.limits.flood
    assert config.limits.flood_burst == 7
    assert config.limits.clients == 9
    assert config.lobby.room == ""
    assert config.store.mode == "off"
    assert config.server.network == "Чат"
    assert config.server.password == "12345"
    assert config.listen.irc == (":7000",)
    assert config.listen.web == ("off",)
    assert config.server.motd_lines == ("one", "name = 2")


def test_last_override_wins() -> None:
    assert load_config(None, ["lobby.replay=1", "lobby.replay=2"]).lobby.replay == 2


def test_override_mends_what_the_file_says_wrongly(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "[lobby]\nreplay = -1\n"), ["lobby.replay=3"]).lobby.replay == 3


@pytest.mark.parametrize("override", ["", "flood", "flood=1", "limits.=1", ".flood=1", "limits.flood"])
def test_override_without_its_form_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match=r"SECTION\.KEY=VALUE"):
        load_config(None, [override])


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("limits.flod=1", "limits.flod"),
        ("nowhere.flood=1", "nowhere"),
        ("limits.flood=maybe", "limits.flood"),
    ],
)
def test_override_is_blamed_and_not_a_line_of_the_file(tmp_path: Path, override: str, key: str) -> None:
    error = refusal(tmp_path, "[limits]\nclients = 3\n", override)
    assert (error.key, error.line) == (key, None)
    assert "on the command line" in str(error)


def test_file_is_blamed_although_an_override_touched_its_section(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[limits]\nflod = 3\n", "limits.flood=true").line == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_file_with_a_password_must_be_private(tmp_path: Path, mode: int) -> None:
    file = write(tmp_path, '[server]\n\npassword = "secret"\n', mode)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.line == 3
    assert str(file) in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", '[server]\npassword = ""\n'])
def test_file_without_a_password_may_be_public(tmp_path: Path, text: str) -> None:
    assert load_config(write(tmp_path, text, 0o644)).server.password == ""


def test_private_file_with_a_password_is_taken(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, '[server]\npassword = "x"\n')).server.password == "x"


def test_directory_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_enormous_file_is_refused(tmp_path: Path) -> None:
    assert "larger" in str(refusal(tmp_path, "#" * (1 << 20) + "\n"))


def test_line_of_a_value_over_several_lines_is_its_first() -> None:
    assert find_line('[a]\nx = 1\n\ny = [\n 1,\n 2,\n]\nz = """\n"""\n', "a.y") == 3 + 1
    assert find_line('[a]\nz = """\n\n"""\n', "a.z") == 2


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ('[tls]\ncertificate = "a.pem"\n', "tls.certificate", 2),
        ('[tls]\n\nkey = "a.pem"\n', "tls.key", 3),
        ('[tls]\nsts_names = ["ok.example", "no dot"]\n', "tls.sts_names", 2),
        ("[tls]\nsts_seconds = -2\n", "tls.sts_seconds", 2),
        ('[tls]\nsts_names = ["a.example=x"]\n', "tls.sts_names", 2),
        ('[tls]\nsts_names = ["a.example="]\n', "tls.sts_names", 2),
        ('[tls]\nsts_names = ["a.example=63072001"]\n', "tls.sts_names", 2),
        ('[tls]\nsts_names = ["a.example=-2"]\n', "tls.sts_names", 2),
        ('[web]\norigins = ["https://a.example/"]\n', "web.origins", 2),
        ('[web]\norigins = ["a.example"]\n', "web.origins", 2),
        ('[proxy]\ntrusted = ["10.0.0.0/33"]\n', "proxy.trusted", 2),
        ('[proxy]\ntrusted = ["proxy.example"]\n', "proxy.trusted", 2),
        ('[proxy]\ndoors = ["classic"]\n', "proxy.doors", 2),
        ('[webirc.a]\npassword = "x"\nnetworks = ["all"]\n', "webirc.a.networks", 3),
        ('[webirc.a]\npassword = "x y"\nnetworks = ["::1"]\n', "webirc.a.password", 2),
        ('[webirc."a b"]\npassword = "x"\nnetworks = ["::1"]\n', "webirc.a b", 1),
        ('[webirc.a]\npassword = 1\nnetworks = ["::1"]\n', "webirc", 1),
        ('[webirc.a]\npassword = "x"\n', "webirc", 1),
    ],
)
def test_doors_are_checked(tmp_path: Path, text: str, key: str, line: int) -> None:
    error = refusal(tmp_path, text)
    assert (error.key, error.line) == (key, line)


LONG = "https://chat.example/" + "x" * 279


@pytest.mark.parametrize("icon", ["https://chat.example/icon.svg", "https://[::1]:8080/a?b=c#d%20", LONG])
def test_an_icon_is_taken(tmp_path: Path, icon: str) -> None:
    assert load_config(write(tmp_path, f'[server]\nicon = "{icon}"\n')).server.icon == icon


@pytest.mark.parametrize(
    "icon",
    [
        "icon.png",
        "/icon.png",
        "https://",
        "https://chat.example",
        "http://chat.example/icon.png",
        "data:image/png;base64,x",
        "https://chat.example/my icon.png",
        "https://chat.example/значок.png",
        "https://chat.example/a\\\\b",
        "https://chat.example/a\\nb",
        LONG + "x",
        LONG[:-1] + "=",
    ],
)
def test_what_is_no_address_of_an_icon_is_refused(tmp_path: Path, icon: str) -> None:
    # network-icon: "If a server publishes a `draft/ICON` ISUPPORT token, the value MUST be a URL to an image."
    # network-icon: "The URL SHOULD use the "https" scheme."
    error = refusal(tmp_path, f'[server]\nicon = "{icon}"\n')
    assert (error.key, error.line) == ("server.icon", 2)
    assert "https://chat.example/icon.png" in str(error)


def test_doors_are_taken(tmp_path: Path) -> None:
    text = """
[tls]
certificate = "/a/cert.pem"
key = "/a/key.pem"
sts_seconds = 86400
sts_names = ["chat.example", "Old.example=-1", "new.example=3600"]
[web]
origins = ["https://a.example", "http://[::1]:8080", "*"]
[proxy]
trusted = ["127.0.0.1", "10.0.0.7/8", "fd00::/8"]
doors = ["irc", "ircs"]
[webirc.kiwi]
password = "hunter2"
networks = ["127.0.0.1"]
"""
    config = load_config(write(tmp_path, text))
    assert config.tls.sts_hosts == {"chat.example": None, "old.example": -1, "new.example": 3600}
    assert config.webirc["kiwi"].password == "hunter2"


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_file_with_a_gateways_password_must_be_private(tmp_path: Path) -> None:
    file = write(tmp_path, '[webirc.a]\nnetworks = ["::1"]\npassword = "secret"\n', 0o644)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.line == 3
    assert "secret" not in str(caught.value)


GOOD_MAIL = 'host = "mail.example.org"\nsender = "chat@example.org"\n'


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ('host = "mail.example.org:25"\nsender = "a@b.org"\n', "mail.host", 2),
        ('host = "a b"\nsender = "a@b.org"\n', "mail.host", 2),
        ('host = "mail.example.org"\n', "mail.sender", 1),
        ('host = "mail.example.org"\nsender = "Chat <chat@example.org>"\n', "mail.sender", 3),
        (GOOD_MAIL + 'user = "chat"\n', "mail.user", 4),
        (GOOD_MAIL + 'password = "x"\n', "mail.password", 4),
        (GOOD_MAIL + 'user = "chat\\r\\n"\npassword = "x"\n', "mail.user", 4),
        (GOOD_MAIL + 'user = "chat"\npassword = "x"\ntls = "off"\n', "mail.tls", 6),
        (GOOD_MAIL + 'tls = "ssl"\n', "mail.tls", 4),
        (GOOD_MAIL + "port = 65536\n", "mail.port", 4),
        (GOOD_MAIL + "expire_seconds = 5\n", "mail.expire_seconds", 4),
        (GOOD_MAIL + 'from = "a@b.org"\n', "mail.from", 4),
    ],
)
def test_mail_is_checked(tmp_path: Path, text: str, key: str, line: int) -> None:
    error = refusal(tmp_path, f"[mail]\n{text}")
    assert (error.key, error.line) == (key, line)


@pytest.mark.parametrize(
    "text",
    [
        GOOD_MAIL,
        GOOD_MAIL + 'user = "chat"\npassword = "x y"\ntls = "implicit"\nport = 1465\n',
        'host = "localhost"\nsender = "a@b.org"\nuser = "a"\npassword = "b"\ntls = "off"\n',
        'host = "::1"\nsender = "a@b.org"\ntls = "off"\n',
        'sender = "not yet"\n',  # without a host there is no mail
    ],
)
def test_mail_is_taken(tmp_path: Path, text: str) -> None:
    assert load_config(write(tmp_path, f"[mail]\n{text}")).mail != Config().mail


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_file_with_the_mail_servers_password_must_be_private(tmp_path: Path) -> None:
    file = write(tmp_path, f'[mail]\n{GOOD_MAIL}user = "chat"\npassword = "secret"\n', 0o644)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert (caught.value.key, caught.value.line) == ("mail.password", 5)
    assert "secret" not in str(caught.value)
