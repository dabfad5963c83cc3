"""Writers that send numbered messages with labels, several outstanding each, and readers that look on.

Everybody sits in one room. Everything that happens is appended to `events`, by the one event loop that reads all
sockets: their order is the order in which the checker learned of things.
"""

import asyncio
from itertools import cycle

from veche.wire.message import Message

from .client import Client, Door, all_closed
from .record import Answered, Event, Seen, Sent

# The errors that answer a PRIVMSG (Modern IRC, "PRIVMSG message"), beside FAIL (standard-replies).
ERRORS = frozenset(
    {"FAIL", "400", "401", "403", "404", "407", "411", "412", "413", "414", "415", "417", "421", "442", "461"}
)


# How long (s) a writer waits with its next send after one was refused. Without it an outage of a minute would be a
# storm of refusals, and nothing would be learned from the most of them.
BREATH = 0.1


class Shape:
    """How many writers and readers, how many messages outstanding for each writer, how long a message is."""

    __slots__ = ("readers", "size", "window", "writers")

    def __init__(self, writers: int = 4, readers: int = 2, window: int = 8, size: int = 100) -> None:
        self.writers = writers
        self.readers = readers
        self.window = window
        self.size = size


class Crowd:
    """The clients of one round, in one room; `mark` is the end of their nicks."""

    def __init__(
        self, room: str, shape: Shape, kind: "type[Writer] | None" = None, *, mark: str = ""
    ) -> None:
        self.room = room
        self.shape = shape
        self.events: list[Event] = []
        self.writers = [(kind or Writer)(f"w{number:02}{mark}", self) for number in range(shape.writers)]
        self.readers = [Person(f"r{number:02}{mark}", self) for number in range(shape.readers)]
        self.people: list[Person] = [*self.writers, *self.readers]
        self.refused = asyncio.Event()  # some send was refused
        self._clock = asyncio.get_running_loop().time
        self._start = self._clock()

    async def enter(self, *doors: Door) -> None:
        """Everybody connects and joins, by one door after another; nobody speaks yet."""
        entries = zip(self.people, cycle(doors), strict=False)
        await asyncio.gather(*(person.enter(door) for person, door in entries))
        await asyncio.gather(*(person.client.join(self.room) for person in self.people))

    def begin(self) -> None:
        """The writers fill their windows, and keep them full from here on."""
        self._start = self._clock()
        for writer in self.writers:
            writer.is_talking = True
            writer.fill_window()

    def fall_silent(self) -> None:
        """No new sends; answers to those under way are still awaited."""
        for writer in self.writers:
            writer.is_talking = False

    async def wait_answered(self, seconds: float) -> bool:
        """Wait until no send is without an answer; False when that took too long or can no longer be."""
        try:
            async with asyncio.timeout(seconds):
                for writer in self.writers:
                    await writer.wait_idle()
        except TimeoutError:
            return False
        return all(writer.idle.is_set() for writer in self.writers)

    async def wait_refused(self, seconds: float) -> bool:
        """Wait until some send was refused."""
        try:
            await asyncio.wait_for(self.refused.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def wait_acknowledged(self, seconds: float) -> bool:
        """Wait until each writer has been acknowledged a message that it sends from now on."""
        for writer in self.writers:
            writer.expect_fresh()
        try:
            async with asyncio.timeout(seconds):
                for writer in self.writers:
                    await writer.fresh.wait()
        except TimeoutError:
            return False
        return True

    async def wait_closed(self, seconds: float) -> bool:
        """Wait until the server has closed every connection (and so everything that it sent has been read)."""
        return await all_closed([person.client for person in self.people], seconds)

    async def wait_caught_up(self, seconds: float) -> bool:
        """Wait until every client has been answered a PING, and so has read all that was delivered before."""
        token = f"caught-up-{len(self.events)}"
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(person.client.ask(f"PING {token}", "PONG") for person in self.people))
        except TimeoutError:
            return False
        return True

    def leave(self) -> None:
        """Everybody drops the connection."""
        for person in self.people:
            person.client.abort()

    def slowest(self) -> float:
        """How long (s) the answer took that took longest."""
        sent = {event.text: event.at for event in self.events if isinstance(event, Sent)}
        answered = (event for event in self.events if isinstance(event, Answered) and event.text in sent)
        return max((event.at - sent[event.text] for event in answered), default=0.0)

    def now(self) -> float:
        """Seconds since the writers began."""
        return self._clock() - self._start


