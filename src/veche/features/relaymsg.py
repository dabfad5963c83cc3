"""RELAYMSG: a bridge says in a room what somebody has said elsewhere, under a name that nobody here can have.

Source: relaymsg (draft, an open proposal at the IRCv3 working group). "In order to prevent abuse, servers should take
steps to verify that the caller is authorized to use `RELAYMSG`": operators of the room are.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Failure, Refusal, with_tag
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.client_tags import client_tags
from veche.features.messages import MessageSent, apply_message, hears_message, record_message, render_message
from veche.state.room import Room
from veche.state.user import User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import MESSAGE_TAGS, RELAYMSG
from veche.wire.lines import BODY_LIMIT
from veche.wire.message import escape
from veche.wire.names import fold, is_valid_room

# "These characters aren't allowed in normal nicknames, and if given one MUST be present in spoofed nicknames."
SEPARATOR = "/"
# "Servers MUST also sanitize or reject nicks that contain reserved IRC characters, including `!+%@&#$:'"?*,.` and
# whitespace."
_RESERVED = frozenset("!+%@&#$:'\"?*,.~")
_USERNAME = "relay"
_LONGEST_NICK = 64  # bytes


class RelayedMessageSent(MessageSent):
    """A bridge (`actor`) has said what somebody else (`source`) said elsewhere."""

    __slots__ = ()


def relaymsg(ask: Ask) -> None:
    """RELAYMSG <channel> <spoofed nick> :<message>."""
    target, nick, text = ask.params[:3]
    room = ask.world.rooms.get(fold(target))
    if room is None or not room.is_visible_to(ask.user.uid):
        ask.refuse(Refusal(numerics.ERR_NOSUCHCHANNEL, target, "No such channel"))
    elif not ask.settings.relaymsg:
        ask.refuse(_not_allowed(room.name))
    elif not text.strip():
        ask.fail("BLANK_MSG", text="There is nothing to relay")
    elif not _is_valid(nick):
        ask.fail("INVALID_NICK", nick, text=f"A relayed nick holds a {SEPARATOR} and no reserved characters")
    else:
        _relay(ask, room, nick, text)


def _is_valid(nick: str) -> bool:
    """Whether a name can be shown as a nick and is nobody's. What may not be seen in a room's name may not be here."""
    return (
        SEPARATOR in nick.strip(SEPARATOR)
        and len(nick.encode()) <= _LONGEST_NICK
        and _RESERVED.isdisjoint(nick)
        and is_valid_room("#" + nick, _LONGEST_NICK + 1)
    )


def _relay(ask: Ask, room: Room, nick: str, text: str) -> None:
    user = ask.user
    tag = "draft/relaymsg=" + escape(user.nick)
    tags = client_tags(ask)
    fact = RelayedMessageSent(
        user.uid,
        f"{nick}!{_USERNAME}@{ask.settings.server}",
        user.account,
        "PRIVMSG",
        room.name,
        room.key,
        text,
        f"{tag};{tags}" if tags else tag,
    )
    if len(render_message(fact, 0, "").encode()) > BODY_LIMIT:
        ask.refuse(Refusal(numerics.ERR_INPUTTOOLONG, "Input line was too long"))
        return
    ask.session.spoke = ask.session.heard
    ask.commit(fact)


def _not_allowed(room: str) -> Refusal:
    return Failure("PRIVS_NEEDED", room, text="You cannot relay messages to this channel")


def guard_relayed(world: World, fact: RelayedMessageSent) -> Refusal | None:
    """Is he still an operator of the room, and does no ban mean the one whose words these are?"""
    room = world.rooms.get(fact.room)
    if room is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, fact.target, "No such channel")
    if not room.is_operator(fact.actor):
        return _not_allowed(room.name)
    nick, _, rest = fact.source.partition("!")
    username, _, host = rest.partition("@")
    if room.is_silenced(User("", nick, fold(nick), username, host, nick, 0), fact.time):
        return Failure("BANNED", room.name, nick, text="This name is banned here")
    return None


def render_relayed(fact: RelayedMessageSent, view: int, tags: str) -> str:
    """ "The capability also lets clients receive the `relaymsg` message tag, which is set to the nick of the sender."

    Who takes all tags gets it with them.
    """
    line = render_message(fact, view, tags)
    if view & RELAYMSG and not view & MESSAGE_TAGS:
        return with_tag(line, fact.tags.partition(";")[0])
    return line


def _separators(_session: Session, settings: Settings) -> str | None:
    return SEPARATOR if settings.relaymsg else None


feature = Feature(
    "relaymsg",
    commands=[
        Command(
            "RELAYMSG",
            relaymsg,
            least=3,
            pipelines=True,
            help=Help(
                "<room> <name> <text>",
                "For bridges: says in a room what somebody has said elsewhere, under a name with a slash in "
                "it (ann/matrix). Operators of the room may, unless this server allows it to nobody.",
                "Для мостов: говорит в комнате то, что кто-то сказал в другом месте, под именем с косой "
                "чертой (ann/matrix). Могут операторы комнаты, если на этом сервере это не запрещено всем.",
                Family.TALK,
            ),
        )
    ],
    facts={
        RelayedMessageSent: FactRow(
            guard=guard_relayed,
            apply=apply_message,
            render=render_relayed,
            record=record_message,
            own_copy=OwnCopy.ECHO,
            hears=hears_message,
        ),
    },
    caps={"draft/relaymsg": _separators},
)
