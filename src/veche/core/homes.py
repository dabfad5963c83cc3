"""On which nodes people have sessions, and so which nodes hear of a room. Determined by the order alone, so that all
nodes know the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veche.state.events import DeviceCame, DeviceLeft, Fact, UserArrived, UserLeft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from veche.state.room import Room
    from veche.state.user import User
    from veche.state.world import Watcher, World

# As JSON has it: by uid, how many sessions by node.
Values = dict[str, dict[str, int]]


class Homes:
    """How many sessions each user has on which node, and how many members each room has on which (a Watcher).

    Who stays without any session is not here; whose nodes are all lost is here with none. `watcher` is told what this
    one is.
    """

    __slots__ = ("by_room", "by_uid", "watcher")

    def __init__(self, watcher: Watcher | None = None) -> None:
        self.by_uid: dict[str, dict[int, int]] = {}
        self.by_room: dict[str, dict[int, int]] = {}
        self.watcher = watcher

    def note(self, world: World, fact: Fact, node: int) -> None:
        """A fact that happened on a node is about to be applied."""
        uid = fact.actor
        if isinstance(fact, UserArrived):
            self.by_uid[uid] = {node: 1}
        elif isinstance(fact, UserLeft):
            for home in self.by_uid.pop(uid, ()):
                self._moves_out(world.users.get(uid), home)
        elif isinstance(fact, DeviceCame) and uid in world.users:
            homes = self.by_uid.setdefault(uid, {})
            homes[node] = homes.get(node, 0) + 1
            if homes[node] == 1:
                for room in world.users[uid].rooms:
                    self._count(room, node, 1)
        elif isinstance(fact, DeviceLeft) and uid in self.by_uid:
            homes = self.by_uid[uid]
            homes[node] = homes.get(node, 0) - 1
            if homes[node] <= 0:
                del homes[node]
                self._moves_out(world.users.get(uid), node)
            if not homes:
                del self.by_uid[uid]

    def _moves_out(self, user: User | None, node: int) -> None:
        for room in user.rooms if user is not None else ():
            self._count(room, node, -1)

    def _count(self, room: str, node: int, more: int) -> None:
        nodes = self.by_room.setdefault(room, {})
        nodes[node] = nodes.get(node, 0) + more
        if nodes[node] <= 0:
            del nodes[node]
            if not nodes:
                del self.by_room[room]

    # ---- a Watcher

    def joined(self, room: Room, user: User) -> None:
        """A user has become a member."""
        for node in self.by_uid.get(user.uid, ()):
            self._count(room.key, node, 1)
        if self.watcher is not None:
            self.watcher.joined(room, user)

    def left(self, room: Room, user: User) -> None:
        """A member has ceased to be one."""
        for node in self.by_uid.get(user.uid, ()):
            self._count(room.key, node, -1)
        if self.watcher is not None:
            self.watcher.left(room, user)

    def renamed(self, room: Room, before: str) -> None:
        """A room has another key."""
        nodes = self.by_room.pop(before, None)
        if nodes is not None:
            self.by_room[room.key] = nodes
        if self.watcher is not None:
            self.watcher.renamed(room, before)

    # ---- what is asked

    def lose(self, node: int) -> None:
        """A node is no more, nor the sessions on it."""
        for homes in self.by_uid.values():
            homes.pop(node, None)
        for room in [room for room, nodes in self.by_room.items() if node in nodes]:
            self.by_room[room].pop(node)
            if not self.by_room[room]:
                del self.by_room[room]

    def of_room(self, room: str) -> Iterable[int]:
        """The nodes on which a room (by its key) has members."""
        return self.by_room.get(room, ())

    def of_user(self, uid: str) -> Iterable[int]:
        """The nodes on which somebody has sessions."""
        return self.by_uid.get(uid, ())

    def has_any(self, uid: str) -> bool:
        """Whether somebody has a session anywhere."""
        return bool(self.by_uid.get(uid))

    def has_beside(self, uid: str, node: int) -> bool:
        """Whether somebody has a session on another node than this."""
        return any(other != node for other in self.by_uid.get(uid, ()))

    def count_beside(self, uid: str, node: int) -> int:
        """How many sessions somebody has on other nodes than this."""
        return sum(count for other, count in self.by_uid.get(uid, {}).items() if other != node)

    def homeless(self) -> list[str]:
        """The uids of those whose nodes are all lost."""
        return [uid for uid, homes in self.by_uid.items() if not homes]

    def values(self) -> Values:
        """Everything, as values that JSON knows."""
        return {
            uid: {str(node): count for node, count in homes.items()} for uid, homes in self.by_uid.items()
        }

    def take_up(self, values: Values, world: World) -> None:
        """What `values` gave, of that world."""
        self.by_uid = {
            uid: {int(node): count for node, count in homes.items()} for uid, homes in values.items()
        }
        self.by_room = {}
        for uid, homes in self.by_uid.items():
            user = world.users.get(uid)
            for room in user.rooms if user is not None else ():
                for node in homes:
                    self._count(room, node, 1)
