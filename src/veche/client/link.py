"""One socket with one session: moves bytes, keeps the time, and notices when the other side is gone.

The rule: it decides nothing about the chat. What it hears goes to `hear`, in order and at once; when the connection
ends for whatever reason, `lost` gets that reason, once.
"""

import asyncio
import ipaddress
import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from veche.client.errors import OutcomeUnknown
from veche.client.events import Answer, Answered, Event, ServerClosed
from veche.client.login import Account, Channel
from veche.client.registration import Identity, is_irc
from veche.client.session import Session
from veche.client.tls import END_POINT, certificate_of, end_point

# Why a connection ended, where nobody else says it better.
CLOSED = "the server closed the connection"
SILENT = "the server has fallen silent"
NO_ANSWER = "no answer"
NOT_IRC = "this is no IRC server"
NO_TLS = "it does not speak TLS"
NOT_TRUSTED = "nobody whom this machine trusts vouches for its certificate"
OTHER_CERTIFICATE = "it has another certificate than the one that is known"
# What is kept of a stranger's words, in bytes.
MOST_SAID = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait, in seconds.

    Reconnecting: `first_delay` before the first attempt, then twice as long each time up to `longest_delay`; from
    each delay a random part up to `jitter` of it is taken off, so that a thousand clients do not come back at once.
    `give_up_after` seconds without a connection it is given up (None: never).
    `patience` for a connection and for the answer to a PING, which is sent after `quiet` seconds without a word;
    `answer_patience` for the answer to an ask; `stranger_patience` for a first word of IRC after words that are none.
    """

    first_delay: float = 1.0
    longest_delay: float = 60.0
    jitter: float = 0.5
    give_up_after: float | None = None
    patience: float = 30.0
    quiet: float = 60.0
    answer_patience: float = 120.0
    stranger_patience: float = 3.0

    def delay(self, attempt: int, chance: float) -> float:
        """How long to wait before an attempt (0 is the first); `chance` is a random number from 0 to 1."""
        longest = min(self.longest_delay, self.first_delay * 2.0 ** min(attempt, 30))
        return longest * (1 - self.jitter * chance)


def reason_of_error(error: Exception) -> str:
    """ "Connection refused" rather than asyncio's "[Errno 111] Connect call failed ('127.0.0.1', 6667)", which for a
    name with several addresses is said for each of them.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    if isinstance(error, ssl.SSLError):
        # What a server without TLS says to the beginning of it, or does, is read as odd TLS.
        is_none = error.reason in {
            "WRONG_VERSION_NUMBER",
            "UNEXPECTED_EOF_WHILE_READING",
            "PACKET_LENGTH_TOO_LONG",
        }
        return NO_TLS if is_none else f"TLS: {error.reason or error}"
    number = re.search(r"\[Errno ([0-9]+)\]", str(error))
    if number:
        return os.strerror(int(number[1]))
    return str(getattr(error, "strerror", "") or error)


def _is_of_this_machine(transport: asyncio.BaseTransport) -> bool:
    """Whether a connection does not leave this machine, so that nobody on the way can read it."""
    peer = transport.get_extra_info("peername")
    try:
        return isinstance(peer, tuple) and ipaddress.ip_address(peer[0].partition("%")[0]).is_loopback
    except ValueError:
        return False


