"""JOIN and PART: entering rooms and leaving them.

Source: Modern IRC, "JOIN message", "PART message"; extended-join; no-implicit-names.
"""

import hmac
from functools import partial
from typing import Final

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.longtext import LINE_END
from veche.core.nicks import CHANSERV
from veche.core.pace import SharedPace
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal, fit, time_alone
from veche.core.settings import Settings
from veche.state.events import Audience, Fact, MemberJoined, MemberLeft
from veche.state.lasting import keep
from veche.state.room import HELPER_POWER, Room
from veche.state.user import User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import EXTENDED_JOIN, NO_IMPLICIT_NAMES
from veche.wire.lines import cut
from veche.wire.names import fold, is_valid_room

# How many rooms one command may name (TARGMAX).
TARGETS: Final = 50
_MINUTE: Final = 60.0
# Everybody in a room hears each coming and going, so who goes in and out of the same one all the time has to wait.
RETURNS: Final = SharedPace("join", burst=5, seconds=15.0)


# ---- handlers


def join(ask: Ask) -> None:
    """JOIN <channel>{,<channel>} [<key>{,<key>}], or JOIN 0 to leave all."""
    if ask.params[0] == "0":
        # "which requests that the sending client leave all channels they are currently connected to"
        for key in list(ask.user.rooms):
            _leave(ask, ask.world.rooms[key], "")
        return
    keys: dict[str, str] = {}
    if len(ask.params) > 1:
        keys = dict(zip(ask.params[0].split(","), ask.params[1].split(","), strict=False))
    for name in _names(ask):
        _enter(ask, name, keys.get(name, ""))


def part(ask: Ask) -> None:
    """PART <channel>{,<channel>} [<reason>]."""
    reason = cut(ask.params[1], ask.settings.kick_length) if len(ask.params) > 1 else ""
    for name in _names(ask):
        room = ask.world.rooms.get(fold(name))
        if room is None or not room.is_visible_to(ask.user.uid):
            ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        elif ask.user.uid not in room.members:
            ask.reply(numerics.ERR_NOTONCHANNEL, name, "You're not on that channel")
        else:
            _leave(ask, room, reason)


def _names(ask: Ask) -> list[str]:
    """The rooms that the request names, each once; none when there are too many, which is answered."""
    each: dict[str, str] = {}
    for name in ask.params[0].split(","):
        if name:
            each.setdefault(fold(name), name)
    names = list(each.values())
    if len(names) > TARGETS:
        ask.reply(numerics.ERR_TOOMANYTARGETS, names[TARGETS], "Too many targets")
        return []
    return names


def _enter_instead(name: str, ask: Ask) -> None:
    """Follow a forward, once: a room that forwards on is not asked again."""
    _enter(ask, name, "", is_forwarded=True)


def _enter(ask: Ask, name: str, key: str, *, is_forwarded: bool = False) -> None:
    settings = ask.settings
    if not is_valid_room(name, settings.room_length):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        return
    folded = fold(name)
    if folded in ask.user.rooms:
        return
    lobby = folded == fold(settings.lobby)
    if folded not in ask.world.rooms and not lobby and not _may_create(ask):
        ask.reply(
            numerics.ERR_UNAVAILRESOURCE, name, "You are opening rooms too quickly, please wait a minute"
        )
        return
    if RETURNS.wait(ask, f"{ask.user.uid} {folded}"):
        ask.reply(numerics.ERR_UNAVAILRESOURCE, name, "You are coming back too often, please wait a while")
        return
    # In the lobby nobody is more than anybody else for having come first.
    founder = "" if lobby else "o"
    user = ask.user
    fact = MemberJoined(user.uid, user.source, user.account, user.real_name, name)
    fact.founder = founder
    fact.password = key
    fact.is_forwarded = is_forwarded
    fact.limit = settings.rooms_per_user
    ask.commit(fact, show_room)


def _may_create(ask: Ask) -> bool:
    """Count a new room against the session's budget of them."""
    now = ask.engine.clock.monotonic()
    times = [time for time in ask.session.created_rooms or () if time > now - _MINUTE]
    allowed = len(times) < ask.settings.room_creations_per_minute
    if allowed:
        times.append(now)
    ask.session.created_rooms = times
    return allowed


def _leave(ask: Ask, room: Room, reason: str) -> None:
    ask.commit(MemberLeft(ask.user.uid, ask.user.source, room.name, reason))


def show_room(ask: Ask, fact: MemberJoined) -> None:
    """Tell a newcomer of the room, on every device that he has."""
    room = ask.world.rooms[fold(fact.room)]
    for session in ask.engine.fanout.sessions.get(fact.actor, ()):
        asked = ask if session is ask.session else Ask(ask.engine, session, ask.message, "")
        for show in ask.engine.registry.shown_rooms:
            show(asked, room)


def _tell_topic_and_names(ask: Ask, room: Room) -> None:
    """What a newcomer is told of the room: its topic and who is there."""
    if room.topic:
        ask.run("TOPIC", room.name)
    # no-implicit-names: "servers MUST NOT send an implicit NAMES reply after sending a JOIN message"
    if not ask.session.caps & NO_IMPLICIT_NAMES:
        ask.run("NAMES", room.name)


# ---- facts


