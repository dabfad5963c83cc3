"""What the engine sends a visitor, as he reads it: the old protocol's words where it had some, else sentences.

The rule: what a program would need and a person would not (counts, tokens, markers) is left out without a word; what
went wrong with something that he did never is.

Sources: Modern IRC (numerics and messages); server-time; message-ids; standard-replies.
"""

from collections.abc import Callable

from veche.net.classic import phrases
from veche.net.classic.recalling import take
from veche.net.classic.text import plain
from veche.net.classic.visit import LIST_LIMIT, Visit
from veche.wire import numerics
from veche.wire.message import Message, parse
from veche.wire.names import fold, is_room

# The token of the PING that stands behind the registration: its PONG comes when everything of the arrival has come,
# what was said before included, because a session's line waits for what its former lines have set going.
ARRIVED = "classic-arrived"
_ACTION = "\x01ACTION "
# Nobody bears these names: it is the server that speaks by them.
_SERVICES = ("nickserv", "chanserv")
# Of what the engine says of a name that is kept for its owner.
_RESERVED = "belongs to somebody's account"


def hear(visit: Visit, line: str) -> None:
    """Take one line that the engine has sent."""
    message = parse(line)
    if message is None or take(visit, message):
        return
    least, handler = _TABLE.get(message.command, (0, None))
    if handler is not None:
        if len(message.params) >= least:
            handler(visit, message)
    elif message.command.isdigit() and message.command[:1] in ("4", "5"):
        _refused(visit, message)


def propose(visit: Visit) -> None:
    """Ask the engine for the next name that may do."""
    if visit.proposals is None:
        raise AssertionError("names are proposed only for who has been asked for one")
    visit.nick = next(visit.proposals)
    # The PING again: the one before was answered when there was no user yet.
    visit.to_engine += [f"NICK {visit.nick}", f"PING {ARRIVED}"]


# ---- arriving


def _welcomed(visit: Visit, message: Message) -> None:
    visit.registered = True
    visit.nick = message.params[0]
    source = message.params[-1].rpartition(" ")[2]
    visit.source = source if source.startswith(visit.nick + "!") else ""


def _motd(visit: Visit, message: Message) -> None:
    visit.motd.append(plain(message.params[-1].removeprefix("- ")))


def _entered(visit: Visit, message: Message) -> None:
    """The visitor himself is in the lobby now: at his arrival, or again."""
    if visit.arrived:
        # What was said last is told again with every entry, and it must not be taken for new.
        visit.arrived = False
        visit.to_engine.append(f"PING {ARRIVED}")
    visit.entered = True
    visit.source = message.source
    visit.time = message.tags.get("time", "")
    visit.members.clear()
    visit.tell(phrases.JOINED.format(nick=plain(visit.nick)))
    _greet(visit)


def _greet(visit: Visit) -> None:
    """`Connected to the Server!`, once, and what there is to know about the name and the place."""
    if visit.greeted:
        return
    visit.greeted = True
    visit.tell(phrases.CONNECTED)
    fault = visit.fault or ("" if visit.nick == visit.wanted else "reserved" if visit.reserved else "taken")
    if fault:
        visit.explain(fault, wanted=visit.wanted[:40], nick=visit.nick, **visit.name_limits())


def _pong(visit: Visit, message: Message) -> None:
    """Everything of the arrival has come: tell what was said before, then whom there is to talk to."""
    if message.params[-1] != ARRIVED or not visit.registered or visit.arrived:
        return
    visit.arrived = True
    _greet(visit)
    for _, line in sorted(visit.backlog.values(), key=_time_of):
        visit.tell(line)
    visit.backlog.clear()
    if not visit.lobby:
        visit.explain("no_room")
        visit.asked.append("arrival")
        visit.to_engine.append("WHO *")
    elif visit.entered:
        _introduce(visit)


def _time_of(entry: tuple[str, str]) -> str:
    return entry[0]


def _introduce(visit: Visit) -> None:
    visit.show_people(LIST_LIMIT)
    visit.explain("how_to_choose")
    if visit.uses_lines and visit.numbered:
        visit.explain("number_chooses")


# ---- talk


def _said(visit: Visit, message: Message) -> None:
    """PRIVMSG and NOTICE."""
    target, text = message.params[0], message.params[1]
    nick = plain(message.nick)
    is_action = text.startswith(_ACTION)
    if text.startswith("\x01") and not is_action:
        return  # a question from a program to a program
    text = plain(text[len(_ACTION) :] if is_action else text)
    if not text.strip():
        return
    line = f"* {nick} {text}" if is_action else f"{nick}: {text}"
    if "!" not in message.source or fold(message.nick) in _SERVICES:
        visit.explain("server_says", text=text)
    elif visit.is_lobby(target):
        _said_in_lobby(visit, message, line)
    elif is_room(target):
        visit.tell(f"[{plain(target)}] {line}")
    elif not visit.is_me(target):
        # The echo of his own whisper. The old protocol has none, and its client's user would take it for an answer.
        if visit.uses_lines:
            visit.explain("you_whispered", name=target, text=f"* {nick} {text}" if is_action else text)
    else:
        _whispered(visit, message, nick, f"* {nick} {text}" if is_action else text)


