"""The client of the chat that this project grew from, as its protocol was described: for tests, and to be tried.

    python tests/net/old_client.py PORT NICK

It must not be mended: one `send()` is a message, one `recv(1024)` is a message, bytes that are no whole UTF-8 end it,
and it answers the exact read "NICK" with its name whenever that comes.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable


class OldClient:
    """A thread that reads, and a person who types."""

    def __init__(self, port: int, nick: str, show: Callable[[str], None] | None = None) -> None:
        self.nick = nick
        self.shown: list[str] = []  # one entry for each read, which this client takes for a message
        self.is_broken = False
        self._show = show
        self._heard = threading.Condition()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=None)
        self._reader = threading.Thread(target=self._read, name=f"old client {nick}", daemon=True)
        self._reader.start()

    def type(self, line: str) -> None:
        """What the person types, formatted as this client does."""
        if line.startswith("/tell"):
            message = f"TELL {self.nick} {line[6:]}"
        elif line.startswith("/list"):
            message = f"LIST {line[6:]}"
        elif line.startswith("/help"):
            message = f"HELP {line[6:]}"
        else:
            message = f"{self.nick}: {line}"
        self._socket.sendall(message.encode())

    def wait_for(self, text: str, seconds: float = 20.0) -> None:
        """Wait until something shown holds `text`. Raises AssertionError with everything shown."""
        with self._heard:
            if not self._heard.wait_for(lambda: any(text in message for message in self.shown), seconds):
                raise AssertionError(f"{text!r} did not come; shown: {self.shown}")

    def close(self) -> None:
        """Go away, as a killed program does."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(5)
        self._socket.close()

    def _read(self) -> None:
        while True:
            data = b""
            try:
                data = self._socket.recv(1024)
                message = data.decode("utf-8")
            except (OSError, UnicodeDecodeError):
                self.is_broken = True
                message = "Error Occurred while Connecting"
            if message == "NICK":
                self._socket.sendall(self.nick.encode())
                continue
            with self._heard:
                if message:  # the original goes round for ever at the end of the stream; nobody gains by that
                    self.shown.append(message)
                self._heard.notify_all()
            if message and self._show is not None:
                self._show(message)
            if self.is_broken or not data:
                return


def main() -> None:
    """Chat by hand."""
    client = OldClient(int(sys.argv[1]), sys.argv[2], print)
    for line in sys.stdin:
        client.type(line.rstrip("\n"))
        time.sleep(0)  # input() gives the reading thread its turn too
    client.close()


if __name__ == "__main__":
    main()
