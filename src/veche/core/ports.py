"""What the core asks of the world outside: time, chance, a way to write to a connection, and a store.

The rule: below this line nothing knows a clock, a socket, a thread, a random number or a file. Everything here is a
Protocol of few methods, so that a test can hand in a fake and play any fault. What a
store keeps is in core/rows.py.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple, Protocol

from veche.core.exporting import Said
from veche.core.rows import (
    FORGOTTEN_AT_ONCE,
    REACTIONS_OF_ONE,
    Edit,
    ForgottenEvents,
    ForgottenFact,
    Reaction,
    Record,
    Redaction,
    RoomEvent,
    Row,
    SavedFact,
)
from veche.core.search import Found, SearchQuestion
from veche.state.credentials import PasswordKeys
from veche.wire.scram import Credentials

# Whoever asks a store also hands it rows: they are to be had from here, too.
__all__ = [
    "FORGOTTEN_AT_ONCE",
    "REACTIONS_OF_ONE",
    "Edit",
    "ForgottenEvents",
    "ForgottenFact",
    "Reaction",
    "Record",
    "Redaction",
    "RoomEvent",
    "Row",
    "SavedFact",
]


class Clock(Protocol):
    """Time, handed in."""

    def now(self) -> float:
        """Wall clock: seconds since 1970, UTC. May jump; the log never lets a message's time go back."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back. For deadlines and budgets."""


class Chance(Protocol):
    """Unpredictable identifiers. At least 128 bits each, from the operating system's generator."""

    def msgid(self, time: int) -> str:
        """A new message id for a message of `time` (ms since 1970); up to 64 characters fit for a tag value.

        The first 48 bits are the time, so that neighbours in time are neighbours in an index; 128 more are chance.
        """

    def uid(self) -> str:
        """A new user id, never given twice."""

    def secret(self) -> bytes:
        """20 bytes that nobody can guess: for what proves who somebody is."""

    def nonce(self) -> str:
        """What makes an exchange of messages one that has never been before: printable ASCII without commas."""


class Pipe(Protocol):
    """The writing end of one connection."""

    def write(self, data: bytes) -> None:
        """Hand over bytes to send; never blocks, never raises."""

    def waiting(self) -> int:
        """How many bytes handed over have not been taken by the kernel yet."""

    def pause_reading(self) -> None:
        """Stop calling `Engine.receive` for this connection until `resume_reading`. Idempotent."""

    def resume_reading(self) -> None:
        """Undo `pause_reading`. Idempotent."""

    def close(self) -> None:
        """Send what was handed over, then close."""

    def abort(self) -> None:
        """Close at once, dropping what was not sent."""


class StoreError(Exception):
    """Something went wrong in the store; the text says what happened, for the log and the operator."""


class StoreRefused(StoreError):
    """The batch is certainly not stored (disk full, read-only, locked): the same may succeed later."""


class StoreUnknown(StoreError):
    """Nobody can know whether the batch is stored (a sync failed): say so, and end the process."""


class UnknownReference(StoreError):
    """A page was asked for relative to a message that this conversation does not hold."""


# How a page tells of corrections: what stands as `Record.command` for the edit of a message, and for a redaction.
EDITED = frozenset({"EDIT PRIVMSG", "EDIT NOTICE"})
REDACTED = "REDACT"


class Version(NamedTuple):
    """How a message read from `time` (ms) on."""

    time: int
    text: str


class Page:
    """A question to the record: messages of one conversation, in the order of the log.

    `after` and `before` exclude what they name: None, a time in ms, or a msgid. At most `limit` messages.
    `newest` takes them from the end of the range, else from its start; either way they are returned ascending.
    `around` (a time or msgid) instead asks for `limit` messages about it, itself included. `between` names both ends
    instead, in either order, and takes them from the end of the range that is named first.
    `era` is the incarnation whose closed messages may be seen too (0: none). What is older than `since` (ms) is as
    though it were not there, for references too. `events`: what happened in a room is shown among what was said.

    `corrections` are those that are shown among `events`, each at its own place: `EDITED` ("EDIT" and the command of
    the message, which the record then has besides its text of now and, as `tags`, its id) and "REDACT" (`tags` is the
    id of what was taken back, `text` why).

    `thread` is the id of a message: only that one, what it answers and what answers to it are asked for, however far
    from one another in replies. With "REDACT" among the corrections a root that was taken back is there as such,
    under no id and at its place; what else was taken back is not.
    """

    __slots__ = (
        "after",
        "around",
        "before",
        "between",
        "conversation",
        "corrections",
        "era",
        "events",
        "limit",
        "newest",
        "since",
        "thread",
    )

    def __init__(
        self,
        conversation: str,
        limit: int,
        *,
        era: int = 0,
        after: int | str | None = None,
        before: int | str | None = None,
        around: int | str | None = None,
        between: tuple[int | str, int | str] | None = None,
        newest: bool = False,
        since: int = 0,
        events: bool = False,
        corrections: frozenset[str] = frozenset(),
        thread: str = "",
    ) -> None:
        self.since = since
        self.events = events
        self.corrections = corrections
        self.thread = thread
        self.conversation = conversation
        self.limit = limit
        self.era = era
        self.after = after
        self.before = before
        self.around = around
        self.between = between
        self.newest = newest


