"""Each example as a program: its help in both languages, and a visit to a real server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import moderator
import pytest
import relay
import reminders

from tests.client.fake_server import LOBBY, FakeServer
from veche.client import bot_main
from veche.client.bot import Bot

ROOT = Path(__file__).parents[2]
PROGRAMS = ("reminders", "relay", "moderator")


def environment(language: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in {"LANG", "LC_MESSAGES", "PYTHONPATH"}
    }
    return {**kept, "LC_ALL": f"{language}.UTF-8", "PYTHONIOENCODING": "utf-8"}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("language", "word"), [("en_GB", "usage: "), ("ru_RU", "запуск: ")])
def test_help_is_shown_without_anything_installed(
    program: str, language: str, word: str, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-S", str(ROOT / "examples" / f"{program}.py"), "--help"],
        cwd=tmp_path,
        env=environment(language),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ran.stdout.startswith(f"{word}{program}.py")
    assert "--room" in ran.stdout


@pytest.mark.parametrize("module", [reminders, relay, moderator])
def test_every_phrase_is_there_in_both_languages(module: object) -> None:
    table = module.TABLE  # type: ignore[attr-defined]
    assert all(len(pair) == 2 and all(pair) for pair in table.values())
    for language in ("en", "ru"):
        bot = module.make(language)  # type: ignore[attr-defined]
        assert bot.say_own.language == language


def test_a_wrong_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["--language", "de"],
        ["--fingerprint", "12"],
        ["host:port"],
        ["--password-file", "/nowhere"],
        ["--what"],
    ):
        with pytest.raises(SystemExit) as ended:
            bot_main.parse(words, prog="bot")
        assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) >= 10


def test_what_the_command_line_says_holds_for_the_bot(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    words = ["ircs://example.org", "--account", "ann", "--password-file", str(secret)]
    chat = bot_main.connection_of(Bot("robo"), bot_main.parse(words, prog="bot"))
    settings = chat._keeper.settings
    assert (settings.host, settings.port, settings.tls is not None) == ("example.org", 6697, True)
    assert settings.identity.account is not None
    assert settings.identity.account.device == "bot"


def test_an_account_without_a_password_and_a_spoilt_state_end_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VECHE_PASSWORD", raising=False)
    spoilt = tmp_path / "state"
    spoilt.write_text("no")
    assert Bot("robo").main(["--account", "ann"]) == 1
    assert Bot("robo").main(["--state", str(spoilt)]) == 1
    assert Bot("robo").main(["127.0.0.1:1"]) == 1
    assert capsys.readouterr().err.count("robo") == 3


@pytest.mark.slow
async def test_it_comes_in_answers_and_leaves_when_it_is_told_to(tmp_path: Path) -> None:
    async with FakeServer() as server:
        server.taken.add("reminders")
        state = tmp_path / "state"
        program = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "examples" / "reminders.py"), f"127.0.0.1:{server.port}",
            "--room", LOBBY, "--state", str(state), "--language", "en",
            stdout=asyncio.subprocess.PIPE, env=environment("en_GB"),
        )  # fmt: skip
        assert program.stdout is not None
        try:
            async with asyncio.timeout(20):
                assert await program.stdout.readline() == b"reminders_ is there. Ctrl-C stops it.\n"
                server.talk("ann", LOBBY, "!remind 1h tea")
                while len(server.texts()) < 2:
                    await asyncio.sleep(0.01)
                assert server.texts()[1] == "ann: noted, number 1, in 1h."
                assert "tea" in state.read_text()
                program.send_signal(signal.SIGTERM)
                assert await program.wait() == 0
            assert any(line.startswith("QUIT") for line in server.heard)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
