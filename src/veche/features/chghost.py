"""CHGHOST: somebody's user name or host has changed, as others see it.

Source: chghost. Nobody asks for it by a command: `change_host` is for features that give people another host.
"""

from veche.core.engine import Engine
from veche.core.fanout import tags_of
from veche.core.registry import FactRow, Feature, OwnCopy
from veche.core.session import Session
from veche.state.events import SILENCE, Audience, HostChanged, MemberJoined
from veche.state.room import Room
from veche.state.user import User
from veche.state.world import World
from veche.wire.caps import CHGHOST

REASON = "Changing hostname"
# Bytes of a host that others see (HOSTLEN), as long as a label of a host name may be (RFC 1123, 2.1). Ours are shorter.
HOST_LENGTH = 63


def change_host(engine: Engine, user: User, username: str, host: str) -> None:
    """Show a user under another user name or host from now on. Both must be fit for a source.

    Raises ValueError for a host of more than `HOST_LENGTH` bytes.
    """
    if len(host.encode()) > HOST_LENGTH:
        raise ValueError(f"a host has at most {HOST_LENGTH} bytes: {host!r}")
    engine.log.commit(HostChanged(user.uid, user.source, username, host), None)


def apply_host(world: World, fact: HostChanged) -> Audience:
    """Whoever shares a room with him hears of it, and he himself."""
    user = world.users.get(fact.actor)
    if user is None or (user.username, user.host) == (fact.username, fact.host):
        return SILENCE
    fact.source = user.source
    world.change_host(user, fact.username, fact.host)
    return Audience(uids=world.peers(user) | {user.uid})


def _render(fact: HostChanged, view: int, tags: str) -> str:
    """ "The new_user parameter represents the user's username." """
    return f"{tags}:{fact.source} CHGHOST {fact.username} {fact.host}" if view & CHGHOST else ""


def simulate_reconnect(engine: Engine, fact: HostChanged) -> None:
    """ "When the capability is not enabled for other clients who share channels with the changed client, servers SHOULD
    send fallback messages to simulate the client reconnecting." All at once, so that nothing comes between."""
    user = engine.world.users.get(fact.actor)
    if user is None or user.source == fact.source:
        return
    told: set[Session] = set()
    for key in user.rooms:
        room = engine.world.rooms[key]
        for view, sessions in engine.fanout.rooms.get(key, {}).items():
            if view & CHGHOST:
                continue
            tags = tags_of(fact, view, user)
            lines = _rejoining(engine, room, user, fact, view, tags)
            for session in sessions:
                watcher = session.user
                if watcher is None or watcher is user or not room.sees(watcher.uid, room.members[user.uid]):
                    continue
                if session not in told:
                    told.add(session)
                    engine.outboxes.send(session, f"{tags}:{fact.source} QUIT :{REASON}")
                for line in lines:
                    engine.outboxes.send(session, line)


def _rejoining(engine: Engine, room: Room, user: User, fact: HostChanged, view: int, tags: str) -> list[str]:
    """ "The simulated events SHOULD include appropriate QUIT, JOIN and MODE commands" """
    joined = MemberJoined(user.uid, user.source, user.account, user.real_name, room.name)
    lines = [engine.registry.facts[MemberJoined].render(joined, view, tags)]
    ranks = room.members[user.uid].ranks
    if ranks:
        nicks = " ".join([user.nick] * len(ranks))
        lines.append(
            f"{tags_of(fact, view, None)}:{engine.settings.server} MODE {room.name} +{ranks} {nicks}"
        )
    return lines


feature = Feature(
    "chghost",
    facts={HostChanged: FactRow(apply=apply_host, render=_render, own_copy=OwnCopy.NEVER)},
    witnesses={HostChanged: simulate_reconnect},
    caps={"chghost": ""},
    tokens=lambda _: {"HOSTLEN": str(HOST_LENGTH)},
)
