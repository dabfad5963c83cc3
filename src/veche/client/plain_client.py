"""The plain client: what a person types goes to the chat, what happens in the chat goes to the person.

The strategy: two tasks, one showing events, one doing what was typed, line by line in order. A person may go on typing
while the server is away: what they say waits in the connection's line. From a pipe a line is taken only when the
one before has left, and at the end of input every answer is waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Literal

from veche.client import events as ev
from veche.client.connection import Connection, Receipt
from veche.client.errors import AskRefused, ClientError, ConnectionClosed, LoginFailed, OutcomeUnknown
from veche.client.hushed import hushed
from veche.client.plain_account import TAKEN, AccountCommands
from veche.client.plain_choice import MOST_PEOPLE, Choices, RoomRow, list_lines
from veche.client.plain_commands import (
    SHAPES,
    Command,
    Misused,
    Say,
    Typed,
    UnknownCommand,
    command_named,
    parse_typed,
    usage,
)
from veche.client.plain_past import Past
from veche.client.plain_phrases import reason_of, reason_of_login
from veche.client.plain_show import Show, who_lines, whois_lines
from veche.client.plain_terminal import Terminal
from veche.client.text import plain, split_text
from veche.phrases import Phrases
from veche.wire import numerics as n

# Lines that a person may type ahead while the server does not answer.
MOST_TYPED_AHEAD = 1_000
# A long text in an error message is cut to this.
EXCERPT = 60
# Seconds that someone who leaves waits for what they said last.
LAST_WORDS = 2.0
Ending = Literal["quit", "end of input", "closed"]


class PlainClient:
    """One visit to one server. `failed` turns true when something that was asked for was not done; `farewell` is
    what the person said on leaving. `password` is for /login and /register where there is nobody to ask.
    """

    def __init__(
        self,
        chat: Connection,
        terminal: Terminal,
        say: Phrases,
        *,
        server: str,
        today: date,
        password: str = "",
        local: Callable[[datetime], datetime] = datetime.astimezone,
    ) -> None:
        self.failed = False
        self.farewell = ""
        self._chat = chat
        self._terminal = terminal
        self._say = say
        self._show = Show(say, local, today)
        self._server = server
        self._choices = Choices()
        self._accounts = AccountCommands(
            chat, terminal, say, given=password, tell=self._tell, refuse=self._refuse
        )
        self._local = local
        self._past = Past(chat, say, show=terminal.show, refuse=self._refuse)
        self._current = ""
        self._is_choosing = False
        self._is_lost = False
        self._is_settled = False  # the first list has been shown
        self._sending: set[asyncio.Future[Receipt]] = set()
        self._typed: asyncio.Queue[Typed] = asyncio.Queue(MOST_TYPED_AHEAD)

    async def run(self) -> Ending:
        """Talk until the person leaves, the input ends, or the connection is over."""
        showing = asyncio.create_task(self._show_events(), name="show events")
        typing = asyncio.create_task(self._type(), name="do what is typed")
        try:
            await asyncio.wait({showing, typing}, return_when=asyncio.FIRST_COMPLETED)
            if typing.done():
                # What came together with the last answers is still shown.
                await asyncio.sleep(0)
                return typing.result()
            return showing.result()
        finally:
            for task in (showing, typing):
                task.cancel()
            await asyncio.wait({showing, typing})

    # --- what happens ---

    async def _show_events(self) -> Ending:
        async for event in self._chat.events():
            self._see(event)
            if not self._is_old_news(event):
                for line in self._show.lines(event):
                    self._terminal.show(line)
            self._set_prompt()
        return "closed"

    def _is_old_news(self, event: ev.Event) -> bool:
        """Whether a person has been told already: that there is no connection, and the message of the day."""
        if isinstance(event, ev.Disconnected):
            was_lost, self._is_lost = self._is_lost, True
            return was_lost and event.retry_in is not None
        if isinstance(event, ev.Registered):
            self._is_lost = False
        return self._is_settled and isinstance(event, ev.Told) and event.code == n.RPL_MOTD

    def _see(self, event: ev.Event) -> None:
        """What an event means for where we are, and what is said of it apart from its own line."""
        match event:
            case ev.MessageReceived() | ev.MessageEdited():
                self._past.hear(event)
            case ev.MessageRedacted():
                self._show.taken_back = self._past.take_redacted(event)
            case ev.PersonLeft(room=room, is_me=True) if self._is_current(room):
                self._go_to(next((one.name for one in self._chat.model.rooms.values()), ""))
            case ev.NickChanged(old=old, new=new) if self._is_current(old):
                self._go_to(new)
            case ev.GapFilled(conversation=where, count=count, is_complete=done) if self._is_settled:
                if count and done:
                    self._tell(self._say.count("missed", count, where=plain(where)))
                elif not done and self._chat.model.is_room(where):
                    self._tell(self._say("gap_open", where=plain(where)))
            case ev.Registered() if self._is_settled:
                self._tell(self._say("back"))
            case ev.PersonJoined(room=room, is_me=True) if not self._current:
                self._go_to(room)

    def _tell(self, text: str) -> None:
        self._terminal.show("* " + text)

    def _refuse(self, text: str) -> None:
        self.failed = True
        self._terminal.show("! " + text)

    # --- what is typed ---

    async def _type(self) -> Ending:
        if not self._terminal.is_interactive:
            self._is_settled = True
            ending = await self._read(self._do)
            await self._wait_sent()
            return ending
        await self._greet()
        doing = asyncio.create_task(self._do_typed(), name="do what was typed ahead")
        try:
            ending = await self._read(self._typed.put)
            if self._chat.is_online:  # nobody wants to wait for a server that is away
                try:
                    async with asyncio.timeout(LAST_WORDS):
                        await self._typed.join()
                        await self._wait_sent()
                except TimeoutError:
                    pass
            return ending
        finally:
            doing.cancel()
            await asyncio.wait({doing})

    async def _wait_sent(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending)

    async def _read(self, take: Callable[[Typed], Awaitable[None]]) -> Ending:
        while (line := await self._terminal.read_line()) is not None:
            if self._is_choosing and (line := self._choose(line)) is None:
                continue
            typed = parse_typed(line)
            if isinstance(typed, Command) and typed.name == "quit":
                self.farewell = "".join(typed.args)
                return "quit"
            if isinstance(typed, Command):
                # Here and not where it is done: the next line that is typed is the password, and nothing else.
                typed = await self._accounts.complete(typed)
            if typed is not None:
                await take(typed)
        return "end of input"

    async def _do_typed(self) -> None:
        while True:
            await self._do(await self._typed.get())
            self._typed.task_done()

    async def _do(self, typed: Typed) -> None:
        match typed:
            case Say(text=text):
                await self._speak(self._current, text)
            case UnknownCommand(word=word):
                self._refuse(self._say("unknown_command", word=plain(word)))
            case Misused(name=name):
                self._refuse(self._say("usage", usage=usage(name, self._say.language)))
            case Command():
                try:
                    await self._obey(typed)
                except AskRefused as error:
                    self._refuse(self._say("not_done", reason=reason_of(self._say, error.refusal)))
                    if error.refusal.code in TAKEN and self._chat.has_accounts:
                        self._tell(self._say("login_hint"))
                except LoginFailed as error:
                    self._refuse(self._say("not_done", reason=reason_of_login(self._say, error)))
                except OutcomeUnknown:
                    self._refuse(self._say("unknown_outcome_ask"))
                except ConnectionClosed:
                    self._refuse(self._say("not_done", reason=self._say("closed")))
                except (ClientError, ValueError) as error:
                    self._refuse(self._say("not_done", reason=plain(str(error))))

    async def _obey(self, command: Command) -> None:
        name, args = command.name, command.args
        first = args[0] if args else ""
        match name:
            case "list":
                await self._list()
            case "to" | "msg" if len(args) == 1:
                await self._switch(first)
            case "msg" | "tell":
                if (target := self._target(first)) is not None:
                    await self._speak(target, args[1])
            case "join":
                await self._join(first, *args[1:])
            case "part":
                await self._part(first)
            case "nick":
                await self._chat.ask("NICK", first)
            case "who":
                await self._who(first)
            case "topic":
                await self._topic(first)
            case "me":
                await self._speak(self._current, first, is_action=True)
            case "away":
                await self._chat.ask("AWAY", *args)
                self._tell(self._say("you_away" if args else "you_back"))
            case "edit" | "history" | "search":
                await self._remember(name, first)
            case "help":
                self._help(first)
            case _:
                await self._accounts.obey(command)

    async def _remember(self, name: str, rest: str) -> None:
        """The commands about what was said before."""
        await self._wait_sent()  # what was typed just now is part of it
        if name == "search":
            await self._past.search(rest, self._local)
        elif not self._current:
            self._refuse(self._say("nobody_chosen"))
        elif name == "history":
            await self._past.history(self._current, rest, self._local)
        else:
            await self._past.edit(self._current, rest)

    # --- talking ---

    async def _speak(self, target: str, text: str, *, is_action: bool = False) -> None:
        if not target:
            self._refuse(self._say("nobody_chosen"))
            return
        frame = "\x01ACTION {}\x01" if is_action else "{}"
        limit = self._chat.text_limit(target) - len(frame)
        for piece in split_text(text, limit):
            shown = hushed(target, piece)
            if not self._terminal.is_interactive:
                await self._chat.wait_room_in_line()
            try:
                future = self._chat.post(target, frame.format(piece))
            except ValueError as error:
                self._refuse(self._say("not_sent", text=plain(shown)[:EXCERPT], reason=plain(str(error))))
                continue
            self._sending.add(future)
            future.add_done_callback(lambda done, shown=shown: self._learn(done, shown))  # type: ignore[misc]

    def _learn(self, done: "asyncio.Future[Receipt]", text: str) -> None:
        """What became of a text. That it was sent, its echo shows."""
        self._sending.discard(done)
        if done.cancelled():
            return
        if (error := done.exception()) is None:
            self._past.sent(done.result())
            return
        excerpt = plain(text)[:EXCERPT]
        if isinstance(error, OutcomeUnknown):
            self._refuse(self._say("unknown_outcome", text=excerpt))
            return
        reason = plain(str(error))
        if isinstance(error, AskRefused):
            reason = reason_of(self._say, error.refusal)
        elif isinstance(error, ConnectionClosed):
            reason = self._say("closed")
        self._refuse(self._say("not_sent", text=excerpt, reason=reason))

    # --- choosing ---

    async def _greet(self) -> None:
        self._tell(self._say("welcome", nick=plain(self._chat.nick), server=self._server))
        try:
            await self._list()
        except ClientError:  # a server without LIST: the people of our rooms are known all the same
            self._show_list([])
        self._is_settled = True

    async def _list(self) -> None:
        answer = await self._chat.ask("LIST")
        rows = []
        for row in answer.numerics(n.RPL_LIST):  # 322 <client> <channel> <client count> :<topic>
            count = row[1] if len(row) > 1 else ""
            is_number = count.isascii() and count.isdigit() and len(count) < 9
            rows.append(RoomRow(row[0], int(count) if is_number else None, row[-1]) if row else RoomRow(""))
        self._show_list([row for row in rows if row.name])

    def _show_list(self, listed: list[RoomRow]) -> None:
        model = self._chat.model
        # Rooms that we are in come first, and are shown even where the server hides them from LIST.
        ours = {
            key: RoomRow(room.name, len(room.members), room.topic)
            for key, room in sorted(model.rooms.items())
        }
        others = [row for row in listed if model.fold(row.name) not in ours]
        rooms = [*ours.values(), *sorted(others, key=lambda row: (-(row.people or 0), row.name))]
        people = model.people()
        self._choices.renew(rooms, people)
        for line in list_lines(self._say, rooms, people, self._current):
            self._terminal.show(line)
        self._is_choosing = self._terminal.is_interactive
        self._set_prompt()

    def _choose(self, line: str) -> str | None:
        """A line typed at the question "talk to whom?", as what it means; None when there is nothing more to do."""
        word = line.strip()
        model = self._chat.model
        if not word:
            self._is_choosing = not self._current
        elif word.startswith("/") or " " in word:
            self._is_choosing = False  # a command, or simply something to say
        elif self._choices.resolve(word, model.same) or (not word.isdecimal() and self._is_known(word)):
            self._is_choosing = False
            line = "/to " + word
        else:
            # A mistyped name must not be said aloud to everybody.
            key = "no_such_number" if word.isdecimal() else "no_such_name"
            self._refuse(self._say(key, word=plain(word)))
            line = ""
        self._set_prompt()
        return line if line.strip() else None

    def _is_known(self, name: str) -> bool:
        model = self._chat.model
        return model.is_room(name) or any(model.same(name, nick) for nick in model.people())

    async def _switch(self, word: str) -> None:
        target = self._target(word)
        if target is None:
            return
        if self._chat.model.is_room(target) and self._chat.room(target) is None:
            await self._join(target)
            return
        self._go_to(target)
        key = "now_in_room" if self._chat.model.is_room(target) else "now_talking"
        self._tell(self._say(key, where=plain(target)))

    def _target(self, word: str) -> str | None:
        """Whom a number or name means; None (and it is said) for a number that is not in the list."""
        found = self._choices.resolve(word, self._chat.model.same)
        if found is None and word.isdecimal():
            self._refuse(self._say("no_such_number", word=word))
            return None
        return found or word

    def _go_to(self, target: str) -> None:
        self._current = self._show.current = target
        self._is_choosing = False
        self._set_prompt()

    def _is_current(self, name: str) -> bool:
        return self._chat.model.same(name, self._current)

    def _set_prompt(self) -> None:
        current = plain(self._current)
        if self._is_choosing:
            prompt = self._say("choose", default=current) if current else self._say("choose_first")
        else:
            prompt = f"{current}> "
        offline = "" if self._chat.is_online else self._say("offline_prompt")
        self._terminal.set_prompt(offline + prompt, self._current)

    # --- the other commands ---

    async def _join(self, word: str, key: str = "") -> None:
        name = self._target(word)
        if name is None:
            return
        if not self._chat.model.is_room(name):
            name = "#" + name
        await self._chat.join(name, key)
        room = self._chat.room(name)
        if room is not None:
            self._go_to(room.name)
            others = room.nicks()[:MOST_PEOPLE]
            self._tell(self._say("you_came", room=plain(room.name), people=plain(", ".join(others))))

    async def _part(self, word: str) -> None:
        name = self._target(word) if word else self._current
        if name is None:
            return
        if not self._chat.model.is_room(name):
            self._refuse(self._say("not_in_room"))
            return
        await self._chat.part(name)

    async def _topic(self, text: str) -> None:
        room = self._chat.room(self._current)
        if room is None:
            self._refuse(self._say("not_in_room"))
        elif text:
            await self._chat.ask("TOPIC", room.name, text)
        elif room.topic:
            self._tell(self._say("topic", room=plain(room.name), topic=plain(room.topic)))
        else:
            self._tell(self._say("topic_none", room=plain(room.name)))

    async def _who(self, word: str) -> None:
        name = self._target(word) if word else self._current
        if name is None:
            return
        if not name or self._chat.model.is_room(name):
            answer = await self._chat.ask("WHO", name or "*")
            lines = who_lines(self._say, answer)
        else:
            answer = await self._chat.ask("WHOIS", name)
            lines = whois_lines(self._say, answer)
        for line in lines:
            self._terminal.show(line)

    def _help(self, word: str) -> None:
        names = [name] if (name := command_named(word)) else list(SHAPES)
        language = self._say.language
        if len(names) > 1:
            self._terminal.show(self._say("help_head"))
        for name in names:
            self._terminal.show(f"  {usage(name, language):<21} {self._say('help_' + name)}")
        if len(names) > 1:
            self._terminal.show(self._say("help_foot"))
