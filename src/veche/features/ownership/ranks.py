"""How members come by the rank that is their account's, and lose it: by logging in or out inside, and when it changes.

Who enters with an account has his rank from the first moment (`World.add_member`). The rule: everything else is one
fact, `RankSettled`, that compares what somebody has with what is his; it comes right behind what made the difference.
"""

from __future__ import annotations

from veche.core.engine import Engine
from veche.core.nicks import CHANSERV
from veche.features.accounts.erasure import AccountErased
from veche.features.accounts.staying import kept_member
from veche.features.ownership.facts import (
    AccessChanged,
    OwnershipFact,
    RoomGivenUp,
    RoomRegistered,
    RoomTransferred,
)
from veche.state.events import SILENCE, Audience, Fact, LoggedIn, LoggedOut
from veche.state.room import Room, power_of, sorted_ranks
from veche.state.world import World
from veche.wire.modes import Change, format_modes
from veche.wire.names import fold


class RankSettled(Fact):
    """A member (`target`, his uid) has the rank that the room gives his account, and no other for its sake."""

    __slots__ = ("room", "shown", "target")

    def __init__(self, room: str, target: str) -> None:
        super().__init__("")
        self.room = room
        self.target = target
        self.shown = ""  # what has changed, as MODE says it


def apply_settling(world: World, fact: RankSettled) -> Audience:
    """Who is in the room hears of it, if anything has changed."""
    room = world.rooms.get(fold(fact.room))
    member = room.members.get(fact.target) if room is not None else None
    if room is None or member is None:
        return SILENCE
    due = room.rank_of(member.user.identity)
    if due == member.given:
        return SILENCE  # whoever has laid it down, or was made to, is left as he is
    changes = []
    if member.given and member.given in member.ranks:
        changes.append(Change(False, member.given, member.user.nick))
    if due and due not in member.ranks:
        changes.append(Change(True, due, member.user.nick))
    member.ranks = sorted_ranks({*member.own_ranks, *due})
    member.given = due
    fact.room = room.name
    fact.shown = " ".join(format_modes(changes))
    return Audience(room) if changes else SILENCE


def save_settling(world: World, fact: RankSettled) -> list[Fact]:
    """Of who stays it is kept what he has beside it, and that he has not laid it down."""
    room = world.rooms.get(fold(fact.room))
    member = room.members.get(fact.target) if room is not None else None
    if room is None or member is None or not member.user.stays:
        return []
    identity = member.user.identity
    due = room.rank_of(identity)
    return (
        [kept_member(member, identity, room.key, {*member.own_ranks, *due}, due)]
        if due != member.given
        else []
    )


def render_settling(fact: RankSettled, _view: int, tags: str) -> str:
    """It is nobody's deed, and clients want to know who did it."""
    return f"{tags}:{CHANSERV} MODE {fact.room} {fact.shown}"


# ---- after what it is to be settled


def settle_rooms(engine: Engine, fact: LoggedIn | LoggedOut) -> None:
    """Somebody is known by another account, or by none."""
    user = engine.world.users.get(fact.actor)
    for key in user.rooms if user is not None else ():
        _settle(engine, engine.world.rooms[key], fact.actor)


def settle_account(engine: Engine, fact: AccessChanged) -> None:
    """One account has another rank."""
    room = engine.world.rooms.get(fold(fact.room))
    user = engine.world.present.get(fact.account)
    if room is not None and user is not None:
        _settle(engine, room, user.uid)


def settle_founder(engine: Engine, fact: RoomRegistered) -> None:
    """The founder has his rank at once."""
    _settle(engine, engine.world.rooms[fold(fact.room)], fact.actor)


def settle_all(engine: Engine, fact: OwnershipFact) -> None:
    """The room is another's, or nobody's."""
    room = engine.world.rooms.get(fold(fact.room))
    for uid in list(room.members) if room is not None else ():
        if room is not None:
            _settle(engine, room, uid)


def _settle(engine: Engine, room: Room, uid: str) -> None:
    member = room.members.get(uid)
    if member is not None and member.given != room.rank_of(member.user.identity):
        engine.log.follow_up(RankSettled(room.name, uid), None)


# ---- rooms whose founder is no more


def bequeath(engine: Engine, fact: AccountErased) -> None:
    """What belonged to an account that is erased goes to whom the founder has trusted most, or to nobody."""
    for change in _inheritance(engine.world, fact.account):
        engine.log.follow_up(change, None)


def bequeath_all(engine: Engine) -> None:
    """The server begins. The one before may have been killed between the erasure and what follows from it."""
    accounts = engine.world.accounts.by_uid
    named = {
        uid
        for room in engine.world.rooms.values()
        if room.registration is not None
        for uid in (room.registration.founder, *room.registration.access)
    }
    for uid in sorted(named - accounts.keys()):
        for change in _inheritance(engine.world, uid):
            engine.log.commit(change, None)


def _inheritance(world: World, account: str) -> list[OwnershipFact]:
    changes: list[OwnershipFact] = []
    for room in world.rooms.values():
        registration = room.registration
        if registration is None:
            continue
        if registration.founder == account:
            heirs = [uid for uid in registration.access if uid in world.accounts.by_uid]
            heirs.sort(
                key=lambda uid: -power_of(registration.access[uid])
            )  # the first of those who are equal
            heir = heirs[0] if heirs else ""
            changes.append(RoomTransferred("", room.name, heir, 0) if heir else RoomGivenUp("", room.name))
        elif account in registration.access:
            changes.append(AccessChanged("", room.name, account, "", 0))
    return changes
