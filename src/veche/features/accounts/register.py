"""REGISTER and VERIFY: an account of one's own, in one step or in two.

Source: account-registration (draft). One function registers, whatever command asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.limits import address_key
from veche.core.logins import WRONG, Denied
from veche.core.nicks import clash, may_be_nick
from veche.core.replies import Failure, fit
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.accounts.codes import keep, may_write, new_code, write
from veche.features.accounts.email import LETTERS, is_on, verify
from veche.features.accounts.entry import enter
from veche.features.accounts.facts import AccountRegistered, exists, many_accounts
from veche.state.accounts import EMAIL, Account
from veche.state.credentials import PasswordKeys
from veche.wire.emails import is_email
from veche.wire.names import fold
from veche.wire.passwords import PHRASES as PASSWORD_PHRASES
from veche.wire.passwords import prepare, weakness

# What a server refuses at a level of alarm (DEFCON).
ACCOUNTS = "accounts"
# The reason of `weakness` for what cannot be a password at all.
UNUSABLE = "unusable"

Done = Callable[[Ask, Account], None]


def register_command(ask: Ask) -> None:
    """REGISTER <account> {<email> | "*"} <password>."""
    name, email, password = ask.params[:3]
    registration = ask.session.registration
    if registration is not None and not _is_early(ask.session, ask.settings):
        ask.fail("COMPLETE_CONNECTION_REQUIRED", text="Complete the connection first, and register then")
        return
    if registration is not None and not registration.nick:
        ask.fail("NEED_NICK", "*", text="Say by which name you want to be known first (NICK)")
        return
    register(ask, name, "" if email == "*" else email, password, _registered)


def _registered(ask: Ask, account: Account) -> None:
    pending = account.code(EMAIL)
    if pending is not None:
        # "Sent by the server as a response to REGISTER when further action is required to complete registration"
        text = f"Account created, pending verification; a verification code has been sent to {pending.email}"
        ask.send(fit("", f":{ask.settings.server} REGISTER VERIFICATION_REQUIRED {account.name} :{text}"))
        return
    # "Afterward, the client is assumed to be authenticated to the <account> as if it used SASL."
    ask.send(f":{ask.settings.server} REGISTER SUCCESS {account.name} :Account successfully registered")
    enter(ask, account, "")


def register(ask: Ask, name: str, email: str, password: str, done: Done) -> None:
    """Make an account for who asks, or tell him why not (FAIL). `name` is his nick, or "*" for it.

    Where `email` is given and this server keeps addresses, the account waits for a code (`Account.code(EMAIL)`), which
    is on its way; `done` hears of the account all the same.
    """
    if not is_on(ask):
        email = ""  # it would be kept for nothing
    refusal = _refuse(ask, name, email, password)
    if refusal is not None:
        ask.refuse(refusal)
        return
    nick = ask.session.nick
    passwords = ask.engine.passwords
    prepared = prepare(password) or ""
    ask.wait()
    if passwords is None or not passwords.make(prepared, partial(_hashed, ask, nick, email, done)):
        _give_up(ask, nick)
        ask.settled()


def _refuse(ask: Ask, name: str, email: str, password: str) -> Failure | None:
    nick = ask.session.nick
    shown = name if name != "*" else nick
    if ask.session.account:
        return Failure("ALREADY_AUTHENTICATED", shown, text="You have an account and are logged in to it")
    if name != "*" and fold(name) != fold(nick):
        return Failure(
            "ACCOUNT_NAME_MUST_BE_NICK", name, text="An account is called as you are: change your nick first"
        )
    if not may_be_nick(nick, ask.settings):
        return Failure("BAD_ACCOUNT_NAME", nick, text="This name cannot be registered")
    if not ask.settings.registration_open and not ask.session.is_invited:
        return Failure("TEMPORARILY_UNAVAILABLE", nick, text="New accounts are not made here")
    if ACCOUNTS in ask.world.refused:
        return Failure("TEMPORARILY_UNAVAILABLE", nick, text="New accounts are not made at the moment")
    if ask.world.accounts.owner_of(nick) is not None or _is_somebody_else(ask, nick):
        return exists(nick)
    if reason := weakness(password, (nick, ask.settings.network)):
        code = "UNACCEPTABLE_PASSWORD" if reason == UNUSABLE else "WEAK_PASSWORD"
        return Failure(code, nick, text=ask.phrase(PASSWORD_PHRASES, reason))
    return _refuse_email(ask, nick, email) or _refuse_haste(ask, nick, email)


def _refuse_email(ask: Ask, nick: str, email: str) -> Failure | None:
    if email and not is_email(email):
        return Failure("INVALID_EMAIL", nick, text="No mail can be sent to this address")
    if not email and ask.settings.email == "required":
        if ask.engine.mailer is None:
            return Failure("TEMPORARILY_UNAVAILABLE", nick, text="This server cannot send mail at the moment")
        return Failure("INVALID_EMAIL", nick, text="An account needs an e-mail address here")
    return None


def _refuse_haste(ask: Ask, nick: str, email: str) -> Failure | None:
    # New accounts from one address and in all: nobody needs many, and each of them is kept for ever.
    if is_too_fast(ask):
        return many_accounts(nick)
    if email and not may_write(ask, fold(nick)):
        return Failure(
            "TEMPORARILY_UNAVAILABLE", nick, text="Enough mail has been sent, please try again later"
        )
    return None


def is_too_fast(ask: Ask) -> bool:
    """Count one account from where the asker is, or say that there have been enough."""
    return bool(ask.engine.registrations.wait(_place(ask), ask.engine.clock.monotonic()))


def _place(ask: Ask) -> str:
    return ask.engine.log.mark(address_key(ask.session.address))


def limit(ask: Ask, fact: AccountRegistered) -> AccountRegistered:
    """Have it counted in the order itself where several nodes make accounts: what they tell one another of their counts
    comes too late for who asks all of them at once."""
    if ask.engine.log.is_shared:
        settings = ask.settings
        window = int(settings.registration_window_seconds * 1000)
        fact.place = _place(ask)
        fact.limits = [settings.registrations_per_address, settings.registrations, window]
    return fact


def _is_somebody_else(ask: Ask, nick: str) -> bool:
    user = ask.session.user
    return clash(ask.world, nick, user.uid if user is not None else "") is not None


def _give_up(ask: Ask, nick: str) -> None:
    ask.engine.registrations.failed(_place(ask), ask.engine.clock.monotonic())
    ask.fail("TEMPORARILY_UNAVAILABLE", nick, text="The server is busy, please try again in a moment")


def _hashed(ask: Ask, nick: str, email: str, done: Done, keys: PasswordKeys) -> None:
    session = ask.session
    if not keys.has_password:
        _give_up(ask, nick)
    elif not session.ended:
        user = session.user
        # What a guest has said so far stays his: the account is known to the record by what he was known by.
        # Not so where it is yet to be seen whose the account is.
        is_his = user is not None and not email
        uid = user.identity if user is not None and is_his else ask.engine.chance.uid()
        account = Account(uid, nick, int(ask.engine.clock.now() * 1000))
        account.keys = keys
        code = new_code(ask.engine.chance) if email else ""
        if email:
            account.verified = False
            account.codes[EMAIL] = list(keep(ask, code, email))
        actor = user.uid if user is not None else ""
        source = user.source if user is not None else ""
        fact = limit(ask, AccountRegistered(actor, source, account))
        ask.commit(fact, partial(_made, uid, code, done))
    ask.settled()


def _made(uid: str, code: str, done: Done, ask: Ask, _fact: AccountRegistered) -> None:
    account = ask.world.accounts.by_uid[uid]
    if pending := account.code(EMAIL):
        write(ask, pending.email, LETTERS, "verify", account=account.name, code=code)
    if not ask.session.ended:
        ask.session.proof = None  # whatever was proved before, it was something else
        done(ask, account)


def verify_command(ask: Ask) -> None:
    """VERIFY <account> <code>."""
    name, code = ask.params[:2]
    if ask.session.account:
        ask.fail("ALREADY_AUTHENTICATED", name, text="You have an account and are logged in to it")
    elif ask.session.registration is not None and not _is_early(ask.session, ask.settings):
        ask.fail("COMPLETE_CONNECTION_REQUIRED", text="Complete the connection first, and verify then")
    else:
        verify(ask, name, code, partial(_verified, ask))


def _verified(ask: Ask, answer: Account | Denied) -> None:
    if isinstance(answer, Account):
        # "Afterward, the client is assumed to be authenticated to the <account> as if it used SASL."
        server = ask.settings.server
        ask.send(f":{server} VERIFY SUCCESS {answer.name} :Account successfully registered")
        enter(ask, answer, "")
    elif answer is WRONG:
        # "Sent by the server if the <code> in the VERIFY command is invalid or expired."
        ask.fail("INVALID_CODE", ask.params[0], text="This code is wrong, used or too old")
    else:
        ask.fail("TEMPORARILY_UNAVAILABLE", ask.params[0], text=answer.text(ask))


def _is_early(_session: Session, settings: Settings) -> bool:
    """Whether an account may be had before registration: not where a password is asked for that has not been said."""
    return not settings.password


def value(session: Session, settings: Settings) -> str | None:
    """The value of draft/account-registration; None where nobody can have an account."""
    if not settings.registration_open:
        return ""  # for who has been invited, once he is in
    keys = ["before-connect"] if _is_early(session, settings) else []
    if settings.email == "required":
        keys.append("email-required")
    return ",".join(keys)
