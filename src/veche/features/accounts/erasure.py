"""Accounts that cease to be: erased by their owners, or never verified in time.

The rule: nothing of the account is kept, and its name is free at once. What its owner has said stays where he said it,
under the name that he had, for as long as the record keeps messages: it belongs to those conversations, and he is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from zlib import crc32

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.logins import Denied
from veche.core.operators import name_of, tell
from veche.core.registry import FactRow
from veche.core.replies import Failure, Refusal
from veche.core.services import Service, Verb
from veche.features.accounts.facts import AccountFact, AccountRegistered, forget, guard_account
from veche.features.accounts.password import prove
from veche.features.accounts.sessions import (
    ENDED,
    SessionsEnded,
    end_sessions,
    forget_login,
    sessions_of,
    tell_logged_out,
)
from veche.state.accounts import EMAIL, Account
from veche.state.events import SILENCE, Audience, Fact, LoggedOut
from veche.state.user import User
from veche.state.world import World
from veche.wire.lines import cut

PHRASES = {
    "drop": ("DROP <password>", "DROP <пароль>"),
    "drop-help": (
        "erases your account: name, password, devices, address; not what you have said",
        "стирает вашу учётную запись: имя, пароль, устройства, адрес; но не сказанное вами",
    ),
    "erase": ("ERASE <password> [<code>]", "ERASE <пароль> [<код>]"),
    "erase-help": (
        "erases your account and everything that you have ever said here, for good",
        "стирает вашу учётную запись и всё, что вы здесь когда-либо сказали, навсегда",
    ),
    "erase-code": (
        (
            "This erases your account and all that you have said, in rooms and to people: nobody can bring it back. "
            "To do it, say: ERASE <password> {code}"
        ),
        (
            "Это сотрёт вашу учётную запись и всё сказанное вами в комнатах и в переписке: вернуть этого никто не "
            "сможет. Чтобы стереть, скажите: ERASE <пароль> {code}"
        ),
    ),
    "erasing": (
        (
            "The account {account} is erased, and the name is free. What was said by it is being erased now; with "
            "much of it that takes minutes."
        ),
        (
            "Учётная запись {account} стёрта, имя свободно. Сказанное под ней стирается; если его много, это займёт "
            "минуты."
        ),
    ),
    "expunge": ("EXPUNGE <account> [<code>]", "EXPUNGE <учётная запись> [<код>]"),
    "expunge-help": (
        "(operators) erases an account with everything that its owner has said",
        "(операторы) стирает учётную запись и всё, что сказал её владелец",
    ),
    "expunge-code": (
        "To erase {account} and all that was said by it, for good, say: EXPUNGE {account} {code}",
        "Чтобы навсегда стереть {account} и всё, что под ней сказано, скажите: EXPUNGE {account} {code}",
    ),
    "expunge-own": (
        "This is your own account: ERASE does it.",
        "Это ваша собственная учётная запись: для неё есть ERASE.",
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
    """An account is no more. `is_unverified`: because its owner has never been heard of. `names`: what its owner was
    called, if all that he said is to be erased, too (erasing.py)."""

    __slots__ = ("is_unverified", "names")

    def __init__(
        self, actor: str, account: Account, *, is_unverified: bool = False, names: list[str] | None = None
    ) -> None:
        super().__init__(actor, account)
        self.is_unverified = is_unverified
        self.names = names or []

    def refusal(self, account: Account) -> Refusal | None:
        """The code may have come back at the last moment."""
        if self.is_unverified and account.verified:
            return Failure("ACCOUNT_EXISTS", account.name, text="This account has just been verified")
        return None


def apply_erasure(world: World, fact: AccountErased) -> Audience:
    """Whoever was logged in to it has been logged out before."""
    world.erase_account(fact.account)
    if fact.names:
        world.erasures[fact.account] = fact.names
    return SILENCE


def guard_erasure(world: World, fact: AccountErased) -> Refusal | None:
    """Whoever was logged in has been logged out, unless somebody was quicker."""
    if fact.account in world.present:
        return Failure("TEMPORARILY_UNAVAILABLE", text="The owner has just logged in. Please try again.")
    return guard_account(world, fact)


def save_erasure(world: World, fact: AccountErased) -> list[Fact]:
    """Nothing of it is kept."""
    return forget(world.accounts.by_uid[fact.account])


ERASURE = FactRow(
    guard=guard_erasure, apply=apply_erasure, render=lambda fact, view, tags: "", saves=save_erasure
)


def erase(ask: Ask, account: Account, done: Callable[[Ask], None], *, words: bool = False) -> None:
    """Erase an account, and with `words` all that its owner has said; `done` hears when that is on disk, or begun.

    Whoever calls this has made sure that the asker is the owner, or may do so to him. The owner's other devices are
    disconnected; with `words` his nick goes as well.
    """
    engine = ask.engine
    owner = ask.world.present.get(account.uid)
    names = [account.name] if words else []
    if words and owner is not None and owner.nick != account.name:
        names.append(owner.nick)

    def logged_out(ask: Ask, _fact: LoggedOut) -> None:
        if owner is ask.session.user:
            tell_logged_out(ask)
        # At once behind, so that nobody logs in between.
        engine.log.follow_up(AccountErased(ask.user.uid, account, names=names), ask, erased)

    def erased(ask: Ask, _fact: AccountErased) -> None:
        _log.info("the account %s is erased%s", account.uid, " with all that was said" if words else "")
        done(ask)
        if owner is not None and words:
            _dismiss(engine, owner)

    if owner is None or not owner.account:
        ask.commit(AccountErased(ask.user.uid, account, names=names), erased)
        return
    line = ENDED if owner is ask.session.user else ERASED
    end_sessions(ask, SessionsEnded(ask.user.uid, account.uid, line))
    ask.commit(LoggedOut(owner.uid, owner.source, engine.chance.uid()), logged_out)


def _dismiss(engine: Engine, user: User) -> None:
    """He goes, wherever he is connected."""
    sessions = [*engine.fanout.sessions.get(user.uid, ())]
    for session in sessions:
        engine.end(session, ERASED)
    if not sessions:
        engine.dismiss(user, ERASED)


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


def _code(account: Account) -> str:
    """Against a slip of the hand, not against anybody: it may be known, but not typed by chance."""
    return f"{crc32(f'erase {account.uid}'.encode()):08x}"


def _erase(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]

    def proved(answer: Account | Denied) -> None:
        if isinstance(answer, Denied):
            service.say_text(ask, answer.text(ask))
        elif params[1:] != [_code(account)]:
            service.say(ask, "erase-code", code=_code(account))
        else:
            erase(ask, answer, lambda ask: service.say(ask, "erasing", account=account.name), words=True)

    prove(ask, account, params[0], proved)


def _expunge(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.named(params[0])
    if account is None:
        service.say(ask, "no-account", account=cut(params[0], ask.settings.nick_length))
    elif account.uid == ask.session.account:
        service.say(ask, "expunge-own")
    elif params[1:] != [_code(account)]:
        service.say(ask, "expunge-code", account=account.name, code=_code(account))
    else:
        who = name_of(ask.user)
        tell(ask.engine, "a", f"{who} has an account erased, with all that its owner said")
        _log.info("%s has the account %s erased", who, account.uid)
        erase(ask, account, lambda ask: service.say(ask, "erasing", account=account.name), words=True)


VERBS = [
    Verb("DROP", _drop, least=1, most=1, aliases=("UNREGISTER",), needs_account=True),
    Verb("ERASE", _erase, least=1, most=2, needs_account=True),
    Verb("EXPUNGE", _expunge, least=1, most=2, privileged=True),
]
