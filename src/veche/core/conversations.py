"""Conversations as the record knows them: of a room, or of two people; and which one a target means to who names it.

The rules: a target that one may not read, and one that does not exist, are both None. How much of a room's past a
member reads is for its operators to say (metadata `veche/history`), else for the installation (`newcomers_read`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from veche.core.ports import StoreError
from veche.core.retention import horizon
from veche.state.user import User
from veche.wire.names import fold, is_room

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.ports import Partner
    from veche.core.settings import Settings
    from veche.state.room import Room

# Direct conversations of one person that are looked through, the newest.
PARTNERS: Final = 1000
# How much of a room's past its members read: everything, what was said since they have been known to the server (an
# account since it was registered, a guest since he came), or what was said since they joined.
EVERYTHING, REGISTRATION, JOINING = NEWCOMERS_READ = ("everything", "registration", "joining")
# The key of the room's metadata that says so for this room alone.
HISTORY_KEY: Final = "veche/history"


class Conversation:
    """`key` and `era` are as in the record; `name` is what it is called now: the room's name, or the other's nick.

    What was said before `since` (ms since 1970) is not for who asks. `forgets` is up to when what was said need not be
    there any more, or was never kept: an id from before may be that of a message that was.
    """

    __slots__ = ("era", "forgets", "key", "name", "since")

    def __init__(self, key: str, era: int, name: str, since: int = 0, forgets: int = 0) -> None:
        self.forgets = forgets
        self.key = key
        self.era = era
        self.name = name
        self.since = since


def conversation_of(one: str, other: str) -> str:
    """The key of a direct conversation: both identities, sorted."""
    return f"{one} {other}" if one < other else f"{other} {one}"


def of_room(ask: Ask, room: Room) -> Conversation:
    """The conversation of a room that who asks is in, as he may read it."""
    now = ask.engine.clock.now()
    old = horizon(ask.settings, now, room)
    forgets = old if ask.world.keeps(room) else int(now * 1000) + 1
    key = ask.world.conversation_of(room.key)
    return Conversation(key, room.created, room.name, max(_since(ask, room), old), forgets)


def _direct(ask: Ask, key: str, name: str) -> Conversation:
    old = horizon(ask.settings, ask.engine.clock.now())
    return Conversation(key, 0, name, old, old)


def rule_of(settings: Settings, room: Room) -> str:
    """How much of a room's past its members read, of NEWCOMERS_READ."""
    rule = room.metadata.get(HISTORY_KEY, "")
    return rule if rule in NEWCOMERS_READ else settings.newcomers_read


def _since(ask: Ask, room: Room) -> int:
    """From when on somebody reads what was said in a room that he is in."""
    rule = rule_of(ask.settings, room)
    if rule == EVERYTHING:
        return 0
    user = ask.user
    if rule == JOINING:
        member = room.members.get(user.uid)
        return member.joined if member is not None else int(ask.engine.clock.now() * 1000)
    account = ask.world.accounts.by_uid.get(user.identity)
    return account.created if account is not None else user.signed_on


def of_partner(ask: Ask, partner: Partner) -> Conversation:
    """A direct conversation of who asks, by the name that the other one has now, or had; "*" where nobody knows."""
    identity = ask.user.identity
    one, two = partner.conversation.split(" ")
    other = ask.world.known(two if one == identity else one)
    if other is None:
        name = partner.source.partition("!")[0] or "*"
    else:
        name = other.nick if isinstance(other, User) else other.name
    return _direct(ask, partner.conversation, name)


def find(ask: Ask, target: str) -> Conversation | None:
    """The conversation that the target means to who asks: of a room that he is in, or between him and somebody."""
    user = ask.user
    if is_room(target):
        room = ask.world.rooms.get(fold(target))
        return of_room(ask, room) if room is not None and user.uid in room.members else None
    other = ask.world.person(target)
    if other is None:
        return None
    name = other.nick if isinstance(other, User) else other.name
    return _direct(ask, conversation_of(user.identity, other.identity), name)


def look_for(ask: Ask, target: str, done: Callable[[Conversation | StoreError | None], None]) -> None:
    """`done` hears which conversation is meant, as `find` does; among those with people who are gone, too.

    The owner of an account has talked with people whose names nobody bears now: they are called what they were called
    last. The record is asked whenever nobody is called so, whoever else has had conversations under that name.
    """
    conversation = find(ask, target)
    store = ask.engine.store
    if conversation is None and store is not None and ask.user.account and not is_room(target):
        ask.wait()
        store.partners(ask.user.identity, 0, PARTNERS, partial(_among, ask, target, done))
    else:
        done(conversation)


def _among(
    ask: Ask,
    target: str,
    done: Callable[[Conversation | StoreError | None], None],
    partners: list[Partner] | StoreError,
) -> None:
    if ask.session.user is not None:
        if isinstance(partners, StoreError):
            done(partners)
        else:
            key = fold(target)
            done(
                next(
                    (talk for talk in (of_partner(ask, one) for one in partners) if fold(talk.name) == key),
                    None,
                )
            )
    ask.settled()
