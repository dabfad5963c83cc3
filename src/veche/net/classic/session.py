"""One visitor from his first byte to his last, without I/O: bytes and silences in, bytes and IRC lines out.

The rule: after each call the owner takes what has become due (`lines_for_engine`, `messages_for_visitor`, `replies`)
and looks at `wait`, `ending` and `has_finished`. Nothing that a visitor or the engine sends raises.
"""

from collections import deque
from collections.abc import Callable
from datetime import tzinfo

from veche.net.classic.framing import NAME_LIMIT, Framing
from veche.net.classic.hearing import hear, propose
from veche.net.classic.naming import fault_of, name_in, proposals, stranger
from veche.net.classic.speaking import speak
from veche.net.classic.text import plain
from veche.net.classic.visit import Visit
from veche.phrases import Language

# The first thing that everybody is sent. The old client waits for exactly these bytes in one read.
GREETING = b"NICK"
# What the engine shall tell: the moment of what was said before, its id, and the visitor's own lines once they are
# kept, so that what he sees in the room is on disk; and which lines answer what he has asked of the past.
_CAPS = "message-tags server-time echo-message batch labeled-response"
# What a visitor may say before he is let in. Nobody types this much in a moment; a program may.
_EARLY_LIMIT = 64 * 1024
TOO_LONG = "Input line too long"
STRANGER = "Not a chat client"


class ClassicSession:
    """Translates for one visitor. `number` is where the names of guests begin; `now` the time in seconds since
    1970, `zone` that of the times shown.
    """

    __slots__ = (
        "_early",
        "_early_size",
        "_finished",
        "_framing",
        "_told_of_utf8",
        "_visit",
        "_was_asked_again",
    )

    def __init__(
        self,
        lobby: str,
        language: Language,
        nick_limit: int,
        number: int,
        now: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        self._framing = Framing()
        self._visit = Visit(lobby, language, nick_limit, number, now, zone)
        self._early: deque[bytes] = deque()  # said before the arrival was over
        self._early_size = 0
        self._finished = False
        self._told_of_utf8 = False
        self._was_asked_again = False

    # ---- what has become due

    @property
    def wait(self) -> float:
        """After how many seconds of silence `quiet` shall be called; 0 for never."""
        return self._framing.wait

    @property
    def ending(self) -> str:
        """The reason to end the connection, for the others; "" while there is none."""
        return self._visit.ending

    @property
    def is_nameless(self) -> bool:
        """Whether the visitor has not said who he is."""
        return self._visit.proposals is None

    @property
    def uses_lines(self) -> bool:
        """Whether messages to this visitor end in `line_end` (a person), or each comes in a read of its own."""
        return self._framing.uses_lines

    @property
    def line_end(self) -> str:
        """How this visitor ends his lines."""
        return self._framing.end

    @property
    def has_finished(self) -> bool:
        """Whether the visitor will say nothing more and all that he has said is with the engine."""
        return self._finished and not self._early and (self._visit.arrived or self.is_nameless)

    def take_lines_for_engine(self) -> bytes:
        """IRC lines that the visitor has caused."""
        lines, self._visit.to_engine = self._visit.to_engine, []
        return "".join(f"{line}\r\n" for line in lines).encode(errors="replace")

    def take_messages(self) -> list[str]:
        """Messages to the visitor; a line end inside one is "\\n"."""
        messages, self._visit.to_visitor = self._visit.to_visitor, []
        return messages

    def take_replies(self) -> bytes:
        """Answers to his telnet, to be written as they are."""
        replies, self._framing.replies = self._framing.replies, b""
        return replies

    # ---- what happens

    def receive(self, data: bytes) -> None:
        """The visitor has sent bytes."""
        if self.ending:
            return
        self._serve(self._framing.receive(data))
        if self._framing.overflowed and not self.ending:
            self._visit.explain(TOO_LONG)
            self._visit.ending = TOO_LONG
        if self._framing.interrupted and not self.ending:
            self._framing.interrupted = False
            self._visit.to_engine.append("QUIT")

    def quiet(self) -> None:
        """Nothing has come for `wait` seconds."""
        if not self.ending:
            self._serve(self._framing.flush())

    def prompt(self) -> None:
        """Nothing has come since the greeting: this is no program, but a person who wonders what to do."""
        if self.is_nameless:
            self._visit.tell("\n" + self._visit.say("name"))

    def finished(self) -> None:
        """The visitor will send nothing more, but may still read."""
        self.quiet()
        self._finished = True

    def hear(self, data: bytes) -> None:
        """The engine has written bytes for the visitor: whole lines."""
        was_arrived = self._visit.arrived
        for line in data.decode(errors="replace").split("\r\n"):
            if line:
                hear(self._visit, line)
        if self._visit.arrived and not was_arrived:
            while self._early and self._visit.arrived:
                self._speak(self._early.popleft())
            self._early_size = sum(map(len, self._early))

    # ---- serving

    def _serve(self, messages: list[bytes]) -> None:
        self._visit.uses_lines = self._framing.uses_lines
        for message in messages:
            if self.ending:
                return
            if self.is_nameless and not self._visit.registered:
                self._introduce(message)
            elif self._visit.arrived:
                self._speak(message)
            else:
                self._early.append(message)
                self._early_size += len(message) + 1
                if self._early_size > _EARLY_LIMIT:
                    self._visit.explain("Excess Flood")
                    self._visit.ending = "Excess Flood"

    def _introduce(self, raw: bytes) -> None:
        """The first message: the visitor's name."""
        visit = self._visit
        kind = stranger(raw)
        if kind:
            visit.tell("\n" + visit.say(kind))  # its screen may still show the greeting
            visit.ending = STRANGER
            return
        text = self._decode(raw)
        visit.wanted = name_in(text)
        if not visit.wanted and self.uses_lines and not self._was_asked_again:
            # A person who has just pressed Enter to see what happens.
            self._was_asked_again = True
            visit.tell(visit.say("name"))
            return
        if self._framing.name is not None and len(raw) <= NAME_LIMIT:
            visit.claimed = text
        visit.fault = fault_of(visit.wanted, visit.nick_limit)
        visit.proposals = proposals(visit.wanted, visit.nick_limit, visit.number)
        visit.to_engine.append(f"CAP REQ :{_CAPS}")
        visit.to_engine += ["USER classic 0 * :" + (plain(visit.wanted)[:100] or "classic"), "CAP END"]
        propose(visit)

    def _speak(self, raw: bytes) -> None:
        speak(self._visit, self._decode(raw))

    def _decode(self, raw: bytes) -> str:
        text = raw.decode(errors="replace")
        if "\ufffd" in text and not self._told_of_utf8 and b"\xef\xbf\xbd" not in raw:
            self._told_of_utf8 = True
            self._visit.explain("not_utf8", mark="\ufffd")
        return text
