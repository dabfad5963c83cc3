"""What has been seen of each conversation, so that what was missed can be fetched and nothing is told twice.

The rule: a conversation is told in the server's order. While its gap is being filled, live messages of it wait;
they are told behind the history. The place reached moves only over what was told, so that a fill that broke off is
begun again where it was.

Sources: chathistory; message-ids.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from veche.client.events import MessageEdited, MessageReceived, MessageRedacted, Place

# Ids are needed only around the seam between history and live talk; this many are plenty.
MOST_IDS = 20_000
# Of messages that the program has asked for, so many may still be before somebody's eyes.
MOST_READ = 100_000
# Messages that may wait behind one fill; when there are more, the oldest are dropped and come with the history.
MOST_HELD = 2_000


class Conversation:
    """One room or person: the place reached, and what waits."""

    __slots__ = ("held", "is_filling", "msgid", "name", "time")

    def __init__(self, name: str) -> None:
        self.name = name
        self.msgid = ""
        self.time: datetime | None = None
        self.is_filling = False
        self.held: list[MessageReceived | MessageEdited | MessageRedacted] = []


class Gaps:
    """All conversations, by folded name (folding is the caller's)."""

    def __init__(self) -> None:
        self._conversations: dict[str, Conversation] = {}
        # By id, how each message reads, as the hash of its text: None of one that was taken back.
        self._ids: OrderedDict[str, int | None] = OrderedDict()
        # The same of what was not told but asked for. Apart, for a message may be asked for before its turn to be told.
        self._read: dict[str, int | None] = {}

    def conversation(self, key: str, name: str) -> Conversation:
        """The conversation of this key, made if it is new."""
        found = self._conversations.get(key)
        if found is None:
            found = self._conversations[key] = Conversation(name)
        return found

    def unfinished(self) -> dict[str, str]:
        """The conversations, key to name, that may have a gap: a place is known, or a fill has begun."""
        return {
            key: talk.name
            for key, talk in self._conversations.items()
            if talk.time is not None or talk.is_filling
        }

    def is_known(self, key: str) -> bool:
        """Whether a place was reached in this conversation before."""
        talk = self._conversations.get(key)
        return talk is not None and talk.time is not None

    def reached(self, key: str) -> float:
        """The time of the place reached, as a number to compare; 0 where there is none."""
        talk = self._conversations.get(key)
        return talk.time.timestamp() if talk is not None and talk.time is not None else 0.0

    def is_filling(self, key: str) -> bool:
        """Whether a fill has begun and not ended."""
        talk = self._conversations.get(key)
        return talk is not None and talk.is_filling

    def hear(self, key: str, message: MessageReceived) -> bool:
        """Take a live message; whether it is to be told now."""
        talk = self.conversation(key, message.conversation)
        if talk.is_filling:
            talk.held.append(message)
            del talk.held[:-MOST_HELD]
            return False
        return self._tell(talk, message)

    def begin_fill(self, key: str, name: str) -> None:
        """From now on live messages of this conversation wait. May be begun again while it is under way."""
        talk = self.conversation(key, name)
        talk.is_filling = True

    def take_page(self, key: str, page: tuple[MessageReceived, ...]) -> list[MessageReceived]:
        """A page of history, oldest first: those of it that are news, to be told now."""
        talk = self._conversations[key]
        return [message for message in page if self._tell(talk, message)]

    def correct(self, event: MessageEdited | MessageRedacted) -> bool:
        """Take what became of a message; whether we have told that message or been asked for it, and otherwise."""
        reads = hash(event.text) if isinstance(event, MessageEdited) else None
        is_news = False
        for known in (self._ids, self._read):
            if event.msgid in known and known[event.msgid] != reads:
                known[event.msgid] = reads
                is_news = True
        return is_news

    def read(self, page: tuple[MessageReceived, ...]) -> None:
        """The program has got messages that it asked for: what becomes of them is news for it."""
        for message in page:
            if message.msgid:
                self._read[message.msgid] = hash(message.text)
        for old in list(islice(self._read, max(0, len(self._read) - MOST_READ))):
            del self._read[old]

    def hear_correction(self, key: str, event: MessageEdited | MessageRedacted) -> bool:
        """Take what becomes of a message just now; whether to tell it now, not behind a page that may be older."""
        talk = self._conversations.get(key)
        if talk is not None and talk.is_filling:
            talk.held.append(event)
            del talk.held[:-MOST_HELD]
            return False
        self.correct(event)
        return True

    def reach(self, key: str, place: Place) -> None:
        """Everything up to this place has been told, also what is no message."""
        talk = self._conversations[key]
        talk.msgid, talk.time = place

    def end_fill(self, key: str) -> list[MessageReceived | MessageEdited | MessageRedacted]:
        """The gap is filled: what waited and is still news, to be told now."""
        talk = self._conversations[key]
        talk.is_filling = False
        held, talk.held = talk.held, []
        return [event for event in held if self._is_news(talk, event)]

    def _is_news(self, talk: Conversation, event: MessageReceived | MessageEdited | MessageRedacted) -> bool:
        if isinstance(event, MessageReceived):
            return self._tell(talk, event)
        is_known = event.msgid in self._ids or event.msgid in self._read
        return not is_known or self.correct(event)

    def start_at(self, key: str, name: str, time: datetime) -> None:
        """Of a conversation that is new to us: what is said after `time` would be missed."""
        talk = self.conversation(key, name)
        if talk.time is None:
            talk.time = time

    def lose_connection(self) -> None:
        """What waited will be in the history that the next connection fetches."""
        for talk in self._conversations.values():
            talk.held.clear()
            talk.is_filling = False

    def _tell(self, talk: Conversation, message: MessageReceived) -> bool:
        if message.msgid:
            if message.msgid in self._ids:
                return False
            self._ids[message.msgid] = hash(message.text)
            if len(self._ids) > MOST_IDS:
                self._ids.popitem(last=False)
            talk.msgid = message.msgid
        talk.time = message.time
        return True


def reference(tokens: Mapping[str, str], msgid: str, time: datetime) -> str:
    """What names a message to CHATHISTORY: its id, where it has one and the server takes them; else its time."""
    # "If MSGREFTYPES is missing, clients SHOULD assume the server supports both and has no preference."
    takes_ids = "msgid" in tokens.get("MSGREFTYPES", "msgid").split(",")
    return f"msgid={msgid}" if msgid and takes_ids else timestamp(time)


def timestamp(time: datetime) -> str:
    """A time as chathistory wants it: `timestamp=YYYY-MM-DDThh:mm:ss.sssZ`."""
    return f"timestamp={time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"
