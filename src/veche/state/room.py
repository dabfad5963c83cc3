"""A room (on the wire: channel), its members, modes and lists, and the questions that several features ask of it.

Sources: Modern IRC, "Channel Modes" and "Channel Membership Prefixes".
"""

from collections.abc import Collection
from typing import Final

from veche.state.masks import Mask
from veche.state.ownership import Registration
from veche.state.user import User

# Ranks by falling power, and the prefix of each; PREFIX=(qaohv)~&@%+ is made of these.
RANKS: Final = "qaohv"
PREFIXES: Final = "~&@%+"
FOUNDER, PROTECTED, OPERATOR, HELPER, VOICE = "q", "a", "o", "h", "v"
_POWERS: Final = {rank: len(RANKS) - index for index, rank in enumerate(RANKS)}
OPERATOR_POWER: Final = _POWERS[OPERATOR]
HELPER_POWER: Final = _POWERS[HELPER]

# The lists, by the letters of their modes.
BANS, EXEMPTIONS, INVITE_EXEMPTIONS = "b", "e", "I"
LISTS: Final = BANS + EXEMPTIONS + INVITE_EXEMPTIONS

# Modes without a parameter: C no CTCP, M and R only who is logged in may speak or come, P lasting, c no colour,
# i invitation only, m moderated, n nothing from outside, s secret, t topic by operators, u auditorium.
FLAGS: Final = "CMPRcimnstu"
# Modes with a parameter: k key; d seconds between messages, f forward, l limit, which take none to be unset.
KEY, SLOW, FORWARD, LIMIT = "k", "d", "f", "l"
# The key of a room's metadata that says how long what is said there is kept, and its value for not at all.
KEEP_KEY, KEEPS_NOTHING = "veche/keep", "off"
ALL_MODES: Final = "".join(sorted(FLAGS + KEY + SLOW + FORWARD + LIMIT + LISTS + RANKS))
MODES_WITH_PARAMETER: Final = "".join(sorted(KEY + SLOW + FORWARD + LIMIT + LISTS + RANKS))


def power_of(rank: str) -> int:
    """How much a rank letter can do: 5 for a founder, 1 for a voice, 0 for "" (no rank)."""
    return _POWERS.get(rank, 0)


def sorted_ranks(ranks: Collection[str]) -> str:
    """Rank letters, highest first."""
    return "".join(rank for rank in RANKS if rank in ranks) if ranks else ""


class Entry:
    """One entry of a list: who set it (a source), when, and when it ends (seconds since 1970; 0 for never)."""

    __slots__ = ("by", "mask", "time", "until")

    def __init__(self, mask: Mask, by: str, time: int) -> None:
        self.mask = mask
        self.by = by
        self.time = time
        self.until = time + mask.minutes * 60 if mask.minutes else 0

    def is_over(self, now: int) -> bool:
        """Whether its time has run out by `now` (ms since 1970)."""
        return bool(self.until) and now >= self.until * 1000


class Member:
    """A user in a room. `ranks` holds his rank letters, highest first; `spoke` when he last said something (ms).

    `given` is the one of them that he has for his account's sake, "" for none (Room.rank_of). `joined` is when he came
    in (ms since 1970); 0 where nobody has noted it.
    """

    __slots__ = ("given", "is_silenced", "joined", "lists_mark", "ranks", "spoke", "user")

    def __init__(self, user: User, ranks: str, given: str = "") -> None:
        self.user = user
        self.ranks = sorted_ranks({*ranks, given}) if given else ranks
        self.given = given
        self.joined = 0
        self.spoke = 0
        # The lists are matched once per member and change of list or source, not once per message.
        self.lists_mark = -1
        self.is_silenced = False

    @property
    def prefixes(self) -> str:
        """The prefixes of all his ranks, highest first."""
        return "".join(PREFIXES[RANKS.index(rank)] for rank in self.ranks)

    @property
    def prefix(self) -> str:
        """The prefix of the highest rank, "" for none."""
        return PREFIXES[RANKS.index(self.ranks[0])] if self.ranks else ""

    @property
    def own_ranks(self) -> str:
        """The ranks that he has not for his account's sake, highest first."""
        return self.ranks.replace(self.given, "") if self.given else self.ranks

    @property
    def power(self) -> int:
        """What his highest rank can do."""
        return _POWERS[self.ranks[0]] if self.ranks else 0


