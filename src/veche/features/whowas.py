"""WHOWAS: who bore a nick that nobody bears any more.

Source: Modern IRC, "WHOWAS message". It is a courtesy of this process's memory, bounded in all directions, and no part
of the world: nobody's rights depend on it, and a restart may forget it.
"""

from collections import OrderedDict, deque
from typing import Final

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.replies import plain_time
from veche.features.accounts.erasing import TracesErased
from veche.state.events import NickChanged, UserLeft
from veche.wire import numerics
from veche.wire.names import fold

# Entries per nick, nicks in all, and for how long (milliseconds): three days.
PER_NICK: Final = 8
NICKS: Final = 2000
KEPT: Final = 3 * 24 * 3600 * 1000


class Entry:
    """Somebody as he was known until `time` (ms since 1970)."""

    __slots__ = ("host", "nick", "real_name", "time", "username")

    def __init__(self, source: str, real_name: str, time: int) -> None:
        self.nick, _, rest = source.partition("!")
        self.username, _, self.host = rest.partition("@")
        self.real_name = real_name
        self.time = time


class Past:
    """Entries by folded nick. The nick that was left longest ago is forgotten first."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: OrderedDict[str, deque[Entry]] = OrderedDict()

    def remember(self, entry: Entry) -> None:
        """Somebody bears this nick no longer."""
        key = fold(entry.nick)
        self._entries.setdefault(key, deque(maxlen=PER_NICK)).append(entry)
        self._entries.move_to_end(key)
        self.forget(entry.time)

    def forget(self, now: int) -> None:
        """Drop what is too old or too much. The nicks stand in the order of their newest entries."""
        while self._entries:
            entries = next(iter(self._entries.values()))
            if len(self._entries) <= NICKS and entries[-1].time > now - KEPT:
                return
            self._entries.popitem(last=False)

    def of(self, nick: str, now: int) -> list[Entry]:
        """Who bore this nick, the latest first."""
        entries = self._entries.get(fold(nick), ())
        return [entry for entry in reversed(entries) if entry.time > now - KEPT]

    def erase(self, nick: str) -> None:
        """Nobody ever bore this nick."""
        self._entries.pop(fold(nick), None)

    def __len__(self) -> int:
        return len(self._entries)


def whowas(ask: Ask) -> None:
    """WHOWAS <nick> [<count>]."""
    nick = ask.params[0] if ask.params else ""
    if not nick:
        ask.reply(numerics.ERR_NONICKNAMEGIVEN, "No nickname given")
        return
    entries = ask.engine.shelf(Past).of(nick, int(ask.engine.clock.now() * 1000))
    word = ask.params[1] if len(ask.params) > 1 else ""
    # "If given, <count> SHOULD be a positive number. Otherwise, a full search is done."
    if word.isascii() and word.isdigit() and len(word) < 9 and int(word):
        entries = entries[: int(word)]
    if not entries:
        ask.reply(numerics.ERR_WASNOSUCHNICK, nick, "There was no such nickname")
    for entry in entries:
        ask.reply(
            numerics.RPL_WHOWASUSER, entry.nick, entry.username, entry.host, "*", entry.real_name or "*"
        )
        ask.reply(numerics.RPL_WHOISSERVER, entry.nick, ask.settings.server, plain_time(entry.time))
    ask.reply(numerics.RPL_ENDOFWHOWAS, nick, "End of WHOWAS")


def note_departure(engine: Engine, fact: UserLeft) -> None:
    """Somebody has gone; his sessions still know who he was."""
    for session in engine.fanout.sessions.get(fact.actor, ())[:1]:
        if session.user is not None:
            engine.shelf(Past).remember(Entry(fact.source, session.user.real_name, fact.time))


def note_nick(engine: Engine, fact: NickChanged) -> None:
    """Somebody is called otherwise, and not only in other letters."""
    if fold(fact.source.partition("!")[0]) != fold(fact.nick):
        real_name = engine.world.users[fact.actor].real_name
        engine.shelf(Past).remember(Entry(fact.source, real_name, fact.time))


def note_erasure(engine: Engine, fact: TracesErased) -> None:
    """A person has been erased, and so are the names that he bore."""
    for name in fact.names:
        engine.shelf(Past).erase(name)


feature = Feature(
    "whowas",
    commands=[
        Command(
            "WHOWAS",
            whowas,
            help=Help(
                "<nick> [<count>]",
                "Tells who bore a nick before. This is kept for three days, and not over a restart.",
                "Рассказывает, кто носил этот ник раньше. Помнится это три дня и не дольше, чем до "
                "перезапуска.",
                Family.PEOPLE,
            ),
        )
    ],
    witnesses={UserLeft: note_departure, NickChanged: note_nick, TracesErased: note_erasure},
)
