"""MONITOR: being told when somebody comes and goes.

Sources: monitor; extended-monitor.
"""

from collections.abc import Iterable
from typing import Final

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.fanout import tags_of
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.replies import numeric_line, pack
from veche.core.session import Session
from veche.core.settings import Settings
from veche.core.watchlists import Watchlists
from veche.state.events import (
    AwaySet,
    Fact,
    HostChanged,
    LoggedIn,
    LoggedOut,
    NickChanged,
    RealNameChanged,
    UserArrived,
    UserLeft,
)
from veche.state.user import User
from veche.wire import numerics
from veche.wire.caps import EXTENDED_MONITOR
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold, is_valid_nick

# ---- the command


def monitor(ask: Ask) -> None:
    """MONITOR + <targets>, MONITOR - <targets>, MONITOR C, MONITOR L, MONITOR S."""
    handler = _MODIFIERS.get(ask.params[0].upper())
    if handler is None:
        ask.reply(numerics.ERR_UNKNOWNERROR, "MONITOR", ask.params[0][:32] or "*", "Unknown modifier")
    else:
        handler(ask)


def _add(ask: Ask) -> None:
    """ "Targets already in the list MUST NOT be added again." Whether they are here is told again all the same."""
    lists = ask.engine.shelf(Watchlists)
    limit = ask.settings.monitor_entries
    added: list[str] = []
    refused: list[str] = []
    strange = ""
    for nick in _targets(ask):
        key = fold(nick)
        listed = lists.nicks_of(ask.session)
        if not is_valid_nick(nick, ask.settings.nick_length):
            strange = strange or nick
        elif key not in listed and len(listed) >= limit:
            refused.append(nick)
        else:
            if key not in listed:
                lists.add(ask.session, key, nick)
            added.append(nick)
    _tell(ask, added)
    for nick in added:
        if (user := ask.world.users_by_key.get(fold(nick))) is not None:
            for follow in ask.engine.registry.follows:
                follow(ask, user)
    if strange:
        # "disallowing subscription to hostmasks": what can be nobody's nick is answered once, and is not listed.
        ask.reply(numerics.ERR_NOSUCHNICK, strange, "This is not a nick")
    for targets in pack(refused, ",", _room(ask) - 60):
        # "the list of targets, as the client sent them, that cannot be added"
        ask.reply(numerics.ERR_MONLISTFULL, str(limit), targets, "Monitor list is full.")


def _remove(ask: Ask) -> None:
    """ "No output will be returned for use of this command." """
    for nick in _targets(ask):
        ask.engine.shelf(Watchlists).remove(ask.session, fold(nick))


def _clear(ask: Ask) -> None:
    ask.engine.shelf(Watchlists).clear(ask.session)


def _list(ask: Ask) -> None:
    _reply(ask, numerics.RPL_MONLIST, ask.engine.shelf(Watchlists).nicks_of(ask.session).values())
    ask.reply(numerics.RPL_ENDOFMONLIST, "End of MONITOR list")


def _status(ask: Ask) -> None:
    _tell(ask, ask.engine.shelf(Watchlists).nicks_of(ask.session).values())


_MODIFIERS: Final = {"+": _add, "-": _remove, "C": _clear, "L": _list, "S": _status}


def _targets(ask: Ask) -> list[str]:
    """The nicks that the request names, each once; none is answered."""
    nicks = ask.params[1].split(",") if len(ask.params) > 1 else []
    targets = list({fold(nick): nick for nick in nicks if nick}.values())
    if not targets:
        ask.reply(numerics.ERR_NEEDMOREPARAMS, "MONITOR", "Not enough parameters")
    return targets


def _tell(ask: Ask, nicks: Iterable[str]) -> None:
    """Which of these are here and which are not."""
    here: list[str] = []
    gone: list[str] = []
    for nick in nicks:
        user = ask.world.users_by_key.get(fold(nick))
        if user is not None:
            here.append(user.source)
        else:
            gone.append(nick)
    _reply(ask, numerics.RPL_MONONLINE, here)
    _reply(ask, numerics.RPL_MONOFFLINE, gone)


