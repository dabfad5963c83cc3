"""UNREAD: how much of each conversation one has not read, and how much of that calls one by name.

An extension of our own, `veche/unread`, beside read-marker: docs/ext/unread.md. A session that has asked for it is
told when it finds itself in its rooms, and whenever a marker moves; anybody may ask. Counted are the messages of others
behind the marker; where somebody has never marked anything, those since he came in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from veche.core.ask import Ask
from veche.core.conversations import Conversation, find, of_partner, of_room
from veche.core.help import Family, Help
from veche.core.ports import UNREAD_LIMIT, Partner, StoreError, UnreadQuestion
from veche.core.registry import Command, Feature
from veche.core.session import Session
from veche.features.read_marker import ReadMarked
from veche.state.events import DeviceCame, UserArrived
from veche.wire.caps import BATCH, UNREAD

# Direct conversations that are counted, the newest; each is a question to the record.
PARTNERS: Final = 100
CAPABILITY: Final = "veche/unread"

Counts = list[tuple[int, int]]


def unread(ask: Ask) -> None:
    """UNREAD: of every conversation that has any. UNREAD <target>: of one."""
    if not ask.params or not ask.params[0]:
        _tell_all(ask)
        return
    conversation = find(ask, ask.params[0])
    if conversation is None:
        ask.fail("INVALID_TARGET", ask.params[0], text="Messages could not be counted")
        return
    _count(ask, [conversation], partial(_answer, ask, [conversation], is_whole=False))


def _tell_all(ask: Ask) -> None:
    """The rooms first, then the people, whose names the record has to be asked for."""
    store = ask.engine.store
    user = ask.user
    rooms = [of_room(ask, ask.world.rooms[key]) for key in user.rooms]
    if store is None or not user.account:
        _count(ask, rooms, partial(_answer, ask, rooms, is_whole=True))
        return
    ask.wait()
    store.partners(user.identity, 0, PARTNERS, partial(_with_partners, ask, rooms))


def _with_partners(ask: Ask, rooms: list[Conversation], partners: list[Partner] | StoreError) -> None:
    if ask.session.user is not None:
        people = (
            [] if isinstance(partners, StoreError) else [of_partner(ask, partner) for partner in partners]
        )
        both = rooms + people
        _count(ask, both, partial(_answer, ask, both, is_whole=True))
    ask.settled()


def _count(ask: Ask, conversations: list[Conversation], done: Callable[[Counts | StoreError], None]) -> None:
    store = ask.engine.store
    user = ask.user
    if store is None:
        done([(0, 0)] * len(conversations))  # what is not kept cannot have been missed
        return
    markers = ask.world.markers.get(user.identity, {})
    questions = [
        UnreadQuestion(
            conversation.key,
            conversation.era,
            markers.get(conversation.key, user.signed_on),
            user.identity,
            user.nick,
        )
        for conversation in conversations
    ]
    ask.wait()
    store.unread(questions, done)


def _answer(
    ask: Ask, conversations: list[Conversation], counts: Counts | StoreError, *, is_whole: bool
) -> None:
    """The counts have come; of all conversations only those with any are told, in a batch."""
    if isinstance(counts, StoreError):
        ask.fail("INTERNAL_ERROR", text="The record cannot be read now. Please try again later.")
    elif not is_whole:
        ask.send(_line(ask, conversations[0], counts[0]))
    else:
        reference = ask.engine.next_batch() if ask.session.caps & BATCH else ""
        tag = f"@batch={reference} " if reference else ""
        if reference:
            ask.send(f":{ask.settings.server} BATCH +{reference} {CAPABILITY}")
        for conversation, count in zip(conversations, counts, strict=True):
            if count[0]:
                ask.send(tag + _line(ask, conversation, count))
        if reference:
            ask.send(f":{ask.settings.server} BATCH -{reference}")
    if ask.engine.store is not None:
        ask.settled()


def _line(ask: Ask, conversation: Conversation, count: tuple[int, int]) -> str:
    """`UNREAD <target> <messages> <mentions>`; a plus stands behind what is as much as is counted."""
    number = f"{count[0]}+" if count[0] >= UNREAD_LIMIT else str(count[0])
    return f":{ask.settings.server} UNREAD {conversation.name} {number} {count[1]}"


# ---- told unasked


def tell_newcomer(ask: Ask, _fact: UserArrived | DeviceCame) -> None:
    """A session that wants to know is told as soon as it is in."""
    if ask.session.caps & UNREAD and ask.session.user is not None and ask.user.account:
        _tell_all(ask)


def tell_marked(ask: Ask, fact: ReadMarked) -> None:
    """Somebody has read further: his devices learn what is left."""
    user = ask.session.user
    wanting = [session for session in ask.engine.fanout.sessions.get(fact.actor, ()) if session.caps & UNREAD]
    conversation = _marked(ask, fact) if user is not None and wanting else None
    if conversation is not None:
        _count(ask, [conversation], partial(_tell_sessions, ask, wanting, conversation))


def _marked(ask: Ask, fact: ReadMarked) -> Conversation | None:
    """The conversation of a marker, as `MARKREAD` has named it."""
    conversation = find(ask, ask.params[0]) if ask.params else None
    return conversation if conversation is not None and conversation.key == fact.conversation else None


def _tell_sessions(
    ask: Ask, sessions: list[Session], conversation: Conversation, counts: Counts | StoreError
) -> None:
    if not isinstance(counts, StoreError):
        line = _line(ask, conversation, counts[0])
        for session in sessions:
            if session is ask.session:
                ask.send(line)
            else:
                ask.engine.outboxes.send(session, line)
    if ask.engine.store is not None:
        ask.settled()


feature = Feature(
    "unread",
    commands=[
        Command(
            "UNREAD",
            unread,
            help=Help(
                "[<target>]",
                "Counts what you have not read, and how often you are named in it: in one conversation, or in "
                "all that have something new.",
                "Считает, что вы не прочли и сколько раз вас там назвали: в одной переписке или во всех, где "
                "есть новое.",
                Family.HISTORY,
            ),
        )
    ],
    caps={CAPABILITY: ""},
    reactions={UserArrived: tell_newcomer, DeviceCame: tell_newcomer, ReadMarked: tell_marked},
)
