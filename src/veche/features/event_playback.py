"""What happened in rooms besides what was said there, kept and told again: who came and went, topics, modes, nicks,
names of rooms.

Source: chathistory ("`draft/event-playback`"). Only clients that have asked for it are shown any of it, in a batch; for
all others a page is as though nothing had happened. How it is kept: docs/adr/0021.

The rules: whoever could read what was said in a room at a time may read what happened in it then. A key is never kept.
In an auditorium (+u), where people do not see each other, the coming and going of those without a rank is not kept.
"""

from __future__ import annotations

from veche.core.ports import Record
from veche.core.registry import Feature
from veche.features.kick import MemberKicked
from veche.features.mode import RoomModeChanged
from veche.features.topic import TopicSet
from veche.state.events import MemberJoined, MemberLeft, NickChanged, UserLeft
from veche.state.renaming import RoomRenamed
from veche.state.room import KEY, Room
from veche.state.user import User
from veche.state.world import World
from veche.wire.modes import Change, format_modes
from veche.wire.names import fold


def _event(world: World, room: Room, command: str, source: str, actor: str, text: str) -> list[Record]:
    """The row: `text` is what the line says behind the command and the room. Its place and id are the log's to give.

    None where nothing is kept.
    """
    if not world.keeps(room):
        return []
    user = world.users.get(actor)
    record = Record(
        0,
        "",
        0,
        world.conversation_of(room.key),
        room.created if room.is_closed() else 0,
        command,
        source,
        user.identity if user is not None else "",
        user.account if user is not None else "",
        room.name,
        "",
        text,
    )
    return [record]


def _is_seen(room: Room, user: User) -> bool:
    """Whether everybody in the room sees him."""
    if "u" not in room.flags:
        return True
    member = room.members.get(user.uid)
    return member is not None and bool(member.ranks)


def join(world: World, fact: MemberJoined) -> list[Record]:
    """Somebody comes in. What brings a room into being is the first that happens in it."""
    room = world.rooms.get(fold(fact.room)) or Room(fact.room, fold(fact.room), 0)
    if fact.actor in room.members or not _is_seen(room, world.users[fact.actor]):
        return []
    return _event(world, room, "JOIN", fact.source, fact.actor, fact.real_name)


def part(world: World, fact: MemberLeft) -> list[Record]:
    """Somebody leaves a room."""
    room = world.rooms[fold(fact.room)]
    if not _is_seen(room, world.users[fact.actor]):
        return []
    return _event(world, room, "PART", fact.source, fact.actor, fact.reason)


def quit_(world: World, fact: UserLeft) -> list[Record]:
    """Somebody leaves all his rooms: one row for each, since each has its own readers."""
    return _everywhere(world, fact.actor, "QUIT", fact.source, fact.reason)


def nick(world: World, fact: NickChanged) -> list[Record]:
    """Somebody is called otherwise from now on, in all his rooms."""
    return _everywhere(world, fact.actor, "NICK", fact.source, fact.nick)


def _everywhere(world: World, actor: str, command: str, source: str, text: str) -> list[Record]:
    user = world.users.get(actor)
    if user is None:
        return []
    rooms = [world.rooms[key] for key in user.rooms]
    seen = [room for room in rooms if _is_seen(room, user)]
    return [record for room in seen for record in _event(world, room, command, source, actor, text)]


def kick(world: World, fact: MemberKicked) -> list[Record]:
    """Somebody has to leave."""
    room, target = world.rooms[fold(fact.room)], world.users[fact.target]
    if not _is_seen(room, target):
        return []
    return _event(world, room, "KICK", fact.source, fact.actor, f"{target.nick} :{fact.reason}")


def topic(world: World, fact: TopicSet) -> list[Record]:
    """A room is about something else."""
    return _event(world, world.rooms[fold(fact.room)], "TOPIC", fact.source, fact.actor, fact.topic)


def mode(world: World, fact: RoomModeChanged) -> list[Record]:
    """A mode of a room is another one. Whoever reads that there is a key now need not read which."""
    room = world.rooms[fold(fact.room)]
    target = world.users.get(fact.target)
    param = "*" if fact.letter == KEY else target.nick if target is not None else fact.param
    words = format_modes([Change(fact.adding, fact.letter, param)])
    return _event(world, room, "MODE", fact.source, fact.actor, " ".join(words))


def renamed(world: World, fact: RoomRenamed) -> list[Record]:
    """A room is called otherwise from now on; what was said in it before is under its name of today all the same."""
    reason = f" :{fact.reason}"
    room = world.rooms[fold(fact.room)]
    return _event(world, room, "RENAME", fact.source, fact.actor, fact.name + reason)


feature = Feature(
    "event-playback",
    events={
        MemberJoined: join,
        MemberLeft: part,
        UserLeft: quit_,
        NickChanged: nick,
        MemberKicked: kick,
        TopicSet: topic,
        RoomModeChanged: mode,
        RoomRenamed: renamed,
    },
    caps={"draft/event-playback": ""},
)
