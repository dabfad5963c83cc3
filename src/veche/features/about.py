"""What the server says of itself: MOTD, LUSERS, VERSION, ADMIN, TIME, INFO, HELP, and its picture.

Sources: Modern IRC, "Server Queries and Commands"; network-icon (draft).
"""

from veche.core.ask import Ask
from veche.core.registry import Command, Feature
from veche.core.replies import plain_time
from veche.core.settings import Settings
from veche.wire import numerics
from veche.wire.names import fold


def _is_elsewhere(ask: Ask, index: int = 0) -> bool:
    """Whether the request names another server than this one, which is answered: there is only one."""
    if len(ask.params) <= index or fold(ask.params[index]) in ("", fold(ask.settings.server)):
        return False
    ask.reply(numerics.ERR_NOSUCHSERVER, ask.params[index], "No such server")
    return True


def motd(ask: Ask) -> None:
    """MOTD [<target>]."""
    if _is_elsewhere(ask):
        return
    if not ask.settings.motd:
        ask.reply(numerics.ERR_NOMOTD, "MOTD File is missing")
        return
    ask.reply(numerics.RPL_MOTDSTART, f"- {ask.settings.server} Message of the day - ")
    for line in ask.settings.motd:
        ask.reply(numerics.RPL_MOTD, f"- {line}")
    ask.reply(numerics.RPL_ENDOFMOTD, "End of /MOTD command.")


def lusers(ask: Ask) -> None:
    """LUSERS."""
    engine = ask.engine
    world = ask.world
    count = len(world.users)
    invisible = world.mode_counts.get("i", 0)
    unknown = len(engine.sessions) - engine.attached
    most = str(engine.most_users)
    ask.reply(
        numerics.RPL_LUSERCLIENT,
        f"There are {count - invisible} users and {invisible} invisible on 1 servers",
    )
    if operators := world.mode_counts.get("o", 0):
        ask.reply(numerics.RPL_LUSEROP, str(operators), "operator(s) online")
    if unknown > 0:
        ask.reply(numerics.RPL_LUSERUNKNOWN, str(unknown), "unknown connection(s)")
    if world.rooms:
        ask.reply(numerics.RPL_LUSERCHANNELS, str(len(world.rooms)), "channels formed")
    ask.reply(numerics.RPL_LUSERME, f"I have {count} clients and 0 servers")
    ask.reply(numerics.RPL_LOCALUSERS, str(count), most, f"Current local users {count}, max {most}")
    ask.reply(numerics.RPL_GLOBALUSERS, str(count), most, f"Current global users {count}, max {most}")


def version(ask: Ask) -> None:
    """VERSION [<target>]: 351 and the ISUPPORT tokens."""
    if _is_elsewhere(ask):
        return
    ask.reply(numerics.RPL_VERSION, ask.settings.version, ask.settings.server, "Veche, the town assembly")
    ask.run("ISUPPORT")


def admin(ask: Ask) -> None:
    """ADMIN [<target>]."""
    if _is_elsewhere(ask):
        return
    settings = ask.settings
    ask.reply(numerics.RPL_ADMINME, settings.server, "Administrative info")
    ask.reply(numerics.RPL_ADMINLOC1, settings.network)
    ask.reply(numerics.RPL_ADMINLOC2, settings.admin_location or "The place is not given")
    ask.reply(numerics.RPL_ADMINEMAIL, settings.admin_email or "No address is given")


def time(ask: Ask) -> None:
    """TIME [<server>]."""
    if _is_elsewhere(ask):
        return
    now = ask.engine.clock.now()
    ask.reply(numerics.RPL_TIME, ask.settings.server, str(int(now)), "0", plain_time(int(now * 1000)))


def info(ask: Ask) -> None:
    """INFO."""
    lines = (
        f"{ask.settings.version}: a chat that one command starts and that loses nothing.",
        f"Running since {plain_time(int(ask.engine.started * 1000))}.",
    )
    for line in lines:
        ask.reply(numerics.RPL_INFO, line)
    ask.reply(numerics.RPL_ENDOFINFO, "End of INFO list")


_HELP = {
    "*": (
        "Commands that people need",
        "JOIN #room        enter a room, PART #room leaves it",
        "PRIVMSG who text  say something to a room or a person",
        "NAMES #room       who is in a room; LIST shows the rooms; WHO * the people",
        "AWAY text         say that you are away; AWAY alone says that you are back",
        "QUIT text         leave",
    ),
}


def help_(ask: Ask) -> None:
    """HELP [<subject>]."""
    subject = ask.params[0] if ask.params and ask.params[0] else "*"
    lines = _HELP.get(subject)
    if lines is None:
        ask.reply(numerics.ERR_HELPNOTFOUND, subject, "No help available on this topic")
        return
    ask.reply(numerics.RPL_HELPSTART, subject, lines[0])
    for line in lines[1:-1]:
        ask.reply(numerics.RPL_HELPTXT, subject, line)
    ask.reply(numerics.RPL_ENDOFHELP, subject, lines[-1])


def _tokens(settings: Settings) -> dict[str, str]:
    # network-icon: "If a server publishes a `draft/ICON` ISUPPORT token, the value MUST be a URL to an image. The URL
    # SHOULD use the "https" scheme." No other is taken from the config.
    return {"draft/ICON": settings.icon} if settings.icon else {}


feature = Feature(
    "about",
    tokens=_tokens,
    commands=[
        Command("MOTD", motd),
        Command("LUSERS", lusers),
        Command("VERSION", version),
        Command("ADMIN", admin),
        Command("TIME", time),
        Command("INFO", info),
        Command("HELP", help_),
    ],
)