def _said_in_lobby(visit: Visit, message: Message, line: str) -> None:
    if visit.arrived:
        visit.tell(line)
        return
    # New talk that comes before the old is told waits for it; what comes in both ways is told once.
    time = message.tags.get("time", "")
    stamp = visit.clock(time) if time < visit.time else ""
    visit.backlog.setdefault(message.tags.get("msgid") or line, (time, stamp + line))


def _whispered(visit: Visit, message: Message, nick: str, text: str) -> None:
    msgid = message.tags.get("msgid", "")
    if visit.is_me(message.nick):
        # To himself: it comes as an echo and as a message.
        if msgid and msgid == visit.own_whisper:
            return
        visit.own_whisper = msgid
    visit.tell(phrases.WHISPERS.format(nick=nick, text=text))


# ---- coming and going


def _joined(visit: Visit, message: Message) -> None:
    if not visit.is_lobby(message.params[0]):
        return
    nick = message.nick
    if visit.is_me(nick):
        _entered(visit, message)
        return
    visit.members[fold(nick)] = nick
    visit.tell(phrases.JOINED.format(nick=plain(nick)))


def _left(visit: Visit, nick: str) -> None:
    visit.members.pop(fold(nick), None)
    visit.tell(phrases.LEFT.format(nick=plain(nick)))
    if visit.is_me(nick):
        visit.entered = False
        visit.members.clear()
    elif visit.partner and fold(visit.partner) == fold(nick):
        visit.partner_gone = True


def _parted(visit: Visit, message: Message) -> None:
    if visit.is_lobby(message.params[0]):
        _left(visit, message.nick)


def _kicked(visit: Visit, message: Message) -> None:
    room, name = message.params[:2]
    if not visit.is_lobby(room):
        return
    reason = message.params[2] if len(message.params) > 2 else "-"
    _left(visit, name)
    key = "you_kicked" if visit.is_me(name) else "kicked"
    visit.explain(key, name=name, nick=message.nick, text=reason)


def _quitted(visit: Visit, message: Message) -> None:
    if fold(message.nick) in visit.members:
        _left(visit, message.nick)


def _renamed(visit: Visit, message: Message) -> None:
    old, new = message.nick, message.params[0]
    visit.rename_member(old, new)
    if visit.is_me(old):
        visit.nick = new
        visit.source = new + visit.source[len(old) :] if visit.source else ""
        visit.explain("you_renamed", nick=new)
    else:
        visit.explain("renamed", old=old, nick=new)


def _names(visit: Visit, message: Message) -> None:
    room, names = message.params[2], message.params[3]
    if visit.is_lobby(room):
        for word in names.split(" "):
            nick = word.lstrip("~&@%+")
            if nick:
                visit.members[fold(nick)] = nick


def _found(visit: Visit, message: Message) -> None:
    nick = message.params[5]
    visit.found[fold(nick)] = nick


def _found_all(visit: Visit, _message: Message) -> None:
    """The end of WHO: where there is no lobby, this is how the people are known."""
    if not visit.asked:
        return
    visit.members, visit.found = visit.found, {}
    purpose = visit.asked.popleft()
    if purpose == "list":
        visit.show_list()
    elif purpose == "arrival":
        _introduce(visit)
    else:
        visit.show_people(len(visit.members))


# ---- the room


def _topic(visit: Visit, message: Message) -> None:
    room, text = message.params[-2], message.params[-1]
    if not visit.is_lobby(room):
        return
    if message.command == numerics.RPL_TOPIC:
        visit.explain("topic", text=text)
    elif text:
        visit.explain("topic_set", nick=message.nick, text=text)
    else:
        visit.explain("topic_gone", nick=message.nick)


def _mode(visit: Visit, message: Message) -> None:
    if visit.is_lobby(message.params[0]):
        visit.explain("modes", nick=message.nick, text=" ".join(message.params[1:]))


# ---- answers


def _answer(key: str) -> Callable[[Visit, Message], None]:
    """A sentence that needs at most a name (the second parameter) and a text (the last)."""

    def explain(visit: Visit, message: Message) -> None:
        visit.explain(key, name=message.params[1], text=message.params[-1])

    return explain


def _person(visit: Visit, message: Message) -> None:
    _, nick, user, host, *_, real_name = message.params
    visit.explain("person", name=nick, host=f"{user}@{host}", text=real_name)


def _ping(visit: Visit, message: Message) -> None:
    visit.to_engine.append(f"PONG :{plain(message.params[-1])}")


