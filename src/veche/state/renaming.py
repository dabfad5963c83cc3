"""Rooms that get another name, and what is kept of them under the old one.

The rule: a room's name on the wire and the key under which its messages are kept are two things. They are the same
until the room is renamed; then the key goes with the room, and the old name gets a new key of its own
(docs/adr/0010). `World.conversation_of` says which key belongs to a name now.
"""

from veche.state.events import SILENCE, Audience, Fact
from veche.state.world import World
from veche.wire.names import fold


class RoomRenamed(Fact):
    """A room is called `name` now and not `room` any more; `fresh` is the key for what will be said under that one."""

    __slots__ = ("fresh", "name", "reason", "room", "source")

    def __init__(self, actor: str, source: str, room: str, name: str, reason: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.name = name
        self.reason = reason
        self.fresh = ""


class ConversationNamed(Fact):
    """What is said in rooms called `name` (folded) is kept under the key `conversation`, which is not the name."""

    __slots__ = ("conversation", "name")

    def __init__(self, name: str, conversation: str) -> None:
        super().__init__("")
        self.name = name
        self.conversation = conversation


def fresh_key(room: str, chance: str) -> str:
    """A key that no conversation has had: no room's name holds a comma, and `chance` is never given twice."""
    return f"{fold(room)},{chance}"


def rename(world: World, fact: RoomRenamed) -> Audience:
    """The room has its new name. After a restart there may be no such room: its record has the new name anyway."""
    old, new = fold(fact.room), fold(fact.name)
    if old != new:
        name_conversation(world, new, world.conversation_of(old))
        name_conversation(world, old, fact.fresh)
    for other in world.rooms.values():
        if other.forward and fold(other.forward) == old:
            other.forward = fact.name
    room = world.rooms.get(old)
    if room is None:
        return SILENCE
    fact.room = room.name
    world.rename_room(room, fact.name, new)
    return Audience(room)


def restore_name(world: World, fact: ConversationNamed) -> Audience:
    """A name has its key again."""
    name_conversation(world, fact.name, fact.conversation)
    return SILENCE


def name_conversation(world: World, name: str, conversation: str) -> None:
    """What is said under a name is kept under this key from now on."""
    if conversation == name:
        world.conversations.pop(name, None)
    else:
        world.conversations[name] = conversation


def named_conversations(world: World) -> list[Fact]:
    """The facts that bring back every key that is not the name."""
    return [ConversationNamed(name, key) for name, key in world.conversations.items()]
