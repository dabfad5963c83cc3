"""What we have asked the server and it has not answered yet.

The rule: every ask ends in exactly one `Answer`, in whichever of two ways the server can do:

* with labeled-response, by the label: one line, or one batch;
* without, by a PING sent right behind the ask: a server takes lines in order, so when the PONG comes, all has been
  said. Numerics that come until then are taken for the answer of the oldest open ask.

Source: labeled-response.
"""

from collections.abc import Callable
from typing import NamedTuple

from veche.client.events import Answer, MessageEdited, MessageReceived, MessageRedacted, Place, Refused
from veche.wire.message import Message

MESSAGES = frozenset({"PRIVMSG", "NOTICE"})
# What is answered by messages of the past.
OF_THE_PAST = frozenset({"CHATHISTORY", "SEARCH"})
# A hostile server may send numerics without end between an ask and its PONG.
MOST_LINES = 50_000


class Page(NamedTuple):
    """What a batch of the past has brought: as in `Answer`."""

    history: list[MessageReceived]
    corrections: list[MessageEdited | MessageRedacted]
    ends: tuple[Place, Place] | None


class Ask:
    """One open ask: what was asked, and what has come so far."""

    __slots__ = (
        "by_label",
        "command",
        "corrections",
        "echo",
        "ends",
        "history",
        "is_edit",
        "label",
        "lines",
        "params",
        "refusal",
    )

    def __init__(self, label: str, command: str, params: tuple[str, ...], *, by_label: bool) -> None:
        self.label = label
        self.command = command
        self.params = params
        self.by_label = by_label
        self.is_edit = False  # a message that says how another one reads
        self.lines: list[Message] = []
        self.refusal: Refused | None = None
        self.echo: MessageReceived | None = None
        self.history: list[MessageReceived] = []
        self.corrections: list[MessageEdited | MessageRedacted] = []
        self.ends: tuple[Place, Place] | None = None

    def take(self, page: Page) -> None:
        """Keep a page of the past."""
        self.history += page.history
        self.corrections += page.corrections
        if page.ends is not None:
            self.ends = (self.ends or page.ends)[0], page.ends[1]

    def keep(self, line: Message) -> None:
        """Keep a line of the answer."""
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)

    def refuse(self, refusal: Refused) -> None:
        """The first error is the refusal; what follows explains it."""
        if self.refusal is None:
            self.refusal = refusal

    def answer(self, *, is_complete: bool = True) -> Answer:
        """All that has come."""
        return Answer(
            self.command,
            self.params,
            lines=tuple(self.lines),
            refusal=self.refusal,
            echo=self.echo,
            history=tuple(self.history),
            corrections=tuple(self.corrections),
            ends=self.ends,
            is_complete=is_complete,
        )


class Asks:
    """The open asks, oldest first."""

    __slots__ = ("_count", "_open")

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[str, Ask] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, command: str, params: tuple[str, ...], *, by_label: bool) -> Ask:
        """Open an ask under a label that no other ask of this session has: "The client SHOULD NOT reuse a tag value
        until it has received a complete response for that value".
        """
        self._count += 1
        ask = Ask(str(self._count), command, params, by_label=by_label)
        self._open[ask.label] = ask
        return ask

    def take(self, label: str) -> Ask | None:
        """Take an ask out, answered or not."""
        return self._open.pop(label, None)

    def get(self, label: str, *, by_label: bool) -> Ask | None:
        """The open ask of this label and kind."""
        ask = self._open.get(label)
        return ask if ask is not None and ask.by_label is by_label else None

    def oldest(self, command: str = "") -> Ask | None:
        """The oldest open ask without a label on the wire (of one command), to which unlabelled answers belong."""
        for ask in self._open.values():
            if not ask.by_label and command in ("", ask.command):
                return ask
        return None

    def sending(self, command: str, is_target: Callable[[str], bool], text: str | None = None) -> Ask | None:
        """The oldest unlabelled message to a target (with this text) that has no echo yet."""
        for ask in self._open.values():
            is_candidate = not ask.by_label and ask.command == command and ask.echo is None
            if is_candidate and ask.params and is_target(ask.params[0]) and text in (None, ask.params[-1]):
                return ask
        return None
