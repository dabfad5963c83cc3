"""PRIVMSG, NOTICE and TAGMSG: what people say, in rooms and to one another.

Sources: Modern IRC, "Sending Messages"; message-tags ("client-only tags"); echo-message; message-ids.
Messages of several lines come from multiline.py and are messages like any other.
"""

from typing import ClassVar, Final

from veche.core import once
from veche.core.ask import Ask, Then
from veche.core.conversations import conversation_of
from veche.core.help import Family, Help
from veche.core.longtext import LINE_END, is_long, pieces, render_batch, render_lines
from veche.core.pace import SharedPace
from veche.core.ports import Reaction, Record
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.features.client_tags import TYPING, client_tags, is_shown_typing, reaction_of, without_typing
from veche.state.accounts import Account
from veche.state.events import Audience, SaidFact
from veche.state.room import KEEP_KEY, PREFIXES, RANKS, SLOW, Room, power_of
from veche.state.user import User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import MESSAGE_TAGS, MULTILINE
from veche.wire.compiler import mypyc_attr
from veche.wire.lines import BODY_LIMIT
from veche.wire.message import NO_TAGS
from veche.wire.names import fold

# Clients answer CTCP by themselves, so whoever is asked by many is kept busy: spared beyond this, whoever asks.
CTCPS: Final = SharedPace("ctcp", burst=10, seconds=2.0)


@mypyc_attr(allow_interpreted_subclasses=True)
class MessageSent(SaidFact):
    """Somebody has said something. `room` is the folded name of a room, or "" and `recipient` a person's identity.

    `prefix` is that of the lowest rank that hears it, "" for all. `conversation` and `era` are as in the record;
    `tags` are the client-only tags, escaped. `sent` is the key of the id that the sender gave it (core/once.py), 0 for
    none.
    """

    __slots__ = (
        "account",
        "command",
        "prefix",
        "recipient",
        "room",
        "source",
        "tags",
        "target",
        "text",
    )

    def __init__(
        self,
        actor: str,
        source: str,
        account: str,
        command: str,
        target: str,
        room: str,
        text: str,
        tags: str,
    ) -> None:
        super().__init__(actor)
        self.source = source
        self.account = account
        self.command = command
        self.target = target
        self.room = room
        self.text = text
        self.tags = tags
        self.conversation = room
        self.prefix = ""
        self.recipient = ""


@mypyc_attr(allow_interpreted_subclasses=True)
class SlowMessageSent(MessageSent):
    """Somebody has said something in a room with slow mode: his next message is judged behind this one."""

    __slots__ = ()
    changes: ClassVar[bool] = True


@mypyc_attr(allow_interpreted_subclasses=True)
class TagsSent(MessageSent):
    """Somebody has sent client-only tags without a text: typing, for example. Of these, reactions alone are kept:
    `reaction` to the message with the id `reacted_to`, `adding` or taking back."""

    __slots__ = ("adding", "reacted_to", "reaction")

    def __init__(
        self,
        actor: str,
        source: str,
        account: str,
        command: str,
        target: str,
        room: str,
        text: str,
        tags: str,
    ) -> None:
        super().__init__(actor, source, account, command, target, room, text, tags)
        self.reacted_to = ""
        self.reaction = ""
        self.adding = False


# ---- handlers


def message(ask: Ask) -> None:
    """PRIVMSG <target>{,<target>} <text>, and NOTICE, to which servers "must not send any error back" by themselves."""
    params = ask.message.params
    if not params or not params[0]:
        ask.refuse(Refusal(numerics.ERR_NORECIPIENT, f"No recipient given ({ask.message.command})"))
        return
    if len(params) < 2 or not params[1]:
        ask.refuse(Refusal(numerics.ERR_NOTEXTTOSEND, "No text to send"))
        return
    tags = "" if ask.message.tags is NO_TAGS else client_tags(ask)
    target = params[0]
    if "," not in target:
        say(ask, ask.message.command, target, params[1], tags)
        return
    for name in _targets(ask):
        say(ask, ask.message.command, name, params[1], tags)


def tags_only(ask: Ask) -> None:
    """TAGMSG <target>{,<target>}. Without a tag that may be relayed there is nothing to say."""
    tags = client_tags(ask)
    if not tags:
        return
    is_typing = TYPING in ask.message.tags
    for name in _targets(ask):
        if is_typing and not is_shown_typing(ask, name):
            if others := client_tags(ask, without=TYPING):
                say(ask, "TAGMSG", name, "", others)
        else:
            say(ask, "TAGMSG", name, "", tags)


