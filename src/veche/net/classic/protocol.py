"""The classic door's socket and timers. All judgement is in `session`.

The rule: a visitor costs nobody else anything. He writes to the engine through the same budget as everyone, what he
does not read counts as the engine's send queue does, and a bug in his translation ends him alone.
"""

import asyncio
import logging
import secrets
import socket
from typing import cast

from veche.core.session import Session
from veche.net.classic.parcels import GAP_SECONDS, Parcels
from veche.net.classic.session import GREETING, ClassicSession
from veche.net.peer import peer_address
from veche.net.shell import Shell
from veche.net.tcp import TransportEnd, describe_loss

# An old client answers the greeting at once. Whoever has not after this long is a person who may need a word.
PROMPT_SECONDS = 3.0
# The door answers the engine's PINGs for its visitors; whether they are still there is for TCP to find out.
_KEEPALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}

_log = logging.getLogger("veche.classic")


class ClassicProtocol(asyncio.Protocol):
    """One visitor's connection."""

    def __init__(self, shell: Shell, door: str) -> None:
        settings = shell.engine.settings
        self._shell = shell
        self._door = door
        self._session: Session | None = None
        self._transport: asyncio.Transport | None = None
        self._pipe: _VisitorPipe | None = None
        self._parcels = Parcels()
        self._translator = ClassicSession(
            settings.lobby,
            "ru" if settings.language == "ru" else "en",
            settings.nick_length,
            1000 + secrets.randbelow(9000),
            shell.engine.clock.now,
        )
        self._quiet: asyncio.TimerHandle | None = None
        self._prompt: asyncio.TimerHandle | None = None
        self._gap: asyncio.TimerHandle | None = None
        self._passing_on = False

    # ---- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce the visitor to the engine, and greet him."""
        self._transport = cast(asyncio.Transport, transport)
        _prepare(transport.get_extra_info("socket"))
        self._pipe = _VisitorPipe(self, self._transport, self._shell.loop)
        self._session = self._shell.engine.connect(self._pipe, peer_address(transport), self._door)
        if self._session is not None:
            self._write(GREETING)
            self._prompt = self._shell.loop.call_later(PROMPT_SECONDS, self._prompt_is_due)
        self._shell.touch()

    def data_received(self, data: bytes) -> None:
        """Bytes of the visitor."""
        if self._session is not None and not self._session.ended:
            self._translator.receive(data)
            self._after()

    def eof_received(self) -> bool:
        """He will say nothing more, but may wait to read, as `printf ... | nc` does."""
        if self._session is None or self._session.ended:
            return False
        self._translator.finished()
        self._after()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the engine."""
        for timer in (self._quiet, self._prompt, self._gap):
            if timer is not None:
                timer.cancel()
        if self._session is not None:
            self._shell.engine.closed(self._session, describe_loss(error))
            self._session = None
            self._shell.touch()

    # ---- what the engine's pipe calls

    def hear(self, data: bytes) -> None:
        """The engine has written: now, or inside the turn in which it was called."""
        try:
            self._translator.hear(data)
        except Exception:
            # A bug: it costs this visitor his connection and nobody else anything.
            _log.exception("bug: cannot translate for %r", self._session)
            if self._transport is not None:
                self._transport.abort()
            return
        self._deliver()
        if not self._passing_on:
            # Not now: the engine is in the middle of writing to everybody.
            self._passing_on = True
            self._shell.loop.call_soon(self._pass_on)

    def waiting(self) -> int:
        """Bytes of his that wait for their turn."""
        return self._parcels.size

    def write_all(self) -> None:
        """The connection ends: what waits goes out at once, glued as it may be."""
        self._write(self._parcels.take_all())

    def _write(self, data: bytes) -> None:
        """Bytes for the visitor; when our side is shut they are dropped."""
        if data and self._transport is not None and self._pipe is not None and self._pipe.is_open:
            self._transport.write(data)

    # ---- turns

    def _after(self) -> None:
        """Something has happened on the visitor's side: look what has become due."""
        self._write(self._translator.take_replies())
        self._deliver()
        self._pass_on()
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        if self._translator.wait:
            self._quiet = self._shell.loop.call_later(self._translator.wait, self._is_quiet)

    def _is_quiet(self) -> None:
        self._quiet = None
        self._translator.quiet()
        self._after()

    def _prompt_is_due(self) -> None:
        self._prompt = None
        self._translator.prompt()
        self._deliver()

    def _pass_on(self) -> None:
        """Give the engine what the visitor has caused."""
        self._passing_on = False
        session = self._session
        if session is None:
            return
        engine = self._shell.engine
        lines = self._translator.take_lines_for_engine()
        if lines:
            engine.receive(session, lines)
        if self._translator.ending:
            engine.end(session, self._translator.ending)
        elif self._translator.has_finished and not session.finished:
            engine.finished(session)
        self._shell.touch()

    def _deliver(self) -> None:
        """Write what the visitor is owed, or queue it for a client that needs one read for each message."""
        messages = self._translator.take_messages()
        if not messages or self._pipe is None or not self._pipe.is_open:
            return
        if self._translator.uses_lines or self._translator.is_nameless:
            self.write_all()
            end = self._translator.line_end
            text = "".join(message.replace("\n", end) + end for message in messages)
            self._write(text.encode(errors="replace"))
            return
        for message in messages:
            self._parcels.put(message)
        if self._gap is None:
            self._send_parcel()

    def _send_parcel(self) -> None:
        self._gap = None
        parcel = self._parcels.take()
        if parcel and self._pipe is not None and self._pipe.is_open:
            self._write(parcel)
            self._gap = self._shell.loop.call_later(GAP_SECONDS, self._send_parcel)


class _VisitorPipe(TransportEnd):
    """The engine's writing end of a visitor (ports.Pipe): what it writes is translated."""

    __slots__ = ("_protocol",)

    def __init__(
        self, protocol: ClassicProtocol, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(transport, loop)
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        """IRC lines for the visitor."""
        self._protocol.hear(data)

    def waiting(self) -> int:
        """Bytes that the kernel has not taken, and those that wait for their turn."""
        return super().waiting() + self._protocol.waiting()

    def close(self) -> None:
        """Send what waits, then close."""
        self._protocol.write_all()
        super().close()


def _prepare(sock: socket.socket | None) -> None:
    """Send small messages at once, and find out about visitors whose machine has vanished."""
    if sock is None or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        option = getattr(socket, name, None)  # not every system has every one of them
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
