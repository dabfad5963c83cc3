"""Logging in: the one way to prove that an account is one's own, whatever door and command the proof comes by.

The rule: everything that could be guessed is counted here and by nothing else (`Guesses`), and an unknown account is
answered like a wrong proof: in the same words, after the same work and the same wait. What is proved here is entered by
the feature of accounts; nothing in this file changes the world.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, Protocol

from veche.core.limits import address_key
from veche.core.scopes import FULL
from veche.wire.lines import cut
from veche.wire.names import fold
from veche.wire.passwords import prepare
from veche.wire.totp import accepted_step

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.state.accounts import Account

# Wrong proofs on one connection, behind which it is ended.
MOST_FAILURES = 5
# The answer to a wrong proof is this late (seconds), and twice as late each time, up to the longest.
FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
# Hosts that an account remembers having been used from: a guesser must come from another, so none can lock it out.
KNOWN_HOSTS = 16
# For so long after a proof (seconds) an owner may do what needs one: whoever finds an open session may not.
FRESH_SECONDS = 600.0
# The name of a device, in bytes.
DEVICE_LENGTH = 32
# How every token begins, so that it is not taken for a password, and is found where it has been left lying about.
TOKEN_PREFIX = "veche-"  # noqa: S105 - a part of every token, and no secret
# What may stand behind the password of an account with a second factor: a code of the time, or a recovery code.
_CODE = re.compile(r"[0-9]{6}|[a-z2-7]{5}-[a-z2-7]{5}", re.IGNORECASE | re.ASCII)

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
    "code": (
        (
            "This account has a second factor: say the password, a space, and the six digits of your application (or a "
            "recovery code). A device that cannot ask for them takes a token (NickServ TOKEN)."
        ),
        (
            "У этой учётной записи есть второй фактор: скажите пароль, пробел и шесть цифр из приложения (или запасной "
            "код). Устройству, которое их не спросит, дайте токен (NickServ TOKEN)."
        ),
    ),
    "token": (
        (
            "This account has a second factor, which this mechanism cannot ask for: log in with a token (NickServ "
            "TOKEN) by PLAIN, or with a certificate"
        ),
        (
            "У этой учётной записи есть второй фактор, а этот механизм его не спросит: войдите с токеном (NickServ "
            "TOKEN) через PLAIN или с сертификатом"
        ),
    ),
    "unavailable": (
        "Nobody can tell at this moment whether your token is good, please try again in a minute",
        "Сейчас некому проверить ваш токен, попробуйте через минуту",
    ),
    "not-made": (
        "Your token is good, but there is no account of this name here, and none is made for it",
        "Ваш токен верен, но учётной записи с таким именем здесь нет и создана она не будет",
    ),
    "unverified": (
        "This account waits for the code that was sent by e-mail: VERIFY it first",
        "Эта учётная запись ждёт кода из письма: сначала подтвердите её (VERIFY)",
    ),
}


class Denied:
    """Why a login was refused: a key of `PHRASES`, with the values of that phrase.

    "wrong" (the name or the proof: which of them nobody is told), "wait" (too many were wrong), "busy", "suspended" and
    "unverified" (the proof was right, and nobody may log in), "code" and "token" (the proof was right, and it is not
    enough).
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
NEEDS_CODE = Denied("code")
NEEDS_TOKEN = Denied("token")


class Proof(NamedTuple):
    """By what somebody has proved that an account is his, and what that lets him do.

    `token`: the device whose token it was, "" for what is the owner's own. `step` and `recovery` (a hash) are what it
    has used up of the second factor.
    """

    token: str = ""
    scope: str = FULL
    step: int = 0
    recovery: str = ""


class UsedUp:
    """What has been used of second factors in this process: by uid the last time step, and hashes of recovery codes.

    The accounts remember it too (`SecondFactor`), but only when it is on disk; two who say the same code at the same
    moment are two all the same.
    """

    __slots__ = ("recovery", "steps")

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}
        self.recovery: set[str] = set()


Done = Callable[["Account | Denied"], None]


class Exchange(Protocol):
    """A login that takes several messages (SASL): what the client says next is for it."""

    def receive(self, ask: Ask, data: bytes) -> None:
        """The next message of the client. Whatever becomes of it is answered through `ask`."""