def _targets(ask: Ask) -> list[str]:
    """Whom the request names, each once; none when there are too many, which is answered."""
    targets = list(dict.fromkeys(name for name in ask.params[0].split(",") if name))
    if not targets:
        ask.refuse(Refusal(numerics.ERR_NORECIPIENT, f"No recipient given ({ask.message.command})"))
    if len(targets) > ask.settings.max_targets:
        ask.refuse(
            Refusal(numerics.ERR_TOOMANYTARGETS, targets[ask.settings.max_targets], "Too many targets")
        )
        return []
    return targets


def say(ask: Ask, command: str, target: str, text: str, tags: str) -> None:
    """Have somebody say something to one target, or refuse it."""
    user = ask.user
    session = ask.session
    kind: type[MessageSent] = TagsSent if command == "TAGMSG" else MessageSent
    then: Then | None = None
    session.spoke = session.heard
    prefix = prefix_of(target)
    if prefix or target[0] == "#":
        # STATUSMSG: "@#room" is for those in the room who have that rank or a higher one.
        room = ask.world.rooms.get(fold(target[1:] if prefix else target))
        if room is None or _is_hidden(ask, room):
            ask.refuse(Refusal(numerics.ERR_NOSUCHCHANNEL, target, "No such channel"))
            return
        if room.slow and kind is MessageSent:
            kind = SlowMessageSent
        fact = kind(user.uid, user.source, user.account, command, prefix + room.name, room.key, text, tags)
        fact.prefix = prefix
    else:
        other = ask.world.person(target)
        if other is None:
            _to_nobody_here(ask, command, target, text)
            return
        if is_ctcp(text) and CTCPS.wait(ask, other.identity):
            ask.refuse(Refusal(numerics.RPL_TRYAGAIN, command, "Please wait a while and try again."))
            return
        name = other.nick if isinstance(other, User) else other.name
        if kind is MessageSent:  # compiled, a class that is known makes its objects at half the price
            fact = MessageSent(user.uid, user.source, user.account, command, name, "", text, tags)
        else:
            fact = kind(user.uid, user.source, user.account, command, name, "", text, tags)
        fact.recipient = other.identity
        if ask.engine.store is not None:
            fact.conversation = conversation_of(user.identity, other.identity)
        if command == "PRIVMSG" and (isinstance(other, Account) or other.away):
            then = _tell_away
    # What others read is longer than what was sent by the source in front of it. Cutting it would lose words without
    # a word, so what does not fit is refused, and the sender knows.
    if _length(fact) > BODY_LIMIT and not _fits_in_lines(fact):
        ask.refuse(Refusal(numerics.ERR_INPUTTOOLONG, "Input line was too long"))
        return
    if isinstance(fact, TagsSent):
        _note_reaction(ask, fact)
        ask.commit(fact, then)
    elif ask.message.tags is NO_TAGS:
        ask.commit(fact, then)
    else:
        _say_tagged(ask, fact, then)


def _say_tagged(ask: Ask, fact: MessageSent, then: Then | None) -> None:
    """Say what has an id of its sender's as often as it was meant; what a tag makes something else of is not said."""
    tags = ask.message.tags
    if ask.session.caps & MESSAGE_TAGS:
        for tag, becomes in ask.engine.registry.instead.items():
            if tag in tags:
                becomes(ask, fact, tags[tag])
                return
    given = tags.get(once.TAG, "")
    if not given:
        ask.commit(fact, then)
    elif "," in ask.params[0]:
        ask.fail("INVALID_PARAMS", once.TAG, text="A message with an id is for one target")
    else:
        once.say_once(ask, fact, then, given)


def _note_reaction(ask: Ask, fact: TagsSent) -> None:
    if found := reaction_of(ask.message.tags, ask.settings.client_tags_denied):
        fact.reacted_to, fact.reaction, fact.adding = found


def prefix_of(target: str) -> str:
    """The rank for which what is said to a target is, as its sign; "" for all, and for people."""
    return target[0] if target[1:2] == "#" and target[0] in PREFIXES else ""


def is_ctcp(text: str) -> bool:
    """Whether a text is for a client and not for a person; ACTION is for people."""
    return text[:1] == "\x01" and not text.startswith("\x01ACTION ")


def _to_nobody_here(ask: Ask, command: str, target: str, text: str) -> None:
    """What is said to a name that no person has: a service hears it, and the sender of all else that there is none."""
    service = ask.engine.registry.services.get(fold(target))
    if service is None:
        ask.refuse(Refusal(numerics.ERR_NOSUCHNICK, target, "No such nick/channel"))
    elif command == "PRIVMSG":
        service(ask, text)