def _reply(ask: Ask, numeric: str, targets: Iterable[str]) -> None:
    for text in pack(targets, ",", _room(ask)):
        ask.reply(numeric, text)


def _room(ask: Ask) -> int:
    """Bytes that are left for targets in a line to this session."""
    return BODY_LIMIT - len(f":{ask.settings.server} 730 {ask.session.nick} :".encode())


# ---- what its watchers hear of a user


def tell_arrival(engine: Engine, fact: UserArrived) -> None:
    """Somebody is here now."""
    _announce(engine, fold(fact.nick), numerics.RPL_MONONLINE, f"{fact.nick}!{fact.username}@{fact.host}")


def tell_departure(engine: Engine, fact: UserLeft) -> None:
    """Somebody has left."""
    nick = fact.source.partition("!")[0]
    _announce(engine, fold(nick), numerics.RPL_MONOFFLINE, nick)


def forget(engine: Engine, session: Session) -> None:
    """What a session watched is nobody's business any more."""
    engine.shelf(Watchlists).clear(session)


def tell_nick(engine: Engine, fact: NickChanged) -> None:
    """One nick is free and another is taken, unless it is the same one in other letters."""
    before = fact.source.partition("!")[0]
    if fold(before) == fold(fact.nick):
        return
    _announce(engine, fold(before), numerics.RPL_MONOFFLINE, before)
    _announce(engine, fold(fact.nick), numerics.RPL_MONONLINE, engine.world.users[fact.actor].source)


def _announce(engine: Engine, key: str, numeric: str, target: str) -> None:
    for session in engine.shelf(Watchlists).watchers_of(key):
        engine.outboxes.send(session, numeric_line(engine.settings.server, numeric, session.nick, (target,)))


def tell_change(engine: Engine, fact: Fact) -> None:
    """extended-monitor: AWAY, ACCOUNT, CHGHOST and SETNAME of monitored nicks, to whom has the capability of each too.

    Who shares a room with the user has heard of it there.
    """
    user = engine.world.users.get(fact.actor)
    if user is None:
        return
    render = engine.registry.facts[type(fact)].render
    for session in engine.shelf(Watchlists).watchers_of(user.key):
        if session.caps & EXTENDED_MONITOR and not _hears_anyway(engine, session, user):
            line = render(fact, session.view, tags_of(fact, session.view, user))
            if line:
                engine.outboxes.send(session, line)


def _hears_anyway(engine: Engine, session: Session, user: User) -> bool:
    watcher = session.user
    return watcher is None or watcher is user or engine.world.sees(watcher, user)


def _tokens(settings: Settings) -> dict[str, str]:
    return {"MONITOR": str(settings.monitor_entries)}


feature = Feature(
    "monitor",
    commands=[
        Command(
            "MONITOR",
            monitor,
            least=1,
            help=Help(
                "+ <nick>{,<nick>}\n- <nick>{,<nick>}\nC\nL\nS",
                "Tells you when people come and go: + and - change the list, C empties it, L shows it, S "
                "tells who of them is here. At most {s.monitor_entries} nicks.",
                "Сообщает, когда люди приходят и уходят: + и - меняют список, C очищает его, L показывает, S "
                "говорит, кто из них здесь. Не больше {s.monitor_entries} ников.",
                Family.PEOPLE,
            ),
        )
    ],
    witnesses={
        UserArrived: tell_arrival,
        UserLeft: tell_departure,
        NickChanged: tell_nick,
        AwaySet: tell_change,
        RealNameChanged: tell_change,
        HostChanged: tell_change,
        LoggedIn: tell_change,
        LoggedOut: tell_change,
    },
    parting=forget,
    caps={"extended-monitor": ""},
    tokens=_tokens,
)
