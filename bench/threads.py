"""The chat that this project grew from, as a model: a thread for each client, blocking sockets, one list of everybody.

    python -m bench.threads PORT

Whoever is read from in a thread is written for in the same thread: it goes through the list of members and sends to
each of them, and waits where a socket takes no more. Two things are other than they were there, and cost little: lines
end in a newline, since without any framing nothing can be counted; and a lock stands before each socket, since without
one two threads may put a line into the middle of another. It knows what bench/model.py knows, which is the same work
done by an event loop.
"""

from __future__ import annotations

import socket
import sys
import threading


class Room:
    """Everybody who has joined, and one lock around the list."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.members: list[Client] = []

    def enter(self, client: Client) -> None:
        with self.lock:
            self.members.append(client)

    def leave(self, client: Client) -> None:
        with self.lock:
            if client in self.members:
                self.members.remove(client)

    def broadcast(self, data: bytes, sender: Client | None) -> None:
        with self.lock:
            members = list(self.members)
        for member in members:
            if member is not sender:
                member.send(data)


class Client:
    """One client and the thread that waits for what it says."""

    def __init__(self, sock: socket.socket, room: Room) -> None:
        self.socket = sock
        self.room = room
        self.lock = threading.Lock()
        self.nick = b""

    def send(self, data: bytes) -> None:
        try:
            with self.lock:
                self.socket.sendall(data)
        except OSError:
            self.room.leave(self)

    def serve(self) -> None:
        tail = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.room.leave(self)
                self.socket.close()
                return
            lines = (tail + data).split(b"\n")
            tail = lines.pop()
            for line in lines:
                self.take(line.rstrip(b"\r"))

    def take(self, line: bytes) -> None:
        command, _, rest = line.partition(b" ")
        if command == b"PRIVMSG":
            target, _, text = rest.partition(b" ")
            self.room.broadcast(b":%b!user@host PRIVMSG %b %b\r\n" % (self.nick, target, text), self)
        elif command == b"NICK":
            self.nick = rest
        elif command == b"USER":
            self.send(b":model 001 %b :hello\r\n:model 376 %b :end\r\n" % (self.nick, self.nick))
        elif command == b"JOIN":
            self.room.enter(self)
            self.room.broadcast(b":%b!user@host JOIN %b\r\n" % (self.nick, rest), None)
            self.send(b":model 366 %b %b :end\r\n" % (self.nick, rest))
        elif command == b"PING":
            self.send(b"PONG %b\r\n" % rest)


def main(port: int) -> None:
    """Serve until the process is ended."""
    room = Room()
    with socket.create_server(("127.0.0.1", port), backlog=4096) as door:
        while True:
            sock, _ = door.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Client(sock, room).serve, daemon=True).start()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(int(sys.argv[1]))
