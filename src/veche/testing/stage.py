"""The whole server inside one function: an engine with every feature, and persons who are connected to it by nothing.

    stage = Stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea")
    assert ann.take()[0] == ":ann!~ann@there JOIN #tea"

Time stands still until `pass_time` moves it, the disk answers as `stage.disk` is told to, and what each person has
heard waits in `unheard`. `checks.check_stage` tells whether everything that was said to anyone was fit to be said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from veche.app.features import FEATURES
from veche.core.dispatch import LABEL_LIMIT
from veche.core.engine import Engine
from veche.core.registry import Feature
from veche.core.session import Session
from veche.core.settings import Settings
from veche.core.turns import Turns
from veche.testing.clock import FakeChance, FakeClock
from veche.testing.disk import FakeDisk
from veche.testing.mailer import FakeMailer
from veche.testing.passwords import FakePasswords
from veche.testing.pipe import FakePipe
from veche.wire.caps import BATCH, LABELED_RESPONSE
from veche.wire.lines import BadLine, LineReader
from veche.wire.message import Message, parse, parse_tags

SERVER = "irc.example"
HOST = "there"
# What a client must not send; the server is silent then, lest two of them talk for ever.
UNANSWERED = frozenset({"ACK", "ERROR", "FAIL", "NOTE", "WARN"})
_LABELS = LABELED_RESPONSE | BATCH


def quiet_settings() -> Settings:
    """The product's settings without what makes every test long: no lobby, no flood control, no ids on every line."""
    settings = Settings()
    settings.server = SERVER
    settings.network = "Example"
    settings.lobby = ""
    settings.flood = False
    settings.event_days = 0
    return settings


