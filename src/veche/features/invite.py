"""INVITE: asking somebody into a room; UNINVITE: asking him not to come after all.

Source: Modern IRC, "INVITE message", "Invite list"; invite-notify. UNINVITE and its numerics (494, 505, 653) are as
InspIRCd has them, since no specification does.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.pace import SharedPace
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Refusal, numeric_line
from veche.state.events import Audience, Fact
from veche.state.room import HELPER_POWER, Room
from veche.state.user import User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import INVITE_NOTIFY
from veche.wire.names import fold

# How many invitations a user holds; the oldest makes room for a new one.
INVITATIONS = 100
# What one user is bothered with, however many invite him.
BOTHERING = SharedPace("invite", burst=5, seconds=10.0)


class Invitation(Fact):
    """What is said of an invitation: `target` is the uid of who is invited, `nick` what he is called."""

    __slots__ = ("nick", "room", "source", "target")

    def __init__(self, actor: str, source: str, room: str, target: str, nick: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.target = target
        self.nick = nick


class UserInvited(Invitation):
    """Somebody may come into a room once."""

    __slots__ = ()


class UserUninvited(Fact):
    """An invitation has been taken back; `source` is the nick of who did it, `server` who tells the other."""

    __slots__ = ("nick", "room", "server", "source", "target")

    def __init__(self, actor: str, source: str, room: str, target: str, nick: str, server: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.target = target
        self.nick = nick
        self.server = server


class InvitationNoticed(Invitation):
    """The room has been told of an invitation (invite-notify). It has happened: nobody guards it any more."""

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
    found = _find(ask)
    if found is None:
        return
    target, room = found
    fact = UserInvited(ask.user.uid, ask.user.source, room.name, target.uid, target.nick)
    # Whoever may not invite does not use up what others may.
    if guard_invite(ask.world, fact) is None and BOTHERING.wait(ask, target.uid):
        ask.reply(numerics.RPL_TRYAGAIN, "INVITE", "Please wait a while and try again.")
        return
    ask.commit(fact, _tell)


def uninvite(ask: Ask) -> None:
    """UNINVITE <nickname> <channel>."""
    found = _find(ask)
    if found is not None:
        target, room = found
        user, server = ask.user, ask.settings.server
        ask.commit(
            UserUninvited(user.uid, user.nick, room.name, target.uid, target.nick, server), _tell_uninvited
        )


def _find(ask: Ask) -> tuple[User, Room] | None:
    """The user and the room that the request names; None if there is none, which is answered."""
    nick, name = ask.params[0], ask.params[1]
    target = ask.world.users_by_key.get(fold(nick))
    if target is None:
        ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
        return None
    room = ask.world.rooms.get(fold(name))
    if room is None or not (room.is_visible_to(ask.user.uid) or room.rule(ask.user)):
        # "Otherwise, the server SHOULD reject the command with the ERR_NOSUCHCHANNEL numeric."
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        return None
    return target, room


def _tell(ask: Ask, fact: UserInvited) -> None:
    ask.reply(numerics.RPL_INVITING, fact.nick, fact.room)
    ask.engine.log.commit(InvitationNoticed(fact.actor, fact.source, fact.room, fact.target, fact.nick), None)
    target = ask.world.users.get(fact.target)
    if target is not None and target.away:
        ask.reply_for(target, numerics.RPL_AWAY, target.nick, target.away)


def _tell_uninvited(ask: Ask, fact: UserUninvited) -> None:
    ask.reply(numerics.ERR_INVITEREMOVED, fact.room, fact.nick, "Uninvited")


def guard_invite(world: World, fact: UserInvited) -> Refusal | None:
    """Members invite, and those who rule the room from outside; into an invite-only room only its operators do."""
    room = world.rooms.get(fold(fact.room))
    power = room.rule(world.users.get(fact.actor)) if room is not None else 0
    if room is None or (fact.actor not in room.members and power < HELPER_POWER):
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if "i" in room.flags and power < HELPER_POWER:
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


def guard_uninvite(world: World, fact: UserUninvited) -> Refusal | None:
    """Those who rule the room take invitations back."""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if room.power(fact.actor) < HELPER_POWER:
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, fact.room, "You're not channel operator")
    target = world.users.get(fact.target)
    if target is None:
        return Refusal(numerics.ERR_NOSUCHNICK, fact.nick, "No such nick/channel")
    if not room.has_invited(target):
        return Refusal(numerics.ERR_NOTINVITED, fact.nick, fact.room, "Is not invited to this channel")
    return None


def apply_uninvite(world: World, fact: UserUninvited) -> Audience:
    """The invitation is gone; he who held it hears of it."""
    target = world.users[fact.target]
    fact.nick = target.nick
    target.invitations.pop(fold(fact.room), None)
    return Audience(uids=(fact.target,))


def apply_notice(world: World, fact: InvitationNoticed) -> Audience:
    """The room hears of it; the two concerned have been told already."""
    room = world.rooms.get(fold(fact.room))
    uids = room.members if room is not None else ()
    return Audience(uids=[uid for uid in uids if uid not in {fact.actor, fact.target}])


def _render_invite(fact: Invitation, _view: int, tags: str) -> str:
    return f"{tags}:{fact.source} INVITE {fact.nick} {fact.room}"


def _render_uninvite(fact: UserUninvited, _view: int, tags: str) -> str:
    text = f"You were uninvited from {fact.room} by {fact.source}"
    return tags + numeric_line(fact.server, numerics.RPL_UNINVITED, fact.nick, (text,))


def _render_notice(fact: InvitationNoticed, view: int, tags: str) -> str:
    return _render_invite(fact, view, tags) if view & INVITE_NOTIFY else ""


feature = Feature(
    "invite",
    commands=[
        Command(
            "INVITE",
            invite,
            help=Help(
                "\n<nick> <room>",
                "Asks somebody into a room, whatever keeps strangers out of it; members may, and where the "
                "room has +i only helpers and higher ranks. Alone it tells to which rooms you are invited.",
                "Зовёт кого-нибудь в комнату, что бы ни закрывало её от посторонних; могут участники, а в "
                "комнату с +i только помощники и ранги выше. Без параметров говорит, куда приглашены вы.",
                Family.ROOMS,
            ),
        ),
        Command(
            "UNINVITE",
            uninvite,
            least=2,
            help=Help(
                "<nick> <room>",
                "Takes an invitation back. Helpers and higher ranks may.",
                "Отзывает приглашение. Могут помощники и ранги выше.",
                Family.ROOMS,
            ),
        ),
    ],
    facts={
        UserInvited: FactRow(
            guard=guard_invite,
            apply=apply_invite,
            render=_render_invite,
            own_copy=OwnCopy.NEVER,
        ),
        UserUninvited: FactRow(
            guard=guard_uninvite,
            apply=apply_uninvite,
            render=_render_uninvite,
            own_copy=OwnCopy.NEVER,
        ),
        InvitationNoticed: FactRow(apply=apply_notice, render=_render_notice, own_copy=OwnCopy.NEVER),
    },
    caps={"invite-notify": ""},
)
