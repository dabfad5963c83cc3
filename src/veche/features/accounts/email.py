"""E-mail addresses of accounts: proved to be the owner's by a code that comes back (VERIFY), changed, and forgotten.

Source: account-registration (draft), for VERIFY. The rule: an address is the account's when a code that was sent to it
has come back, and not before; until then it stands with the code alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.logins import Denied, admit, is_fresh, refuse, take_back
from veche.core.replies import Failure, Refusal
from veche.core.services import Service
from veche.features.accounts.codes import CodeSent, counted_as, fits, keep, may_write, new_code, write
from veche.features.accounts.facts import AccountFact
from veche.state.accounts import EMAIL, Account
from veche.wire.emails import is_email
from veche.wire.names import fold

PHRASES = {
    "verify": ("VERIFY [<account>] <code>", "VERIFY [<учётная запись>] <код>"),
    "verify-help": (
        "says the code that has come by e-mail",
        "сообщает код, который пришёл по почте",
    ),
    "verified": (
        "{email} is the address of {account} now.",
        "{email} теперь адрес учётной записи {account}.",
    ),
    "email-bad": (
        "No mail can be sent to this address. Write it as name@example.org.",
        "На этот адрес нельзя отправить письмо. Напишите его в виде name@example.org.",
    ),
    "email-off": (
        "This server sends no mail, so addresses are not kept here.",
        "Этот сервер не шлёт писем, поэтому адреса здесь не хранятся.",
    ),
    "email-needed": (
        "Every account here has an e-mail address; you can change it, but not take it away.",
        "Здесь у каждой учётной записи есть адрес почты: его можно сменить, но не убрать.",
    ),
    "email-many": (
        "Enough mail has been sent for now. Please try again in an hour.",
        "Писем пока достаточно. Попробуйте через час.",
    ),
    "email-sent": (
        "A code is on its way to {email}. Say VERIFY and the code within an hour.",
        "На {email} отправлен код. Скажите VERIFY и этот код в течение часа.",
    ),
    "email-forgotten": ("Your address is forgotten.", "Ваш адрес забыт."),
    "code-wrong": (
        "This code is wrong, used, or too old.",
        "Этот код неверен, уже использован или устарел.",
    ),
}
LETTERS = {
    "verify-subject": ("Your name on {network}", "Ваше имя в {network}"),
    "verify-text": (
        (
            "Somebody, hopefully you, wants to have the account {account} on {network} with this address.\n\n"
            "The code is  {code}\n\nSay it within an hour:  /VERIFY {account} {code}\n"
            "or, where your client does not know that:  /msg NickServ VERIFY {account} {code}\n\n"
            "If it was not you, do nothing: the address will not be kept.\n"
        ),
        (
            "Кто-то, надеемся, что вы, указал этот адрес для учётной записи {account} в {network}.\n\n"
            "Код:  {code}\n\nСообщите его в течение часа:  /VERIFY {account} {code}\n"
            "или, если клиент так не умеет:  /msg NickServ VERIFY {account} {code}\n\n"
            "Если это были не вы, ничего не делайте: адрес не сохранится.\n"
        ),
    ),
}

Tell = Callable[..., None]


class AccountVerified(AccountFact):
    """A code that was sent by e-mail has come back: `code` is its hash."""

    __slots__ = ("code",)

    def __init__(self, actor: str, account: Account, code: str) -> None:
        super().__init__(actor, account)
        self.code = code

    def refusal(self, account: Account) -> Refusal | None:
        """A code is used once."""
        code = account.code(EMAIL)
        if code is not None and code.hash == self.code and self.time < code.until:
            return None
        return Failure("INVALID_CODE", account.name, text="This code has just been used, or is too old")

    def alter(self, account: Account) -> None:
        """The address is the owner's, and he may log in."""
        code = account.code(EMAIL)
        account.codes.pop(EMAIL, None)
        account.verified = True
        if code is not None:
            account.email = code.email


class EmailForgotten(AccountFact):
    """The owner wants no mail."""

    __slots__ = ()

    def alter(self, account: Account) -> None:
        """Neither the address nor one that was to take its place is kept."""
        account.email = ""
        account.codes.pop(EMAIL, None)


FACTS = (CodeSent, AccountVerified, EmailForgotten)


def is_on(ask: Ask) -> bool:
    """Whether this server keeps addresses."""
    return ask.settings.email != "off" and ask.engine.mailer is not None


def verify(ask: Ask, name: str, code: str, done: Callable[[Account | Denied], None]) -> None:
    """Look whether this is the code that was sent for that account; `done` hears when the address is the account's.

    A wrong code is a guess like a wrong password: it is counted, and answered late. `done` is not called when the code
    was used at the same moment by somebody else; the asker is told so (FAIL).
    """
    counted = counted_as(ask, name)
    denied = admit(ask, counted)
    if denied is not None:
        done(denied)
        return
    account = ask.world.accounts.named(name)
    pending = account.code(EMAIL) if account is not None else None
    if not fits(pending, code, ask.engine.clock.now()) or account is None or pending is None:
        refuse(ask, name, done)
        return
    take_back(ask, counted)
    ask.session.failures = 0
    actor = ask.session.user.uid if ask.session.user is not None else ""
    ask.commit(AccountVerified(actor, account, pending.hash), partial(_verified, account.uid, done))


def _verified(uid: str, done: Callable[[Account | Denied], None], ask: Ask, _fact: AccountVerified) -> None:
    account = ask.world.accounts.by_uid.get(uid)
    if account is not None and not ask.session.ended:
        done(Denied("suspended", reason=account.suspended) if account.suspended else account)


def change(ask: Ask, account: Account, email: str, tell: Tell) -> None:
    """Send a code to an address that is to be the account's; "" forgets the one that it has.

    `tell(key, **values)` hears the outcome as a key of `PHRASES`.
    """
    if not is_fresh(ask):
        tell("fresh")
    elif not email:
        if ask.settings.email == "required":
            tell("email-needed")
        else:
            ask.commit(EmailForgotten(ask.user.uid, account), lambda _ask, _fact: tell("email-forgotten"))
    elif not is_on(ask):
        tell("email-off")
    elif not is_email(email):
        tell("email-bad")
    elif not may_write(ask, fold(account.name)):
        tell("email-many")
    else:
        code = new_code(ask.engine.chance)

        def sent(ask: Ask, _fact: CodeSent) -> None:
            write(ask, email, LETTERS, "verify", account=account.name, code=code)
            tell("email-sent", email=email)

        ask.commit(CodeSent(ask.user.uid, account, EMAIL, keep(ask, code, email)), sent)


def verify_own(service: Service, ask: Ask, code: str) -> None:
    """NickServ VERIFY <code>: for who is logged in, and has changed his address."""
    account = ask.world.accounts.by_uid[ask.session.account]
    verify(ask, account.name, code, partial(say_verified, service, ask, None))


def say_verified(
    service: Service, ask: Ask, then: Callable[[Account], None] | None, answer: Account | Denied
) -> None:
    """Tell what has become of a code; `then` hears of the account, if it was the right one."""
    if isinstance(answer, Account):
        service.say(ask, "verified", email=answer.email, account=answer.name)
        if then is not None:
            then(answer)
    elif answer.key == "wrong":
        service.say(ask, "code-wrong")
    else:
        service.say_text(ask, answer.text(ask))
