"""Catching up: what must happen between "the server has let us in" and "what we say goes out again".

The strategy: wait until the welcome is over (a PING behind it), go back into the rooms that we were in, fetch what was
missed in every conversation that is open, find in it what we had sent without hearing the answer; only then open the
line-up. Rooms joined later get their history by the same `fill`.

Source: chathistory.
"""

from collections.abc import Callable

from veche.client.errors import OutcomeUnknown
from veche.client.events import Answer, Event, GapFilled, MessageReceived
from veche.client.gaps import Gaps, timestamp
from veche.client.lineup import Lineup
from veche.client.link import Link

CAPABILITY = "draft/chathistory"
# Asked for at a time, where the server sets no lower limit.
PAGE = 100
# After this many pages of one conversation a gap is left open: nobody reads so much, and a server that
# answers without end must not keep us for ever.
MOST_PAGES = 100


class CatchUp:
    """The catching up of one link; `tell` hands an event to the reader."""

    def __init__(self, link: Link, gaps: Gaps, lineup: Lineup, *, tell: Callable[[Event], None]) -> None:
        self._link = link
        self._model = link.session.model
        self._gaps = gaps
        self._lineup = lineup
        self._tell = tell
        self._searched: set[str] = set()

    async def wait_welcome(self) -> None:
        """Wait until the server has said all that it says to a newcomer, rooms that it puts us into included."""
        await self._ask("PING", "welcome")

    async def rejoin(self, rooms: dict[str, str]) -> None:
        """Go back into rooms (name to key) that we are not in yet. A room that refuses us stays behind."""
        for name, key in list(rooms.items()):
            if self._model.room(name) is None:
                await self._ask("JOIN", *((name, key) if key else (name,)))

    async def fill_all(self, backlog: int) -> None:
        """Fill the gap of every conversation that we know, and settle what was in doubt."""
        for name in self._places():
            await self.fill(name, backlog)
        self._lineup.resolve(lambda target: self._model.fold(target) in self._searched)

    async def fill(self, name: str, backlog: int) -> None:
        """Fetch what was missed in one conversation; of one that is new to us, the last `backlog` messages."""
        key = self._model.fold(name)
        self._gaps.begin_fill(key, name)
        count, is_complete = await self._fetch(key, name, backlog)
        for message in self._gaps.end_fill(key):
            self._tell(message)
        if is_complete:
            self._searched.add(key)
        now = self._link.session.now()
        self._gaps.start_at(key, name, now)
        self._tell(GapFilled(time=now, conversation=name, count=count, is_complete=is_complete))

    def _places(self) -> list[str]:
        """The conversations to look into: rooms whose filling was begun when we came in, people with whom we have
        spoken before, and wherever a message is in doubt; of rooms, only those that we are in.
        """
        model = self._model
        names = {
            key: name
            for key, name in self._gaps.unfinished().items()
            if not model.is_room(name) or self._gaps.is_filling(key)
        }
        for piece in self._lineup.doubtful:
            if piece.is_message:
                names.setdefault(model.fold(piece.params[0]), piece.params[0])
        return [name for name in names.values() if not model.is_room(name) or model.room(name)]

    async def _fetch(self, key: str, name: str, backlog: int) -> tuple[int, bool]:
        """How many messages of others the history had that are news, and whether that was all."""
        if CAPABILITY not in self._model.capabilities:
            return 0, False
        talk = self._gaps.conversation(key, name)
        if talk.time is None:
            answer = await self._ask("CHATHISTORY", "LATEST", name, "*", str(self._page(backlog)))
            return (0, False) if answer is None else (self._take(key, answer.history), True)
        by_time = timestamp(talk.time)
        reference = f"msgid={talk.msgid}" if talk.msgid and self._takes_ids() else by_time
        count = 0
        for page in range(MOST_PAGES):
            answer = await self._ask("CHATHISTORY", "AFTER", name, reference, str(self._page(PAGE)))
            if answer is None:
                if reference == by_time or page:
                    return count, False
                # The server may have forgotten the message, or not know messages by their ids.
                reference = by_time
                continue
            if not answer.history:
                return count, True
            count += self._take(key, answer.history)
            last = answer.history[-1]
            following = f"msgid={last.msgid}" if last.msgid and self._takes_ids() else timestamp(last.time)
            if following == reference:
                return count, True  # a server that gives the same page again has nothing more to give
            reference = following
        return count, False

    def _take(self, key: str, page: tuple[MessageReceived, ...]) -> int:
        news = self._gaps.take_page(key, page)
        for message in news:
            self._lineup.recognise(message, self._model.same)
            self._tell(message)
        return sum(not message.is_mine for message in news)

    def _page(self, wanted: int) -> int:
        # "the maximum number of messages a client can request in a single command [...] If 0, the client SHOULD
        # assume that there is no maximum number of messages."
        limit = self._model.number("CHATHISTORY", 0)
        return min(wanted or PAGE, limit) if limit else wanted or PAGE

    def _takes_ids(self) -> bool:
        # "If MSGREFTYPES is missing, clients SHOULD assume the server supports both and has no preference."
        return "msgid" in self._model.tokens.get("MSGREFTYPES", "msgid").split(",")

    async def _ask(self, command: str, *params: str) -> Answer | None:
        """The answer, or None for a refusal or for no answer at all."""
        try:
            answer = await self._link.ask_aside(command, *params)
        except OutcomeUnknown:
            return None
        return None if answer.refusal else answer
