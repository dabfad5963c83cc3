"""Reading the config again while the server runs: used whole or not at all, and told key by key."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from veche.app import cli
from veche.app.administration import LIVE, Administrator, fill_in_operators, flat
from veche.app.config import Config
from veche.app.doors import fill_in_doors
from veche.app.passwords import hash_password
from veche.app.server import engine_settings
from veche.core.ports import ConfigFault, Rehashed
from veche.core.settings import OperatorBlock, Settings
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage

HASH = hash_password("secret")


class Bench:
    """A running server, its config file, and an operator."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "veche.toml"
        self.write('[server]\nname = "irc.example"\n[lobby]\nroom = ""\n')
        self.environment = {"HOME": str(folder), "LANG": "en_US.UTF-8"}
        self.argv = ["--data", str(folder), "--set", "limits.flood=false"]
        self.certificate = ""
        self.ended: list[bool] = []
        settings = cli.parse(self.argv, self.environment)
        self.stage = Stage(self.make(settings))
        self.administrator = Administrator(
            settings,
            self.stage.engine,
            lambda: cli.read_again(self.argv, self.environment),
            self.make,
            lambda: self.certificate,
            self.ended.append,
        )
        self.stage.engine.administration = self.administrator

    def write(self, text: str) -> None:
        self.file.write_text(text)
        self.file.chmod(0o600)

    def make(self, settings: cli.Settings) -> Settings:
        made = engine_settings(settings.config, "en")
        fill_in_doors(made, settings)
        fill_in_operators(made, settings.config)
        return made

    def operator(self) -> Person:
        self.stage.settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
        ann = self.stage.enter("ann")
        ann.send("OPER root secret")
        ann.take()
        return ann


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_has_changed_is_told_key_by_key(bench: Bench) -> None:
    ann = bench.operator()
    bench.write(
        '[server]\nname = "irc.example"\nmotd = "Tea at five"\n[lobby]\nroom = ""\n'
        "[limits]\nclients = 7\nnick_length = 23\n[listen]\nirc = 'off'\n"
    )
    ann.send("REHASH")
    assert ann.take() == [
        f":irc.example 382 ann {bench.file} Rehashing",
        ":irc.example NOTICE ann :limits.clients was 15000, is 7",
        ':irc.example NOTICE ann :server.motd was "", is "Tea at five"',
        ":irc.example NOTICE ann :limits.nick_length has changed, but needs a restart to take effect",
        ":irc.example NOTICE ann :listen.irc has changed, but needs a restart to take effect",
    ]
    settings = bench.stage.engine.settings
    assert (settings.clients, settings.motd, settings.nick_length) == (7, ["Tea at five"], 40)
    ann.send("REHASH", "MOTD")
    # What waits for a restart goes on waiting; what was used is no news.
    assert ann.take()[1:3] == [
        ":irc.example NOTICE ann :limits.nick_length has changed, but needs a restart to take effect",
        ":irc.example NOTICE ann :listen.irc has changed, but needs a restart to take effect",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[limits]\nclients = 0\n", "limits.clients 2"),
        ("[limits]\n\nclinets = 7\n", "limits.clinets 3"),
        ("[limits\n", "* 1"),
        ('[oper.root]\npassword_hash = "secret"\n', "oper.root.password_hash 2"),
        ('[listen]\nirc = "nowhere:x"\n', "listen.irc 2"),
    ],
)
def test_a_broken_file_changes_nothing(bench: Bench, text: str, fault: str) -> None:
    ann = bench.operator()
    before = {name: getattr(bench.stage.settings, name) for name in Settings.__slots__}
    bench.write(f"{text}[web]\ntls = false\n")
    ann.send("REHASH")
    (line,) = ann.take()
    assert line.startswith(f":irc.example FAIL REHASH CONFIG_BAD {fault} :")
    assert line.endswith("; nothing has changed")
    assert {name: getattr(bench.stage.settings, name) for name in Settings.__slots__} == before


def test_a_missing_certificate_changes_nothing(bench: Bench) -> None:
    bench.certificate = "cert.pem cannot be read"
    bench.write("[limits]\nclients = 7\n")
    fault = bench.administrator.rehash()
    assert isinstance(fault, ConfigFault)
    assert (fault.key, fault.text) == ("tls.certificate", "cert.pem cannot be read")
    assert bench.stage.settings.clients == 15000


