"""An operator and a real server: a real hash, REHASH and SIGHUP, RESTART within one process, DIE."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}


def hash_password(password: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "veche.app.server", "hash-password"],
        input=password + "\n",
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    return ran.stdout.strip()


class Running:
    """A server process and what it has printed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.config = data / "veche.toml"
        doors = ["--irc", "127.0.0.1:0", "--ircs", "off", "--web", "off", "--classic", "off"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "veche.app.server", "--data", str(data), *doors],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRONMENT,
        )

    def wait_for(self, pattern: str) -> str:
        assert self.process.stdout is not None
        seen = ""
        for line in self.process.stdout:
            seen += line
            if found := re.search(pattern, line):
                return found[1] if found.groups() else line
        raise AssertionError(f"{pattern} was not printed:\n{seen}")


class Guest:
    """A connection that has registered."""

    def __init__(self, port: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(port)), timeout=20)
        self.file = self.socket.makefile("r", encoding="utf-8", newline="")
        self.say("NICK ann", "USER ann 0 * :Ann")
        self.hear(" 376 ")

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def hear(self, words: str) -> str:
        for line in self.file:
            if words in line:
                return line.strip()
        raise AssertionError(f"the connection ended before {words!r}")

    def leave(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    config = tmp_path / "veche.toml"
    config.write_text(
        f'[server]\nname = "irc.example"\n[oper.root]\npassword_hash = "{hash_password("secret")}"\n'
    )
    config.chmod(0o600)
    running = Running(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()


def test_an_operators_day(running: Running) -> None:
    ann = Guest(running.wait_for(r"irc +127\.0\.0\.1:(\d+)"))
    ann.say("OPER root wrong")
    ann.hear(" 464 ")
    ann.say("OPER root secret")
    ann.hear(" 381 ")
    before = running.config.read_text()
    running.config.write_text(before + "[limits]\nclients = 0\n")
    ann.say("REHASH")
    assert ann.hear("FAIL REHASH CONFIG_BAD limits.clients 6 :")
    running.wait_for("the old config stays")
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("the old config stays")
    running.config.write_text(before + "[limits]\nclients = 99\n")
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("limits.clients was 15000, is 99")
    ann.say("UBAN ADD 192.0.2.1 1h :spam")
    ann.hear("is banned for 1h")
    ann.say("RESTART irc.example")
    ann.hear("ERROR")
    ann.leave()
    # The same process, with the same arguments and what was saved.
    ann = Guest(running.wait_for(r"irc +127\.0\.0\.1:(\d+)"))
    ann.say("OPER root secret")
    ann.hear(" 381 ")
    ann.say("UBAN LIST")
    assert "spam" in ann.hear("NOTICE ann :192.0.2.1, for ")
    ann.say("DIE irc.example")
    ann.hear("ERROR")
    ann.leave()
    assert running.process.wait(20) == 0
