"""A person is erased: his account, and all that he has said and done, wherever it is kept.

The rules: it begins in one commit with the end of the account, so that nothing of it is forgotten over a kill, and goes
through the log bit by bit behind everybody's back, the newest first. What he has said stays as places without a word or
a name; others' words stay, also those about him. Whoever is connected hears of each message as of one that was taken
back (REDACT, by the server), in a batch, and drops it. docs/adr/0030.
"""

from __future__ import annotations

import logging
from functools import partial

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.forgetting import ErasedWords, RewrittenFacts, Wiped
from veche.core.playback import JustCorrected
from veche.core.ports import Row, StoreError
from veche.core.registry import FactRow, Feature
from veche.core.replies import fit, own_tags
from veche.core.session import Session
from veche.features.accounts.erasure import AccountErased
from veche.features.metadata.facts import ProfileKept
from veche.state.codec import encode
from veche.state.events import SILENCE, Audience, Fact, Forgotten
from veche.state.masks import ACCOUNT, REAL_NAME, Mask
from veche.state.room import PREFIXES, Room
from veche.state.world import World
from veche.wire.caps import BATCH, REDACTION
from veche.wire.message import Message
from veche.wire.names import fold

# Seconds until it begins, so that what his going leaves behind is in the log; between two commits; and after an error.
BEGINS = 2.0
PAUSE = 0.1
AGAIN = 30.0
# Messages of one conversation that are told to whoever is connected, the newest: nobody has more of them before him.
TOLD = 1000
# Who has set what he set.
_NOBODY = "*"

PHRASES = {
    "erased-words": (
        "What somebody had said here is erased, at his own wish or by the rules of this server.",
        "Сказанное здесь одним человеком стёрто — по его желанию или по правилам этого сервера.",
    ),
}

_log = logging.getLogger("veche.accounts")


# ---- facts


class ErasureBegun(Fact):
    """All that a person (the uid of an account that is no more) has said is being erased; `names` he was known by."""

    __slots__ = ("names", "person")

    def __init__(self, person: str, names: list[str]) -> None:
        super().__init__("")
        self.person = person
        self.names = names

    def saved_key(self) -> str:
        """One row for each person, until it is done."""
        return self.person


class TracesErased(Fact):
    """Wherever else these names stand in the world, they do so no more."""

    __slots__ = ("names", "person")

    def __init__(self, person: str, names: list[str]) -> None:
        super().__init__("")
        self.person = person
        self.names = names


class ErasureEnded(Fact):
    """Nothing of this person is left."""

    __slots__ = ("person",)

    def __init__(self, person: str) -> None:
        super().__init__("")
        self.person = person


def save_begun(_world: World, fact: AccountErased) -> list[Fact]:
    """With the end of the account, so that neither is without the other."""
    return [ErasureBegun(fact.account, fact.names)] if fact.names else []


def apply_begun(world: World, fact: ErasureBegun) -> Audience:
    """Somebody is being erased, or is known by more names."""
    world.erasures[fact.person] = fact.names
    return SILENCE


def apply_ended(world: World, fact: ErasureEnded) -> Audience:
    """Nobody remembers."""
    world.erasures.pop(fact.person, None)
    return SILENCE


def apply_traces(world: World, fact: TracesErased) -> Audience:
    """Rooms keep what he set, and not that it was he; what others have noted about him goes."""
    names = {fold(name) for name in fact.names}
    for room in world.rooms.values():
        if _nick(room.topic_by) in names:
            room.topic_by = _NOBODY
        for entries in room.lists.values():
            for key, entry in [*entries.items()]:
                if _means(entry.mask, names):
                    del entries[key]
                    room.lists_mark += 1
                elif _nick(entry.by) in names:
                    entry.by = _NOBODY
    for profile in world.profiles.values():
        for name in names & profile.notes.keys():
            del profile.notes[name]
    return SILENCE


