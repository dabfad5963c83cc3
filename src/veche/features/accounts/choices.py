"""What an owner chooses for his account: SET.

The rule: a choice is a word kept with the account, or none for what everybody has; what follows from it follows at
once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.core.ask import LANGUAGE, Ask
from veche.core.services import Service, Verb
from veche.features.accounts import email
from veche.features.accounts.facts import ChoiceMade
from veche.state.accounts import ALWAYS_ON, KEEP_NAME, Account

PHRASES = {
    "set": ("SET [<what> <value>]", "SET [<что> <значение>]"),
    "set-help": (
        "shows and makes your choices: LANGUAGE, ALWAYS-ON, KEEP-NAME, EMAIL",
        "показывает и меняет ваши настройки: LANGUAGE, ALWAYS-ON, KEEP-NAME, EMAIL",
    ),
    "set-more": (
        (
            "SET LANGUAGE en|ru: the language in which the server speaks to you\n"
            "SET ALWAYS-ON on|off|default: whether you stay in your rooms without any device\n"
            "SET KEEP-NAME on|off: whether nobody else may bear your name, where that is for owners to choose\n"
            "SET EMAIL <address>|off: where a code goes when you have lost your password"
        ),
        (
            "SET LANGUAGE en|ru: на каком языке с вами говорит сервер\n"
            "SET ALWAYS-ON on|off|default: остаётесь ли вы в комнатах, когда ни одно устройство не подключено\n"
            "SET KEEP-NAME on|off: занято ли ваше имя для других, если сервер оставляет это на выбор\n"
            "SET EMAIL <адрес>|off: куда придёт код, если вы потеряете пароль"
        ),
    ),
    "set-row": ("  {what}: {value}", "  {what}: {value}"),
    "set-made": ("{what} is {value} now.", "{what} теперь {value}."),
    "set-values": ("{what} is one of: {values}.", "{what} бывает: {values}."),
    "set-fixed": (
        "{what} is kept ({value}); this server does not leave it to its users.",
        "{what}: значение {value} сохранено, но этот сервер не оставляет выбор пользователям.",
    ),
    "set-none": ("(none)", "(нет)"),
}
DEFAULT = "default"
_VALUES = {
    LANGUAGE: ("en", "ru", DEFAULT),
    ALWAYS_ON: ("on", "off", DEFAULT),
    KEEP_NAME: ("on", "off", DEFAULT),
}
_EMAIL = "email"


def choose(ask: Ask, account: Account, what: str, value: str, done: Callable[[Ask], None]) -> None:
    """Keep one of the `_VALUES` for a choice; `done` hears when that is so, and what follows from it too."""
    actor = ask.session.user.uid if ask.session.user is not None else ""
    fact = ChoiceMade(actor, account, what, "" if value == DEFAULT else value)
    if what == ALWAYS_ON:
        chosen = account.copy()
        fact.alter(chosen)
        fact.stays = chosen.stays(ask.settings.always_on)
    ask.commit(fact, lambda ask, _fact: done(ask))


def _is_free(ask: Ask, what: str) -> bool:
    """Whether this server leaves it to its users."""
    if what == ALWAYS_ON:
        return ask.settings.always_on != "off"
    return what != KEEP_NAME or ask.settings.keep_names == "optional"


def _set(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    if not params:
        _show(service, ask, account)
        return
    what = params[0].lower()
    value = params[1] if len(params) > 1 else ""
    if what == _EMAIL and value:
        address = "" if value.lower() == "off" else value
        email.change(ask, account, address, partial(service.say, ask))
    elif what not in _VALUES:
        service.say(ask, "usage", usage=service.phrases(ask)("set"))
    elif value.lower() not in _VALUES[what]:
        service.say(ask, "set-values", what=what.upper(), values=", ".join(_VALUES[what]))
    else:
        key = "set-made" if _is_free(ask, what) else "set-fixed"
        value = value.lower()
        choose(ask, account, what, value, lambda ask: service.say(ask, key, what=what.upper(), value=value))


def _show(service: Service, ask: Ask, account: Account) -> None:
    for what in _VALUES:
        service.say(ask, "set-row", what=what.upper(), value=account.choices.get(what, DEFAULT))
    value = account.email or service.phrases(ask)("set-none")
    service.say(ask, "set-row", what=_EMAIL.upper(), value=value)


VERBS = [Verb("SET", _set, most=2, needs_account=True)]
