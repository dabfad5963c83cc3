"""The engine: the whole server without I/O. Bytes in through `receive`, bytes out through each session's pipe.

The rule: the shell around it calls `connect`, `receive`, `closed`, `run_timers` and, once per turn of its loop in which
any of these or the store called in, `turn_ends`. Nothing here blocks, and nothing here knows a socket.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from veche.core import dispatch
from veche.core.ask import Ask
from veche.core.behind import AT_ONCE, PAUSE, PAUSE_WHILE_MANY
from veche.core.fanout import Fanout
from veche.core.guesses import Guesses, Registrations
from veche.core.limits import Doorkeeper, Flood
from veche.core.log import Log
from veche.core.outbox import Outboxes
from veche.core.pieces import Pieces
from veche.core.registry import Registry
from veche.core.saved import restore
from veche.core.session import Session, Vouched
from veche.core.shared import SharedLog
from veche.core.timers import Timers
from veche.state.events import DeviceLeft, Fact, UserLeft
from veche.state.world import World
from veche.wire.lines import BadLine
from veche.wire.message import Message, parse

if TYPE_CHECKING:
    from veche.core.ports import (
        Administration,
        Chance,
        Clock,
        Mailer,
        Passwords,
        Pipe,
        Store,
        StoreError,
        Tokens,
    )
    from veche.core.registry import Command, Feature
    from veche.core.settings import Settings
    from veche.core.turns import Turns
    from veche.state.user import User

# How often silent and unregistered connections are looked for, in seconds.
SWEEP_SECONDS: Final = 5.0
_DAY: Final = 86_400_000  # ms
# Empty lines are not served, so no budget is asked for them; so many without anything between are no accident.
BLANK_LINES: Final = 1000
# Reading is resumed when the held lines have shrunk to this part of the queue.
_RESUME_PART: Final = 4

T = TypeVar("T")

_log = logging.getLogger("veche.engine")


class Engine:
    """One server process's heart. `cloak` turns an address into the host that others see.

    `journal` is for tests: a list of every fact that was applied. `turns`: the order shared with other nodes, if any.
    """

    def __init__(
        self,
        features: list[Feature],
        settings: Settings,
        clock: Clock,
        chance: Chance,
        store: Store | None,
        cloak: Callable[[str], str],
        *,
        journal: list[Fact] | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.chance = chance
        self.store = store
        self.cloak = cloak
        self.registry = Registry(features, settings)
        self.timers = Timers()
        self.pieces = Pieces(self)
        self.outboxes = Outboxes(settings.send_queue, self.end)
        self.fanout = Fanout(self.outboxes)
        self.world = World(self.fanout)
        self.log = Log(self.world, self.registry, self.fanout, store, clock, chance)
        if turns is not None and store is not None:
            log = SharedLog(self.world, self.registry, self.fanout, store, clock, chance, turns, self.timers)
            log.on_homeless = self._bereave
            self.log = log
        self.log.journal = journal
        if store is not None:
            if turns is None or not turns.standing.parcel:
                restore(self.log, store)
            self.log.keeps_events = settings.event_days > 0
            self.log.behind.keep = settings.event_days * _DAY
            self.log.on_behind = self._write_behind_later
            self.log.on_wait = self._pump_at
        self.log.on_bug = self._bug_in
        if self.registry.witnesses:
            self.log.on_applied = self._bear_witness
        self.log.on_unknown = self._outcome_unknown
        self.doorkeeper = Doorkeeper(settings)
        self.flood = Flood(settings.flood_burst, settings.flood_per_second) if settings.flood else None
        self.sessions: dict[Session, None] = {}
        self.resumable: list[Session] = []  # sessions whose held lines may go on at the end of this turn
        self.leaving: list[Session] = []  # sessions that ended in this turn and whose users must go
        self.started = clock.now()
        self.attached = 0  # sessions that speak for a user
        self.most_users = 0
        self.stopping = ""  # the reason, once the server is going down
        self.on_fatal: Callable[[StoreError], None] | None = None
        self.owner_code = ""  # what makes somebody the owner of the installation; "" where nothing does
        self.web_address = ""  # where the web door is for people, as http://HOST:PORT; "" where it is closed
        self.guesses = Guesses(settings)
        self.registrations = Registrations(settings)
        self.passwords: Passwords | None = None  # None: nobody proves anything by a password of his own
        self.tokens: Tokens | None = None  # None: nobody proves anything by a token of somebody else's
        self.mailer: Mailer | None = None  # None: the server sends no mail
        self.administration: Administration | None = None
        self._batches = 0
        self._shelf: dict[type, Any] = {}
        self.timers.at(clock.monotonic() + SWEEP_SECONDS, self._sweep)
        for feature in self.registry.features:
            if feature.begins is not None:
                feature.begins(self)

    # ---- what the shell calls

    def admit(self, address: str) -> str:
        """Count one more connection from an address and return "", or return why it is refused.

        For doors that have work to do before there is a session (a TLS handshake, an HTTP request), so that who is
        to be refused costs none of it. Every admission ends in `connect(..., admitted=True)` or in `give_up`.
        """
        for admits in self.registry.admits:
            if reason := admits(self, address):
                return reason
        return self.stopping or self.doorkeeper.admit(address, self.clock.monotonic())

    def give_up(self, address: str) -> None:
        """A connection that was admitted has gone before it became a session."""
        self.doorkeeper.release(address)

    def connect(
        self,
        pipe: Pipe,
        address: str,
        door: str,
        *,
        secure: bool = False,
        certificate: str = "",
        server_name: str = "",
        binding: bytes = b"",
        admitted: bool = False,
        vouched: Vouched | None = None,
    ) -> Session | None:
        """A connection has come in by a door; None if it was refused (told why and closed).

        `address` is the peer's IP address, or "" for a local socket. `secure`: nobody on the way can read along.
        `certificate` is the SHA-256 of the client's TLS certificate (64 lower-case hex digits), `server_name` the
        host name that it asked TLS for; "" for none. `binding`: see `Session.binding`. `admitted`: `admit` has counted
        it already. `vouched`: what the door has found out itself (SASL EXTERNAL).
        """
        now = self.clock.monotonic()
        reason = self.stopping if admitted else self.admit(address)
        if reason:
            if admitted:
                self.give_up(address)
            pipe.write(f"ERROR :{reason}\r\n".encode())
            pipe.close()
            return None
        session = Session(pipe, address, self.cloak(address), door, now, secure=secure)
        session.certificate = certificate
        session.server_name = server_name
        session.binding = binding
        session.vouched = vouched
        self.sessions[session] = None
        return session

    def move(self, session: Session, address: str) -> None:
        """A gateway that is trusted says where an unregistered session comes from: limits and host follow.

        The session is ended when that address is refused.
        """
        self.doorkeeper.release(session.address)
        reason = self.admit(address)
        if reason:
            # It still counts as one of all until it is gone, but not for an address that it is not to have.
            address = ""
            self.doorkeeper.admit(address, self.clock.monotonic())
        session.address = address
        session.host = self.cloak(address)
        if reason:
            self.end(session, reason)

    def receive(self, session: Session, data: bytes) -> None:
        """Bytes have come from a connection."""
        if session.ended:
            return
        session.heard = self.clock.monotonic()
        session.pinged = 0.0
        if session.unread:
            session.unread += data  # of what had been read when the reading stopped
        else:
            self._take(session, data)

    def finished(self, session: Session) -> None:
        """The peer has shut down its sending side: serve what was read, then close."""
        session.finished = True
        self.resumable.append(session)

    def closed(self, session: Session, reason: str) -> None:
        """A connection is gone, for the reason that the others shall read."""
        if session not in self.sessions:
            return
        del self.sessions[session]
        self.doorkeeper.release(session.address)
        if not session.ended:
            self._end(session, reason)

    def run_timers(self) -> None:
        """Something may be due: see `timers.next`."""
        self.timers.run(self.clock.monotonic())

    def turn_ends(self) -> None:
        """Everything that came in this turn has been received: judge, store, and write what is owed."""
        self.log.pump()
        while self.resumable:
            sessions = self.resumable
            self.resumable = []
            for session in sessions:
                self._resume(session)
            self.log.pump()
        self.outboxes.flush()
        while self.leaving:
            leaving = self.leaving
            self.leaving = []
            for session in leaving:
                self._let_go(session)
            self.log.pump()
            self.outboxes.flush()

    @property
    def is_idle(self) -> bool:
        """Whether everything that was read has been answered."""
        return self.log.is_idle and not any(s.held or s.in_flight for s in self.sessions)

    def _pump_at(self, when: float) -> None:
        self.timers.at(when, self.log.pump)

    def _write_behind_later(self) -> None:
        pause = PAUSE_WHILE_MANY if len(self.log.behind.rows) >= AT_ONCE else PAUSE
        self.timers.at(self.clock.monotonic() + pause, self.log.write_behind)

    def stop(self, reason: str) -> None:
        """The server goes down: no new connections, no new lines; what was read will be served (see `is_idle`)."""
        self.stopping = reason
        self.flood = None  # what is held for good manners alone is served now
        for session in self.sessions:
            session.pipe.pause_reading()
            session.reading_paused = True
            if session.held is not None:
                self.resumable.append(session)

    def say_goodbye(self) -> None:
        """End every session with the reason given to `stop`."""
        for session in list(self.sessions):
            self.end(session, self.stopping)
        self.outboxes.flush()

    # ---- what features call

    def end(self, session: Session, reason: str) -> None:
        """Tell a session why and close it. The others read the reason in its QUIT once the connection is gone."""
        if session.ended:
            return
        # Modern IRC, ERROR: sent "to report a fatal error, before terminating the client's connection"
        session.outbox.append(f"ERROR :{reason}\r\n".encode())
        data = b"".join(session.outbox)
        self._end(session, reason)
        if session.pipe.waiting() > self.settings.send_queue:
            session.pipe.abort()
        else:
            session.pipe.write(data)
            session.pipe.close()

    def _end(self, session: Session, reason: str) -> None:
        session.ended = True
        session.quitting = session.quitting or reason
        session.outbox.clear()
        session.held = None
        session.unread = b""
        # Not at once: whoever ends a session may be in the middle of walking through the world.
        self.leaving.append(session)

    def _let_go(self, session: Session) -> None:
        """An ended session ceases to speak for its user, once what it has said is done; a guest goes with it."""
        if session.user is not None and not session.leaving:
            self.leave(Ask(self, session, Message("QUIT", []), ""))

    def leave(self, ask: Ask, then: Callable[[Ask], None] | None = None) -> None:
        """A session leaves its user, who may have others; one whose last it was goes, with `session.quitting` for the
        others to read, unless he is one who stays. `then` is called when that has happened."""
        session = ask.session
        user = session.user
        if user is None:
            raise AssertionError("who speaks for nobody has nobody to leave")
        session.leaving = True
        # Who has just been logged out everywhere may still have sessions that are ending; and what stands in line may
        # make of a guest somebody who has others.
        has_others = len(self.fanout.sessions.get(user.uid, ())) > 1 or self.log.is_elsewhere(user.uid)
        if user.may_return or session.changing or has_others:
            self.log.commit(DeviceLeft(user.uid, session.device), ask, partial(_device_left, then))
        else:
            fact = UserLeft(user.uid, user.source, session.quitting)
            self.log.commit(fact, ask, partial(_user_left, then))

    def dismiss(self, user: User, reason: str) -> None:
        """One who stays without a device goes, unless a device of his is quicker."""
        self.log.commit(UserLeft(user.uid, user.source, reason, if_absent=True), None)

    def _bereave(self, user: User, reason: str) -> None:
        """The node is lost that a user's sessions were on: he goes, or stays without them."""
        if not any(lingers(self, None, user) for lingers in self.registry.lingers):
            self.log.commit(UserLeft(user.uid, user.source, reason), None)

    def detach(self, session: Session) -> None:
        """The session speaks for nobody any more; its user may have others."""
        user = session.user
        if user is not None:
            for parting in self.registry.partings:
                parting(self, session)
            self.fanout.detach(user, session)
            session.leaving = False
            self.attached -= 1
            session.user = None

    def attach(self, session: Session, user: User) -> None:
        """A registered connection: the session speaks for this user from now on."""
        session.user = user
        session.registration = None
        self.fanout.attach(user, session)
        self.attached += 1
        self.most_users = max(self.most_users, len(self.world.users))
        if session.ended:
            # The connection was lost while its registration stood in line: who has arrived must go.
            self.leaving.append(session)

    def shelf(self, kind: type[T]) -> T:
        """The one object of this class that a feature keeps beside the world: indexes of sessions, caches.

        Made without arguments at the first call. What facts determine belongs into the world instead.
        """
        thing: T | None = self._shelf.get(kind)
        if thing is None:
            thing = self._shelf[kind] = kind()
        return thing

    def next_batch(self) -> str:
        """A reference for a batch, not used before in this process."""
        self._batches += 1
        return f"b{self._batches:x}"

    # ---- serving lines

    def _take(self, session: Session, data: bytes) -> None:
        """Cut bytes into lines, serve them or hold them. Where enough is held, the rest is kept as it is and the
        network keeps what comes behind it: who is too fast waits (ADR 0017).

        saferate: "a client will not be disconnected due to server rate-limiting"; "The queue of incoming messages to
        process should be bounded."
        """
        room = self.settings.input_queue
        while data and not session.ended:
            # Piece by piece, because a line that is held costs many times the two bytes that it may have.
            piece, data = (data, b"") if len(data) <= room else (data[:room], data[room:])
            lines = session.reader.receive(piece)
            if session.held is not None:
                self._hold(session, lines)
            else:
                self._serve_all(session, lines)
            if session.reader.overflowed and not session.ended:
                self.end(session, "Input line too long")
            elif session.reader.blank > BLANK_LINES:
                self.end(session, "Excess Flood")
            if session.held is not None and session.held_bytes > room:
                session.unread = data
                if not session.reading_paused:
                    session.reading_paused = True
                    session.pipe.pause_reading()
                return

    def _serve_all(self, session: Session, lines: list[str | BadLine]) -> None:
        """Serve lines in order until one must wait; hold that one and all behind it."""
        now = session.heard
        for index, line in enumerate(lines):
            if not self._serve_line(session, line, now):
                self._hold(session, lines[index:])
                return
            if session.ended:
                return

    def _serve_line(self, session: Session, line: str | BadLine, now: float) -> bool:
        """Serve one line; False if it must wait."""
        row: Command | None = None
        message: Message | None = None
        if isinstance(line, str):
            message = parse(line)
            if message is not None:
                row = self.registry.commands.get(message.command)
        if session.in_flight and (session.changing or row is None or not row.pipelines):
            return False
        if session.registration is not None:
            if not self._is_registering_politely(session):
                return True
        elif self.flood is not None and not self._may_spend(session, message, row, now):
            return False
        try:
            if message is not None:
                dispatch.serve(self, session, message, row)
            elif isinstance(line, BadLine):
                dispatch.refuse_line(self, session, line)
            # else a line without a command: nothing to answer, but it had its price
        except Exception:
            # An exception is a bug: it costs this session its connection and nobody else anything.
            # The line may hold a password, so only its command is logged.
            _log.exception("bug: %s from %r", message.command if message else "unreadable line", session)
            self.end(session, "Internal error")
        return True

    def _is_registering_politely(self, session: Session) -> bool:
        registration = session.registration
        if registration is not None:
            registration.lines += 1
            if registration.lines > self.settings.registration_lines:
                self.end(session, "Too many lines before registration")
                return False
        return True

    def _may_spend(self, session: Session, message: Message | None, row: Command | None, now: float) -> bool:
        """Take a line's cost from the session's flood budget; False while the session is in debt."""
        cost = 1.0
        if row is not None and message is not None:
            cost = row.cost
            if not cost:
                return True
            if 0 <= row.costly_targets < len(message.params):
                cost *= 1 + message.params[row.costly_targets].count(",")
        flood = self.flood
        if flood is None:
            return True
        if not flood.may_send(session.budget, now):
            # A batch pays for its lines like any other, but is not cut in two: the debt is for what comes behind it.
            batch = session.batch
            if batch is None or not batch.holds(message):
                return False
        session.budget = flood.spend(session.budget, now, cost)
        return True

    def _hold(self, session: Session, lines: list[str | BadLine]) -> None:
        """Keep lines until they may be served."""
        if session.held is None:
            session.held = deque()
            session.held_bytes = 0
        session.held.extend(lines)
        session.held_bytes += sum(_size(line) for line in lines)
        if not session.in_flight and not session.timer and self.flood is not None:
            session.timer = True
            self.timers.at(self.flood.ready_at(session.budget), partial(self._wake, session))

    def _wake(self, session: Session) -> None:
        session.timer = False
        self.resumable.append(session)

    def _resume(self, session: Session) -> None:
        """Serve held lines as far as they may go."""
        held = session.held
        if session.ended:
            return
        if held is None:
            if session.finished and not session.in_flight:
                self.end(session, "Connection closed")
            return
        now = self.clock.monotonic()
        while held:
            line = held.popleft()
            if not self._serve_line(session, line, now):
                held.appendleft(line)
                break
            session.held_bytes -= _size(line)
            if session.held is None:
                return  # that line ended the session
        if not held:
            session.held = None
        elif not session.in_flight:
            self._hold(session, [])  # it waits for its budget: have it woken
        self._read_on(session)
        if session.held is None and session.finished and not session.in_flight:
            self.end(session, "Connection closed")

    def _read_on(self, session: Session) -> None:
        """Take what was left as it was, and then what the network holds, once there is room for it."""
        enough = self.settings.input_queue // _RESUME_PART
        if session.unread and session.held_bytes < enough:
            data, session.unread = session.unread, b""
            self._take(session, data)
        if (
            session.reading_paused
            and not session.unread
            and session.held_bytes < enough
            and not self.stopping
        ):
            session.reading_paused = False
            session.pipe.resume_reading()

    # ---- time

    def _sweep(self) -> None:
        """Look for connections that never registered, are silent, or do not answer."""
        now = self.clock.monotonic()
        self.timers.at(now + SWEEP_SECONDS, self._sweep)
        settings = self.settings
        for session in list(self.sessions):
            if session.ended:
                continue
            if session.reading_paused:
                # Whom we do not read from is not silent. Whether he is still there is shown by writing to him.
                if not session.in_flight and now - session.heard > settings.ping_seconds:
                    session.heard = now
                    self.outboxes.send(session, f"PING :{settings.server}")
                continue
            if session.registration is not None:
                if now - session.registration.opened > settings.registration_seconds:
                    self.end(session, "Registration timed out")
            elif session.pinged:
                if now - session.pinged > settings.ping_timeout_seconds:
                    self.end(session, f"Ping timeout: {int(now - session.heard)} seconds")
            elif now - session.heard > settings.ping_seconds:
                session.pinged = now
                self.outboxes.send(session, f"PING :{settings.server}")
        self.doorkeeper.sweep(now)
        self.guesses.sweep(now)
        self.registrations.sweep(now)

    def _bear_witness(self, fact: Fact) -> None:
        for witness in self.registry.facts[type(fact)].witnesses:
            witness(self, fact)

    # ---- faults

    def _bug_in(self, ask: Ask) -> None:
        self.end(ask.session, "Internal error")

    def _outcome_unknown(self, error: StoreError) -> None:
        _log.critical(
            "a commit failed in a way that leaves its outcome unknown; the server must end: %s", error
        )
        if self.on_fatal is not None:
            self.on_fatal(error)


def _size(line: str | BadLine) -> int:
    """Bytes that a held line takes, at most."""
    if isinstance(line, BadLine):
        return 16
    return len(line) + 2 if line.isascii() else len(line) * 4 + 2


def _user_left(then: Callable[[Ask], None] | None, ask: Ask, _fact: Fact) -> None:
    """The user has left the world: his session speaks for nobody any more."""
    ask.engine.detach(ask.session)
    if then is not None:
        then(ask)


def _device_left(then: Callable[[Ask], None] | None, ask: Ask, _fact: Fact) -> None:
    """One session less. With the last one its user goes, unless he is one who stays without."""
    engine = ask.engine
    session = ask.session
    user = session.user
    if user is None:
        raise AssertionError("a session ceases to speak for its user once")
    is_last = engine.fanout.sessions.get(user.uid) == [session] and not engine.log.is_elsewhere(user.uid)
    if is_last and (
        session.evicted or not any(lingers(engine, session, user) for lingers in engine.registry.lingers)
    ):
        fact = UserLeft(user.uid, user.source, session.quitting)
        engine.log.follow_up(fact, ask, partial(_user_left, then))
    else:
        engine.detach(session)
        if then is not None:
            then(ask)