def _tell_away(ask: Ask, fact: MessageSent) -> None:
    """Modern IRC, 301: "Indicates that the user [...] is currently away and sends the away message that they set." """
    other = ask.world.known(fact.recipient)
    if isinstance(other, Account):
        ask.reply(numerics.RPL_AWAY, other.name, "is not here now, and will read this on coming back")
    elif other is not None and other.away:
        ask.reply_for(other, numerics.RPL_AWAY, other.nick, other.away)


def _is_hidden(ask: Ask, room: Room) -> bool:
    """Whether a room must look as though it were not there: a secret one, to a stranger who may not speak into it."""
    user = ask.user
    return not room.is_visible_to(user.uid) and not room.may_speak(user, int(ask.engine.clock.now() * 1000))


def _length(fact: MessageSent) -> int:
    text, target, source = fact.text, fact.target, fact.source
    if text.isascii() and target.isascii() and source.isascii():
        return len(text) + len(target) + len(source) + len(fact.command) + 5
    return len(f":{source} {fact.command} {target} :{text}".encode())


def _fits_in_lines(fact: MessageSent) -> bool:
    """Whether this is a long message, and each of its lines is none that is too long."""
    if not is_long(fact.text):
        return False
    room = BODY_LIMIT - len(f":{fact.source} {fact.command} {fact.target} :".encode())
    return all(len(piece.encode()) <= room for piece, _ in pieces(fact.text))


# ---- facts


def guard_message(world: World, fact: MessageSent) -> Refusal | None:
    """Is there still somebody to hear it, and may this one speak?"""
    if not fact.room:
        if world.known(fact.recipient) is None:
            return Refusal(numerics.ERR_NOSUCHNICK, fact.target, "No such nick/channel")
        return None
    room = world.rooms.get(fact.room)
    if room is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, fact.target, "No such channel")
    return _refuse_in_room(room, world.users[fact.actor], fact)


def _refuse_in_room(room: Room, user: User, fact: MessageSent) -> Refusal | None:
    """The rules of a room for what is said in it."""
    reason = ""
    if not room.may_speak(user, fact.time):
        reason = "Cannot send to channel"
    elif "C" in room.flags and is_ctcp(fact.text):
        reason = "Cannot send to channel (+C): CTCP is not wanted here"
    elif "c" in room.flags and ("\x03" in fact.text or "\x04" in fact.text):
        reason = "Cannot send to channel (+c): colours are not wanted here"
    elif room.slow and fact.text:  # typing and reactions are not what makes a room too fast
        member = room.members.get(fact.actor)
        if member is not None and not member.ranks and fact.time < member.spoke + room.slow * 1000:
            reason = f"Cannot send to channel (+{SLOW}): one message in {room.slow} seconds, please"
    return Refusal(numerics.ERR_CANNOTSENDTOCHAN, fact.target, reason) if reason else None


def apply_message(world: World, fact: MessageSent) -> Audience:
    """Everyone in the room hears it, or the one it is for; a slow room notes when he spoke."""
    if fact.room:
        room = world.rooms[fact.room]
        if room.slow and fact.text and fact.actor in room.members:
            room.members[fact.actor].spoke = fact.time
        if fact.prefix:
            return Audience(uids=ranked(room, fact.prefix, fact.actor))
        return Audience(room)
    recipient = world.present.get(fact.recipient)
    # Who is not here reads it later. That is no silence: who says it has his echo, on every device.
    return Audience(uids=(recipient.uid,) if recipient is not None else ())


def hears_message(world: World, fact: MessageSent) -> Audience | None:
    """Who is going to hear it; None where the room notes when he spoke, which all nodes have to know."""
    if fact.room and fact.text and world.rooms[fact.room].slow:
        return None
    return apply_message(world, fact)


def ranked(room: Room, prefix: str, actor: str) -> list[str]:
    """Who has at least the rank that a message is for; who says it knows it from the echo."""
    least = power_of(RANKS[PREFIXES.index(prefix)])
    return [uid for uid, member in room.members.items() if member.power >= least and uid != actor]


def render_message(fact: MessageSent, view: int, tags: str) -> str:
    """The line as everyone reads it, or the lines of a long message."""
    text = fact.text
    if "\n" in text:
        return LINE_END.join(
            render_batch(fact.source, fact.command, fact.target, text, tags, f"m{fact.seq:x}")
            if view & MULTILINE
            else render_lines(fact.source, fact.command, fact.target, text, tags)
        )
    return f"{tags}:{fact.source} {fact.command} {fact.target} :{text}"


