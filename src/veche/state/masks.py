"""Masks of ban lists: whom an entry means. Plain masks and extended ones, with an end or without.

    nick!user@host    whoever has such a source; '*' is any run of characters, '?' any one
    a:account         whoever is logged in to such an account          (account-extban, ISUPPORT ACCOUNTEXTBAN)
    r:real name       whoever has such a real name
    R:mask   U:mask   whoever matches the mask and is logged in, or is not
    m:mask            on a ban list: may come and read, but not speak; the mask may be any of the above
    t:minutes:mask    ends after so many minutes

The rule: a mask is taken apart once, when it is set, and means the same to every function that asks.
"""

from typing import Final

from veche.state.user import User
from veche.wire.names import fold, matches

SOURCE, ACCOUNT, REAL_NAME, LOGGED_IN, GUEST = "", "a", "r", "R", "U"
MUTE: Final = "m"
TIMED: Final = "t"
# What EXTBAN advertises.
LETTERS: Final = "".join(sorted((ACCOUNT, REAL_NAME, LOGGED_IN, GUEST, MUTE, TIMED)))
LONGEST_MINUTES: Final = 366 * 24 * 60


class Mask:
    """A mask taken apart. `minutes` 0 is for ever; `text` is the whole of it as lists show it."""

    __slots__ = ("kind", "minutes", "mutes", "pattern", "text")

    def __init__(self, kind: str, pattern: str, *, mutes: bool, minutes: int) -> None:
        self.kind = kind
        self.pattern = fold(pattern)
        self.mutes = mutes
        self.minutes = minutes
        prefix = (f"{TIMED}:{minutes}:" if minutes else "") + (f"{MUTE}:" if mutes else "")
        self.text = prefix + (f"{kind}:{pattern}" if kind else pattern)

    def matches(self, user: User) -> bool:
        """Whether this user is meant, whatever it means for him."""
        if self.kind == ACCOUNT:
            return bool(user.account) and matches(self.pattern, fold(user.account))
        if self.kind == REAL_NAME:
            return matches(self.pattern, fold(user.real_name))
        if self.kind in (LOGGED_IN, GUEST) and bool(user.account) != (self.kind == LOGGED_IN):
            return False
        return matches(self.pattern, fold(user.source))


def parse_mask(text: str) -> Mask | None:
    """Take a mask apart; None for what is none."""
    minutes = 0
    mutes = False
    if text.startswith(TIMED + ":"):
        number, _, text = text[2:].partition(":")
        if not (
            number.isascii() and number.isdigit() and len(number) < 8 and 0 < int(number) <= LONGEST_MINUTES
        ):
            return None
        minutes = int(number)
    if text.startswith(MUTE + ":"):
        mutes = True
        text = text[2:]
    if not text or " " in text or text[0] == ":":
        return None
    kind = text[0] if text[1:2] == ":" else SOURCE
    if kind == SOURCE:
        return Mask(SOURCE, full_mask(text), mutes=mutes, minutes=minutes)
    pattern = text[2:]
    if not pattern or kind not in (ACCOUNT, REAL_NAME, LOGGED_IN, GUEST):
        return None
    if kind in (LOGGED_IN, GUEST):
        pattern = full_mask(pattern)
    return Mask(kind, pattern, mutes=mutes, minutes=minutes)


def full_mask(mask: str) -> str:
    """`nick` or `user@host` or `nick!user` completed to nick!user@host with stars."""
    nick, bang, rest = mask.partition("!")
    if not bang:
        if "@" not in mask:
            return f"{mask}!*@*"
        nick, rest = "*", mask
    user, at, host = rest.partition("@")
    return f"{nick or '*'}!{user or '*'}@{host if at and host else '*'}"
