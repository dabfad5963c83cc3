"""Messages between processes of one server, with open files in their hands: JSON, a line each, over a local socket.

The rule: whoever is at the other end was started by us, so what it says is believed, but not that it still reads: what
cannot be written at once ends the connection, and nobody waits.
"""

import array
import asyncio
import json
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

Message = dict[str, Any]
# Bytes of one message at most, and descriptors with it.
LONGEST = 65_536
MOST_FILES = 16


def write(sock: socket.socket, message: Message, files: Sequence[int] = ()) -> None:
    """Send one message; the receiver gets copies of the files. Raises OSError (BlockingIOError: it does not read)."""
    data = json.dumps({**message, "files": len(files)}).encode() + b"\n"
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    sent = sock.sendmsg([data], ancillary)
    if sent < len(data):
        sock.sendall(data[sent:])


class Inbox:
    """What has arrived, put together again."""

    __slots__ = ("_data", "_files")

    def __init__(self) -> None:
        self._data = b""
        self._files: deque[int] = deque()

    def read(self, sock: socket.socket) -> list[tuple[Message, list[int]]] | None:
        """What can be read now, each message with its files, which are the caller's from now on; None at the end.

        Raises BlockingIOError where there is nothing yet.
        """
        try:
            data, files, flags, _address = socket.recv_fds(sock, LONGEST, MOST_FILES)
        except ConnectionError:
            return None
        self._files.extend(files)
        for file in files:
            os.set_inheritable(file, False)
        if not data or flags & socket.MSG_CTRUNC or len(self._data) > LONGEST:
            return None
        *lines, self._data = (self._data + data).split(b"\n")
        found = []
        for line in lines:
            message: Message = json.loads(line)
            found.append((message, [self._files.popleft() for _ in range(message.pop("files", 0))]))
        return found

    def close(self) -> None:
        """Nobody will take what is left."""
        while self._files:
            os.close(self._files.popleft())


class Handover:
    """One end of such a connection in an event loop: `hear(message, files)` for what comes, `lost()` once, at the end.

    `ask` waits for the answer, which is the message of the same "id".
    """

    def __init__(
        self, sock: socket.socket, hear: Callable[[Message, list[int]], None], lost: Callable[[], None]
    ) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._hear = hear
        self._lost = lost
        self._inbox = Inbox()
        self._loop = asyncio.get_running_loop()
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._number = 0
        self.is_open = True
        self._loop.add_reader(sock.fileno(), self._read)

    def tell(self, message: Message, files: Sequence[int] = ()) -> None:
        """Say something. Nothing happens when the connection is over."""
        if not self.is_open:
            return
        try:
            write(self._sock, message, files)
        except OSError:
            self.close()

    async def ask(self, message: Message, files: Sequence[int] = ()) -> Message:
        """Say something and wait for the answer. Raises ConnectionError when there will be none."""
        if not self.is_open:
            raise ConnectionError("the other process has gone")
        self._number += 1
        future: asyncio.Future[Message] = self._loop.create_future()
        self._asked[self._number] = future
        self.tell({**message, "id": self._number}, files)
        return await future

    def close(self) -> None:
        """End the connection."""
        if not self.is_open:
            return
        self.is_open = False
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        self._inbox.close()
        for future in self._asked.values():
            if not future.done():
                future.set_exception(ConnectionError("the other process has gone"))
        self._asked.clear()
        self._loop.call_soon(self._lost)

    def _read(self) -> None:
        try:
            heard = self._inbox.read(self._sock)
        except BlockingIOError:
            return
        if heard is None:
            self.close()
            return
        for message, files in heard:
            future = self._asked.pop(message.get("answers", 0), None)
            if future is None:
                self._hear(message, files)
            elif not future.done():
                future.set_result(message)
