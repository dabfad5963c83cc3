"""What we want to say, in order, and how far each piece has come: waiting, outstanding, or in doubt.

The strategy: at most `window` asks are outstanding at a time, so that a server with flood control and a short input
queue is never run over, and everything leaves in the order in which it was put in line. When the connection breaks,
what was outstanding is in doubt: the server may have taken it. A message that the server says once by its id (`once`)
is simply sent again; any other message in doubt is looked for in the history; whatever only sets a state or asks a
question is said again.

It must not: touch a socket or wait; `connection` does both.
"""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime

from veche.client.asks import MESSAGES
from veche.client.errors import ClientError, OutcomeUnknown
from veche.client.events import Answer, MessageReceived
from veche.client.once import Sending

# Saying these twice does the same as saying them once.
REPEATABLE = frozenset(
    {
        *("JOIN", "PART", "TOPIC", "NAMES", "LIST", "NICK", "MODE", "INVITE", "AWAY"),
        *("WHO", "WHOIS", "WHOWAS", "ISON", "USERHOST", "CHATHISTORY", "SEARCH", "MARKREAD", "UNREAD"),
        *("MOTD", "VERSION", "LUSERS", "HELP", "TIME", "INFO", "ADMIN", "PING"),
    }
)


class Outgoing:
    """One piece: the line, who we were when it was sent, and how to tell its sender what came of it.

    `once` is the id by which a server says a message once; "" for none. `edits` is the
    msgid of the message that this one edits, `tags` what else it says of itself.
    """

    __slots__ = ("_settle", "command", "edits", "is_again", "nick", "once", "params", "sending", "tags")

    def __init__(
        self,
        command: str,
        params: tuple[str, ...],
        settle: Callable[[Answer | ClientError], None],
        once: str = "",
        edits: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.tags = tags
        self.command = command
        self.params = params
        self.once = once
        self.edits = edits
        self.sending = Sending()
        self.is_again = (
            False  # whether it goes out once more without anybody knowing what became of it before
        )
        self.nick = ""
        self._settle = settle

    def settle(self, result: Answer | ClientError) -> None:
        """Tell its sender what came of it. A refusal of what was sent again says nothing of the first time: the room
        may have been closed, or the other gone, since it was heard.
        """
        if self.is_again and isinstance(result, Answer) and result.refusal is not None:
            why = f"the connection was lost, and then the server refused it: {result.refusal.text}"
            result = OutcomeUnknown(why)
        self._settle(result)

    @property
    def is_message(self) -> bool:
        """Whether saying it twice would be heard twice. An edit says how something reads: twice is once."""
        return self.command in MESSAGES and not self.edits

    def is_same(self, message: MessageReceived, same: Callable[[str, str], bool]) -> bool:
        """Whether a message from the history is this one."""
        text = self.params[-1]
        kind = "notice" if self.command == "NOTICE" else "message"
        if text[:1] == "\x01":
            text, kind = text.strip("\x01").partition(" ")[2], "action"
        return (
            message.text == text
            and message.kind == kind
            and same(message.sender, self.nick)
            and same(message.conversation, self.params[0])
        )


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

    def add(self, piece: Outgoing) -> None:
        """Put a piece at the end of the line."""
        self._waiting.append(piece)

    def take_sendable(self) -> Outgoing | None:
        """The next piece that may be sent now."""
        if not self.is_open or not self._waiting or len(self._outstanding) >= self._window:
            return None
        return self._waiting.popleft()

    def sent(self, label: str, piece: Outgoing, nick: str, account: str, now: datetime) -> None:
        """The piece was sent under this label and nick; `account` as `Session.once_as` has it."""
        piece.nick = nick
        piece.sending.note(account, now)
        self._outstanding[label] = piece

    def take_answered(self, label: str) -> Outgoing | None:
        """The piece whose answer came under this label, if it is one of ours."""
        return self._outstanding.pop(label, None)

    def lose_connection(self) -> None:
        """Close the line; what was outstanding is in doubt, in the order of sending."""
        self.is_open = False
        self.doubtful += self._outstanding.values()
        self._outstanding.clear()
        # What was to go out again and has not is in doubt as before: next time we may be somebody else.
        self.doubtful += [piece for piece in self._waiting if piece.is_again]
        self._waiting = deque(piece for piece in self._waiting if not piece.is_again)

    def come_in(self, account: str, now: datetime) -> None:
        """We are in again, `account` as `Session.once_as` has it: what of the doubtful may simply be sent again?"""
        for piece in self.doubtful:
            piece.is_again = piece.once != "" and piece.sending.is_safe(account, now)

    def recognise(self, message: MessageReceived, same: Callable[[str, str], bool]) -> bool:
        """Take a message of ours from the history; whether it was in doubt, and is now settled as sent.

        One message of the history settles one piece, so that what was said twice is found twice.
        """
        for piece in self.doubtful:
            if piece.is_message and not piece.is_again and piece.is_same(message, same):
                self.doubtful.remove(piece)
                piece.settle(Answer(piece.command, piece.params, echo=message))
                return True
        return False

    def resolve(self, is_searched: Callable[[str], bool]) -> None:
        """The history has been searched: decide what is still in doubt, and open the line.

        `is_searched`: whether the history of a target was to be had in full. What is not in it was not said, and is
        said again, in its old place in the line; of what could not be searched nothing is known, and saying so is
        better than perhaps saying it twice.
        """
        again: list[Outgoing] = []
        for piece in self.doubtful:
            if piece.is_again or (
                is_searched(piece.params[0])
                if piece.is_message
                else piece.edits or piece.command in REPEATABLE
            ):
                # The guest that we were has said it, and the one that we are may not edit it: no proof of anything.
                piece.is_again = piece.is_again or piece.edits != ""
                again.append(piece)
            else:
                piece.settle(OutcomeUnknown("the connection was lost before the answer came"))
        self.doubtful.clear()
        self._waiting.extendleft(reversed(again))
        self.is_open = True

    def take_all(self) -> list[Outgoing]:
        """Everything that was never answered, for the end."""
        pieces = [*self.doubtful, *self._outstanding.values(), *self._waiting]
        self.doubtful.clear()
        self._outstanding.clear()
        self._waiting.clear()
        return pieces
