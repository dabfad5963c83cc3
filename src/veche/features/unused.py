"""What the base protocol lists and nobody needs here: LINKS, TRACE, USERS, SUMMON, and CONNECT and SQUIT for operators.

There is one server, so there is nothing to link or to trace; who asks gets the numeric that says so.

Sources: Modern IRC, "LINKS message", "CONNECT message", "SQUIT message"; RFC 2812, sections 3.4.8, 4.5 and 4.6.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.wire import numerics


def links(ask: Ask) -> None:
    """LINKS: this server is linked to itself alone."""
    settings = ask.settings
    ask.reply(numerics.RPL_LINKS, settings.server, settings.server, f"0 {settings.network}")
    ask.reply(numerics.RPL_ENDOFLINKS, "*", "End of /LINKS list")


def users(ask: Ask) -> None:
    """USERS: who is logged in to the machine is nobody's business; WHO tells who is here."""
    ask.reply(numerics.ERR_USERSDISABLED, "USERS has been disabled")


def summon(ask: Ask) -> None:
    """SUMMON: nobody is called to a terminal any more; INVITE calls people into a room."""
    ask.reply(numerics.ERR_SUMMONDISABLED, "SUMMON has been disabled")


def elsewhere(ask: Ask) -> None:
    """CONNECT and SQUIT: there is no other server."""
    ask.reply(numerics.ERR_NOSUCHSERVER, ask.params[0], "No such server")


def trace(ask: Ask) -> None:
    """TRACE: the way ends where it begins."""
    ask.reply(numerics.RPL_TRACEEND, ask.settings.server, ask.settings.version, "End of TRACE")


feature = Feature(
    "unused",
    commands=[
        Command(
            "LINKS",
            links,
            help=Help(
                "",
                "Names this server, which is linked to no other.",
                "Называет этот сервер; с другими он не связан.",
                Family.SERVER,
            ),
        ),
        Command(
            "USERS",
            users,
            help=Help(
                "",
                "Is answered by a no: who uses the machine is nobody's business. WHO tells who is here.",
                "В ответ отказ: кто работает на машине, никого не касается. Кто здесь, скажет WHO.",
                Family.SERVER,
            ),
        ),
        Command(
            "SUMMON",
            summon,
            help=Help(
                "",
                "Is answered by a no: nobody is called to a terminal. INVITE calls people into a room.",
                "В ответ отказ: к терминалу никого не зовут. В комнату зовёт INVITE.",
                Family.SERVER,
            ),
        ),
        Command(
            "CONNECT",
            elsewhere,
            least=1,
            privileged=True,
            help=Help(
                "<server>",
                "Is answered by a no: there is no other server.",
                "В ответ отказ: других серверов нет.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "SQUIT",
            elsewhere,
            least=1,
            privileged=True,
            help=Help(
                "<server>",
                "Is answered by a no: there is no other server.",
                "В ответ отказ: других серверов нет.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "TRACE",
            trace,
            help=Help(
                "",
                "Shows the way to this server, which ends where it begins.",
                "Показывает путь до сервера; он кончается там же, где начинается.",
                Family.SERVER,
            ),
        ),
    ],
)
