"""The owner of the installation: whoever takes the code that a server without an owner prints at its start.

He is an operator of the server whenever he is logged in, without a config and a password of its own. The code is
chance, lives in the process that has printed it, and is worth nothing once there is an owner.
"""

from __future__ import annotations

import hmac
import logging

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.operators import USUAL_KINDS, is_operator
from veche.core.registry import FactRow, Feature
from veche.core.replies import Failure, Refusal
from veche.core.services import Service, Verb
from veche.features.accounts.facts import AccountFact, apply_account, guard_account, save_account
from veche.features.oper import OperatorMade
from veche.features.user_modes import demotion
from veche.state.accounts import OWNER, Account
from veche.state.events import DeviceCame, LoggedIn, LoggedOut, UserArrived
from veche.state.user import User
from veche.state.world import World

PHRASES = {
    "own": ("OWN <code>", "OWN <код>"),
    "own-help": (
        "makes you the owner of this server, by the code that its first start prints",
        "делает вас владельцем сервера по коду, который печатается при первом запуске",
    ),
    "own-first": (
        "First keep your name: /msg NickServ REGISTER <password>. Then say this again.",
        "Сначала закрепите имя: /msg NickServ REGISTER <пароль>. Затем повторите.",
    ),
    "own-wrong": (
        "This code is wrong, or this server has an owner already.",
        "Код неверен, или у сервера уже есть владелец.",
    ),
    "owned": (
        "This server is yours, {account}: you are its operator whenever you are logged in.",
        "Сервер ваш, {account}: вы его оператор всегда, когда вошли.",
    ),
}

_log = logging.getLogger("veche.accounts")


class OwnerMade(AccountFact):
    """An account is the owner's of the installation."""

    __slots__ = ()

    def alter(self, account: Account) -> None:
        """There is one."""
        account.role = OWNER


def has_owner(world: World) -> bool:
    """Whether anybody is the owner."""
    return any(account.role == OWNER for account in world.accounts)


def _own(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid.get(ask.session.account)
    if not _fits(ask.engine, params[0]):
        service.say(ask, "own-wrong")
    elif account is None:
        service.say(ask, "own-first")
    else:
        ask.commit(OwnerMade(ask.user.uid, account), lambda ask, _fact: _owned(service, ask, account))


def _fits(engine: Engine, code: str) -> bool:
    known = engine.owner_code
    return bool(known) and hmac.compare_digest(known.encode(), code.encode()) and not has_owner(engine.world)


def _owned(service: Service, ask: Ask, account: Account) -> None:
    ask.engine.owner_code = ""
    _log.info("%s is the owner of this server now", account.name)
    service.say(ask, "owned", account=account.name)
    _promote(ask)


def _promote(ask: Ask) -> None:
    """The owner is an operator."""
    user = ask.session.user
    account = ask.world.accounts.by_uid.get(ask.session.account)
    if user is None or account is None or account.role != OWNER or is_operator(user) or ask.session.token:
        return
    ask.commit(OperatorMade(user.uid, user.source, user.nick, account.name, "", USUAL_KINDS))


def owns(engine: Engine, user: User) -> bool:
    """Whether this is the owner, logged in."""
    account = engine.world.accounts.by_uid.get(user.identity)
    return account is not None and account.role == OWNER


def _demote(ask: Ask, fact: LoggedIn | LoggedOut) -> None:
    """Whoever was an operator as the owner is none when he is logged in no more, or to another account."""
    user = ask.world.users.get(fact.actor)
    if user is None or not is_operator(user) or owns(ask.engine, user):
        return
    owner = next((account.name for account in ask.world.accounts if account.role == OWNER), "")
    if user.operator == owner or user.operator not in ask.settings.operators:
        ask.engine.log.follow_up(demotion(ask.engine, user), None)


def _look_who(ask: Ask, fact: LoggedIn) -> None:
    _demote(ask, fact)
    _promote(ask)


def guard_owner(world: World, fact: OwnerMade) -> Refusal | None:
    """There is one at most."""
    if has_owner(world):
        return Failure("ALREADY_OWNED", text="This server has an owner already")
    return guard_account(world, fact)


VERBS = [Verb("OWN", _own, least=1, most=1)]

feature = Feature(
    "owner",
    facts={
        OwnerMade: FactRow(
            guard=guard_owner, apply=apply_account, render=lambda fact, view, tags: "", saves=save_account
        )
    },
    reactions={
        UserArrived: lambda ask, fact: _promote(ask),
        LoggedIn: _look_who,
        LoggedOut: _demote,
        DeviceCame: lambda ask, fact: _promote(ask),  # he may have stayed over a restart
    },
)
