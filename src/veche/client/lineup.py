"""What we want to say, in order, and how far each piece has come: waiting, outstanding, or in doubt.

The strategy: at most `window` asks are outstanding at a time, so that a server with flood control and a short input
queue is never run over, and everything leaves in the order in which it was put in line. When the connection breaks,
what was outstanding is in doubt: the server may have taken it. A message in doubt is looked for in the history;
whatever only sets a state or asks a question is simply said again.

It must not: touch a socket or wait; `connection` does both.
"""

from collections import deque
from collections.abc import Callable, Iterable

from veche.client.asks import MESSAGES
from veche.client.events import Answer, MessageReceived

# Saying these twice does the same as saying them once.
REPEATABLE = frozenset(
    "JOIN PART TOPIC NAMES LIST WHO WHOIS WHOWAS AWAY NICK MODE INVITE ISON USERHOST MOTD VERSION LUSERS HELP TIME INFO "
    "ADMIN PING CHATHISTORY".split()
)


class Outgoing:
    """One piece: the line, who we were when it was sent, and how to tell its sender what came of it."""

    __slots__ = ("command", "nick", "params", "settle")

    def __init__(
        self, command: str, params: tuple[str, ...], settle: Callable[[Answer | None], None]
    ) -> None:
        self.command = command
        self.params = params
        self.settle = settle
        self.nick = ""

    @property
    def is_message(self) -> bool:
        """Whether saying it twice would be heard twice."""
        return self.command in MESSAGES

    def is_same(self, message: MessageReceived) -> bool:
        """Whether a message from the history is this one, its target and sender apart."""
        text = self.params[-1]
        if text[:1] == "\x01":
            text = text.strip("\x01").partition(" ")[2]
        return message.text == text and (message.kind == "notice") == (self.command == "NOTICE")


class Lineup:
    """The line. Nothing leaves it while it is not `is_open`."""

    def __init__(self, window: int) -> None:
        self.is_open = False
        self._window = window
        self._waiting: deque[Outgoing] = deque()
        self._outstanding: dict[str, Outgoing] = {}
        self.doubtful: list[Outgoing] = []

    @property
    def is_full(self) -> bool:
        """Whether what is put in line now must wait for answers first."""
        return not self.is_open or len(self._waiting) + len(self._outstanding) >= self._window

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits for anything."""
        return not self._waiting and not self._outstanding and not self.doubtful

    def add(self, piece: Outgoing) -> None:
        """Put a piece at the end of the line."""
        self._waiting.append(piece)

    def take_sendable(self) -> Outgoing | None:
        """The next piece that may be sent now."""
        if not self.is_open or not self._waiting or len(self._outstanding) >= self._window:
            return None
        return self._waiting.popleft()

    def sent(self, label: str, piece: Outgoing, nick: str) -> None:
        """The piece was sent under this label and nick."""
        piece.nick = nick
        self._outstanding[label] = piece

    def take_answered(self, label: str) -> Outgoing | None:
        """The piece whose answer came under this label, if it is one of ours."""
        return self._outstanding.pop(label, None)

    def lose_connection(self) -> None:
        """Close the line; what was outstanding is in doubt, in the order of sending."""
        self.is_open = False
        self.doubtful += self._outstanding.values()
        self._outstanding.clear()

    def take_doubtful(self) -> list[Outgoing]:
        """What is in doubt, to be looked into; the caller settles each piece or gives it back by `put_back`."""
        doubtful, self.doubtful = self.doubtful, []
        return doubtful

    def put_back(self, pieces: Iterable[Outgoing]) -> None:
        """Put pieces in front of all that waits, in their order."""
        self._waiting.extendleft(reversed(list(pieces)))

    def take_all(self) -> list[Outgoing]:
        """Everything that was never answered, for the end."""
        pieces = [*self.doubtful, *self._outstanding.values(), *self._waiting]
        self.doubtful.clear()
        self._outstanding.clear()
        self._waiting.clear()
        return pieces