class Person:
    """A client that records what is delivered to it."""

    def __init__(self, nick: str, crowd: Crowd) -> None:
        self.crowd = crowd
        self.client = Client(nick, self.hear)

    async def enter(self, door: Door) -> None:
        """Connect and register."""
        await self.client.enter(door)

    def hear(self, message: Message) -> None:
        """Note a message of the room; all else is noise here."""
        if message.command == "PRIVMSG" and message.params[:1] == [self.crowd.room]:
            tags = message.tags
            crowd = self.crowd
            crowd.events.append(
                Seen(
                    crowd.now(),
                    self.client.nick,
                    message.params[-1],
                    message.nick,
                    tags.get("msgid", ""),
                    tags.get("time", ""),
                )
            )


class Writer(Person):
    """A client that also speaks: as many messages outstanding as the window allows, each under a label of its own."""

    def __init__(self, nick: str, crowd: Crowd) -> None:
        super().__init__(nick, crowd)
        self.is_talking = False
        self.idle = asyncio.Event()
        self.idle.set()
        self.fresh = asyncio.Event()  # a message sent after `expect_fresh` was acknowledged
        self._fresh_after = 0
        self._sent = 0
        self._texts: dict[str, str] = {}  # by label, for ever: a second answer must still be recognised
        self._open: set[str] = set()
        self._padding = "x" * max(0, crowd.shape.size - 10)

    def fill_window(self) -> None:
        """Send until the window is full."""
        crowd = self.crowd
        while self.is_talking and len(self._open) < crowd.shape.window and self.client.is_open:
            self._sent += 1
            label = str(self._sent)
            text = f"{self.client.nick} #{label} {self._padding}".rstrip()
            self._texts[label] = text
            self._open.add(label)
            self.idle.clear()
            # Noted before the bytes go out: what was sent may be kept, even when the next moment never comes.
            crowd.events.append(Sent(crowd.now(), self.client.nick, text))
            self.client.send(self.line(label))

    def line(self, label: str) -> str:
        """The line that says the text with this label."""
        return f"@label={label} PRIVMSG {self.crowd.room} :{self._texts[label]}"

    def open_labels(self) -> list[str]:
        """What has no answer yet, in the order in which it was sent."""
        return sorted(self._open, key=int)

    async def wait_idle(self) -> None:
        """Wait until all is answered, or until no answer can come any more."""
        await self._happens_or_closed(self.idle)

    async def wait_fresh(self) -> None:
        """Wait until a message sent after `expect_fresh` is acknowledged, or until none can be any more."""
        await self._happens_or_closed(self.fresh)

    async def _happens_or_closed(self, event: asyncio.Event) -> None:
        waits = [asyncio.create_task(one.wait()) for one in (event, self.client.closed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def expect_fresh(self) -> None:
        """Let `fresh` wait for a message that is not sent yet."""
        self._fresh_after = self._sent
        self.fresh.clear()

    def hear(self, message: Message) -> None:
        """A message of the room, or the answer to a send, or both."""
        super().hear(message)
        self.take_answer(message)

    def take_answer(self, message: Message) -> None:
        """Note the answer to a send, if it is one."""
        label = message.tags.get("label")
        text = self._texts.get(label or "")
        if text is None or label is None:
            return
        crowd = self.crowd
        if message.command in ERRORS:
            words = f"{message.command} {' '.join(message.params)}"
            crowd.events.append(Answered(crowd.now(), self.client.nick, text, "refused", "", words))
            crowd.refused.set()
        elif message.command == "PRIVMSG":
            said = message.params[-1]
            msgid = message.tags.get("msgid", "")
            words = "" if said == text else said
            crowd.events.append(Answered(crowd.now(), self.client.nick, text, "acknowledged", msgid, words))
            if int(label) > self._fresh_after:
                self.fresh.set()
        else:
            return
        self._open.discard(label)
        if not self._open:
            self.idle.set()
        if message.command in ERRORS:
            asyncio.get_running_loop().call_later(BREATH, self.fill_window)
        else:
            self.fill_window()
