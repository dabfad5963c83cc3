"""What a client hears, as typed events in the past tense.

The rule: an event is plain data and never changes; everything in it came from a stranger and is not fit for a
terminal until `clean.plain` has been over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from veche.wire.message import Message

Kind = Literal["message", "notice", "action"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at `time` (UTC): the server's word where it gives one, else this machine's clock."""

    time: datetime


# --- the connection ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(Event):
    """A socket to the server is open; nothing has been said on it yet."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected(Event):
    """The connection is gone, or could not be made. `retry_in` seconds it is tried again; None: it is not."""

    reason: str
    retry_in: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsDropped(Event):
    """Nobody read events for so long that the oldest `count` were thrown away."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFilled(Event):
    """What was missed in `conversation` has been fetched and told before this event: `count` messages of others.

    Not `is_complete`: the server would not or could not give all of it.
    """

    conversation: str
    count: int
    is_complete: bool


# --- the session ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(Event):
    """The server has let us in as `nick` and has ended its welcome."""

    nick: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NickRefused(Event):
    """Before registration: the server does not want `nick`; `Session.try_nick` offers another."""

    nick: str
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn(Event):
    """The server takes us for the owner of `account`, by whatever way we have proven it."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut(Event):
    """The server takes us for nobody's owner any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAccepted(Event):
    """Our own attempt to log in (at registration, or by `Session.login`) has succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused(Event):
    """Our own attempt to log in has failed. `code` is the server's numeric; "" when it is we who gave up, with a `text`
    of `login`. At registration the server then waits: log in otherwise, or say CAP END to come in without.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilitiesChanged(Event):
    """The capabilities in use are now `enabled`."""

    enabled: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerClosed(Event):
    """The server said ERROR: it is closing the connection and this is why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDropped(Event):
    """A line from the server could not be read (too long, not UTF-8, a control byte) and was passed over."""

    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Event):
    """The server said no: a numeric error or a FAIL. `code` is the number or the FAIL's code word.

    `command` is "" where the server does not say which command it means.
    """

    command: str
    code: str
    context: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Event):
    """A numeric, WARN or NOTE that has no event of its own; `params` without our nick in front."""

    code: str
    params: tuple[str, ...]


# Where a line stands in a history: its msgid ("" for none) and its time.
Place = tuple[str, datetime]


# --- messages ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """Somebody said `text`; our own messages come back so too, once the server has them.

    `conversation` is the room, or the other person's nick when it `is_private`. `msgid` is "" where the server gives
    none. `is_replay`: it comes from the history, not from just now. `account`: the sender's, where the server tells it
    (account-tag) and there is one. What we say with another device of our account is `is_mine` too.
    `is_bot`: its sender says that it is a program (bot-mode). `is_edited`: it did not always read so. `reply_to`: the
    msgid of the message that this one answers, "" for none. `reactions` to it with how many have reacted so, the first
    one first; those that come later are `Reacted` (docs/ext/reactions.md).
    """

    sender: str
    target: str
    conversation: str
    text: str
    kind: Kind = "message"
    msgid: str = ""
    is_private: bool = False
    is_mine: bool = False
    is_replay: bool = False
    account: str = ""
    is_bot: bool = False
    is_edited: bool = False
    reply_to: str = ""
    reactions: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Event):
    """The message `msgid` reads `text` from now on; the rest as in `MessageReceived` (docs/ext/edit.md)."""

    msgid: str
    sender: str
    target: str
    conversation: str
    text: str
    kind: Kind = "message"
    is_private: bool = False
    is_mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRedacted(Event):
    """The message `msgid` was taken back `by` whoever said it, or by somebody who may; `reason` is "" for none."""

    msgid: str
    by: str
    conversation: str
    reason: str = ""
    is_private: bool = False
    is_mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted(Event):
    """`sender` has reacted to the message `msgid` with `reaction`; `is_taken_back`: and does so no more."""

    msgid: str
    sender: str
    conversation: str
    reaction: str
    is_taken_back: bool = False
    is_private: bool = False
    is_mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMarkerMoved(Event):
    """Of `conversation` we have read everything up to `until`, on whichever device; None: nothing yet."""

    conversation: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadCounted(Event):
    """So many messages of others in `conversation` are unread, and so many of them name us (docs/ext/unread.md).

    `has_more`: there are at least so many.
    """

    conversation: str
    messages: int
    mentions: int
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged(Event):
    """`nick`, who shares a room with us, `is_away` (`text` says why), or is back."""

    nick: str
    is_away: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReceived(Event):
    """The server played history of `conversation` back without being asked for it."""

    conversation: str
    messages: tuple[MessageReceived, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CtcpReceived(Event):
    """A CTCP other than ACTION. The library never answers one; neither should you without a thought."""

    sender: str
    target: str
    command: str
    argument: str


# --- rooms and people -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonJoined(Event):
    """`nick` came into `room`; `is_me`: we did, perhaps because the server put us there."""

    room: str
    nick: str
    is_me: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLeft(Event):
    """`nick` left `room`, or was put out of it by `by` ("" when it was their own wish)."""

    room: str
    nick: str
    reason: str
    by: str
    is_me: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonQuit(Event):
    """`nick` left the server; `rooms` are those that we shared."""

    nick: str
    reason: str
    rooms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NickChanged(Event):
    """`old` is called `new` from now on."""

    old: str
    new: str
    rooms: tuple[str, ...]
    is_me: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """`nick` is logged in to `account` from now on; "": to none any more."""

    nick: str
    account: str
    is_me: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSet(Event):
    """The topic of `room` is `topic` ("": none). `by` is "" when we are only told what it already was."""

    room: str
    topic: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesListed(Event):
    """The people of `room` are complete in the model: `nicks`, in order of their folded names."""

    room: str
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged(Event):
    """`by` changed modes of a room or of ourselves; `words` as in the MODE message."""

    target: str
    by: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInvited(Event):
    """`by` invited `nick` (mostly us) to `room`."""

    room: str
    nick: str
    by: str


# --- answers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """All that the server said to one ask.

    `refusal` is its first error, or None. `lines` are the answering lines in order; `echo` is our own message as
    the server has it (for PRIVMSG and NOTICE that were accepted); `history` what a CHATHISTORY brought, and
    `corrections` what it told of messages that were said before, in order. `ends` are the places of its first and last
    line, messages or not: where other pages begin; None for an empty one.
    Not `is_complete`: we gave up waiting for the rest.
    """

    command: str
    params: tuple[str, ...]
    lines: tuple[Message, ...] = ()
    refusal: Refused | None = None
    echo: MessageReceived | None = None
    history: tuple[MessageReceived, ...] = ()
    corrections: tuple[MessageEdited | MessageRedacted, ...] = ()
    ends: tuple[Place, Place] | None = None
    is_complete: bool = True

    def numerics(self, code: str) -> Sequence[list[str]]:
        """The parameters of every answering line with this numeric, without our nick in front."""
        return [line.params[1:] for line in self.lines if line.command == code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """The ask that `Session.ask` gave this label is finished."""

    label: str
    answer: Answer
