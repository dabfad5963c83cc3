"""What happens to metadata: a value is set or unset, all values are cleared, somebody's private note changes."""

from veche.core.replies import Failure, Refusal
from veche.state.events import SILENCE, Audience, Fact
from veche.state.world import World


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
        if fact.value is None:
            values.pop(fact.key, None)
        else:
            values[fact.key] = fact.value
    return SILENCE


def apply_clearing(world: World, fact: MetadataCleared) -> Audience:
    """No key has a value any more."""
    values = values_of(world, fact)
    if values is not None:
        fact.keys = list(values)
        values.clear()
    return SILENCE


def save(world: World, fact: MetadataFact) -> list[Fact]:
    """What a lasting room says of itself is to be known after a restart."""
    room = world.rooms.get(fact.room)
    return [fact] if room is not None and room.is_lasting() else []


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
    notes = world.users[fact.actor].notes
    values = notes.setdefault(fact.about, {})
    if fact.value is None:
        values.pop(fact.key, None)
    else:
        values[fact.key] = fact.value
    if not values:
        del notes[fact.about]
    return SILENCE
