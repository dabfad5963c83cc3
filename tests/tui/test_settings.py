"""What a person settles, what outlasts the program, and how somebody is called who looks elsewhere."""

from __future__ import annotations

import asyncio
import os
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.phrases import Phrases
from veche.tui.keep import MOST_DRAFT, Keep, config_place, state_place
from veche.tui.notices import call_desktop, harmless, sequence, way_of
from veche.tui.phrases import TABLE
from veche.tui.settings import KEYS, KnownServer, Settings, read_settings

SAY = Phrases(TABLE, "en")
THEMES = frozenset({"nord"})
WHOLE = """
theme = "nord"
language = "ru"
list_at_start = false
density = "roomy"
notify = "all"
notify_by = "desktop"
quiet_hours = "22:00 - 07:30"
[keys]
switch = "Ctrl+G, f5"
[[servers]]
address = "ircs://chat.example"
name = "ann"
password_file = "~/secret"
[[servers]]
address = "localhost"
name = "guest"
"""


def read(text: str) -> tuple[Settings, list[str]]:
    return read_settings(text, SAY, THEMES)


def test_settings_are_read() -> None:
    settings, wrong = read(WHOLE)
    assert wrong == []
    assert settings == Settings(
        "nord", "ru", list_at_start=False, density="roomy", notify="all", notify_by="desktop",
        quiet_hours=(time(22), time(7, 30)), keys={"switch": "ctrl+g,f5"},
        servers=(KnownServer("ircs://chat.example", "ann", "~/secret"), KnownServer("localhost", "guest")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("theme = 'dark'\n\nthene = 'dark'", "line 3: there is no setting 'thene'"),
        ("language = 'en'\ntheme = 'pink'", "line 2: theme cannot be that: dark, light, none, nord"),
        ("a = 1\nb = = 2", "line 2: Invalid value"),
        ("list_at_start = 1", "line 1: list_at_start cannot be that"),
        ("quiet_hours = '22:00'", "line 1: quiet_hours cannot be that"),
        ("\n[keys]\nfly = 'ctrl+k'", "line 3: there is no setting 'fly': " + ", ".join(KEYS)),
        ("[keys]\nhelp = '['", "line 2: help is no key like Ctrl+K"),
        ("theme='dark'\n[[servers]]\naddress = 'x'", "line 2: [[servers]] needs address and name"),
        ("[[servers]]\naddress = 'x'\nname = 'y'\nport = 1", "line 4: [[servers]] needs"),
        ("servers = 1", "line 1: servers cannot be that"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    _, wrong = read(text)
    assert wrong[0].startswith(message), wrong


@given(st.text(max_size=200) | st.builds(WHOLE.replace, st.sampled_from(list(WHOLE)), st.text(max_size=3)))
def test_no_text_is_a_crash(text: str) -> None:
    settings, wrong = read(text)
    assert settings.density in {"dense", "roomy"}
    assert all(line.startswith("line ") for line in wrong)


def test_quiet_hours_go_over_midnight() -> None:
    night, lunch = Settings(quiet_hours=(time(22), time(7))), Settings(quiet_hours=(time(12), time(13)))
    assert [night.is_quiet(time(hour)) for hour in (21, 22, 3, 7)] == [False, True, True, False]
    assert [lunch.is_quiet(time(hour)) for hour in (11, 12, 13)] == [False, True, False]
    assert not Settings().is_quiet(time(3))


def test_drafts_outlast_the_program_and_a_spoilt_file_costs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "drafts.json"
    keep = Keep(None, file)
    assert keep.drafts("srv") == {}
    keep.keep_drafts("srv", {"#tea": "half a s", "bob": "", "#long": "x" * (MOST_DRAFT + 1)})
    keep.keep_drafts("other", {"#tea": "elsewhere"})
    assert Keep(None, file).drafts("srv") == {"#tea": "half a s", "#long": "x" * MOST_DRAFT}
    assert file.stat().st_mode & 0o777 == 0o600
    keep.keep_drafts("srv", {})
    assert "srv" not in file.read_text()
    for spoilt in ("[", "[]", '{"srv": 1}', '{"srv": {"a": 1}}', "[" * 100_000, "\xff"):
        file.write_text(spoilt)
        assert keep.drafts("srv") == {}
    Keep(None, tmp_path / "deep" / "drafts.json" / "below").keep_drafts("srv", {"a": "b"})
    Keep(None, None).keep_drafts("srv", {"a": "b"})


def test_files_are_where_the_desktop_says(tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative"}
    assert config_place(home) == Path("/c/veche-client/settings.toml")
    assert state_place(home) == Path.home() / ".local/state/veche-client/drafts.json"
    (tmp_path / "s.toml").write_text("theme = 'light'")
    assert Keep(tmp_path / "s.toml", None).settings_text() == "theme = 'light'"
    assert Keep(tmp_path / "none", None).settings_text() == ""


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({"TERM": "xterm", "TERM_PROGRAM": "WezTerm"}, "terminal"),
        ({"TERM": "foot"}, "terminal-777"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TMUX": "x"}, "bell"),
        ({"TERM": "xterm", "DISPLAY": ":0"}, "desktop"),
        ({"TERM": "xterm", "DISPLAY": ":0", "SSH_CONNECTION": "x"}, "bell"),
        ({"TERM": "xterm"}, "bell"),
    ],
)
def test_how_somebody_is_called(environment: dict[str, str], way: str) -> None:
    assert way_of("auto", environment, lambda _: "/usr/bin/notify-send") == way
    assert way_of("bell", environment) == "bell"


@given(st.text(), st.text())
def test_nothing_of_a_stranger_ends_the_sequence(title: str, text: str) -> None:
    for way in ("terminal", "terminal-777"):
        whole = sequence(way, title, text)
        assert whole.startswith("\x1b]")
        assert whole.endswith("\x07")
        assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in whole[2:-1])
        assert "\\" not in whole
    assert sequence("terminal-777", title, text).count(";") == 3
    assert len(harmless(text, 10)) <= 10


async def test_the_desktop_gets_words_and_no_options_or_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/said\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    await call_desktop("--icon=x", "<b>hi</b> & \x1b[2J$(id)")
    assert (tmp_path / "said").read_text().splitlines() == [
        "--app-name=Veche", "--", "--icon=x", "&lt;b&gt;hi&lt;/b&gt; &amp; [2J$(id)",
    ]  # fmt: skip
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    await asyncio.wait_for(call_desktop("a", "b"), 5)
