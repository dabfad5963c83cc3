"""WHO, WHOIS, ISON, USERHOST: asking about people.

Source: Modern IRC, "User-Based Queries" and "Optional Messages".
"""

from veche.core.ask import Ask
from veche.core.registry import Command, Feature
from veche.core.replies import shown_prefix
from veche.state.room import Member
from veche.state.user import User
from veche.wire import numerics
from veche.wire.names import fold, is_room, matches

# How many users a mask may find in one answer; whoever wants more asks with a narrower mask.
WHO_LIMIT = 500
# How many nicks ISON and USERHOST look at (the latter "up to five" by RFC 2812, section 4.8).
ISON_LIMIT = 100
USERHOST_LIMIT = 5
# Bytes of room names in one 319 line.
_CHANNELS_ROOM = 350


def who(ask: Ask) -> None:
    """WHO <mask>: a room, a nick, or a mask over nick, user name, host and real name."""
    mask = ask.params[0] if ask.params else "*"
    if is_room(mask):
        _who_room(ask, mask)
    else:
        _who_mask(ask, mask)
    ask.reply(numerics.RPL_ENDOFWHO, mask, "End of WHO list")


def _who_room(ask: Ask, name: str) -> None:
    room = ask.world.rooms.get(fold(name))
    if room is None or not room.is_visible_to(ask.user.uid):
        return
    is_member = ask.user.uid in room.members
    for member in room.members.values():
        if is_member or "i" not in member.user.modes:
            _who_reply(ask, room.name, member.user, member)


def _who_mask(ask: Ask, mask: str) -> None:
    folded = fold(mask)
    exact = ask.world.users_by_key.get(folded)
    if exact is not None:
        _who_reply(ask, "*", exact, None)
        return
    if "*" not in folded and "?" not in folded and folded != "0":
        return
    if folded == "0":
        folded = "*"
    peers = ask.world.peers(ask.user)
    found = 0
    for user in ask.world.users.values():
        # "Visible users are users who either aren't invisible [...] or have a common channel with the requesting
        # client."
        if "i" in user.modes and user.uid not in peers and user is not ask.user:
            continue
        if any(matches(folded, fold(text)) for text in (user.nick, user.username, user.host, user.real_name)):
            found += 1
            if found > WHO_LIMIT:
                break
            _who_reply(ask, "*", user, None)


def _who_reply(ask: Ask, room: str, user: User, member: Member | None) -> None:
    flags = ("G" if user.away else "H") + (
        shown_prefix(ask.session.caps, member) if member is not None else ""
    )
    server = ask.settings.server
    ask.reply(
        numerics.RPL_WHOREPLY, room, user.username, user.host, server, user.nick, flags, f"0 {user.real_name}"
    )


def whois(ask: Ask) -> None:
    """WHOIS [<target>] <nick>."""
    if not ask.params or not ask.params[0]:
        ask.reply(numerics.ERR_NONICKNAMEGIVEN, "No nickname given")
        return
    settings = ask.settings
    if len(ask.params) > 1:
        # "If the <target> parameter is specified, it SHOULD be a server name or the nick of a user."
        target = fold(ask.params[0])
        if target != fold(settings.server) and target not in ask.world.users_by_key:
            ask.reply(numerics.ERR_NOSUCHSERVER, ask.params[0], "No such server")
            return
    nick = ask.params[1] if len(ask.params) > 1 else ask.params[0]
    if "," in nick:
        ask.reply(numerics.ERR_TOOMANYTARGETS, nick.split(",")[1], "Too many targets")
        return
    user = ask.world.users_by_key.get(fold(nick))
    if user is None:
        ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
    else:
        nick = user.nick
        _tell_about(ask, user)
    # "The server SHOULD end its response [...] with RPL_ENDOFWHOIS, even if it did not send any other numeric message."
    ask.reply(numerics.RPL_ENDOFWHOIS, nick, "End of /WHOIS list")


def _tell_about(ask: Ask, user: User) -> None:
    settings = ask.settings
    nick = user.nick
    ask.reply(numerics.RPL_WHOISUSER, nick, user.username, user.host, "*", user.real_name)
    rooms = [ask.world.rooms[key] for key in user.rooms]
    line = ""
    for room in rooms:
        if not room.is_visible_to(ask.user.uid):
            continue
        word = shown_prefix(ask.session.caps, room.members[user.uid]) + room.name
        if line and len(line.encode()) + len(word.encode()) >= _CHANNELS_ROOM:
            ask.reply(numerics.RPL_WHOISCHANNELS, nick, line)
            line = ""
        line += (" " if line else "") + word
    if line:
        ask.reply(numerics.RPL_WHOISCHANNELS, nick, line)
    ask.reply(numerics.RPL_WHOISSERVER, nick, settings.server, settings.network)
    if user.away:
        ask.reply(numerics.RPL_AWAY, nick, user.away)
    sessions = ask.engine.fanout.sessions.get(user.uid, ())
    if sessions:
        now = ask.engine.clock.monotonic()
        idle = int(min(now - session.spoke for session in sessions))
        signed_on = str(user.signed_on // 1000)
        ask.reply(numerics.RPL_WHOISIDLE, nick, str(idle), signed_on, "seconds idle, signon time")


def ison(ask: Ask) -> None:
    """ISON <nickname>{ <nickname>}: those of them that are here, in their own spelling."""
    words = [word for param in ask.params for word in param.split(" ") if word][:ISON_LIMIT]
    users = [ask.world.users_by_key.get(fold(word)) for word in words]
    ask.send(_listing(ask, numerics.RPL_ISON, [user.nick for user in users if user is not None]))


def userhost(ask: Ask) -> None:
    """USERHOST <nickname>{ <nickname>}: `nick[*]=(+|-)user@host`, '-' for who is away."""
    words = [word for param in ask.params for word in param.split(" ") if word][:USERHOST_LIMIT]
    users = [ask.world.users_by_key.get(fold(word)) for word in words]
    found = [
        f"{user.nick}={'-' if user.away else '+'}{user.username}@{user.host}"
        for user in users
        if user is not None
    ]
    ask.send(_listing(ask, numerics.RPL_USERHOST, found))


def _listing(ask: Ask, numeric: str, words: list[str]) -> str:
    """One numeric whose trailing parameter is the words that fit; it has no way to go on in another line."""
    text = ""
    for word in words:
        if len(text.encode()) + len(word.encode()) > _CHANNELS_ROOM:
            break
        text += (" " if text else "") + word
    return f":{ask.settings.server} {numeric} {ask.session.nick} :{text}"


feature = Feature(
    "who",
    commands=[
        Command("WHO", who),
        Command("WHOIS", whois),
        Command("ISON", ison, least=1),
        Command("USERHOST", userhost, least=1),
    ],
)
