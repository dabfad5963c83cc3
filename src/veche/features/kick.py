"""KICK: making a member leave a room.

Source: Modern IRC, "KICK message".
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal, fit
from veche.core.settings import Settings
from veche.state.events import Audience, Fact
from veche.state.room import HELPER_POWER
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.names import fold


class MemberKicked(Fact):
    """A member had to leave a room; `target` is his uid, `nick` what he was called."""

    __slots__ = ("nick", "reason", "room", "source", "target")

    def __init__(self, actor: str, source: str, room: str, target: str, nick: str, reason: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.target = target
        self.nick = nick
        self.reason = reason


def kick(ask: Ask) -> None:
    """KICK <channel> <user>{,<user>} [<comment>]."""
    name = ask.params[0]
    room = ask.world.rooms.get(fold(name))
    if room is None or not room.is_visible_to(ask.user.uid):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        return
    nicks = list(dict.fromkeys(nick for nick in ask.params[1].split(",") if nick))
    if len(nicks) > ask.settings.max_targets:
        ask.reply(numerics.ERR_TOOMANYTARGETS, nicks[ask.settings.max_targets], "Too many targets")
        return
    for nick in nicks:
        target = ask.world.users_by_key.get(fold(nick))
        if target is None:
            ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
            continue
        # "If no comment is given, the server SHOULD use a default message instead."
        reason = ask.params[2] if len(ask.params) > 2 and ask.params[2] else ask.user.nick
        reason = cut(reason, ask.settings.kick_length)
        ask.commit(MemberKicked(ask.user.uid, ask.user.source, room.name, target.uid, target.nick, reason))


def guard_kick(world: World, fact: MemberKicked) -> Refusal | None:
    """Only operators and helpers of the room may, nobody above their own rank, and only who is in it."""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if room.power(fact.actor) < max(HELPER_POWER, room.power(fact.target)):
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You're not channel operator")
    if fact.target not in room.members:
        return Refusal(numerics.ERR_USERNOTINCHANNEL, fact.nick, fact.room, "They aren't on that channel")
    return None


def apply_kick(world: World, fact: MemberKicked) -> Audience:
    """He is out; he too hears of it."""
    room = world.rooms[fold(fact.room)]
    target = world.users[fact.target]
    fact.nick = target.nick  # another one may have stood in line before
    audience = world.audience(room, target)
    world.remove_member(room, target)
    return audience


def _tokens(settings: Settings) -> dict[str, str]:
    return {"KICKLEN": str(settings.kick_length)}


feature = Feature(
    "kick",
    commands=[
        Command(
            "KICK",
            kick,
            least=2,
            costly_targets=1,
            help=Help(
                "<room> <nick>{,<nick>} [<reason>]",
                "Makes members leave a room. Helpers and higher ranks may, and nobody whose rank is higher "
                "than theirs has to leave.",
                "Выгоняет участников из комнаты. Могут помощники и ранги выше; тех, чей ранг выше "
                "собственного, выгнать нельзя.",
                Family.ROOMS,
            ),
        )
    ],
    facts={
        MemberKicked: FactRow(
            guard=guard_kick,
            apply=apply_kick,
            render=lambda fact, view, tags: fit(
                tags, f":{fact.source} KICK {fact.room} {fact.nick} :{fact.reason}"
            ),
        )
    },
    tokens=_tokens,
)
