"""Which nicks people may have on this server; what a nick is at all is in wire/names.py."""

from veche.core.settings import Settings
from veche.wire.names import fold, is_valid_nick

# Names that people would trust to be the server's own.
RESERVED = frozenset(
    {
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
    }
)


def may_be_nick(name: str, settings: Settings) -> bool:
    """Whether somebody may be called so, if nobody is: neither by the server's own name nor by a service's."""
    key = fold(name)
    return is_valid_nick(name, settings.nick_length) and key not in RESERVED and key != fold(settings.server)
