"""MODE: the modes of rooms; those of users are in user_modes.py.

Sources: Modern IRC, "MODE message", "Channel Modes", "CHANMODES parameter".
"""

from veche.core.ask import Ask
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.features.user_modes import change_user
from veche.state.events import SILENCE, Audience, Fact
from veche.state.room import RANKS, Ban, Room
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.modes import Change, Kind, format_modes, parse_modes
from veche.wire.names import fold, is_room

FLAGS = "imnst"
ROOM_MODES: dict[str, Kind] = {
    "b": Kind.LIST,
    "k": Kind.ALWAYS,
    "l": Kind.WHEN_SET,
    **dict.fromkeys(FLAGS, Kind.FLAG),
    **dict.fromkeys(RANKS, Kind.RANK),
}
# How many changes with a parameter one command may ask for (ISUPPORT MODES).
CHANGES = 4
KEY_LENGTH = 23
MASK_LENGTH = 200
LARGEST_LIMIT = 1_000_000


class RoomModeChanged(Fact):
    """One mode of a room is set, unset or otherwise. `param` is as it is shown; for a rank `target` is the uid.

    `at_most` is how many entries a list may hold, for the guard alone.
    """

    __slots__ = ("adding", "at_most", "letter", "param", "room", "source", "target")

    def __init__(self, actor: str, source: str, room: str, change: Change, target: str, at_most: int) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.adding = change.adding
        self.letter = change.letter
        self.param = change.param
        self.target = target
        self.at_most = at_most


# ---- handlers


def mode(ask: Ask) -> None:
    """MODE <target> [<modestring> [<mode arguments>...]]."""
    target = ask.params[0]
    if not is_room(target):
        change_user(ask, target)
        return
    room = ask.world.rooms.get(fold(target))
    if room is None or not room.is_visible_to(ask.user.uid):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, target, "No such channel")
    elif len(ask.params) < 2:
        _show_room(ask, room)
    else:
        _change_room(ask, room)


