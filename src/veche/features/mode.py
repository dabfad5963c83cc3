"""MODE: the modes, ranks and lists of rooms; the modes of users are in user_modes.py.

Sources: Modern IRC, "MODE message", "CHANMODES parameter", "EXTBAN parameter"; account-extban. What a mode does is told
in state/room.py and in the guard of the command that it touches.
"""

from functools import partial

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.features.mode_help import CMODES, EXTBANS
from veche.features.user_modes import change_user
from veche.state.events import SILENCE, Audience, Fact
from veche.state.lasting import RoomDropped, RoomKept, drop, keep, lasting_rooms, restore
from veche.state.masks import LETTERS, parse_mask
from veche.state.room import (
    BANS,
    EXEMPTIONS,
    FLAGS,
    FORWARD,
    FOUNDER,
    HELPER_POWER,
    INVITE_EXEMPTIONS,
    KEY,
    LIMIT,
    LISTS,
    OPERATOR,
    OPERATOR_POWER,
    RANKS,
    SLOW,
    VOICE,
    Entry,
    Room,
    power_of,
)
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.modes import Change, Kind, format_modes, parse_modes
from veche.wire.names import fold, is_room, is_valid_room

ROOM_MODES: dict[str, Kind] = {
    **dict.fromkeys(LISTS, Kind.LIST),
    KEY: Kind.ALWAYS,
    **dict.fromkeys((SLOW, FORWARD, LIMIT), Kind.WHEN_SET),
    **dict.fromkeys(FLAGS, Kind.FLAG),
    **dict.fromkeys(RANKS, Kind.RANK),
}
# How many changes with a parameter one command may ask for (ISUPPORT MODES).
CHANGES = 4
KEY_LENGTH = 23
MASK_LENGTH = 200
LARGEST_LIMIT = 1_000_000
SLOWEST = 3600
# The numerics of each list: an entry, and its end.
_LIST_NUMERICS = {
    BANS: (numerics.RPL_BANLIST, numerics.RPL_ENDOFBANLIST, "End of channel ban list"),
    EXEMPTIONS: (numerics.RPL_EXCEPTLIST, numerics.RPL_ENDOFEXCEPTLIST, "End of channel exception list"),
    INVITE_EXEMPTIONS: (
        numerics.RPL_INVEXLIST,
        numerics.RPL_ENDOFINVEXLIST,
        "End of Channel Invite Exception List",
    ),
}


