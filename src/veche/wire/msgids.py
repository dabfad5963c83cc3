"""Message ids: 48 bits of time, then 128 of chance, in base64url without padding: 30 characters.

The rule: the time in front makes ids of one moment neighbours in an index and lets any two be put in order roughly;
the chance behind it makes them impossible to guess. Nobody but the record's own code may rely on the time.

Source: message-ids ("The tag value MUST be a unique ID chosen by the originating server"; its format is our own).
"""

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from typing import Final

CHANCE_BYTES: Final = 16
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_TIME_BYTES: Final = 6
TIME_CHARS: Final = 8  # 48 bits are exactly eight characters of six


def make_msgid(time: int, chance: bytes) -> str:
    """The id of a message of `time` (ms since 1970) with 16 random bytes."""
    # As base64.urlsafe_b64encode has it, whose own calls would be a twentieth of the cost of a message.
    raw = time.to_bytes(_TIME_BYTES, "big") + chance
    return b2a_base64(raw, newline=False).translate(_TO_URLSAFE, b"=").decode("ascii")


def time_of_msgid(msgid: str) -> int:
    """The time (ms since 1970) in a message id. Raises ValueError for what cannot be one of ours."""
    # Looked at letter by letter, because decoders of base64 pass over what is none.
    if len(msgid) != 30 or not _LETTERS.issuperset(msgid):
        raise ValueError(f"not a message id of this server: {msgid[:40]!r}")
    return int.from_bytes(urlsafe_b64decode(msgid[:TIME_CHARS]), "big")
