"""Catching up: what must happen between "the server has let us in" and "what we say goes out again".

The strategy: wait until the welcome is over (a PING behind it), go back into the rooms that we were in, fetch what was
missed in every conversation that is open, find in it what we had sent without hearing the answer; only then open the
line-up. Talks with people follow. Rooms joined later get their history by the same `fill`.

Source: chathistory.
"""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from veche.client.errors import OutcomeUnknown
from veche.client.events import Answer, Event, GapFilled, MessageReceived
from veche.client.gaps import Gaps, reference, timestamp
from veche.client.lineup import Lineup
from veche.client.link import Link
from veche.client.paging import PAGE, page_size, pages_back

CAPABILITY = "draft/chathistory"
# After this many pages of one conversation a gap is left open: nobody reads so much, and a server that
# answers without end must not keep us for ever.
MOST_PAGES = 100
# Rooms in one JOIN.
JOINS = 10
# Pages of the past that hold too few messages, among who came and went, before an end is made of looking.
MOST_BACK = 10
# Talks with people whose gaps are filled after a reconnect: each costs a question or two.
MOST_PEOPLE = 20


class CatchUp:
    """The catching up of one link; `tell` hands an event to the reader, `now` is this machine's time."""

    def __init__(
        self,
        link: Link,
        gaps: Gaps,
        lineup: Lineup,
        *,
        tell: Callable[[Event], None],
        now: Callable[[], datetime],
    ) -> None:
        self._link = link
        self._now = now
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
        missing = [name for name in rooms if self._model.room(name) is None]
        for name in missing:
            if rooms[name]:
                await self._ask("JOIN", name, rooms[name])
        open_ones = [name for name in missing if not rooms[name]]
        # Several in a line, so that flood control does not make a long wait of it.
        for start in range(0, len(open_ones), JOINS):
            await self._ask("JOIN", ",".join(open_ones[start : start + JOINS]))

    async def fill_rooms(self, backlog: int) -> None:
        """Fill the gaps of our rooms, settle what was in doubt, and open the line."""
        self._lineup.come_in(self._link.session.once_as, self._now())
        people = self._people()
        for key, name in people.items():
            self._gaps.begin_fill(key, name)  # what they say now waits for `fill_people`
        for name in self._places(people):
            await self.fill(name, backlog)
        self._lineup.resolve(lambda target: self._model.fold(target) in self._searched)

    async def fill_people(self) -> None:
        """Fill the gaps of our talks with people, as far as that has not been done. Nobody need wait for this."""
        for key, name in self._gaps.unfinished().items():
            if self._gaps.is_filling(key) and not self._model.is_room(name):
                await self.fill(name, 0)

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

    def _people(self) -> dict[str, str]:
        """The people, key to name, with whom we have spoken lately."""
        names = {
            key: name
            for key, name in self._gaps.unfinished().items()
            if not self._model.is_room(name) and "." not in name  # a server speaks too, under its name
        }
        newest = sorted(names, key=self._gaps.reached, reverse=True)
        return {key: names[key] for key in newest[:MOST_PEOPLE]} if self._has_history else {}

    def _places(self, people: dict[str, str]) -> list[str]:
        """Where to look before we speak again: rooms whose filling was begun when we came in, and wherever a message
        is in doubt; of rooms, only those that we are in.
        """
        model = self._model
        unfinished = self._gaps.unfinished()
        names = {
            key: name for key, name in unfinished.items() if key not in people and self._gaps.is_filling(key)
        }
        for piece in self._lineup.doubtful:
            if piece.is_message and not piece.is_again:
                names.setdefault(model.fold(piece.params[0]), piece.params[0])
        return [name for name in names.values() if not model.is_room(name) or model.room(name)]

    @property
    def _has_history(self) -> bool:
        return CAPABILITY in self._model.capabilities

    async def _fetch(self, key: str, name: str, backlog: int) -> tuple[int, bool]:
        """How many messages of others the history had that are news, and whether it is sure that this was all.

        Sure means: the history knows the message that we have seen last, so it is the one that we were part of. A
        server may well give an empty page of another one: to somebody who is not logged in and is a new person to
        it after each reconnect, or of a room that was closed and begun again. Of a room of which we have seen no
        message the time of our coming in must do.
        """
        if not self._has_history:
            return 0, False
        talk = self._gaps.conversation(key, name)
        is_sure = self._model.is_room(name)
        if talk.time is None:
            found = await self._fetch_backlog(key, name, backlog)
            return (0, False) if found is None else (found, is_sure)
        by_time = timestamp(talk.time)
        start = reference(self._model.tokens, talk.msgid, talk.time)
        is_sure = is_sure or start != by_time
        count = 0
        for page in range(MOST_PAGES):
            answer = await self._ask("CHATHISTORY", "AFTER", name, start, str(page_size(self._model, PAGE)))
            if answer is None:
                if start == by_time or page:
                    return count, False
                # The server has forgotten that message, or never knew it: what it has since then is better than
                # nothing.
                start, is_sure = by_time, False
                continue
            count += self._take(key, answer)
            if answer.ends is None:
                return count, is_sure
            following = reference(self._model.tokens, *answer.ends[1])
            if following == start:
                return count, is_sure  # a server that gives the same page again has nothing more to give
            start = following
        return count, False

    async def _fetch_backlog(self, key: str, name: str, backlog: int) -> int | None:
        """The last `backlog` messages of what is new to us, or None for a refusal: pages hold more than messages."""
        newest: Answer | None = None
        found: list[MessageReceived] = []
        tries = 0
        async with aclosing(pages_back(self._ask, lambda: self._model, name, "", backlog)) as pages:
            async for answer in pages:
                newest = newest or answer
                found[:0] = answer.history
                tries += 1
                if len(found) >= backlog or tries == MOST_BACK:
                    break
        return None if newest is None else self._take(key, replace(newest, history=tuple(found[-backlog:])))

    def _take(self, key: str, page: Answer) -> int:
        """Tell what is news of a page; how many messages of others it had."""
        news = self._gaps.take_page(key, page.history)
        for message in news:
            self._lineup.recognise(message, self._model.same)
            self._tell(message)
        for event in page.corrections:
            if self._gaps.correct(event):
                self._tell(event)
        if page.ends is not None:
            self._gaps.reach(key, page.ends[1])
        return sum(not message.is_mine for message in news)

    async def _ask(self, command: str, *params: str) -> Answer | None:
        """The answer, or None for a refusal, for no answer at all, and for a name that cannot be written in a line:
        a server may put us into a room that nobody could join.
        """
        try:
            answer = await self._link.ask_aside(command, *params)
        except (OutcomeUnknown, ValueError):
            return None
        return None if answer.refusal else answer