def split_device(name: str) -> tuple[str, str]:
    """An account's name and that of the device, as people give them: `ann@phone`. The device may be ""."""
    account, _, device = name.partition("@")
    return account, device_name(device)


def device_name(text: str) -> str:
    """What a device is called, of what its owner calls it: base64 may hold line ends, and worse for terminals."""
    return cut("".join(filter(str.isprintable, text)), DEVICE_LENGTH)


def is_fresh(ask: Ask) -> bool:
    """Whether this session has just proved, by more than a token, that the account is its own."""
    session = ask.session
    return bool(session.account) and ask.engine.clock.monotonic() - session.proved < FRESH_SECONDS


def is_code(text: str) -> bool:
    """Whether this looks like a code of a second factor."""
    return _CODE.fullmatch(text) is not None


def token_hash(token: str) -> str:
    """What is kept of a token, or of a recovery code: what is this long and random needs neither salt nor time."""
    return sha256(token.encode()).hexdigest()


def admit(ask: Ask, name: str) -> Denied | None:
    """Count one attempt to be the owner of the account of that name, or say why it is not taken."""
    engine = ask.engine
    session = ask.session
    account = ask.world.accounts.named(name)
    known = account is not None and session.host in account.hosts
    mark = engine.log.mark
    whose, where = mark(fold(name)), mark(address_key(session.address))
    wait = engine.guesses.wait(whose, where, known, engine.clock.monotonic())
    if not wait:
        return None
    _log.warning("a login from %s is refused for now: too many were wrong", session.address or "this machine")
    return Denied("wait", seconds=ceil(wait))


def by_password(ask: Ask, name: str, password: str, done: Done, *, takes_tokens: bool = True) -> None:
    """Look whether this is the password of that account, or one of its tokens; `done` hears it in this turn or later.

    Where the account has a second factor, the code stands behind the password and a space. The session's next line
    waits until then. `done` is not called for a session that has ended meanwhile.
    """
    denied = admit(ask, name)
    if denied is not None or ask.engine.passwords is None:
        done(denied or BUSY)
        return
    account = ask.world.accounts.named(name)
    if takes_tokens and account is not None and (proof := _by_token(account, password)) is not None:
        done(accept(ask, account, proof))
        return
    code = ""
    if account is not None and account.factor.secret:
        password, code = _split_code(password)
    prepared = prepare(password)
    # What no password can be is compared all the same, with nobody's, so that it takes as long.
    password_hash = account.keys.hash if account is not None and prepared is not None else ""
    ask.wait()
    compared = partial(_compared, ask, name, password_hash, code, done)
    if not ask.engine.passwords.verify(password_hash, prepared or "", compared):
        take_back(ask, name)
        done(BUSY)
        ask.settled()


def _by_token(account: Account, token: str) -> Proof | None:
    if not token.startswith(TOKEN_PREFIX):
        return None
    found = None
    given = token_hash(token).encode()
    for device in account.tokens:
        kept = account.token(device)
        if kept is not None and compare_digest(kept.hash.encode(), given):
            found = Proof(device, kept.scope)
    return found


def _split_code(text: str) -> tuple[str, str]:
    """The password, and the code behind it; without one, "" """
    password, space, code = text.rpartition(" ")
    return (password, code) if space and is_code(code) else (text, "")


def _compared(ask: Ask, name: str, password_hash: str, code: str, done: Done, fits: bool) -> None:
    account = ask.world.accounts.named(name)
    if not fits or account is None or account.keys.hash != password_hash:
        refuse(ask, name, done)
    elif not ask.session.ended:
        proof = by_second_factor(ask, account, code)
        if proof is None:
            # A guess like any other: whoever has the password must not try a million codes.
            refuse(ask, name, done, WRONG if code else NEEDS_CODE)
        else:
            done(accept(ask, account, proof))
    ask.settled()


