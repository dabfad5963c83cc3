"""A backup of a real server while it is written to, and a server that starts on what was put back."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}
SERVER = [sys.executable, "-m", "veche.app.server"]
WRITERS = 4


@contextmanager
def serving(data: Path) -> Iterator[int]:
    """A server on this directory; its port."""
    options = ["--irc", "127.0.0.1:0", "--ircs", "off", "--web", "off", "--classic", "off"]
    limits = ["--set", "limits.flood=false", "--set", "limits.connections_per_address=0"]
    with subprocess.Popen(
        [*SERVER, "--data", str(data), *options, *limits],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        seen, port = "", 0
        for line in process.stdout:
            seen += line
            if found := re.search(r"irc +127.0.0.1:(\d+)", line):
                port = int(found[1])
            if line == "ready\n":
                break
        assert port, seen
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            assert process.wait(20) == 0


class Guest:
    """A connection that has registered and sits in #tea."""

    def __init__(self, port: int, nick: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("r", encoding="utf-8", newline="")
        self.say(
            "CAP REQ :echo-message batch message-tags server-time labeled-response draft/chathistory soju.im/search",
            f"NICK {nick}",
            f"USER {nick} 0 * :x",
            "CAP END",
        )
        self.hear(" 376 ")
        self.say("JOIN #tea")
        self.hear(" 366 ")

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def hear(self, words: str) -> list[str]:
        """Everything up to a line with these words."""
        heard = []
        for line in self.file:
            heard.append(line.strip())
            if words in line:
                return heard
        raise AssertionError(f"the connection ended before {words!r}: {heard[-5:]}")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Load:
    """Writers who say numbered lines, one after the other's echo, until they are told to stop."""

    def __init__(self, port: int) -> None:
        self.acknowledged: list[str] = []
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(port, f"writer{number}")) for number in range(WRITERS)
        ]
        for thread in self._threads:
            thread.start()

    def _write(self, port: int, nick: str) -> None:
        with closing(Guest(port, nick)) as guest:
            number = 0
            while not self._ending.is_set():
                number += 1
                guest.say(f"PRIVMSG #tea :{nick} says {number}.")
                guest.hear(f"{nick} says {number}.")
                self.acknowledged.append(f"{nick} says {number}.")

    def wait_for(self, more: int) -> None:
        enough = len(self.acknowledged) + more
        until = time.monotonic() + 30
        while len(self.acknowledged) < enough:
            assert time.monotonic() < until, "the writers are held up"
            time.sleep(0.005)

    def end(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(30)


def run(*words: object, code: int = 0) -> str:
    ran = subprocess.run(
        [*SERVER, "db", *map(str, words)], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def texts(file: Path) -> list[str]:
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        return [text for (text,) in connection.execute("select text from message order by seq")]
    finally:
        connection.close()


def fill(data: Path, count: int) -> None:
    """So much record that a backup of it takes a while."""
    subprocess.run(
        [sys.executable, "bench/generate.py", str(data), str(count)],
        check=True,
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
    )


def test_a_backup_under_load_holds_all_that_was_acknowledged_and_can_be_served(tmp_path: Path) -> None:
    data, file, there = tmp_path / "data", tmp_path / "backup.db", tmp_path / "there"
    fill(data, 60_000)
    with serving(data) as port:
        load = Load(port)
        try:
            load.wait_for(200)
            before = list(load.acknowledged)
            said = run("backup", file, "--data", data)
            load.wait_for(50)
            assert "all is well" in run("verify", "--data", data)
            assert "all is well" in run("check", "--data", data)
        finally:
            load.end()
        assert "read again and compared" in said
        run("restore", file, "--data", data, code=2)
    assert run("verify", file).endswith("all is well\n")

    run("restore", file, "--data", there)
    kept = [text for text in texts(there / "veche.db") if " says " in text]
    assert set(before) <= set(kept), "what was acknowledged before the backup began is in it"
    assert len(kept) == len(set(kept)), "nothing is there twice"
    # Nothing is missing in between either: of each writer it is all up to a moment.
    for writer in range(WRITERS):
        numbers = [int(text.split()[2].rstrip(".")) for text in kept if text.startswith(f"writer{writer} ")]
        assert numbers == list(range(1, len(numbers) + 1))
    with serving(there) as port, closing(Guest(port, "reader")) as guest:
        guest.say("CHATHISTORY LATEST #tea * 50")
        page = [line for line in guest.hear("BATCH -") if "PRIVMSG #tea" in line]
        assert [line.partition(" PRIVMSG #tea :")[2] for line in page] == kept[-50:]
        heard = ["INCOMPLETE"]  # the index is made anew
        while any("INCOMPLETE" in line for line in heard):
            guest.say("SEARCH :in=#tea;text=writer1;limit=20")
            heard = guest.hear("BATCH -")
        assert len([line for line in heard if " PRIVMSG #tea " in line]) == 20, heard
        guest.say("PRIVMSG #tea :written on")
        guest.hear("written on")
    assert "all is well" in run("verify", "--data", there)


def test_a_backup_that_is_killed_leaves_no_file_and_no_harm(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "backup.db"
    fill(data, 60_000)
    chance = random.Random(7)
    with serving(data) as port:
        load = Load(port)
        try:
            for _ in range(4):
                with subprocess.Popen(
                    [*SERVER, "db", "backup", str(file), "--data", str(data)],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=ENVIRONMENT,
                ) as process:
                    time.sleep(chance.uniform(0.3, 1.0))
                    process.kill()
                    process.wait()
                load.wait_for(20)
                if file.exists():  # it was quicker
                    assert "all is well" in run("verify", file)
                    file.unlink()
            run("backup", file, "--data", data)
        finally:
            load.end()
    assert "all is well" in run("verify", file)
    assert not file.with_name("backup.db.part").exists()