def _failed(visit: Visit, message: Message) -> None:
    """FAIL: the store's two answers have one code, and only their words tell them apart."""
    text = message.params[-1]
    if message.params[1:2] == ["ACCOUNT_REQUIRED"]:
        visit.is_turned_away = True
        visit.explain("account_required")
    elif "nobody has seen" in text:
        visit.explain("not_stored")
    elif "may be kept or lost" in text:
        visit.explain("perhaps_stored")
    else:
        visit.explain("server_says", text=text)


def _no_such_nick(visit: Visit, message: Message) -> None:
    name = message.params[1]
    if visit.partner and fold(visit.partner) == fold(name):
        visit.partner_gone = True
    visit.explain("nobody", name=name)


def _bad_nick(visit: Visit, message: Message) -> None:
    name = message.params[1]
    is_reserved = _RESERVED in message.params[-1]
    # Variants of the name that he has asked for may be reserved too; he has not asked for those.
    if is_reserved and (visit.registered or fold(name) == fold(visit.wanted)):
        visit.reserved = name
    if not visit.registered:
        if visit.proposals is not None:
            propose(visit)
        return
    key = "taken_now" if message.command == numerics.ERR_NICKNAMEINUSE else "unusable_now"
    visit.explain("reserved_now" if is_reserved else key, name=name, nick=visit.nick, **visit.name_limits())


def _logged_in(visit: Visit, message: Message) -> None:
    """He bears the name of his account from now on, unless he is somebody who is here already, by whatever name."""
    account = message.params[2]
    if visit.nick == visit.logging_in and fold(account) != fold(visit.nick):
        visit.to_engine.append(f"NICKSERV REGAIN {account}")
    visit.logging_in = visit.reserved = ""


def _refused(visit: Visit, message: Message) -> None:
    """Any other refusal: in the server's words, which are better than silence."""
    if message.command != numerics.ERR_NOTREGISTERED and message.params:
        visit.explain("server_says", text=message.params[-1])


def _ended(visit: Visit, message: Message) -> None:
    reason = message.params[-1]
    if visit.ending or visit.is_turned_away or reason == "Password incorrect":
        return  # he has been told
    if reason == "Connection closed" or reason.startswith("Closing Link: "):
        visit.explain("bye")
    elif reason in _ENDINGS:
        visit.explain(reason)
    else:
        visit.explain("goodbye", text=reason)


def _nothing(_visit: Visit, _message: Message) -> None:
    """What stands in the table to be passed over."""


_ENDINGS = frozenset(key for key in phrases.TABLE if key[:1].isupper())

# Command: the fewest parameters that make sense of it, and what is done with it.
_TABLE: dict[str, tuple[int, Callable[[Visit, Message], None] | None]] = {
    "PING": (1, _ping),
    "PONG": (1, _pong),
    "ERROR": (1, _ended),
    "FAIL": (1, _failed),
    "PRIVMSG": (2, _said),
    "NOTICE": (2, _said),
    "JOIN": (1, _joined),
    "PART": (1, _parted),
    "KICK": (2, _kicked),
    "QUIT": (0, _quitted),
    "NICK": (1, _renamed),
    "TOPIC": (2, _topic),
    "MODE": (2, _mode),
    numerics.RPL_WELCOME: (2, _welcomed),
    numerics.RPL_LOGGEDIN: (4, _logged_in),
    numerics.RPL_MOTD: (2, _motd),
    numerics.ERR_NOMOTD: (0, _nothing),
    numerics.RPL_AWAY: (3, _answer("is_away")),
    numerics.RPL_UNAWAY: (2, _answer("back")),
    numerics.RPL_NOWAWAY: (2, _answer("away")),
    numerics.RPL_WHOISUSER: (6, _person),
    numerics.RPL_NOTOPIC: (2, _answer("no_topic")),
    numerics.RPL_TOPIC: (3, _topic),
    numerics.RPL_NAMREPLY: (4, _names),
    numerics.RPL_WHOREPLY: (8, _found),
    numerics.RPL_ENDOFWHO: (0, _found_all),
    numerics.ERR_NOSUCHNICK: (2, _no_such_nick),
    numerics.ERR_CANNOTSENDTOCHAN: (2, _answer("no_speech")),
    numerics.ERR_NOTONCHANNEL: (2, _answer("not_in_room")),
    numerics.ERR_CHANOPRIVSNEEDED: (2, _answer("no_right")),
    numerics.ERR_ERRONEUSNICKNAME: (2, _bad_nick),
    numerics.ERR_NICKNAMEINUSE: (2, _bad_nick),
    numerics.ERR_PASSWDMISMATCH: (2, _answer("password")),
    numerics.ERR_TOOMANYCHANNELS: (2, _answer("no_entry")),
    numerics.ERR_CHANNELISFULL: (2, _answer("no_entry")),
    numerics.ERR_INVITEONLYCHAN: (2, _answer("no_entry")),
    numerics.ERR_BANNEDFROMCHAN: (2, _answer("no_entry")),
    numerics.ERR_BADCHANNELKEY: (2, _answer("no_entry")),
}
