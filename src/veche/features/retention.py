"""How long messages are kept: what is too old is forgotten bit by bit, and rooms say how long they keep what is said.

An extension of our own: the metadata `veche/keep` of a room and the tag `veche/not-kept`, docs/ext/keep.md. The rules
of how long are in core/retention.py.

The rules here: the setting of a registered room is its founders' to change, that of any other the server's operators',
because whoever finds a room empty is its operator, and could have all that was said there deleted. Whoever is inside is
told when it changes, and whoever comes into a room that keeps nothing reads so. Deleting goes by small commits, between
those of messages.
"""

from __future__ import annotations

import logging
from functools import partial

from veche.core.ask import Ask
from veche.core.durations import format_duration, parse_duration
from veche.core.engine import Engine
from veche.core.forgetting import MESSAGES_AT_ONCE, ForgottenMessages
from veche.core.operators import is_operator
from veche.core.ports import Row, StoreError
from veche.core.registry import FactRow, Feature
from veche.core.replies import Failure, Refusal, fit, own_tags
from veche.core.retention import TrustedClock, horizon
from veche.features.metadata.facts import MetadataChanged, MetadataCleared
from veche.features.ownership.facts import FOUNDER_POWER
from veche.state.events import SILENCE, Audience, Fact
from veche.state.room import KEEP_KEY, KEEPS_NOTHING, PREFIXES, Room
from veche.state.world import World
from veche.wire.message import Message

# Seconds from one look for what is too old to the next, and between two commits while there is more.
PAUSE = 60.0
PAUSE_WHILE_MANY = 0.2
# How often (s) it is noted what time it is: that is where a start begins that finds the clock somewhere else.
_NOTE_EVERY = 3600

PHRASES = {
    "keeps-nothing": (
        "What is said here is not kept. Who is not here does not read it later.",
        "Сказанное здесь не хранится. Кого здесь нет, тот не прочтёт этого потом.",
    ),
    "keeps-some": (
        "What is said here is kept for {time}, then it is deleted.",
        "Сказанное здесь хранится {time}, затем удаляется.",
    ),
    "keeps-usual": (
        "What is said here is kept as long as everywhere on this server.",
        "Сказанное здесь хранится столько же, сколько везде на этом сервере.",
    ),
}

_log = logging.getLogger("veche.retention")


class ClockBelieved(Fact):
    """It was `until` (s since 1970) by a clock that went as time goes."""

    __slots__ = ("until",)

    def __init__(self, until: int) -> None:
        super().__init__("")
        self.until = until

    def saved_key(self) -> str:
        """Only the last time counts."""
        return "clock"


def apply_belief(world: World, fact: ClockBelieved) -> Audience:
    """Where a start begins."""
    world.believed = fact.until
    return SILENCE


class _Sweeper:
    """What is too old is looked for now and then, one conversation's after the other's."""

    __slots__ = ("clock", "is_busy", "noted")

    def __init__(self) -> None:
        self.clock = TrustedClock()
        self.noted = 0.0
        self.is_busy = False


def begin(engine: Engine) -> None:
    """The server begins."""
    engine.world.rooms_keep_less = engine.settings.rooms_keep_less
    if engine.store is None:
        return
    # Before anything was ever noted, what was said last tells what time it was.
    engine.shelf(_Sweeper).clock.mark = engine.world.believed or engine.store.last()[1] / 1000
    engine.timers.at(engine.clock.monotonic() + PAUSE, partial(_sweep, engine))


def _sweep(engine: Engine) -> None:
    """Look for what is too old."""
    engine.timers.at(engine.clock.monotonic() + PAUSE, partial(_sweep, engine))
    engine.world.rooms_keep_less = engine.settings.rooms_keep_less  # REHASH may have changed it
    sweeper = engine.shelf(_Sweeper)
    doubted = sweeper.clock.is_doubting
    now = sweeper.clock.look(engine.clock.now(), engine.clock.monotonic())
    if sweeper.clock.is_doubting != doubted:
        _tell_doubt(engine, sweeper.clock)
    due = _due(engine, now)
    if not due:
        return
    if abs(now - sweeper.noted) >= _NOTE_EVERY:
        sweeper.noted = now
        engine.log.commit(ClockBelieved(int(now)), None)
    if not sweeper.is_busy:
        sweeper.is_busy = True
        _forget(engine, due)


def _tell_doubt(engine: Engine, clock: TrustedClock) -> None:
    if clock.is_doubting:
        leap = int(engine.clock.now() - clock.mark)
        _log.warning(
            "the clock has leapt forward by %s: nothing is deleted for its age before that has been so for a day",
            format_duration(leap),
        )
    else:
        _log.warning("the clock is believed again")


# What is to be forgotten: from before a time (ms), of some conversations or (none) of all.
Due = list[tuple[int, tuple[str, ...]]]


