"""Names are their owners': whoever bears one when it becomes somebody's is told so, and gets another from the server.

Nobody takes a name that is kept (`guard_nick`, `guard_arrival`). What is left is who has it already: when its owner
verifies his account, gets another name or wants his kept; when somebody logs out; when the installation changes its
mind. The rule: the server looks at who is here after each of these, and what it then finds is judged once more in line.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask, Then
from veche.core.engine import Engine
from veche.core.nicks import kept_for, may_be_nick
from veche.core.registry import Feature
from veche.core.replies import fit, own_tags
from veche.core.services import Service, Verb
from veche.features.accounts.administration import AccountRenamed
from veche.features.accounts.email import AccountVerified
from veche.features.accounts.facts import AccountFact, AccountRegistered, ChoiceMade
from veche.state.accounts import KEEP_NAME, Account
from veche.state.events import LoggedIn, LoggedOut, NickChanged
from veche.state.user import User
from veche.wire.confusables import skeleton
from veche.wire.message import Message
from veche.wire.names import fold

# How many of those who are here are looked at in one turn, and the pause behind them in seconds: many looks of a
# name are computed for each.
LOOKED_AT_ONCE = 500
_PAUSE = 0.02
SERVICE = "NickServ"

PHRASES = {
    "regain": ("REGAIN [<name>]", "REGAIN [<имя>]"),
    "regain-help": (
        "gives you the name of your account, whoever bears it",
        "возвращает вам имя вашей учётной записи, кто бы его ни носил",
    ),
    "ghost": ("GHOST [<name>]", "GHOST [<имя>]"),
    "ghost-help": (
        "takes the name of your account, or one that looks like it, from whoever bears it",
        "отнимает имя вашей учётной записи или похожее на него у того, кто его носит",
    ),
    "name-not-yours": (
        "This name does not belong to your account.",
        "Это имя не принадлежит вашей учётной записи.",
    ),
    "name-yours-already": ("You have this name.", "Вы и так носите это имя."),
    "name-not-borne": ("Nobody else bears this name.", "Никто другой этого имени не носит."),
    "name-freed": ("{name} is free now.", "Имя {name} теперь свободно."),
    "regained": ("You are {name} again.", "Вы снова {name}."),
    "name-taken-from-you": (
        (
            "The name {before} belongs to somebody's account, so you are {nick} now. To choose another: /nick <name>. "
            "If it is yours, log in: /msg NickServ IDENTIFY {account} <password>"
        ),
        (
            "Имя {before} принадлежит чьей-то учётной записи, поэтому теперь вы {nick}. Выбрать другое: /nick <имя>. "
            "Если оно ваше, войдите: /msg NickServ IDENTIFY {account} <пароль>"
        ),
    ),
}


# ---- who bears what is not his


def take_name(engine: Engine, user: User) -> None:
    """Rename somebody who bears a name that is kept for another one; nothing happens to who does not."""
    owner = kept_for(engine.world, user.nick, user.identity, engine.settings.keep_names)
    if owner is not None:
        engine.log.follow_up(_taking(engine, user, owner, engine.settings.keep_names), None)


def _taking(engine: Engine, user: User, owner: Account, policy: str) -> NickChanged:
    fact = NickChanged(user.uid, user.source, user.nick, policy)
    fact.owner = owner.uid
    fact.prefix = engine.settings.guest_prefix
    return fact


class _Round:
    """The server looks at everybody who is here, some in each turn."""

    __slots__ = ("again", "waiting")

    def __init__(self) -> None:
        self.waiting: list[str] = []  # uids, the next one last
        self.again = False  # something has happened meanwhile that concerns those who were looked at


def look_around(engine: Engine, spared: str = "") -> None:
    """Look whether anybody who is here, but for the user `spared`, bears a name that is kept for another one."""
    if engine.settings.keep_names == "off":
        return
    round_ = engine.shelf(_Round)
    if round_.waiting:
        round_.again = True
        return
    round_.waiting = [uid for uid in reversed(engine.world.users) if uid != spared]
    _look_on(engine)


def _look_on(engine: Engine) -> None:
    round_ = engine.shelf(_Round)
    for _ in range(min(LOOKED_AT_ONCE, len(round_.waiting))):
        user = engine.world.users.get(round_.waiting.pop())
        if user is not None:
            take_name(engine, user)
    if round_.waiting:
        engine.timers.at(engine.clock.monotonic() + _PAUSE, partial(_look_on, engine))
    elif round_.again:
        round_.again = False
        look_around(engine)


def _look_after(engine: Engine, fact: AccountRegistered | AccountFact) -> None:
    """A name has become somebody's, or is to be kept now."""
    uid = fact.account if isinstance(fact, AccountFact) else str(fact.values["uid"])
    account = engine.world.accounts.by_uid.get(uid)
    if account is None or (isinstance(fact, ChoiceMade) and fact.name != KEEP_NAME):
        return
    if account.keeps_name(engine.settings.keep_names):
        # Whoever verifies an account by its code is about to log in to it.
        spared = fact.actor if isinstance(fact, AccountVerified) else ""
        bearer = bearer_of(engine, account.name)
        if bearer is not None and bearer.uid != spared:
            take_name(engine, bearer)  # at once; those who look like him in other ways, in the round
        look_around(engine, spared)


