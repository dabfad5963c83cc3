"""Logging in: the one way to prove that an account is one's own, whatever door and command the proof comes by.

The rule: everything that could be guessed is counted here and by nothing else (`Guesses`), and an unknown account is
answered like a wrong proof: in the same words, after the same work and the same wait. What is proved here is entered by
the feature of accounts; nothing in this file changes the world.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Protocol

from veche.core.limits import address_key
from veche.wire.names import fold
from veche.wire.passwords import prepare

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.state.accounts import Account

# Wrong proofs on one connection, behind which it is ended.
MOST_FAILURES = 5
# The answer to a wrong proof is this late (seconds), and twice as late each time, up to the longest.
FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
# Hosts that an account remembers having been used from: a guesser must come from another, so none can lock it out.
KNOWN_HOSTS = 16

_log = logging.getLogger("veche.accounts")


PHRASES = {
    "wrong": (
        "The account name or the password is wrong",
        "Имя учётной записи или пароль неверны",
    ),
    "wait": (
        "Too many wrong attempts. Please wait {seconds} seconds and try again.",
        "Слишком много неудачных попыток. Подождите {seconds} с и попробуйте снова.",
    ),
    "busy": (
        "Too many people are logging in at this moment, please try again in a few seconds",
        "Сейчас входит слишком много людей, попробуйте через несколько секунд",
    ),
    "suspended": ("This account is suspended: {reason}", "Эта учётная запись заблокирована: {reason}"),
    "unverified": (
        "This account waits for the code that was sent by e-mail: VERIFY it first",
        "Эта учётная запись ждёт кода из письма: сначала подтвердите её (VERIFY)",
    ),
}


class Denied:
    """Why a login was refused: a key of `PHRASES`, with the values of that phrase.

    "wrong" (the name or the proof: which of them nobody is told), "wait" (too many were wrong), "busy", "suspended" and
    "unverified" (the proof was right, and nobody may log in).
    """

    __slots__ = ("key", "values")

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values

    def text(self, ask: Ask) -> str:
        """The reason in the asker's language."""
        return ask.phrase(PHRASES, self.key, **self.values)

    def __repr__(self) -> str:
        return f"Denied({self.key!r})"


WRONG = Denied("wrong")
BUSY = Denied("busy")
UNVERIFIED = Denied("unverified")

Done = Callable[["Account | Denied"], None]


class Exchange(Protocol):
    """A login that takes several messages (SASL): what the client says next is for it."""

    def receive(self, ask: Ask, data: bytes) -> None:
        """The next message of the client. Whatever becomes of it is answered through `ask`."""


def split_device(name: str) -> tuple[str, str]:
    """An account's name and that of the device, as people give them: `ann@phone`. The device may be ""."""
    account, _, device = name.partition("@")
    return account, device[:32]


def admit(ask: Ask, name: str) -> Denied | None:
    """Count one attempt to be the owner of the account of that name, or say why it is not taken."""
    engine = ask.engine
    session = ask.session
    account = ask.world.accounts.named(name)
    known = account is not None and session.host in account.hosts
    wait = engine.guesses.wait(fold(name), address_key(session.address), known, engine.clock.monotonic())
    if not wait:
        return None
    _log.warning("a login from %s is refused for now: too many were wrong", session.address or "this machine")
    return Denied("wait", seconds=ceil(wait))


def by_password(ask: Ask, name: str, password: str, done: Done) -> None:
    """Look whether this is the password of that account; `done` hears it in this turn or a later one.

    The session's next line waits until then. `done` is not called for a session that has ended meanwhile.
    """
    denied = admit(ask, name)
    if denied is not None or ask.engine.passwords is None:
        done(denied or BUSY)
        return
    account = ask.world.accounts.named(name)
    prepared = prepare(password)
    # What no password can be is compared all the same, with nobody's, so that it takes as long.
    password_hash = account.keys.hash if account is not None and prepared is not None else ""
    ask.wait()
    compared = partial(_compared, ask, name, password_hash, done)
    if not ask.engine.passwords.verify(password_hash, prepared or "", compared):
        take_back(ask, name)
        done(BUSY)
        ask.settled()


def _compared(ask: Ask, name: str, password_hash: str, done: Done, fits: bool) -> None:
    account = ask.world.accounts.named(name)
    if not fits or account is None or account.keys.hash != password_hash:
        refuse(ask, name, done)
    elif not ask.session.ended:
        done(accept(ask, account))
    ask.settled()


def by_certificate(ask: Ask, name: str, done: Done) -> None:
    """Look whose account it is that the certificate of this connection belongs to; `name`: whose it must be, or "".

    It is not counted with the guesses: nobody finds by trying a key whose certificate has a certain fingerprint. Nor is
    the fingerprint a secret, so that nothing is learned from the time that it takes to find it.
    """
    account = ask.world.accounts.certified(ask.session.certificate)
    if account is None or (name and account.key != fold(name)):
        refuse(ask, name, done)
    else:
        done(_let_in(ask, account))


def accept(ask: Ask, account: Account) -> Account | Denied:
    """The proof was right: this account, unless nobody may log in to it. What was counted is given back."""
    take_back(ask, account.name)
    return _let_in(ask, account)


def _let_in(ask: Ask, account: Account) -> Account | Denied:
    ask.session.failures = 0
    if account.suspended:
        return Denied("suspended", reason=account.suspended)
    return account if account.verified else UNVERIFIED


def take_back(ask: Ask, name: str) -> None:
    """That was no guess."""
    engine = ask.engine
    engine.guesses.succeeded(fold(name), address_key(ask.session.address), engine.clock.monotonic())


def refuse(ask: Ask, name: str, done: Done) -> None:
    """The proof was wrong, or there is no such account: say so, later each time, and in the end no more."""
    session = ask.session
    session.failures += 1
    # Written with repr: a name may hold whatever somebody has typed.
    _log.info("a wrong proof for account %r from %s", name[:64], session.address or "this machine")
    if ask.engine.flood is None:
        _say_wrong(ask, done)
        return
    ask.wait()
    delay = min(FIRST_DELAY * 2 ** (session.failures - 1), LONGEST_DELAY)
    ask.engine.timers.at(ask.engine.clock.monotonic() + delay, partial(_say_wrong_later, ask, done))


def _say_wrong_later(ask: Ask, done: Done) -> None:
    _say_wrong(ask, done)
    ask.settled()


def _say_wrong(ask: Ask, done: Done) -> None:
    session = ask.session
    if session.ended:
        return
    done(WRONG)
    if session.failures >= MOST_FAILURES:
        ask.finish()
        ask.engine.end(session, "Too many wrong passwords")
