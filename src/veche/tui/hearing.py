"""What is heard, put where it belongs: events into the book, news into words.

The rule: it draws nothing; `changed` is told which entry reads otherwise, `called` that somebody calls us.
"""

from collections.abc import Callable

from veche.client import events as ev
from veche.client.connection import Connection
from veche.client.plain_past import Past
from veche.client.plain_show import Show
from veche.tui.book import SERVER, Book, Conversation, Entry

# What changes who is in a room, or what rank or presence they have.
OF_PEOPLE = (
    ev.PersonJoined, ev.PersonLeft, ev.PersonQuit, ev.NickChanged, ev.NamesListed, ev.ModeChanged, ev.PresenceChanged,
    ev.Registered, ev.Disconnected,
)  # fmt: skip


class Hearing:
    """The ear of one visit."""

    def __init__(
        self,
        chat: Connection,
        book: Book,
        show: Show,
        past: Past,
        *,
        changed: Callable[[Entry], None],
        called: Callable[[Conversation, Entry], None],
    ) -> None:
        self._chat, self._book, self._show, self._past = chat, book, show, past
        self._changed, self._called = changed, called
        self._is_lost = False

    def hear(self, event: ev.Event) -> str | None:
        """Take an event; the name of a conversation to go to because of it, None for none."""
        book = self._book
        if self._hear_said(event):
            return None
        going: str | None = None
        match event:
            case ev.ReadMarkerMoved():
                book.read_until(event)
            case ev.UnreadCounted():
                book.count(event)
            case ev.PersonJoined(room=room, is_me=True):
                where = book.open(room)
                going = where.name if book.current.name == SERVER else None
            case ev.PersonLeft(room=room, is_me=True):
                book.forget(book.open(room))
                if self._chat.model.same(room, book.current.name):
                    going = next((one.name for one in self._chat.model.rooms.values()), SERVER)
            case ev.NickChanged(old=old, new=new):
                book.rename(old, new)
            case ev.Disconnected(retry_in=retry_in):
                was_lost, self._is_lost = self._is_lost, True
                for where in book.conversations.values():
                    where.is_stale = bool(where.entries)
                if was_lost and retry_in is not None:
                    return None  # told once; the line of state goes on telling
            case ev.Registered():
                self._is_lost = False
                book.is_settled = True
        if text := self._show.text(event).removeprefix("* "):
            for where in self._places_of(event):
                book.tell(where, event.time, text)
        return going

    def _hear_said(self, event: ev.Event) -> bool:
        """What was said, or what became of it; whether nothing is left to tell of it."""
        book = self._book
        entry: Entry | None = None
        match event:
            case ev.MessageReceived():
                self._hear_message(event)
                return True
            case ev.HistoryReceived(messages=messages):
                for message in messages:
                    book.hear(message)
                return True
            case ev.Reacted():
                if (entry := book.react(event)) is not None:
                    self._changed(entry)
                return True
            case ev.MessageEdited():
                self._past.hear(event)
                entry = book.correct(event)
            case ev.MessageRedacted():
                self._show.taken_back = self._past.take_redacted(event)
                entry = book.take_back(event)
        if entry is not None:
            self._changed(entry)
        return entry is not None

    def _hear_message(self, event: ev.MessageReceived) -> None:
        self._past.hear(event)
        entry = self._book.hear(event)
        if event.is_mine:
            self._changed(entry)  # it waits no longer
        elif not event.is_replay:
            entry.is_mention = entry.is_mention or event.is_private
            self._called(self._book.open(event.conversation), entry)

    def _places_of(self, event: ev.Event) -> list[Conversation]:
        """Where news belong: in the rooms they speak of, else where the reader is."""
        rooms = getattr(event, "rooms", None) or (
            getattr(event, "room", ""),
            getattr(event, "conversation", ""),
        )
        found = [self._book.open(room) for room in rooms if room and self._chat.room(room) is not None]
        return found or [self._book.open(SERVER) if isinstance(event, ev.Told) else self._book.current]
