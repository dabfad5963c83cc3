"""What a line from the server means: it changes the model and gives the events that follow.

The rule: a table from command to function; a function never fails, whatever the parameters are or lack, because
a server may be of any make, and hostile. Batches, labels and registration are not for this module.

Sources: Modern IRC, the messages and numerics; ctcp; server-time; standard-replies.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from veche.client.asks import MESSAGES
from veche.client.events import (
    AccountChanged,
    CtcpReceived,
    Event,
    Kind,
    LoggedIn,
    LoggedOut,
    MessageEdited,
    MessageReceived,
    MessageRedacted,
    ModeChanged,
    NamesListed,
    NickChanged,
    PersonInvited,
    PersonJoined,
    PersonLeft,
    PersonQuit,
    Refused,
    ServerClosed,
    Told,
    TopicSet,
)
from veche.client.marks import TABLE as MARKS
from veche.client.marks import answered, summed
from veche.client.model import Model, Room
from veche.wire import numerics as n
from veche.wire.message import Message
from veche.wire.modes import Kind as ModeKind
from veche.wire.modes import parse_modes

# Answers with an error's number that are no refusal: "there is no MOTD" answers the welcome as well as any text.
_HARMLESS = frozenset({n.ERR_NOMOTD})
# SASL and the older services count their errors from 902 on; 900, 901, 903 and 907 are good or harmless news.
_LATE_ERRORS = frozenset({n.ERR_INVALIDMODEPARAM, "902", "904", "905", "906", "908"})
# "The server lets nobody else put `+draft/edit` on a message, so it can be relied on", with this capability.
EDITING = "draft/message-edit"
EDIT_TAG = "+draft/edit"
_EDITED_TAG = "veche/edited"
# bot-mode: "This tag SHOULD be added by the server to all commands sent by a bot".
# COMPAT: InspIRCd 3 has it under a name of its own, and others had it as a draft.
_BOT = frozenset({"bot", "draft/bot", "inspircd.org/bot"})


def time_of(message: Message, otherwise: datetime) -> datetime:
    """When a message happened: "If the `time` is presented [...] a client SHOULD treat the message as having occurred
    at the given time instead of its current time." A time that is no time, or absurd, is passed over.
    """
    value = message.tags.get("time", "")
    if not value or not value.endswith("Z"):
        return otherwise
    try:
        # server-time has an example in a leap second (":60"), which datetime cannot hold.
        when = datetime.fromisoformat(value.replace(":60.", ":59.")).astimezone(UTC)
    except (ValueError, OverflowError):
        return otherwise
    # Beyond these years converting to local time may fail, on some platforms with an exception.
    return when if 1980 <= when.year <= 2200 else otherwise


def is_error(message: Message) -> bool:
    """Whether a message tells us that something was refused."""
    code = message.command
    if len(code) == 3 and code.isascii() and code.isdigit():
        return (code[0] in "45" and code not in _HARMLESS) or code in _LATE_ERRORS
    return code == "FAIL"


def is_answer(message: Message) -> bool:
    """Whether a message can only be an answer to us: numerics and standard replies are never relayed."""
    code = message.command
    return (len(code) == 3 and code.isascii() and code.isdigit()) or code in {"FAIL", "WARN", "NOTE"}


def hear(model: Model, message: Message, now: datetime) -> list[Event]:
    """Take one message from the server, neither batched away nor part of registration."""
    time = time_of(message, now)
    handler = _TABLE.get(message.command)
    if handler is not None:
        return handler(model, message, time)
    if is_error(message):
        return [refusal(message, time)]
    if is_answer(message):
        return [Told(time=time, code=message.command, params=tuple(message.params[1:]))]
    return []  # a command that we have not asked for by any capability


def refusal(message: Message, time: datetime) -> Refused:
    """An error line as an event. Its text is the last parameter, its context what stands before."""
    words = message.params
    text = words[-1] if words else ""
    if message.command == "FAIL":  # FAIL <command> <code> [<context>...] <description>
        command = _word(message, 0)
        context = tuple(words[2:-1])
        return Refused(
            time=time,
            command="" if command == "*" else command.upper(),
            code=_word(message, 1).upper(),
            context=context,
            text=text,
        )
    # "The first parameter after the client identifier" is the command in 461 and 421 alone.
    command = _word(message, 1).upper() if message.command in {"421", "461"} else ""
    return Refused(time=time, command=command, code=message.command, context=tuple(words[1:-1]), text=text)


def said(model: Model, message: Message, time: datetime, *, is_replay: bool = False) -> Event | None:
    """A PRIVMSG or NOTICE as an event; None for one without a target or text."""
    if len(message.params) < 2:
        return None
    target, text = message.params[0], message.params[-1]
    sender = message.nick
    kind: Kind = "notice" if message.command == "NOTICE" else "message"
    if text[:1] == "\x01":
        # "parsers SHOULD accept incoming messages which lack" the final delimiter.
        command, _, argument = text.strip("\x01").partition(" ")
        if command.upper() != "ACTION" or kind == "notice":
            return CtcpReceived(
                time=time, sender=sender, target=target, command=command.upper(), argument=argument
            )
        text, kind = argument, "action"
    conversation, is_private, is_mine = model.place(sender, target)
    edited = message.tags.get(EDIT_TAG, "") if EDITING in model.capabilities else ""
    if edited:
        return MessageEdited(
            time=time,
            msgid=edited,
            sender=sender,
            target=target,
            conversation=conversation,
            text=text,
            kind=kind,
            is_private=is_private,
            is_mine=is_mine,
        )
    return MessageReceived(
        time=time,
        sender=sender,
        target=target,
        conversation=conversation,
        text=text,
        kind=kind,
        msgid=message.tags.get("msgid", ""),
        is_private=is_private,
        is_mine=is_mine,
        is_replay=is_replay,
        account=message.tags.get("account", ""),
        is_bot=not _BOT.isdisjoint(message.tags),
        is_edited=_EDITED_TAG in message.tags,
        reply_to=answered(message.tags),
        reactions=summed(message.tags),
    )


def past(model: Model, message: Message, time: datetime) -> list[Event]:
    """A line of the history: what was said then, or what became then of what had been said; it changes no model."""
    if message.command == "REDACT":
        return _redact(model, message, time)
    if message.command not in MESSAGES:
        return []  # who came and went then
    event = said(model, message, time, is_replay=True)
    return [] if event is None else [event]


def _word(message: Message, index: int) -> str:
    return message.params[index] if index < len(message.params) else ""


def _message(model: Model, message: Message, time: datetime) -> list[Event]:
    event = said(model, message, time)
    return [] if event is None else [event]


def _redact(model: Model, message: Message, time: datetime) -> list[Event]:
    # message-redaction: REDACT <target> <msgid> [<reason>]
    target, msgid = _word(message, 0), _word(message, 1)
    if not msgid:
        return []
    conversation, is_private, is_mine = model.place(message.nick, target)
    return [
        MessageRedacted(
            time=time,
            msgid=msgid,
            by=message.nick,
            conversation=conversation,
            reason=_word(message, 2),
            is_private=is_private,
            is_mine=is_mine,
        )
    ]


def _join(model: Model, message: Message, time: datetime) -> list[Event]:
    events: list[Event] = []
    nick = message.nick
    is_me = model.is_me(nick)
    # "JOIN #a,#b" from a server is as good as two; extended-join's further parameters are not for us.
    for name in filter(None, _word(message, 0).split(",")):
        if is_me:
            model.source = message.source
            model.rooms[model.fold(name)] = Room(name)
        room = model.room(name)
        if room is not None and nick:
            room.add(model.fold(nick), model.parse_member(nick))
            events.append(PersonJoined(time=time, room=room.name, nick=nick, is_me=is_me))
    return events


def _leave(model: Model, time: datetime, name: str, nick: str, reason: str, by: str) -> list[Event]:
    room = model.room(name)
    if room is None or model.fold(nick) not in room.members:
        return []
    room.remove(model.fold(nick))
    is_me = model.is_me(nick)
    if is_me:
        del model.rooms[model.fold(name)]
    return [PersonLeft(time=time, room=room.name, nick=nick, reason=reason, by=by, is_me=is_me)]


def _part(model: Model, message: Message, time: datetime) -> list[Event]:
    events: list[Event] = []
    for name in _word(message, 0).split(","):
        events += _leave(model, time, name, message.nick, _word(message, 1), "")
    return events


def _kick(model: Model, message: Message, time: datetime) -> list[Event]:
    return _leave(model, time, _word(message, 0), _word(message, 1), _word(message, 2), message.nick)


def _quit(model: Model, message: Message, time: datetime) -> list[Event]:
    nick = message.nick
    rooms = model.rooms_of(nick)
    model.away.pop(model.fold(nick), None)
    for name in rooms:
        if (room := model.room(name)) is not None and not model.is_me(nick):
            room.remove(model.fold(nick))
    return [PersonQuit(time=time, nick=nick, reason=_word(message, 0), rooms=rooms)] if rooms else []


def _nick(model: Model, message: Message, time: datetime) -> list[Event]:
    old, new = message.nick, _word(message, 0)
    if not new:
        return []
    is_me = model.is_me(old)
    rooms = model.rooms_of(old)
    for name in rooms:
        if (room := model.room(name)) is not None:
            room.rename(model.fold(old), model.fold(new), new)
    if (text := model.away.pop(model.fold(old), None)) is not None:
        model.away[model.fold(new)] = text
    if is_me:
        model.nick = new
        model.source = new + model.source[len(old) :] if model.source else ""
    return [NickChanged(time=time, old=old, new=new, rooms=rooms, is_me=is_me)] if rooms or is_me else []


def _account(model: Model, message: Message, time: datetime) -> list[Event]:
    # account-notify: ":nick!user@host ACCOUNT accountname", "*" for none
    account = _word(message, 0)
    if not account or not message.nick:
        return []
    account = "" if account == "*" else account
    is_me = model.is_me(message.nick)
    if is_me:
        model.account = account
    return [AccountChanged(time=time, nick=message.nick, account=account, is_me=is_me)]


def _logged_in(model: Model, message: Message, time: datetime) -> list[Event]:
    # 900 <client> <nick>!<user>@<host> <account> :You are now logged in as <user>
    model.account = _word(message, 2)
    return [LoggedIn(time=time, account=model.account)] if model.account else []


def _logged_out(model: Model, _message: Message, time: datetime) -> list[Event]:
    model.account = ""
    return [LoggedOut(time=time)]


def _topic(model: Model, message: Message, time: datetime) -> list[Event]:
    return _set_topic(model, time, _word(message, 0), _word(message, 1), message.nick)


def _topic_told(model: Model, message: Message, time: datetime) -> list[Event]:
    topic = _word(message, 2) if message.command == n.RPL_TOPIC else ""
    return _set_topic(model, time, _word(message, 1), topic, "")


def _set_topic(model: Model, time: datetime, name: str, topic: str, by: str) -> list[Event]:
    room = model.room(name)
    if room is not None:
        room.topic = topic
    return [TopicSet(time=time, room=name, topic=topic, by=by)]


def _names(model: Model, message: Message, _time: datetime) -> list[Event]:
    # 353 <client> <symbol> <channel> :[prefix]<nick>{ [prefix]<nick>}
    room = model.room(_word(message, 2))
    if room is not None:
        for word in filter(None, _word(message, 3).split(" ")):
            member = model.parse_member(word)
            room.arriving[model.fold(member.nick)] = member
    return []


def _names_end(model: Model, message: Message, time: datetime) -> list[Event]:
    room = model.room(_word(message, 1))
    if room is None:
        return []
    room.take_arrived()
    return [NamesListed(time=time, room=room.name, nicks=tuple(room.nicks()))]


def _mode(model: Model, message: Message, time: datetime) -> list[Event]:
    target, words = _word(message, 0), message.params[1:]
    if not words:
        return []
    room = model.room(target)
    if room is not None:
        for change in parse_modes(model.mode_kinds, words)[0]:
            if model.mode_kinds[change.letter] is not ModeKind.RANK or change.param is None:
                continue
            member = room.members.get(model.fold(change.param))
            if member is not None:
                model.change_rank(member, change.letter, gained=change.adding)
    return [ModeChanged(time=time, target=target, by=message.nick, words=tuple(words))]


def _invite(_model: Model, message: Message, time: datetime) -> list[Event]:
    return [PersonInvited(time=time, room=_word(message, 1), nick=_word(message, 0), by=message.nick)]


def _tokens(model: Model, message: Message, _time: datetime) -> list[Event]:
    model.learn_tokens(message.params[1:-1])
    return []


def _error(_model: Model, message: Message, time: datetime) -> list[Event]:
    return [ServerClosed(time=time, reason=_word(message, 0))]


_TABLE: dict[str, Callable[[Model, Message, datetime], list[Event]]] = {
    **MARKS,
    "PRIVMSG": _message,
    "NOTICE": _message,
    "REDACT": _redact,
    "JOIN": _join,
    "PART": _part,
    "KICK": _kick,
    "QUIT": _quit,
    "NICK": _nick,
    "TOPIC": _topic,
    "MODE": _mode,
    "INVITE": _invite,
    "ERROR": _error,
    "ACCOUNT": _account,
    "900": _logged_in,
    "901": _logged_out,
    n.RPL_TOPIC: _topic_told,
    n.RPL_NOTOPIC: _topic_told,
    n.RPL_NAMREPLY: _names,
    n.RPL_ENDOFNAMES: _names_end,
    n.RPL_ISUPPORT: _tokens,
}
