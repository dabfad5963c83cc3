"""KNOCK: asking to be let into a room that one cannot enter.

No specification has it; this is the practice of Charybdis and its kin: numerics 710 to 714, ISUPPORT token KNOCK.
A knock is heard by those who may open, and by nobody for long: each who knocks has to wait, and so has the room.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.pace import SharedPace
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Refusal, numeric_line
from veche.core.settings import Settings
from veche.state.events import Audience, Fact
from veche.state.room import HELPER_POWER, Room
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.names import fold

# One user at one room: once in five minutes. One room: five at once, then one in twelve seconds, whoever knocks.
PATIENCE = SharedPace("knock", burst=1, seconds=300.0)
PEACE = SharedPace("knocked", burst=5, seconds=12.0)
TEXT = "has asked for an invite"


class RoomKnocked(Fact):
    """Somebody has asked to be let in, perhaps with a reason; `server` is who says so."""

    __slots__ = ("reason", "room", "server", "source")
    changes = False

    def __init__(self, actor: str, source: str, room: str, reason: str, server: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.reason = reason
        self.server = server


def knock(ask: Ask) -> None:
    """KNOCK <channel> [<reason>]."""
    name = ask.params[0]
    user = ask.user
    room = ask.world.rooms.get(fold(name))
    if room is None or not room.is_visible_to(user.uid):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        return
    reason = cut(ask.params[1], ask.settings.kick_length) if len(ask.params) > 1 else ""
    fact = RoomKnocked(user.uid, user.source, room.name, reason, ask.settings.server)
    fact.time = int(ask.engine.clock.now() * 1000)
    if guard_knock(ask.world, fact) is None:
        # Asked of the room first, lest a knock that nobody heard be paid for by who knocked.
        if PEACE.wait(ask, room.key):
            ask.reply(numerics.ERR_TOOMANYKNOCK, room.name, "Too many KNOCKs (channel).")
            return
        if PATIENCE.wait(ask, f"{user.uid} {room.key}"):
            ask.reply(numerics.ERR_TOOMANYKNOCK, room.name, "Too many KNOCKs (user).")
            return
    ask.commit(fact, _tell)


def _tell(ask: Ask, fact: RoomKnocked) -> None:
    ask.reply(numerics.RPL_KNOCKDLVR, fact.room, "Your KNOCK has been delivered.")


def guard_knock(world: World, fact: RoomKnocked) -> Refusal | None:
    """A knock is for who stands before a closed door and has not been shown it."""
    room = world.rooms.get(fold(fact.room))
    if room is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, fact.room, "No such channel")
    user = world.users[fact.actor]
    if user.uid in room.members:
        return Refusal(numerics.ERR_KNOCKONCHAN, fact.room, "You're already on that channel.")
    if room.has_invited(user) or not is_shut(room):
        return Refusal(numerics.ERR_CHANOPEN, fact.room, "Channel is open.")
    if room.is_silenced(user, fact.time):
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, fact.room, "Cannot send to channel")
    return None


def is_shut(room: Room) -> bool:
    """Whether a stranger cannot come in: by invitation only, with a key, or full."""
    return room.is_closed() or bool(room.limit and len(room.members) >= room.limit)


def apply_knock(world: World, fact: RoomKnocked) -> Audience:
    """Those hear it who may invite into such a room."""
    room = world.rooms[fold(fact.room)]
    return Audience(uids=[uid for uid, member in room.members.items() if member.power >= HELPER_POWER])


def _render_knock(fact: RoomKnocked, _view: int, tags: str) -> str:
    """The first parameter is the room, as it is with Charybdis: the line is the same for all who hear it."""
    text = f"{TEXT}: {fact.reason}" if fact.reason else f"{TEXT}."
    return tags + numeric_line(fact.server, numerics.RPL_KNOCK, fact.room, (fact.room, fact.source, text))


def _tokens(_settings: Settings) -> dict[str, str]:
    return {"KNOCK": ""}


feature = Feature(
    "knock",
    commands=[
        Command(
            "KNOCK",
            knock,
            least=1,
            help=Help(
                "<room> [<reason>]",
                "Asks to be let into a room that is closed by an invitation, a key or a limit. Its helpers "
                "and higher ranks hear of it.",
                "Просит впустить в комнату, закрытую приглашениями, ключом или пределом. Услышат её помощники "
                "и ранги выше.",
                Family.ROOMS,
            ),
        )
    ],
    facts={
        RoomKnocked: FactRow(
            guard=guard_knock, apply=apply_knock, render=_render_knock, own_copy=OwnCopy.NEVER
        )
    },
    tokens=_tokens,
)