def guard_join(world: World, fact: MemberJoined) -> Refusal | None:
    """May this user come in? An invitation opens everything. Who may not goes where the room forwards him (+f)."""
    user = world.users.get(fact.actor)
    if user is None:  # gone, or somebody's device now, while an operator was about to bring him in
        return Refusal(numerics.ERR_NOSUCHNICK, fact.source.partition("!")[0], "No such nick/channel")
    if fact.is_forced:
        return None
    if len(user.rooms) >= fact.limit:
        return Refusal(numerics.ERR_TOOMANYCHANNELS, fact.room, "You have joined too many channels")
    room = world.rooms.get(fold(fact.room))
    if room is None or user.uid in room.members:
        return None
    # Whoever rules a room for his account's sake can unlock it, so it is not locked for him.
    if room.has_invited(user) or room.rule(user) >= HELPER_POWER:
        return None
    refusal = _refuse(room, user, fact)
    if refusal is not None and room.forward and not fact.is_forwarded:
        forward = partial(_enter_instead, room.forward)
        return Refusal(
            numerics.ERR_LINKCHANNEL, room.name, room.forward, "Forwarding to another channel", then=forward
        )
    return refusal


def _refuse(room: Room, user: User, fact: MemberJoined) -> Refusal | None:
    if room.is_banned(user, fact.time):
        return Refusal(numerics.ERR_BANNEDFROMCHAN, room.name, "Cannot join channel (+b)")
    if "i" in room.flags and not room.is_expected(user, fact.time):
        return Refusal(numerics.ERR_INVITEONLYCHAN, room.name, "Cannot join channel (+i)")
    if "R" in room.flags and not user.account:
        return Refusal(numerics.ERR_NEEDREGGEDNICK, room.name, "Cannot join channel (+R), log in first")
    if room.password and not hmac.compare_digest(room.password.encode(), fact.password.encode()):
        return Refusal(numerics.ERR_BADCHANNELKEY, room.name, "Cannot join channel (+k)")
    if room.limit and len(room.members) >= room.limit:
        return Refusal(numerics.ERR_CHANNELISFULL, room.name, "Cannot join channel (+l)")
    return None


def apply_join(world: World, fact: MemberJoined) -> Audience:
    """A user is a member now; a room that did not exist does, with the modes that keep strangers and mischief out."""
    key = fold(fact.room)
    room = world.rooms.get(key)
    ranks = ""
    if room is None:
        room = new_room(fact)
        ranks = fact.founder
    if fact.actor not in room.members:
        user = world.users[fact.actor]
        user.invitations.pop(key, None)
        world.add_member(room, user, ranks, fact.time)
        rank = room.members[user.uid].given
        fact.given = f"+{rank} {user.nick}" if rank else ""
    fact.room = room.name  # others read the room's own spelling
    return world.audience(room, world.users[fact.actor])


def new_room(fact: MemberJoined) -> Room:
    """The room that comes into being with its first member."""
    room = Room(fact.room, fold(fact.room), fact.time)
    # Nobody is an operator of the lobby, so +t would leave its topic to nobody; it lasts, as a lobby does.
    room.flags.update("nt" if fact.founder else "nP")
    return room


def _saves_join(world: World, fact: MemberJoined) -> list[Fact]:
    """The lobby is a lasting room from its first visitor on."""
    return [] if fact.founder or fold(fact.room) in world.rooms else [keep(new_room(fact))]


def guard_part(world: World, fact: MemberLeft) -> Refusal | None:
    """Is he still in there?"""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    return None


def apply_part(world: World, fact: MemberLeft) -> Audience:
    """A member is gone; who stays hears of it, and so does he."""
    room = world.rooms[fold(fact.room)]
    user = world.users[fact.actor]
    audience = world.audience(room, user)
    world.remove_member(room, user)
    return audience


def _render_join(fact: MemberJoined, view: int, tags: str) -> str:
    line = f"{tags}:{fact.source} JOIN {fact.room}"
    # extended-join: the account ('*' for a guest) and the real name behind it
    if view & EXTENDED_JOIN:
        line = f"{line} {fact.account or '*'} :{fact.real_name}"
    if not fact.given:
        return line
    # He is somebody in this room from his first moment on.
    return f"{line}{LINE_END}{time_alone(tags)}:{CHANSERV} MODE {fact.room} {fact.given}"


def _render_part(fact: MemberLeft, _view: int, tags: str) -> str:
    reason = f" :{fact.reason}" if fact.reason else ""
    return fit(tags, f":{fact.source} PART {fact.room}{reason}")


def _tokens(settings: Settings) -> dict[str, str]:
    return {"CHANLIMIT": f"#:{settings.rooms_per_user}", "CHANNELLEN": str(settings.room_length)}


feature = Feature(
    "join",
    commands=[
        Command(
            "JOIN",
            join,
            least=1,
            costly_targets=0,
            help=Help(
                "<room>{,<room>} [<key>{,<key>}]\n0",
                "Enters rooms; keys are for rooms with +k. A room that did not exist is made, and whoever "
                "made it is its operator (nobody is the lobby's). JOIN 0 leaves all rooms. One person is in "
                "{s.rooms_per_user} rooms at most.",
                "Входит в комнаты; ключи нужны комнатам с +k. Комната, которой не было, создаётся, и "
                "создатель становится её оператором (у лобби его нет). JOIN 0 выходит отовсюду. Один человек "
                "бывает не больше чем в {s.rooms_per_user} комнатах.",
                Family.ROOMS,
            ),
        ),
        Command(
            "PART",
            part,
            least=1,
            costly_targets=0,
            help=Help(
                "<room>{,<room>} [<reason>]",
                "Leaves rooms. Whoever stays reads the reason.",
                "Выходит из комнат. Оставшиеся прочтут причину.",
                Family.ROOMS,
            ),
        ),
    ],
    facts={
        MemberJoined: FactRow(
            guard=guard_join,
            apply=apply_join,
            render=_render_join,
            saves=_saves_join,
        ),
        MemberLeft: FactRow(guard=guard_part, apply=apply_part, render=_render_part),
    },
    caps={"extended-join": "", "no-implicit-names": ""},
    tokens=_tokens,
    shows_room=_tell_topic_and_names,
)