def test_secrets_are_not_shown(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.write(f'[server]\npassword = "marker"\n[oper.root]\npassword_hash = "{HASH}"\n[lobby]\nroom = ""\n')
    with caplog.at_level(logging.DEBUG):
        found = bench.administrator.rehash()
    assert isinstance(found, Rehashed)
    assert found.changed["server.password"] == found.changed["oper.root.password_hash"] == "has changed"
    assert "marker" not in caplog.text
    assert "argon2" not in caplog.text
    assert bench.stage.settings.operators["root"].password_hash == HASH


def test_a_file_that_others_may_read_is_refused(bench: Bench) -> None:
    bench.write(f'[oper.root]\npassword_hash = "{HASH}"\n')
    bench.file.chmod(0o644)
    fault = bench.administrator.rehash()
    assert isinstance(fault, ConfigFault)
    assert (fault.key, fault.line) == ("oper.root.password_hash", 2)


def test_whoever_is_taken_out_is_no_operator_any_more(bench: Bench) -> None:
    bench.write(f'[oper.root]\npassword_hash = "{HASH}"\n')
    bench.administrator.rehash()
    ann = bench.operator()
    bench.write("")
    ann.send("REHASH", "KILL ann :x")
    assert ":ann!~ann@there MODE ann -o" in ann.unheard
    assert ann.take()[-1] == ":irc.example 481 ann :Permission Denied- You're not an IRC operator"


def test_the_owner_stays_an_operator(bench: Bench) -> None:
    bench.stage.engine.owner_code = "a" * 22
    ann = bench.stage.enter("ann")
    ann.send("REGISTER * * correct-horse", "NS OWN " + "a" * 22, "REHASH")
    assert any(" MODE ann +os" in line for line in ann.take())
    ann.send("MODE ann")
    assert ann.take() == [":irc.example 221 ann +ors"]


def test_an_operator_is_taken_out_again(bench: Bench) -> None:
    bench.write(f'[oper.root]\npassword_hash = "{HASH}"\ntitle = "x"\nserver_notices = "ba"\n')
    bench.administrator.rehash()
    assert bench.stage.settings.operators["root"].notices == "ab"
    bench.write("")
    bench.administrator.rehash()
    assert bench.stage.settings.operators == {}


def test_every_live_key_exists() -> None:
    keys = flat(Config()).keys()
    sections = set(Config.__struct_fields__)
    assert [key for key in LIVE if key not in keys | sections] == []
    assert {name for names in LIVE.values() for name in names} <= set(Settings.__slots__)


def test_die_and_restart_need_the_servers_name(bench: Bench) -> None:
    ann = bench.operator()
    ann.send("DIE", "RESTART x", "DIE irc.example", "RESTART IRC.EXAMPLE")
    assert bench.ended == [False, True]


def test_whoever_knows_cap_notify_is_told_what_is_offered_from_now_on(bench: Bench) -> None:
    ann = bench.operator()
    bob = bench.stage.open("bob", address="198.51.100.3")
    bob.send("CAP LS 302")
    bob.take()
    bench.write('[server]\nname = "irc.example"\n[lobby]\nroom = ""\n[tls]\nsts_seconds = 3600\n')
    ann.send("REHASH")
    assert bob.take() == [":irc.example CAP * NEW :sts=port=6697"]


def test_names_are_kept_from_the_moment_that_the_config_says_so(bench: Bench) -> None:
    ann = bench.operator()
    bench.stage.settings.keep_names = "off"
    bench.write(bench.file.read_text() + '[accounts]\nkeep_names = "off"\n')
    bob, eve = bench.stage.enter("bob"), bench.stage.enter("eve")
    bob.send("REGISTER * * correct-horse", "NICK bobby")
    eve.send("NICK bob")
    ann.send("REHASH")
    assert "bob" in bench.stage.engine.world.users_by_key
    bench.write(bench.file.read_text().replace('"off"\n', '"strict"\n'))
    eve.take()
    ann.send("REHASH")
    assert "bob" not in bench.stage.engine.world.users_by_key
    nick, why = eve.take()
    assert nick == ":bob!~eve@there NICK Guest-1"
    assert "NOTICE Guest-1 :The name bob belongs to somebody's account" in why
