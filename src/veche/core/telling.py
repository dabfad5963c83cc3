"""Which nodes are told what of a turn: those on which somebody hears it, and all of what changes the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veche.core.sheets import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from veche.core.log import Entry
    from veche.core.shared import SharedLog


def pages(log: SharedLog, told: list[tuple[int, Entry]]) -> tuple[str, dict[int, str]]:
    """What all other nodes hear of facts at their places in a turn, and what some of them hear besides, by number."""
    everybody = Page()
    some: dict[int, Page] = {}
    for place, entry in told:
        nodes = hearers(log, entry)
        if nodes is None:
            everybody.add(place, entry.fact)
            continue
        for node in nodes:
            page = some.get(node)
            if page is None:
                page = some[node] = Page()
            page.add(place, entry.fact)
    return everybody.text(), {node: page.text() for node, page in some.items()}


def alone(log: SharedLog, entry: Entry) -> dict[int, str]:
    """What is told of a fact that is in no turn, by the numbers of nodes."""
    nodes = hearers(log, entry)
    page = Page()
    page.add(0, entry.fact)
    return {node: page.text() for node in (log.nodes if nodes is None else nodes) if node != log.node}


def hearers(log: SharedLog, entry: Entry) -> Iterable[int] | None:
    """Which other nodes have to hear of a fact; None for all of them."""
    hears = entry.row.hears
    audience = hears(log.world, entry.fact) if hears is not None else None
    if audience is None:
        return None
    homes = log.homes
    found: set[int] = set()
    if audience.room is not None:
        found.update(homes.of_room(audience.room.key))
    else:
        found.update(homes.of_user(entry.fact.actor))  # what he says stands on all of his devices
    for uid in audience.uids:
        found.update(homes.of_user(uid))
    found.discard(log.node)
    return None if len(found) > 1 and len(found) == len(log.nodes) - 1 else found