def render_tags(fact: TagsSent, view: int, tags: str) -> str:
    """ "Servers MUST NOT deliver TAGMSG to clients that haven't negotiated the message tags capability." """
    return f"{tags}:{fact.source} TAGMSG {fact.target}" if view & MESSAGE_TAGS else ""


def record_message(world: World, fact: MessageSent) -> Record | None:
    """The row of the record. Whether the room is closed is asked now: it may have been closed in the line before."""
    room = world.rooms.get(fact.room)
    if room is not None:
        if KEEP_KEY in room.metadata and not world.keeps(room):
            fact.is_kept = False  # whoever reads it is told so by a tag (docs/ext/keep.md)
            return None
        # What is for some of a room is a conversation of its own, lest all read it in the room's history.
        fact.conversation = fact.prefix + world.conversation_of(room.key)
        if room.is_closed():
            fact.era = room.created
    return Record(
        fact.seq,
        fact.msgid,
        fact.time,
        fact.conversation,
        fact.era,
        fact.command,
        fact.source,
        world.users[fact.actor].identity,
        fact.account,
        fact.target,
        without_typing(fact.tags) if fact.tags else "",
        fact.text,
        fact.sent,
    )


def record_tags(world: World, fact: TagsSent) -> Reaction | None:
    """The row of a reaction; all else that is said by tags alone is forgotten."""
    if not fact.reaction:
        return None
    room = world.rooms.get(fact.room)
    if room is not None and not world.keeps(room):
        return None
    return Reaction(
        fact.seq,
        fact.time,
        fact.prefix + world.conversation_of(fact.conversation),
        room.created if room is not None else 0,
        fact.reacted_to,
        world.users[fact.actor].identity,
        fact.reaction,
        adding=fact.adding,
        msgid=fact.msgid,
        source=fact.source,
        account=fact.account,
    )


def _tokens(settings: Settings) -> dict[str, str]:
    targets = settings.max_targets
    return {
        "MAXTARGETS": str(targets),
        "STATUSMSG": PREFIXES,
        # JOIN and PART have their own number because clients come back to all their rooms in one command.
        "TARGMAX": f"JOIN:50,KICK:{targets},LIST:{targets},NAMES:{targets},NOTICE:{targets},PART:50,"
        f"PRIVMSG:{targets},TAGMSG:{targets},WHOIS:1",
    }


SAID: Final = FactRow(
    guard=guard_message,
    apply=apply_message,
    render=render_message,
    record=record_message,
    own_copy=OwnCopy.ECHO,
    hears=hears_message,
)

feature = Feature(
    "messages",
    commands=[
        Command(
            "PRIVMSG",
            message,
            pipelines=True,
            costly_targets=0,
            help=Help(
                "<target>{,<target>} <text>",
                "Says something to rooms or people. @#room is for those in the room who have that rank or a "
                "higher one. At most {s.max_targets} targets.",
                "Говорит что-нибудь комнатам или людям. @#комната: тем в комнате, у кого такой ранг или выше. "
                "Не больше {s.max_targets} адресатов.",
                Family.TALK,
            ),
        ),
        Command(
            "TAGMSG",
            tags_only,
            least=1,
            pipelines=True,
            costly_targets=0,
            help=Help(
                "<target>{,<target>}",
                "Sends tags without a text: that somebody is typing, or a reaction. Clients say this by "
                "themselves; it takes the capability message-tags.",
                "Отправляет теги без текста: что кто-то печатает, или реакцию. Это говорит сама программа; "
                "нужна возможность message-tags.",
                Family.TALK,
            ),
        ),
        Command(
            "NOTICE",
            message,
            pipelines=True,
            costly_targets=0,
            muted=True,
            help=Help(
                "<target>{,<target>} <text>",
                "Says something that no program answers by itself; when it cannot be said, you are not told. "
                "At most {s.max_targets} targets.",
                "Говорит что-нибудь, на что программы сами не отвечают; если сказать не удалось, вы об этом "
                "не узнаете. Не больше {s.max_targets} адресатов.",
                Family.TALK,
            ),
        ),
    ],
    facts={
        MessageSent: SAID,
        SlowMessageSent: SAID,
        TagsSent: FactRow(
            guard=guard_message,
            apply=apply_message,
            render=render_tags,
            record=record_tags,
            own_copy=OwnCopy.ECHO,
            hears=hears_message,
            passes=lambda fact: not fact.reaction,
        ),
    },
    # veche/once: core/once.py. What is not kept is said as often as it is sent.
    caps={"echo-message": "", "veche/once": lambda session, settings: "" if settings.stores else None},
    tokens=_tokens,
)
