"""The same door and the client that people have: OpenSSH's, in terminals and in scripts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.serving import Ports
from tests.clients.terminals import Terminals

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "ssh")]


def command(port: int, name: str, *options: str) -> list[str]:
    """ssh as somebody who keeps nothing and has no keys."""
    settled = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "IdentityFile=none",
    ]
    return [
        "ssh",
        "-F",
        "none",
        *(f"-o{one}" for one in settled),
        *options,
        "-p",
        str(port),
        f"{name}@127.0.0.1",
    ]


def ran(words: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SSH_AUTH_SOCK": ""}
    return subprocess.run(
        words, input=given, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


@pytest.mark.needs("tmux")
def test_two_visitors_in_terminals(ports: Ports, tmp_path: Path) -> None:
    with Terminals(tmp_path, columns=90, lines=20) as terminals:
        ann = terminals.open("ann", " ".join(command(ports.ssh, "ann")))
        ann.shows("Write to #lobby", "Esc")
        ann.type("")  # to the first room of the list
        bob = terminals.open(
            "bob", "LANG=ru_RU.UTF-8 LC_ALL= " + " ".join(command(ports.ssh, "борис", "-oSendEnv=LANG"))
        )
        bob.shows("Пишите: #lobby", "Esc")
        bob.type("")
        ann.type("Hello, is anybody here?")
        bob.shows("Hello, is anybody here?")
        bob.type("Привет! Я здесь.")
        ann.shows("Привет! Я здесь.")
        terminals.run("resize-window", "-t", "bob", "-x", "40", "-y", "8")
        ann.type("small, are you?")
        bob.shows("small, are you?")
        terminals.run("send-keys", "-t", "ann", "C-q")
        ann.ends()
        bob.type("/quit")
        bob.ends()


def test_without_a_terminal_it_is_the_plain_client(ports: Ports) -> None:
    said = ran(command(ports.ssh, "pipe", "-T"), "hello from a pipe\n")
    assert said.returncode == 0, said
    assert "#lobby" in said.stdout
    shown = ran([*command(ports.ssh, "pipe"), "tail", "-n", "1", "'#lobby'"])
    assert shown.stdout.endswith("<pipe> hello from a pipe\n")


def test_scripts(ports: Ports) -> None:
    sent = ran([*command(ports.ssh, "robot"), "send", "#builds"], "built\nin 3 s\n")
    assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
    shown = ran([*command(ports.ssh, "robot"), "tail", "#builds"])
    assert [line.split("> ")[1] for line in shown.stdout.splitlines()] == ["built", "in 3 s"]
    assert ran([*command(ports.ssh, "robot"), "send", "nobody-here"], "x\n").returncode == 1
    assert ran([*command(ports.ssh, "robot"), "rm", "-rf", "/"]).returncode == 2


def test_files_are_not_carried(ports: Ports, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for program in (["scp"], ["scp", "-O"]):
        options = [*command(ports.ssh, "carrier")[1:-3], "-P", str(ports.ssh)]
        assert ran([*program, *options, str(file), "carrier@127.0.0.1:/tmp/x"]).returncode != 0


def test_nothing_is_forwarded(ports: Ports) -> None:
    refused = ran(
        [*command(ports.ssh, "tunnel", "-oExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1"), "help"]
    )
    assert refused.returncode == 255
    assert "remote port forwarding failed" in refused.stderr
    through = ran(command(ports.ssh, "tunnel", "-W", f"127.0.0.1:{ports.irc}"))
    assert through.returncode == 255
    agent = ran([*command(ports.ssh, "tunnel", "-A", "-X"), "help"])
    assert agent.returncode == 0


def test_old_algorithms_are_gone(ports: Ports) -> None:
    for option in (
        "KexAlgorithms=diffie-hellman-group14-sha1",
        "KexAlgorithms=diffie-hellman-group1-sha1",
        "Ciphers=aes128-cbc",
        "Ciphers=3des-cbc",
    ):
        refused = ran([*command(ports.ssh, "old", f"-o{option}"), "help"])
        assert refused.returncode == 255, option
    macs = ran([*command(ports.ssh, "old", "-oCiphers=aes128-ctr", "-oMACs=hmac-sha1"), "help"])
    assert macs.returncode == 255
    listed = subprocess.run(
        ["ssh", "-Q", "cipher"], capture_output=True, text=True, check=True
    ).stdout.split()
    for cipher in {"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"} & set(listed):
        assert ran([*command(ports.ssh, "new", f"-oCiphers={cipher}"), "help"]).returncode == 0, cipher