def by_second_factor(ask: Ask, account: Account, code: str) -> Proof | None:
    """What this code proves, which is used up by it; None for nothing. Without a second factor nothing is asked."""
    factor = account.factor
    if not factor.secret:
        return Proof()
    used_up = ask.engine.shelf(UsedUp)
    used = max(factor.used, used_up.steps.get(account.uid, 0))
    if step := accepted_step(factor.secret, code, ask.engine.clock.now(), used):
        used_up.steps[account.uid] = step
        return Proof(step=step)
    given = token_hash(code.lower())
    # Looked for as a hash, so that the time that it takes says nothing of the code.
    if given in factor.recovery and given not in used_up.recovery:
        used_up.recovery.add(given)
        return Proof(recovery=given)
    return None


def by_certificate(ask: Ask, name: str, done: Done) -> None:
    """Look whose account it is that the certificate of this connection belongs to, or that its door vouches for;
    `name`: whose it must be, or "".

    It is not counted with the guesses: nobody finds by trying a key whose certificate has a certain fingerprint. Nor is
    the fingerprint a secret, so that nothing is learned from the time that it takes to find it.
    """
    vouched = ask.session.vouched
    if vouched is not None:
        account = ask.world.accounts.by_uid.get(vouched.account)
    else:
        account = ask.world.accounts.certified(ask.session.certificate)
    if account is None or (name and account.key != fold(name)):
        refuse(ask, name, done)
    else:
        done(_let_in(ask, account, Proof()))


def admit_token(ask: Ask, name: str) -> Denied | None:
    """As `admit`, for a token of an issuer: `name` is whose it is by its bearer's own words, "" where he has none."""
    return admit(ask, name or _anybody(ask))


def take_back_token(ask: Ask, name: str) -> None:
    """That was none that had been made up."""
    take_back(ask, name or _anybody(ask))


def _anybody(ask: Ask) -> str:
    """Whom a token is counted against that names nobody: all such of one address together, so that no stranger's is in
    the way of others'. It has a character that no name has."""
    return f"* {address_key(ask.session.address)}"


def by_issuer(ask: Ask, account: Account) -> Account | Denied:
    """An issuer whom the owner of the server trusts says that this account is the asker's."""
    return _let_in(ask, account, Proof())


def accept(ask: Ask, account: Account, proof: Proof) -> Account | Denied:
    """The proof was right: this account, unless nobody may log in to it. What was counted is given back."""
    take_back(ask, account.name)
    return _let_in(ask, account, proof)


def accept_scram(ask: Ask, account: Account) -> Account | Denied:
    """The same for a proof that says nothing but that somebody has the password, where that may not be enough."""
    answer = accept(ask, account, Proof())
    return NEEDS_TOKEN if answer is account and account.factor.secret else answer


def _let_in(ask: Ask, account: Account, proof: Proof) -> Account | Denied:
    ask.session.failures = 0
    ask.session.proof = proof
    if account.suspended:
        return Denied("suspended", reason=account.suspended)
    return account if account.verified else UNVERIFIED


def take_back(ask: Ask, name: str) -> None:
    """That was no guess."""
    engine = ask.engine
    mark = engine.log.mark
    whose, where = mark(fold(name)), mark(address_key(ask.session.address))
    engine.guesses.succeeded(whose, where, engine.clock.monotonic())


def refuse(ask: Ask, name: str, done: Done, answer: Denied = WRONG) -> None:
    """The proof was wrong, or there is no such account: say so, later each time, and in the end no more."""
    session = ask.session
    session.failures += 1
    # A name that nobody has may be a password that was typed in the wrong place: it is written down nowhere.
    account = ask.world.accounts.named(name)
    whose = repr(account.name) if account is not None else "nobody"
    _log.info("a wrong proof for the account of %s from %s", whose, session.address or "this machine")
    if ask.engine.flood is None:
        _say_wrong(ask, done, answer)
        return
    ask.wait()
    delay = min(FIRST_DELAY * 2 ** (session.failures - 1), LONGEST_DELAY)
    ask.engine.timers.at(ask.engine.clock.monotonic() + delay, partial(_say_wrong_later, ask, done, answer))


def _say_wrong_later(ask: Ask, done: Done, answer: Denied) -> None:
    _say_wrong(ask, done, answer)
    ask.settled()


def _say_wrong(ask: Ask, done: Done, answer: Denied) -> None:
    session = ask.session
    if session.ended:
        return
    done(answer)
    if session.failures >= MOST_FAILURES:
        ask.finish()
        ask.engine.end(session, "Too many wrong passwords")
