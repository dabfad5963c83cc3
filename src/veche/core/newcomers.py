"""What a node is handed that comes to join others: the world, where people have sessions, which nodes there are, and
what features keep beside the world of what all nodes know (`SharedLog.gives`). What a version does not know is left
where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from veche.state import parcel

if TYPE_CHECKING:
    from veche.core.shared import SharedLog


def pack(log: SharedLog, newcomer: int) -> Iterator[str]:
    """All of it in pieces, as it is now, for the node of that number: the world last."""
    beside: dict[str, Any] = {name: give() for name, give in log.gives.items()}
    beside.update(homes=log.homes.values(), nodes=[*log.nodes, newcomer])
    yield json.dumps(beside, separators=(",", ":"))
    yield from parcel.pack(log.world)


def unpack(log: SharedLog, pieces: Sequence[str]) -> None:
    """What `pack` gave on another node. Raises ParcelError."""
    parcel.unpack(pieces[1:], log.world)
    beside = json.loads(pieces[0])
    log.homes.take_up(beside["homes"], log.world)
    log.nodes = set(beside["nodes"])
    log.beside = beside
