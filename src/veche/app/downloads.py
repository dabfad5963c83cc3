"""Files that people take away by their links (core/downloads.py), read from the record while they are sent.

The rule: the next part is read when the one before has been taken, and turned into text a little at a time, so that
neither memory nor the wait of others grows with what somebody has said.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from veche.core.downloads import Downloads, Ticket, may_take
from veche.core.engine import Engine
from veche.core.export_person import PersonAsJson, PersonAsMail
from veche.core.export_room import RoomAsJson, RoomAsPage, Talk
from veche.core.exporting import Said
from veche.core.ports import Record, Records, Store, StoreError
from veche.core.retention import horizon
from veche.net.web import DownloadError

# Messages that are made text of between two turns of the loop.
SLICE = 50
NOT_FOUND, BUSY = 404, 503
_TYPES = {"json": "application/json", "mbox": "application/mbox", "html": "text/html"}


class Download:
    """One file on its way (net.web.Download)."""

    def __init__(self, engine: Engine, store: Store, ticket: Ticket) -> None:
        self._engine = engine
        self._store = store
        self._ticket = ticket
        self.content_type = _TYPES[ticket.form]
        self.file_name = ("room." if ticket.room else "veche.") + ticket.form

    def close(self) -> None:
        """Nobody reads on."""
        self._engine.shelf(Downloads).end(self._ticket)

    def pieces(self) -> AsyncIterator[str]:
        """The text; raises DownloadError when the record cannot be read, or is not for him any more."""
        return self._room() if self._ticket.room else self._person()

    async def _person(self) -> AsyncIterator[str]:
        engine = self._engine
        account = engine.world.accounts.by_uid[self._ticket.account]
        make = PersonAsMail if self._ticket.form == "mbox" else PersonAsJson
        document = make(engine.world, account, engine.settings.server, self._now())
        yield document.begin()
        after = 0
        while True:
            said: Said = await self._ask(self._store.said, account.uid, after)
            for part in _slices(said):
                yield document.part(part)
                await asyncio.sleep(0)
            after = said.next
            if not after:
                break
            del said  # before there is another one
        yield document.end()

    async def _room(self) -> AsyncIterator[str]:
        engine = self._engine
        room = engine.world.rooms[self._ticket.room]
        make = RoomAsJson if self._ticket.form == "json" else RoomAsPage
        name, language = engine.settings.server, self._ticket.language
        document = make(room.name, room.topic, name, self._now(), language)
        yield document.begin()
        key = engine.world.conversation_of(room.key)
        # What is kept no longer is shown no longer, and what was closed in another room of this name never was his.
        after = (horizon(engine.settings, engine.clock.now(), room), 0)
        eras = (0, room.created)
        while True:
            records: Records = await self._ask(self._store.talk, key, after)
            if not records:
                break
            after = (records[-1].time, records[-1].seq)
            shown = [record for record in records if record.era in eras]
            sums = await self._ask(self._store.reactions, [record.seq for record in shown])
            for start in range(0, len(shown), SLICE):
                yield document.part(Talk(shown[start : start + SLICE], sums))
                await asyncio.sleep(0)
            if not records.has_more:
                break
        yield document.end()

    def _now(self) -> int:
        return int(self._engine.clock.now() * 1000)

    async def _ask(self, question: Callable[..., None], *words: object) -> Any:
        """The answer of the record to one of its questions, if it is still for who reads it."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        question(*words, lambda given: None if answer.done() else answer.set_result(given))
        result = await answer
        if isinstance(result, StoreError):
            raise DownloadError(str(result))
        if not may_take(self._engine.world, self._engine.settings, self._ticket):
            raise DownloadError("it is not his any more")
        return result


def _slices(said: Said) -> Iterator[Said]:
    """The same in parts that take a moment each; earlier wordings stay with their messages."""
    wordings: dict[int, list[int]] = {}
    for place, wording in enumerate(said.wordings):
        wordings.setdefault(wording.message, []).append(place)

    def of(records: list[Record]) -> Said:
        places = [place for record in records for place in wordings.get(record.seq, ())]
        return Said(records, [said.wordings[place] for place in places], [], 0)

    for start in range(0, len(said.records), SLICE):
        yield of(said.records[start : start + SLICE])
    for start in range(0, len(said.given), SLICE):
        yield Said([], [], said.given[start : start + SLICE], 0)


def open_download(engine: Engine, token: str) -> Download | int:
    """Use a link up: the file, or the HTTP status that says why there is none. Who gets it closes it."""
    downloads = engine.shelf(Downloads)
    ticket = downloads.find(token, engine.clock.monotonic())
    if ticket is None or engine.store is None or not may_take(engine.world, engine.settings, ticket):
        return NOT_FOUND
    if engine.stopping or not downloads.begin(ticket):
        return BUSY
    return Download(engine, engine.store, ticket)
