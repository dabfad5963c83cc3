"""NAMES: who is in a room.

Source: Modern IRC, "NAMES message"; userhost-in-names; multi-prefix.
"""

from collections.abc import Iterator
from typing import Final

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.replies import pack, shown_prefix
from veche.core.settings import Settings
from veche.state.room import PREFIXES, RANKS, Room
from veche.wire import numerics
from veche.wire.caps import USERHOST_IN_NAMES
from veche.wire.names import fold

# Bytes of names in one 353 line; the rest of 510 is for the server's name, the nick and the room.
_NAMES_ROOM: Final = 330


def names(ask: Ask) -> None:
    """NAMES <channel>{,<channel>}. Without a room there is nothing to list: LIST finds rooms, WHO finds people."""
    if not ask.params or not ask.params[0]:
        ask.reply(numerics.RPL_ENDOFNAMES, "*", "End of /NAMES list")
        return
    wanted = list(dict.fromkeys(ask.params[0].split(",")))
    if len(wanted) > ask.settings.max_targets:
        ask.reply(numerics.ERR_TOOMANYTARGETS, wanted[ask.settings.max_targets], "Too many targets")
        return
    ask.engine.pieces.start(ask, _answer(ask, wanted))


def _answer(ask: Ask, wanted: list[str]) -> Iterator[None]:
    for name in wanted:
        room = ask.world.rooms.get(fold(name))
        if room is not None and room.is_visible_to(ask.user.uid):
            # "symbol": '@' secret, '=' public.
            symbol = "@" if "s" in room.flags else "="
            for line in pack(_words(ask, room), " ", _NAMES_ROOM):
                ask.reply(numerics.RPL_NAMREPLY, symbol, room.name, line)
                yield
            name = room.name
        # "If the channel name is invalid or the channel does not exist, one RPL_ENDOFNAMES [...] should be returned"
        ask.reply(numerics.RPL_ENDOFNAMES, name, "End of /NAMES list")


def _words(ask: Ask, room: Room) -> Iterator[str]:
    """The names of a room as the asker reads them. Who comes or goes in the meantime is heard of as it happens."""
    uid = ask.user.uid
    is_member = uid in room.members
    with_hosts = ask.session.caps & USERHOST_IN_NAMES
    for member in list(room.members.values()):
        user = member.user
        if user.uid not in room.members or not room.sees(uid, member):
            continue
        # "Users with the invisible user mode set are not shown [...] unless the requesting client is also joined"
        if is_member or "i" not in user.modes:
            yield shown_prefix(ask.session.caps, member) + (user.source if with_hosts else user.nick)


def _tokens(_settings: Settings) -> dict[str, str]:
    return {"PREFIX": f"({RANKS}){PREFIXES}"}


feature = Feature(
    "names",
    commands=[
        Command(
            "NAMES",
            names,
            costly_targets=0,
            help=Help(
                "[<room>{,<room>}]",
                "Tells who is in a room. Without a room there is nothing to tell: LIST finds rooms, WHO finds "
                "people.",
                "Говорит, кто в комнате. Без комнаты рассказывать не о чем: комнаты ищет LIST, людей WHO.",
                Family.ROOMS,
            ),
        )
    ],
    caps={"userhost-in-names": "", "multi-prefix": ""},
    tokens=_tokens,
)
