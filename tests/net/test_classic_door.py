"""The classic door with real sockets: the old client as it was, people with nc, and visitors who do harm."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest

from tests.net.old_client import OldClient
from veche.app.features import FEATURES
from veche.core.engine import Engine
from veche.core.settings import Settings
from veche.net.classic.protocol import ClassicProtocol
from veche.net.listeners import listen_tcp, listen_unix
from veche.net.shell import Shell, SystemChance, SystemClock


class Door:
    """A server in this loop with a classic door, and what has been opened to it."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.settings.flood = False
        self.settings.connect_burst = 0
        self.port = 0
        self.shell = Shell(asyncio.get_running_loop())
        self.engine = Engine(FEATURES, self.settings, SystemClock(), SystemChance(), None, lambda _: "there")
        self.shell.drive(self.engine)
        self.old_clients: list[OldClient] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def old_client(self, nick: str) -> OldClient:
        """Somebody with the old client, who has arrived."""
        client = await asyncio.to_thread(OldClient, self.port, nick)
        self.old_clients.append(client)
        await reads(client, "Commands: /help")
        return client

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Somebody with nc, who has read the greeting."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        assert await asyncio.wait_for(reader.read(1024), 5) == b"NICK"
        return reader, writer


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    server = await listen_tcp(lambda: ClassicProtocol(door.shell, "classic"), "127.0.0.1", 0, "classic")
    door.port = server.sockets[0].getsockname()[1]
    yield door
    for client in door.old_clients:
        await asyncio.to_thread(client.close)
    for writer in door.writers:
        writer.close()
    server.close()
    async with asyncio.timeout(10):
        while door.engine.sessions:
            await asyncio.sleep(0.01)


async def reads(client: OldClient, text: str) -> None:
    await asyncio.to_thread(client.wait_for, text)


async def until(reader: asyncio.StreamReader, text: str) -> str:
    return (await asyncio.wait_for(reader.readuntil(text.encode()), 5)).decode()


async def test_old_clients_talk(door: Door) -> None:
    ann = await door.old_client("ann")
    assert ann.shown[:2] == ["ann has joined the Chat", "Connected to the Server!"]
    bob = await door.old_client("Боб")
    ann.type("hello")
    await reads(ann, "ann: hello")
    await reads(bob, "ann: hello")
    bob.type("/tell ann psst")
    await reads(ann, "Боб whispers: psst")
    bob.type("/list")
    await reads(bob, "Users in chatroom: ['ann', 'Боб']")
    bob.close()
    await reads(ann, "Боб has left the Chat!")
    # Each message came in a read of its own, and none with a newline behind it.
    assert ann.shown[-4:] == [
        "Боб has joined the Chat",
        "ann: hello",
        "Боб whispers: psst",
        "Боб has left the Chat!",
    ]
    assert not ann.is_broken


async def test_two_quick_messages_are_two(door: Door) -> None:
    ann = await door.old_client("ann")
    bob = await door.old_client("bob")
    for number in range(5):
        bob.type(f"message {number}")
    await reads(ann, "message 4")
    assert ann.shown[-5:] == [f"bob: message {number}" for number in range(5)]


async def test_a_burst_of_long_russian_text_neither_breaks_nor_tears_an_old_client(door: Door) -> None:
    ann = await door.old_client("ann")
    reader, writer = await door.connect()
    writer.write(b"bob\n")
    lines = [f"{number} " + "щ" * 180 for number in range(60)]
    writer.write("".join(line + "\n" for line in lines).encode())
    await until(reader, "bob: 59 ")
    await reads(ann, "bob: 59 ")
    shown = "\n".join(ann.shown).split("\n")
    assert [line for line in shown if line.startswith("bob: ")] == [f"bob: {line}" for line in lines]
    assert not ann.is_broken


async def test_a_person_with_nc(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(b"ann\r\n")
    assert (await until(reader, "Commands: /help\r\n")).startswith("ann has joined the Chat\r\nConnected")
    writer.write(b"hello\r\n")
    assert await until(reader, "hello\r\n") == "ann: hello\r\n"


async def test_what_is_piped_is_said_and_the_answers_are_read(door: Door) -> None:
    ann = await door.old_client("ann")
    reader, writer = await door.connect()
    writer.write("bob\nпривет\nпока".encode())
    writer.write_eof()
    said = (await asyncio.wait_for(reader.read(), 5)).decode()
    assert said.endswith("bob: привет\nbob: пока\nGoodbye!\n")
    await reads(ann, "bob has left the Chat!")


async def test_who_says_nothing_blocks_nobody_and_a_person_gets_a_word(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("veche.net.classic.protocol.PROMPT_SECONDS", 0.05)
    reader, _ = await door.connect()
    await door.old_client("ann")
    assert await until(reader, "Enter.\n") == "\nPlease type your name and press Enter.\n"


async def test_a_browser_is_told_and_closed(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: there\r\n\r\n")
    assert b"not for a browser" in await asyncio.wait_for(reader.read(), 5)
    assert not door.engine.world.users


async def test_a_megabyte_without_a_newline_is_refused(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(b"x" * (1 << 20))
    assert b"without a line end" in await asyncio.wait_for(reader.read(200), 5)


async def test_whoever_is_refused_at_the_door_is_told_why(door: Door) -> None:
    door.settings.connections_per_address = 1
    await door.connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    door.writers.append(writer)
    assert await asyncio.wait_for(reader.read(), 5) == (
        b"There are too many connections from your address. Close one of them and come again.\n"
    )


@pytest.mark.parametrize("frames", ["chunks", "lines"])
async def test_who_does_not_read_stops_nobody(door: Door, frames: str) -> None:
    """What a visitor leaves unread counts: he goes when it is too much, and the others have read everything."""
    door.settings.send_queue = door.engine.outboxes.limit = 20_000
    _, slow = await door.connect()
    slow.write(b"slow" if frames == "chunks" else b"slow\n")
    slow.transport.pause_reading()  # type: ignore[attr-defined] # a stream's transport reads
    async with asyncio.timeout(5):
        while "slow" not in door.engine.world.users_by_key:
            await asyncio.sleep(0.01)
    ann, writer = await door.connect()
    writer.write(b"ann\n")
    started = monotonic()
    count = 0
    while "slow" in door.engine.world.users_by_key:
        writer.write(f"{count} {'x' * 400}\n".encode() * 20)
        count += 20
        await until(ann, f"{count - 20} ")
        assert monotonic() - started < 20, "the slow one is still there"
    await until(ann, "slow has left the Chat!\n")


async def test_the_door_in_the_file_system(door: Door, tmp_path: Path) -> None:
    server = await listen_unix(
        lambda: ClassicProtocol(door.shell, "classic"), tmp_path / "classic", "classic"
    )
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "classic"))
    assert await reader.read(4) == b"NICK"
    writer.write(b"ann\n")
    assert re.match("ann has joined", await until(reader, "help\n"))
    writer.close()
    server.close()
