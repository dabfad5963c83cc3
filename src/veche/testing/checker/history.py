"""Fetch the whole history of a room through CHATHISTORY, page by page, forwards or backwards.

Both directions must give the same list; the faults use them in turn, for the price of one.
"""

from typing import Literal

from veche.wire.message import Message

from .client import CheckerError, Client, Door
from .record import Kept

Direction = Literal["forwards", "backwards"]
# No chat is older than this, so that "after" it is everything.
BEGINNING = "timestamp=1990-01-01T00:00:00.000Z"


class Historian:
    """A visitor that reads history. It must be a member of the rooms that it asks about."""

    def __init__(self, nick: str = "historian") -> None:
        self.client = Client(nick, self._on_message)
        self.limit = 100
        self._batch = ""
        self._page: list[Kept] = []

    async def enter(self, door: Door) -> None:
        """Connect and register; learn how long a page may be."""
        await self.client.enter(door)
        self.limit = int(self.client.tokens.get("CHATHISTORY") or 0) or 1000

    async def read(self, room: str, direction: Direction = "forwards") -> list[Kept]:
        """Everything that the room's history holds, first message first."""
        await self.client.join(room)
        kept: list[Kept] = []
        known: set[str] = set()
        while True:
            page = await self._ask(self._question(room, direction, kept))
            kept = kept + page if direction == "forwards" else page + kept
            msgids = {message.msgid for message in page}
            # A full page of old acquaintances leads nowhere; it stays in the list, as the repetition that it is.
            is_end = len(page) < self.limit or msgids <= known
            known |= msgids
            if is_end:
                self.client.send(f"PART {room}")
                return kept

    def _question(self, room: str, direction: Direction, kept: list[Kept]) -> str:
        if direction == "forwards":
            start = f"msgid={kept[-1].msgid}" if kept else BEGINNING
            return f"CHATHISTORY AFTER {room} {start} {self.limit}"
        if not kept:
            return f"CHATHISTORY LATEST {room} * {self.limit}"
        return f"CHATHISTORY BEFORE {room} msgid={kept[0].msgid} {self.limit}"

    async def _ask(self, question: str) -> list[Kept]:
        self._page = []
        self._batch = ""
        # The batch's start carries no promise; its end does, and only one batch is ever asked for at a time.
        answer = await self.client.ask(question, "FAIL", "421", "461", "BATCH -")
        if answer.command != "BATCH":
            raise CheckerError(f"{question!r} is answered with {answer.command} {' '.join(answer.params)}")
        return self._page

    def _on_message(self, message: Message) -> None:
        if message.command == "BATCH":
            if message.params[0].startswith("+") and message.params[1:2] == ["chathistory"]:
                self._batch = message.params[0][1:]
        elif message.command == "PRIVMSG" and self._batch and message.tags.get("batch") == self._batch:
            tags = message.tags
            self._page.append(
                Kept(message.params[-1], message.nick, tags.get("msgid", ""), tags.get("time", ""))
            )

    def leave(self) -> None:
        """Go."""
        self.client.abort()
