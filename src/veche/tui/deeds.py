"""What can be done with a message or a person: answering, marking, taking back, editing; writing to, keeping order.

The rule: it asks the person and the server; what comes of it is heard as an event like everything else. What went wrong
is told where the person is.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from rich.text import Text
from textual.screen import Screen

from veche.client.connection import Connection
from veche.client.errors import ClientError
from veche.client.heard import EDITING
from veche.client.plain_show import whois_lines
from veche.client.text import plain
from veche.phrases import Phrases
from veche.tui.book import Book, Conversation, Entry
from veche.tui.completion import EMOJI
from veche.tui.dialogs import Line, Menu, Picker, Question
from veche.wire import numerics as n

QUICK = ("👍", "❤", "😂", "🎉", "🤔", "👀", "👎", "✅")
HELPERS = "~&@%"  # the ranks that keep order
# What the card offers to who may: minutes for a ban or a silence; 0: until it is lifted.
TIMES = (10, 60, 1440, 10080, 0)


T = TypeVar("T")


class Ask(Protocol):
    """Shows a window and gives its answer."""

    async def __call__(self, window: Screen[T]) -> T | None: ...


class Deeds:
    """The deeds of one visit. `ask` shows a window and gives its answer; `attempt` runs what may be refused."""

    def __init__(
        self,
        ask: Ask,
        copy: Callable[[str], None],
        chat: Connection,
        book: Book,
        say: Phrases,
        *,
        attempt: Callable[[Awaitable[object]], Awaitable[bool]],
        write_about: Callable[[str, Entry], None],
        go_thread: Callable[[Conversation], None],
        jump: Callable[[Conversation, Entry], Awaitable[None]],
        go: Callable[[str], Awaitable[None]],
        tell: Callable[[Conversation, str], None],
    ) -> None:
        self._ask, self._copy, self._chat, self._book, self._say = ask, copy, chat, book, say
        self._attempt, self._write_about, self._go_thread = attempt, write_about, go_thread
        self._jump, self._go, self._tell = jump, go, tell

    # --- messages ---

    def offered(self, entry: Entry) -> list[str]:
        """The deeds that make sense with a message."""
        caps = self._chat.model.capabilities
        if not entry.is_said:
            return ["copy"]
        deeds = ["answer", "react"] if "message-tags" in caps else ["answer"]
        if "veche/threads" in caps and not self._book.current.thread:
            deeds.append("thread")
        if entry.reply_to:
            deeds.append("quoted")
        if entry.is_mine and EDITING in caps and entry.kind != "notice":
            deeds.append("edit")
        if "draft/message-redaction" in caps and (entry.is_mine or self._keeps_order()):
            deeds.append("redact")
        return [*deeds, "copy", "person"]

    def _keeps_order(self) -> bool:
        return self._rank(self._chat.nick) in tuple(HELPERS)

    def _rank(self, nick: str) -> str:
        room = self._chat.room(self._book.current.name)
        member = room.members.get(self._chat.model.fold(nick)) if room is not None else None
        return member.ranks[:1] if member is not None else ""

    async def do(self, deed: str, entry: Entry) -> None:
        """Do one of `log.DEEDS`, or ask which."""
        offered = self.offered(entry)
        if deed == "menu":
            rows = [(one, Text(self._say("deed_" + one))) for one in offered]
            chosen = await self._ask(Menu(f"{entry.sender}: {entry.shown[:60]}", rows))
            deed = chosen or ""
        if deed not in offered:
            if deed:
                self._tell(self._book.current, self._say("deed_not_here", deed=self._say("deed_" + deed)))
            return
        where = self._book.current
        match deed:
            case "answer" | "edit":
                self._write_about(deed, entry)
            case "react":
                await self._react(where, entry)
            case "redact":
                lines = [self._say("redact_really"), entry.shown[:200]]
                if await self._ask(Question(self._say, lines)):
                    await self._attempt(self._chat.redact(where.name, entry.msgid))
            case "thread":
                await self._attempt(self._thread(where, entry))
            case "quoted":
                quoted = where.by_id.get(entry.reply_to) or Entry(
                    entry.time, "message", "", "", entry.reply_to
                )
                await self._jump(where, quoted)
            case "copy":
                self._copy(entry.shown)
            case "person":
                await self.card(entry.nick)

    async def _react(self, where: Conversation, entry: Entry) -> None:
        me = self._chat.model.fold(self._chat.nick)
        given = {what for what, one in (entry.reactions or {}).items() if me in one.who}

        async def find(word: str) -> list[tuple[str, Text]]:
            low = word.strip().casefold().strip(":")
            rows = [(what, Text(f"− {plain(what)}  {self._say('react_back')}")) for what in sorted(given)]
            there = [what for what in (entry.reactions or {}) if what not in given]
            named = {sign: name for name, sign in EMOJI.items()}
            choices = dict.fromkeys([*there, *QUICK, *EMOJI.values()])
            if low:
                rows = []
                choices = dict.fromkeys(sign for name, sign in EMOJI.items() if low in name)
                choices.setdefault(word.strip()[:32])
            rows += [
                (one, Text(f"{plain(one)}  {named.get(one, '')}")) for one in choices if one not in given
            ]
            return rows

        hint = self._say("react_hint")
        chosen = await self._ask(Picker(hint, find, on_enter=False))
        if chosen:
            is_back = chosen in given
            await self._attempt(self._chat.react(where.name, entry.msgid, chosen, take_back=is_back))

    async def _thread(self, where: Conversation, entry: Entry) -> None:
        page = await self._chat.thread(where.name, entry.msgid)
        self._go_thread(self._book.open_thread(where.name, page, entry))

    # --- people ---

    async def card(self, nick: str) -> None:
        """Who somebody is, and what can be done about him."""
        chat, say = self._chat, self._say
        lines: list[str] = []
        host = account = ""
        try:
            answer = await chat.ask("WHOIS", nick)
            lines = [text.strip() for text in whois_lines(say, answer)]
            host = next((row[2] for row in answer.numerics(n.RPL_WHOISUSER) if len(row) > 3), "")
            account = next((row[1] for row in answer.numerics(n.RPL_WHOISACCOUNT) if len(row) > 1), "")
        except (ClientError, ValueError):
            lines = [say("who_nobody")]
        if account:
            lines.append(say("card_account", account=plain(account)))
        rows = [(one, Text(say("card_" + one))) for one in self._card_offers(nick)]
        deed = await self._ask(Menu(plain(nick), rows, lines))
        if deed == "write":
            await self._go(nick)
        elif deed:
            await self._order(deed, nick, account, host)

    def _card_offers(self, nick: str) -> list[str]:
        model = self._chat.model
        if model.is_me(nick):
            return []
        offers = ["write"]
        room = self._chat.room(self._book.current.name)
        if room is None or model.fold(nick) not in room.members or not self._keeps_order():
            return offers
        offers += ["mute"] if "m" in model.tokens.get("EXTBAN", "").partition(",")[2] else []
        offers += ["kick", "ban"]
        if self._rank(self._chat.nick) in tuple("~&@"):
            offers += [
                "unop" if self._rank(nick) == "@" else "op",
                "unvoice" if self._rank(nick) == "+" else "voice",
            ]
        return offers

    async def _order(self, deed: str, nick: str, account: str, host: str) -> None:
        chat, room = self._chat, self._book.current.name
        letters = {"op": "+o", "unop": "-o", "voice": "+v", "unvoice": "-v"}
        if deed in letters:
            await self._attempt(chat.ask("MODE", room, letters[deed], nick))
            return
        # By account where there is one: names and addresses change.
        mask = f"a:{account}" if account and self._has("a") else f"*!*@{host}" if host else f"{nick}!*@*"
        if deed in {"mute", "ban"}:
            rows = [(str(one), Text(self._say(f"for_{one}"))) for one in TIMES if self._has("t") or not one]
            title = self._say(f"card_{deed}") + " " + plain(nick)
            minutes = await self._ask(Menu(title, rows))
            if minutes is None:
                return
            mask = f"m:{mask}" if deed == "mute" else mask
            mask = mask if minutes == "0" else f"t:{minutes}:{mask}"
            if not await self._attempt(chat.ask("MODE", room, "+b", mask)) or deed == "mute":
                return
        title = self._say("ask_reason", nick=plain(nick))
        reason = await self._ask(Line(title, is_secret=False))
        if reason is not None:
            await self._attempt(chat.ask("KICK", room, nick, *((reason,) if reason else ())))

    def _has(self, letter: str) -> bool:
        """Whether the server has bans of this kind: EXTBAN=,amt"""
        return letter in self._chat.model.tokens.get("EXTBAN", "").partition(",")[2]
