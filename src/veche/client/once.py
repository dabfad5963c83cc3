"""Ids by which a server says a message once, however often it is sent (`veche/once`, docs/ext/once.md).

The rule: a message bears its id from the first time that it is sent; sending it again is safe for the same account and
within the server's memory, and for nobody and nothing else.
"""

from datetime import datetime, timedelta

CAPABILITY = "veche/once"
TAG = "+veche/id"
# Random bytes of an id: "128 bits of chance are a good id".
ID_BYTES = 16
# "Within 24 hours the same person sending the same id gets the answer to the first message again"; an hour less, for
# clocks that differ and for lines that wait.
MEMORY = timedelta(hours=23)


class Sending:
    """A message with an id, as it was sent first: as whom (an account), and when."""

    __slots__ = ("account", "at")

    def __init__(self) -> None:
        self.account = ""
        self.at: datetime | None = None

    def note(self, account: str, now: datetime) -> None:
        """It is sent now, as the owner of this account ("": where nothing is promised)."""
        self.account = account
        if self.at is None:
            self.at = now

    def is_safe(self, account: str, now: datetime) -> bool:
        """Whether it may be sent again without being heard twice."""
        if not account or account != self.account or self.at is None:
            return False
        return timedelta(0) <= now - self.at < MEMORY