class Records(list[Record]):
    """A page as it was read. `has_more`: there is more of the same than fitted; for `around`, on either side."""

    __slots__ = ("has_more",)

    def __init__(self, records: Iterable[Record] = (), *, has_more: bool = False) -> None:
        super().__init__(records)
        self.has_more = has_more


class Reacted(NamedTuple):
    """A reaction that is kept: to which message (its place in the log), when (ms), and by whom, as in `Reaction`."""

    message: int
    time: int
    msgid: str
    source: str
    who: str
    account: str
    value: str


# Reactions to one message that are told one by one, the newest; all are counted.
REACTED_LIMIT = 20


class Partner(NamedTuple):
    """A direct conversation of somebody's: its key, when the newest message was said (ms), and who the other one is.

    `source` is the nick!user@host under which the other one was seen when he last said something in it; "" when he
    has not among the newest `PARTNER_SEARCH` messages.
    """

    conversation: str
    time: int
    source: str


# How many messages of a conversation are looked through for one that the other has said.
PARTNER_SEARCH = 500


class Sent(NamedTuple):
    """What was said, or changed, with an id of its sender's: where it is, its id, and when (ms) that was."""

    conversation: str
    era: int
    msgid: str
    time: int


class UnreadQuestion(NamedTuple):
    """What in a conversation is new since `after` (ms) for a reader, and how much of it calls him by his name.

    `era` is as in `Page`. `reader` is the id whose own messages do not count: that of `Record.sender`. `word` is his
    nick, found as a word of its own whatever its letters' case (`wire.mentions`); "" when nobody wants to know.
    """

    conversation: str
    era: int
    after: int
    reader: str
    word: str


# New messages of one conversation are counted to here, and looked for among so many newest ones: as many as anybody
# wants to know of, however long he was away, and however much he said himself.
UNREAD_LIMIT = 1000
UNREAD_SEARCH = 10_000


class Passwords(Protocol):
    """Compares and hashes passwords beside the loop, because one of either takes tens of milliseconds.

    What is asked is done in the order of asking.
    """

    def verify(self, password_hash: str, password: str, done: Callable[[bool], None]) -> bool:
        """Begin a comparison; `done` hears in a later turn whether they fit.

        "" is the hash of a name that does not exist: it costs the same and fits nothing. Returns False, and `done`
        is not called, when too many are waiting: the same may succeed later.
        """

    def make(self, password: str, done: Callable[[PasswordKeys], None]) -> bool:
        """Begin to make what is kept of a new password, prepared as wire/passwords.py says.

        `done` hears it in a later turn; without a password in it, it could not be made (the memory is exhausted, or
        the server is ending) and must not be kept. Returns False, and `done` is not called, when too many are
        waiting: the same may succeed later.
        """

    def decoy(self, name: str) -> Credentials:
        """What SCRAM is served with for a folded name that has no password: equal for equal names, and nothing fits it.

        At once. Whoever asks for such a name must not be able to tell it from one that has a password.
        """


class Mailer(Protocol):
    """Sends mail beside the loop. Mail is slow and may fail for hours, so nobody's answer should wait for it."""

    def send(self, to: str, subject: str, text: str, done: Callable[[str], None]) -> None:
        """Put a mail in line: `subject` is one line, `text` plain text of any length.

        `done` hears once, in a later turn, "" when a mail server has taken it, or why none ever will: `to` is no
        address (wire/emails.py), it was refused, too many are waiting, or it has become too old. That is for the log
        and not for the one who asked. Nobody hears anything of what waits when the program ends.
        """


class TokenProblem(Enum):
    """Why a token of an issuer says nothing: it is not good, or nobody can tell now."""

    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class Tokens(Protocol):
    """Finds out whose a token of a trusted issuer is (OAuth 2.0), beside the loop, because others have to be asked."""

    def check(self, token: str, done: Callable[[str | TokenProblem], None]) -> bool:
        """Begin; `done` hears in a later turn the name that the issuer gives its owner, as it is written there.

        Returns False, and `done` is not called, when too many are waiting: the same may succeed later.
        """


