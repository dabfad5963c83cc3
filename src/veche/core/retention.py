"""How long what is said is kept: by the installation's rule, and for a room by its own where that is shorter.

The rules:
* `[history] keep_days` is the longest that anything is kept; a room's founder may have less kept there, or nothing
  (metadata `veche/keep`, docs/ext/keep.md), if the installation lets rooms choose.
* What is deleted does not come back, so a clock is believed only when it goes as time goes: one that has leapt forward
  deletes nothing before it has stood by that for a day. What is too old is not shown meanwhile, and is there again
  when the clock is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from veche.core.durations import format_duration, parse_duration
from veche.phrases import Language, Phrases
from veche.state.room import KEEP_KEY, KEEPS_NOTHING

if TYPE_CHECKING:
    from veche.core.settings import Settings
    from veche.state.room import Room

PHRASES = {
    "fixed": (
        "This server decides for all rooms how long messages are kept",
        "Сколько хранятся сообщения, этот сервер решает за все комнаты",
    ),
    "no-time": (
        "This is {nothing}, or a time of at least {shortest}, like 30d",
        "Это {nothing} или срок не меньше {shortest}, например 30d",
    ),
    "too-long": (
        "Nothing is kept here for longer than {longest}",
        "Дольше {longest} здесь ничего не хранится",
    ),
}
_DAY = 86_400
# The shortest time that may be asked for: less is what storing off is for.
SHORTEST = 3600
# How far (s) a clock may leap without being asked about it, and how long it must stand by a longer leap.
LEAP = _DAY
DOUBT = _DAY


def kept_seconds(settings: Settings, room: Room | None = None) -> int:
    """For how many seconds what is said is kept, in a room or (None) between two people; 0: for ever.

    Of a room that keeps nothing: what was said there before is kept as long as everywhere.
    """
    longest = settings.keep_days * _DAY
    if room is None or not settings.rooms_keep_less:
        return longest
    own = parse_duration(room.metadata.get(KEEP_KEY, "")) or 0
    return min(own, longest) if own and longest else own or longest


def horizon(settings: Settings, now: float, room: Room | None = None) -> int:
    """What was said before this time (ms since 1970) is not kept any more. `now`: seconds since 1970."""
    seconds = kept_seconds(settings, room)
    return int((now - seconds) * 1000) if seconds else 0


def problem_of(settings: Settings, value: str, language: Language = "en") -> str:
    """Why a room cannot keep what is said there for so long; "" where it can."""
    say = Phrases(PHRASES, language)
    if not settings.rooms_keep_less:
        return say("fixed")
    if value == KEEPS_NOTHING:
        return ""
    seconds = parse_duration(value)
    longest = settings.keep_days * _DAY
    if seconds is None or seconds < SHORTEST:
        return say("no-time", nothing=KEEPS_NOTHING, shortest=format_duration(SHORTEST))
    if longest and seconds > longest:
        return say("too-long", longest=format_duration(longest))
    return ""


class TrustedClock:
    """The time (s since 1970) by which is deleted: the wall clock's, unless that has leapt forward and not stood by it.

    `mark` is what was believed last, maybe by an earlier process; 0 for nothing.
    """

    __slots__ = ("_leapt", "_looked", "is_doubting", "mark")

    def __init__(self) -> None:
        self.mark = 0.0
        self.is_doubting = False
        self._looked = 0.0  # monotonic
        self._leapt = 0.0  # monotonic: since when the wall clock is not believed

    def look(self, wall: float, monotonic: float) -> float:
        """What time it is. `wall` and `monotonic` as in ports.Clock."""
        expected = self.mark + (monotonic - self._looked if self._looked else 0.0)
        self._looked = monotonic
        if not self.mark or wall <= expected + LEAP:
            self.is_doubting = False
            self.mark = wall
        elif not self.is_doubting:
            self.is_doubting = True
            self._leapt = monotonic
            self.mark = expected
        elif monotonic - self._leapt >= DOUBT:
            self.is_doubting = False
            self.mark = wall
        else:
            self.mark = expected
        return self.mark
