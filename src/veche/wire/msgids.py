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
_CHANCE_CHARS: Final = 22


def make_msgid(time: int, chance: bytes) -> str:
    """The id of a message of `time` (ms since 1970) with 16 random bytes."""
    return time_text(time) + chance_texts(chance)[0]


def time_text(time: int) -> str:
    """The time (ms since 1970) as an id begins with it: `TIME_CHARS` characters."""
    return _base64(time.to_bytes(_TIME_BYTES, "big"))


def chance_texts(chance: bytes) -> list[str]:
    """Random bytes as ids end with them, 16 for each: many at once cost a third of what they cost one by one."""
    # Two bytes behind each are what base64 fills up, so that each begins with a character of its own.
    text = _base64(
        b"".join([chance[at : at + CHANCE_BYTES] + b"\0\0" for at in range(0, len(chance), CHANCE_BYTES)])
    )
    return [text[at : at + _CHANCE_CHARS] for at in range(0, len(text), _CHANCE_CHARS + 2)]


def _base64(raw: bytes) -> str:
    # As base64.urlsafe_b64encode has it, whose own calls would be a twentieth of the cost of a message.
    return b2a_base64(raw, newline=False).translate(_TO_URLSAFE).decode("ascii")


def time_of_msgid(msgid: str) -> int:
    """The time (ms since 1970) in a message id. Raises ValueError for what cannot be one of ours."""
    # Looked at letter by letter, because decoders of base64 pass over what is none.
    if len(msgid) != 30 or not _LETTERS.issuperset(msgid):
        raise ValueError(f"not a message id of this server: {msgid[:40]!r}")
    return int.from_bytes(urlsafe_b64decode(msgid[:TIME_CHARS]), "big")
