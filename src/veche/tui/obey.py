"""What is typed, done: texts are said, commands obeyed; what comes of it is told where it was typed."""

import asyncio
from collections.abc import Awaitable, Callable

from veche.client.connection import Connection, Receipt
from veche.client.errors import AskRefused, ClientError, ConnectionClosed, LoginFailed, OutcomeUnknown
from veche.client.plain_commands import (
    SHAPES,
    Command,
    Misused,
    Say,
    UnknownCommand,
    parse_typed,
    usage,
)
from veche.client.plain_past import Past
from veche.client.plain_phrases import reason_of, reason_of_login
from veche.client.plain_show import who_lines, whois_lines
from veche.client.text import plain, split_text
from veche.phrases import Phrases
from veche.tui.book import Book, Conversation, Entry


class Obey:
    """Does what a person types. `tell` shows a line, `changed` is called when an entry has changed, `go` moves to a
    conversation by its name, `secret` asks for a password.
    """

    def __init__(
        self,
        chat: Connection,
        book: Book,
        say: Phrases,
        *,
        tell: Callable[[Conversation, str], None],
        changed: Callable[[], None],
        go: Callable[[str], Awaitable[None]],
        secret: Callable[[str], Awaitable[str]],
    ) -> None:
        self._chat, self._book, self._say = chat, book, say
        self._tell, self._changed, self._go, self._secret = tell, changed, go, secret
        self._unverified = ""
        self.past = Past(chat, say, show=self._answer, refuse=self._answer)

    def _answer(self, line: str) -> None:
        self._tell(self._book.current, line.removeprefix("* ").strip())

    async def obey(self, text: str, where: Conversation) -> bool:
        """Do it; True when the person wants to leave."""
        typed = parse_typed(text)
        match typed:
            case Say(text=words):
                self.speak(where, words)
            case UnknownCommand(word=word):
                self._tell(where, self._say("unknown_command", word=plain(word)))
            case Misused(name=name):
                self._tell(where, self._say("usage", usage=usage(name, self._say.language)))
            case Command(name="quit"):
                return True
            case Command():
                if trouble := await self._trouble(self._do(typed, where)):
                    self._tell(where, trouble)
        return False

    async def attempt(self, deed: Awaitable[object]) -> bool:
        """Do something that may be refused, which is then told where the reader is; whether it was done."""
        trouble = await self._trouble(deed)
        if trouble:
            self._tell(self._book.current, trouble)
        return not trouble

    async def _trouble(self, deed: Awaitable[object]) -> str:
        """Why it came to nothing, or "" ."""
        say = self._say
        try:
            await deed
        except AskRefused as error:
            return say("not_done", reason=reason_of(say, error.refusal))
        except LoginFailed as error:
            return say("not_done", reason=reason_of_login(say, error))
        except OutcomeUnknown:
            return say("unknown_outcome_ask")
        except ConnectionClosed:
            return say("not_done", reason=say("closed"))
        except (ClientError, ValueError) as error:
            return say("not_done", reason=plain(str(error)))
        return ""

    async def _do(self, command: Command, where: Conversation) -> None:
        chat, args = self._chat, command.args
        first = args[0] if args else ""
        match command.name:
            case "to":
                await self._go(first)
            case "msg" | "tell":
                await self._go(first)
                if len(args) > 1:
                    self.speak(self._book.open(first), args[1])
            case "join":
                name = first if chat.model.is_room(first) else "#" + first
                await chat.join(name, *args[1:])
                await self._go(name)
            case "part":
                await chat.part(first or where.name)
            case "nick":
                await chat.ask("NICK", first)
            case "topic":
                await self._topic(where, first)
            case "me":
                self.speak(where, first, is_action=True)
            case "away":
                await chat.ask("AWAY", *args)
                self._tell(where, self._say("you_away" if args else "you_back"))
            case "who":
                await self._who(where, first or where.name)
            case "edit":
                await self.past.edit(where.name, first)
            case "help":
                for name in SHAPES:
                    self._tell(where, f"{usage(name, self._say.language):<21} {self._say('help_' + name)}")
            case _:
                await self._account(command.name, first, where)

    async def _topic(self, where: Conversation, text: str) -> None:
        room = self._chat.room(where.name)
        if room is None:
            self._tell(where, self._say("not_in_room"))
        elif text:
            await self._chat.ask("TOPIC", room.name, text)
        else:
            key = "topic" if room.topic else "topic_none"
            self._tell(where, self._say(key, room=plain(room.name), topic=plain(room.topic)))

    async def _who(self, where: Conversation, name: str) -> None:
        if not name or self._chat.model.is_room(name):
            lines = who_lines(self._say, await self._chat.ask("WHO", name or "*"))
        else:
            lines = whois_lines(self._say, await self._chat.ask("WHOIS", name))
        for line in lines:
            self._tell(where, line.strip())

    async def _account(self, name: str, first: str, where: Conversation) -> None:
        chat, say = self._chat, self._say
        if name == "logout":
            await chat.log_out()
            return
        if name == "login":
            account = first or chat.nick
            if password := await self._secret(say("ask_password", account=plain(account)).rstrip(": ")):
                await chat.log_in(account, password)
            return
        if name == "register":
            password = await self._secret(say("ask_new_password").rstrip(": "))
            if not password:
                return
            if await self._secret(say("ask_again").rstrip(": ")) != password:
                self._tell(where, say("password_differs"))
                return
            done = await chat.register("*", first or "*", password)
            self._unverified = done.account
        elif name == "verify":
            done = await chat.verify(self._unverified or chat.nick, first)
        else:
            return
        key = "registered_code" if done.needs_code else "registered"
        self._tell(where, say(key, account=plain(done.account), text=plain(done.text)))

    # --- talking ---

    def speak(self, where: Conversation, text: str, *, is_action: bool = False, reply_to: str = "") -> None:
        """Say it; each line and each piece that fits into one is a message of its own, shown as waiting. The first
        answers `reply_to`; in a thread all belong to it.
        """
        if not where.name:
            self._tell(where, self._say("nobody_chosen"))
            return
        frame = "\x01ACTION {}\x01" if is_action else "{}"
        for piece in split_text(text, self._chat.text_limit(where.name) - len(frame)):
            about, reply_to = reply_to or where.thread, ""
            entry = self._book.say(where, self._book.now(), piece, is_action=is_action, reply_to=about)
            try:
                future = self._chat.post(where.name, frame.format(piece), reply_to=about)
            except ValueError as error:
                entry.state = plain(str(error))
                continue
            future.add_done_callback(lambda done, entry=entry: self._learn(done, entry, where))  # type: ignore[misc]
        self._changed()

    def _learn(self, done: "asyncio.Future[Receipt]", entry: Entry, where: Conversation) -> None:
        """What became of a message. That it is on disk, its echo shows, which comes as an event."""
        if done.cancelled() or (error := done.exception()) is None:
            return
        say, excerpt = self._say, entry.shown[:60]
        if isinstance(error, OutcomeUnknown):
            line = say("unknown_outcome", text=excerpt)
        else:
            reason = plain(str(error))
            if isinstance(error, AskRefused):
                reason = reason_of(say, error.refusal)
            elif isinstance(error, ConnectionClosed):
                reason = say("closed")
            line = say("not_sent", text=excerpt, reason=reason)
        entry.state = "failed"
        self._changed()
        self._tell(where, line)
