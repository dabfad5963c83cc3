"""NickServ: what people have typed for thirty years to have a name of their own, as a face of the same functions.

`/msg NickServ <verb> ...`, `/ns <verb> ...` and `NICKSERV <verb> ...` are one. The rule: a verb knows no rule of its
own; it calls what REGISTER, AUTHENTICATE and their like call, and says the outcome in words.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import Denied, by_password, split_device
from veche.core.services import Service, Verb
from veche.features.accounts import certificates
from veche.features.accounts.entry import enter
from veche.features.accounts.register import register
from veche.state.accounts import Account

PHRASES = {
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
        "выполняет вход; <учётная запись>@<устройство> даёт устройству имя",
    ),
    "identified": ("You are logged in as {account}.", "Вы вошли как {account}."),
    **certificates.PHRASES,
}


def _register(service: Service, ask: Ask, params: list[str]) -> None:
    email = params[1] if len(params) > 1 else ""
    register(ask, "*", email, params[0], partial(_registered, service))


def _registered(service: Service, ask: Ask, account: Account) -> None:
    enter(ask, account, "", lambda ask: service.say(ask, "registered", account=account.name))


def _identify(service: Service, ask: Ask, params: list[str]) -> None:
    name, device = split_device(params[0]) if len(params) > 1 else (ask.session.nick, "")
    by_password(ask, name, params[-1], partial(_identified, service, ask, device))


def _identified(service: Service, ask: Ask, device: str, answer: Account | Denied) -> None:
    if isinstance(answer, Denied):
        service.say_text(ask, answer.text(ask))
    else:
        enter(ask, answer, device, lambda ask: service.say(ask, "identified", account=answer.name))


NICKSERV = Service(
    "NickServ",
    PHRASES,
    [
        Verb("REGISTER", _register, least=1, most=2),
        Verb("IDENTIFY", _identify, least=1, most=2, aliases=("LOGIN", "ID")),
        *certificates.VERBS,
    ],
)
