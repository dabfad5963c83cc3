"""The chat itself: conversations on the left, people on the right, between them what is said and where one writes.

The strategy: one task reads events into the book (`hearing`); drawing follows at most every 50 ms, however many
came, and costs nothing while nothing comes.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import count
from time import monotonic
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import OptionList, Static

from veche.client.connection import Connection
from veche.client.errors import AskRefused, ClientError
from veche.client.events import GapFilled
from veche.client.gaps import reference
from veche.client.plain_choice import RoomRow
from veche.client.plain_commands import Command, Say, parse_typed
from veche.client.plain_show import Show
from veche.client.text import plain
from veche.phrases import Phrases
from veche.tui.book import MOST_ENTRIES, SERVER, Conversation, Entry
from veche.tui.completion import candidates
from veche.tui.composer import Composer
from veche.tui.deeds import Deeds
from veche.tui.dialogs import Help, Line, Picker
from veche.tui.drawing import Home, Panes
from veche.tui.finding import choices, hit_of, hit_row, listed_rooms, people_rows, places, search_words
from veche.tui.hearing import OF_PEOPLE, Hearing
from veche.tui.log import MessageLog
from veche.tui.obey import Obey
from veche.tui.panes import about_line
from veche.wire import numerics as n

# Seconds between two drawings, and lines fetched when one scrolls up.
FRAME = 0.05
PAGE = 100
# Lines fetched at a time on the way to a hit (a server takes two asks a second, and gives what it gives), and pages
# behind which the way is so long that one is told that it is looked for.
LONG_PAGE = 1000
LONG_WAY = 3
# Seconds after a key in which everything is drawn at once, and after the last one until drafts are written down.
TYPING, DRAFT_AFTER = 1.0, 1.0
# So much more seldom is drawn what lies under a small window: all of it is mixed anew with the shade upon it.
UNDERNEATH = 6
# Frames to wait for a room to be in before one is asked where to go.
MOST_TURNS = 100
# Seconds for which one has to have seen the end of a conversation before it counts as read.
READ_AFTER = 0.5


T = TypeVar("T")


class Chat(Panes):
    """The windows of one visit; ends with why it ended."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+k", "switch", priority=True, id="switch"),
        Binding("ctrl+f", "search", priority=True, id="search"),
        Binding("ctrl+n", "next_unread", priority=True, id="next"),
        Binding("alt+up", "step(-1)", priority=True, id="above"),
        Binding("alt+down", "step(1)", priority=True, id="below"),
        Binding("pageup", "page(-1)", priority=True, id="page_up"),
        Binding("pagedown", "page(1)", priority=True, id="page_down"),
        Binding("f1", "help", priority=True, id="help"),
        Binding("f2", "messages", priority=True, id="messages"),
        Binding("f3", "people", priority=True, id="people"),
    ]

    def __init__(
        self,
        chat: Connection,
        say: Phrases,
        server: str,
        local: Callable[[datetime], datetime],
        *,
        mode: str,
        home: Home,
    ) -> None:
        super().__init__(chat, say, server, local, home)
        self._mode = mode
        self._show = Show(say, local, datetime.now().astimezone().date())
        self._obey = Obey(
            chat, self.book, say, tell=self._tell, changed=self._change, go=self.go, secret=self._ask_secret
        )
        self._hearing = Hearing(
            chat, self.book, self._show, self._obey.past, changed=self._change_entry, called=self._called
        )
        self._about: tuple[str, Entry] | None = None  # what is being written is an answer or an edit of this
        self._frame: Timer | None = None
        self._drawn_at = self._typed_at = 0.0
        self._over, self._is_ending = "", False
        self._fetching = asyncio.Lock()

    def on_mount(self) -> None:
        """Begin to read, and to draw."""
        self.query_one("#about").display = self.query_one("#servers").display = False
        self.query_one(Composer).focus()
        self.query_one(MessageLog).is_roomy = self._home.settings.density == "roomy"
        self._drafts = self._home.keep.drafts(self._server)
        self._deeds = Deeds(
            self.ask, self.app.copy_to_clipboard, self._chat, self.book, self._say,
            attempt=self._obey.attempt, write_about=self._write_about,
            go_thread=self._go_thread, jump=self._jump, go=self.go, tell=self._tell,
        )  # fmt: skip
        self._read()
        self._draw()
        if self._home.settings.list_at_start:
            self._choose_at_start()

    async def ask(self, window: Screen[T]) -> T | None:
        """Show a small window over this chat, and wait for what comes of it."""
        return await self.app.push_screen_wait(window, mode=self._mode)

    # --- events ---

    @work
    async def _read(self) -> None:
        async for event in self._chat.events():
            going = self._hearing.hear(event)
            self._are_people_new = self._are_people_new or isinstance(event, OF_PEOPLE)
            if going is not None:
                await self.go(going)
            where = self.book.current
            if isinstance(event, GapFilled) and where.is_stale and where.name == event.conversation:
                self._arrive(where)
            self._dirty()
        self._over = self._say("state_closed")
        if self.app.current_mode == self._mode:
            self._end()

    @work(group="end")
    async def _end(self) -> None:
        self._is_ending = True
        self._keep_drafts()
        while self.app.screen is not self:  # a small window may lie on top
            self.app.screen.dismiss(None)
            await asyncio.sleep(0)
        self.dismiss(self._over)

    def on_screen_resume(self) -> None:
        """What ended while another server was looked at is over now."""
        if self._over and not self._is_ending:
            self._end()
        if self._frame is not None:
            self._frame.stop()
        self._frame, self._drawn_at = None, 0.0
        self._dirty()

    def _called(self, where: Conversation, entry: Entry) -> None:
        """Somebody else has said something just now."""
        notify = self._home.settings.notify
        is_seen = self.app.app_focus and self.app.screen is self and self.book.current.name == where.name
        if notify != "nothing" and not is_seen and (entry.is_mention or notify == "all"):
            title = f"{entry.sender}, {plain(where.name)}" if where.is_room else entry.sender
            self._home.call(title, entry.shown)

    def _tell(self, where: Conversation, text: str) -> None:
        self.book.tell(where, self.book.now(), text)
        self._dirty()

    def _change(self) -> None:
        self.query_one(MessageLog).restyle()
        self._dirty()

    def _change_entry(self, entry: Entry) -> None:
        self.query_one(MessageLog).change(entry)

    # --- drawing ---

    def _dirty(self) -> None:
        """Something is to be drawn: soon, and with whatever else comes until then; what is typed here, at once."""
        now = monotonic()
        wait = FRAME
        if now - self._typed_at > TYPING:
            pace = self._home.pace * (1 if self.app.screen is self else UNDERNEATH)
            wait = max(FRAME, pace - (now - self._drawn_at))
        elif self._frame is not None and self._home.pace:
            self._frame.stop()
            self._frame = None
        if self._frame is None:
            self._frame = self.set_timer(wait, self._draw)

    def _draw(self) -> None:
        self._frame, self._drawn_at = None, monotonic()
        if not self.query(MessageLog):
            return  # everything is being taken down
        if self._mode != self.app.current_mode:
            self._home.news_changed()
            return  # nobody sees it; it is drawn when it comes to the front
        self.draw_all()
        self._see(self.book.current)

    def on_descendant_focus(self) -> None:
        """Other keys are of use now."""
        self._dirty()

    def _see(self, where: Conversation) -> None:
        """Who has the end of a conversation before his eyes has read it."""
        latest = where.latest()
        is_seen = (
            self.app.app_focus
            and self.query_one(MessageLog).is_vertical_scroll_end
            and self.app.screen is self
        )
        if not where.name or where.thread or latest is None or not is_seen or not self._chat.is_online:
            return
        if where.read_until is None or where.read_until < latest.time:
            where.read_until = latest.time
            self._mark_read(where.name, latest.time)

    @work(group="mark", exclusive=True)
    async def _mark_read(self, name: str, until: datetime) -> None:
        await asyncio.sleep(READ_AFTER)
        try:
            await self._chat.mark_read(name, until)
        except (ClientError, ValueError):
            return  # it will be said with the next message

    # --- moving ---

    async def go(self, name: str) -> None:
        """Look at a conversation; a room that we are not in is joined first. Raises what joining raises."""
        model = self._chat.model
        if name and model.is_room(name) and self._chat.room(name) is None:
            await self._chat.join(name)
        self._show_conversation(self.book.open(name))

    def _show_conversation(self, where: Conversation) -> None:
        self._leave_about()
        composer = self.query_one(Composer)
        if where is not self.book.current:
            self._take_draft()
            composer.load_text(where.draft or self._drafts.pop(where.name, ""))
            composer.move_cursor(composer.document.end)
        self.book.go_to(where)
        self._show.current, self._typed_at = where.name, monotonic()
        self.query_one(MessageLog).show(where)
        self._are_people_new = True
        self._dirty()
        self._arrive(where)

    def _go_thread(self, thread: Conversation) -> None:
        self._show_conversation(thread)
        self.query_one(Composer).focus()

    @work(exclusive=True, group="arrive")
    async def _arrive(self, where: Conversation) -> None:
        """What a newly seen conversation lacks: its talk of before, and who is away."""
        if where.name and not where.is_whole and where.oldest() is None:
            await self._fetch_older(where)
            where.mark_unread()
            self._dirty()
        if where.is_stale and not where.thread:
            where.is_stale = False
            await self._count_reactions(where)
        room = self._chat.room(where.name)
        if room is not None and len(room.members) <= 500:
            try:
                await self._chat.ask("WHO", room.name)  # the model takes notice of who is away
            except (ClientError, ValueError):
                return
            self._are_people_new = True
            self._dirty()

    async def _count_reactions(self, where: Conversation) -> None:
        """What others have thought of the newest messages while we were cut off: edits are told of, reactions not."""
        if "veche/reactions" not in self._chat.model.capabilities:
            return
        try:
            page = await self._chat.page_before(where.name, "", PAGE)
        except (ClientError, ValueError):
            return
        changed = self.book.count_reactions(where, page.history)
        if self.query(MessageLog):
            for entry in changed:
                self._change_entry(entry)

    @work(group="go")
    async def _try_go(self, name: str) -> None:
        await self._obey.obey(f"/to {name}", self.book.current) if name else await self.go(SERVER)

    def action_step(self, step: int) -> None:
        """The conversation above or below."""
        shown = list(self.book.conversations.values())
        current = self.book.open(self.book.current.name)
        index = next((at for at, one in enumerate(shown) if one is current), 0)
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
            if event.option_list.id == "people":
                self._card(event.option.id)
            elif found is not None:
                self._try_go(found.name)

    # --- history ---

    @work(group="older")
    async def on_message_log_top_reached(self) -> None:
        """Older messages, as far as the server has them."""
        if not self._fetching.locked():
            await self._fetch_older(self.book.current)

    async def _fetch_older(self, where: Conversation, size: int = PAGE) -> int:
        """How many more there are now."""
        async with self._fetching:
            if where.is_whole or not where.name or len(where.entries) >= MOST_ENTRIES:
                return 0
            tokens, oldest = self._chat.model.tokens, where.oldest()
            start = reference(tokens, oldest.msgid, oldest.time) if oldest else ""
            try:
                answer = await self._chat.page_before(where.name, start, size)
            except (ClientError, ValueError) as error:
                where.is_whole = not isinstance(error, ClientError) or isinstance(error, AskRefused)
                return 0
            where.is_whole = not answer.history
            added = self.book.prepend(where, answer.history)
            if where is self.book.current and self.query(
                MessageLog
            ):  # it may all have been taken down meanwhile
                log = self.query_one(MessageLog)
                log.keep_place(added) if oldest else log.renew(follow=True)
            return added

    # --- windows over it ---

    @work(group="switch")
    async def action_switch(self) -> None:
        """Ctrl+K."""

        async def find(word: str) -> list[tuple[str, Text]]:
            return places(self._chat.model, self.book, word)

        found = await self.ask(Picker(self._say("switch_hint"), find, on_enter=False))
        if found:
            self._try_go(found)

    @work(group="people")
    async def action_people(self) -> None:
        """F3: the people of the room; the card of whom one chooses."""

        async def find(word: str) -> list[tuple[str, Text]]:
            room = self._chat.room(self.book.current.name)
            rows = people_rows(self._chat.model, room) if room is not None else []
            return [(nick, text) for nick, text in rows if word.casefold() in plain(nick).casefold()]

        found = await self.ask(Picker(self._say("people_hint"), find, on_enter=False))
        if found:
            await self._deeds.card(found)

    @work(group="card")
    async def _card(self, nick: str) -> None:
        await self._deeds.card(nick)

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
            return [(key, hit_of(entry, self._local)) for key, entry in newest]

        hint = self._say("search_hint", where=plain(where.name) or self._say("the_server"))
        chosen = await self.ask(Picker(hint, find, on_enter=True, word=word))
        if chosen:
            await self._jump(where, hits[chosen])

    async def _jump(self, where: Conversation, hit: Entry) -> None:
        """To a hit, fetching page after page until it is here, or the reader has gone elsewhere."""
        if where is not self.book.current:
            self._show_conversation(where)
        log = self.query_one(MessageLog)
        for page in count():
            here = where.by_id.get(hit.msgid) if hit.msgid else None
            here = here or next((one for one in where.entries if one is hit), None)
            if here is not None:
                log.renew()
                log.jump(here)
                return
            if page == LONG_WAY:
                self._tell(where, self._say("hit_far"))
            if not await self._fetch_older(where, LONG_PAGE if page else PAGE):
                break
            if where is not self.book.current:
                return
        self._tell(where, self._say("hit_not_here"))

    def action_help(self) -> None:
        """F1."""
        self.app.push_screen(Help(self._say("help_title"), self._say("help_keys")))

    def on_composer_help_wanted(self) -> None:
        """A question mark in an empty line."""
        self.action_help()

    # --- messages ---

    def action_messages(self) -> None:
        """F2, Shift+Tab: the keyboard goes to the messages."""
        self.query_one(MessageLog).focus()

    def on_composer_messages_wanted(self) -> None:
        """Shift+Tab."""
        self.action_messages()

    @work(group="deed")
    async def on_message_log_wanted(self, event: MessageLog.Wanted) -> None:
        """Something is to be done with a message."""
        if event.entry is None:
            self.query_one(Composer).focus()
        else:
            await self._deeds.do(event.deed, event.entry)

    def _write_about(self, kind: str, entry: Entry) -> None:
        """What is written next answers a message, or says it otherwise."""
        self._about = kind, entry
        composer = self.query_one(Composer)
        if kind == "edit":
            composer.load_text(entry.text)
            composer.move_cursor(composer.document.end)
        bar = self.query_one("#about", Static)
        bar.update(about_line(self._say, kind, entry.sender, entry.shown))
        bar.display = True
        composer.focus()

    def _leave_about(self) -> None:
        if self._about is not None and self._about[0] == "edit":
            self.query_one(Composer).load_text("")
        self._about = None
        self.query_one("#about").display = False

    def on_composer_left(self) -> None:
        """Escape: out of an answer or an edit, else out of a thread."""
        if self._about is not None:
            self._leave_about()
        elif self.book.current.thread:
            self._show_conversation(self.book.open(self.book.current.name))

    # --- coming in, and other servers ---

    @work(group="choose")
    async def _choose_at_start(self) -> None:
        """Rooms and people to choose from, as soon as we are somewhere."""
        for _ in range(MOST_TURNS):
            if self.book.current.name or self.book.is_settled:
                break
            await asyncio.sleep(FRAME)
        await self._choose()

    @work(group="choose")
    async def action_list(self) -> None:
        """/list."""
        await self._choose()

    async def _choose(self) -> None:
        listed: list[RoomRow] = []
        try:
            answer = await self._chat.ask("LIST")
            listed = listed_rooms(answer.numerics(n.RPL_LIST))
        except (ClientError, ValueError):
            pass  # a server without LIST: our rooms and their people are known all the same

        async def find(word: str) -> list[tuple[str, Text]]:
            return choices(
                self._chat.model, listed, word, lambda count: self._say.count("list_people", count)
            )

        found = await self.ask(Picker(self._say("list_hint"), find, on_enter=False))
        if found:
            self._try_go(found)

    def _command_of_windows(self, text: str) -> bool:
        """Commands that only the windows have; whether this was one."""
        word, _, rest = text.strip().partition(" ")
        if word in {"/connect", "/подключить"}:
            if self._home.may_connect:
                self._home.connect_to(rest.strip())
            else:
                self._tell(self.book.current, self._say("no_other_servers"))
            return True
        if word in {"/disconnect", "/отключить"}:
            self._leave_server()
            return True
        if word in {"/list", "/l", "/ls", "/список"} and not rest:
            self.action_list()
            return True
        return False

    @work(group="leave")
    async def _leave_server(self) -> None:
        self._keep_drafts()
        if not self._home.close_visit(self):
            self._over = self._say("state_closed")
            self._end()

    # --- drafts ---

    def _take_draft(self) -> None:
        composer = self.query_one(Composer)
        if self._about is None:
            self.book.current.draft = "" if composer.has_secret else composer.text

    def _keep_drafts(self) -> None:
        """Write down what was begun."""
        self._take_draft()
        drafts = {one.name: one.draft for one in self.book.conversations.values() if one.draft}
        self._home.keep.keep_drafts(self._server, {**self._drafts, **drafts})

    @work(group="drafts", exclusive=True)
    async def on_text_area_changed(self) -> None:
        """Some time after the last key, what was begun is written down."""
        self._typed_at = monotonic()
        await asyncio.sleep(DRAFT_AFTER)
        self._keep_drafts()

    # --- writing ---

    @work(group="obey")
    async def on_composer_submitted(self, event: Composer.Submitted) -> None:
        """Say or do it."""
        where, about = self.book.current, self._about
        typed = parse_typed(event.text)
        if isinstance(typed, Say) and about is not None:
            self._about = None
            self._leave_about()
            await self._say_about(*about, typed.text, where)
        elif self._command_of_windows(event.text):
            pass
        elif isinstance(typed, Command) and typed.name == "search":
            self.action_search(typed.args[0])
        elif isinstance(typed, Command) and typed.name == "history":
            self.action_page(-1)
        elif await self._obey.obey(event.text, where):
            self.book.current.draft = ""
            self._keep_drafts()
            self.app.exit(0)
        self._dirty()

    async def _say_about(self, kind: str, entry: Entry, text: str, where: Conversation) -> None:
        if kind == "answer":
            self._obey.speak(where, text, reply_to=entry.msgid)
            return
        text = f"\x01ACTION {text}\x01" if entry.kind == "action" else text
        await self._obey.attempt(self._edit(where.name, entry.msgid, text))

    async def _edit(self, name: str, msgid: str, text: str) -> None:
        await self._chat.edit(
            name, msgid, text
        )  # a line break or too long a text is refused inside of the attempt

    def complete(self, before: str) -> tuple[int, list[str]]:
        """What Tab makes of the word before the cursor."""
        model, current = self._chat.model, self.book.current
        room = self._chat.room(current.name)
        people = [*current.speakers(), *(map(plain, room.nicks()) if room else ())]
        others = [nick for nick in dict.fromkeys(people) if not model.is_me(nick)]
        return candidates(before, others, [plain(one.name) for one in model.rooms.values()])

    async def _ask_secret(self, question: str) -> str:
        return await self.ask(Line(question, is_secret=True)) or ""
