"""Budgets: how fast a session may send, how many connections an address may have and open.

The rule: every table here is bounded by what is connected or by a window of time; nothing grows with names.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from veche.core.neighbours import Neighbours
    from veche.core.settings import Settings


# Why nobody more is let in.
FULL: Final = "The server is full, please try again later"
LOCAL: Final = "unix"  # the word for local sockets in a list of addresses


# Everybody who comes is asked for several times, and most come from few addresses.
@lru_cache(maxsize=4096)
def address_key(address: str) -> str:
    """The unit that limits count by: an IPv4 address, an IPv6 /64 (one household has it all), "" for local sockets."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip)


class Networks:
    """A set of addresses: single ones, networks like "10.0.0.0/8", and "unix" for local sockets.

    Raises ValueError for a text that is none of these.
    """

    __slots__ = ("_has_local", "_networks")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        wanted = list(texts)
        self._has_local = LOCAL in wanted
        self._networks = [ipaddress.ip_network(text, strict=False) for text in wanted if text != LOCAL]

    def __contains__(self, address: str) -> bool:
        if not address:
            return self._has_local
        if not self._networks:
            return False
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)


class Doorkeeper:
    """Counts connections: in all, per address at once, and per address in a window of time.

    Gateways and proxies count in all only: what comes through them has addresses of its own. Among several nodes, what
    the others have counts per address as well.
    """

    __slots__ = ("_mark", "_neighbours", "_now", "at_once", "count", "recent", "settings")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.count = 0
        self.at_once: dict[str, int] = {}
        self.recent: dict[str, deque[float]] = {}
        self._neighbours: Neighbours | None = None
        self._mark: Callable[[str], str] | None = None
        self._now = 0.0  # when somebody was let in last

    def join(self, neighbours: Neighbours, mark: Callable[[str], str]) -> None:
        """Count with other nodes, from before the first connection on; `mark` is under what addresses are told."""
        self._neighbours = neighbours
        self._mark = mark

    def admit(self, address: str, now: float) -> str:
        """Count one more connection and return "", or return why it is refused."""
        settings = self.settings
        if self.count >= settings.clients:
            return FULL
        key = self._key(address)
        if key and settings.connections_per_address:
            there, lately = self._neighbours.counts(key, now) if self._neighbours is not None else (0, 0)
            if self.at_once.get(key, 0) + there >= settings.connections_per_address:
                return "Too many connections from your address"
            if settings.connect_burst:
                recent = self.recent.setdefault(key, deque())
                self._expire(recent, now)
                if len(recent) + lately >= settings.connect_burst:
                    return "You are connecting too often, please wait a few minutes"
                recent.append(now)
        self.count += 1
        self._now = now
        if key:
            self.at_once[key] = self.at_once.get(key, 0) + 1
            if self._neighbours is not None:
                self._neighbours.touched(key, now)
        return ""

    def _expire(self, recent: deque[float], now: float) -> None:
        while recent and recent[0] <= now - self.settings.connect_window_seconds:
            recent.popleft()

    def counts(self, key: str, now: float) -> tuple[int, int]:
        """What an address has here, by its mark: connections at once, and opened lately."""
        recent = self.recent.get(key)
        if recent is not None:
            self._expire(recent, now)
        return self.at_once.get(key, 0), len(recent) if recent is not None else 0

    def release(self, address: str) -> None:
        """One connection less."""
        self.count -= 1
        key = self._key(address)
        if key:
            left = self.at_once.get(key, 0) - 1
            if left > 0:
                self.at_once[key] = left
            else:
                self.at_once.pop(key, None)
            if self._neighbours is not None:
                self._neighbours.touched(key, self._now)

    def _key(self, address: str) -> str:
        key = "" if address in self.settings.gateways else address_key(address)
        return self._mark(key) if key and self._mark is not None else key

    def sweep(self, now: float) -> None:
        """Forget addresses whose window has passed."""
        horizon = now - self.settings.connect_window_seconds
        for key in [key for key, recent in self.recent.items() if not recent or recent[-1] <= horizon]:
            del self.recent[key]


class Flood:
    """A token bucket in one number per session: the moment at which all that was sent is paid off.

    `burst` commands may come at once, then `rate` a second; a session in debt waits, its lines held (fakelag).
    """

    __slots__ = ("burst", "rate")

    def __init__(self, burst: int, rate: float) -> None:
        self.rate = rate
        self.burst = burst / rate

    def may_send(self, budget: float, now: float) -> bool:
        """Whether a command may be served now."""
        # The slack is far below a command's cost; without it, waking up at the exact moment could come a bit too early.
        return budget - now <= self.burst - 1 / self.rate + 1e-6

    def spend(self, budget: float, now: float, cost: float) -> float:
        """The budget after a command of this cost."""
        return max(budget, now) + cost / self.rate

    def ready_at(self, budget: float) -> float:
        """When the next command may be served."""
        return budget - self.burst + 1 / self.rate