class Link(asyncio.Protocol):
    """One connection to the server, from open to lost."""

    def __init__(
        self,
        identity: Identity,
        *,
        clock: Callable[[], datetime],
        nonce: Callable[[], str],
        timing: Timing,
        hear: Callable[["Link", Event], None],
    ) -> None:
        self.session = Session(identity, clock=clock, nonce=nonce)
        self.certificate = b""  # the server's (DER), where there is TLS
        self.channel = Channel()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_choosing = False  # a person is being asked for another nick: the server's silence is no fault
        self.is_irc = False
        self.is_handed_over = False  # the socket was opened by somebody who answers for it
        self.said = b""  # the first words of a server that has not spoken IRC yet
        self._hear = hear
        self._timing = timing
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reason = ""
        self._heard_at = self._loop.time()
        self._pinged = False
        self._asked_at: dict[str, float] = {}
        self._private: dict[str, asyncio.Future[Answer]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._verdict: asyncio.TimerHandle | None = None

    # --- what we say ---

    def start(self, *, may_say_password: bool) -> None:
        """Begin registration; `may_say_password` even where others can read it."""
        if may_say_password:
            self.channel = replace(self.channel, is_private=True)
        self.session.start(self.channel)
        self.flush()

    def login(self, account: Account) -> None:
        """Log in, when we are in already."""
        self._deliver(self.session.login(account))
        self.flush()

    def ask(
        self,
        command: str,
        *params: str,
        once: str = "",
        edit: str = "",
        about: Mapping[str, str] | None = None,
    ) -> str:
        """Ask now; the answer is heard as `Answered`. Raises ValueError for what cannot be written in a line."""
        label = self.session.ask(command, *params, once=once, edit=edit, about=about)
        self._asked_at[label] = self._loop.time()
        self.flush()
        return label

    async def ask_aside(self, command: str, *params: str) -> Answer:
        """Ask for the library's own needs: `hear` does not get the answer. Raises OutcomeUnknown after too long."""
        label = self.ask(command, *params)
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._private[label] = future
        try:
            answer = await future
        finally:
            self._private.pop(label, None)
        if not answer.is_complete:
            raise OutcomeUnknown(f"no answer to {command}")
        return answer

    def flush(self) -> None:
        """Send what the session has to say."""
        data = self.session.take_output()
        if data and self._transport is not None:
            self._transport.write(data)

    def end(self, reason: str) -> None:
        """Close the socket without a farewell."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._heard_at = self._loop.time()
        self.certificate = certificate_of(transport)
        data = end_point(self.certificate)
        self.channel = Channel(
            is_private=bool(self.certificate) or self.is_handed_over or _is_of_this_machine(transport),
            binding=(END_POINT, data) if data is not None else None,
        )
        self._schedule()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._heard_at = self._loop.time()
        self._pinged = False
        if not self.is_irc:
            self._look_whether_irc(data)
        self._deliver(self.session.receive(data))
        self.flush()

    def eof_received(self) -> bool:
        """The server has closed its side; so do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        for timer in (self._timer, self._verdict):
            if timer is not None:
                timer.cancel()
        if not self.lost.done():
            self.lost.set_result(self._reason or (reason_of_error(exc) if exc else CLOSED))

    # --- ---

    def _look_whether_irc(self, data: bytes) -> None:
        self.said = (self.said + data)[:MOST_SAID]
        self.is_irc = is_irc(self.said)
        if self.is_irc:
            self.said = b""
            if self._verdict is not None:
                self._verdict.cancel()
        elif self._verdict is None:
            self._verdict = self._loop.call_later(self._timing.stranger_patience, self.end, NOT_IRC)

    def _deliver(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ServerClosed):
                self._reason = event.reason
            if isinstance(event, Answered):
                self._asked_at.pop(event.label, None)
                future = self._private.get(event.label)
                if future is not None:
                    if not future.done():
                        future.set_result(event.answer)
                    continue
            self._hear(self, event)

    def _schedule(self) -> None:
        pause = min(self._timing.quiet, self._timing.patience) / 2
        self._timer = self._loop.call_later(pause, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        silence = now - self._heard_at
        if silence >= self._timing.quiet + self._timing.patience and not self.is_choosing:
            self.end(SILENT)
            return
        if silence >= self._timing.quiet and self.session.is_registered and not self._pinged:
            self._pinged = True
            self.ask("PING", "alive")
        overdue = [label for label, at in self._asked_at.items() if now - at >= self._timing.answer_patience]
        for label in overdue:
            del self._asked_at[label]
            self._deliver(self.session.give_up(label))
        self._schedule()