def save_traces(world: World, fact: TracesErased) -> list[Fact]:
    """What others have noted; rooms are saved anew behind this."""
    names = {fold(name) for name in fact.names}
    return [
        ProfileKept(
            uid, profile.metadata, {about: one for about, one in profile.notes.items() if about not in names}
        )
        for uid, profile in world.profiles.items()
        if names & profile.notes.keys()
    ]


def _nick(source: str) -> str:
    return fold(source.partition("!")[0])


def _means(mask: Mask, names: set[str]) -> bool:
    """Whether a mask names him, and not a kind of people."""
    if mask.kind == ACCOUNT:
        return mask.pattern in names
    return mask.kind != REAL_NAME and mask.pattern.partition("!")[0] in names


def _nothing(_fact: object, _view: int, _tags: str) -> str:
    return ""


# ---- through the log


class _Progress:
    """How far it has come, and who was told what."""

    __slots__ = ("names", "noticed", "told")

    def __init__(self, names: list[str]) -> None:
        self.names = set(names)
        self.told: dict[str, int] = {}  # by conversation
        self.noticed: set[str] = set()


def begin_all(engine: Engine) -> None:
    """The server begins. The one before may have been killed in the middle."""
    for person in engine.world.erasures:
        _begin(engine, person)


def note_erasure(engine: Engine, fact: AccountErased) -> None:
    """An account is no more, and all that its owner said is to be."""
    if fact.names:
        _begin(engine, fact.account)


def _begin(engine: Engine, person: str) -> None:
    progress = _Progress(engine.world.erasures[person])
    if engine.store is None:
        _scrub(engine, person, progress)
        return

    def start() -> None:
        engine.log.when_written(partial(_step, engine, person, progress, 0))

    engine.timers.at(engine.clock.monotonic() + BEGINS, start)


def _step(engine: Engine, person: str, progress: _Progress, upto: int) -> None:
    """One stretch of the log, that ends at the place `upto`, or (0) at its end."""
    rows: list[ErasedWords] = []
    now = int(engine.clock.now() * 1000)

    def make(seq: int) -> list[Row]:
        rows.append(ErasedWords(seq, now, person, upto or seq, set(progress.names)))
        return [*rows]

    def done(error: StoreError | None) -> None:
        if error is not None or not rows:
            again = partial(_step, engine, person, progress, upto)
            engine.timers.at(engine.clock.monotonic() + AGAIN, again)
            return
        row = rows[0]
        if row.names - progress.names:
            progress.names |= row.names
            engine.log.commit(ErasureBegun(person, sorted(progress.names)), None)
        _tell(engine, person, progress, row.erased)
        if row.next:
            onward = partial(_step, engine, person, progress, row.next)
            engine.timers.at(engine.clock.monotonic() + PAUSE, onward)
        else:
            _scrub(engine, person, progress)

    engine.log.write_aside(make, done)


def _scrub(engine: Engine, person: str, progress: _Progress) -> None:
    """The log holds nothing of him: now what the world holds, and how it was saved."""
    engine.log.commit(TracesErased(person, sorted(progress.names)), None)


def rewrite(engine: Engine, fact: TracesErased) -> None:
    """Facts that are kept in their order tell how the world has come about; the shortest tale that gives the same does
    not name him. At this moment nothing is under way, so it is a whole one."""

    def make(_seq: int) -> list[Row]:
        facts = []
        for feature in engine.registry.features:
            for saved in feature.snapshot(engine.world) if feature.snapshot is not None else ():
                if not saved.saved_key():
                    engine.log.seq += 1
                    facts.append((engine.log.seq, type(saved).__name__, encode(saved)))
        return [RewrittenFacts(engine.log.seq, [*engine.registry.kinds], facts), Wiped(engine.log.seq)]

    def done(error: StoreError | None) -> None:
        if error is None:
            engine.log.commit(ErasureEnded(fact.person), None)
        else:
            engine.timers.at(engine.clock.monotonic() + AGAIN, partial(rewrite, engine, fact))

    if engine.store is None:
        engine.log.commit(ErasureEnded(fact.person), None)
    else:
        engine.log.write_aside(make, done)


