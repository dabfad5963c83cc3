"""What operators do with accounts: suspend them and let them in again, rename them, list them.

The rule: who is suspended is out at once, by whatever way he is in, whether he stays without devices or not; nothing
lets him in again, token, certificate or password, before the time is over or an operator says so. Operators are told
of what operators do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from veche.core.ask import Ask
from veche.core.durations import format_duration, parse_duration
from veche.core.engine import Engine
from veche.core.nicks import clash, may_be_nick
from veche.core.operators import name_of, tell
from veche.core.registry import FactRow
from veche.core.replies import Refusal, plain_time
from veche.core.services import Service, Verb
from veche.features.accounts.facts import AccountFact, exists, guard_account, save_account
from veche.features.accounts.sessions import count_sessions, sessions_of
from veche.state.accounts import Account
from veche.state.events import SILENCE, Audience, LoggedIn
from veche.state.world import World
from veche.wire.lines import cut
from veche.wire.names import fold, matches

PHRASES = {
    "suspend": ("SUSPEND <account> [<time>] <reason>", "SUSPEND <учётная запись> [<срок>] <причина>"),
    "suspend-help": (
        "(operators) ends all sessions of an account and lets nobody in to it, for a time like 1d2h or until UNSUSPEND",
        "(операторы) завершает все соединения учётной записи и закрывает вход: на срок вида 1d2h или до UNSUSPEND",
    ),
    "unsuspend": ("UNSUSPEND <account>", "UNSUSPEND <учётная запись>"),
    "unsuspend-help": ("(operators) lets its owner in again", "(операторы) снова впускает владельца"),
    "rename": ("RENAME <account> <new name>", "RENAME <учётная запись> <новое имя>"),
    "rename-help": (
        "(operators) gives an account another name; the old one is free",
        "(операторы) даёт учётной записи другое имя; прежнее освобождается",
    ),
    "list": ("LIST [<mask>]", "LIST [<маска>]"),
    "list-help": ("(operators) lists accounts", "(операторы) показывает учётные записи"),
    "no-account": ("There is no account {account}.", "Учётной записи {account} нет."),
    "suspended": (
        "{account} is suspended{time}: {reason}. Sessions that were ended: {count}.",
        "Учётная запись {account} заблокирована{time}: {reason}. Завершено соединений: {count}.",
    ),
    "suspended-for": (" for {time}", " на {time}"),
    "suspend-own": ("This is your own account.", "Это ваша собственная учётная запись."),
    "unsuspended": ("{account} may log in again.", "{account} снова может войти."),
    "not-suspended": ("{account} is not suspended.", "{account} не заблокирована."),
    "name-bad": ("{name} cannot be the name of an account.", "{name} не может быть именем учётной записи."),
    "renamed": (
        "{account} is called {name} now, and logs in by that name.",
        "Учётная запись {account} теперь называется {name}; вход — под этим именем.",
    ),
    "list-row": ("  {account}: since {created}, {seen}{marks}", "  {account}: с {created}, {seen}{marks}"),
    "list-here": ("is here", "здесь"),
    "list-seen": ("last here {seen}", "последний раз {seen}"),
    "list-never": ("never logged in", "ещё не входил"),
    "list-suspended": (", suspended: {reason}", ", заблокирована: {reason}"),
    "list-unverified": (", not verified", ", не подтверждена"),
    "list-end": ("Accounts: {count}. Shown: {shown}.", "Учётных записей: {count}. Показано: {shown}."),
}
LONGEST_LIST = 100
_REASON_LENGTH = 200

Done = Callable[[Ask], None]
_log = logging.getLogger("veche.accounts")


class AccountSuspended(AccountFact):
    """Nobody logs in to an account, for a reason, until a moment (ms since 1970; 0: until it is said); with the reason
    "" its owner does again."""

    __slots__ = ("reason", "until")

    def __init__(self, actor: str, account: Account, reason: str, until: int = 0) -> None:
        super().__init__(actor, account)
        self.reason = reason
        self.until = until

    def alter(self, account: Account) -> None:
        """Codes that were waited for let nobody in either."""
        account.suspended = self.reason
        account.suspended_until = self.until
        if self.reason:
            account.codes.clear()


class AccountRenamed(AccountFact):
    """An account has another name."""

    __slots__ = ("name",)

    def __init__(self, actor: str, account: Account, name: str) -> None:
        super().__init__(actor, account)
        self.name = name

    def alter(self, account: Account) -> None:
        """It is found by the new name, and not by the old one."""
        account.name = self.name
        account.key = fold(self.name)


FACTS = (AccountSuspended,)


def guard_renaming(world: World, fact: AccountRenamed) -> Refusal | None:
    """The name may be taken, by an account or by somebody who is here, while this stands in line."""
    refusal = guard_account(world, fact)
    if refusal is not None:
        return refusal
    owner = world.accounts.owner_of(fact.name)
    bearer = world.present.get(fact.account)
    if (owner is not None and owner.uid != fact.account) or clash(
        world, fact.name, bearer.uid if bearer else ""
    ):
        return exists(fact.name)
    return None


def apply_renaming(world: World, fact: AccountRenamed) -> Audience:
    """The account is put in its own place anew, as another object, for its old name is to be found and forgotten."""
    account = world.accounts.by_uid[fact.account].copy()
    fact.alter(account)
    world.accounts.put(account)
    return SILENCE


RENAMING = FactRow(
    guard=guard_renaming, apply=apply_renaming, render=lambda fact, view, tags: "", saves=save_account
)


# ---- suspended accounts


def note_suspension(engine: Engine, fact: AccountSuspended) -> None:
    """Whoever is logged in to a suspended account is out."""
    account = engine.world.accounts.by_uid.get(fact.account)
    if account is None:
        return
    watch(engine, account)
    if not account.suspended:
        return
    for session in sessions_of(engine, account.uid):
        session.evicted = True
        session.quitting = "Account suspended"
        engine.end(session, f"This account is suspended: {account.suspended}")
    user = engine.world.present.get(account.uid)
    if user is not None and not engine.fanout.sessions.get(user.uid):
        # He stays without a device, so that none of them takes him along.
        engine.dismiss(user, "Account suspended")


def watch_all(engine: Engine) -> None:
    """The server begins."""
    for account in engine.world.accounts:
        watch(engine, account)


def watch(engine: Engine, account: Account) -> None:
    """Lift a suspension when its time is over."""
    if not account.suspended_until:
        return
    uid, until = account.uid, account.suspended_until

    def lift() -> None:
        suspended = engine.world.accounts.by_uid.get(uid)
        if suspended is None or suspended.suspended_until != until:
            return
        if engine.clock.now() * 1000 < until:
            watch(engine, suspended)  # the clock was set back
        else:
            engine.log.commit(AccountSuspended("", suspended, ""), None)

    seconds = max(until / 1000 - engine.clock.now(), 0.0)
    engine.timers.at(engine.clock.monotonic() + seconds, lift)


def suspend(ask: Ask, account: Account, reason: str, seconds: int, done: Done) -> None:
    """Suspend an account, for some seconds or (0) until somebody says otherwise. For operators. `done` hears of it."""
    until = int((ask.engine.clock.now() + seconds) * 1000) if seconds else 0
    how_long = f" for {format_duration(seconds)}" if seconds else ""
    _log.info("%s suspends the account %r%s: %s", name_of(ask.user), account.name, how_long, reason)
    tell(ask.engine, "a", f"{name_of(ask.user)} has suspended the account {account.name}{how_long}: {reason}")
    ask.commit(AccountSuspended(ask.user.uid, account, reason, until), lambda ask, _fact: done(ask))


def unsuspend(ask: Ask, account: Account, done: Done) -> None:
    """Let the owner in again. For operators. `done` hears of it."""
    _log.info("%s lifts the suspension of the account %r", name_of(ask.user), account.name)
    tell(ask.engine, "a", f"{name_of(ask.user)} has lifted the suspension of the account {account.name}")
    ask.commit(AccountSuspended(ask.user.uid, account, ""), lambda ask, _fact: done(ask))


def rename(ask: Ask, account: Account, name: str, done: Done) -> None:
    """Give an account another name. For operators; the name is one that an account may have. `done` hears of it."""
    before = account.name
    _log.info("%s renames the account %r to %r", name_of(ask.user), before, name)
    tell(ask.engine, "a", f"{name_of(ask.user)} has renamed the account {before} to {name}")

    def renamed(ask: Ask, fact: AccountRenamed) -> None:
        user = ask.world.present.get(fact.account)
        if user is not None and user.account:
            # Whoever knows him by his account hears of it as of another login.
            again = LoggedIn(user.uid, user.source, fact.account, name, stays=user.stays)
            ask.engine.log.follow_up(again, None)
        done(ask)

    ask.commit(AccountRenamed(ask.user.uid, account, name), renamed)


# ---- what NickServ understands


def _suspend(service: Service, ask: Ask, params: list[str]) -> None:
    account = _found(service, ask, params[0])
    seconds = parse_duration(params[1])
    reason = cut(" ".join(params[1 if seconds is None else 2 :]), _REASON_LENGTH)
    if account is None:
        return
    if not reason:
        service.say(ask, "usage", usage=service.phrases(ask)("suspend"))
        return
    if ask.session.account == account.uid:
        service.say(ask, "suspend-own")
        return
    name, count = account.name, count_sessions(ask.engine, account.uid)
    time = service.phrases(ask)("suspended-for", time=format_duration(seconds)) if seconds else ""

    def done(ask: Ask) -> None:
        service.say(ask, "suspended", account=name, time=time, reason=reason, count=count)

    suspend(ask, account, reason, seconds or 0, done)


def _unsuspend(service: Service, ask: Ask, params: list[str]) -> None:
    account = _found(service, ask, params[0])
    if account is None:
        return
    if not account.suspended:
        service.say(ask, "not-suspended", account=account.name)
        return
    unsuspend(ask, account, lambda ask: service.say(ask, "unsuspended", account=account.name))


def _rename(service: Service, ask: Ask, params: list[str]) -> None:
    account = _found(service, ask, params[0])
    if account is None:
        return
    name = params[1]
    if not may_be_nick(name, ask.settings):
        service.say(ask, "name-bad", name=cut(name, ask.settings.nick_length))
        return
    before = account.name
    rename(ask, account, name, lambda ask: service.say(ask, "renamed", account=before, name=name))


def _list(service: Service, ask: Ask, params: list[str]) -> None:
    mask = fold(params[0] if params else "*")
    found = sorted((account for account in ask.world.accounts if matches(mask, account.key)), key=_key)
    for account in found[:LONGEST_LIST]:
        service.say(
            ask,
            "list-row",
            account=account.name,
            created=plain_time(account.created),
            seen=_seen(service, ask, account),
            marks=_marks(service, ask, account),
        )
    service.say(ask, "list-end", count=len(found), shown=min(len(found), LONGEST_LIST))


def _key(account: Account) -> str:
    return account.key


def _seen(service: Service, ask: Ask, account: Account) -> str:
    phrases = service.phrases(ask)
    if count_sessions(ask.engine, account.uid):
        return phrases("list-here")
    return phrases("list-seen", seen=plain_time(account.seen)) if account.seen else phrases("list-never")


def _marks(service: Service, ask: Ask, account: Account) -> str:
    phrases = service.phrases(ask)
    suspended = phrases("list-suspended", reason=account.suspended) if account.suspended else ""
    return suspended + ("" if account.verified else phrases("list-unverified"))


def _found(service: Service, ask: Ask, name: str) -> Account | None:
    account = ask.world.accounts.named(name)
    if account is None:
        service.say(ask, "no-account", account=cut(name, ask.settings.nick_length))
    return account


VERBS = [
    Verb("SUSPEND", _suspend, least=2, most=3, privileged=True),
    Verb("UNSUSPEND", _unsuspend, least=1, most=1, privileged=True),
    Verb("RENAME", _rename, least=2, most=2, privileged=True),
    Verb("LIST", _list, most=1, privileged=True),
]
