"""RENAME: giving a room another name, with everybody and everything in it.

Source: channel-rename (draft). "A channel rename preserves all channel state, such as membership, mode and topic."
Invitations, forwards and the record go with it too (docs/adr/0010).
"""

from collections import deque
from functools import partial

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.fanout import tags_of
from veche.core.help import Family, Help
from veche.core.pace import Pace, SharedPace
from veche.core.ports import StoreError
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Failure, Refusal, fit
from veche.core.session import Session
from veche.state.events import Fact
from veche.state.renaming import (
    ConversationNamed,
    RoomRenamed,
    fresh_key,
    named_conversations,
    rename,
    restore_name,
)
from veche.state.room import OPERATOR_POWER, Room
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import CHANNEL_RENAME, EXTENDED_JOIN, NO_IMPLICIT_NAMES
from veche.wire.lines import cut
from veche.wire.message import Message
from veche.wire.names import fold, is_valid_room

# "Server implementations might choose to implement a per-channel cooldown system using appropriate error responses, to
# prevent abuse. For example flooding large channels with the fallback burst."
ATTEMPTS = Pace("rename", burst=5, seconds=10.0)
COOLDOWN = SharedPace("renamed", burst=1, seconds=60.0)
# How many names are told in one turn to those who must be told all of them anew; and the pause behind it, in seconds.
NAMES_AT_ONCE = 5000
_PAUSE = 0.05


# ---- handler


def rename_room(ask: Ask) -> None:
    """RENAME <channel> <new channel> [<reason>]."""
    name = ask.params[1]
    room = ask.world.rooms.get(fold(ask.params[0]))
    if room is None or not room.is_visible_to(ask.user.uid):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, ask.params[0], "No such channel")
        return
    if not is_valid_room(name, ask.settings.room_length):
        ask.reply(numerics.ERR_BADCHANMASK, name, "This cannot be the name of a room")
        return
    reason = cut(ask.params[2], ask.settings.kick_length) if len(ask.params) > 2 else ""
    fact = RoomRenamed(ask.user.uid, ask.user.source, room.name, name, reason)
    fact.fresh = fresh_key(room.name, ask.engine.chance.uid())
    refusal = _refuse_lobby(ask, fact) or guard_rename(ask.world, fact)
    if refusal is not None:
        ask.refuse(refusal)
    elif ATTEMPTS.wait(ask):
        _fail(ask, fact, "Please wait a while and try again")
    elif fold(name) == room.key or ask.engine.store is None:
        _commit(ask, fact)
    else:
        ask.wait()
        ask.session.changing += 1  # what the same session says next is said under the new name
        conversation = ask.world.conversation_of(fold(name))
        ask.engine.store.latest([(conversation, 0)], partial(_go_on, ask, fact, conversation))


def _refuse_lobby(ask: Ask, fact: RoomRenamed) -> Refusal | None:
    lobby = fold(ask.settings.lobby)
    if lobby and lobby in (fold(fact.room), fold(fact.name)):
        return Failure(
            "CANNOT_RENAME", fact.room, fact.name, text="The lobby is where everybody looks for it"
        )
    return None


def _go_on(ask: Ask, fact: RoomRenamed, conversation: str, latest: dict[str, int] | StoreError) -> None:
    """The record has said whether something was said under the new name: it would be nowhere if this room took it."""
    if isinstance(latest, StoreError):
        _fail(ask, fact, "The record could not be asked, please try again later")
    elif conversation in latest:
        _fail(ask, fact, "That name has a history of its own")
    else:
        _commit(ask, fact)
    ask.session.changing -= 1
    ask.settled()


def _commit(ask: Ask, fact: RoomRenamed) -> None:
    # Whatever its name, a room is known by the key of its record.
    if COOLDOWN.wait(ask, ask.world.conversation_of(fold(fact.room))):
        _fail(ask, fact, "This channel has been renamed recently")
    else:
        ask.commit(fact, _tell_asker)


def _fail(ask: Ask, fact: RoomRenamed, text: str) -> None:
    ask.fail("CANNOT_RENAME", fact.room, fact.name, text=text)


# ---- facts


def guard_rename(world: World, fact: RoomRenamed) -> Refusal | None:
    """Operators rename a room, to what no other room is called."""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if room.power(fact.actor) < OPERATOR_POWER:
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You must be a channel operator")
    if world.rooms.get(fold(fact.name), room) is not room:
        text = "The channel name is already taken"
        return Failure("CHANNEL_NAME_IN_USE", fact.room, fact.name, text=text)
    # "Implementations MUST allow channels to be renamed while only changing the casing of a channel name."
    if fact.name == room.name:
        return Failure("CANNOT_RENAME", fact.room, fact.name, text="The channel has this name already")
    return None


