"""A visit: what the door knows of one visitor, and what it owes him and the engine.

The rule: plain state and the few sentences that both directions need. What the visitor does is in `speaking`, what he
gets to know is in `hearing`; neither calls the other.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from veche.net.classic import phrases
from veche.net.classic.text import plain
from veche.phrases import Language, Phrases
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold

if TYPE_CHECKING:
    from veche.net.classic.recalling import Recall

# How many people one list names; a longer one would push the talk off the screen of whoever arrives.
LIST_LIMIT = 50
# Up to this many stand one under another, more of them beside one another.
_COLUMN_LIMIT = 12
_WIDTH = 76
# The host and so on of a source that the server has not told us yet: an engine's longest, rounded up.
_SOURCE_GUESS = 120


class Visit:
    """One visitor. `to_engine` holds IRC lines, `to_visitor` texts; whoever drives the visit takes them out."""

    __slots__ = (
        "arrived",
        "asked",
        "backlog",
        "batches",
        "choosing",
        "claimed",
        "ending",
        "entered",
        "fault",
        "found",
        "greeted",
        "is_turned_away",
        "last_label",
        "lobby",
        "logging_in",
        "members",
        "motd",
        "nick",
        "nick_limit",
        "now",
        "number",
        "numbered",
        "own_whisper",
        "partner",
        "partner_gone",
        "proposals",
        "recalls",
        "registered",
        "reserved",
        "say",
        "source",
        "time",
        "to_engine",
        "to_visitor",
        "uses_lines",
        "wanted",
        "zone",
    )

    def __init__(
        self,
        lobby: str,
        language: Language,
        nick_limit: int,
        number: int,
        now: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        self.lobby = lobby  # "" where there is none
        self.say = Phrases(phrases.TABLE, language)
        self.nick_limit = nick_limit  # in bytes
        self.number = number  # where the names of guests begin
        self.now = now  # the moment, in seconds since 1970
        self.zone = zone  # of the times that are shown; None is the machine's own
        self.to_engine: list[str] = []
        self.to_visitor: list[str] = []
        self.ending = ""  # the reason, once the connection shall be ended
        # The visitor.
        self.uses_lines = False  # a person with nc or telnet
        self.claimed = ""  # what the old client puts in front of its lines
        self.wanted = ""  # the name that was asked for
        self.fault = ""  # what was wrong with it: the key of a sentence
        self.proposals: Iterator[str] | None = None
        self.nick = ""
        self.source = ""
        self.reserved = ""  # the last name that he asked for and that belongs to an account
        self.logging_in = ""  # his nick when he last said /login, until he is told that he is logged in
        # His arrival: registered, then perhaps in the lobby (`entered`), then told all of it (`arrived`).
        self.is_turned_away = False  # and has been told why
        self.registered = False
        self.greeted = False
        self.arrived = False
        self.entered = False
        self.time = ""  # of entering, as the server writes it
        self.motd: list[str] = []  # for who asks: it is written for people with an IRC client
        # What was said in the lobby before the arrival was over, by msgid: when, and how it reads.
        self.backlog: dict[str, tuple[str, str]] = {}
        # The others.
        self.members: dict[str, str] = {}  # of the lobby, by folded nick, himself included
        self.numbered: list[
            str
        ] = []  # as last shown to him; numbers keep their meaning while people come and go
        self.choosing = False  # the list has just been shown: a bare number is an answer to it
        self.partner = ""  # whom he talks to alone
        self.partner_gone = False
        self.own_whisper = ""  # the msgid of the last one to himself
        # What he has asked of the past: by the label of his question, and by the open batches of its answer.
        self.last_label = 0
        self.recalls: dict[str, Recall] = {}
        self.batches: dict[str, Recall] = {}
        # Without a lobby, WHO tells who is there.
        self.asked: deque[str] = deque()  # what each one under way is for: "arrival", "list" or "people"
        self.found: dict[str, str] = {}

    # ---- what goes out

    def tell(self, text: str) -> None:
        """Owe the visitor a message."""
        self.to_visitor.append(text)

    def explain(self, key: str, **values: object) -> None:
        """Owe the visitor a sentence in the server's language. Texts among `values` are made harmless."""
        clean = {name: plain(value) if isinstance(value, str) else value for name, value in values.items()}
        self.tell(self.say(key, **clean))

    def name_limits(self) -> dict[str, int]:
        """How long a name may be, for the sentences that say so."""
        return {"limit": self.nick_limit, "half": self.nick_limit // 2}

    def room_for(self, target: str) -> int:
        """How many bytes of text one message to `target` may hold, with the source that others see in front."""
        source = len(self.source.encode()) or _SOURCE_GUESS
        return BODY_LIMIT - source - len(f": PRIVMSG {target} :".encode())

    def clock(self, time: str) -> str:
        """`[HH:MM] ` for a moment as the server writes it, with the date if it was another day; "" for nonsense."""
        try:
            moment = datetime.fromisoformat(time).astimezone(self.zone)
            today = datetime.fromtimestamp(self.now(), UTC).astimezone(self.zone).date()
        except (ValueError, OverflowError):
            return ""
        return f"[{moment:%H:%M}] " if moment.date() == today else f"[{moment:%Y-%m-%d %H:%M}] "

    # ---- the others

    def is_me(self, nick: str) -> bool:
        """Whether this is the visitor's own nick."""
        return fold(nick) == fold(self.nick)

    def is_lobby(self, room: str) -> bool:
        """Whether this is the room in which visitors are."""
        return bool(self.lobby) and fold(room) == fold(self.lobby)

    def show_list(self) -> None:
        """The answer to LIST, as the old server gave it: a list as Python writes one."""
        self.tell(phrases.USERS.format(names=[plain(nick) for nick in self.members.values()]))

    def show_people(self, limit: int) -> None:
        """The people to talk to, numbered, and how to."""
        self.numbered = [plain(nick) for nick in self.members.values() if not self.is_me(nick)]
        self.choosing = bool(self.numbered)
        if not self.numbered:
            self.explain("nobody_yet" if self.lobby else "nobody_online")
            return
        words = [f"{number}. {nick}" for number, nick in enumerate(self.numbered[:limit], start=1)]
        lines = [self.say("people"), *_arranged(words)]
        if len(self.numbered) > limit:
            lines.append(self.say.count("more_people", len(self.numbered) - limit))
        self.tell("\n".join(lines))

    def rename_member(self, old: str, new: str) -> None:
        """Somebody is called otherwise; his place in the lists stays."""
        key = fold(old)
        self.members = {
            fold(new) if known == key else known: new if known == key else nick
            for known, nick in self.members.items()
        }
        self.numbered = [new if fold(nick) == key else nick for nick in self.numbered]
        if self.partner and fold(self.partner) == key and not self.partner_gone:
            self.partner = new


def _arranged(words: list[str]) -> list[str]:
    """Short lists one under another, long ones beside one another."""
    if len(words) <= _COLUMN_LIMIT:
        return ["  " + word for word in words]
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 2 > _WIDTH:
            lines.append("")
        lines[-1] += "  " + word
    return lines
