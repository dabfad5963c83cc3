"""NickServ: what people have typed for thirty years to have a name of their own, as a face of the same functions.

`/msg NickServ <verb> ...`, `/ns <verb> ...` and `NICKSERV <verb> ...` are one. The rule: a verb knows no rule of its
own; it calls what REGISTER, AUTHENTICATE and their like call, and says the outcome in words.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import Denied, by_password, is_code, split_device
from veche.core.services import Service, Verb
from veche.features.accounts import (
    administration,
    certificates,
    choices,
    email,
    erasure,
    exporting,
    information,
    invitations,
    keeping,
    owner,
    password,
    second_factor,
    sessions,
    ssh_keys,
    tokens,
)
from veche.features.accounts.entry import enter
from veche.features.accounts.register import register
from veche.state.accounts import EMAIL, Account

PHRASES = {
    **invitations.PHRASES,
    **owner.PHRASES,
    "title": (
        "NickServ keeps names for their owners. What it understands:",
        "NickServ хранит имена для их владельцев. Что он понимает:",
    ),
    "register": ("REGISTER <password> [<email>]", "REGISTER <пароль> [<почта>]"),
    "register-help": (
        "makes the name that you have now yours, on every device",
        "закрепляет за вами нынешнее имя на всех устройствах",
    ),
    "registered": (
        "{account} is yours now. Log in with this name and your password on every device.",
        "Имя {account} теперь ваше. Входите с этим именем и паролем на любом устройстве.",
    ),
    "identify": ("IDENTIFY [<account>] <password>", "IDENTIFY [<учётная запись>] <пароль>"),
    "identify-help": (
        "logs you in; <account>@<device> gives this device a name",
        "выполняет вход; <учётная запись>@<устройство> даёт устройству название",
    ),
    "identify-more": (
        (
            "In the place of the password a token is good (HELP TOKEN). Where you have a second factor, its code "
            "stands behind the password: IDENTIFY <account> <password> <code>"
        ),
        (
            "Вместо пароля годится токен (HELP TOKEN). Если включён второй фактор, код стоит за паролем: "
            "IDENTIFY <учётная запись> <пароль> <код>"
        ),
    ),
    "registered-waits": (
        "A code is on its way to {email}. {account} is yours when it has come back: VERIFY {account} <code>",
        "На {email} отправлен код. Имя {account} станет вашим, когда вы его сообщите: VERIFY {account} <код>",
    ),
    "identified": ("You are logged in as {account}.", "Вы вошли как {account}."),
    **administration.PHRASES,
    **certificates.PHRASES,
    **choices.PHRASES,
    **email.PHRASES,
    **erasure.PHRASES,
    **exporting.PHRASES,
    **information.PHRASES,
    **keeping.PHRASES,
    **password.PHRASES,
    **second_factor.PHRASES,
    **sessions.PHRASES,
    **ssh_keys.PHRASES,
    **tokens.PHRASES,
}


def _register(service: Service, ask: Ask, params: list[str]) -> None:
    email = params[1] if len(params) > 1 else ""
    register(ask, "*", email, params[0], partial(_registered, service))


def _registered(service: Service, ask: Ask, account: Account) -> None:
    pending = account.code(EMAIL)
    if pending is not None:
        service.say(ask, "registered-waits", account=account.name, email=pending.email)
    else:
        enter(ask, account, "", lambda ask: service.say(ask, "registered", account=account.name))


def _identify(service: Service, ask: Ask, params: list[str]) -> None:
    own = ask.world.accounts.by_uid.get(ask.session.account)
    name, device = own.name if own is not None else ask.session.nick, ""
    secret = params[-1]
    if len(params) > 1 and is_code(secret) and ask.world.accounts.named(split_device(params[0])[0]) is None:
        secret = " ".join(params)  # a password and the code behind it
    elif len(params) > 1:
        name, device = split_device(params[0])
    by_password(ask, name, secret, partial(_identified, service, ask, device))


def _identified(service: Service, ask: Ask, device: str, answer: Account | Denied) -> None:
    if isinstance(answer, Denied):
        service.say_text(ask, answer.text(ask))
    else:
        enter(ask, answer, device, lambda ask: service.say(ask, "identified", account=answer.name))


def _verify(service: Service, ask: Ask, params: list[str]) -> None:
    if len(params) > 1:
        name, code = params
        email.verify(
            ask, name, code, partial(email.say_verified, service, ask, partial(_enter, service, ask))
        )
    elif ask.session.account in ask.world.accounts.by_uid:
        email.verify_own(service, ask, params[0])
    else:
        service.say(ask, "usage", usage=service.phrases(ask)("verify"))


def _enter(service: Service, ask: Ask, account: Account) -> None:
    if ask.session.account != account.uid:
        enter(ask, account, "", lambda ask: service.say(ask, "identified", account=account.name))


NICKSERV = Service(
    "NickServ",
    PHRASES,
    [
        Verb("REGISTER", _register, least=1, most=2),
        *invitations.VERBS,
        *owner.VERBS,
        Verb("IDENTIFY", _identify, least=1, most=2, aliases=("LOGIN", "ID")),
        Verb("VERIFY", _verify, least=1, most=2),
        *information.VERBS,
        *choices.VERBS,
        *keeping.VERBS,
        *sessions.VERBS,
        *password.VERBS,
        *tokens.VERBS,
        *certificates.VERBS,
        *ssh_keys.VERBS,
        *second_factor.VERBS,
        *exporting.VERBS,
        *erasure.VERBS,
        *administration.VERBS,
    ],
)
