"""WHOIS: what there is to know of one person.

Source: Modern IRC, "WHOIS message". Each feature tells what it knows of a user (`Feature.whois`); what is told here
belongs to no other. "Servers typically send some of these numerics only to the client itself and to servers
operators, as they contain privacy-sensitive information": the real address, the gateway, the certificate, the modes.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.replies import pack, shown_prefix
from veche.core.whereabouts import address_of, idle_seconds
from veche.state.user import User
from veche.wire import numerics
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold


def whois(ask: Ask) -> None:
    """WHOIS [<target>] <nick>."""
    nick = ask.params[1] if len(ask.params) > 1 else ask.params[0] if ask.params else ""
    if not nick:
        ask.reply(numerics.ERR_NONICKNAMEGIVEN, "No nickname given")
        return
    if len(ask.params) > 1:
        # "If the <target> parameter is specified, it SHOULD be a server name or the nick of a user."
        target = fold(ask.params[0])
        if target != fold(ask.settings.server) and target not in ask.world.users_by_key:
            ask.reply(numerics.ERR_NOSUCHSERVER, ask.params[0], "No such server")
            return
    if "," in nick:
        # TARGMAX=WHOIS:1
        ask.reply(numerics.ERR_TOOMANYTARGETS, nick.split(",")[1], "Too many targets")
        return
    user = ask.world.users_by_key.get(fold(nick))
    if user is None:
        ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
    else:
        _tell_about(ask, user)
    # "<nick> MUST be exactly the <nick> parameter sent by the client in its WHOIS message."
    ask.reply(numerics.RPL_ENDOFWHOIS, nick, "End of /WHOIS list")


def _tell_about(ask: Ask, user: User) -> None:
    settings = ask.settings
    nick = user.nick
    ask.reply(numerics.RPL_WHOISUSER, nick, user.username, user.host, "*", user.real_name)
    _tell_rooms(ask, user)
    ask.reply(numerics.RPL_WHOISSERVER, nick, settings.server, settings.network)
    if user.away:
        ask.reply(numerics.RPL_AWAY, nick, user.away)
    if "o" in user.modes:
        ask.reply(numerics.RPL_WHOISOPERATOR, nick, user.title or "is an IRC operator")
    if user.account:
        ask.reply(numerics.RPL_WHOISACCOUNT, nick, user.account, "is logged in as")
    sessions = ask.engine.fanout.sessions.get(user.uid, [])
    if sessions and all(session.secure for session in sessions):
        ask.reply(numerics.RPL_WHOISSECURE, nick, "is using a secure connection")
    if user is ask.user or "o" in ask.user.modes:
        _tell_in_confidence(ask, user)
    for tell in ask.engine.registry.whois:
        tell(ask, user)
    if sessions:
        signed_on = str(user.signed_on // 1000)
        idle = str(idle_seconds(ask.engine, user.uid))
        ask.reply(numerics.RPL_WHOISIDLE, nick, idle, signed_on, "seconds idle, signon time")


def _tell_rooms(ask: Ask, user: User) -> None:
    """The rooms that he is in, but for those that are not to be known of."""
    rooms = [ask.world.rooms[key] for key in user.rooms]
    words = [
        shown_prefix(ask.session.caps, room.members[user.uid]) + room.name
        for room in rooms
        if room.is_visible_to(ask.user.uid) and room.sees(ask.user.uid, room.members[user.uid])
    ]
    head = f":{ask.settings.server} 319 {ask.session.nick} {user.nick} :"
    for line in pack(words, " ", BODY_LIMIT - len(head.encode())):
        ask.reply(numerics.RPL_WHOISCHANNELS, user.nick, line)


def _tell_in_confidence(ask: Ask, user: User) -> None:
    nick = user.nick
    if address := address_of(ask.engine, user.uid):
        real = f"{user.username}@{address}"
        ask.reply(numerics.RPL_WHOISACTUALLY, nick, real, address, "Is actually using host")
    if user.modes:
        ask.reply(numerics.RPL_WHOISMODES, nick, f"is using modes +{''.join(sorted(user.modes))}")
    sessions = ask.engine.fanout.sessions.get(user.uid, ())
    for gateway in sorted({session.gateway for session in sessions} - {""}):
        # webirc: "IRC servers SHOULD show when a WebIRC connection is in use". Where the gateway itself stands is in
        # the config; the stars are in the place of that.
        text = f"is connected via the {gateway} WebIRC gateway"
        ask.reply(numerics.RPL_WHOISGATEWAY, nick, "*", "*", text)
    certificates = {session.certificate for session in sessions} - {""}
    for certificate in sorted(certificates):
        text = f"has client certificate fingerprint {certificate}"
        ask.reply(numerics.RPL_WHOISCERTFP, nick, text)


feature = Feature(
    "whois",
    commands=[
        Command(
            "WHOIS",
            whois,
            help=Help(
                "[<server>] <nick>",
                "Tells what there is to know of a person who is here.",
                "Рассказывает, что известно о человеке, который здесь.",
                Family.PEOPLE,
            ),
        )
    ],
)
