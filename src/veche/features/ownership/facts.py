"""What happens to the ownership of rooms. Each fact is judged when its turn has come, by the powers that MODE knows.

The rule: who gives a rank by account needs what he would need to give it by MODE, and touches nobody above him. The
room itself, and who gets it, is the founder's alone; operators of the server may put that right too.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.nicks import CHANSERV
from veche.core.operators import is_operator
from veche.core.replies import Refusal, fit, own_tags
from veche.features.defcon import ROOMS
from veche.features.mode import RoomModeChanged
from veche.features.topic import TopicSet
from veche.state.events import SILENCE, Audience, Fact
from veche.state.lasting import RoomDropped, keep
from veche.state.ownership import MODE_LOCK, TOPIC_LOCK, Registration
from veche.state.renaming import RoomRenamed
from veche.state.room import FOUNDER, HELPER_POWER, LISTS, OPERATOR_POWER, RANKS, VOICE, Room, power_of
from veche.state.user import User
from veche.state.world import World
from veche.wire.names import fold

FOUNDER_POWER = power_of(FOUNDER)
# Why something is not done, as it is said to who wanted it.
PROBLEMS = {
    "no-room": ("There is no room {room}.", "Комнаты {room} нет."),
    "not-registered": ("{room} is not registered.", "Комната {room} не зарегистрирована."),
    "registered-already": ("{room} is registered already.", "Комната {room} уже зарегистрирована."),
    "log-in": (
        "Log in first: a room belongs to an account.",
        "Сначала войдите: комната принадлежит учётной записи.",
    ),
    "no-operator": (
        "Only an operator of {room} who is inside can register it.",
        "Зарегистрировать {room} может только её оператор, находящийся внутри.",
    ),
    "no-new-rooms": (
        "No rooms are registered at the moment, please try later.",
        "Сейчас комнаты не регистрируются, попробуйте позже.",
    ),
    "many-rooms": (
        "An account has at most {limit} rooms.",
        "У одной учётной записи не больше {limit} комнат.",
    ),
    "no-account": ("There is no account of that name.", "Такой учётной записи нет."),
    "founder-only": (
        "Only the founder of {room} may do that.",
        "Это может только основатель комнаты {room}.",
    ),
    "no-power": (
        "In {room} you may not do that: your own rank is too low.",
        "В комнате {room} вам этого нельзя: ваш ранг слишком мал.",
    ),
    "is-founder": (
        "{room} belongs to this account. TRANSFER gives it to another one.",
        "Комната {room} принадлежит этой учётной записи. Передать её другой: TRANSFER.",
    ),
    "no-access": ("This account has no rank in {room}.", "У этой учётной записи нет ранга в {room}."),
    "many-access": (
        "A room gives ranks to at most {limit} accounts.",
        "Комната даёт ранги не больше чем {limit} учётным записям.",
    ),
    "not-offered": ("Nobody has offered {room} to you.", "Вам не предлагали комнату {room}."),
}


def tell_problem(key: str, values: dict[str, object], ask: Ask) -> None:
    """Say why something was not done, as ChanServ; once, where a request asked for several things."""
    if ask.muted:
        return
    ask.muted = True
    text = ask.phrase(PROBLEMS, key, **values)
    source = f":{CHANSERV}!{CHANSERV}@{ask.settings.server}"
    ask.send(fit(own_tags(ask.engine, ask.session.view), f"{source} NOTICE {ask.session.nick} :{text}"))


def problem(key: str, **values: object) -> Refusal:
    """The refusal that says so."""
    return Refusal("", then=partial(tell_problem, key, values))


class OwnershipFact(Fact):
    """Something about whose a room is. The actor is "" when the server does it, which may."""

    __slots__ = ("room",)

    def __init__(self, actor: str, room: str) -> None:
        super().__init__(actor)
        self.room = room

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """Why not; asked when its turn has come. Pure."""
        raise NotImplementedError

    def alter(self, registration: Registration) -> None:
        """Make the change to a room that is registered. Cannot fail."""


def _is_founder(user: User | None, registration: Registration) -> bool:
    return user is not None and (user.identity == registration.founder or is_operator(user))


class RoomRegistered(OwnershipFact):
    """A room belongs to an account (its uid) that may have `at_most` rooms."""

    __slots__ = ("account", "at_most")

    def __init__(self, actor: str, room: str, account: str, at_most: int) -> None:
        super().__init__(actor, room)
        self.account = account
        self.at_most = at_most

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """Two operators of one room may ask at once: the first has it."""
        user = world.users.get(self.actor)
        if user is None or user.identity != self.account or self.account not in world.accounts.by_uid:
            return problem("log-in")
        if room.registration is not None:
            return problem("registered-already", room=room.name)
        if not room.is_operator(self.actor):
            return problem("no-operator", room=room.name)
        if ROOMS in world.refused and not is_operator(user):
            return problem("no-new-rooms")
        return _too_many(world, self.account, self.at_most)


def _too_many(world: World, account: str, at_most: int) -> Refusal | None:
    if len(rooms_of(world, account)) >= at_most:
        return problem("many-rooms", limit=at_most)
    return None


def rooms_of(world: World, account: str) -> list[Room]:
    """The rooms that an account has founded, or was given."""
    return [
        room
        for room in world.rooms.values()
        if room.registration is not None and room.registration.founder == account
    ]


class RoomGivenUp(OwnershipFact):
    """A room belongs to nobody any more."""

    __slots__ = ()

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """The founder's own, or an operator's of the server."""
        if room.registration is None:
            return problem("not-registered", room=room.name)
        if self.actor and not _is_founder(world.users.get(self.actor), room.registration):
            return problem("founder-only", room=room.name)
        return None


class RoomOffered(OwnershipFact):
    """An account may take a room over; "" for none."""

    __slots__ = ("account",)

    def __init__(self, actor: str, room: str, account: str) -> None:
        super().__init__(actor, room)
        self.account = account

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """The founder offers what is his."""
        if room.registration is None:
            return problem("not-registered", room=room.name)
        if not _is_founder(world.users.get(self.actor), room.registration):
            return problem("founder-only", room=room.name)
        if self.account not in world.accounts.by_uid:
            return problem("no-account")
        return problem("is-founder", room=room.name) if self.account == room.registration.founder else None

    def alter(self, registration: Registration) -> None:
        """The founder may think better of it until then."""
        registration.offered = self.account


class RoomTransferred(OwnershipFact):
    """A room belongs to another account, that may have `at_most` rooms: the one that it was offered to has said yes,
    an operator of the server wants it so, or it was inherited."""

    __slots__ = ("account", "at_most")

    def __init__(self, actor: str, room: str, account: str, at_most: int) -> None:
        super().__init__(actor, room)
        self.account = account
        self.at_most = at_most

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """It may have been taken back, or given to somebody else, while this stood in line."""
        registration = room.registration
        if registration is None:
            return problem("not-registered", room=room.name)
        if self.account not in world.accounts.by_uid:
            return problem("no-account")
        if self.account == registration.founder:
            return problem("is-founder", room=room.name)
        user = world.users.get(self.actor)
        if not self.actor or (user is not None and is_operator(user)):
            return None
        if user is None or user.identity != self.account or registration.offered != self.account:
            return problem("not-offered", room=room.name)
        return _too_many(world, self.account, self.at_most)

    def alter(self, registration: Registration) -> None:
        """Who had it before has no rank for his account's sake any more, unless the new founder gives him one."""
        registration.founder = self.account
        registration.offered = ""
        registration.access.pop(self.account, None)