def _saves(world: World, fact: RoomRenamed) -> list[Fact]:
    """The key of the record must be known again even where the room is none that lasts."""
    room = world.rooms[fold(fact.room)]
    return [fact] if fold(fact.name) != room.key or room.is_lasting() else []


def _render(fact: RoomRenamed, view: int, tags: str) -> str:
    """ "The server to client command MUST always include the third parameter" """
    if not view & CHANNEL_RENAME:
        return ""
    return fit(tags, f":{fact.source} RENAME {fact.room} {fact.name} :{fact.reason}")


# ---- for clients that do not know RENAME


def _tell_asker(ask: Ask, fact: RoomRenamed) -> None:
    """ "If a client sends a valid RENAME command without having negotiated the capability, the server SHOULD rename the
    channel, but use the fallback mechanism to report the name change to that client." """
    if _is_told_otherwise(ask.session, fact):
        _leave_and_join(ask, fact)
        _tell_names(ask, ask.world.rooms[fold(fact.name)])


def _tell_others(engine: Engine, fact: RoomRenamed) -> None:
    """ "Server implementations MUST implement a fallback mechanism to inform clients that have not negotiated the
    draft/channel-rename capability of a channel name change." """
    room = engine.world.rooms.get(fold(fact.name))
    if room is None:
        return
    waiting: deque[Session] = deque()
    for uid in room.members:
        for session in engine.fanout.sessions.get(uid, ()) if uid != fact.actor else ():
            if _is_told_otherwise(session, fact):
                _leave_and_join(Ask(engine, session, Message("JOIN", []), ""), fact)
                waiting.append(session)
    _tell_all_names(engine, room, waiting)


def _is_told_otherwise(session: Session, fact: RoomRenamed) -> bool:
    # "This fallback SHOULD NOT be used if the rename only changes the case of the channel name"
    return not session.caps & CHANNEL_RENAME and fold(fact.room) != fold(fact.name)


def _leave_and_join(ask: Ask, fact: RoomRenamed) -> None:
    """ "Send the client a PART message for the old channel name, with part message matching the rename reason if given"
    [...] "Send the client a JOIN message followed by the usual messages that would be sent if the client had joined the
    new channel normally"; the names come last."""
    user, session = ask.user, ask.session
    tags = tags_of(fact, session.view, user)
    reason = f" :{fact.reason}" if fact.reason else ""
    ask.send(fit(tags, f":{user.source} PART {fact.room}{reason}"))
    known = f" {user.account or '*'} :{user.real_name}" if session.caps & EXTENDED_JOIN else ""
    ask.send(f"{tags}:{user.source} JOIN {fact.name}{known}")
    if ask.world.rooms[fold(fact.name)].topic:
        ask.run("TOPIC", fact.name)


def _tell_names(ask: Ask, room: Room) -> None:
    if not ask.session.caps & NO_IMPLICIT_NAMES:
        ask.run("NAMES", room.name)


def _tell_all_names(engine: Engine, room: Room, waiting: deque[Session]) -> None:
    """Tell everybody who is in the room, some of them now: in a large room that is a line for each of many squares."""
    told = 0
    while waiting:
        if told > NAMES_AT_ONCE:
            when = engine.clock.monotonic() + _PAUSE
            engine.timers.at(when, partial(_tell_all_names, engine, room, waiting))
            return
        session = waiting.popleft()
        user = session.user
        if not session.ended and user is not None and user.uid in room.members:
            _tell_names(Ask(engine, session, Message("NAMES", []), ""), room)
            told += len(room.members)


feature = Feature(
    "rename",
    commands=[
        Command(
            "RENAME",
            rename_room,
            least=2,
            help=Help(
                "<room> <new name> [<reason>]",
                "Gives a room another name, with everybody and everything in it. Operators of the room "
                "may, and where it is registered its founders alone; not the lobby, and not to a name "
                "under which something has been said before.",
                "Даёт комнате другое название вместе со всеми и всем, что в ней есть. Могут операторы "
                "комнаты, а если она зарегистрирована, только её основатели; нельзя переименовать общую "
                "комнату (лобби) и взять название, под которым уже что-то говорили.",
                Family.ROOMS,
            ),
        )
    ],
    facts={
        RoomRenamed: FactRow(guard=guard_rename, apply=rename, render=_render, saves=_saves),
        ConversationNamed: FactRow(apply=restore_name, render=lambda fact, view, tags: ""),
    },
    witnesses={RoomRenamed: _tell_others},
    snapshot=named_conversations,
    caps={"draft/channel-rename": ""},
)
