"""A room (on the wire: channel), its members, modes and lists, and the questions that several features ask of it.

Sources: Modern IRC, "Channel Modes" and "Channel Membership Prefixes".
"""

from veche.state.user import User
from veche.wire.names import fold, matches

# Ranks by falling power, and the prefix of each; PREFIX=(ov)@+ is made of these.
RANKS = "ov"
PREFIXES = "@+"


class Ban:
    """One entry of a room's ban list: who set it (a source) and when (seconds since 1970)."""

    __slots__ = ("by", "mask", "time")

    def __init__(self, mask: str, by: str, time: int) -> None:
        self.mask = mask
        self.by = by
        self.time = time


class Member:
    """A user in a room. `ranks` holds his rank letters, highest first."""

    __slots__ = ("ban_mark", "is_banned", "ranks", "user")

    def __init__(self, user: User, ranks: str) -> None:
        self.user = user
        self.ranks = ranks
        # A ban list is matched once per member and change of list or source, not once per message.
        self.ban_mark = -1
        self.is_banned = False

    @property
    def prefixes(self) -> str:
        """The prefixes of all his ranks, highest first."""
        return "".join(PREFIXES[RANKS.index(rank)] for rank in self.ranks)

    @property
    def prefix(self) -> str:
        """The prefix of the highest rank, "" for none."""
        return PREFIXES[RANKS.index(self.ranks[0])] if self.ranks else ""


class Room:
    """One room. It exists while it has members."""

    __slots__ = (
        "bans",
        "bans_mark",
        "created",
        "flags",
        "key",
        "limit",
        "members",
        "name",
        "password",
        "topic",
        "topic_by",
        "topic_time",
    )

    def __init__(self, name: str, key: str, created: int) -> None:
        self.name = name
        self.key = key  # the folded name
        self.created = created  # ms since 1970; the room's incarnation
        self.members: dict[str, Member] = {}  # by uid, in the order of joining
        self.topic = ""
        self.topic_by = ""
        self.topic_time = 0  # seconds since 1970
        self.flags: set[str] = set()
        self.password = ""  # mode k
        self.limit = 0  # mode l; 0 for none
        self.bans: dict[str, Ban] = {}  # by folded mask
        self.bans_mark = 0

    def is_operator(self, uid: str) -> bool:
        """Whether this user is in the room and has rank o."""
        member = self.members.get(uid)
        return member is not None and "o" in member.ranks

    def may_speak(self, uid: str) -> bool:
        """Whether a message of this user passes +n, +m and the bans. A rank passes everything but absence."""
        member = self.members.get(uid)
        if member is None:
            # A stranger has no voice; a ban on a stranger is asked by the caller, who knows the user.
            return "n" not in self.flags and "m" not in self.flags
        if member.ranks:
            return True
        if "m" in self.flags:
            return False
        if not self.bans:
            return True
        if member.ban_mark != self.bans_mark:
            member.ban_mark = self.bans_mark
            member.is_banned = self.is_banned(member.user)
        return not member.is_banned

    def is_banned(self, user: User) -> bool:
        """Whether any ban mask matches the user's source."""
        source = fold(user.source)
        return any(matches(mask, source) for mask in self.bans)

    def has_invited(self, user: User) -> bool:
        """Whether the user holds an invitation into this room, and not into one that bore its name before."""
        return user.invitations.get(self.key) == self.created

    def is_visible_to(self, uid: str) -> bool:
        """Whether this user may learn that the room exists. Modern IRC, "Secret Channel Mode"."""
        return "s" not in self.flags or uid in self.members

    def is_closed(self) -> bool:
        """Whether what is said here is for its present members only: a key or an invitation is needed to come in."""
        return bool(self.password) or "i" in self.flags

    def modes(self) -> str:
        """The mode string without parameters, as `+klnt`."""
        letters = set(self.flags)
        if self.password:
            letters.add("k")
        if self.limit:
            letters.add("l")
        return "+" + "".join(sorted(letters))

    def __repr__(self) -> str:
        return f"<Room {self.name} {self.modes()} {len(self.members)} members>"
