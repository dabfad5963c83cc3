"""Bots: programs that listen, answer and remember.

    from veche.client.bot import Bot, Said

    bot = Bot("echo", rooms=("#tea",))

    @bot.command("echo", about="says it again")
    def echo(said: Said) -> str:
        return said.argument

    if __name__ == "__main__":
        raise SystemExit(bot.main())

The rule: a handler can fail, and only its own run is lost by that. A bot says that it is one, does not answer other
bots, notices or what was said while it was away unless it is asked to, and lets nobody make it talk without end. How
it is connected is not its business: `run` takes anything that has the form of `Chat`.

Source: bot-mode.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Protocol

from veche.client.bot_pace import Pace
from veche.client.bot_rules import Command, Handler, Rules, Timer
from veche.client.bot_said import Said
from veche.client.bot_state import State, StateError
from veche.client.connection import Receipt
from veche.client.errors import ClientError, ConnectionClosed
from veche.client.events import Answer, Event, MessageReceived, PersonJoined, Registered
from veche.client.model import Model
from veche.client.text import plain, split_text
from veche.phrases import Language, Phrases, Table, language_of_locale

TABLE: Table = {
    "commands": (
        "Commands: {names}. {sign}help NAME tells more.",
        "Команды: {names}. Подробнее: {sign}help ИМЯ.",
    ),
    "help": ("tells what I can do", "рассказывает, что я умею"),
    "no_help": ("I know no command {name}.", "Команды {name} я не знаю."),
    "not_for_you": (
        "{name} is not for everybody: log in to an account that may.",
        "{name} не для всех: войдите в учётную запись, которой это можно.",
    ),
}
# Lines of one answer; a longer one is cut and ends in "…".
MOST_LINES = 6
# Handlers that may run at the same time; further events wait.
MOST_RUNS = 64
# Commands of one person at once, and seconds to the next one; answers in one conversation, likewise.
COMMANDS = (5, 3.0)
ANSWERS = (20, 2.0)

_log = logging.getLogger("veche.bot")


class Chat(Protocol):
    """What a bot needs of a connection; `Connection` has it, and `veche.testing.bots` another one."""

    @property
    def nick(self) -> str:
        """Our nick."""

    @property
    def model(self) -> Model:
        """What we know of the server."""

    @property
    def is_online(self) -> bool:
        """Whether what is said now leaves now."""

    def text_limit(self, target: str) -> int:
        """Bytes of a message to this target."""

    def post(self, target: str, text: str, *, notice: bool = False) -> "asyncio.Future[Receipt]":
        """Say something."""

    async def ask(self, command: str, *params: str) -> Answer:
        """Send any command."""

    def events(self) -> AsyncIterator[Event]:
        """What happens."""


class Bot(Rules):
    """A bot called `nick` in `rooms`.

    `sign` stands in front of commands in rooms; in whispers, and behind "nick:", it may be left out. `notice`: whether
    it answers with NOTICE, to which no program must answer, or with PRIVMSG. `owners` are accounts, for
    `only=bot.owners`. `state` is where it remembers (a path, a `State`, or "" for nowhere). `language`: of its own few
    words, "en" or "ru"; None: the one of this process. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        nick: str,
        *,
        rooms: tuple[str, ...] = (),
        sign: str = "!",
        notice: bool = False,
        owners: Collection[str] = (),
        state: "State | str" = "",
        language: Language | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.nick = nick
        self.rooms = rooms
        self.sign = sign
        self.notice = notice
        self.owners = list(owners)
        self.state = state if isinstance(state, State) else State(state)
        self.clock = clock
        self.say_own = Phrases(TABLE, language or language_of_locale())
        self._chat: Chat | None = None
        self._asked = Pace(*COMMANDS)
        self._answered = Pace(*ANSWERS)
        self.command("help", about=self.say_own("help"))(self._help)

    # --- what handlers use ---

    @property
    def chat(self) -> Chat:
        """The connection. Raises RuntimeError where there is none yet."""
        if self._chat is None:
            raise RuntimeError("this bot is not connected to anything")
        return self._chat

    async def say(self, target: str, text: str, *, notice: bool | None = None) -> None:
        """Say something in a room or to a person, in as many lines as it needs but six at most, and wait until the
        server has it. What the bot remembers is saved first, so that it never says what it would forget.

        Raises what `Connection.post` raises, and StateError.
        """
        self.state.save()
        lines = split_text(text, self.chat.text_limit(target) - len("…".encode()))
        if len(lines) > MOST_LINES:
            lines[MOST_LINES - 1 :] = [lines[MOST_LINES - 1] + "…"]
        as_notice = self.notice if notice is None else notice
        await asyncio.gather(*[self.chat.post(target, line, notice=as_notice) for line in lines])

    def may_answer(self, conversation: str) -> bool:
        """Whether there has not been too much talk in this conversation already; this counts as an answer."""
        if self._answered.take(self.chat.model.fold(conversation), self.clock()):
            return True
        _log.warning("too many answers in %s: one is left out", plain(conversation))
        return False

    def may(self, account: str, accounts: Collection[str]) -> bool:
        """Whether an account, as the server tells it, is one of these. A guest is none."""
        return account != "" and any(self.chat.model.same(account, one) for one in accounts)

    # --- running ---

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run with the options of a command line (`--help` lists them); the exit code."""
        from veche.client.bot_main import parse, start  # noqa: PLC0415 - what a bot is does not need a terminal

        return start(self, parse(arguments, prog=self.nick))

    def use(self, chat: Chat) -> None:
        """Speak through this connection."""
        self._chat = chat

    async def run(self, chat: Chat) -> None:
        """Serve until the connection is closed for good."""
        self.use(chat)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(self._serve(service)) for service in self._services]
            beside += [group.create_task(self._keep_time(timer)) for timer in self.timers]
            free = asyncio.Semaphore(MOST_RUNS)

            async def hear(event: Event) -> None:
                try:
                    await self.hear(event)
                finally:
                    free.release()

            async for event in chat.events():
                await free.acquire()
                group.create_task(hear(event))
            for task in beside:
                task.cancel()

    async def hear(self, event: Event) -> None:
        """Take what has happened; ends when every handler of it has."""
        if isinstance(event, Registered):
            await self._try(self._be_marked, "the beginning")
        elif isinstance(event, MessageReceived):
            await self._hear_message(event)
        for kind, handler in self._observers:
            if not isinstance(event, kind):
                continue
            if not isinstance(event, PersonJoined):
                await self._try(handler, kind.__name__, event)
            elif not event.is_me:
                answer = await self._try(handler, f"a join of {event.room}", event)
                await self._give(answer, event.room, event)

    async def ring(self, timer: Timer) -> None:
        """Run a timer's handler, if we are connected."""
        if self.chat.is_online:
            await self._try(timer.handler, f"a timer of {timer.seconds} s")

    async def _keep_time(self, timer: Timer) -> None:
        if timer.at_once:
            await self.ring(timer)
        while True:
            await asyncio.sleep(timer.seconds)
            await self.ring(timer)

    async def _serve(self, service: Handler) -> None:
        await self._try(service, "a service")

    async def _be_marked(self) -> None:
        """bot-mode: "The mode letter used to mark clients as bots is the value of the BOT RPL_ISUPPORT token"."""
        letter = self.chat.model.tokens.get("BOT", "")
        if letter:
            await self.chat.ask("MODE", self.chat.nick, f"+{letter}")

    # --- messages ---

    async def _hear_message(self, message: MessageReceived) -> None:
        if message.is_mine or not message.text:
            return
        found = self._command_in(message) if message.kind == "message" else None
        if found is not None:
            command, argument = found
            if (command.bots or not message.is_bot) and (command.missed or not message.is_replay):
                await self._obey(command, Said(self, message, command.name, argument))
            return
        for one in self._listeners:
            is_wanted = (
                (one.bots or not message.is_bot)
                and (one.notices or message.kind != "notice")
                and (one.missed or not message.is_replay)
                and (one.pattern is None or one.pattern.search(message.text) is not None)
            )
            if is_wanted:
                await self._answer(one.handler, Said(self, message))

    def _command_in(self, message: MessageReceived) -> tuple[Command, str] | None:
        """The command that a message is, and what stands behind it."""
        text = message.text.strip()
        is_for_us = message.is_private
        head, _, rest = text.partition(" ")
        if head[-1:] in (":", ",") and self.chat.model.is_me(head[:-1]):
            text, is_for_us = rest.strip(), True
        if self.sign and text.startswith(self.sign):
            text = text[len(self.sign) :]
        elif not is_for_us:
            return None
        name, _, argument = text.partition(" ")
        command = self._commands.get(name.casefold())
        return None if command is None else (command, argument.strip())

    async def _obey(self, command: Command, said: Said) -> None:
        # A guest is known by his nick, which he may change; then the limit of answers is what holds.
        who = f"account {said.account}" if said.account else f"nick {said.sender}"
        if not self._asked.take(self.chat.model.fold(who), self.clock()):
            return
        if command.only is not None and not self.may(said.account, command.only):
            await self._answer(lambda _: self.say_own("not_for_you", name=self.sign + command.name), said)
            return
        await self._answer(command.handler, said)

    async def _answer(self, handler: Handler, said: Said) -> None:
        message = said.message
        place = f"message {message.msgid or '?'} of {message.sender} in {message.conversation}"
        answer = await self._try(handler, place, said)
        if isinstance(answer, str) and answer:
            await self._try(lambda: said.reply(answer), place)

    async def _give(self, answer: object, room: str, event: Event) -> None:
        if isinstance(answer, str) and answer and self.may_answer(room):
            await self._try(lambda: self.say(room, answer), type(event).__name__)

    async def _try(self, handler: Handler, place: str, *given: object) -> object:
        """Run a handler and save what it has changed; what goes wrong is logged, with where, and costs no more."""
        name = getattr(handler, "__qualname__", repr(handler))
        try:
            result = handler(*given)
            if inspect.isawaitable(result):
                result = await _awaited(result)
            self.state.save()
        except ConnectionClosed:
            return None  # nobody is there any more to be answered
        except (ClientError, StateError) as error:
            _log.warning("%s, at %s: %s", name, plain(place), plain(str(error)))
            return None
        except Exception:
            _log.exception("%s failed at %s", name, plain(place))
            return None
        return result

    def _help(self, said: Said) -> str:
        name = said.argument.removeprefix(self.sign)
        if name:
            command = self._commands.get(name.casefold())
            if command is not None:
                return f"{self.sign}{command.name} {command.about}"
            # Where everybody was asked, it may be a command of another bot.
            is_for_all = said.room and self.sign and said.text.lstrip().startswith(self.sign)
            return "" if is_for_all else self.say_own("no_help", name=name)
        names = [
            self.sign + command.name
            for command in self._commands.values()
            if command.only is None or self.may(said.account, command.only)
        ]
        return self.say_own("commands", names=", ".join(names), sign=self.sign)


async def _awaited(result: Awaitable[object]) -> object:
    return await result
