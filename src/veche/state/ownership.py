"""To whom a registered room belongs: its founder, and the ranks that it gives to others by their accounts.

The rule: accounts are known here by their uids, so that whoever is renamed keeps what is his.
"""

from __future__ import annotations

from collections.abc import Mapping

# What only the room's own people change, where the founder has said so (ChanServ SET).
TOPIC_LOCK, MODE_LOCK = "topiclock", "modelock"
LOCKS = (TOPIC_LOCK, MODE_LOCK)
_FOUNDER = "q"


class Registration:
    """What a room is registered as. `founder` and `offered` are uids of accounts: whose it is, and who may take it
    over ("" for nobody); `access` are rank letters by the uids of accounts; `time` is ms since 1970."""

    __slots__ = ("access", "founder", "locks", "offered", "time")

    def __init__(self, founder: str, time: int) -> None:
        self.founder = founder
        self.time = time
        self.access: dict[str, str] = {}
        self.offered = ""
        self.locks: set[str] = set()

    def rank_of(self, identity: str) -> str:
        """The rank of an account in the room, "" for none."""
        return _FOUNDER if identity == self.founder else self.access.get(identity, "")

    def values(self) -> dict[str, object]:
        """Everything, as values that JSON knows."""
        return {
            "founder": self.founder,
            "time": self.time,
            "access": dict(self.access),
            "offered": self.offered,
            "locks": sorted(self.locks),
        }

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Registration:
        """The registration that `values` was taken of. Raises KeyError when it has no founder or time."""
        registration = cls(str(values["founder"]), int(str(values["time"])))
        access, locks = values.get("access"), values.get("locks")
        if isinstance(access, dict):
            registration.access.update(access)
        if isinstance(locks, list):
            registration.locks.update(locks)
        registration.offered = str(values.get("offered", ""))
        return registration
