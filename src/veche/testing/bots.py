"""A bot on a stage: the whole server, the bot and the people around it, in one function and without a network.

    play = BotPlay(bot)
    await play.begin()
    ann = play.stage.enter("ann")
    await play.say(ann, "JOIN #tea", "PRIVMSG #tea :!echo hello")
    assert ":echo!~echo@there PRIVMSG #tea :hello" in ann.take()

The rule: between the bot and the server are the very bytes that a socket would carry, through the library's own
`Session`; only the socket, the waiting and the clock are missing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from veche.client.bot import Bot
from veche.client.connection import Receipt
from veche.client.errors import AskRefused
from veche.client.events import Answer, Answered, Event
from veche.client.model import Model
from veche.client.registration import Identity
from veche.client.session import Session
from veche.core.settings import Settings
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.lines import BODY_LIMIT


class StageChat:
    """A connection (`veche.client.bot.Chat`) to the engine of a stage; what it asks is answered before it returns."""

    def __init__(self, stage: Stage, nick: str) -> None:
        self.events_heard: deque[Event] = deque()
        self.is_online = True
        self._stage = stage
        self._person: Person = stage.open(nick)
        self._session = Session(Identity(nick), clock=self._now)
        self._asked: dict[str, asyncio.Future[Answer]] = {}
        self._session.start()
        self.pump()

    @property
    def nick(self) -> str:
        """Our nick."""
        return self.model.nick

    @property
    def model(self) -> Model:
        """What the bot knows of the server."""
        return self._session.model

    def text_limit(self, target: str) -> int:
        """As `Connection` has it."""
        return BODY_LIMIT - len(f":{self.model.source or self.nick} PRIVMSG {target} :".encode())

    def post(self, target: str, text: str, *, notice: bool = False) -> asyncio.Future[Receipt]:
        """Say something; the future is done. It raises AskRefused when the server has said no."""
        answer = self._ask("NOTICE" if notice else "PRIVMSG", target, text)
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if answer.refusal is not None:
            future.set_exception(AskRefused(answer.refusal))
        else:
            echo = answer.echo
            time = echo.time if echo else self._now()
            future.set_result(Receipt(target, text, echo.msgid if echo else "", time))
        return future

    async def ask(self, command: str, *params: str) -> Answer:
        """Send any command. Raises AskRefused."""
        answer = self._ask(command.upper(), *params)
        if answer.refusal is not None:
            raise AskRefused(answer.refusal)
        return answer

    async def events(self) -> AsyncIterator[Event]:
        """What has happened so far."""
        while self.events_heard:
            yield self.events_heard.popleft()

    def pump(self) -> None:
        """Carry bytes both ways until there are none."""
        while True:
            data = self._session.take_output()
            if data:
                self._person.send_bytes(data)
            lines = self._person.take()
            if not data and not lines:
                return
            heard = "".join(line + "\r\n" for line in lines).encode()
            for event in self._session.receive(heard):
                if isinstance(event, Answered) and event.label in self._asked:
                    self._asked.pop(event.label).set_result(event.answer)
                else:
                    self.events_heard.append(event)

    def _ask(self, command: str, *params: str) -> Answer:
        label = self._session.ask(command, *params)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[label] = future
        self.pump()
        assert future.done(), f"no answer to {command}"
        return future.result()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._stage.clock.now(), UTC)


def _patient() -> Settings:
    """A server that lets people be silent for hours: in a play they are, while a bot waits."""
    settings = quiet_settings()
    settings.ping_seconds = 10**9
    return settings


class BotPlay:
    """A bot on a stage, with the stage's clock for its own."""

    def __init__(self, bot: Bot, stage: Stage | None = None) -> None:
        self.bot = bot
        self.stage = stage or Stage(_patient())
        self._due = [0.0 if timer.at_once else timer.seconds for timer in bot.timers]
        self._passed = 0.0
        bot.clock = self.stage.clock.now

    async def begin(self) -> StageChat:
        """The bot comes in, says that it is one, and joins its rooms."""
        chat = StageChat(self.stage, self.bot.nick)
        self.bot.use(chat)
        await self.settle()
        for room in self.bot.rooms:
            await chat.ask("JOIN", room)
        await self.pass_time(0)  # what is to be done at once is
        return chat

    async def say(self, person: Person, *lines: str) -> None:
        """Somebody sends lines, and the bot does with them what it does."""
        person.send(*lines)
        await self.settle()

    async def settle(self) -> None:
        """Let the bot hear what there is to hear, until nobody has anything to say any more."""
        chat = self.bot.chat
        assert isinstance(chat, StageChat)
        chat.pump()
        while chat.events_heard:
            async for event in chat.events():
                await self.bot.hear(event)
            chat.pump()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, with every timer of the bot that comes due on the way."""
        end = self._passed + seconds
        while self._due and (due := min(self._due)) <= end:
            self.stage.pass_time(due - self._passed)
            self._passed = due
            index = self._due.index(due)
            timer = self.bot.timers[index]
            self._due[index] += timer.seconds
            await self.bot.ring(timer)
            await self.settle()
        self.stage.pass_time(end - self._passed)
        self._passed = end
        await self.settle()
