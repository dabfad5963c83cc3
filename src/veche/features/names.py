"""NAMES: who is in a room.

Source: Modern IRC, "NAMES message"; userhost-in-names; multi-prefix.
"""

from veche.core.ask import Ask
from veche.core.registry import Command, Feature
from veche.core.replies import shown_prefix
from veche.core.settings import Settings
from veche.state.room import PREFIXES, RANKS, Room
from veche.wire import numerics
from veche.wire.caps import USERHOST_IN_NAMES
from veche.wire.names import fold

# Bytes of names in one 353 line; the rest of 510 is for the server's name, the nick and the room.
_NAMES_ROOM = 330


def names(ask: Ask) -> None:
    """NAMES <channel>{,<channel>}. Without a room there is nothing to list: LIST finds rooms, WHO finds people."""
    if not ask.params or not ask.params[0]:
        ask.reply(numerics.RPL_ENDOFNAMES, "*", "End of /NAMES list")
        return
    wanted = list(dict.fromkeys(ask.params[0].split(",")))
    if len(wanted) > ask.settings.max_targets:
        ask.reply(numerics.ERR_TOOMANYTARGETS, wanted[ask.settings.max_targets], "Too many targets")
        return
    for name in wanted:
        room = ask.world.rooms.get(fold(name))
        if room is not None and room.is_visible_to(ask.user.uid):
            _send_names(ask, room)
            name = room.name
        # "If the channel name is invalid or the channel does not exist, one RPL_ENDOFNAMES [...] should be returned"
        ask.reply(numerics.RPL_ENDOFNAMES, name, "End of /NAMES list")


def _send_names(ask: Ask, room: Room) -> None:
    # "symbol": '@' secret, '=' public.
    symbol = "@" if "s" in room.flags else "="
    is_member = ask.user.uid in room.members
    with_hosts = ask.session.caps & USERHOST_IN_NAMES
    line = ""
    size = 0
    for member in room.members.values():
        # "Users with the invisible user mode set are not shown [...] unless the requesting client is also joined"
        if (not is_member and "i" in member.user.modes) or not room.sees(ask.user.uid, member):
            continue
        user = member.user
        word = shown_prefix(ask.session.caps, member) + (user.source if with_hosts else user.nick)
        need = len(word.encode()) + 1
        if size + need > _NAMES_ROOM:
            ask.reply(numerics.RPL_NAMREPLY, symbol, room.name, line)
            line = ""
            size = 0
        line += (" " if line else "") + word
        size += need
    if line:
        ask.reply(numerics.RPL_NAMREPLY, symbol, room.name, line)


def _tokens(_settings: Settings) -> dict[str, str]:
    return {"PREFIX": f"({RANKS}){PREFIXES}"}


feature = Feature(
    "names",
    commands=[Command("NAMES", names, costly_targets=0)],
    caps={"userhost-in-names": "", "multi-prefix": ""},
    tokens=_tokens,
)
