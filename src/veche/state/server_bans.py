"""Bans of the whole server: whom they mean, and what there is of them. Also the level of alarm (DEFCON).

    10.1.2.3   10.1.0.0/16   2001:db8::/32    an address or network: refused at the door, before a word is said
    nick!user@host   user@host   *@10.1.*     a mask: refused when he introduces himself. The host is the one that
                                              others see, or his address, or a network: *@10.1.0.0/16

The rule: a mask is taken apart once; whether somebody is meant costs a look-up per length of network at the door, and
one comparison per mask at an introduction.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from veche.wire.names import fold, matches

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOWEST_ALARM: Final = 5
# What is named by less than this is named by mistake: a /8 is a 256th of the Internet, and "*@*.ru" a country.
SHORTEST_PREFIX: Final = {4: 8, 6: 16}
FEWEST_LETTERS: Final = 3
# No more bans than so many; and how many are never worth looking through for those that are over.
MOST_BANS: Final = 10_000
FEW_BANS: Final = 64


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as sessions have it, IPv4 in IPv6 taken out; None for a local socket."""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip


def parse_network(text: str) -> Network | None:
    """An address or network; None for what is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


class ServerMask:
    """A mask taken apart; `text` is how lists show it. `network` is None where the host is a pattern."""

    __slots__ = ("host", "network", "nick", "text", "user")

    def __init__(self, nick: str, user: str, host: str, network: Network | None, text: str) -> None:
        self.nick = fold(nick)
        self.user = fold(user)
        self.host = fold(host)
        self.network = network
        self.text = text

    @property
    def is_address(self) -> bool:
        """Whether it is for the door."""
        return self.network is not None and "@" not in self.text

    def matches(self, nick: str, user: str, host: str, address: str) -> bool:
        """Whether somebody is meant. The tilde in front of a user name says that nobody vouches for it."""
        user = fold(user)
        if not (
            matches(self.nick, fold(nick))
            and (matches(self.user, user) or matches(self.user, user.lstrip("~")))
        ):
            return False
        if self.network is not None:
            return (ip := parse_address(address)) is not None and ip in self.network
        return matches(self.host, fold(host)) or (bool(address) and matches(self.host, address))

    @property
    def is_too_wide(self) -> bool:
        """Whether it means about everybody."""
        letters = len((self.nick + self.user).translate(_JOKERS))
        if self.network is not None:
            return letters < FEWEST_LETTERS and self.network.prefixlen < SHORTEST_PREFIX[self.network.version]
        return letters + len(self.host.translate(_JOKERS)) < FEWEST_LETTERS


_JOKERS: Final = str.maketrans("", "", "*?.:~")


def parse_server_mask(text: str) -> ServerMask | None:
    """Take a mask apart; None for what is none. A lone nick is none: nicks are taken and left in a second."""
    if not text or " " in text or len(text.encode()) > 200:
        return None
    network = parse_network(text)
    if network is not None:
        shown = str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
        return ServerMask("*", "*", "*", network, shown)
    source, at, host = text.rpartition("@")
    if not at or not host:
        return None
    nick, bang, user = source.rpartition("!")
    nick, user = (nick or "*") if bang else "*", user or "*"
    shown = f"{nick}!{user}@{host}" if nick != "*" else f"{user}@{host}"
    return ServerMask(nick, user, host, parse_network(host), shown)


class ServerBan:
    """One ban: `by` whom, why, since when and until when (seconds since 1970; 0 for ever)."""

    __slots__ = ("by", "made", "mask", "reason", "until")

    def __init__(self, mask: ServerMask, by: str, reason: str, made: int, until: int) -> None:
        self.mask = mask
        self.by = by
        self.reason = reason
        self.made = made
        self.until = until

    def is_over(self, now: float) -> bool:
        """Whether its time has passed."""
        return 0 < self.until <= now


class ServerBans:
    """All bans of the server. Those that are over are passed over, and dropped when there have come many more."""

    __slots__ = ("_by_network", "_dropping_at", "_masks", "entries")

    def __init__(self) -> None:
        self.entries: dict[str, ServerBan] = {}  # by folded mask
        # Of those for the door: the folded mask by the network's number, by IP version and prefix length.
        self._by_network: dict[tuple[int, int], dict[int, str]] = {}
        self._masks: dict[str, ServerBan] = {}  # the others
        self._dropping_at = FEW_BANS

    def add(self, ban: ServerBan) -> None:
        """Add a ban, or put it in the place of the one with its mask."""
        if len(self.entries) >= self._dropping_at:
            for key in [key for key, other in self.entries.items() if other.is_over(ban.made)]:
                self.remove(key)
            self._dropping_at = min(max(FEW_BANS, 2 * len(self.entries)), MOST_BANS)
        key = fold(ban.mask.text)
        self.entries[key] = ban
        network = ban.mask.network
        if network is not None and ban.mask.is_address:
            numbers = self._by_network.setdefault((network.version, network.prefixlen), {})
            numbers[int(network.network_address)] = key
        else:
            self._masks[key] = ban

    def is_full(self, now: float) -> bool:
        """Whether no more are taken: those that are over do not count."""
        if len(self.entries) < MOST_BANS:
            return False
        return sum(not ban.is_over(now) for ban in self.entries.values()) >= MOST_BANS

    def remove(self, key: str) -> None:
        """Drop the ban with this folded mask, which is there."""
        ban = self.entries.pop(key)
        network = ban.mask.network
        if network is not None and ban.mask.is_address:
            numbers = self._by_network[network.version, network.prefixlen]
            del numbers[int(network.network_address)]
            if not numbers:
                del self._by_network[network.version, network.prefixlen]
        else:
            del self._masks[key]

    def of_address(self, address: str, now: float) -> ServerBan | None:
        """The ban that keeps this address from the door."""
        if not self._by_network or (ip := parse_address(address)) is None:
            return None
        number = int(ip)
        for (version, length), numbers in self._by_network.items():
            spare = ip.max_prefixlen - length
            if version == ip.version and (key := numbers.get(number >> spare << spare)) is not None:
                ban = self.entries[key]
                if not ban.is_over(now):
                    return ban
        return None

    def of_person(self, nick: str, user: str, host: str, address: str, now: float) -> ServerBan | None:
        """The ban that means whoever introduces himself so; the door has looked at his address alone."""
        for ban in self._masks.values():
            if not ban.is_over(now) and ban.mask.matches(nick, user, host, address):
                return ban
        return None
