"""STATS: what the server counts and keeps, letter by letter.

Source: Modern IRC, "STATS message". Everybody may ask how long the server has been up (u) and for his own connection
(l); what tells of others is for operators. Letters that mean nothing here are answered by their end alone.

    u  how long the server is up         o  who may become an operator       k  banned masks
    l  connections                       p  operators who are here           d  banned addresses
    m  how often each command was used
"""

from collections.abc import Callable, Iterator

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.operators import NOT_OPERATOR, is_operator, name_of
from veche.core.registry import Command, Feature
from veche.core.session import Session
from veche.core.whereabouts import idle_seconds
from veche.wire import numerics
from veche.wire.names import fold

_PUBLIC = "ul"


def stats(ask: Ask) -> None:
    """STATS <query> [<server>]."""
    if len(ask.params) > 1 and fold(ask.params[1]) != fold(ask.settings.server):
        ask.reply(numerics.ERR_NOSUCHSERVER, ask.params[1], "No such server")
        return
    letter = ask.params[0][:1] or "*"
    tell = _TABLE.get(letter)
    if tell is not None and letter not in _PUBLIC and not is_operator(ask.user):
        ask.refuse(NOT_OPERATOR)
        tell = None
    ask.engine.pieces.start(ask, _answer(ask, letter, tell))


def _answer(ask: Ask, letter: str, tell: Callable[[Ask], Iterator[None]] | None) -> Iterator[None]:
    if tell is not None:
        yield from tell(ask)
    ask.reply(numerics.RPL_ENDOFSTATS, letter, "End of /STATS report")


def _uptime(ask: Ask) -> Iterator[None]:
    seconds = max(0, int(ask.engine.clock.now() - ask.engine.started))
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    # "<client> :Server Up <days> days <hours>:<minutes>:<seconds>"
    ask.reply(numerics.RPL_STATSUPTIME, f"Server Up {days} days {clock}")
    yield


def _operator_blocks(ask: Ask) -> Iterator[None]:
    for name, block in sorted(ask.settings.operators.items()):
        ask.reply(numerics.RPL_STATSOLINE, "O", ",".join(block.hosts) or "*", "*", name)
        yield


def _operators(ask: Ask) -> Iterator[None]:
    here = [user for user in ask.world.users.values() if is_operator(user)]
    for user in here:
        idle = idle_seconds(ask.engine, user.uid)
        ask.reply(numerics.RPL_STATSDEBUG, "p", f"{name_of(user)} {user.username}@{user.host}, idle {idle} s")
        yield
    ask.reply(numerics.RPL_STATSDEBUG, "p", f"{len(here)} operator(s) here")


def _masks(ask: Ask) -> Iterator[None]:
    now = ask.engine.clock.now()
    for ban in list(ask.world.server_bans.entries.values()):
        if not ban.mask.is_address and not ban.is_over(now):
            user, _, host = ban.mask.text.rpartition("@")
            ask.reply(numerics.RPL_STATSKLINE, "K", host, "*", user, ban.reason)
        yield


def _addresses(ask: Ask) -> Iterator[None]:
    now = ask.engine.clock.now()
    for ban in list(ask.world.server_bans.entries.values()):
        if ban.mask.is_address and not ban.is_over(now):
            # An address like ::1 would begin the last parameter.
            shown = "0" + ban.mask.text if ban.mask.text[0] == ":" else ban.mask.text
            ask.reply(numerics.RPL_STATSDLINE, "D", shown, ban.reason)
        yield


def _connections(ask: Ask) -> Iterator[None]:
    sessions = list(ask.engine.sessions) if is_operator(ask.user) else [ask.session]
    for session in sessions:
        if session.ended:
            continue
        ask.reply(numerics.RPL_STATSLINKINFO, _link(session), *_figures(session, ask))
        yield


def _commands(ask: Ask) -> Iterator[None]:
    for name, count in sorted(ask.engine.registry.served.items()):
        ask.reply(numerics.RPL_STATSCOMMANDS, name, str(count))
        yield


def _link(session: Session) -> str:
    name = session.user.nick if session.user is not None else "*"
    return f"{name}[{session.address or 'local'}]"


def _figures(session: Session, ask: Ask) -> tuple[str, ...]:
    """What waits to be sent, and since when nothing has come."""
    silent = int(ask.engine.clock.monotonic() - session.heard)
    return str(session.pipe.waiting()), session.door, f"silent for {silent} s"


_TABLE: dict[str, Callable[[Ask], Iterator[None]]] = {
    "u": _uptime,
    "o": _operator_blocks,
    "p": _operators,
    "k": _masks,
    "d": _addresses,
    "l": _connections,
    "m": _commands,
}

feature = Feature(
    "stats",
    commands=[
        Command(
            "STATS",
            stats,
            least=1,
            help=Help(
                "<letter> [<server>]",
                "Tells what the server counts: u how long it has been up, l your connection. For its "
                "operators: o who may be one, p who of them is here, k banned masks, d banned addresses, m how "
                "often each command was used, l all connections.",
                "Говорит, что сервер считает: u сколько он работает, l ваше соединение. Операторам сервера: o "
                "кто может им стать, p кто из них здесь, k забаненные маски, d забаненные адреса, m сколько "
                "раз звучала каждая команда, l все соединения.",
                Family.SERVER,
            ),
        )
    ],
)
