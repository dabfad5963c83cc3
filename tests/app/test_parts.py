"""What a setting needs is fetched by the starter, once, or said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import veche
from veche.app import parts


def test_what_is_there_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PARTS", {"ssh": lambda: True, "postgresql": lambda: False})
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("started anew for nothing"))
    parts.require([], ["--irc", ":1"], "en")
    parts.require(["ssh"], ["--irc", ":1"], "en")


def test_the_starter_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[object] = []
    monkeypatch.setattr(parts, "PARTS", {"ssh": lambda: False, "postgresql": lambda: False})
    monkeypatch.setattr(os, "execv", lambda *command: started.append(command))
    monkeypatch.delenv(parts.NEEDS, raising=False)
    parts.require(["postgresql", "ssh"], ["--irc", ":1"], "en")
    starter = Path(veche.__file__).parents[2] / "server.py"
    assert started == [(sys.executable, [sys.executable, str(starter), "--irc", ":1"])]
    assert os.environ[parts.NEEDS] == "postgresql"
    with pytest.raises(SystemExit) as ended:
        parts.require(["postgresql"], [], "ru")
    assert ended.value.code == 2
    assert "veche[postgresql]" in capsys.readouterr().err
    # What was fetched for one part may not be enough for another that is asked for as well.
    parts.require(["ssh"], [], "ru")
    assert os.environ[parts.NEEDS] == "ssh"
    monkeypatch.delenv(parts.NEEDS)


def test_one_of_several_servers_needs_both_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("started anew for nothing"))
    monkeypatch.setitem(parts.PARTS, "postgresql", lambda: True)
    monkeypatch.setitem(parts.PARTS, "cluster", lambda: True)
    parts.require(["postgresql", "cluster"], [], "en")
    monkeypatch.setitem(parts.PARTS, "cluster", lambda: False)
    monkeypatch.setenv(parts.NEEDS, "cluster")
    with pytest.raises(SystemExit) as ended:
        parts.require(["postgresql", "cluster"], [], "en")
    assert ended.value.code == 2
    assert "veche[postgresql,cluster]" in capsys.readouterr().err
