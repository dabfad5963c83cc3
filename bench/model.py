"""A relay without rules: what a chat in Python costs at least, to compare with. Not a server.

    python -m bench.model [--asyncio] PORT [FILE]

Lines are rendered once, everybody gets the same bytes, and each session is written to once a turn. With FILE, a SQLite
database, every message is committed to it, and synced, before anybody sees it: what arrives during a commit is the
next batch, which is one INSERT in a thread of its own. NICK, USER, JOIN, PRIVMSG, PING; no limits, and no errors.
With --asyncio the loop is the standard library's, else uvloop.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
from pathlib import Path
from typing import cast

import uvloop

Message = tuple["Session", bytes, bytes]  # who, where, the line


class Relay:
    """Who is here, and what is owed to whom."""

    def __init__(self, loop: asyncio.AbstractEventLoop, path: Path | None) -> None:
        self.loop = loop
        self.people: dict[bytes, Session] = {}
        self.rooms: dict[bytes, set[Session]] = {}
        self.owed: list[Session] = []
        self.said: list[Message] = []
        self.is_committing = False
        self.batches: queue.SimpleQueue[list[Message]] | None = None
        if path is not None:
            self.batches = queue.SimpleQueue()
            threading.Thread(target=self.write, args=(path, self.batches), daemon=True).start()

    def owe(self, session: Session, line: bytes) -> None:
        if not session.outbox:
            self.owed.append(session)
        session.outbox.append(line)

    def pay(self) -> None:
        owed, self.owed = self.owed, []
        for session in owed:
            outbox, session.outbox = session.outbox, []
            session.transport.write(outbox[0] if len(outbox) == 1 else b"".join(outbox))

    def say(self, message: Message) -> None:
        if self.batches is None:
            self.deliver(message)
            return
        self.said.append(message)
        if not self.is_committing:
            self.is_committing = True
            self.loop.call_soon(self.commit)

    def deliver(self, message: Message) -> None:
        sender, target, line = message
        if target[:1] != b"#":
            person = self.people.get(target)
            if person is not None:
                self.owe(person, line)
            return
        owed = self.owed
        for member in self.rooms.get(target, ()):
            if member is not sender:
                outbox = member.outbox
                if not outbox:
                    owed.append(member)
                outbox.append(line)

    def commit(self) -> None:
        assert self.batches is not None
        batch, self.said = self.said, []
        self.batches.put(batch)

    def committed(self, batch: list[Message]) -> None:
        for message in batch:
            self.deliver(message)
        self.pay()
        if self.said:
            self.commit()
        else:
            self.is_committing = False

    def write(self, path: Path, batches: queue.SimpleQueue[list[Message]]) -> None:
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("create table message (id integer primary key, target, sender, line)")
        while True:
            batch = batches.get()
            database.execute("begin")
            for start in range(0, len(batch), 500):
                some = batch[start : start + 500]
                rows = ",".join(["(?, ?, ?)"] * len(some))
                values = [value for sender, target, line in some for value in (target, sender.nick, line)]
                database.execute(f"insert into message (target, sender, line) values {rows}", values)
            database.execute("commit")
            self.loop.call_soon_threadsafe(self.committed, batch)


class Session(asyncio.Protocol):
    """One connection."""

    __slots__ = ("nick", "outbox", "prefix", "relay", "tail", "transport")
    transport: asyncio.Transport

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.outbox: list[bytes] = []
        self.tail = self.nick = self.prefix = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        self.relay.people.pop(self.nick, None)
        for members in self.relay.rooms.values():
            members.discard(self)

    def data_received(self, data: bytes) -> None:
        lines = (self.tail + data).split(b"\n")
        self.tail = lines.pop()
        relay = self.relay
        was_idle = not relay.owed
        for line in lines:
            self.take(relay, line.rstrip(b"\r"))
        if relay.owed and was_idle:
            relay.loop.call_soon(relay.pay)

    def take(self, relay: Relay, line: bytes) -> None:
        command, _, rest = line.partition(b" ")
        if command == b"PRIVMSG":
            target, _, text = rest.partition(b" ")
            relay.say((self, target, b":%b PRIVMSG %b %b\r\n" % (self.prefix, target, text)))
        elif command == b"NICK":
            self.nick, self.prefix = rest, rest + b"!user@host"
            relay.people[rest] = self
        elif command == b"USER":
            relay.owe(self, b":model 001 %b :hello\r\n:model 376 %b :end\r\n" % (self.nick, self.nick))
        elif command == b"JOIN":
            members = relay.rooms.setdefault(rest, set())
            members.add(self)
            for member in members:
                relay.owe(member, b":%b JOIN %b\r\n" % (self.prefix, rest))
            relay.owe(self, b":model 366 %b %b :end\r\n" % (self.nick, rest))
        elif command == b"PING":
            relay.owe(self, b"PONG %b\r\n" % rest)


async def main(port: int, path: Path | None) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    relay = Relay(loop, path)
    server = await loop.create_server(lambda: Session(relay), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--asyncio", port, *more]:
            asyncio.run(main(int(port), Path(more[0]) if more else None))
        case [port, *more]:
            uvloop.run(main(int(port), Path(more[0]) if more else None))
        case _:
            sys.exit(__doc__)