def _look_at(engine: Engine, fact: LoggedIn | LoggedOut) -> None:
    """Somebody is known by another account, or by none, and may bear a name that was his."""
    user = engine.world.users.get(fact.actor)
    if user is not None:
        take_name(engine, user)


def _tell(engine: Engine, fact: NickChanged) -> None:
    """Whose name was taken reads why, and what he can do."""
    account = engine.world.accounts.by_uid.get(fact.owner)
    if account is None:
        return
    before = fact.source.partition("!")[0]
    for session in engine.fanout.sessions.get(fact.actor, ()):
        told = Ask(engine, session, Message("NICK", []), "")
        values = {"before": before, "nick": fact.nick, "account": account.name}
        text = told.phrase(PHRASES, "name-taken-from-you", **values)
        source = f":{SERVICE}!{SERVICE}@{engine.settings.server}"
        told.send(fit(own_tags(engine, session.view), f"{source} NOTICE {session.nick} :{text}"))


def bearer_of(engine: Engine, name: str) -> User | None:
    """Who is called so now, or in a way that cannot be told from it."""
    return engine.world.users_by_key.get(fold(name)) or engine.world.users_by_look.get(skeleton(name))


# ---- what NickServ understands


def regain(ask: Ask, account: Account, name: str, service: Service) -> None:
    """Give the asker a name of his account; whoever bears it is renamed, whatever the installation keeps."""
    user = ask.user
    if name == user.nick:
        service.say(ask, "name-yours-already")
        return
    _free(ask, account, name)
    fact = NickChanged(user.uid, user.source, name, "strict")
    ask.commit(fact, lambda ask, _fact: service.say(ask, "regained", name=name))


def _free(ask: Ask, account: Account, name: str, then: Then | None = None) -> bool:
    """Take a name from whoever else bears it; whether anybody does. `then` hears that he has another one."""
    bearer = bearer_of(ask.engine, name)
    if bearer is None or bearer.uid == ask.user.uid:
        return False
    ask.commit(_taking(ask.engine, bearer, account, "strict"), then)
    return True


def _own_name(service: Service, ask: Ask, params: list[str]) -> tuple[Account, str] | None:
    """The asker's account and the name of it that he means; None if it is not his, which is answered."""
    account = ask.world.accounts.by_uid[ask.session.account]
    name = params[0].split()[0] if params else account.name
    if ask.world.accounts.owner_of(name) is account and may_be_nick(name, ask.settings):
        return account, name
    service.say(ask, "name-not-yours")
    return None


def _regain(service: Service, ask: Ask, params: list[str]) -> None:
    own = _own_name(service, ask, params)
    if own is not None:
        regain(ask, *own, service)


def _ghost(service: Service, ask: Ask, params: list[str]) -> None:
    own = _own_name(service, ask, params)
    if own is None:
        return
    account, name = own
    if not _free(ask, account, name, lambda ask, _fact: service.say(ask, "name-freed", name=name)):
        service.say(ask, "name-not-borne")


VERBS = [
    Verb("REGAIN", _regain, most=1, aliases=("RECOVER",), needs_account=True),
    Verb("GHOST", _ghost, most=1, aliases=("RELEASE",), needs_account=True),
]

feature = Feature(
    "keeping",
    witnesses={
        AccountRegistered: _look_after,
        AccountVerified: _look_after,
        AccountRenamed: _look_after,
        ChoiceMade: _look_after,
        LoggedIn: _look_at,
        LoggedOut: _look_at,
        NickChanged: _tell,
    },
)