class AccessChanged(OwnershipFact):
    """A room gives a rank to an account, or none ("") any more; to `at_most` accounts in all."""

    __slots__ = ("account", "at_most", "rank")

    def __init__(self, actor: str, room: str, account: str, rank: str, at_most: int) -> None:
        super().__init__(actor, room)
        self.account = account
        self.rank = rank
        self.at_most = at_most

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """By the powers of MODE, for the rank that is taken and for the one that is given."""
        registration = room.registration
        if registration is None:
            return problem("not-registered", room=room.name)
        if not self.actor:
            return None
        if self.account == registration.founder:
            return problem("is-founder", room=room.name)
        held = registration.access.get(self.account, "")
        if not self.rank and not held:
            return problem("no-access", room=room.name)
        user = world.users.get(self.actor)
        power = room.rule(user)
        is_own = not self.rank and user is not None and user.identity == self.account
        if not is_own and power < max(needed(held), needed(self.rank)):
            return problem("no-power", room=room.name)
        if self.rank and self.account not in world.accounts.by_uid:
            return problem("no-account")
        if self.rank and not held and len(registration.access) >= self.at_most:
            return problem("many-access", limit=self.at_most)
        return None

    def alter(self, registration: Registration) -> None:
        """The rank, or none."""
        if self.rank:
            registration.access[self.account] = self.rank
        else:
            registration.access.pop(self.account, None)


