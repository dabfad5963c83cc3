"""What happens to metadata: a value is set or unset, all values are cleared, somebody's private note changes."""

from veche.core.replies import Failure, Refusal
from veche.features.accounts.erasure import AccountErased
from veche.features.accounts.facts import AccountRegistered
from veche.state.events import SILENCE, Audience, Fact, Forgotten
from veche.state.renaming import RoomRenamed
from veche.state.world import Profile, World
from veche.wire.names import fold


class MetadataFact(Fact):
    """The base: `room` is a folded name, or "" and `target` a uid; `name` is what either is called."""

    __slots__ = ("name", "room", "source", "target")

    def __init__(self, actor: str, source: str, name: str, room: str, target: str) -> None:
        super().__init__(actor)
        self.source = source
        self.name = name
        self.room = room
        self.target = target


class MetadataChanged(MetadataFact):
    """A key has another value, or none (None). `at_most` is how many keys there may be, for the guard alone."""

    __slots__ = ("at_most", "key", "value")

    def __init__(self, actor: str, source: str, name: str, room: str, target: str) -> None:
        super().__init__(actor, source, name, room, target)
        self.key = ""
        self.value: str | None = None
        self.at_most = 0


class MetadataCleared(MetadataFact):
    """All keys are unset; `keys` are those that had a value."""

    __slots__ = ("keys",)

    def __init__(self, actor: str, source: str, name: str, room: str, target: str) -> None:
        super().__init__(actor, source, name, room, target)
        self.keys: list[str] = []


class NoteChanged(Fact):
    """What a user notes for himself about a room or nick (`about`, folded) has another value, or none (None)."""

    __slots__ = ("about", "at_most", "key", "name", "value")

    def __init__(self, actor: str, about: str, name: str, key: str, value: str | None, at_most: int) -> None:
        super().__init__(actor)
        self.about = about
        self.name = name
        self.key = key
        self.value = value
        self.at_most = at_most


class ProfileKept(Fact):
    """What the owner of the account with this uid says of himself, and his notes, by folded name and key."""

    __slots__ = ("account", "metadata", "notes")

    def __init__(self, account: str, metadata: dict[str, str], notes: dict[str, dict[str, str]]) -> None:
        super().__init__("")
        self.account = account
        self.metadata = metadata
        self.notes = notes

    def saved_key(self) -> str:
        """One row for each account."""
        return self.account


def values_of(world: World, fact: MetadataFact) -> dict[str, str] | None:
    """The metadata that a fact is about; None when its room or user is there no more."""
    if fact.room:
        room = world.rooms.get(fact.room)
        return room.metadata if room is not None else None
    user = world.users.get(fact.target)
    return user.metadata if user is not None else None


def guard_target(world: World, fact: MetadataFact, key: str) -> Refusal | None:
    """ "Clients can set/delete metadata on themselves, and on channels they administer." """
    if values_of(world, fact) is None:
        return Failure("INVALID_TARGET", fact.name, text="Invalid metadata target")
    if fact.room:
        may = world.rooms[fact.room].is_operator(fact.actor)
    else:
        may = fact.target == fact.actor
    if may:
        return None
    return Failure("KEY_NO_PERMISSION", fact.name, key, text="You do not have permission to set this")


def guard_change(world: World, fact: MetadataChanged) -> Refusal | None:
    """May he, is there something to unset, and is there room for one more?"""
    refusal = guard_target(world, fact, fact.key)
    if refusal is not None:
        return refusal
    values = values_of(world, fact) or {}
    if fact.key in values:
        return None
    if fact.value is None:
        return not_set(fact.name, fact.key)
    if len(values) >= fact.at_most:
        return Failure("LIMIT_REACHED", fact.name, text="Metadata limit reached")
    return None


def not_set(name: str, key: str) -> Refusal:
    """ "If the key is valid, but not set, and the client tries to remove the key" """
    return Failure("KEY_NOT_SET", name, key, text="This key is not set")


def apply_change(world: World, fact: MetadataChanged) -> Audience:
    """The value is another one. Who hears of it has asked for the key, and is told by a witness."""
    values = values_of(world, fact)
    if values is not None:
        _put(values, fact.key, fact.value)
    return SILENCE


def apply_clearing(world: World, fact: MetadataCleared) -> Audience:
    """No key has a value any more."""
    values = values_of(world, fact)
    if values is not None:
        fact.keys = list(values)
        values.clear()
    return SILENCE


def save(world: World, fact: MetadataChanged | MetadataCleared) -> list[Fact]:
    """What a lasting room says of itself, and the owner of an account of himself, is to be known after a restart."""
    if fact.room:
        room = world.rooms.get(fact.room)
        return [fact] if room is not None and room.is_lasting() else []
    user = world.users.get(fact.target)
    if user is None or user.identity not in world.accounts.by_uid:
        return []
    metadata = {} if isinstance(fact, MetadataCleared) else dict(user.metadata)
    if isinstance(fact, MetadataChanged):
        _put(metadata, fact.key, fact.value)
    return [ProfileKept(user.identity, metadata, user.notes)]


def save_note(world: World, fact: NoteChanged) -> list[Fact]:
    """His notes follow him."""
    user = world.users[fact.actor]
    if user.identity not in world.accounts.by_uid:
        return []
    notes = {about: dict(values) for about, values in user.notes.items()}
    _put_note(notes, fact)
    return [ProfileKept(user.identity, user.metadata, notes)]


def save_registered(world: World, fact: AccountRegistered) -> list[Fact]:
    """What a guest has said and noted is his account's, if it is his at once and waits for no code."""
    user = world.users.get(fact.actor)
    if user is None or user.identity != fact.values["uid"] or not (user.metadata or user.notes):
        return []
    return [ProfileKept(user.identity, user.metadata, user.notes)]


def save_renamed(world: World, fact: RoomRenamed) -> list[Fact]:
    """Notes about a room follow its name, of those who are in it."""
    before, after = fold(fact.room), fold(fact.name)
    facts: list[Fact] = []
    for member in world.rooms[before].members.values() if before != after else ():
        user = member.user
        if user.account and before in user.notes:
            notes = {after if about == before else about: values for about, values in user.notes.items()}
            facts.append(ProfileKept(user.identity, user.metadata, notes))
    return facts


def save_erased(_world: World, fact: AccountErased) -> list[Fact]:
    """Nothing that the owner of an account has said of himself or noted outlives it."""
    return [Forgotten(ProfileKept, fact.account)]


def restore_profile(world: World, fact: ProfileKept) -> Audience:
    """The owner of an account finds what he has said of himself, and noted."""
    world.profiles[fact.account] = Profile(fact.metadata, fact.notes)
    return SILENCE


def _put(values: dict[str, str], key: str, value: str | None) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def _put_note(notes: dict[str, dict[str, str]], fact: NoteChanged) -> None:
    values = notes.setdefault(fact.about, {})
    _put(values, fact.key, fact.value)
    if not values:
        del notes[fact.about]


def guard_note(world: World, fact: NoteChanged) -> Refusal | None:
    """Is there something to unset, and is there room for one more?"""
    notes = world.users[fact.actor].notes
    if fact.key in notes.get(fact.about, ()):
        return None
    if fact.value is None:
        return not_set(fact.name, fact.key)
    if sum(map(len, notes.values())) >= fact.at_most:
        return Failure("LIMIT_REACHED", fact.name, text="Metadata limit reached")
    return None


def apply_note(world: World, fact: NoteChanged) -> Audience:
    """His own affair."""
    _put_note(world.users[fact.actor].notes, fact)
    return SILENCE
