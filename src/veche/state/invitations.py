"""Invitations: codes that let newcomers in. The world knows a code by its hash alone."""

from hashlib import sha256

OWNER = "owner"  # the role of an invitation that makes whoever takes it the owner of the installation


class Invitation:
    """`key` is the hash of its code; `by` the uid of the account that made it, "" for the server; `name` the maker's.

    `room` is where the newcomer is taken, "" for nowhere; `uses` how often it can still be taken; `until` when it ends
    (ms since 1970). `era` is when that room came into being: it opens no other one that bears its name later.
    """

    __slots__ = ("by", "era", "key", "name", "room", "until", "uses")

    def __init__(self, key: str, by: str, name: str, room: str, uses: int, until: int, era: int = 0) -> None:
        self.key = key
        self.era = era
        self.by = by
        self.name = name
        self.room = room
        self.uses = uses
        self.until = until

    def is_good(self, now: int) -> bool:
        """Whether it can be taken at `now` (ms since 1970)."""
        return self.uses > 0 and now < self.until

    @property
    def handle(self) -> str:
        """What it is called in lists: it cannot be used to come in."""
        return self.key[:8]

    def values(self) -> list[str | int]:
        """As plain values, in the order of the constructor."""
        return [self.key, self.by, self.name, self.room, self.uses, self.until, self.era]


def key_of(code: str) -> str:
    """What the record knows a code by. Codes are 160 bits of chance, so one round of hashing hides them."""
    return sha256(code.encode()).hexdigest()