def _due(engine: Engine, now: float) -> Due:
    due: Due = []
    everywhere = horizon(engine.settings, now)
    if everywhere:
        due.append((everywhere, ()))
    for room in engine.world.rooms.values():
        if KEEP_KEY in room.metadata:
            before = horizon(engine.settings, now, room)
            if before > everywhere:
                key = engine.world.conversation_of(room.key)
                # What was said to those of a rank is a conversation of its own.
                due.append((before, (key, *(prefix + key for prefix in PREFIXES))))
    return due


def _forget(engine: Engine, due: Due) -> None:
    """Have some of it forgotten, and go on until there is no more."""
    before, conversations = due[0]
    kept: list[ForgottenMessages] = []

    def make(seq: int) -> list[Row]:
        kept.append(ForgottenMessages(seq, before, conversations))
        return [*kept]

    def done(error: StoreError | None) -> None:
        if error is not None or not kept:
            engine.shelf(_Sweeper).is_busy = False  # the disk is full, maybe: the next look tries again
            return
        if kept[0].gone:
            _log.info("%d old messages were forgotten", len(kept[0].gone))
        rest = due if len(kept[0].gone) == MESSAGES_AT_ONCE else due[1:]
        if rest:
            engine.timers.at(engine.clock.monotonic() + PAUSE_WHILE_MANY, partial(_forget, engine, rest))
        else:
            engine.shelf(_Sweeper).is_busy = False

    engine.log.write_aside(make, done)


# ---- what a room says of itself


def guard_change(world: World, fact: MetadataChanged) -> Refusal | None:
    """Whoever could set this could have everything deleted that was said in a room."""
    if not fact.room or fact.key != KEEP_KEY:
        return None
    return None if _may_change(world, fact) else _forbidden(fact.name)


def guard_clearing(world: World, fact: MetadataCleared) -> Refusal | None:
    """Nor is it unset with all the rest."""
    room = world.rooms.get(fact.room)
    if room is None or KEEP_KEY not in room.metadata or _may_change(world, fact):
        return None
    return _forbidden(fact.name)


def _may_change(world: World, fact: MetadataChanged | MetadataCleared) -> bool:
    room, user = world.rooms.get(fact.room), world.users.get(fact.actor)
    if room is None or user is None:
        return False
    return is_operator(user) or (room.registration is not None and room.rule(user) >= FOUNDER_POWER)


def _forbidden(name: str) -> Refusal:
    text = "This is for the founders of a registered room, and for operators of the server"
    return Failure("KEY_NO_PERMISSION", name, KEEP_KEY, text=text)


def tell_change(engine: Engine, fact: MetadataChanged) -> None:
    """Everybody inside reads how long what he says is kept from now on."""
    room = engine.world.rooms.get(fact.room) if fact.key == KEEP_KEY else None
    if room is not None:
        _tell_members(engine, room)


def tell_clearing(engine: Engine, fact: MetadataCleared) -> None:
    """The same where nothing is said about it any more."""
    room = engine.world.rooms.get(fact.room)
    if room is not None and KEEP_KEY in fact.keys:
        _tell_members(engine, room)


def _tell_members(engine: Engine, room: Room) -> None:
    for uid in room.members:
        for session in engine.fanout.sessions.get(uid, ()):
            told = Ask(engine, session, Message("NOTICE", []), "")
            engine.outboxes.send(session, _notice(told, room))


def show_room(ask: Ask, room: Room) -> None:
    """Whoever comes in reads that nothing is kept; how long something is, he reads when he asks."""
    if not ask.world.keeps(room):
        ask.send(_notice(ask, room))


def _notice(ask: Ask, room: Room) -> str:
    settings = ask.settings
    text = f":{settings.server} NOTICE {room.name} :{told_of(ask, room)}"
    return fit(own_tags(ask.engine, ask.session.view), text)


def told_of(ask: Ask, room: Room) -> str:
    """How long what is said in a room is kept, in a sentence."""
    value = room.metadata.get(KEEP_KEY, "")
    if not ask.world.keeps(room):
        return ask.phrase(PHRASES, "keeps-nothing")
    if ask.settings.rooms_keep_less and value != KEEPS_NOTHING and parse_duration(value):
        return ask.phrase(PHRASES, "keeps-some", time=value)
    return ask.phrase(PHRASES, "keeps-usual")


feature = Feature(
    "retention",
    facts={
        ClockBelieved: FactRow(
            apply=apply_belief, render=lambda fact, view, tags: "", saves=lambda world, fact: [fact]
        )
    },
    guards={MetadataChanged: guard_change, MetadataCleared: guard_clearing},
    witnesses={MetadataChanged: tell_change, MetadataCleared: tell_clearing},
    begins=begin,
    shows_room=show_room,
)
