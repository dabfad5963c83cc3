"""Passwords of accounts: changed by who has the old one, and set anew by who reads the owner's mail.

The rule: nobody learns here whether there is an account, or whether it has an address; and what logs in by other
proofs (tokens, certificates) stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.logins import BUSY, Denied, admit, by_password, is_fresh, refuse, take_back
from veche.core.operators import is_operator, name_of
from veche.core.operators import tell as tell_operators
from veche.core.services import Service, Verb
from veche.features.accounts.codes import CodeSent, counted_as, fits, keep, may_write, new_code, write
from veche.features.accounts.email import is_on
from veche.features.accounts.entry import note_use
from veche.features.accounts.facts import PasswordSet
from veche.state.accounts import PASSWORD, Account
from veche.state.credentials import PasswordKeys
from veche.wire.names import fold
from veche.wire.passwords import PHRASES as PASSWORD_PHRASES
from veche.wire.passwords import prepare, weakness

PHRASES = {
    "passwd": ("PASSWD [<old password>] <new password>", "PASSWD [<старый пароль>] <новый пароль>"),
    "passwd-help": (
        "changes your password; the old one may be left out within minutes of logging in",
        "меняет пароль; в первые минуты после входа старый можно не называть",
    ),
    "password-set": (
        "Your password is changed. Your other devices stay logged in; LOGOUT ALL ends them.",
        "Пароль изменён. Другие ваши устройства остаются; LOGOUT ALL завершит их.",
    ),
    "password-refused": ("{reason}. Your password is as it was.", "{reason}. Пароль остался прежним."),
    "resetpass": ("RESETPASS <account>", "RESETPASS <учётная запись>"),
    "resetpass-help": (
        "sends a code to the account's e-mail address, with which you set another password",
        "отправляет на почту учётной записи код, с которым вы зададите новый пароль",
    ),
    "reset-sent": (
        (
            "If {account} is an account with an e-mail address, a code is on its way there. Then say: "
            "SETPASS {account} <code> <new password>"
        ),
        (
            "Если есть учётная запись {account} с адресом почты, туда отправлен код. Затем скажите: "
            "SETPASS {account} <код> <новый пароль>"
        ),
    ),
    "reset-off": (
        "This server sends no mail. Ask its operators: they can give you a code.",
        "Этот сервер не шлёт писем. Попросите код у его операторов.",
    ),
    "reset-many": (
        "Enough mail has been sent for now. Please try again in an hour.",
        "Писем пока достаточно. Попробуйте через час.",
    ),
    "setpass": (
        "SETPASS <account> <code> <new password>",
        "SETPASS <учётная запись> <код> <новый пароль>",
    ),
    "setpass-help": (
        "sets another password, with a code from RESETPASS",
        "задаёт новый пароль, с кодом от RESETPASS",
    ),
    "password-set-anew": (
        "The password of {account} is changed. Log in with it: IDENTIFY {account} <password>",
        "Пароль учётной записи {account} изменён. Войдите с ним: IDENTIFY {account} <пароль>",
    ),
    "reset-wrong": (
        "This code is wrong, used, or too old.",
        "Этот код неверен, уже использован или устарел.",
    ),
    "resetcode": ("RESETCODE <account>", "RESETCODE <учётная запись>"),
    "resetcode-help": (
        "(operators) shows a code that you can give to an owner who has lost his password",
        "(операторы) показывает код для владельца, потерявшего пароль",
    ),
    "reset-code": (
        (
            "Give this to the owner of {account}, and to nobody else: SETPASS {account} {code} <new password>. It is "
            "good for an hour."
        ),
        "Передайте это владельцу {account} и никому больше: SETPASS {account} {code} <новый пароль>. Годится час.",
    ),
}
LETTERS = {
    "reset-subject": ("Another password on {network}", "Новый пароль в {network}"),
    "reset-text": (
        (
            "Somebody, hopefully you, wants to set another password for the account {account} on {network}.\n\n"
            "The code is  {code}\n\nSay it within an hour:\n"
            "/msg NickServ SETPASS {account} {code} <new password>\n\n"
            "If it was not you, do nothing: the password stays as it is.\n"
        ),
        (
            "Кто-то, надеемся, что вы, хочет задать новый пароль для учётной записи {account} в {network}.\n\n"
            "Код:  {code}\n\nСообщите его в течение часа:\n"
            "/msg NickServ SETPASS {account} {code} <новый пароль>\n\n"
            "Если это были не вы, ничего не делайте: пароль останется прежним.\n"
        ),
    ),
}

Tell = Callable[..., None]
_log = logging.getLogger("veche.accounts")


def prove(ask: Ask, account: Account, password: str, done: Callable[[Account | Denied], None]) -> None:
    """Have the owner prove once more that he is it, by his password (and second factor); tokens do not count."""

    def proved(answer: Account | Denied) -> None:
        if isinstance(answer, Account):
            note_use(ask, answer)
        done(answer)

    by_password(ask, account.name, password, proved, takes_tokens=False)


def change(ask: Ask, account: Account, new: str, done: Callable[[str], None], *, code: str = "") -> None:
    """Give an account another password; `done` hears "" once it is kept, or why it is not (a sentence).

    Whoever calls this has made sure that the asker may. `code`: the hash of the one by which he may.
    """
    if reason := weakness(new, (account.name, ask.settings.network)):
        done(ask.phrase(PASSWORD_PHRASES, reason))
        return
    passwords = ask.engine.passwords
    ask.wait()
    made = partial(_made, ask, account.uid, code, done)
    if passwords is None or not passwords.make(prepare(new) or "", made):
        done(BUSY.text(ask))
        ask.settled()


def _made(ask: Ask, uid: str, code: str, done: Callable[[str], None], keys: PasswordKeys) -> None:
    account = ask.world.accounts.by_uid.get(uid)
    if not keys.has_password or account is None:
        done(BUSY.text(ask))
    elif not ask.session.ended:
        actor = ask.session.user.uid if ask.session.user is not None else ""
        ask.commit(PasswordSet(actor, account, keys.values(), code), lambda _ask, _fact: done(""))
    ask.settled()


def ask_for_reset(ask: Ask, name: str, tell: Tell) -> None:
    """Send a code to the owner of an account, so that he can set another password.

    `tell(key, **values)` hears a key of `PHRASES`, which is the same whether there is such an account.
    """
    if not is_on(ask):
        tell("reset-off")
        return
    if not may_write(ask, fold(name)):
        tell("reset-many")
        return
    account = ask.world.accounts.named(name)
    if account is not None and account.email and account.verified:
        code = new_code(ask.engine.chance)
        # Nothing waits for the disk: that would tell that there is something to be kept.
        ask.engine.log.commit(CodeSent("", account, PASSWORD, keep(ask, code, account.email)), None)
        write(ask, account.email, LETTERS, "reset", account=account.name, code=code)
    tell("reset-sent", account=name)


def reset(ask: Ask, name: str, code: str, new: str, done: Callable[[str], None]) -> None:
    """Set another password with a code; `done` hears "" once it is kept, or why it is not (a sentence).

    A wrong code is a guess like a wrong password.
    """
    if reason := weakness(new, (name, ask.settings.network)):
        done(ask.phrase(PASSWORD_PHRASES, reason))
        return
    counted = counted_as(ask, name)
    denied = admit(ask, counted)
    if denied is not None:
        done(denied.text(ask))
        return
    account = ask.world.accounts.named(name)
    pending = account.code(PASSWORD) if account is not None else None
    if account is None or pending is None or not fits(pending, code, ask.engine.clock.now()):
        refuse(ask, name, lambda _wrong: done(ask.phrase(PHRASES, "reset-wrong")))
        return
    take_back(ask, counted)
    change(ask, account, new, done, code=pending.hash)


# ---- what NickServ understands


def _passwd(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    told = partial(_say_changed, service, ask)
    if len(params) == 1 or account.factor.secret:
        # A code of the second factor has no place between two passwords: IDENTIFY takes it.
        if len(params) == 1 and is_fresh(ask):
            change(ask, account, params[0], told)
        else:
            service.say(ask, "fresh")
        return

    def proved(answer: Account | Denied) -> None:
        if isinstance(answer, Denied):
            service.say_text(ask, answer.text(ask))
        else:
            change(ask, answer, params[1], told)

    prove(ask, account, params[0], proved)


def _say_changed(service: Service, ask: Ask, reason: str) -> None:
    if reason:
        service.say(ask, "password-refused", reason=reason.rstrip("."))
    else:
        service.say(ask, "password-set")


def _resetpass(service: Service, ask: Ask, params: list[str]) -> None:
    ask_for_reset(ask, params[0], partial(service.say, ask))


def _setpass(service: Service, ask: Ask, params: list[str]) -> None:
    name = params[0]

    def done(reason: str) -> None:
        if reason:
            service.say_text(ask, reason)
        else:
            account = ask.world.accounts.named(name)
            service.say(ask, "password-set-anew", account=account.name if account else name)

    reset(ask, name, params[1], params[2], done)


def _resetcode(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.named(params[0])
    if account is None or not is_operator(ask.user):
        service.say(ask, "no-account", account=params[0][:64])
        return
    code = new_code(ask.engine.chance)
    _log.info("%s is shown a code for the password of %r", name_of(ask.user), account.name)
    tell_operators(ask.engine, "a", f"{name_of(ask.user)} sees a code for the password of {account.name}")
    ask.commit(
        CodeSent(ask.user.uid, account, PASSWORD, keep(ask, code, account.email)),
        lambda ask, _fact: service.say(ask, "reset-code", account=account.name, code=code),
    )


FACTS = (PasswordSet,)
VERBS = [
    Verb("PASSWD", _passwd, least=1, most=2, needs_account=True),
    Verb("RESETPASS", _resetpass, least=1, most=1, aliases=("SENDPASS",)),
    Verb("SETPASS", _setpass, least=3, most=3),
    Verb("RESETCODE", _resetcode, least=1, most=1, privileged=True),
]