class Person:
    """One connection, and what has come out of it."""

    __slots__ = (
        "_said",
        "_tail",
        "_under_way",
        "address",
        "asked",
        "bytewise",
        "ended",
        "heard",
        "name",
        "offered",
        "pipe",
        "session",
        "stage",
        "unheard",
    )

    def __init__(self, stage: Stage, name: str, address: str) -> None:
        self.stage = stage
        self.name = name
        self.address = address
        self.pipe = FakePipe()
        self.session: Session | None = None
        self.heard: list[bytes] = []  # every line ever, without its line end
        self.unheard: list[str] = []  # lines that nobody has looked at yet
        self.offered: list[str] = []  # labels of what was sent, each of which may have one answer ...
        self.asked: list[str] = []  # ... and is owed one, since the capabilities were there
        self.ended = False  # the engine knows that the connection is gone
        self.bytewise = False  # whether what is sent arrives in single bytes
        self._said = LineReader()  # what was sent of a line whose end is still to come
        self._tail = b""
        self._under_way = bytearray()  # sent, and held by the network

    def send(self, *lines: str) -> None:
        """Send lines in one piece and let the turn end."""
        self.send_bytes(b"".join(line.encode() + b"\r\n" for line in lines))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes and let the turn end."""
        self.post_bytes(data, turns=True)
        self.stage.turn()

    def post_bytes(self, data: bytes, *, turns: bool = False) -> None:
        """Send bytes; the turn ends when the test says so or, with `turns`, behind each byte that comes alone."""
        self._note_labels(data)
        for piece in [data[i : i + 1] for i in range(len(data))] if self.bytewise else [data]:
            self._under_way += piece
            self.arrive()
            if turns and self.bytewise:
                self.stage.turn()

    def arrive(self) -> bool:
        """Let arrive what is under way, unless the server does not read; whether anything did."""
        data = bytes(self._under_way)
        if not data or self.session is None or self.pipe.is_paused:
            return False
        self._under_way.clear()
        self.stage.engine.receive(self.session, data)
        return True

    def take(self) -> list[str]:
        """What was heard since the last look."""
        lines, self.unheard = self.unheard, []
        return lines

    def listen(self) -> None:
        """Cut what has arrived into lines."""
        *lines, self._tail = (self._tail + self.pipe.take()).split(b"\n")
        for line in lines:
            self.heard.append(line)
            self.unheard.append(line.removesuffix(b"\r").decode(errors="backslashreplace"))

    def _note_labels(self, data: bytes) -> None:
        session = self.session
        if session is None or session.ended:
            return
        lines = self._said.receive(data)
        messages = [parse(line) for line in lines if isinstance(line, str)]
        # A line that cannot be read is answered too, under its label where that can be.
        messages += [
            Message(line.command, [], tags=parse_tags(line.tags))
            for line in lines
            if isinstance(line, BadLine)
        ]
        # Where capabilities change on the way, nobody can say from here which labels count.
        is_sure = session.caps & _LABELS == _LABELS and session.held is None and not session.in_flight
        is_sure = is_sure and not any(message and message.command == "CAP" for message in messages)
        for message in messages:
            if message is None or message.command.isdigit() or message.command in UNANSWERED:
                continue
            label = message.tags.get("label", "")
            if 0 < len(label.encode()) <= LABEL_LIMIT:
                self.offered.append(label)
                if is_sure:
                    self.asked.append(label)

    @property
    def tail(self) -> bytes:
        """What was heard of a line that has no end yet."""
        return self._tail

    def __repr__(self) -> str:
        return f"<Person {self.name}>"


class Stage:
    """An engine, its clock and its disk, and the persons connected to it."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        features: list[Feature] = FEATURES,
        keeps: bool = True,
        host: str = HOST,
        disk: FakeDisk | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.settings = settings or quiet_settings()
        self.settings.stores = keeps
        self.clock = FakeClock()
        self.disk = disk or FakeDisk()
        self.passwords = FakePasswords()
        self.mailer = FakeMailer()
        self.bugs = BugWatch()
        self.persons: list[Person] = []
        self._chance = FakeChance(turns.standing.node if turns is not None else 0)
        self._make_engine: Callable[[], Engine] = lambda: Engine(
            features,
            self.settings,
            self.clock,
            self._chance,
            self.disk if keeps else None,
            lambda _address: host,
            journal=[],
            turns=turns,
        )
        self.engine = self._start()

    def _start(self) -> Engine:
        engine = self._make_engine()
        engine.passwords = self.passwords
        engine.mailer = self.mailer
        return engine

    def restart(self) -> None:
        """The server is killed, with all connections, and starts again with what is on the disk."""
        for person in self.persons:
            person.ended = person.pipe.closed = True
        self.disk.forget()
        self.passwords.waiting.clear()
        self.mailer.waiting.clear()
        self.engine = self._start()

    def open(self, name: str, *, address: str = "", bytewise: bool = False) -> Person:
        """Somebody connects and says nothing yet."""
        person = Person(self, name, address)
        person.bytewise = bytewise
        person.session = self.engine.connect(person.pipe, address, "irc")
        self.persons.append(person)
        self.turn()
        return person

    def enter(self, name: str, *caps: str, address: str = "", bytewise: bool = False) -> Person:
        """Somebody connects and registers; what he hears up to the end of the MOTD is taken as heard.

        Raises AssertionError if he is not let in.
        """
        person = self.open(name, address=address, bytewise=bytewise)
        asking = [f"CAP REQ :{' '.join(caps)}"] if caps else []
        person.send(
            *asking, f"NICK {name}", f"USER {name} 0 * :{name.capitalize()}", *(["CAP END"] if caps else [])
        )
        for index, line in enumerate(person.unheard):
            if line.split(" ")[1:2] in (["376"], ["422"]):
                del person.unheard[: index + 1]
                return person
        raise AssertionError(f"{name} was not let in: {person.unheard}")

    def enroll(self, name: str, password: str) -> Person:
        """Somebody enters and registers an account. Raises AssertionError if he gets none."""
        person = self.enter(name)
        person.send(f"REGISTER * * {password}")
        heard = person.take()
        assert any(" 900 " in line for line in heard), heard
        return person

    def turn(self) -> None:
        """Let the server do all that it can do without time passing, and everybody hear what it sends."""
        busy = True
        while busy:
            self.engine.turn_ends()
            busy = self.disk.answer()
            busy = self.attend() or busy
        for person in self.persons:
            person.listen()

    def attend(self) -> bool:
        """Answer what waits beside the disk, and let arrive what people send; whether there was anything."""
        busy = self.passwords.answer()
        busy = self.mailer.answer() or busy
        for person in self.persons:
            busy = person.arrive() or busy
            if person.pipe.closed and not person.ended:
                busy = True
                self.leave(person, "Connection closed")
        return busy

    def leave(self, person: Person, reason: str) -> None:
        """The connection is gone; the turn does not end by it."""
        person.ended = True
        person.pipe.closed = True
        if person.session is not None:
            self.engine.closed(person.session, reason)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with every deadline on the way."""
        end = self.clock.monotonic() + seconds
        while (due := self.engine.timers.next) is not None and due <= end:
            self.clock.advance_to(due)
            self.engine.run_timers()
            self.turn()
        self.clock.advance_to(end)
        self.turn()


class BugWatch(logging.Handler):
    """Collects what the server logs as a bug. Use as a context manager around what is watched."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Note a bug; other errors are the test's own doing."""
        if record.getMessage().startswith("bug:"):
            self.found.append(self.format(record))

    def __enter__(self) -> BugWatch:
        logging.getLogger("veche").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("veche").removeHandler(self)
