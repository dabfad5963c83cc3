"""What a node is handed that comes to join others: the world, where people have sessions, which nodes there are, and
what features keep beside the world of what all nodes know (`SharedLog.gives`). What a version does not know is left
where it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from veche.state import parcel

if TYPE_CHECKING:
    from veche.core.shared import SharedLog


def pack(log: SharedLog, newcomer: int) -> str:
    """All of it, as it is now, for the node of that number."""
    beside: dict[str, Any] = {name: give() for name, give in log.gives.items()}
    beside.update(homes=log.homes.values(), nodes=[*log.nodes, newcomer])
    return json.dumps([parcel.pack(log.world), beside])


def unpack(log: SharedLog, text: str) -> None:
    """What `pack` gave on another node. Raises ParcelError."""
    world, beside = json.loads(text)
    parcel.unpack(world, log.world)
    log.homes.take_up(beside["homes"], log.world)
    log.nodes = set(beside["nodes"])
    log.beside = beside
