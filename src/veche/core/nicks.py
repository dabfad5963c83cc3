"""Which nicks people may have on this server; what a nick is at all is in wire/names.py."""

from functools import lru_cache
from typing import Final

from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.state.accounts import Account
from veche.state.world import World
from veche.wire import numerics
from veche.wire.confusables import looks, skeleton
from veche.wire.names import fold, is_valid_nick

# Who gives ranks for an account's sake.
CHANSERV: Final = "ChanServ"
# Names that people would trust to be the server's own.
RESERVED: Final = (
    "nickserv",
    "chanserv",
    "memoserv",
    "operserv",
    "botserv",
    "hostserv",
    "saslserv",
    "global",
    "root",
    "server",
)


def may_be_nick(name: str, settings: Settings, *, is_given: bool = False) -> bool:
    """Whether somebody may be called so, if nobody is: not like the server or a service, nor like anything that could
    be taken for one. `is_given`: the server itself has thought of it, and may use the prefix that is kept for that."""
    if not is_valid_nick(name, settings.nick_length):
        return False
    mine = looks(name)
    if not mine.isdisjoint(_reserved(settings.server)):
        return False
    if is_given or not settings.guest_prefix:
        return True
    return not any(look.startswith(prefix) for prefix in looks(settings.guest_prefix) for look in mine)


def clash(world: World, nick: str, uid: str = "") -> Refusal | None:
    """Why nobody but the user `uid` may bear a nick now: somebody has it, or one that cannot be told from it."""
    bearer = world.users_by_key.get(fold(nick))
    if bearer is not None and bearer.uid != uid:
        return in_use(nick)
    bearer = world.users_by_look.get(skeleton(nick))
    return looks_taken(nick) if bearer is not None and bearer.uid != uid else None


def in_use(nick: str) -> Refusal:
    """Somebody has this nick."""
    return Refusal(numerics.ERR_NICKNAMEINUSE, nick, "Nickname is already in use")


def looks_taken(nick: str) -> Refusal:
    """Somebody has a nick that looks like this one."""
    return Refusal(numerics.ERR_NICKNAMEINUSE, nick, "Nickname looks like one that is in use")


def kept_for(world: World, nick: str, identity: str, policy: str) -> Account | None:
    """The account that a nick is kept for, if that is not the one that somebody is known by as `identity`."""
    owner = world.accounts.owner_of(nick)
    if owner is None or owner.uid == identity or not owner.keeps_name(policy):
        return None
    return owner


def reserved(nick: str) -> Refusal:
    """This nick is kept for somebody."""
    return Refusal(
        numerics.ERR_NICKNAMEINUSE, nick, "This name belongs to somebody's account; log in if it is yours"
    )


def free_guest_name(world: World, prefix: str) -> str:
    """A name with this prefix for whoever may not bear the one that he has."""
    number = 1
    while True:  # not a generator: what is compiled would make all of an endless one
        name = f"{prefix or 'guest'}{number}"
        if (
            fold(name) not in world.users_by_key  # most of them, where there are many guests
            and clash(world, name) is None
            and world.accounts.owner_of(name) is None
        ):
            return name
        number += 1


@lru_cache(maxsize=4)
def _reserved(server: str) -> frozenset[str]:
    return frozenset().union(*(looks(name) for name in (*RESERVED, server)))
