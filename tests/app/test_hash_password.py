"""`server.py hash-password`: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from veche.app import hash_password, server
from veche.app.passwords import compare

ENGLISH = {"LANG": "en_US.UTF-8"}
RUSSIAN = {"LANG": "ru_RU.UTF-8"}


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def terminal(monkeypatch: pytest.MonkeyPatch, *typed: str | type[BaseException]) -> list[str]:
    prompts: list[str] = []
    answers = iter(typed)

    def getpass(prompt: str, stream: object) -> str:
        prompts.append(prompt)
        answer = next(answers)
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(hash_password.getpass, "getpass", getpass)
    return prompts


@pytest.mark.parametrize("data", [b"secret\n", b"secret\r\n", b"secret", b"secret\nmore\n"])
def test_a_pipe_gives_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    pipe(monkeypatch, data)
    assert server.main(["hash-password"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert compare(out.removesuffix("\n"), "secret")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"\xff\xfe\n", "not UTF-8"),
        (b"x" * 400 + b"\n", "longer than 300 bytes"),
        (b"a\tb\n", "control characters"),
    ],
)
def test_what_cannot_be_a_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: bytes, words: str
) -> None:
    pipe(monkeypatch, data)
    assert hash_password.main([], ENGLISH) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_terminal_asks_twice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    prompts = terminal(monkeypatch, "secret", "secret")
    assert hash_password.main([], RUSSIAN) == 0
    assert prompts == ["Пароль: ", "Ещё раз: "]
    assert compare(capsys.readouterr().out.strip(), "secret")


def test_two_passwords_are_one_too_many(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, "secret", "secrte")
    assert hash_password.main([], RUSSIAN) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "veche: это были два разных пароля\n")


@pytest.mark.parametrize(("typed", "code"), [(EOFError, 1), (KeyboardInterrupt, 130)])
def test_whoever_gives_up_gets_no_hash(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: type[BaseException],
    code: int,
) -> None:
    terminal(monkeypatch, typed)
    assert hash_password.main([], ENGLISH) == code
    assert capsys.readouterr().out == ""


def test_it_takes_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert hash_password.main(["secret"], ENGLISH) == 2
    assert "takes no options" in capsys.readouterr().err
    assert hash_password.main(["--help"], ENGLISH) == 0
    assert "usage: " in capsys.readouterr().out
