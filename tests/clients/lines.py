"""A connection to a real server, line by line, for tests that say themselves what a client says."""

from __future__ import annotations

import socket
import ssl
import time
from base64 import b64decode, b64encode
from types import TracebackType

PATIENCE = 20.0


def trusting() -> ssl.SSLContext:
    """TLS with a server that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Line:
    """Somebody at a door; `address`: where a PROXY header says that he comes from."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, address: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address:
            self.socket.sendall(f"PROXY TCP4 {address} 127.0.0.1 1024 {port}\r\n".encode())
        self.certificate = b""
        if tls is not None:
            self.socket = wrapped = tls.wrap_socket(self.socket, server_hostname="irc.example")
            self.certificate = wrapped.getpeercert(binary_form=True) or b""
        self._lines = self.socket.makefile("rb")

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self.socket.close()

    def say(self, *lines: str) -> None:
        """Say lines in one piece."""
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        """The next line; "" when there is none any more."""
        return self._lines.readline().decode().rstrip("\r\n")

    def skip_to(self, *words: str) -> str:
        """The next line in which one of these is."""
        while line := self.hear():
            if any(word in line for word in words):
                return line
        raise AssertionError(f"the server has hung up before it said any of {words}")

    def register(self, nick: str) -> None:
        """Come in."""
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.skip_to(" 376 ", " 422 ")

    def ping(self) -> float:
        """How long a PING takes, in seconds."""
        began = time.monotonic()
        self.say("PING x")
        self.skip_to(" PONG ")
        return time.monotonic() - began

    def authenticate(self, data: bytes) -> str:
        """One message of a mechanism; what the server says to it."""
        text = b64encode(data).decode()
        pieces = [text[start : start + 400] for start in range(0, len(text), 400)] or ["+"]
        self.say(*(f"AUTHENTICATE {piece}" for piece in pieces))
        return self.skip_to("AUTHENTICATE ", " 90")

    def by_plain(self, account: str, password: str) -> str:
        """A login: 900, or why not."""
        self.say("AUTHENTICATE PLAIN")
        self.skip_to("AUTHENTICATE +")
        return self.authenticate(f"\0{account}\0{password}".encode())


def challenge_in(line: str) -> bytes:
    """What the server says in AUTHENTICATE."""
    assert line.startswith("AUTHENTICATE "), line
    return b64decode(line.removeprefix("AUTHENTICATE "))
