"""On which nodes people have sessions. Determined by the order alone, so that all nodes know the same."""

from __future__ import annotations

from veche.state.events import DeviceCame, DeviceLeft, Fact, UserArrived, UserLeft
from veche.state.world import World

# As JSON has it: by uid, how many sessions by node.
Values = dict[str, dict[str, int]]


class Homes:
    """How many sessions each user has on which node. Who stays without any is not here; whose nodes are all lost is
    here with none."""

    __slots__ = ("by_uid",)

    def __init__(self) -> None:
        self.by_uid: dict[str, dict[int, int]] = {}

    def note(self, world: World, fact: Fact, node: int) -> None:
        """A fact that happened on a node is about to be applied."""
        uid = fact.actor
        if isinstance(fact, UserArrived):
            self.by_uid[uid] = {node: 1}
        elif isinstance(fact, UserLeft):
            self.by_uid.pop(uid, None)
        elif isinstance(fact, DeviceCame) and uid in world.users:
            homes = self.by_uid.setdefault(uid, {})
            homes[node] = homes.get(node, 0) + 1
        elif isinstance(fact, DeviceLeft) and uid in self.by_uid:
            homes = self.by_uid[uid]
            homes[node] = homes.get(node, 0) - 1
            if homes[node] <= 0:
                del homes[node]
            if not homes:
                del self.by_uid[uid]

    def lose(self, node: int) -> None:
        """A node is no more, nor the sessions on it."""
        for homes in self.by_uid.values():
            homes.pop(node, None)

    def has_any(self, uid: str) -> bool:
        """Whether somebody has a session anywhere."""
        return bool(self.by_uid.get(uid))

    def has_beside(self, uid: str, node: int) -> bool:
        """Whether somebody has a session on another node than this."""
        return any(other != node for other in self.by_uid.get(uid, ()))

    def homeless(self) -> list[str]:
        """The uids of those whose nodes are all lost."""
        return [uid for uid, homes in self.by_uid.items() if not homes]

    def values(self) -> Values:
        """Everything, as values that JSON knows."""
        return {
            uid: {str(node): count for node, count in homes.items()} for uid, homes in self.by_uid.items()
        }

    def take_up(self, values: Values) -> None:
        """What `values` gave."""
        self.by_uid = {
            uid: {int(node): count for node, count in homes.items()} for uid, homes in values.items()
        }