class RoomModeChanged(Fact):
    """One mode of a room is set, unset or otherwise. `param` is as it is shown; for a rank `target` is the uid.

    `at_most` is how many entries a list may hold, for the guard alone. The actor is "" when the server does it.
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
    if room is None or not (room.is_visible_to(ask.user.uid) or room.rule(ask.user)):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, target, "No such channel")
    elif len(ask.params) < 2:
        _show_room(ask, room)
    else:
        change_room(ask, room, ask.user.uid, ask.user.source)


def _show_room(ask: Ask, room: Room) -> None:
    is_member = ask.user.uid in room.members
    values = {
        KEY: room.password if is_member else "*",  # a key is for those who are in
        LIMIT: str(room.limit),
        FORWARD: room.forward,
        SLOW: str(room.slow),
    }
    modes = room.modes()
    params = [values[letter] for letter in modes if letter in values]
    ask.reply(numerics.RPL_CHANNELMODEIS, room.name, modes, *params)
    ask.reply(numerics.RPL_CREATIONTIME, room.name, str(room.created // 1000))


def change_room(ask: Ask, room: Room, actor: str, source: str) -> None:
    """Change what the request asks for, in the name of the asker or, with the actor "", of the server."""
    changes, unknown = parse_modes(ROOM_MODES, ask.params[1:])
    for letter in dict.fromkeys(unknown):
        ask.reply(numerics.ERR_UNKNOWNMODE, letter, "is unknown mode char to me")
    with_param = 0
    shown: set[str] = set()
    for change in changes:
        kind = ROOM_MODES[change.letter]
        if kind is Kind.LIST and change.param is None:
            if change.letter not in shown:
                shown.add(change.letter)
                _show_list(ask, room, change.letter)
            continue
        if change.param is not None:
            with_param += 1
            if with_param > CHANGES:
                break  # beyond what MODES promises; the lines that come show what was done
        elif kind is Kind.RANK or (kind is not Kind.FLAG and change.adding):
            ask.reply(
                numerics.ERR_INVALIDMODEPARAM, room.name, change.letter, "*", "You must give a parameter"
            )
            continue
        target = _check(ask, room, change)
        if target is not None:
            at_most = ask.settings.list_entries
            ask.commit(RoomModeChanged(actor, source, room.name, change, target, at_most))


def _show_list(ask: Ask, room: Room, letter: str) -> None:
    entry_numeric, end_numeric, end = _LIST_NUMERICS[letter]
    # Who is exempt is the operators' affair; who is banned may be read by all.
    if letter != BANS and room.rule(ask.user) < HELPER_POWER:
        ask.reply(numerics.ERR_CHANOPRIVSNEEDED, room.name, "You're not channel operator")
        return
    now = int(ask.engine.clock.now() * 1000)
    for entry in room.lists[letter].values():
        if not entry.is_over(now):
            ask.reply(entry_numeric, room.name, entry.mask.text, entry.by, str(entry.time))
    ask.reply(end_numeric, room.name, end)


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
    problem = _shape(ask, change, param)
    if problem:
        ask.reply(numerics.ERR_INVALIDMODEPARAM, room.name, change.letter, cut(param, 64), problem)
        return None
    return ""


def _shape(ask: Ask, change: Change, param: str) -> str:
    """Write the parameter as it will be shown; returns what is wrong with it, or ""."""
    letter = change.letter
    if letter in LISTS:
        mask = parse_mask(param) if len(param.encode()) <= MASK_LENGTH else None
        if mask is None:
            return "This is not a mask like nick!user@host, a:account or m:mask"
        change.param = mask.text
    elif letter == KEY and not change.adding:
        change.param = "*"  # whoever may unset it need not prove that he knows it
    elif letter == KEY:
        if not param or len(param.encode()) > KEY_LENGTH or set(param) & set(" ,:"):
            return f"A key has 1 to {KEY_LENGTH} bytes, without spaces, commas and colons"
    elif letter == FORWARD and change.adding:
        if not is_valid_room(param, ask.settings.room_length):
            return "This is not the name of a room"
    elif letter in (LIMIT, SLOW) and change.adding:
        most = LARGEST_LIMIT if letter == LIMIT else SLOWEST
        if not (param.isascii() and param.isdigit() and len(param) < 8 and 0 < int(param) <= most):
            what = "A limit is a number" if letter == LIMIT else "A pause is a number of seconds"
            return f"{what} from 1 to {most}"
        change.param = str(int(param))
    return ""


# ---- facts


def guard_room_mode(world: World, fact: RoomModeChanged) -> Refusal | None:
    """Each change needs a power of its own; a rank is for members; a list has an end."""
    room = world.rooms.get(fold(fact.room))
    if room is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, fact.room, "No such channel")
    if fact.letter == "P" and fact.actor:
        # A lasting room costs the installation something for ever.
        if OPERATOR not in world.users[fact.actor].modes:
            return Refusal(numerics.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
        return None
    if fact.actor and not _may_change(world, room, fact):
        return Refusal(
            numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You're not channel operator", then=_say_no_more
        )
    if fact.letter in RANKS and fact.target not in room.members:
        return Refusal(
            numerics.ERR_USERNOTINCHANNEL, fact.param or "*", fact.room, "They aren't on that channel"
        )
    if fact.letter in LISTS and fact.adding:
        entries = room.lists[fact.letter]
        if fold(fact.param or "") not in entries and len(entries) >= fact.at_most:
            return Refusal(numerics.ERR_BANLISTFULL, fact.room, fact.param or "*", "Channel list is full")
    return None


def _say_no_more(ask: Ask) -> None:
    """Each change is a fact of its own, but who asked for several at once need hear only once that he may not."""
    ask.muted = True


def _may_change(world: World, room: Room, fact: RoomModeChanged) -> bool:
    power = room.rule(world.users.get(fact.actor))
    if fact.letter in LISTS:
        return power >= HELPER_POWER
    if fact.letter not in RANKS:
        return power >= OPERATOR_POWER
    if fact.target == fact.actor and not fact.adding:
        return fact.actor in room.members  # whoever has a rank may lay it down
    if room.power(fact.target) > power:
        return False
    member = room.members.get(fact.target)
    if fact.letter == FOUNDER and not fact.adding and member is not None and member.given == FOUNDER:
        return False  # it comes with his account, and goes with it
    if fact.letter == VOICE:
        return power >= HELPER_POWER
    return power >= (OPERATOR_POWER if power_of(fact.letter) <= OPERATOR_POWER else power_of(FOUNDER))


def apply_room_mode(world: World, fact: RoomModeChanged) -> Audience:
    """The mode is changed; who is in the room hears of it if anything did change."""
    room = world.rooms[fold(fact.room)]
    if not _set_room_mode(room, fact):
        return SILENCE
    world.forget_if_empty(room)
    return Audience(room)


def _set_room_mode(room: Room, fact: RoomModeChanged) -> bool:
    letter, adding, param = fact.letter, fact.adding, fact.param or ""
    if letter in RANKS:
        return _set_rank(room, fact)
    if letter in LISTS:
        return _set_entry(room, fact)
    before = (room.password, room.limit, room.forward, room.slow, letter in room.flags)
    if letter == KEY:
        room.password = param if adding else ""
    elif letter == LIMIT:
        room.limit = int(param) if adding else 0
    elif letter == FORWARD:
        room.forward = param if adding else ""
    elif letter == SLOW:
        room.slow = int(param) if adding else 0
    elif adding:
        room.flags.add(letter)
    else:
        room.flags.discard(letter)
    return before != (room.password, room.limit, room.forward, room.slow, letter in room.flags)


def _set_rank(room: Room, fact: RoomModeChanged) -> bool:
    member = room.members[fact.target]
    fact.param = member.user.nick  # a new nick of his may have stood in line before
    if (fact.letter in member.ranks) == fact.adding:
        return False
    held = set(member.ranks) ^ {fact.letter}
    member.ranks = "".join(rank for rank in RANKS if rank in held)
    return True


def _set_entry(room: Room, fact: RoomModeChanged) -> bool:
    entries = room.lists[fact.letter]
    key = fold(fact.param or "")
    if (key in entries) == fact.adding:
        return False
    if fact.adding:
        mask = parse_mask(fact.param or "")
        if mask is None:
            raise AssertionError("the handler has parsed this mask")
        entries[key] = Entry(mask, fact.source, fact.time // 1000)
        room.has_timed = room.has_timed or bool(mask.minutes)
    else:
        del entries[key]
    room.lists_mark += 1
    return True


def _saves(world: World, fact: RoomModeChanged) -> list[Fact]:
    """What a lasting room must be known by after a restart."""
    room = world.rooms[fold(fact.room)]
    if fact.letter == "P" and fact.adding and not room.is_lasting():
        return [keep(room, "P")]
    # A guest's rank ends with him.
    return [fact] if room.is_lasting() and fact.letter not in RANKS else []


def _end_later(engine: Engine, fact: RoomModeChanged) -> None:
    """An entry with an end is taken off the list by the server when its time has come."""
    mask = parse_mask(fact.param or "") if fact.letter in LISTS and fact.adding else None
    if mask is not None and mask.minutes:
        when = engine.clock.monotonic() + mask.minutes * 60
        room = engine.world.rooms[fold(fact.room)]  # it may have another name by then
        engine.timers.at(when, partial(_end_entry, engine, room, fact))


def _end_entry(engine: Engine, room: Room, fact: RoomModeChanged) -> None:
    if engine.world.rooms.get(room.key) is not room:
        return
    entry = room.lists[fact.letter].get(fold(fact.param or ""))
    # It may have been taken off and set anew meanwhile.
    if entry is not None and entry.time == fact.time // 1000:
        change = Change(False, fact.letter, fact.param)
        engine.log.commit(RoomModeChanged("", engine.settings.server, room.name, change, "", 0), None)


def _render_room_mode(fact: RoomModeChanged, _view: int, tags: str) -> str:
    words = format_modes([Change(fact.adding, fact.letter, fact.param)])
    return f"{tags}:{fact.source} MODE {fact.room} {' '.join(words)}"


def _tokens(settings: Settings) -> dict[str, str]:
    return {
        "ACCOUNTEXTBAN": "a",
        "CHANMODES": f"{LISTS},{KEY},{SLOW}{FORWARD}{LIMIT},{FLAGS}",
        "EXCEPTS": EXEMPTIONS,
        "EXTBAN": f",{LETTERS}",
        "FORWARD": FORWARD,
        "INVEX": INVITE_EXEMPTIONS,
        "KEYLEN": str(KEY_LENGTH),
        "MAXLIST": ",".join(f"{letter}:{settings.list_entries}" for letter in LISTS),
        "MODES": str(CHANGES),
    }


feature = Feature(
    "mode",
    commands=[
        Command(
            "MODE",
            mode,
            least=1,
            help=Help(
                "<room> [<changes> [<parameter>...]]\n<your nick> [<changes>]",
                "Shows the modes of a room or your own, or changes them: MODE #tea +m-t, MODE #tea +b mask. "
                "HELP CMODES and HELP UMODES tell what there is.",
                "Показывает режимы комнаты или ваши либо меняет их: MODE #чай +m-t, MODE #чай +b маска. Какие "
                "они бывают, расскажут HELP CMODES и HELP UMODES.",
                Family.ROOMS,
            ),
        )
    ],
    facts={
        RoomModeChanged: FactRow(
            guard=guard_room_mode, apply=apply_room_mode, render=_render_room_mode, saves=_saves
        ),
        RoomKept: FactRow(apply=restore, render=lambda fact, view, tags: ""),
        RoomDropped: FactRow(apply=drop, render=lambda fact, view, tags: ""),
    },
    witnesses={RoomModeChanged: _end_later},
    snapshot=lasting_rooms,
    tokens=_tokens,
    topics={"CMODES": CMODES, "EXTBANS": EXTBANS},
)