class Room:
    """One room. It exists while it has members, or for good with mode P or when it is registered. It is known again
    after a restart while that is so, and while somebody is in it who stays."""

    __slots__ = (
        "created",
        "flags",
        "forward",
        "has_timed",
        "is_awaiting",
        "key",
        "limit",
        "lists",
        "lists_mark",
        "members",
        "metadata",
        "name",
        "password",
        "registration",
        "slow",
        "stayers",
        "topic",
        "topic_by",
        "topic_time",
    )

    def __init__(self, name: str, key: str, created: int) -> None:
        self.name = name
        self.key = key  # the folded name
        self.created = created  # ms since 1970; the room's incarnation
        self.members: dict[str, Member] = {}  # by uid, in the order of joining
        self.metadata: dict[str, str] = {}  # by key
        self.stayers = 0  # how many of the members stay when they have no device here
        self.is_awaiting = False  # it has been restored for members who are not yet
        self.registration: Registration | None = None  # to whom it belongs; None: to nobody
        self.topic = ""
        self.topic_by = ""
        self.topic_time = 0  # seconds since 1970
        self.flags: set[str] = set()
        self.password = ""  # mode k
        self.limit = 0  # mode l; 0 for none
        self.forward = ""  # mode f: the name of the room for those who cannot come in
        self.slow = 0  # mode d: seconds between two messages of one member
        self.lists: dict[str, dict[str, Entry]] = {letter: {} for letter in LISTS}  # by folded mask
        self.lists_mark = 0
        self.has_timed = False  # some entry has an end, or had one

    # ---- who may what

    def power(self, uid: str) -> int:
        """What this user's highest rank can do; 0 for a stranger."""
        member = self.members.get(uid)
        return member.power if member is not None else 0

    def rank_of(self, identity: str) -> str:
        """The rank that somebody has here for his account's sake, by what the record knows him by; "" for none."""
        return self.registration.rank_of(identity) if self.registration is not None else ""

    def rule(self, user: User | None) -> int:
        """What a user can do by his rank or by his account's, whether he is inside and wears it or not; 0 for none."""
        if user is None or self.registration is None:
            return self.power(user.uid) if user is not None else 0
        return max(self.power(user.uid), _POWERS.get(self.rank_of(user.identity), 0))

    def is_operator(self, uid: str) -> bool:
        """Whether this user has rank o or more."""
        return self.power(uid) >= OPERATOR_POWER

    def may_speak(self, user: User, now: int) -> bool:
        """Whether a message of this user passes +n, +m, +M and the ban list. A rank passes everything but absence."""
        member = self.members.get(user.uid)
        if member is not None and member.ranks:
            return True
        if "m" in self.flags or ("M" in self.flags and not user.account):
            return False
        if member is None:
            return "n" not in self.flags and not self.is_silenced(user, now)
        if not self.lists[BANS]:
            return True
        if member.lists_mark != self.lists_mark or self.has_timed:
            member.lists_mark = self.lists_mark
            member.is_silenced = self.is_silenced(user, now)
        return not member.is_silenced

    def is_silenced(self, user: User, now: int) -> bool:
        """Whether a ban or a mute means this user, and no exemption does."""
        return self._is_listed(BANS, user, now) and not self._is_listed(EXEMPTIONS, user, now)

    def is_banned(self, user: User, now: int) -> bool:
        """Whether a ban keeps this user out; a mute does not."""
        return self._is_listed(BANS, user, now, mutes=False) and not self._is_listed(EXEMPTIONS, user, now)

    def is_expected(self, user: User, now: int) -> bool:
        """Whether the room's invite exemptions name this user."""
        return self._is_listed(INVITE_EXEMPTIONS, user, now)

    def has_invited(self, user: User) -> bool:
        """Whether the user holds an invitation into this room, and not into one that bore its name before."""
        return user.invitations.get(self.key) == self.created

    def _is_listed(self, letter: str, user: User, now: int, *, mutes: bool = True) -> bool:
        return any(
            entry.mask.matches(user)
            for entry in self.lists[letter].values()
            if (mutes or not entry.mask.mutes) and not entry.is_over(now)
        )

    # ---- what is seen

    def is_visible_to(self, uid: str) -> bool:
        """Whether this user may learn that the room exists. Modern IRC, "Secret Channel Mode"."""
        return "s" not in self.flags or uid in self.members

    def sees(self, uid: str, other: Member) -> bool:
        """Whether a member (or stranger) sees another one in the room: in an auditorium (+u) only ranks are seen."""
        if "u" not in self.flags or other.ranks or other.user.uid == uid:
            return True
        member = self.members.get(uid)
        return member is not None and bool(member.ranks)

    def is_closed(self) -> bool:
        """Whether what is said here is for its present members only: a key or an invitation is needed to come in."""
        return bool(self.password) or "i" in self.flags

    def is_lasting(self) -> bool:
        """Whether the room stays when its last member leaves, and over a restart."""
        return self.lasts_empty() or self.stayers > 0 or self.is_awaiting

    def lasts_empty(self) -> bool:
        """Whether it stays for its own sake, whoever is in it."""
        return "P" in self.flags or self.registration is not None

    def modes(self) -> str:
        """The mode string without parameters, as `+klnt`."""
        letters = set(self.flags)
        if self.password:
            letters.add("k")
        if self.limit:
            letters.add("l")
        if self.forward:
            letters.add("f")
        if self.slow:
            letters.add("d")
        return "+" + "".join(sorted(letters))

    def __repr__(self) -> str:
        return f"<Room {self.name} {self.modes()} {len(self.members)} members>"
