"""Connections that addresses have on other nodes of a cluster, so that what one address may have it has once.

The rules:
* It is told over NATS and kept nowhere; who hears nothing counts alone. So a limit may be overrun by what comes within
  `HOLD_SECONDS` on several nodes, and never by more than it is itself on each.
* Of an address is told only once it has, on one node, as much as would be too much if all of them had it; then all
  tell what they have of it. As long as nobody has that much, the sum is within the limit, and most addresses have one
  connection.
* What is told are counts and no changes, so it may be lost or come twice; it is told again every `AGAIN_SECONDS`, and
  believed for `BELIEVED_SECONDS`. Addresses are told as marks that mean nothing without the key of the cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from veche.core.limits import Doorkeeper

# Changes wait so long (s) for others to be told with them.
HOLD_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 10.0
BELIEVED_SECONDS: Final = 30.0
# Addresses that a node tells of, and believes another one to have told of, at most: a message holds them.
MOST_TOLD: Final = 4000

# By mark: connections now, and connections that were opened within the window.
Counts = Mapping[str, Sequence[int]]


class _Heard(NamedTuple):
    now: int
    lately: int
    until: float  # monotonic


class Neighbours:
    """What other nodes have told, and what of ours is to be told; `others()` are the nodes that there are but ours.

    `when_due(seconds)` is called when `take` has something to give after so long.
    """

    def __init__(
        self, doors: Doorkeeper, others: Callable[[], Collection[int]], when_due: Callable[[float], None]
    ) -> None:
        self._doors = doors
        self._others = others
        self._when_due = when_due
        self._heard: dict[int, dict[str, _Heard]] = {}
        self._told: set[str] = set()
        self._changed: set[str] = set()

    def counts(self, key: str, now: float) -> tuple[int, int]:
        """Connections that an address has on other nodes: at once, and opened lately."""
        at_once = lately = 0
        for node in self._others():
            found = self._heard.get(node, {}).get(key)
            if found is not None and found.until > now:
                at_once += found.now
                lately += found.lately
        return at_once, lately

    def touched(self, key: str, now: float) -> None:
        """An address has one connection more here, or less."""
        if key in self._changed or not self._doors.settings.connections_per_address or not self._others():
            return
        is_told = key in self._told or any(key in heard for heard in self._heard.values())
        if (is_told or self._is_much(key, now)) and len(self._told | self._changed) < MOST_TOLD:
            self._change(key)

    def _change(self, key: str) -> None:
        if not self._changed:
            self._when_due(HOLD_SECONDS)
        self._changed.add(key)

    def _is_much(self, key: str, now: float) -> bool:
        settings = self._doors.settings
        nodes = len(self._others()) + 1
        at_once, lately = self._doors.counts(key, now)
        return at_once * nodes >= settings.connections_per_address or (
            settings.connect_burst > 0 and lately * nodes >= settings.connect_burst
        )

    def take(self, now: float, *, everything: bool = False) -> dict[str, list[int]]:
        """What the others are to be told now: of addresses with changes, or of all."""
        keys = self._changed | self._told if everything else self._changed
        self._changed = set()
        found = {key: [*self._doors.counts(key, now)] for key in keys}
        for key, counts in found.items():
            if any(counts):
                self._told.add(key)
            else:
                self._told.discard(key)
        return found

    def hear(self, node: int, counts: Counts, now: float) -> None:
        """What another node has told."""
        heard = self._heard.setdefault(node, {})
        for key in [key for key, one in heard.items() if one.until <= now]:
            del heard[key]
        for key, (at_once, lately) in counts.items():
            if not (at_once or lately):
                heard.pop(key, None)
            elif key in heard or len(heard) < MOST_TOLD:
                heard[key] = _Heard(at_once, lately, now + BELIEVED_SECONDS)
                if key not in self._told and any(self._doors.counts(key, now)):
                    self._change(key)
        there = self._others()
        for gone in [other for other in self._heard if other not in there]:
            del self._heard[gone]
