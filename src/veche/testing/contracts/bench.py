"""A store with what a test needs to talk to it, and rows to put into it."""

from collections.abc import Callable
from queue import SimpleQueue

from veche.core.exporting import Said
from veche.core.ports import (
    Edit,
    Page,
    Partner,
    Reacted,
    Reaction,
    Record,
    Records,
    Redaction,
    RoomEvent,
    Row,
    Sent,
    Store,
    StoreError,
    UnreadQuestion,
    Version,
)
from veche.core.search import Found, SearchQuestion
from veche.wire.compiler import values_of
from veche.wire.msgids import make_msgid

ROOM = "#tea"
WAIT = 30.0  # s before a test gives up on an answer that does not come


class Turns:
    """The later turns of an owner, taken when the test says so. `post` may be called from any thread."""

    def __init__(self) -> None:
        self._due: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.post: Callable[[Callable[[], None]], None] = self._due.put

    def take(self) -> None:
        """Wait for the next turn and take it. Raises queue.Empty when none comes."""
        self._due.get(timeout=WAIT)()

    def is_due(self) -> bool:
        """Whether a turn waits to be taken."""
        return not self._due.empty()


class StoreBench:
    """A store with what a test needs to talk to it as if its answers were return values.

    `settle` is called when the owner waits for a commit: a fake that holds commits back releases one there.
    `restart` ends the store and opens what it has left; None for one that is its own next start.
    """

    def __init__(
        self,
        store: Store,
        turns: Turns,
        settle: Callable[[], object] = lambda: None,
        restart: Callable[[], Store] | None = None,
    ) -> None:
        self.store = store
        self.turns = turns
        self._settle = settle
        self._restart = restart

    def commit(self, *records: Row) -> StoreError | None:
        """Hand in one batch and wait for what becomes of it."""
        answers: list[StoreError | None] = []
        self.store.append(list(records), answers.append)
        assert not answers, "an answer never comes inside the call"
        self._settle()
        while not answers:
            self.turns.take()
        assert len(answers) == 1, "a batch has one answer"
        return answers[0]

    def ask(self, page: Page) -> Records | StoreError:
        """Ask for a page and wait for the answer."""
        answers: list[Records | StoreError] = []
        self.store.page(page, answers.append)
        assert not answers, "an answer never comes inside the call"
        while not answers:
            self.turns.take()
        return answers[0]

    def read(self, page: Page) -> Records:
        """Ask for a page that there must be."""
        answer = self.ask(page)
        assert not isinstance(answer, StoreError), answer
        return answer

    def seqs(self, page: Page) -> list[int]:
        """The places in the log of the messages on a page."""
        return [record.seq for record in self.read(page)]

    def latest(self, *conversations: str, era: int = 0) -> dict[str, int] | StoreError:
        """Ask for the newest times of conversations and wait for the answer."""
        answers: list[dict[str, int] | StoreError] = []
        self.store.latest([(name, era) for name in conversations], answers.append)
        while not answers:
            self.turns.take()
        return answers[0]

    def saved(self) -> list[str]:
        """What the next start would find saved, each fact as "place kind body key". Starts anew to find out."""
        if self._restart is not None:
            self.store = self._restart()
        found = self.store.saved()
        return [f"{fact.seq} {fact.kind} {fact.body}" + (fact.key and f" {fact.key}") for fact in found]

    def reactions(self, *messages: int) -> dict[int, dict[str, int]] | StoreError:
        """Ask for the counts of reactions and wait for the answer."""
        answers: list[dict[int, dict[str, int]] | StoreError] = []
        self.store.reactions(list(messages), answers.append)
        while not answers:
            self.turns.take()
        return answers[0]

    def reacted(self, *messages: int) -> list[Reacted]:
        """Ask who reacted how, and wait for the answer that there must be."""
        answers: list[list[Reacted] | StoreError] = []
        self.store.reacted(list(messages), answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def partners(self, who: str, after: int = 0, limit: int = 100) -> list[Partner]:
        """Ask for somebody's direct conversations and wait for the answer that there must be."""
        answers: list[list[Partner] | StoreError] = []
        self.store.partners(who, after, limit, answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def find_sent(self, key: int, after: int = 0) -> Sent | None:
        """Ask for the message with a key and wait for the answer that there must be."""
        answers: list[Sent | StoreError | None] = []
        self.store.find_sent(key, after, answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def versions(self, message: int) -> list[Version]:
        """Ask how a message has read and wait for the answer that there must be."""
        answers: list[list[Version] | StoreError] = []
        self.store.versions(message, answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def unread(self, *questions: tuple[str, int, int, str, str]) -> list[tuple[int, int]]:
        """Ask what is new and wait for the answer that there must be."""
        answers: list[list[tuple[int, int]] | StoreError] = []
        self.store.unread([UnreadQuestion(*question) for question in questions], answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def said(self, person: str, after: int = 0) -> Said:
        """Ask for a part of what a person has said."""
        answers: list[Said | StoreError] = []
        self.store.said(person, after, answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def talk(self, conversation: str, after: tuple[int, int] = (0, 0)) -> Records:
        """Ask for a part of what was said in a conversation."""
        answers: list[Records | StoreError] = []
        self.store.talk(conversation, after, answers.append)
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer

    def search(self, question: SearchQuestion) -> Found:
        """Look for messages and wait for the answer that there must be."""
        answers: list[Found | StoreError] = []
        self.store.search(question, answers.append)
        assert not answers, "an answer never comes inside the call"
        while not answers:
            self.turns.take()
        answer = answers[0]
        assert not isinstance(answer, StoreError), answer
        return answer


def make_record(
    seq: int, *, time: int = 0, conversation: str = ROOM, era: int = 0, text: str = "hello", tags: str = ""
) -> Record:
    """A message as the log hands it in; its time is 1000 times its place unless said otherwise."""
    time = time or seq * 1000
    return Record(
        seq=seq,
        msgid=make_msgid(time, seq.to_bytes(16, "big")),
        time=time,
        conversation=conversation,
        era=era,
        command="PRIVMSG",
        source="ann!a@example.org",
        sender="uid-ann",
        account="ann",
        target=conversation,
        tags=tags,
        text=text,
    )


def make_message(
    seq: int,
    conversation: str,
    who: str,
    *,
    time: int = 0,
    text: str = "hello",
    era: int = 0,
    source: str = "",
) -> Record:
    """A message of somebody's, whose id is also his nick."""
    record = make_record(seq, time=time, conversation=conversation, era=era, text=text)
    record.sender, record.source = who, source or f"{who}!x@example.org"
    return record


def make_event(
    seq: int,
    command: str = "JOIN",
    text: str = "Ann",
    *,
    time: int = 0,
    conversation: str = ROOM,
    era: int = 0,
) -> RoomEvent:
    """Something that happened in a room."""
    record = make_record(seq, time=time, conversation=conversation, era=era, text=text)
    record.command = command
    return RoomEvent(record)


def make_redaction(seq: int, record: Record, *, event: str = "") -> Redaction:
    """A message is taken back by who said it."""
    who = (record.source, record.sender, record.account)
    return Redaction(seq, seq * 1000, record.seq, record.msgid, *who, "spam", event)


def make_edit(seq: int, record: Record, text: str, *, sent: int = 0) -> Edit:
    """A message is edited by who said it."""
    time = seq * 1000
    msgid = make_msgid(time, seq.to_bytes(16, "big"))
    return Edit(seq, time, record.seq, text, msgid, record.source, record.sender, record.account, sent)


def make_reaction(
    seq: int, record: Record, value: str, who: str, *, era: int = 0, adding: bool = True
) -> Reaction:
    """Somebody reacts to a message that he sees in the given era."""
    return Reaction(
        seq,
        seq * 1000,
        record.conversation,
        era,
        record.msgid,
        who,
        value,
        adding=adding,
        msgid=make_msgid(seq * 1000, seq.to_bytes(16, "big")),
        source=f"{who}!x@example.org",
    )


def fields(record: Record) -> tuple[object, ...]:
    """All that a page says of a record, to compare two of them."""
    return tuple(getattr(record, name) for name in sorted(values_of(Record)) if name != "sent")


def close(store: Store) -> None:
    """Close a store. Not in the port, since only who opened it closes it; yet every engine has it."""
    end: Callable[[], object] = getattr(store, "close")  # noqa: B009
    end()