def finish(engine: Engine, fact: ErasureEnded) -> None:
    """That he was being erased was the last that was known of him."""
    _log.info("the person %s is erased with all that was said", fact.person)
    if engine.store is not None:
        engine.log.write_aside(lambda seq: [Wiped(seq)], lambda error: None)


# ---- who is told


def _tell(engine: Engine, person: str, progress: _Progress, erased: list[tuple[str, str]]) -> None:
    """Tell whoever may have these messages before him that they are gone."""
    gone: dict[str, list[str]] = {}
    for conversation, msgid in erased:
        engine.shelf(JustCorrected).redacted(msgid)
        if progress.told.get(conversation, 0) < TOLD:
            progress.told[conversation] = progress.told.get(conversation, 0) + 1
            gone.setdefault(conversation, []).append(msgid)
    rooms = (
        {engine.world.conversation_of(room.key): room for room in engine.world.rooms.values()} if gone else {}
    )
    for conversation, msgids in gone.items():
        if " " in conversation:
            _tell_partner(engine, person, progress, conversation, msgids)
        elif (room := rooms.get(conversation.lstrip(PREFIXES))) is not None:
            _tell_room(engine, progress, room, msgids)


def _tell_partner(
    engine: Engine, person: str, progress: _Progress, conversation: str, msgids: list[str]
) -> None:
    one, other = conversation.split(" ")
    partner = engine.world.present.get(other if one == person else one)
    if partner is None:
        return
    # By his name: the other one's clients look for the conversation under it.
    name = min(progress.names, key=len)
    for session in engine.fanout.sessions.get(partner.uid, ()):
        if session.view & REDACTION:
            _redact(engine, session, f"{name}!{name}@{engine.settings.server}", partner.nick, msgids)


def _tell_room(engine: Engine, progress: _Progress, room: Room, msgids: list[str]) -> None:
    is_first = room.key not in progress.noticed
    progress.noticed.add(room.key)
    for uid in room.members:
        for session in engine.fanout.sessions.get(uid, ()):
            if session.view & REDACTION:
                _redact(engine, session, engine.settings.server, room.name, msgids)
            elif is_first:
                told = Ask(engine, session, Message("NOTICE", []), "")
                text = f":{engine.settings.server} NOTICE {room.name} :{told.phrase(PHRASES, 'erased-words')}"
                engine.outboxes.send(session, fit(own_tags(engine, session.view), text))


def _redact(engine: Engine, session: Session, source: str, target: str, msgids: list[str]) -> None:
    """The lines of a redaction each, in a batch where the client knows batches."""
    reference = engine.next_batch() if session.caps & BATCH else ""
    tag = f"@batch={reference} " if reference else ""
    if reference:
        engine.outboxes.send(session, f":{engine.settings.server} BATCH +{reference} veche/erased {target}")
    for msgid in msgids:
        engine.outboxes.send(session, f"{tag}:{source} REDACT {target} {msgid} :erased")
    if reference:
        engine.outboxes.send(session, f":{engine.settings.server} BATCH -{reference}")


feature = Feature(
    "erasing",
    facts={
        ErasureBegun: FactRow(apply=apply_begun, render=_nothing, saves=lambda world, fact: [fact]),
        TracesErased: FactRow(apply=apply_traces, render=_nothing, saves=save_traces),
        ErasureEnded: FactRow(
            apply=apply_ended,
            render=_nothing,
            saves=lambda world, fact: [Forgotten(ErasureBegun, fact.person)],
        ),
    },
    saves={AccountErased: save_begun},
    witnesses={AccountErased: note_erasure, TracesErased: rewrite, ErasureEnded: finish},
    begins=begin_all,
)
