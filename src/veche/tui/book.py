"""The conversations of a visit: what was said in each, how much of it is new, what is still on its way.

The strategy: events come in, entries come out at the end of a list; what is drawn of an entry is the log's affair.

It must not: know the terminal, or ask the server. `local` makes a moment the reader's, `now` is this machine's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from sys import intern

import msgspec

from veche.client import events as ev
from veche.client.hushed import fit_to_show, hushed
from veche.client.model import Model
from veche.client.text import plain
from veche.wire.names import fold

# A person keeps more than this of a conversation in the server's history, not here.
MOST_ENTRIES = 120_000
# The conversation for what belongs to none: the server's own words.
SERVER = ""


class Reaction:
    """Who has reacted in one way, as far as is known by folded nick; `earlier`: how many did before we came."""

    __slots__ = ("earlier", "who")

    def __init__(self, earlier: int = 0) -> None:
        self.earlier = earlier
        self.who: set[str] = set()

    @property
    def count(self) -> int:
        """How many."""
        return self.earlier + len(self.who)


class Entry(msgspec.Struct, gc=False, eq=False):
    """One thing in a conversation. `kind`: message, notice, action, news, day or mark (where the reader stopped).

    `state`: "" for what is said, "waiting" for what the server does not have yet, "gone" for what was taken back, else
    why it failed. `mark` stands behind the text (that it did not always read so). `reply_to`: the msgid of what it
    answers. `nick`: who says it, as the server spells it; `sender` is fit for a terminal.

    Python's collector does not walk through them (`gc=False`): a hundred thousand cost it 100 ms in the middle of a
    jump, and they are in no cycle, for all that they hold are values.
    """

    time: datetime
    kind: str
    text: str
    nick: str = ""
    msgid: str = ""
    state: str = ""
    mark: str = ""
    reply_to: str = ""
    is_mine: bool = False
    is_mention: bool = False
    reactions: dict[str, Reaction] | None = None
    sender: str = ""
    shown: str = ""
    # In how many lines the text breaks at a width: the log's, kept here because it costs most of measuring anew.
    broken_at: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        self.nick = intern(self.nick)  # one string for all that somebody says
        self.sender = intern(plain(self.nick))
        self.word(self.text)

    def word(self, text: str, mark: str = "") -> None:
        """It reads so from now on."""
        self.text, self.mark = text, mark
        shown = plain(self.drawn)
        self.shown = text if shown == text else shown  # most texts are kept once
        self.broken_at = 0

    @property
    def drawn(self) -> str:
        """The text with its formatting and with what stands behind it."""
        return f"{self.text} {self.mark}" if self.mark else self.text

    @property
    def is_said(self) -> bool:
        """Whether this is a message that something can be done with."""
        return self.kind in MESSAGES and self.msgid != "" and self.state == ""


@dataclass(slots=True)
class Conversation:
    """A room, a person, or the server itself (`name` ""). `version` grows when older entries change places.

    With a `thread`, the msgid of its first message, it is that part of the room `name`. `read_until`: what came later
    is unread, on all devices; None where the server has not said.
    """

    name: str
    is_room: bool
    entries: list[Entry] = field(default_factory=list)
    unread: int = 0
    mentions: int = 0
    draft: str = ""
    version: int = 0
    is_whole: bool = False  # nothing older is to be had
    day: date | None = None
    thread: str = ""
    read_until: datetime | None = None
    is_stale: bool = (
        False  # what others have thought of messages since the connection was lost is not known yet
    )
    by_id: dict[str, Entry] = field(default_factory=dict)

    def speakers(self) -> list[str]:
        """Who spoke lately, the last one first."""
        return list(dict.fromkeys(entry.sender for entry in reversed(self.entries[-300:]) if entry.sender))

    def unmark(self) -> None:
        """Take away the line where the reader had stopped."""
        if any(entry.kind == "mark" for entry in self.entries):
            self.entries = [entry for entry in self.entries if entry.kind != "mark"]
            self.version += 1

    def mark_unread(self) -> None:
        """Put the line where the reader stopped, on whichever device, in front of what is new."""
        if self.read_until is None:
            return
        self.unmark()
        first = len(self.entries)
        is_new = False
        for index in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[index]
            if entry.kind in MESSAGES:
                if entry.time <= self.read_until:
                    break
                first, is_new = index, is_new or not entry.is_mine
        if is_new and first:
            self.entries.insert(first, Entry(self.entries[first].time, "mark", ""))
            self.version += 1

    def latest(self) -> Entry | None:
        """The newest message that the server has."""
        return next(
            (entry for entry in reversed(self.entries) if entry.kind in MESSAGES and entry.msgid), None
        )

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
        # What stands in the place of what was taken back, by whom and why.
        self.gone_text: Callable[[str, str], str] = lambda by, reason: f"{by} {reason}"
        # Whether the server counts what is unread, so that we need not count what is played back.
        self.has_counts: Callable[[], bool] = lambda: False
        self.thread: Conversation | None = None  # the one that the reader is in
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
            if conversation.unread:
                conversation.mark_unread()
        self.current = conversation
        self.thread = conversation if conversation.thread else None
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
        # Of what was played back after a break, it may be that the server has it and we have not heard so.
        is_news = not event.is_replay or (self.is_settled and event.msgid not in where.by_id)
        if event.is_mine and is_news and (said := self._take_waiting(where, event)):
            return said
        entry = self._entry(event)
        if entry.msgid and entry.msgid in where.by_id:
            return entry
        self._add_to_thread(where, entry)
        is_new = not event.is_mine and (not event.is_replay or (self.is_settled and not self.has_counts()))
        if is_new and where is not self._place():
            if not where.unread:
                where.unmark()
                if where.entries:
                    where.entries.append(Entry(event.time, "mark", ""))
            where.unread += 1
            where.mentions += entry.is_mention or event.is_private
        self._append(where, entry)
        return entry

    def _place(self) -> Conversation:
        """The room of the thread that the reader is in, or where he is."""
        return self.open(self.current.name) if self.current.thread else self.current

    def _entry(self, event: ev.MessageReceived) -> Entry:
        entry = Entry(event.time, event.kind, fit_to_show(event), event.sender, event.msgid)
        if event.is_edited:
            entry.word(entry.text, self.edited_mark)
        entry.is_mine = event.is_mine
        entry.reply_to = event.reply_to
        if event.reactions:
            entry.reactions = {what: Reaction(count) for what, count in event.reactions}
        entry.is_mention = not event.is_mine and names_me(entry.shown, self._model().nick)
        return entry

    def say(
        self, where: Conversation, time: datetime, text: str, *, is_action: bool, reply_to: str = ""
    ) -> Entry:
        """We want to say something: it waits until the server has it."""
        text = hushed(where.name, text)
        entry = Entry(time, "action" if is_action else "message", text, self._model().nick)
        entry.is_mine, entry.state, entry.reply_to = True, "waiting", reply_to
        self._append(self.open(where.name), entry)
        self._add_to_thread(where, entry)
        return entry

    def _take_waiting(self, where: Conversation, event: ev.MessageReceived) -> Entry | None:
        """The entry that was waiting for this, now said; where others have spoken since, it goes behind them."""
        shown = plain(fit_to_show(event))
        for index in range(len(where.entries) - 1, max(-1, len(where.entries) - 200), -1):
            entry = where.entries[index]
            if entry.state != "waiting" or entry.shown != shown:
                continue
            if index < len(where.entries) - 1:
                del where.entries[index]
                where.entries.append(entry)
                where.version += 1
            entry.state, entry.time, entry.msgid = "", event.time, event.msgid
            for one in filter(None, (where, self.thread)):
                if event.msgid and entry in one.entries[-200:]:
                    one.by_id[event.msgid] = entry
            return entry
        return None

    # --- what becomes of messages ---

    def find(self, conversation: str, msgid: str) -> Entry | None:
        """A message by its id, if it is here."""
        found = self.open(conversation).by_id.get(msgid)
        if found is None and self.thread is not None and self._model().same(self.thread.name, conversation):
            found = self.thread.by_id.get(msgid)
        return found

    def correct(self, event: ev.MessageEdited) -> Entry | None:
        """A message reads otherwise from now on; None when it is not here."""
        entry = self.find(event.conversation, event.msgid)
        if entry is not None and entry.state != "gone":
            entry.word(fit_to_show(event), self.edited_mark)
        return entry

    def take_back(self, event: ev.MessageRedacted) -> Entry | None:
        """A message is no more; in its place stands that it was. None when it is not here."""
        entry = self.find(event.conversation, event.msgid)
        if entry is not None:
            entry.state, entry.reactions, entry.reply_to, entry.is_mention = "gone", None, "", False
            entry.word(self.gone_text(event.by, event.reason))
        return entry

    def react(self, event: ev.Reacted) -> Entry | None:
        """Somebody has reacted to a message, or does so no more; None when it is not here."""
        entry = self.find(event.conversation, event.msgid)
        if entry is None or entry.state == "gone":
            return None
        found = entry.reactions = entry.reactions or {}
        who = self._model().fold(event.sender)
        if not event.is_taken_back:
            found.setdefault(event.reaction, Reaction()).who.add(who)
        elif (one := found.get(event.reaction)) is not None:
            if who in one.who:
                one.who.discard(who)
            else:  # who is not among those that came while we were here is among the earlier ones
                one.earlier = max(0, one.earlier - 1)
            if not one.count:
                del found[event.reaction]
        entry.reactions = found or None
        return entry

    def count_reactions(self, where: Conversation, page: tuple[ev.MessageReceived, ...]) -> list[Entry]:
        """Count the reactions anew, as a page of the history tells them; the messages that have others now."""
        changed: list[Entry] = []
        for event in page:
            entry = where.by_id.get(event.msgid) if event.msgid else None
            if entry is None or entry.state == "gone":
                continue
            known, counts = entry.reactions or {}, dict(event.reactions)
            if counts != {what: one.count for what, one in known.items()}:
                found = {what: _counted(known.get(what), count) for what, count in counts.items()}
                entry.reactions = found or None
                changed.append(entry)
        return changed

    # --- what is unread ---

    def read_until(self, event: ev.ReadMarkerMoved) -> None:
        """We have read up to there, perhaps on another device."""
        where = self.open(event.conversation)
        where.read_until = event.until
        if self.has_counts() or where is self._place():
            return
        where.unread = where.mentions = 0
        for entry in reversed(where.entries):
            if entry.kind in MESSAGES and event.until is not None and entry.time <= event.until:
                break
            if entry.kind in MESSAGES and not entry.is_mine:
                where.unread += 1
                where.mentions += entry.is_mention or not where.is_room

    def count(self, event: ev.UnreadCounted) -> None:
        """So much is unread, the server says."""
        where = self.open(event.conversation)
        if where is not self._place():
            where.unread = event.messages
            where.mentions = event.mentions if where.is_room else event.messages

    # --- threads ---

    def open_thread(self, name: str, page: tuple[ev.MessageReceived, ...], asked: Entry) -> Conversation:
        """A thread as a conversation of its own; what is here already is the same entry in both."""
        room = self.open(name)
        root = page[0].msgid if page and not page[0].reply_to else asked.msgid
        thread = Conversation(name, room.is_room, thread=root, is_whole=True)
        for event in page:
            self._append(thread, room.by_id.get(event.msgid) or self._entry(event))
        if asked.msgid not in thread.by_id:
            self._append(thread, asked)
        return thread

    def _add_to_thread(self, where: Conversation, entry: Entry) -> None:
        thread = self.thread
        if thread is None or not self._model().same(thread.name, where.name):
            return
        if where is thread or entry.reply_to == thread.thread or entry.reply_to in thread.by_id:
            self._append(thread, entry)

    def tell(self, where: Conversation, time: datetime, text: str) -> None:
        """News: somebody came, the topic changed, an answer."""
        self._append(where, Entry(time, "news", text))

    def _append(self, where: Conversation, entry: Entry) -> None:
        if entry.msgid:
            where.by_id[entry.msgid] = entry
        day = self._local(entry.time).date()
        if where.day is None or day > where.day:
            where.entries.append(Entry(entry.time, "day", f"{day:%Y-%m-%d}"))
            where.day = day
        where.entries.append(entry)
        if len(where.entries) > MOST_ENTRIES:
            for old in where.entries[: MOST_ENTRIES // 10]:
                where.by_id.pop(old.msgid, None)
            del where.entries[: MOST_ENTRIES // 10]
            where.version += 1
            where.is_whole = False  # they can be fetched again

    def prepend(self, where: Conversation, page: tuple[ev.MessageReceived, ...]) -> int:
        """Older messages, oldest first; how many of them were not there yet."""
        older: list[Entry] = []
        day: date | None = None
        for event in page:
            if event.msgid and event.msgid in where.by_id:
                continue
            its_day = self._local(event.time).date()
            if its_day != day:
                older.append(Entry(event.time, "day", f"{its_day:%Y-%m-%d}"))
                day = its_day
            entry = self._entry(event)
            if entry.msgid:
                where.by_id[entry.msgid] = entry
            older.append(entry)
        rest = where.entries
        if rest and rest[0].kind == "day" and day is not None and rest[0].text == f"{day:%Y-%m-%d}":
            rest = rest[1:]
        where.entries = older + rest
        where.day = where.day or day
        where.version += 1
        return len(older)


def _counted(known: Reaction | None, count: int) -> Reaction:
    """So many have reacted, among them those who are known to have, unless they are more."""
    if known is None or len(known.who) > count:
        return Reaction(count)
    known.earlier = count - len(known.who)
    return known


def names_me(text: str, nick: str) -> bool:
    """Whether a text names us: the nick as a word of its own."""
    return fold(nick) in fold(text) and bool(
        re.search(rf"(?<![\w\[\]\\`^{{|}}-]){re.escape(fold(nick))}(?![\w\[\]\\`^{{|}}-])", fold(text))
    )