def needed(rank: str) -> int:
    """What somebody must be able to do who gives or takes this rank (docs/adr/0008); 0 for none."""
    if not rank:
        return 0
    if rank == VOICE:
        return HELPER_POWER
    return OPERATOR_POWER if power_of(rank) <= OPERATOR_POWER else FOUNDER_POWER


class LockSet(OwnershipFact):
    """Something of a room is for its own people to change, or not any more: one of `LOCKS`."""

    __slots__ = ("is_on", "lock")

    def __init__(self, actor: str, room: str, lock: str, *, is_on: bool) -> None:
        super().__init__(actor, room)
        self.lock = lock
        self.is_on = is_on

    def refusal(self, world: World, room: Room) -> Refusal | None:
        """The founder's own."""
        if room.registration is None:
            return problem("not-registered", room=room.name)
        if not _is_founder(world.users.get(self.actor), room.registration):
            return problem("founder-only", room=room.name)
        return None

    def alter(self, registration: Registration) -> None:
        """Locked, or open."""
        if self.is_on:
            registration.locks.add(self.lock)
        else:
            registration.locks.discard(self.lock)


# ---- guards, applies, what is kept


def guard(world: World, fact: OwnershipFact) -> Refusal | None:
    """The room may have gone, or have another name, while this stood in line."""
    room = world.rooms.get(fold(fact.room))
    return problem("no-room", room=fact.room) if room is None else fact.refusal(world, room)


def apply_registration(world: World, fact: RoomRegistered) -> Audience:
    """The room belongs to somebody; who gets which rank for it is another fact."""
    world.rooms[fold(fact.room)].registration = Registration(fact.account, fact.time)
    return SILENCE


def save_registration(world: World, fact: RoomRegistered) -> list[Fact]:
    """The room as it stands, with its founder."""
    kept = keep(world.rooms[fold(fact.room)])
    kept.registration = Registration(fact.account, fact.time).values()
    return [kept]


def apply_giving_up(world: World, fact: RoomGivenUp) -> Audience:
    """It is a room like any other; an empty one is gone."""
    room = world.rooms[fold(fact.room)]
    room.registration = None
    world.forget_if_empty(room)
    return SILENCE


def save_giving_up(world: World, fact: RoomGivenUp) -> list[Fact]:
    """It may last for another reason."""
    room = world.rooms[fold(fact.room)]
    if "P" not in room.flags and not room.stayers:
        return [RoomDropped(room.name)]
    kept = keep(room)
    kept.registration = {}
    return [kept]


def apply_change(world: World, fact: OwnershipFact) -> Audience:
    """The registration is changed."""
    room = world.rooms.get(fold(fact.room))
    if room is not None and room.registration is not None:
        fact.alter(room.registration)
    return SILENCE


def save_change(_world: World, fact: OwnershipFact) -> list[Fact]:
    """The change, in its place among the room's others."""
    return [fact]


# ---- what registered rooms do not let everybody do


def guard_renaming(world: World, fact: RoomRenamed) -> Refusal | None:
    """The name of a registered room is its founders' to change: under the old one anybody could register anew."""
    room = world.rooms[fold(fact.room)]
    if room.registration is None or room.rule(world.users.get(fact.actor)) >= FOUNDER_POWER:
        return None
    return problem("founder-only", room=room.name)


def guard_topic(world: World, fact: TopicSet) -> Refusal | None:
    """TOPICLOCK: for operators by account, and not for those of the day."""
    room = world.rooms[fold(fact.room)]
    return _guard_lock(world, room, TOPIC_LOCK, fact.actor, OPERATOR_POWER)


def guard_modes(world: World, fact: RoomModeChanged) -> Refusal | None:
    """MODELOCK: flags and parameters are the founders'; ranks and lists are for those who look after the room."""
    if fact.letter in LISTS or fact.letter in RANKS or fact.letter == "P":
        return None
    return _guard_lock(world, world.rooms[fold(fact.room)], MODE_LOCK, fact.actor, FOUNDER_POWER)


def _guard_lock(world: World, room: Room, lock: str, actor: str, power: int) -> Refusal | None:
    registration = room.registration
    if registration is None or lock not in registration.locks or not actor:
        return None
    user = world.users.get(actor)
    if user is not None and power_of(registration.rank_of(user.identity)) >= power:
        return None
    return problem("no-power", room=room.name)
