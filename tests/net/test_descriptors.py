"""veche.net.descriptors: a crowd at the doors leaves some file descriptors to the record and the log."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.net.conftest import House
from veche.net import descriptors
from veche.net.descriptors import Gate, Reserve, allow_all
from veche.net.listeners import BACKLOG, backlog
from veche.net.tcp import IrcProtocol

WORDS = b"ERROR :The server is full, please try again later\r\n"
LIMIT = 160


def test_a_part_is_kept_and_of_many_not_too_many() -> None:
    assert Reserve(256).kept == 64
    assert Reserve(1 << 20).kept == 4096


def test_what_waits_at_the_doors_cannot_take_the_reserve() -> None:
    assert 8 <= backlog() <= min(BACKLOG, max(8, Reserve(allow_all()).kept // 4))


def test_allowing_all_is_done_once() -> None:
    assert allow_all() == allow_all() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


async def test_who_finds_room_is_let_in(house: House) -> None:
    reserve = Reserve(1 << 20)
    port = await house.open(lambda: Gate(reserve, WORDS, lambda: IrcProtocol(house.shell, "irc")))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"NICK ann\r\nUSER ann 0 * :ann\r\n")
    assert b" 001 ann " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_who_finds_none_is_told_so_and_no_protocol_is_made(house: House) -> None:
    def make() -> asyncio.Protocol:
        raise AssertionError("nothing is made for who is refused")

    port = await house.open(lambda: Gate(Reserve(0), WORDS, make))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await asyncio.wait_for(reader.read(), 5) == WORDS
    writer.close()


def test_the_log_is_told_once_in_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(descriptors, "time", type("Time", (), {"monotonic": staticmethod(lambda: now)}))
    reserve = Reserve(100)
    with caplog.at_level(logging.WARNING, "veche.net"):
        for _ in range(50):
            reserve.note_refusal()
        now += 61.0
        reserve.note_refusal()
    assert [record.getMessage()[:24] for record in caplog.records] == [
        "connections refused: 1; ",
        "connections refused: 50;",
    ]


# ---- a whole server that may open few files


class Crowd:
    """A server with `LIMIT` descriptors, whose config can be read again, and people."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "veche.toml"
        self.config.write_text('[server]\nname = "irc.example"\nmotd = "before"\n[lobby]\nroom = ""\n')
        self.output = folder / "output"
        doors = [
            *("--irc", "127.0.0.1:0", "--classic", "127.0.0.1:0", "--web", "127.0.0.1:0", "--ircs", "off"),
            *("--set", "limits.connections_per_address=0", "--set", "limits.connect_burst=0"),
            *("--config", str(self.config), "--data", str(folder / "data")),
        ]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["prlimit", f"--nofile={LIMIT}:{LIMIT}", sys.executable, "-m", "veche.app.server", *doors],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
        self.sockets: list[socket.socket] = []
        self.ports: dict[str, int] = {}

    def wait_until_ready(self) -> None:
        self.wait_for(lambda: "ready" in self.said)
        self.ports = {
            line.split()[0]: int(line.split()[1].rpartition(":")[2])
            for line in self.said.splitlines()
            if line.split()[:1] and line.split()[0] in {"irc", "classic", "web"}
        }

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wait_for(self, condition) -> None:  # type: ignore[no-untyped-def]
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.01)

    def connect(self, door: str = "irc") -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.ports[door]), 20)
        self.sockets.append(sock)
        return sock

    def enter(self, nick: str) -> socket.socket:
        sock = self.connect()
        sock.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nJOIN #tea\r\n".encode())
        hear(sock, b" 366 ")
        return sock


def hear(sock: socket.socket, what: bytes) -> bytes:
    """Read until this has come."""
    data = b""
    while what not in data:
        piece = sock.recv(65536)
        assert piece, data
        data += piece
    return data


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    crowd = Crowd(tmp_path)
    try:
        crowd.wait_until_ready()
        yield crowd
    finally:
        for sock in crowd.sockets:
            sock.close()
        crowd.process.terminate()
        code = crowd.process.wait(20)
    assert code == 0


@pytest.mark.slow
@pytest.mark.needs("linux", "prlimit")
def test_a_crowd_takes_nothing_from_those_who_are_in(crowd: Crowd) -> None:
    ann, bob = crowd.enter("ann"), crowd.enter("bob")
    hear(ann, b"JOIN")
    flood = [crowd.connect() for _ in range(LIMIT)]
    # Who comes last is answered last.
    assert hear(crowd.connect(), b"\n") == WORDS
    crowd.wait_for(lambda: crowd.open_files == LIMIT - Reserve(LIMIT).kept)
    refused = 0
    for sock in flood:
        sock.setblocking(False)
        try:
            assert sock.recv(1000) == WORDS
            refused += 1
        except BlockingIOError:
            pass
    assert LIMIT - refused + 10 < crowd.open_files < LIMIT - refused + 40, "the others have found room"
    # Those who are in talk, and what they say is kept.
    bob.sendall(b"PRIVMSG #tea :still here\r\n")
    assert b"still here" in hear(ann, b"still here")
    # The server opens files: here its config, read again.
    crowd.config.write_text(crowd.config.read_text().replace("before", "behind"))
    crowd.process.send_signal(signal.SIGHUP)

    def motd() -> bytes:
        ann.sendall(b"MOTD\r\n")
        return hear(ann, b" 376 ")

    crowd.wait_for(lambda: b"behind" in motd())
    # Other doors say no in their own words.
    assert hear(crowd.connect("web"), b"\r\n\r\n").startswith(b"HTTP/1.1 503 ")
    assert hear(crowd.connect("classic"), b"\n") == b"The server is full. Please try again later.\n"
    assert crowd.said.count("connections refused") == 1, crowd.said
    for sock in flood:
        sock.close()
    crowd.wait_for(lambda: crowd.open_files < 60)
    assert crowd.enter("cid")


def test_of_twenty_thousand_descriptors_nineteen_thousand_are_for_visitors() -> None:
    reserve = Reserve(20_000)
    assert reserve.limit - reserve.kept >= 19_050
    assert reserve.kept >= 800


@pytest.mark.parametrize(("limit", "kept"), [(64, 16), (1024, 256), (4096, 256), (1_000_000, 4096)])
def test_the_reserve_grows_with_what_there_is(limit: int, kept: int) -> None:
    assert Reserve(limit).kept == kept
