"""The rows of the record: what the log hands to a store, and what it keeps.

The rule: plain values. What a store does with each is in store/engines; what it is asked about them, in core/ports.py.
"""

from typing import Final

from veche.core.forgetting import ErasedWords, ForgottenMessages, RewrittenFacts, Wiped
from veche.wire.compiler import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)  # and so that one can be copied
class Record:
    """One message as it is kept for ever: one row of the record.

    `seq` is its place in the log; `time` is ms since 1970 UTC and never decreases with `seq`.
    `conversation` is the folded name of a room, or the two user ids of a direct conversation, sorted,
    joined by a space.
    `era` is 0 for what whoever may read the conversation may read, else the incarnation of a closed room
    (its creation, ms) outside of which the message is not shown.
    `command` is PRIVMSG or NOTICE; `source` is nick!user@host; `sender` the user id; `account` "" for guests;
    `tags` the client-only tags, escaped, without '@'. `sent` is the key of the sender's own id (core/once.py), 0 for
    none; pages leave it out. `edited` is when (ms) the text became what it is; 0: it is as it was said.
    """

    __slots__ = (
        "account",
        "command",
        "conversation",
        "edited",
        "era",
        "msgid",
        "sender",
        "sent",
        "seq",
        "source",
        "tags",
        "target",
        "text",
        "time",
    )

    def __init__(  # noqa: PLR0913 - a row, and all of its columns
        self,
        seq: int,
        msgid: str,
        time: int,
        conversation: str,
        era: int,
        command: str,
        source: str,
        sender: str,
        account: str,
        target: str,
        tags: str,
        text: str,
        sent: int = 0,
        edited: int = 0,
    ) -> None:
        self.edited = edited
        self.seq = seq
        self.msgid = msgid
        self.time = time
        self.conversation = conversation
        self.era = era
        self.command = command
        self.source = source
        self.sender = sender
        self.account = account
        self.target = target
        self.tags = tags
        self.text = text
        self.sent = sent

    def __repr__(self) -> str:
        return f"Record({self.seq}, {self.msgid!r}, {self.conversation!r}, {self.source!r}, {self.text!r})"


class SavedFact:
    """A fact that must be known again after a restart: its place in the log, its kind's name, its values (JSON).

    Of those with one kind and one `key` only the newest is kept; with "" every one is.
    """

    __slots__ = ("body", "key", "kind", "seq")

    def __init__(self, seq: int, kind: str, body: str, key: str = "") -> None:
        self.seq = seq
        self.kind = kind
        self.body = body
        self.key = key

    def __repr__(self) -> str:
        return f"SavedFact({self.seq}, {self.kind!r}, {self.body!r}, {self.key!r})"


class ForgottenFact:
    """The saved fact with this kind and `key` (not "") is not kept any more; nothing happens if there is none."""

    __slots__ = ("key", "kind", "seq")

    def __init__(self, seq: int, kind: str, key: str) -> None:
        self.seq = seq
        self.kind = kind
        self.key = key

    def __repr__(self) -> str:
        return f"ForgottenFact({self.seq}, {self.kind!r}, {self.key!r})"


class Redaction:
    """A message is taken back: from now on its text, earlier wordings and tags are nowhere, and no page shows it.

    `message` is its place in the log and `msgid` its id. Who did it, when and why is kept: `source` is nick!user@host,
    `sender` the user id, `account` "" for guests. `event` is the id under which others have heard of it; with "" no
    page tells of it (`Page.corrections`).
    """

    __slots__ = ("account", "event", "message", "msgid", "reason", "sender", "seq", "source", "time")

    def __init__(
        self,
        seq: int,
        time: int,
        message: int,
        msgid: str,
        source: str,
        sender: str,
        account: str,
        reason: str,
        event: str = "",
    ) -> None:
        self.event = event
        self.seq = seq
        self.time = time
        self.message = message
        self.msgid = msgid
        self.source = source
        self.sender = sender
        self.account = account
        self.reason = reason

    def __repr__(self) -> str:
        return f"Redaction({self.seq}, {self.message}, {self.source!r})"


class Edit:
    """A message reads otherwise from now on: at its place, under its id, with its tags. How it read before is kept.

    `message` is its place in the log, `text` what it says now. `msgid` is the id under which others have heard of the
    change, `source` as whom they saw its author. Nothing happens to a message that was taken back. `sent` as in
    `Record`, for the id that he gave to the change.
    """

    __slots__ = ("account", "message", "msgid", "sender", "sent", "seq", "source", "text", "time")

    def __init__(
        self,
        seq: int,
        time: int,
        message: int,
        text: str,
        msgid: str,
        source: str,
        sender: str,
        account: str,
        sent: int = 0,
    ) -> None:
        self.seq = seq
        self.time = time
        self.message = message
        self.text = text
        self.msgid = msgid
        self.source = source
        self.sender = sender
        self.account = account
        self.sent = sent

    def __repr__(self) -> str:
        return f"Edit({self.seq}, {self.message}, {self.text!r})"


class Reaction:
    """Somebody reacts to a message with `value`, or (not `adding`) takes that back.

    `conversation` and `era` say where he saw the message whose id is `message`; a reaction to none that is there is
    not kept. Of `who` (an account, else a user id) the same reaction counts once, and `REACTIONS_OF_ONE` different
    ones are kept. `msgid`, `source` and `account` are those under which others have heard of it.
    """

    __slots__ = (
        "account",
        "adding",
        "conversation",
        "era",
        "message",
        "msgid",
        "seq",
        "source",
        "time",
        "value",
        "who",
    )

    def __init__(
        self,
        seq: int,
        time: int,
        conversation: str,
        era: int,
        message: str,
        who: str,
        value: str,
        *,
        adding: bool,
        msgid: str = "",
        source: str = "",
        account: str = "",
    ) -> None:
        self.msgid = msgid
        self.source = source
        self.account = account
        self.seq = seq
        self.time = time
        self.conversation = conversation
        self.era = era
        self.message = message
        self.who = who
        self.value = value
        self.adding = adding

    def __repr__(self) -> str:
        return f"Reaction({self.seq}, {self.message!r}, {self.value!r}, adding={self.adding})"


class RoomEvent:
    """Something that happened in a room and was not said: shown among messages to who asks for it (`Page.events`).

    `record` is it as a page shows it: `command` is what it was (JOIN, PART, KICK, TOPIC and so on), `target`
    the room's name, `text` what the line says besides. It is written later than what the log put behind it, so its
    place may be lower than that of rows which are in the record already.
    """

    __slots__ = ("record",)

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def seq(self) -> int:
        """Its place in the log."""
        return self.record.seq

    def __repr__(self) -> str:
        return f"RoomEvent({self.record.command}, {self.record!r})"


class ForgottenEvents:
    """Events of before a time (ms) need not be kept any more: some of the oldest are forgotten."""

    __slots__ = ("before", "seq")

    def __init__(self, seq: int, before: int) -> None:
        self.seq = seq
        self.before = before

    def __repr__(self) -> str:
        return f"ForgottenEvents({self.before})"


# Events that are forgotten at a time, lest anything wait for that.
FORGOTTEN_AT_ONCE: Final = 2000

# Different reactions of one person to one message that are kept.
REACTIONS_OF_ONE: Final = 20

Row = (
    Record
    | SavedFact
    | ForgottenFact
    | Redaction
    | Edit
    | Reaction
    | RoomEvent
    | ForgottenEvents
    | ForgottenMessages
    | ErasedWords
    | RewrittenFacts
    | Wiped
)
