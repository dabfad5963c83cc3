"""The conversations of a visit: what was said in each, how much of it is new, what is still on its way.

The strategy: events come in, entries come out at the end of a list; what is drawn of an entry is the log's affair.

It must not: know the terminal, or ask the server. `local` makes a moment the reader's, `now` is this machine's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from veche.client import events as ev
from veche.client.model import Model
from veche.client.text import plain
from veche.wire.names import fold

# A person keeps more than this of a conversation in the server's history, not here.
MOST_ENTRIES = 120_000
# The conversation for what belongs to none: the server's own words.
SERVER = ""


class Entry:
    """One thing in a conversation. `kind`: message, notice, action, news, day or mark (where the reader stopped).

    `state`: "" for what is said, "waiting" for what the server does not have yet, else why it failed.
    """

    __slots__ = ("is_mention", "is_mine", "kind", "msgid", "sender", "shown", "state", "text", "time")

    def __init__(self, time: datetime, kind: str, text: str, sender: str = "", msgid: str = "") -> None:
        self.time = time
        self.kind = kind
        self.text = text
        self.shown = plain(text)
        self.sender = plain(sender)
        self.msgid = msgid
        self.state = ""
        self.is_mine = False
        self.is_mention = False


@dataclass(slots=True)
class Conversation:
    """A room, a person, or the server itself (`name` ""). `version` grows when older entries change places."""

    name: str
    is_room: bool
    entries: list[Entry] = field(default_factory=list)
    unread: int = 0
    mentions: int = 0
    draft: str = ""
    version: int = 0
    is_whole: bool = False  # nothing older is to be had
    day: date | None = None
    away: frozenset[str] = frozenset()
    ids: set[str] = field(default_factory=set)

    def speakers(self) -> list[str]:
        """Who spoke lately, the last one first."""
        return list(dict.fromkeys(entry.sender for entry in reversed(self.entries[-300:]) if entry.sender))

    def unmark(self) -> None:
        """Take away the line where the reader had stopped."""
        if any(entry.kind == "mark" for entry in self.entries):
            self.entries = [entry for entry in self.entries if entry.kind != "mark"]
            self.version += 1

    def oldest(self) -> Entry | None:
        """The oldest message that is known."""
        return next((entry for entry in self.entries if entry.kind in MESSAGES), None)


MESSAGES = frozenset({"message", "notice", "action"})


class Book:
    """All conversations, in the order in which they were opened. `current` is the one that the reader looks at."""

    def __init__(
        self,
        model: Callable[[], Model],
        local: Callable[[datetime], datetime],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.now = now
        self._model = model
        self._local = local
        self.edited_mark = ""  # stands behind what did not always read so
        self.is_settled = False  # what comes from the history from now on was missed, and is news
        self.conversations: dict[str, Conversation] = {}
        self.current = self.open(SERVER)

    def open(self, name: str) -> Conversation:
        """The conversation of this name, new if need be."""
        key = self._model().fold(name)
        if key not in self.conversations:
            self.conversations[key] = Conversation(name, self._model().is_room(name))
        return self.conversations[key]

    def go_to(self, conversation: Conversation) -> None:
        """The reader looks at this one now; the one before has been read to its end."""
        if conversation is not self.current:
            self.current.unmark()
        self.current = conversation
        conversation.unread = conversation.mentions = 0

    def forget(self, conversation: Conversation) -> None:
        """Close a conversation; the server's own stays."""
        if conversation.name:
            self.conversations = {k: c for k, c in self.conversations.items() if c is not conversation}

    def rename(self, old: str, new: str) -> None:
        """A person we talk with has another name; rooms hear of it by their news."""
        found = self.conversations.pop(self._model().fold(old), None)
        if found is not None:
            found.name = new
            self.conversations[self._model().fold(new)] = found

    # --- messages ---

    def hear(self, event: ev.MessageReceived) -> Entry:
        """Something was said; what we said ourselves takes the place of what was waiting."""
        where = self.open(event.conversation)
        if event.is_mine and not event.is_replay and (said := self._take_waiting(where, event)):
            return said
        entry = self._entry(event)
        if entry.msgid and entry.msgid in where.ids:
            return entry
        is_new = not event.is_mine and (self.is_settled or not event.is_replay)
        if is_new and where is not self.current:
            if not where.unread:
                where.unmark()
                if where.entries:
                    where.entries.append(Entry(event.time, "mark", ""))
            where.unread += 1
            where.mentions += entry.is_mention or event.is_private
        self._append(where, entry)
        return entry

    def _entry(self, event: ev.MessageReceived) -> Entry:
        text = f"{event.text} {self.edited_mark}" if event.is_edited else event.text
        entry = Entry(event.time, event.kind, text, event.sender, event.msgid)
        entry.is_mine = event.is_mine
        entry.is_mention = not event.is_mine and names_me(entry.shown, self._model().nick)
        return entry

    def say(self, where: Conversation, time: datetime, text: str, *, is_action: bool) -> Entry:
        """We want to say something: it waits until the server has it."""
        entry = Entry(time, "action" if is_action else "message", text, self._model().nick)
        entry.is_mine, entry.state = True, "waiting"
        self._append(where, entry)
        return entry

    def _take_waiting(self, where: Conversation, event: ev.MessageReceived) -> Entry | None:
        """The entry that was waiting for this, now said; where others have spoken since, it goes behind them."""
        for index in range(len(where.entries) - 1, max(-1, len(where.entries) - 200), -1):
            entry = where.entries[index]
            if entry.state != "waiting" or entry.shown != plain(event.text):
                continue
            if index < len(where.entries) - 1:
                del where.entries[index]
                where.entries.append(entry)
                where.version += 1
            entry.state, entry.time, entry.msgid = "", event.time, event.msgid
            where.ids.add(event.msgid)
            return entry
        return None

    def correct(self, event: ev.MessageEdited) -> bool:
        """A message reads otherwise from now on; False when it is not here."""
        where, entry = self._find(event.conversation, event.msgid)
        if entry is None:
            return False
        entry.text = f"{event.text} {self.edited_mark}"
        entry.shown = plain(entry.text)
        where.version += 1
        return True

    def take_back(self, event: ev.MessageRedacted) -> None:
        """A message is no more; that it was, the news tell."""
        where, entry = self._find(event.conversation, event.msgid)
        if entry is not None:
            where.entries.remove(entry)
            where.version += 1

    def _find(self, conversation: str, msgid: str) -> tuple[Conversation, Entry | None]:
        where = self.open(conversation)
        return where, next((entry for entry in reversed(where.entries) if entry.msgid == msgid), None)

    def tell(self, where: Conversation, time: datetime, text: str) -> None:
        """News: somebody came, the topic changed, an answer."""
        self._append(where, Entry(time, "news", text))

    def _append(self, where: Conversation, entry: Entry) -> None:
        if entry.msgid:
            where.ids.add(entry.msgid)
        day = self._local(entry.time).date()
        if where.day is None or day > where.day:
            where.entries.append(Entry(entry.time, "day", f"{day:%Y-%m-%d}"))
            where.day = day
        where.entries.append(entry)
        if len(where.entries) > MOST_ENTRIES:
            del where.entries[: MOST_ENTRIES // 10]
            where.version += 1

    def prepend(self, where: Conversation, page: tuple[ev.MessageReceived, ...]) -> int:
        """Older messages, oldest first; how many of them were not there yet."""
        older: list[Entry] = []
        day: date | None = None
        for event in page:
            if event.msgid and event.msgid in where.ids:
                continue
            where.ids.add(event.msgid)
            its_day = self._local(event.time).date()
            if its_day != day:
                older.append(Entry(event.time, "day", f"{its_day:%Y-%m-%d}"))
                day = its_day
            older.append(self._entry(event))
        rest = where.entries
        if rest and rest[0].kind == "day" and day is not None and rest[0].text == f"{day:%Y-%m-%d}":
            rest = rest[1:]
        where.entries = older + rest
        where.day = where.day or day
        where.version += 1
        return len(older)


def names_me(text: str, nick: str) -> bool:
    """Whether a text names us: the nick as a word of its own."""
    return fold(nick) in fold(text) and bool(
        re.search(rf"(?<![\w\[\]\\`^{{|}}-]){re.escape(fold(nick))}(?![\w\[\]\\`^{{|}}-])", fold(text))
    )
