"""ISON and USERHOST: who of these nicks is here. Older than MONITOR, and still asked.

Sources: RFC 2812, section 4.9 (ISON); Modern IRC, "USERHOST message".
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.replies import pack
from veche.wire import numerics
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold

# How many nicks ISON looks at; more do not fit into a line.
ISON_LIMIT = 100
# "The USERHOST command takes up to five nicknames, each a separate parameters."
USERHOST_LIMIT = 5


def ison(ask: Ask) -> None:
    """ISON <nickname>{ <nickname>}: those of them that are here, in their own spelling."""
    users = [ask.world.users_by_key.get(fold(word)) for word in _words(ask)[:ISON_LIMIT]]
    _list(ask, numerics.RPL_ISON, [user.nick for user in users if user is not None])


def userhost(ask: Ask) -> None:
    """USERHOST <nickname>{ <nickname>}: `nick[*]=(+|-)user@host`, '*' for operators and '-' for who is away."""
    users = [ask.world.users_by_key.get(fold(word)) for word in _words(ask)[:USERHOST_LIMIT]]
    found = [
        f"{user.nick}{'*' if 'o' in user.modes else ''}={'-' if user.away else '+'}{user.username}@{user.host}"
        for user in users
        if user is not None
    ]
    _list(ask, numerics.RPL_USERHOST, found)


def _words(ask: Ask) -> list[str]:
    return [word for param in ask.params for word in param.split(" ") if word]


def _list(ask: Ask, numeric: str, words: list[str]) -> None:
    """One numeric whose last parameter is the words that fit; it has no way to go on in another line."""
    head = f":{ask.settings.server} {numeric} {ask.session.nick} :"
    ask.send(head + next(pack(words, " ", BODY_LIMIT - len(head.encode())), ""))


feature = Feature(
    "ison",
    commands=[
        Command(
            "ISON",
            ison,
            least=1,
            help=Help(
                "<nick>{ <nick>}",
                "Tells which of these are here.",
                "Говорит, кто из названных здесь.",
                Family.PEOPLE,
            ),
        ),
        Command(
            "USERHOST",
            userhost,
            least=1,
            help=Help(
                "<nick>{ <nick>}",
                "Tells user name and host of up to five people, who of them is away, and who is an operator "
                "of this server.",
                "Говорит имя пользователя и хост не больше чем пяти человек, а также кто отошёл и кто "
                "оператор этого сервера.",
                Family.PEOPLE,
            ),
        ),
    ],
)
