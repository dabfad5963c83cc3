"""Users who stay: what is kept of them, so that a restart finds them where they were.

The rule: of everybody who stays there is one row (`PersonKept`) and one for each room that he is in (`MemberKept`),
written with the fact that makes them so; and his rooms are kept while he is in them. What is restored has no session.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from veche.features.accounts.facts import ChoiceMade
from veche.features.join import new_room
from veche.features.kick import MemberKicked
from veche.features.mode import RoomModeChanged
from veche.features.silence import SilenceChanged
from veche.features.user_modes import UserModesChanged
from veche.state.events import (
    SILENCE,
    Audience,
    AwaySet,
    DeviceCame,
    Fact,
    Forgotten,
    HostChanged,
    LoggedIn,
    LoggedOut,
    MemberJoined,
    MemberLeft,
    NickChanged,
    RealNameChanged,
    UserArrived,
    UserLeft,
)
from veche.state.lasting import RoomDropped, keep
from veche.state.renaming import RoomRenamed
from veche.state.room import RANKS, Member, Room, sorted_ranks
from veche.state.user import User
from veche.state.world import World
from veche.wire.modes import flags_after
from veche.wire.names import fold

# Modes that end with the process: an operator proves himself again, and TLS is the business of a connection.
_PASSING_MODES = frozenset("osZr")
_KEPT = (
    "uid", "nick", "username", "host", "real_name", "signed_on", "away", "is_away_for_absence", "absent", "silences",
)  # fmt: skip


class PersonKept(Fact):
    """A user who stays, with the account of this uid: `values` are those of his attributes."""

    __slots__ = ("account", "modes", "values")
    phase = 1  # behind the accounts

    def __init__(self, user: User) -> None:
        super().__init__("")
        self.account = user.identity
        self.modes = sorted(user.modes - _PASSING_MODES)
        self.values = {name: getattr(user, name) for name in _KEPT}

    def saved_key(self) -> str:
        """One row for each."""
        return self.account


class MemberKept(Fact):
    """Somebody who stays (the uid of his account) is in a room since `joined` (ms since 1970), with these ranks beside
    that of his account, which he has laid down if `is_bare`."""

    __slots__ = ("account", "is_bare", "joined", "ranks", "room")
    phase = 2  # behind the people and the rooms
    defaults: ClassVar[Mapping[str, object]] = {"is_bare": False, "joined": 0}

    def __init__(self, account: str, room: str, ranks: str, joined: int, *, is_bare: bool = False) -> None:
        super().__init__("")
        self.is_bare = is_bare
        self.joined = joined
        self.account = account
        self.room = room
        self.ranks = ranks

    def saved_key(self) -> str:
        """One row for each of his rooms."""
        return f"{self.account} {self.room}"


class UserAbsent(Fact):
    """The last device of a user who stays has gone; he is away with `text` from now on, if he was not."""

    __slots__ = ("source", "text")
    divides = True
    is_beyond_us = True

    def __init__(self, actor: str, source: str, text: str) -> None:
        super().__init__(actor)
        self.source = source
        self.text = text


# ---- applies


def apply_absence(world: World, fact: UserAbsent) -> Audience:
    """He is reached all the same, and whoever shares a room with him may hear that he is away."""
    user = world.users[fact.actor]
    user.absent = fact.time
    if user.away:
        return SILENCE
    user.away = fact.text
    user.is_away_for_absence = True
    return Audience(uids=world.peers(user))


def restore_person(world: World, fact: PersonKept) -> Audience:
    """He is here, without a device."""
    account = world.accounts.by_uid.get(fact.account)
    values = fact.values
    nick = str(values["nick"])
    if account is None or account.suspended or fold(nick) in world.users_by_key:
        return SILENCE  # erased or suspended, or the record contradicts itself: then he comes in anew
    user = User(
        str(values["uid"]),
        nick,
        fold(nick),
        str(values["username"]),
        str(values["host"]),
        str(values["real_name"]),
        int(str(values["signed_on"])),
    )
    for name in ("away", "is_away_for_absence", "absent", "silences"):
        setattr(user, name, values[name])
    # From the start: by his uid the record may know somebody else, the account that he made and another entered.
    user.identity = account.uid
    world.add_user(user)
    world.log_in(user, account)
    world.set_modes(user, user.modes | set(fact.modes))
    world.set_staying(user, stays=True)
    return SILENCE


def restore_member(world: World, fact: MemberKept) -> Audience:
    """He is in the room again."""
    user = world.present.get(fact.account)
    room = world.rooms.get(fold(fact.room))
    if user is not None and room is not None and user.uid not in room.members:
        world.add_member(room, user, fact.ranks, fact.joined)
        if fact.is_bare:
            member = room.members[user.uid]
            member.ranks = member.own_ranks
    return SILENCE


# ---- what is saved


def kept_member(member: Member, identity: str, key: str, ranks: Collection[str], given: str) -> MemberKept:
    """What is kept of a member who has these ranks, of which `given` comes with his account, and comes back with it."""
    own = sorted_ranks(set(ranks) - {given})
    return MemberKept(identity, key, own, member.joined, is_bare=bool(given) and given not in ranks)


def _settle_in(world: World, user: User) -> list[Fact]:
    """Everything of somebody who stays from now on; his rooms are kept unless they are for others, too."""
    facts: list[Fact] = [PersonKept(user)]
    for key in user.rooms:
        room = world.rooms[key]
        # Who has stayed as the owner of another account has just been moved out, and with him his rooms.
        if not room.lasts_empty() and room.stayers == user.stays:
            facts.append(keep(room))
        member = room.members[user.uid]
        facts.append(kept_member(member, user.identity, room.key, member.ranks, member.given))
    return facts


def _move_out(world: World, user: User) -> list[Fact]:
    """Nothing is kept of him any more, nor of rooms that were kept for him alone."""
    facts: list[Fact] = [Forgotten(PersonKept, user.identity)]
    for key in user.rooms:
        facts += _leave(world.rooms[key], user)
    return facts


def _leave(room: Room, user: User) -> list[Fact]:
    facts: list[Fact] = [Forgotten(MemberKept, f"{user.identity} {room.key}")]
    if room.stayers == 1 and not room.lasts_empty():
        facts.append(RoomDropped(room.name))
    return facts


def _as_after(user: User, **values: object) -> list[Fact]:
    """He, as he is when these of his attributes have changed."""
    fact = PersonKept(user)
    fact.values.update(values)
    return [fact]


def _person(change: Callable[[Any], dict[str, object]]) -> Callable[[World, Any], list[Fact]]:
    """What is saved of a change to the actor himself: `change(fact)` gives the attributes that are otherwise then."""

    def saves(world: World, fact: Fact) -> list[Fact]:
        user = world.users.get(fact.actor)
        return _as_after(user, **change(fact)) if user is not None and user.stays else []

    return saves


def _absent(world: World, fact: UserAbsent) -> list[Fact]:
    user = world.users[fact.actor]
    if user.away:
        return _as_after(user, absent=fact.time)
    return _as_after(user, absent=fact.time, away=fact.text, is_away_for_absence=True)


def _arrived(world: World, fact: UserArrived) -> list[Fact]:
    account = world.accounts.by_uid.get(fact.account)
    if account is None or not fact.stays:
        return []
    user = User(fact.actor, fact.nick, fold(fact.nick), fact.username, fact.host, fact.real_name, fact.time)
    user.identity = account.uid
    return [PersonKept(user)]


def _logged_in(world: World, fact: LoggedIn) -> list[Fact]:
    user = world.users[fact.actor]
    gone = _move_out(world, user) if user.stays else []
    if not fact.stays:
        return gone
    before, user.identity = user.identity, fact.account  # as it will be, for what is written here
    facts = _settle_in(world, user)
    user.identity = before
    return gone + facts


def _chosen(world: World, fact: ChoiceMade) -> list[Fact]:
    user = world.present.get(fact.account)
    if fact.stays is None or user is None or not user.account or fact.stays == user.stays:
        return []
    return _settle_in(world, user) if fact.stays else _move_out(world, user)


def _gone(world: World, fact: UserLeft | LoggedOut) -> list[Fact]:
    user = world.users.get(fact.actor)
    return _move_out(world, user) if user is not None and user.stays else []


def _joined(world: World, fact: MemberJoined) -> list[Fact]:
    user = world.users[fact.actor]
    if not user.stays:
        return []
    room = world.rooms.get(fold(fact.room))
    ranks = "" if room is not None else fact.founder
    facts: list[Fact] = []
    if room is None:
        room = new_room(fact)
        if fact.founder:  # else it is the lobby, which is kept by itself
            facts.append(keep(room))
    elif user.uid in room.members:
        return []
    elif not room.is_lasting():
        facts.append(keep(room))
    return [*facts, MemberKept(user.identity, room.key, ranks, fact.time)]


def _left(world: World, fact: MemberLeft) -> list[Fact]:
    user = world.users[fact.actor]
    return _leave(world.rooms[fold(fact.room)], user) if user.stays else []


def _kicked(world: World, fact: MemberKicked) -> list[Fact]:
    user = world.users[fact.target]
    return _leave(world.rooms[fold(fact.room)], user) if user.stays else []


def _mode_changed(world: World, fact: RoomModeChanged) -> list[Fact]:
    """A rank of somebody who stays."""
    room = world.rooms[fold(fact.room)]
    member = room.members.get(fact.target) if fact.letter in RANKS else None
    if member is None or not member.user.stays:
        return []
    held = set(member.ranks) | {fact.letter} if fact.adding else set(member.ranks) - {fact.letter}
    return [kept_member(member, member.user.identity, room.key, held, member.given)]


def _room_renamed(world: World, fact: RoomRenamed) -> list[Fact]:
    room = world.rooms[fold(fact.room)]
    key = fold(fact.name)
    facts: list[Fact] = []
    for member in room.members.values():
        if member.user.stays and key != room.key:
            facts.append(Forgotten(MemberKept, f"{member.user.identity} {room.key}"))
            facts.append(kept_member(member, member.user.identity, key, member.ranks, member.given))
    return facts


def _modes_changed(world: World, fact: UserModesChanged) -> list[Fact]:
    user = world.users[fact.actor]
    if not user.stays:
        return []
    kept = PersonKept(user)
    kept.modes = sorted(flags_after(user.modes, fact.words) - _PASSING_MODES)
    return [kept]


def _silenced(world: World, fact: SilenceChanged) -> list[Fact]:
    user = world.users[fact.actor]
    if not user.stays:
        return []
    silences = dict(user.silences)
    if fact.adding:
        silences[fold(fact.mask)] = fact.mask
    else:
        silences.pop(fold(fact.mask), None)
    return _as_after(user, silences=silences)


SAVES: dict[type[Fact], Callable[[World, Any], list[Fact]]] = {
    UserArrived: _arrived,
    LoggedIn: _logged_in,
    LoggedOut: _gone,
    UserLeft: _gone,
    ChoiceMade: _chosen,
    MemberJoined: _joined,
    MemberLeft: _left,
    MemberKicked: _kicked,
    RoomModeChanged: _mode_changed,
    RoomRenamed: _room_renamed,
    UserModesChanged: _modes_changed,
    SilenceChanged: _silenced,
    NickChanged: _person(lambda fact: {"nick": fact.nick}),
    AwaySet: _person(lambda fact: {"away": fact.text, "is_away_for_absence": False}),
    RealNameChanged: _person(lambda fact: {"real_name": fact.real_name}),
    HostChanged: _person(lambda fact: {"username": fact.username, "host": fact.host}),
    UserAbsent: _absent,
    DeviceCame: _person(lambda fact: {"absent": 0}),
}
