"""The panes of a chat: what is in them, drawn from the book and the connection's model.

The rule: a pane is touched only when it is to show something else than it does, because each touch is a repaint, which
costs time here and bytes on the way to whoever looks on from afar.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from veche.client.connection import Connection
from veche.client.hushed import secret_at
from veche.client.text import plain
from veche.phrases import Phrases
from veche.tui.book import Book
from veche.tui.composer import Composer
from veche.tui.finding import people_rows
from veche.tui.keep import Keep
from veche.tui.log import MessageLog
from veche.tui.panes import Tab, headline, literal, room_row, state_line, tab_bar
from veche.tui.settings import Settings


class Home(Protocol):
    """What a chat needs of the program around it."""

    settings: Settings
    keep: Keep

    @property
    def pace(self) -> float: ...

    @property
    def may_connect(self) -> bool: ...

    def connect_to(self, address: str) -> None: ...

    def close_visit(self, chat: "Panes") -> bool: ...

    def action_visit(self, index: int) -> None: ...

    def tabs(self) -> list[Tab]: ...

    def news_changed(self) -> None: ...

    def call(self, title: str, text: str) -> None: ...


class Panes(Screen[str]):
    """Three columns, the servers above them, and a line of state below them."""

    def __init__(
        self,
        chat: Connection,
        say: Phrases,
        server: str,
        local: Callable[[datetime], datetime],
        home: Home,
    ) -> None:
        super().__init__()
        self._chat, self._say, self._server, self._local, self._home = chat, say, server, local, home
        self.book = self._open_book()
        self._drawn: dict[str, object] = {}  # what the panes show, by their names
        self._tab_ends: list[int] = []
        self._drafts: dict[str, str] = {}  # of conversations that are not open yet
        self._are_people_new = True

    def _open_book(self) -> Book:
        chat, say = self._chat, self._say
        book = Book(lambda: chat.model, self._local)
        book.edited_mark = say("edited_mark")
        book.gone_text = lambda by, reason: say(
            "taken_back", nick=plain(by), why=f": {plain(reason)}" if reason else ""
        )
        book.has_counts = lambda: bool(chat.model.account) and "veche/unread" in chat.model.capabilities
        return book

    def compose(self) -> ComposeResult:
        """Three columns, the servers above them, and a line of state below them."""
        yield Static(id="servers")
        with Horizontal():
            yield _list("rooms", self._say("conversations"))
            with Vertical(id="middle"):
                yield Static(id="topic")
                yield MessageLog(self._say, self._local, id="log")
                yield Static(id="about")
                yield Composer(
                    self.complete, lambda line: secret_at(line, self.book.current.name), id="composer"
                )
            yield _list("people", self._say("people"))
        yield Static(id="state")

    def complete(self, before: str) -> tuple[int, list[str]]:
        """What Tab makes of the word before the cursor."""
        raise NotImplementedError(before)

    def on_resize(self, event: events.Resize) -> None:
        """A small terminal shows less, and what matters most."""
        self.set_class(event.size.width < 70, "narrow")
        self.set_class(event.size.width < 100, "no-people")
        self.set_class(event.size.height < 12, "low")

    def draw_all(self) -> None:
        """Draw what has changed."""
        log, say, current = self.query_one(MessageLog), self._say, self.book.current
        log.my_key = self._chat.model.fold(self._chat.nick)
        log.renew()
        self._draw_rooms()
        if self._are_people_new:
            self._draw_people()
        room = self._chat.room(current.name)
        self._put("topic", headline(current, self._server, room.topic if room else "", say))
        hint = say("type_here", where=plain(current.name) or say("the_server"))
        if self._is_other("placeholder", hint):
            self.query_one(Composer).placeholder = literal(hint)
        waiting = sum(entry.state == "waiting" for entry in current.entries[-50:])
        line = state_line(
            say,
            nick=self._chat.nick,
            server=self._server,
            is_online=self._chat.is_online,
            waiting=waiting,
            is_choosing=log.has_focus,
        )
        self._put("state", line)
        self.draw_tabs()

    def _is_other(self, pane: str, value: object) -> bool:
        """Whether a pane is to show something else than it does; each change costs a repaint."""
        if self._drawn.get(pane) == value:
            return False
        self._drawn[pane] = value
        return True

    def _put(self, pane: str, text: Text) -> None:
        if self._is_other(pane, text):
            self.query_one(f"#{pane}", Static).update(text, layout=False)

    def _draw_rooms(self) -> None:
        shown = self.book.open(self.book.current.name)
        rows: list[tuple[str, Text]] = []
        for key, one in self.book.conversations.items():
            has_draft = one is not shown and bool(one.draft or one.name in self._drafts)
            rows.append((key or " ", room_row(one, self._server, has_draft=has_draft)))
        pane = self.query_one("#rooms", OptionList)
        self._fill(pane, rows)
        at = next((at for at, one in enumerate(self.book.conversations.values()) if one is shown), None)
        if pane.highlighted != at:
            pane.highlighted = at

    def _fill(self, pane: OptionList, rows: list[tuple[str, Text]]) -> None:
        """Rows into a pane: only those that have changed, where it is the same list."""
        before = self._drawn.get(pane.id or "")
        if not self._is_other(pane.id or "", rows):
            return
        if isinstance(before, list) and [key for key, _ in before] == [key for key, _ in rows]:
            for at, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    pane.replace_option_prompt_at_index(at, new[1])
            return
        pane.clear_options()
        pane.add_options([Option(text, id=key) for key, text in rows])

    def draw_tabs(self) -> None:
        """The bar of servers, where there are several."""
        tabs = self._home.tabs()
        if self._is_other("servers", tabs):
            text, self._tab_ends = tab_bar(tabs)
            bar = self.query_one("#servers", Static)
            bar.update(text)
            bar.display = bool(tabs)

    def news(self) -> tuple[int, int]:
        """How much is unread on this server, and how much of it is said to us."""
        talks = self.book.conversations.values()
        return sum(one.unread for one in talks), sum(one.mentions for one in talks)

    def on_click(self, event: events.Click) -> None:
        """A click on a server in the bar."""
        if event.widget is self.query_one("#servers"):
            self._home.action_visit(bisect_right(self._tab_ends, event.x))

    def _draw_people(self) -> None:
        self._are_people_new = False
        people = self.query_one("#people", OptionList)
        room = self._chat.room(self.book.current.name)
        title = f"{self._say('people')} {len(room.members)}" if room else self._say("people")
        if self._is_other("people_title", title):
            people.border_title = literal(title)
        self._fill(people, people_rows(self._chat.model, room) if room is not None else [])


def _list(name: str, title: str) -> OptionList:
    rows = OptionList(id=name, compact=True, markup=False)
    rows.border_title = literal(title)
    rows.can_focus = False
    return rows
