"""Accounts that cease to be: erased by their owners, or never verified in time.

The rule: nothing of the account is kept, and its name is free at once. What its owner has said stays where he said it,
under the name that he had, for as long as the record keeps messages: it belongs to those conversations, and he is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.logins import Denied
from veche.core.registry import FactRow
from veche.core.replies import Failure, Refusal
from veche.core.services import Service, Verb
from veche.features.accounts.facts import AccountFact, AccountRegistered, forget, guard_account
from veche.features.accounts.password import prove
from veche.features.accounts.sessions import end_others, forget_login, sessions_of, tell_logged_out
from veche.state.accounts import EMAIL, Account
from veche.state.events import SILENCE, Audience, Fact, LoggedOut
from veche.state.world import World

PHRASES = {
    "drop": ("DROP <password>", "DROP <пароль>"),
    "drop-help": (
        "erases your account: name, password, devices, address; not what you have said",
        "стирает вашу учётную запись: имя, пароль, устройства, адрес; но не сказанное вами",
    ),
    "dropped": (
        (
            "The account {account} is erased, with all that was kept of it, and the name is free. What you have said "
            "stays in its conversations for as long as the server keeps messages."
        ),
        (
            "Учётная запись {account} стёрта со всем, что о ней хранилось, имя свободно. Сказанное вами остаётся в "
            "беседах, пока сервер хранит сообщения."
        ),
    ),
}
ERASED = "This account has been erased"

_log = logging.getLogger("veche.accounts")


class AccountErased(AccountFact):
    """An account is no more. `is_unverified`: because its owner has never been heard of."""

    __slots__ = ("is_unverified",)

    def __init__(self, actor: str, account: Account, *, is_unverified: bool = False) -> None:
        super().__init__(actor, account)
        self.is_unverified = is_unverified

    def refusal(self, account: Account) -> Refusal | None:
        """The code may have come back at the last moment."""
        if self.is_unverified and account.verified:
            return Failure("ACCOUNT_EXISTS", account.name, text="This account has just been verified")
        return None


def apply_erasure(world: World, fact: AccountErased) -> Audience:
    """Whoever was logged in to it has been logged out before."""
    world.erase_account(fact.account)
    return SILENCE


def save_erasure(world: World, fact: AccountErased) -> list[Fact]:
    """Nothing of it is kept."""
    return forget(world.accounts.by_uid[fact.account])


ERASURE = FactRow(
    guard=guard_account, apply=apply_erasure, render=lambda fact, view, tags: "", saves=save_erasure
)


def erase(ask: Ask, account: Account, done: Callable[[Ask], None]) -> None:
    """Erase the account that the asker is logged in to; `done` hears when that is on disk.

    Whoever calls this has made sure that it is he. His other devices are disconnected.
    """
    user = ask.user
    end_others(ask, account)

    def logged_out(ask: Ask, _fact: LoggedOut) -> None:
        tell_logged_out(ask)
        # At once behind, so that nobody logs in between.
        ask.engine.log.follow_up(AccountErased(user.uid, account), ask, erased)

    def erased(ask: Ask, _fact: AccountErased) -> None:
        _log.info("the account %r is erased by its owner", account.name)
        done(ask)

    ask.commit(LoggedOut(user.uid, user.source, ask.engine.chance.uid()), logged_out)


def note_erasure(engine: Engine, fact: AccountErased) -> None:
    """No session is logged in to what is no more, nor will be."""
    for session in sessions_of(engine, fact.account):
        if session.user is None or session.user.account:
            engine.end(session, ERASED)
        else:
            forget_login(session)


# ---- accounts that wait for their codes


def watch_registration(engine: Engine, fact: AccountRegistered) -> None:
    """A new account whose code does not come back in time is erased."""
    account = engine.world.accounts.by_uid.get(str(fact.values["uid"]))
    if account is not None:
        watch(engine, account)


def watch_all(engine: Engine) -> None:
    """The server begins."""
    for account in engine.world.accounts:
        watch(engine, account)


def watch(engine: Engine, account: Account) -> None:
    """Look again at an account that is not verified when its time is over."""
    if account.verified:
        return
    uid = account.uid
    code = account.code(EMAIL)
    seconds = (code.until / 1000 - engine.clock.now()) if code is not None else 0.0

    def look() -> None:
        waiting = engine.world.accounts.by_uid.get(uid)
        if waiting is None or waiting.verified:
            return
        pending = waiting.code(EMAIL)
        if pending is not None and engine.clock.now() * 1000 < pending.until:
            watch(engine, waiting)  # the clock was set back
        else:
            engine.log.commit(AccountErased("", waiting, is_unverified=True), None)

    engine.timers.at(engine.clock.monotonic() + max(seconds, 0.0), look)


# ---- what NickServ understands


def _drop(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]

    def proved(answer: Account | Denied) -> None:
        if isinstance(answer, Denied):
            service.say_text(ask, answer.text(ask))
        else:
            erase(ask, answer, lambda ask: service.say(ask, "dropped", account=account.name))

    prove(ask, account, params[0], proved)


VERBS = [Verb("DROP", _drop, least=1, most=1, needs_account=True)]