def _show_room(ask: Ask, room: Room) -> None:
    params = []
    is_member = ask.user.uid in room.members
    for letter in room.modes():
        if letter == "k":
            params.append(room.password if is_member else "*")  # a key is for those who are in
        elif letter == "l":
            params.append(str(room.limit))
    ask.reply(numerics.RPL_CHANNELMODEIS, room.name, room.modes(), *params)
    ask.reply(numerics.RPL_CREATIONTIME, room.name, str(room.created // 1000))


def _change_room(ask: Ask, room: Room) -> None:
    changes, unknown = parse_modes(ROOM_MODES, ask.params[1:])
    for letter in dict.fromkeys(unknown):
        ask.reply(numerics.ERR_UNKNOWNMODE, letter, "is unknown mode char to me")
    with_param = 0
    shown = False
    for change in changes:
        if change.letter == "b" and change.param is None:
            if not shown:
                _show_bans(ask, room)
                shown = True
            continue
        if change.param is not None:
            with_param += 1
            if with_param > CHANGES:
                break  # beyond what MODES promises; the lines that come show what was done
        elif ROOM_MODES[change.letter] is not Kind.FLAG and not (change.letter in "kl" and not change.adding):
            ask.reply(
                numerics.ERR_INVALIDMODEPARAM, room.name, change.letter, "*", "You must give a parameter"
            )
            continue
        target = _check(ask, room, change)
        if target is not None:
            user = ask.user
            ask.commit(
                RoomModeChanged(user.uid, user.source, room.name, change, target, ask.settings.list_entries)
            )


def _show_bans(ask: Ask, room: Room) -> None:
    for ban in room.bans.values():
        ask.reply(numerics.RPL_BANLIST, room.name, ban.mask, ban.by, str(ban.time))
    ask.reply(numerics.RPL_ENDOFBANLIST, room.name, "End of channel ban list")


def _check(ask: Ask, room: Room, change: Change) -> str | None:
    """Bring a change's parameter into shape; returns the uid for a rank, "" for others, None if it was refused."""
    param = change.param or ""
    if change.letter in RANKS:
        target = ask.world.users_by_key.get(fold(param))
        if target is None:
            ask.reply(numerics.ERR_NOSUCHNICK, param, "No such nick/channel")
            return None
        change.param = target.nick
        return target.uid
    problem = ""
    if change.letter == "b":
        change.param = _full_mask(param)
        if not param or len(change.param.encode()) > MASK_LENGTH or " " in param or param[0] == ":":
            problem = "This is not a mask like nick!user@host"
    elif change.letter == "k" and change.adding:
        if not param or len(param.encode()) > KEY_LENGTH or set(param) & set(" ,:"):
            problem = f"A key has 1 to {KEY_LENGTH} bytes, without spaces, commas and colons"
    elif change.letter == "k":
        change.param = "*"  # whoever may unset it need not prove that he knows it
    elif change.letter == "l" and change.adding:
        if not (param.isascii() and param.isdigit() and len(param) < 8 and 0 < int(param) <= LARGEST_LIMIT):
            problem = f"A limit is a number from 1 to {LARGEST_LIMIT}"
        else:
            change.param = str(int(param))
    if problem:
        ask.reply(numerics.ERR_INVALIDMODEPARAM, room.name, change.letter, cut(param, 64), problem)
        return None
    return ""


def _full_mask(mask: str) -> str:
    """`nick` or `user@host` or `nick!user` completed to nick!user@host with stars."""
    nick, bang, rest = mask.partition("!")
    if not bang:
        if "@" not in mask:
            return f"{mask}!*@*"
        nick, rest = "*", mask
    user, at, host = rest.partition("@")
    return f"{nick or '*'}!{user or '*'}@{host if at and host else '*'}"


# ---- facts


def guard_room_mode(world: World, fact: RoomModeChanged) -> Refusal | None:
    """Only operators of the room change its modes; a rank is for members; a list has an end."""
    room = world.rooms.get(fold(fact.room))
    if room is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, fact.room, "No such channel")
    if not room.is_operator(fact.actor):
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You're not channel operator")
    if fact.letter in RANKS and fact.target not in room.members:
        return Refusal(
            numerics.ERR_USERNOTINCHANNEL, fact.param or "*", fact.room, "They aren't on that channel"
        )
    if (
        fact.letter == "b"
        and fact.adding
        and fold(fact.param or "") not in room.bans
        and len(room.bans) >= fact.at_most
    ):
        return Refusal(numerics.ERR_BANLISTFULL, fact.room, fact.param or "*", "Channel ban list is full")
    return None


def apply_room_mode(world: World, fact: RoomModeChanged) -> Audience:
    """The mode is changed; who is in the room hears of it if anything did change."""
    room = world.rooms[fold(fact.room)]
    return Audience(room) if _set_room_mode(room, fact) else SILENCE


def _set_room_mode(room: Room, fact: RoomModeChanged) -> bool:
    letter, adding, param = fact.letter, fact.adding, fact.param or ""
    if letter in RANKS:
        member = room.members[fact.target]
        fact.param = member.user.nick  # another one may have stood in line before
        if (letter in member.ranks) == adding:
            return False
        held = set(member.ranks) ^ {letter}
        member.ranks = "".join(rank for rank in RANKS if rank in held)
        return True
    if letter == "b":
        key = fold(param)
        if (key in room.bans) == adding:
            return False
        if adding:
            room.bans[key] = Ban(param, fact.source, fact.time // 1000)
        else:
            del room.bans[key]
        room.bans_mark += 1
        return True
    if letter == "k":
        before, room.password = room.password, param if adding else ""
        return before != room.password
    if letter == "l":
        limit, room.limit = room.limit, int(param) if adding else 0
        return limit != room.limit
    if (letter in room.flags) == adding:
        return False
    room.flags ^= {letter}
    return True


def _render_room_mode(fact: RoomModeChanged, _view: int, tags: str) -> str:
    words = format_modes([Change(fact.adding, fact.letter, fact.param)])
    return f"{tags}:{fact.source} MODE {fact.room} {' '.join(words)}"


def _tokens(settings: Settings) -> dict[str, str]:
    return {
        "CHANMODES": f"b,k,l,{FLAGS}",
        "MODES": str(CHANGES),
        "MAXLIST": f"b:{settings.list_entries}",
        "KEYLEN": str(KEY_LENGTH),
    }


feature = Feature(
    "mode",
    commands=[Command("MODE", mode, least=1)],
    facts={
        RoomModeChanged: FactRow(guard=guard_room_mode, apply=apply_room_mode, render=_render_room_mode),
    },
    tokens=_tokens,
)
