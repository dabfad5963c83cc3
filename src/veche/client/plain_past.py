"""The plain client's commands about what was said: /history, /search, and /edit of one's own last message.

The rule: it asks and shows; what went wrong is raised for whoever does the commands, who has words for it.
"""

from collections.abc import Callable
from datetime import datetime

from veche.client.connection import Connection, Receipt
from veche.client.events import MessageEdited, MessageReceived, MessageRedacted
from veche.client.heard import EDITING
from veche.client.hushed import fit_to_show
from veche.client.plain_commands import usage
from veche.client.text import plain
from veche.phrases import Phrases

USUAL_LINES = 20
MOST_LINES = 500
MOST_FOUND = 10
# Messages whose beginning is remembered, so that it can be said which one was taken back.
MOST_KNOWN = 500
EXCERPT = 60


class Past:
    """What has been said in this visit as far as it is needed again, and the questions about what was said before."""

    def __init__(
        self, chat: Connection, say: Phrases, *, show: Callable[[str], None], refuse: Callable[[str], None]
    ) -> None:
        self._chat = chat
        self._say = say
        self._show = show
        self._refuse = refuse
        self._own: dict[
            str, tuple[str, bool]
        ] = {}  # by conversation: id of our last message, whether an action
        self._known: dict[str, str] = {}  # beginnings by id

    # --- what happens ---

    def hear(self, event: MessageReceived | MessageEdited) -> None:
        """Somebody has said something, or said it otherwise."""
        if event.msgid:
            self._known[event.msgid] = fit_to_show(event)
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        if isinstance(event, MessageReceived) and event.is_mine and event.kind != "notice":
            self._remember(event.conversation, event.msgid, is_action=event.kind == "action")

    def sent(self, receipt: Receipt) -> None:
        """A message of ours is with the server."""
        self._remember(receipt.target, receipt.msgid, is_action=receipt.text.startswith("\x01"))

    def take_redacted(self, event: MessageRedacted) -> str:
        """The beginning of what was taken back; "" where it is not known."""
        for key in [key for key, (msgid, _) in self._own.items() if msgid == event.msgid]:
            del self._own[key]
        return excerpt(self._known.pop(event.msgid, ""))

    def _remember(self, conversation: str, msgid: str, *, is_action: bool) -> None:
        if msgid:
            self._own[self._chat.model.fold(conversation)] = (msgid, is_action)

    # --- what is asked ---

    async def edit(self, conversation: str, text: str) -> None:
        """/edit TEXT: our last message there reads so. Everybody is told by an event, we too."""
        msgid, is_action = self._own.get(self._chat.model.fold(conversation), ("", False))
        if not msgid:
            self._refuse(self._say("nothing_to_edit"))
            return
        if EDITING not in self._chat.model.capabilities:
            self._refuse(self._say("not_done", reason=self._say("no_editing")))
            return
        await self._chat.edit(conversation, msgid, f"\x01ACTION {text}\x01" if is_action else text)

    async def history(self, conversation: str, word: str, local: Callable[[datetime], datetime]) -> None:
        """/history [N]: the last lines of a conversation."""
        count = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0
        if word and not count:
            self._refuse(self._say("usage", usage=usage("history", self._say.language)))
            return
        limit = min(count or USUAL_LINES, MOST_LINES)
        said = [message async for message in self._chat.history(conversation, limit)]
        where = plain(conversation)
        head = self._say("history_of", where=where) if said else self._say("history_none", where=where)
        self._show("* " + head)
        for message in reversed(said):
            self._show("  " + self._line(message, local, where=""))

    async def search(self, text: str, local: Callable[[datetime], datetime]) -> None:
        """/search WORDS: where we may read, newest first."""
        found = [message async for message in self._chat.search(text, limit=MOST_FOUND)]
        self._show("* " + (self._say("found") if found else self._say("found_none")))
        for message in found:
            where = plain(message.target)
            self._show(
                "  " + self._line(message, local, where=f"-> {where} " if message.is_private else f"{where} ")
            )

    def _line(self, message: MessageReceived, local: Callable[[datetime], datetime], *, where: str) -> str:
        sender, text = plain(message.sender), plain(fit_to_show(message))
        said = f"* {sender} {text}" if message.kind == "action" else f"<{sender}> {text}"
        mark = " " + self._say("edited_mark") if message.is_edited else ""
        return f"{local(message.time):%Y-%m-%d %H:%M} {where}{said}{mark}"


def excerpt(text: str) -> str:
    """The beginning of a text, for a sentence that speaks of it."""
    text = plain(text)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 3] + "..."
