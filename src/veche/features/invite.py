"""INVITE: asking somebody into a room.

Source: Modern IRC, "INVITE message", "Invite list"; invite-notify.
"""

from veche.core.ask import Ask
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Refusal
from veche.state.events import Audience, Fact
from veche.state.room import HELPER_POWER
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import INVITE_NOTIFY
from veche.wire.names import fold

# How many invitations a user holds; the oldest makes room for a new one.
INVITATIONS = 100


class UserInvited(Fact):
    """Somebody may come into a room once; `target` is his uid, `nick` what he is called."""

    __slots__ = ("nick", "room", "source", "target")

    def __init__(self, actor: str, source: str, room: str, target: str, nick: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.target = target
        self.nick = nick


class InvitationNoticed(UserInvited):
    """The room has been told of an invitation (invite-notify)."""

    __slots__ = ()
    changes = False


def invite(ask: Ask) -> None:
    """INVITE <nickname> <channel>; without parameters, the rooms that one is invited to."""
    if not ask.params:
        for key in ask.user.invitations:
            room = ask.world.rooms.get(key)
            if room is not None and room.has_invited(ask.user):
                ask.reply(numerics.RPL_INVITELIST, room.name)
        ask.reply(numerics.RPL_ENDOFINVITELIST, "End of /INVITE list")
        return
    if len(ask.params) < 2:
        ask.reply(numerics.ERR_NEEDMOREPARAMS, "INVITE", "Not enough parameters")
        return
    nick, name = ask.params[0], ask.params[1]
    target = ask.world.users_by_key.get(fold(nick))
    if target is None:
        ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
        return
    room = ask.world.rooms.get(fold(name))
    if room is None or not room.is_visible_to(ask.user.uid):
        # "Otherwise, the server SHOULD reject the command with the ERR_NOSUCHCHANNEL numeric."
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        return
    ask.commit(UserInvited(ask.user.uid, ask.user.source, room.name, target.uid, target.nick), _tell)


def _tell(ask: Ask, fact: UserInvited) -> None:
    ask.reply(numerics.RPL_INVITING, fact.nick, fact.room)
    ask.engine.log.commit(InvitationNoticed(fact.actor, fact.source, fact.room, fact.target, fact.nick), None)
    target = ask.world.users.get(fact.target)
    if target is not None and target.away:
        ask.reply(numerics.RPL_AWAY, target.nick, target.away)


def guard_invite(world: World, fact: UserInvited) -> Refusal | None:
    """Members invite; into an invite-only room only its operators do."""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if "i" in room.flags and room.power(fact.actor) < HELPER_POWER:
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You're not channel operator")
    if fact.target not in world.users:
        return Refusal(numerics.ERR_NOSUCHNICK, fact.nick, "No such nick/channel")
    if fact.target in room.members:
        return Refusal(numerics.ERR_USERONCHANNEL, fact.nick, fact.room, "is already on channel")
    return None


def apply_invite(world: World, fact: UserInvited) -> Audience:
    """The invited one hears of it; his invitation lasts until he comes, or goes, or the room does."""
    room = world.rooms[fold(fact.room)]
    target = world.users[fact.target]
    fact.nick = target.nick  # another one may have stood in line before
    invitations = target.invitations
    invitations.pop(room.key, None)  # so that the newest stands last
    invitations[room.key] = room.created
    if len(invitations) > INVITATIONS:
        del invitations[next(iter(invitations))]
    return Audience(uids=(fact.target,))


def apply_notice(world: World, fact: InvitationNoticed) -> Audience:
    """The room hears of it; the two concerned have been told already."""
    room = world.rooms.get(fold(fact.room))
    uids = room.members if room is not None else ()
    return Audience(uids=[uid for uid in uids if uid not in {fact.actor, fact.target}])


def _render_invite(fact: UserInvited, _view: int, tags: str) -> str:
    return f"{tags}:{fact.source} INVITE {fact.nick} {fact.room}"


def _render_notice(fact: InvitationNoticed, view: int, tags: str) -> str:
    return _render_invite(fact, view, tags) if view & INVITE_NOTIFY else ""


feature = Feature(
    "invite",
    commands=[Command("INVITE", invite)],
    facts={
        UserInvited: FactRow(
            guard=guard_invite,
            apply=apply_invite,
            render=_render_invite,
            own_copy=OwnCopy.NEVER,
        ),
        InvitationNoticed: FactRow(apply=apply_notice, render=_render_notice, own_copy=OwnCopy.NEVER),
    },
    caps={"invite-notify": ""},
)
