"""The server's command line: who wins over whom, and how it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from veche.app.addresses import Address
from veche.app.cli import Settings, parse


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose home is empty."""
    return {"HOME": str(tmp_path), "LANG": "en_US.UTF-8"}


def refuse(capsys: pytest.CaptureFixture[str], argv: list[str], environment: dict[str, str]) -> str:
    with pytest.raises(SystemExit) as caught:
        parse(argv, environment)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_without_options_the_doors_are_open_to_this_machine(home: dict[str, str], tmp_path: Path) -> None:
    settings = parse([], home)
    assert settings.doors.irc == (Address("127.0.0.1", 6667),)
    assert settings.doors.ircs == (Address("127.0.0.1", 6697),)
    assert settings.doors.web == (Address("127.0.0.1", 8080),)
    assert settings.doors.classic == (Address("127.0.0.1", 1995),)
    assert settings.data == tmp_path / ".local/share/veche"
    assert settings.config_file == settings.data / "veche.toml"
    assert settings.language == "en"
    assert list(tmp_path.iterdir()) == []


def test_data_goes_where_xdg_says(home: dict[str, str]) -> None:
    assert parse([], {**home, "XDG_DATA_HOME": "/srv/data"}).data == Path("/srv/data/veche")
    assert parse([], {**home, "XDG_DATA_HOME": "relative"}).data.is_relative_to(home["HOME"])


def test_without_a_home_data_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--data" in refuse(capsys, [], {})
    assert parse(["--data", "/srv/chat"], {}).data == Path("/srv/chat")


def test_config_lies_in_the_data_directory(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "veche.toml").write_text('[server]\nnetwork = "Tea"\n')
    assert parse(["--data", str(tmp_path)], home).config.server.network == "Tea"


def test_options_win_over_set_and_set_over_the_file(home: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(
        '[server]\nname = "file.x"\nnetwork = "File"\n[listen]\nirc = ":1"\nweb = ":2"\nclassic = ":3"\n'
    )
    argv = f"--config {file} --set server.name=set.x --set server.network=Set --network 1984".split()
    argv += ["--set", "listen.irc=:4", "--set", "listen.web=:5", "--irc", ":6", "--irc", "[::1]:7"]
    settings = parse(argv, home)
    assert settings.config.server.name == "set.x"
    assert settings.config.server.network == "1984"
    assert settings.doors.irc == (Address(None, 6), Address("::1", 7))
    assert settings.doors.web == (Address(None, 5),)
    assert settings.doors.classic == (Address(None, 3),)


def test_off_shuts_a_door(home: dict[str, str]) -> None:
    assert parse(["--web", "off", "--set", "listen.classic=off"], home).doors.web == ()
    assert parse(["--web", "off", "--set", "listen.classic=off"], home).doors.classic == ()


def test_lan_opens_what_nobody_spelled_out(home: dict[str, str]) -> None:
    settings = parse(
        ["--lan", "--irc", "127.0.0.1:7000", "--web", "off", "--set", "listen.ircs=[::1]:8"], home
    )
    assert settings.doors.irc == (Address("127.0.0.1", 7000),)
    assert settings.doors.ircs == (Address("::1", 8),)
    assert settings.doors.web == ()
    assert settings.doors.classic == (Address(None, 1995),)


def test_lan_opens_what_the_file_keeps_at_home(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "veche.toml").write_text('[listen]\nirc = ["127.0.0.1:7000", "10.0.0.1:7000"]\n')
    settings = parse(["--lan", "--data", str(tmp_path)], home)
    assert settings.doors.irc == (Address(None, 7000), Address("10.0.0.1", 7000))


def test_explicit_config_that_is_absent_is_fine_and_said(home: dict[str, str], tmp_path: Path) -> None:
    settings = parse(["--config", str(tmp_path / "none.toml")], home)
    assert settings.config == parse([], home).config
    assert settings.notes == (f"{tmp_path}/none.toml does not exist: every setting has its default value",)
    assert parse([], home).notes == ()


def test_store_is_the_address_of_a_database(home: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert parse([], home).config.store.url == ""
    url = "postgresql://ann:t%40a@db.example/chat"
    assert parse(["--set", "store.url=postgresql://db/x", "--store", url], home).config.store.url == url
    carried = ["--cluster", "nats://a:4222,nats://b:4222"]
    assert parse([*carried, "--store", url], home).config.cluster.url == carried[1]
    err = refuse(capsys, carried, home)
    assert "cluster.url, on the command line: a cluster keeps its record in PostgreSQL: add --store" in err
    err = refuse(capsys, [*carried, "--store", url, "--set", "store.mode=off"], home)
    assert "a cluster keeps its record in PostgreSQL" in err
    err = refuse(capsys, ["--cluster", "http://a", "--store", url], home)
    assert "a NATS server is named like nats://host:4222" in err
    err = refuse(capsys, ["--store", "ann:secret@db"], home)
    assert "store.url, on the command line: a database is named like postgresql://" in err
    assert "secret" not in err


def test_language_is_the_configs_or_else_the_locales(home: dict[str, str]) -> None:
    russian = {**home, "LC_ALL": "ru_RU.UTF-8"}
    assert parse([], russian).language == "ru"
    assert parse(["--set", "server.language=en"], russian).language == "en"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--port", "1"], "there is no option --port"),
        (["stray"], "unexpected argument: stray"),
        (
            ["--net", "x"],
            "there is no option --net",
        ),  # no guessing at half an option: a later one may share it
        (["--irc"], "--irc needs a value"),
        (["--irc", "6667"], "--irc: '6667' is only a port"),
        (["--web", "off", "--web", ":80"], "--web: 'off' stands alone"),
        (["--web", "127.0.0.1:6667"], "two doors, irc and web"),
        (["--name", "no dots"], "server.name, on the command line"),
        (["--network", 'quote"\\\n'], "server.network, on the command line"),
        (["--set", "limits.flod=1"], "limits.flod, on the command line: there is no such key"),
        (["--data", ""], "--data is empty"),
        (["--config", ""], "--config is empty"),
        (["--config", "/"], "cannot be read"),
    ],
)
def test_mistake_is_named_and_ends_with_2(
    home: dict[str, str], capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    err = refuse(capsys, argv, home)
    assert err.startswith("veche: ")
    assert words in err


def test_mistake_in_the_file_is_named_with_its_line(
    home: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "veche.toml").write_text("[limits]\nflod = 1\n")
    assert f"veche: {tmp_path}/veche.toml, line 2: limits.flod" in refuse(
        capsys, ["--data", str(tmp_path)], home
    )


@pytest.mark.parametrize(
    ("locale", "words"), [("en_GB.UTF-8", "usage: server.py"), ("ru_RU.UTF-8", "запуск: server.py")]
)
def test_help_speaks_the_language_of_the_locale(
    home: dict[str, str], capsys: pytest.CaptureFixture[str], locale: str, words: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--help"], {**home, "LANG": locale})
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(words)
    for option in (
        "config",
        "data",
        "name",
        "network",
        "irc",
        "ircs",
        "web",
        "classic",
        "lan",
        "set",
        "version",
    ):
        assert f"--{option}" in out


def test_version_is_said(home: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--version"], home)
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("veche 0.")


def test_settings_do_not_change(home: dict[str, str]) -> None:
    settings: Settings = parse([], home)
    with pytest.raises(AttributeError):
        settings.data = Path("/")  # type: ignore[misc]
