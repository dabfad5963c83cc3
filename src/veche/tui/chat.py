"""The chat itself: conversations on the left, people on the right, between them what is said and where one writes.

The strategy: one task reads events into the book; drawing follows at most every 50 ms, however many came.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from veche.client import events as ev
from veche.client.connection import Connection
from veche.client.errors import AskRefused, ClientError
from veche.client.gaps import reference
from veche.client.plain_commands import Command, parse_typed
from veche.client.plain_show import Show
from veche.client.text import plain
from veche.phrases import Phrases
from veche.tui.book import SERVER, Book, Conversation, Entry
from veche.tui.completion import candidates
from veche.tui.composer import Composer
from veche.tui.dialogs import Help, Picker, Secret
from veche.tui.finding import away_of, hit_row, people_rows, places, search_words
from veche.tui.log import MessageLog
from veche.tui.obey import Obey

# Seconds between two drawings, lines fetched when one scrolls up, and pages looked through for a hit.
FRAME = 0.05
PAGE = 100
MOST_PAGES = 20


class Chat(Screen[str]):
    """The windows of one visit; ends with why it ended."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+k", "switch", priority=True),
        Binding("ctrl+f", "search", priority=True),
        Binding("ctrl+n", "next_unread", priority=True),
        Binding("alt+up", "step(-1)", priority=True),
        Binding("alt+down", "step(1)", priority=True),
        Binding("pageup", "page(-1)", priority=True),
        Binding("pagedown", "page(1)", priority=True),
        Binding("f1", "help", priority=True),
    ]

    def __init__(
        self, chat: Connection, say: Phrases, server: str, local: Callable[[datetime], datetime]
    ) -> None:
        super().__init__()
        self._chat, self._say, self._server, self._local = chat, say, server, local
        self.book = Book(lambda: chat.model, local)
        self.book.edited_mark = say("edited_mark")
        self._show = Show(say, local, datetime.now().astimezone().date())
        self._obey = Obey(
            chat, self.book, say, tell=self._tell, changed=self._change, go=self.go, secret=self._ask_secret
        )
        self._is_dirty = True
        self._is_fetching = False
        self._is_lost = False

    def compose(self) -> ComposeResult:
        """Three columns, and a line of state below them."""
        with Horizontal():
            yield _list("rooms", self._say("conversations"))
            with Vertical(id="middle"):
                yield Static(id="topic")
                yield MessageLog(self._say, self._local, id="log")
                yield Composer(self._complete, id="composer")
            yield _list("people", self._say("people"))
        yield Static(id="state")

    def on_mount(self) -> None:
        """Begin to read, and to draw."""
        self.query_one(Composer).focus()
        self.set_interval(FRAME, self._draw)
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """A small terminal shows less, and what matters most."""
        self.set_class(event.size.width < 70, "narrow")
        self.set_class(event.size.width < 100, "no-people")
        self.set_class(event.size.height < 12, "low")

    # --- events ---

    @work
    async def _read(self) -> None:
        async for event in self._chat.events():
            await self._hear(event)
            self._is_dirty = True
        while self.app.screen is not self:  # a small window may lie on top
            self.app.screen.dismiss(None)
            await asyncio.sleep(0)
        self.dismiss(self._say("state_closed"))

    async def _hear(self, event: ev.Event) -> None:
        book = self.book
        if self._hear_said(event):
            return
        match event:
            case ev.PersonJoined(room=room, is_me=True):
                where = book.open(room)
                if book.current.name == SERVER:
                    await self.go(where.name)
            case ev.PersonLeft(room=room, is_me=True):
                book.forget(book.open(room))
                if self._chat.model.same(room, book.current.name):
                    await self.go(next((one.name for one in self._chat.model.rooms.values()), SERVER))
            case ev.NickChanged(old=old, new=new):
                book.rename(old, new)
            case ev.Disconnected(retry_in=retry_in):
                was_lost, self._is_lost = self._is_lost, True
                if was_lost and retry_in is not None:
                    return  # told once; the line of state goes on telling
            case ev.Registered():
                self._is_lost = False
                book.is_settled = True
        if text := self._show.text(event).removeprefix("* "):
            for where in self._places_of(event):
                book.tell(where, event.time, text)

    def _hear_said(self, event: ev.Event) -> bool:
        """What was said, or said otherwise; whether nothing is left to tell of it."""
        book = self.book
        match event:
            case ev.MessageReceived():
                self._obey.past.hear(event)
                entry = book.hear(event)
                if (entry.is_mention or event.is_private) and not event.is_mine and not event.is_replay:
                    self.app.bell()
                return True
            case ev.HistoryReceived(messages=messages):
                for message in messages:
                    book.hear(message)
                return True
            case ev.MessageEdited():
                self._obey.past.hear(event)
                return book.correct(event)
            case ev.MessageRedacted():
                self._show.taken_back = self._obey.past.take_redacted(event)
                book.take_back(event)
        return False

    def _places_of(self, event: ev.Event) -> list[Conversation]:
        """Where news belong: in the rooms they speak of, else where the reader is."""
        rooms = getattr(event, "rooms", None) or (
            getattr(event, "room", ""),
            getattr(event, "conversation", ""),
        )
        found = [self.book.open(room) for room in rooms if room and self._chat.room(room) is not None]
        return found or [self.book.open(SERVER) if isinstance(event, ev.Told) else self.book.current]

    def _tell(self, where: Conversation, text: str) -> None:
        self.book.tell(where, self.book.now(), text)
        self._is_dirty = True

    def _change(self) -> None:
        self.query_one(MessageLog).restyle()
        self._is_dirty = True

    # --- drawing ---

    def _draw(self) -> None:
        if not self._is_dirty:
            return
        self._is_dirty = False
        self.query_one(MessageLog).renew()
        current = self.book.current
        rows = self.query_one("#rooms", OptionList)
        rows.clear_options()
        for key, one in self.book.conversations.items():
            rows.add_option(Option(self._row(one), id=key or " "))
            if one is current:
                rows.highlighted = rows.option_count - 1
        room = self._chat.room(current.name)
        people = self.query_one("#people", OptionList)
        people.clear_options()
        if room is not None:
            people.border_title = f"{self._say('people')} {len(room.members)}"
            people.add_options(
                [Option(text, id=nick) for nick, text in people_rows(self._chat.model, room, current.away)]
            )
        self.query_one("#topic", Static).update(self._headline(current, room.topic if room else ""))
        composer = self.query_one(Composer)
        composer.placeholder = self._say("type_here", where=plain(current.name) or self._say("the_server"))
        self.query_one("#state", Static).update(self._state_line(current))

    def _row(self, one: Conversation) -> Text:
        sign = "" if one.is_room else "● " if one.name else ""
        text = Text(sign + (plain(one.name) or self._server), no_wrap=True, overflow="ellipsis")
        if one.unread:
            text.stylize("bold")
            text.append(f" {one.unread}", "bold #e8590c" if one.mentions else "dim")
        if one.mentions and one.is_room:
            text.append(f" @{one.mentions}", "bold #e8590c")
        return text

    def _headline(self, current: Conversation, topic: str) -> Text:
        text = Text(plain(current.name) or self._server, "bold", no_wrap=True, overflow="ellipsis")
        return text.append("  " + plain(topic), "dim not bold") if topic else text

    def _state_line(self, current: Conversation) -> Text:
        say = self._say
        online = self._chat.is_online
        key = "state_online" if online else "state_lost"
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(" ● ", "#2f9e44" if online else "#e03131")
        text.append(f"{plain(self._chat.nick)} @ {self._server} · {say(key)}")
        waiting = sum(entry.state == "waiting" for entry in current.entries[-50:])
        if waiting:
            text.append(" · " + say.count("still_waiting", waiting), "bold")
        for keys, name in (
            ("F1", "key_help"),
            ("^K", "key_switch"),
            ("^F", "key_search"),
            ("^N", "key_next"),
        ):
            text.append(f"   {keys} ", "bold").append(say(name), "dim")
        return text.append("   ^T ", "bold").append(say("key_theme"), "dim")

    # --- moving ---

    async def go(self, name: str) -> None:
        """Look at a conversation; a room that we are not in is joined first. Raises what joining raises."""
        model = self._chat.model
        if name and model.is_room(name) and self._chat.room(name) is None:
            await self._chat.join(name)
        composer = self.query_one(Composer)
        self.book.current.draft = composer.text
        where = self.book.open(name)
        if where is not self.book.current:
            composer.load_text(where.draft)
            composer.move_cursor(composer.document.end)
        self.book.go_to(where)
        self._show.current = where.name
        self.query_one(MessageLog).show(where)
        self._is_dirty = True
        self._arrive(where)

    @work(exclusive=True, group="arrive")
    async def _arrive(self, where: Conversation) -> None:
        """What a newly seen conversation lacks: its talk of before, and who is away."""
        if where.name and not where.is_whole and where.oldest() is None:
            await self._fetch_older(where)
        room = self._chat.room(where.name)
        if room is not None and len(room.members) <= 500:
            try:
                where.away = away_of(self._chat.model, await self._chat.ask("WHO", room.name))
            except ClientError:
                return
            self._is_dirty = True

    @work(group="go")
    async def _try_go(self, name: str) -> None:
        await self._obey.obey(f"/to {name}", self.book.current) if name else await self.go(SERVER)

    def action_step(self, step: int) -> None:
        """The conversation above or below."""
        shown = list(self.book.conversations.values())
        index = shown.index(self.book.current) if self.book.current in shown else 0
        self._try_go(shown[(index + step) % len(shown)].name)

    def action_next_unread(self) -> None:
        """To what was said to us, else to what was said."""
        news = [one for one in self.book.conversations.values() if one.unread]
        if news:
            self._try_go(max(news, key=lambda one: bool(one.mentions)).name)

    def action_page(self, step: int) -> None:
        """Through the messages, without leaving the line one writes."""
        log = self.query_one(MessageLog)
        if step < 0 and log.scroll_offset.y <= 0:
            self.on_message_log_top_reached()
        log.scroll_page_up(animate=False) if step < 0 else log.scroll_page_down(animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click on a conversation or a person."""
        if event.option.id:
            found = self.book.conversations.get(event.option.id.strip())
            self._try_go(found.name if event.option_list.id == "rooms" and found else event.option.id.strip())

    # --- history ---

    @work(group="older")
    async def on_message_log_top_reached(self) -> None:
        """Older messages, as far as the server has them."""
        await self._fetch_older(self.book.current)

    async def _fetch_older(self, where: Conversation) -> int:
        """How many more there are now."""
        if self._is_fetching or where.is_whole or not where.name:
            return 0
        self._is_fetching = True
        tokens, oldest = self._chat.model.tokens, where.oldest()
        how = ("BEFORE", where.name, reference(tokens, oldest.msgid, oldest.time)) if oldest else (
            "LATEST", where.name, "*")  # fmt: skip
        page = min(PAGE, self._chat.model.number("CHATHISTORY", 0) or PAGE)
        log = self.query_one(MessageLog)
        before = log.lines
        try:
            answer = await self._chat.ask("CHATHISTORY", *how, str(page))
        except ClientError as error:
            where.is_whole = isinstance(error, AskRefused)
            return 0
        finally:
            self._is_fetching = False
        where.is_whole = not answer.history
        added = self.book.prepend(where, answer.history)
        if where is self.book.current:
            log.keep_place(before) if oldest else log.renew(follow=True)
        return added

    # --- windows over it ---

    @work(group="switch")
    async def action_switch(self) -> None:
        """Ctrl+K."""

        async def find(word: str) -> list[tuple[str, Text]]:
            return places(self._chat.model, self.book, word)

        found = await self.app.push_screen_wait(Picker(self._say("switch_hint"), find, on_enter=False))
        if found:
            self._try_go(found)

    @work(group="search")
    async def action_search(self, word: str = "") -> None:
        """Ctrl+F."""
        where = self.book.current
        hits: dict[str, Entry] = {}

        async def find(word: str) -> list[tuple[str, Text]]:
            hits.clear()
            try:
                answer = await self._chat.ask("SEARCH", search_words(where.name, word))
                hits.update(hit_row(line.params, line.nick, line.tags, line.command) for line in answer.lines
                            if line.command in {"PRIVMSG", "NOTICE"})  # fmt: skip
            except (ClientError, ValueError):  # a server without a search: what is here is looked through
                hits.update((str(index), entry) for index, entry in enumerate(where.entries)
                            if entry.sender and word.casefold() in entry.shown.casefold())  # fmt: skip
            newest = sorted(hits.items(), key=lambda hit: hit[1].time, reverse=True)
            return [(key, self._hit(entry)) for key, entry in newest]

        hint = self._say("search_hint", where=plain(where.name) or self._say("the_server"))
        chosen = await self.app.push_screen_wait(Picker(hint, find, on_enter=True, word=word))
        if chosen:
            await self._jump(where, hits[chosen])

    def _hit(self, entry: Entry) -> Text:
        text = Text(f"{self._local(entry.time):%Y-%m-%d %H:%M} ", "dim", no_wrap=True, overflow="ellipsis")
        return text.append(entry.sender + " ", "bold not dim").append(entry.shown, "not dim")

    async def _jump(self, where: Conversation, hit: Entry) -> None:
        """To a hit, fetching page after page until it is here."""
        log = self.query_one(MessageLog)
        for _ in range(MOST_PAGES):
            here = next(
                (one for one in where.entries if one is hit or (hit.msgid and one.msgid == hit.msgid)), None
            )
            if here is not None:
                log.jump(here)
                return
            if not await self._fetch_older(where):
                break
        self._tell(where, self._say("hit_not_here"))

    def action_help(self) -> None:
        """F1."""
        self.app.push_screen(Help(self._say("help_title"), self._say("help_keys")))

    def on_composer_help_wanted(self) -> None:
        """A question mark in an empty line."""
        self.action_help()

    # --- writing ---

    @work(group="obey")
    async def on_composer_submitted(self, event: Composer.Submitted) -> None:
        """Say or do it."""
        where = self.book.current
        typed = parse_typed(event.text)
        if isinstance(typed, Command) and typed.name == "list":
            self.action_switch()
        elif isinstance(typed, Command) and typed.name == "search":
            self.action_search(typed.args[0])
        elif isinstance(typed, Command) and typed.name == "history":
            self.action_page(-1)
        elif await self._obey.obey(event.text, where):
            self.app.exit(0)
        self._is_dirty = True

    def _complete(self, before: str) -> tuple[int, list[str]]:
        model, current = self._chat.model, self.book.current
        room = self._chat.room(current.name)
        people = [*current.speakers(), *(map(plain, room.nicks()) if room else ())]
        others = [nick for nick in dict.fromkeys(people) if not model.is_me(nick)]
        return candidates(before, others, [plain(one.name) for one in model.rooms.values()])

    async def _ask_secret(self, question: str) -> str:
        return await self.app.push_screen_wait(Secret(question)) or ""


def _list(name: str, title: str) -> OptionList:
    rows = OptionList(id=name, compact=True, markup=False)
    rows.border_title = title
    rows.can_focus = False
    return rows
