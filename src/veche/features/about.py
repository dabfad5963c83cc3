"""What the server says of itself: MOTD, LUSERS, VERSION, ADMIN, TIME, INFO, and its picture.

Sources: Modern IRC, "Server Queries and Commands"; network-icon (draft).
"""

from functools import lru_cache

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.longtext import LINE_END
from veche.core.registry import Command, Feature
from veche.core.replies import Answers, plain_time
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
    ask.reply_as_to_all(_motd(ask.settings.server, tuple(ask.settings.motd)))


@lru_cache(maxsize=4)
def _motd(server: str, lines: tuple[str, ...]) -> Answers:
    return (
        (numerics.RPL_MOTDSTART, f":- {server} Message of the day - "),
        *[(numerics.RPL_MOTD, f":- {line}") for line in lines],
        (numerics.RPL_ENDOFMOTD, ":End of /MOTD command."),
    )


def lusers(ask: Ask) -> None:
    """LUSERS."""
    engine = ask.engine
    world = ask.world
    count = str(len(world.users))
    invisible = world.mode_counts.get("i", 0)
    unknown = len(engine.sessions) - engine.attached
    operators = world.mode_counts.get("o", 0)
    head = f":{ask.settings.server} "
    nick = ask.session.nick
    # In one piece: every newcomer is told it, and each time it says something else.
    visible = len(world.users) - invisible
    lines = [
        f"{head}{numerics.RPL_LUSERCLIENT} {nick} :There are {visible} users and {invisible} invisible on 1 servers"
    ]
    if operators:
        lines.append(f"{head}{numerics.RPL_LUSEROP} {nick} {operators} :operator(s) online")
    if unknown > 0:
        lines.append(f"{head}{numerics.RPL_LUSERUNKNOWN} {nick} {unknown} :unknown connection(s)")
    if world.rooms:
        lines.append(f"{head}{numerics.RPL_LUSERCHANNELS} {nick} {len(world.rooms)} :channels formed")
    both = f"{count}, max {engine.most_users}"
    numbers = f"{nick} {count} {engine.most_users}"
    lines += (
        f"{head}{numerics.RPL_LUSERME} {nick} :I have {count} clients and 0 servers",
        f"{head}{numerics.RPL_LOCALUSERS} {numbers} :Current local users {both}",
        f"{head}{numerics.RPL_GLOBALUSERS} {numbers} :Current global users {both}",
    )
    ask.send(LINE_END.join(lines))


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


def _tokens(settings: Settings) -> dict[str, str]:
    # network-icon: "If a server publishes a `draft/ICON` ISUPPORT token, the value MUST be a URL to an image. The URL
    # SHOULD use the "https" scheme." No other is taken from the config.
    return {"draft/ICON": settings.icon} if settings.icon else {}


feature = Feature(
    "about",
    tokens=_tokens,
    commands=[
        Command(
            "MOTD",
            motd,
            help=Help(
                "[<server>]",
                "Shows what this server has to say to those who come.",
                "Показывает, что сервер говорит приходящим.",
                Family.SERVER,
            ),
        ),
        Command(
            "LUSERS",
            lusers,
            help=Help(
                "",
                "Counts people and rooms.",
                "Считает людей и комнаты.",
                Family.SERVER,
            ),
        ),
        Command(
            "VERSION",
            version,
            help=Help(
                "[<server>]",
                "Tells what program this is and what it supports (ISUPPORT).",
                "Говорит, что это за программа и что она поддерживает (ISUPPORT).",
                Family.SERVER,
            ),
        ),
        Command(
            "ADMIN",
            admin,
            help=Help(
                "[<server>]",
                "Tells whose server this is and how to reach them.",
                "Говорит, чей это сервер и как с ними связаться.",
                Family.SERVER,
            ),
        ),
        Command(
            "TIME",
            time,
            help=Help(
                "[<server>]",
                "Tells what time it is here.",
                "Говорит, сколько здесь времени.",
                Family.SERVER,
            ),
        ),
        Command(
            "INFO",
            info,
            help=Help(
                "",
                "Tells what program this is and since when it has been running.",
                "Говорит, что это за программа и с каких пор она работает.",
                Family.SERVER,
            ),
        ),
    ],
)
