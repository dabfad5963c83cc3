"""A tiny IRC server for the checker's own tests: one file of history, and a fault of your choice.

It is as simple as it can be and promises nothing; what matters is that it can break each promise on command.

    python fake_server.py --data DIR --port PORT [--fault NAME]
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import signal
import sys
from pathlib import Path

from veche.wire.message import Message, parse

FAULTS = (
    *(
        "none",
        "lose",
        "repeat",
        "swap",
        "rename",
        "retime",
        "deliver-first",
        "answer-twice",
        "mute",
        "leave-out",
    ),
    *(
        "deliver-twice",
        "fade",
        "refuse-but-keep",
        "deaf",
        "bad-exit",
        "silent-exit",
        "never-ready",
        "no-history",
    ),
)
EVERY = 20  # the fault strikes every twentieth message


class Line:
    """One message of a room."""

    def __init__(self, room: str, sender: str, text: str, number: int) -> None:
        self.room, self.sender, self.text, self.number = room, sender, text, number
        self.msgid = f"id{number}"
        self.time = f"2030-01-01T00:{number // 60000 % 60:02}:{number // 1000 % 60:02}.{number % 1000:03}Z"

    def __str__(self) -> str:
        return f"time={self.time};msgid={self.msgid} :{self.sender}!u@h PRIVMSG {self.room} :{self.text}\r\n"


class Server:
    def __init__(self, data: Path, fault: str) -> None:
        self.fault = fault
        self.path = data / "log"
        self.rooms: dict[str, list[Client]] = {}
        self.clients: list[Client] = []
        self.lines: list[Line] = []
        data.mkdir(exist_ok=True)
        self.path.touch()
        content = self.path.read_bytes()
        os.truncate(
            self.path, content.rfind(b"\n") + 1
        )  # a line that the last kill cut off was never answered
        for raw in self.path.read_text().splitlines():
            number, room, sender, text = raw.split(" ", 3)
            self.lines.append(Line(room, sender, text, int(number)))
        if fault == "fade" and len({line.room for line in self.lines}) > 1:
            del self.lines[10]
        self.count = itertools.count(self.lines[-1].number + 1 if self.lines else 1)
        self.file = self.path.open("ab", buffering=0)

    def store(self, *lines: Line) -> bool:
        size = os.fstat(self.file.fileno()).st_size
        content = b"".join(
            f"{line.number} {line.room} {line.sender} {line.text}\n".encode() for line in lines
        )
        try:
            complete = self.file.write(content) == len(content)
        except OSError:
            complete = False
        if complete:
            self.lines.extend(lines)
        else:
            self.file.truncate(size)
        return complete

    def say(self, client: "Client", room: str, text: str, label: str) -> None:
        number = next(self.count)
        line = Line(room, client.nick, text, number)
        strikes = self.fault if number % EVERY == 0 else ""
        if strikes == "mute":
            self.store(line)
            return
        lines = [] if strikes == "lose" else [line, line] if strikes == "repeat" else [line]
        if self.fault == "deliver-first":
            asyncio.get_running_loop().call_later(0.05, self.store, line)
        elif not self.store(*lines) or strikes == "refuse-but-keep":
            client.put(f"@label={label} FAIL PRIVMSG INTERNAL_ERROR :not stored\r\n")
            return
        for member in self.rooms[room]:
            tags = f"label={label};" if member is client and label else ""
            if strikes == "leave-out" and member.nick.startswith("r"):
                continue
            is_double = strikes == ("answer-twice" if member is client else "deliver-twice")
            for _ in range(2 if is_double else 1):
                member.put(f"@{tags}{line}" if member.has_tags else str(line).partition(" ")[2])

    def history(self, room: str, question: list[str]) -> list[str]:
        lines = [line for line in self.lines if line.room == room]
        if self.fault == "swap" and len(lines) > 1:
            lines[0], lines[1] = lines[1], lines[0]
        which, mark, limit = question[0], question[2], int(question[3])
        place = next((index for index, line in enumerate(lines) if mark == f"msgid={line.msgid}"), None)
        if which == "AFTER":
            lines = lines[0 if place is None else place + 1 :][:limit]
        else:
            lines = lines[: len(lines) if place is None else place][-limit:]
        texts = [str(line) for line in lines]
        if self.fault == "rename":
            texts = [text.replace("msgid=id", "msgid=other") for text in texts]
        if self.fault == "retime":
            texts = [text.replace("2030-", "2031-") for text in texts]
        return texts


class Client(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.nick = "*"
        self.has_tags = False
        self.tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.server.clients.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.clients.remove(self)
        for members in self.server.rooms.values():
            if self in members:
                members.remove(self)

    def put(self, text: str) -> None:
        self.transport.write(text.encode())

    def data_received(self, data: bytes) -> None:
        *lines, self.tail = (self.tail + data).split(b"\r\n")
        for line in lines:
            self.take(parse(line.decode()))

    def take(self, message: Message) -> None:
        server = self.server
        match message.command, message.params:
            case "CAP", ["REQ", names]:
                self.has_tags = True
                self.put(f":fake CAP * ACK :{names}\r\n")
            case "NICK", [nick]:
                self.nick = nick
                self.put(
                    f":fake 001 {nick} :hi\r\n:fake 005 {nick} CHATHISTORY=50 :are\r\n:fake 422 {nick} :no\r\n"
                )
            case "JOIN", [room]:
                server.rooms.setdefault(room, []).append(self)
                self.put(f":fake 366 {self.nick} {room} :end\r\n")
            case "PART", [room]:
                server.rooms[room].remove(self)
            case "PING", [token]:
                self.put(f":fake PONG fake {token}\r\n")
            case "PRIVMSG", [room, text]:
                server.say(self, room, text, message.tags.get("label", ""))
            case "CHATHISTORY", _ if server.fault == "no-history":
                self.put("FAIL CHATHISTORY INVALID_TARGET :no\r\n")
            case "CHATHISTORY", [_, room, *_]:
                page = [f"@batch=b;{text}" for text in server.history(room, message.params)]
                self.put("".join([f"BATCH +b chathistory {room}\r\n", *page, "BATCH -b\r\n"]))


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", choices=FAULTS, default="none")
    options = parser.parse_args()
    if options.fault == "never-ready":
        print("what a pity", file=sys.stderr)
        return 3
    server = Server(options.data, options.fault)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Client(server), "127.0.0.1", options.port)
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, (lambda: None) if options.fault == "deaf" else end.set)
    print("ready")
    with contextlib.suppress(asyncio.CancelledError):
        await end.wait()
    for client in list(server.clients):
        if options.fault != "silent-exit":
            client.put("ERROR :bye\r\n")
        client.transport.close()
    await asyncio.sleep(0)
    return 1 if options.fault == "bad-exit" else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
