"""The plain client as a program: its command line, its exit codes, its start."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.fake_server import FakeServer
from veche.client.errors import CannotConnect, NotIrc
from veche.client.link import NO_TLS
from veche.client.plain import parse_arguments, parse_server, wish_of
from veche.client.plain_phrases import TABLE
from veche.client.plain_visit import Wish, default_nick, failure_lines, first_words, other_nick
from veche.phrases import Phrases

SAY = Phrases(TABLE, "en")


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("example.org", ("example.org", 6667, False)),
        ("example.org:7000", ("example.org", 7000, False)),
        (":7000", ("127.0.0.1", 7000, False)),
        ("[::1]:7000", ("::1", 7000, False)),
        ("[::1]", ("::1", 6667, False)),
        ("fe80::1", ("fe80::1", 6667, False)),
        ("ircs://example.org", ("example.org", 6697, True)),
        ("IRCS://[::1]:7000/", ("::1", 7000, True)),
        ("irc://example.org/", ("example.org", 6667, False)),
        ("ircs://", ("127.0.0.1", 6697, True)),
    ],
)
def test_parse_server(text: str, server: tuple[str, int, bool]) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize(
    "text",
    ["host:", "host:x", "host:0", "host:65536", "host:99999999", "[::1", "[::1]x", "host:²", "https://host"],
)
def test_a_bad_server_is_a_bad_command_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_arguments([text], SAY)
    assert ended.value.code == 2
    assert f"{text!r} is not HOST or HOST:PORT" in capsys.readouterr().err


def test_the_command_line_has_defaults() -> None:
    parsed = parse_arguments([], SAY)
    assert (parsed.server, parsed.nick, parsed.plain) == (("127.0.0.1", 6667, False), "", False)
    parsed = parse_arguments(["host", "--nick", "ann", "--plain"], SAY)
    assert (parsed.server, parsed.nick, parsed.plain) == (("host", 6667, False), "ann", True)


def wish(*words: str) -> Wish:
    return wish_of(parse_arguments(words, SAY))


@pytest.mark.parametrize(
    ("words", "port", "tls"),
    [
        (["host"], 6667, False),
        (["host", "--tls"], 6697, True),
        (["host:7000", "--tls"], 7000, True),
        (["--fingerprint", "AB:" * 31 + "AB"], 6697, True),
        (["ircs://host:6667"], 6667, True),
    ],
)
def test_encryption_has_a_port_of_its_own(words: list[str], port: int, tls: bool) -> None:
    assert (wish(*words).port, wish(*words).tls) == (port, tls)


def test_a_password_comes_from_a_file_or_a_variable_and_from_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VECHE_PASSWORD", "from the variable")
    assert wish("--account", "ann").password == "from the variable"
    file = tmp_path / "password"
    file.write_text("from the file\n", encoding="utf-8")
    given = wish("--account", "ann@phone", "--password-file", str(file))
    assert (given.account, given.password) == ("ann@phone", "from the file")
    assert "from the file" not in repr(given)
    for bad in (tmp_path / "none", Path(os.devnull)):
        with pytest.raises(SystemExit):
            wish("--password-file", str(bad))
    assert capsys.readouterr().err.count("there is no password in") == 2


def test_a_bad_fingerprint_is_a_bad_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        wish("--fingerprint", "abc")
    assert "'abc' is no fingerprint" in capsys.readouterr().err


def test_the_help_is_russian_throughout(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"], Phrases(TABLE, "ru"))
    shown = capsys.readouterr().out
    names = ["HOST", "PORT", "NICK", "NAME", "FILE", "TLS", "SHA", "IPv6", "ircs", "IRC", "VECHE_PASSWORD"]
    bare = re.sub(
        "|".join([r"client\.py", r"UTF-8", r"--?[a-z-]+", r"127\.0\.0\.1:6667", r"\[::1\]:6667", *names]),
        "",
        shown,
    )
    assert re.findall("[A-Za-z]+", bare) == []


@pytest.mark.parametrize(
    ("user", "nick"),
    [
        ("ann", "ann"),
        ("ann.lee", "ann_lee"),
        ("Анна", "Анна"),
        ("1st", "guest"),
        ("", "guest"),
        ("a" * 20, "a" * 20),
        ("a" * 21, "guest"),
        ("я" * 11, "guest"),
        ("root", "guest"),
        ("Administrator", "guest"),
        ("www-data", "guest"),
        ("ann:lee", "guest"),
        ("DOMAIN\\ann", "DOMAIN\\ann"),
    ],
)
def test_a_nick_is_made_of_the_users_name(user: str, nick: str) -> None:
    assert default_nick(user) == nick


def test_other_nicks_have_numbers() -> None:
    assert [other_nick("ann", attempt) for attempt in (1, 2)] == ["ann2", "ann3"]
    assert other_nick("a" * 30, 1) == "a" * 16 + "2"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2"),
        (b"NICK\r\nThis door is for nc.\r\n", "This door is for nc."),
        (b"220 mail ESMTP", "220 mail ESMTP"),
        (b"\r\n\x1b]0;owned\x07\x1b[2J name: \xff\xd0\xbf", "]0;owned[2J name: \ufffd\u043f"),
        (b"\x00\x00\x12\x04\x00\r\n\xff\xfd", ""),
        (b"a " * 200, "a " * 79 + "a…"),  # cut, and no space before the mark
        (b"", ""),
    ],
)
def test_the_words_of_a_stranger_are_made_harmless(said: bytes, words: str) -> None:
    assert first_words(said) == words


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (b"220 mail ESMTP", "It says: 220 mail ESMTP"),
        (b"", "connection was cut"),
    ],
)
def test_what_is_met_instead_of_irc_is_said(said: bytes, key: str) -> None:
    error = NotIrc(os.strerror(errno.ECONNRESET), said)
    first, *others, last = failure_lines(SAY, "::1", 25, error)
    assert first.startswith("[::1]:25 ")
    assert key in first
    assert last.endswith("6667: python client.py [::1]:6667")
    assert [line for line in others if not line.endswith("python client.py ircs://[::1]:25")] == []
    assert len(failure_lines(SAY, "::1", 6667, error)) == 1 + len(others)


def test_a_server_that_expects_encryption_and_one_that_has_none() -> None:
    assert failure_lines(SAY, "h", 6697, NotIrc("", b"\x15\x03\x03")) == [
        "h:6697 expects encryption (TLS): python client.py ircs://h:6697"
    ]
    assert failure_lines(SAY, "h", 6697, CannotConnect(NO_TLS)) == [
        "Cannot reach h:6697 so: there is no encryption (TLS) there.",
        "Without encryption it is: python client.py h:6667",
    ]


def test_a_server_that_says_no_is_quoted() -> None:
    error = CannotConnect("Too many connections", has_answered=True)
    assert failure_lines(SAY, "h", 1, error) == ["h:1 does not let you in: Too many connections"]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code"), [("hello\n/tell ann note\n", 0), ("/tell nobody hi\n", 1)])
async def test_the_program_from_a_pipe(text: str, code: int) -> None:
    async with FakeServer() as server:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "veche.client.plain", f"127.0.0.1:{server.port}", "--nick", "ann",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "ru_RU.UTF-8"},
        )  # fmt: skip
        out, err = await asyncio.wait_for(program.communicate(text.encode()), 20)
        assert (program.returncode, err) == (code, b"")
        if code:
            assert "нет никого с именем nobody" in out.decode()
        else:
            assert server.texts("ann") == ["note"]


@pytest.mark.slow
async def test_the_program_without_input_says_nothing_and_ends() -> None:
    async with FakeServer() as server:
        program = await asyncio.create_subprocess_shell(
            f"{shlex.quote(sys.executable)} -m veche.client.plain 127.0.0.1:{server.port} --nick ann <&- >&-",
            stderr=subprocess.PIPE,
        )
        _, err = await asyncio.wait_for(program.communicate(), 20)
        assert (program.returncode, err, server.history) == (0, b"", [])


@pytest.mark.slow
def test_the_program_starts_fast_enough_to_be_typed_often() -> None:
    """It leans on nothing that takes long to import: neither the server nor anything outside the standard library."""
    look = "import sys, veche.client.plain; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert not {"uvloop", "msgspec", "textual", "ssh"} & set(ran.stdout.split())
