"""Which servers a person trusts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.client.fake_terminal import FakeTerminal
from veche.client.errors import ServerNotTrusted
from veche.client.plain_phrases import TABLE
from veche.client.plain_trust import KnownServers, ask_trust, default_place, readable
from veche.phrases import Language, Phrases

SHOWN, KEY, OTHER = "ab" * 32, "cd" * 32, "ef" * 32


def unknown(expected: str = "", shown: str = SHOWN) -> ServerNotTrusted:
    return ServerNotTrusted("why", shown, KEY, expected)


async def ask(
    terminal: FakeTerminal, known: KnownServers, error: ServerNotTrusted, language: Language = "en"
) -> str:
    return await ask_trust(terminal, Phrases(TABLE, language), "host:6697", error, known)


def test_the_file_stands_where_programs_keep_what_they_know() -> None:
    assert default_place({"XDG_DATA_HOME": "/data"}) == Path("/data/veche-client/known_servers")
    assert default_place({}) == Path.home() / ".local/share/veche-client/known_servers"


def test_servers_are_known_by_name_and_port_and_the_last_word_counts(tmp_path: Path) -> None:
    known = KnownServers(tmp_path / "new" / "known_servers")
    assert known.fingerprint("host:6697") == ""
    known.add("Host:6697", SHOWN)
    known.add("[::1]:6697", OTHER)
    known.add("host:6697", KEY)
    assert known.fingerprint("HOST:6697") == KEY
    assert known.fingerprint("[::1]:6697") == OTHER
    assert known.fingerprint("host:6698") == ""
    assert stat.S_IMODE(known.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", [b"", b"\xff\n", b"host:6697\n", b"host:6697 a b\n"])
def test_what_cannot_be_read_is_not_known(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "known_servers"
    file.write_bytes(text)
    assert KnownServers(file).fingerprint("host:6697") == ""


@pytest.mark.parametrize(("answer", "language"), [("y", "en"), ("YES", "en"), ("да", "ru")])
async def test_a_person_who_says_yes_is_not_asked_again(
    tmp_path: Path, answer: str, language: Language
) -> None:
    known = KnownServers(tmp_path / "known_servers")
    terminal = FakeTerminal(answer)
    assert await ask(terminal, known, unknown(), language) == KEY
    assert any(readable(SHOWN) in line for line in terminal.shown)
    assert known.fingerprint("host:6697") == KEY


@pytest.mark.parametrize("answer", ["", "n", "нет", "yse"])
async def test_everything_else_is_no(tmp_path: Path, answer: str) -> None:
    known = KnownServers(tmp_path / "known_servers")
    assert await ask(FakeTerminal(answer), known, unknown()) == ""
    assert known.fingerprint("host:6697") == ""


async def test_a_script_is_told_what_to_do_and_nothing_is_trusted(tmp_path: Path) -> None:
    known = KnownServers(tmp_path / "known_servers")
    terminal = FakeTerminal(is_interactive=False)
    assert await ask(terminal, known, unknown()) == ""
    assert terminal.shown[-1] == f"! When you have compared it: --fingerprint {SHOWN}"
    assert not known.path.exists()


async def test_a_server_that_has_changed_is_not_asked_about(tmp_path: Path) -> None:
    known = KnownServers(tmp_path / "known_servers")
    terminal = FakeTerminal("y")
    assert await ask(terminal, known, unknown(expected=OTHER)) == ""
    assert "host:6697 is not the server that is known" in terminal.shown[0]
    assert str(known.path) in terminal.shown[0]


async def test_what_could_not_be_looked_at_is_not_trusted(tmp_path: Path) -> None:
    terminal = FakeTerminal("y")
    assert await ask(terminal, KnownServers(tmp_path / "known_servers"), unknown(shown="")) == ""


async def test_trust_that_cannot_be_written_down_holds_for_now() -> None:
    terminal = FakeTerminal("y")
    assert await ask(terminal, KnownServers(Path("/dev/null/known_servers")), unknown()) == KEY
    assert "could not be written down" in terminal.shown[-1]


def test_fingerprints_are_shown_as_openssl_shows_them() -> None:
    assert readable("ab" * 3) == "AB:AB:AB"