class ConfigFault:
    """Why a config cannot be used; `key` is "" and `line` 0 where none is to blame."""

    __slots__ = ("key", "line", "text")

    def __init__(self, key: str, line: int, text: str) -> None:
        self.key = key
        self.line = line
        self.text = text


class Rehashed:
    """What reading the config again has changed: keys with a text of how, and keys that wait for a restart."""

    __slots__ = ("changed", "file", "waiting")

    def __init__(self, file: str, changed: dict[str, str], waiting: list[str]) -> None:
        self.file = file
        self.changed = changed
        self.waiting = waiting


class Administration(Protocol):
    """The program around the engine, for operators."""

    def rehash(self) -> Rehashed | ConfigFault:
        """Read the config again and use what can be used now; a fault leaves everything as it is."""

    def end(self, *, restarts: bool) -> None:
        """End the program in good order once this turn is over, and start it again if it `restarts`."""


class Store(Protocol):
    """The record. One commit is under way at a time; answers come in a later turn, never inside the call."""

    def last(self) -> tuple[int, int]:
        """The highest `seq` of all rows, and the newest record's `time`; (0, 0) for none. Never blocks.

        After a start only rows that are still kept count, so a place of what was forgotten last is given again.
        """

    def trouble(self) -> str:
        """Why nothing can be committed now, as far as is known without trying; "" when it can. Never blocks."""

    def saved(self) -> list[SavedFact]:
        """The saved facts, with a key and without, in the order of the log. For the start: it may block."""

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Put these in the place of all saved facts without a key, at once or not at all; none of them has one.

        For the start: it may block. Raises StoreError.
        """

    def append(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
        """Commit all of `rows` or none; call `done(None)` once they are on disk, else `done(error)`."""

    def page(self, page: Page, done: Callable[[Records | StoreError], None]) -> None:
        """Read messages; call `done` with them, ascending by `seq`, or with the error."""

    def latest(
        self, conversations: list[tuple[str, int]], done: Callable[[dict[str, int] | StoreError], None]
    ) -> None:
        """Read the time (ms) of the newest message of each conversation that has any that stands.

        A conversation is asked for by its name and the era whose closed messages count too (0: none).
        """

    def find_sent(self, key: int, after: int, done: Callable[[Sent | StoreError | None], None]) -> None:
        """Look for the message with this key (`Record.sent`) that is newer than `after` (ms), taken back or not.

        Or for the change of one (`Edit.sent`): then the answer has that one's own id and time.
        """

    def said(self, person: str, after: int, done: Callable[[Said | StoreError], None]) -> None:
        """Read what a person, known by this id, has said behind a place in the log, some places at a time; see Said."""

    def talk(
        self, conversation: str, after: tuple[int, int], done: Callable[[Records | StoreError], None]
    ) -> None:
        """Read what was said in a conversation in every era, behind a (time, place), some messages at a time.

        For who may read all of it.
        """

    def versions(self, message: int, done: Callable[[list[Version] | StoreError], None]) -> None:
        """Read how a message, given by its place in the log, has read, the oldest first and the newest too.

        Of one that was taken back there is nothing.
        """

    def reactions(
        self, messages: list[int], done: Callable[[dict[int, dict[str, int]] | StoreError], None]
    ) -> None:
        """Count the reactions to messages, given by their places in the log: by value, the oldest first."""

    def reacted(self, messages: list[int], done: Callable[[list[Reacted] | StoreError], None]) -> None:
        """Read the newest `REACTED_LIMIT` reactions to each of these messages, ascending by their places in the log.

        Those that were kept by a version that did not note who others saw are left out.
        """

    def partners(
        self, who: str, after: int, limit: int, done: Callable[[list[Partner] | StoreError], None]
    ) -> None:
        """Read the direct conversations of `who`, an id, with anything later than `after` (ms), the newest first.

        At most `limit`. What was taken back counts as little as on a page.
        """

    def unread(
        self,
        questions: list[UnreadQuestion],
        done: Callable[[list[tuple[int, int]] | StoreError], None],
    ) -> None:
        """Count what is new: for each question the messages of others, and how many of these mention its word.

        Both are counted among the newest `UNREAD_LIMIT` such messages. What was taken back does not count.
        """

    def search(self, question: SearchQuestion, done: Callable[[Found | StoreError], None]) -> None:
        """Look for messages; what was committed before the question is found, and what was taken back is not.

        Slow answers delay no other reading. "busy" when too many questions wait.
        """
