"""IRC over WebSocket: one line is one message. Frames are in frames.py, the HTTP in front of them in web.py.

The rule: towards the engine this is a connection like any other; that lines travel in frames is known here alone.

Source: IRCv3 websocket; RFC 6455.
"""

import asyncio
import logging

from veche.core.session import Session
from veche.net.frames import (
    BINARY,
    CLOSE,
    NORMAL,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    LineFrames,
    close_frame,
    control_frame,
)
from veche.net.peer import Peer
from veche.net.shell import Shell
from veche.net.tcp import TransportEnd, describe_loss

TEXT_PROTOCOL = "text.ircv3.net"
BINARY_PROTOCOL = "binary.ircv3.net"
# Seconds of silence after which a ping keeps proxies on the way from hanging up; theirs is often 60.
QUIET_SECONDS = 45.0
# Control frames and empty messages cost what commands cost; this far in debt (seconds) their sender is ended.
_MOST_DEBT = 30.0

_log = logging.getLogger("veche.web")

_FRAMES = {TEXT: LineFrames(TEXT), BINARY: LineFrames(BINARY)}


def choose_protocol(offered: list[str]) -> str:
    """The subprotocol to agree to: the first that we speak, since the client names the best first; "" for none.

    websocket: "The server MUST accept any subprotocol it supports, respecting the client's order of preference."
    """
    return next((name for name in offered if name in (TEXT_PROTOCOL, BINARY_PROTOCOL)), "")


class WebSocketPipe(TransportEnd):
    """The writing end: lines in, frames out (ports.Pipe)."""

    __slots__ = ("_frames",)

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, opcode: int) -> None:
        super().__init__(transport, loop)
        self._frames = _FRAMES[opcode]

    def write(self, data: bytes) -> None:
        """Hand over lines, each with its CR LF."""
        if self.is_open:
            self._transport.write(self._frames.of(data))

    def control(self, frame: bytes) -> None:
        """Hand over a control frame."""
        if self.is_open:
            self._transport.write(frame)

    def close(self) -> None:
        """Say goodbye in WebSocket, and close when it is sent.

        RFC 6455, 7.1.1: the server closes the TCP connection first, and need not wait for the client's goodbye.
        """
        self.control(close_frame(NORMAL))
        super().close()


class WebSocketProtocol(asyncio.Protocol):
    """One WebSocket, from the moment that both sides have agreed to it. While it lasts it is one of `sockets`."""

    __slots__ = ("_budget", "_pipe", "_reader", "_session", "_shell", "_sockets", "heard")

    def __init__(
        self,
        shell: Shell,
        transport: asyncio.Transport,
        peer: Peer,
        protocol: str,
        sockets: "set[WebSocketProtocol]",
    ) -> None:
        self._shell = shell
        self._sockets = sockets
        sockets.add(self)
        self._reader = FrameReader()
        self._budget = 0.0  # when the control frames so far are paid off, as commands are (monotonic)
        self._pipe = WebSocketPipe(transport, shell.loop, BINARY if protocol == BINARY_PROTOCOL else TEXT)
        self.heard = shell.loop.time()
        self._session: Session | None = shell.engine.connect(
            self._pipe,
            peer.address,
            "web",
            secure=peer.secure,
            certificate=peer.certificate,
            server_name=peer.server_name,
            binding=peer.binding,
            admitted=peer.admitted,
        )
        shell.touch()

    def data_received(self, data: bytes) -> None:
        """Pass on what is in the frames."""
        session = self._session
        if session is None:
            return
        self.heard = self._shell.loop.time()
        try:
            found = self._reader.receive(data)
        except FrameError as error:
            self._break_off(error.code, str(error))
            return
        lines = []
        goodbye: bytes | None = None
        for opcode, payload in found:
            if opcode <= BINARY and payload:
                lines.append(_line_of(payload))
            elif opcode == CLOSE:
                goodbye = payload
                break
            else:
                self._control(session, opcode, payload)
        if lines:
            self._shell.engine.receive(session, b"".join(lines))
        if goodbye is not None:
            # Section 5.5.1: "the endpoint typically echos the status code it received"
            self._pipe.control(control_frame(CLOSE, goodbye[:2]))
            self._lose("Connection closed")
        self._shell.touch()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the engine."""
        self._sockets.discard(self)
        self._lose(describe_loss(error))

    def keep_alive(self, now: float) -> None:
        """To be called every so often (monotonic time of the loop): ping who has been silent for long."""
        if now - self.heard > QUIET_SECONDS:
            self.heard = now
            self._pipe.control(control_frame(PING))

    def _control(self, session: Session, opcode: int, payload: bytes) -> None:
        """A control frame, or an empty message: answered, and paid for like a command, from a purse of its own: who has
        much to say must not be thrown out for the pings of his browser."""
        engine = self._shell.engine
        flood = engine.flood
        if flood is not None:
            now = engine.clock.monotonic()
            self._budget = flood.spend(self._budget, now, 1.0)
            if self._budget - now > _MOST_DEBT:
                engine.end(session, "Excess Flood")
                return
        if opcode == PING:
            self._pipe.control(control_frame(PONG, payload))

    def _break_off(self, code: int, reason: str) -> None:
        """The peer broke the protocol."""
        _log.debug("WebSocket broke off: %s", reason)
        self._pipe.control(close_frame(code, reason))
        self._lose(f"Protocol error: {reason}")

    def _lose(self, reason: str) -> None:
        session, self._session = self._session, None
        if session is not None:
            if not session.ended:
                self._pipe.close_both()
            self._shell.engine.closed(session, reason)
            self._shell.touch()


def _line_of(message: bytes) -> bytes:
    """One line of the stream that the engine reads.

    A line end at the end is forgiven; one inside would make two lines of one message, so the reader is to refuse it.
    """
    line = message.rstrip(b"\r\n")
    return (line.replace(b"\n", b"\r") if b"\n" in line else line) + b"\r\n"
