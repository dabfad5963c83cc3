"""NickServ EXPORT: somebody takes away himself what is kept of him and what he has said.

The rule: only for who has just proved, by more than the token of a device, that he is the owner: whoever finds a phone
must not carry off years of letters. The file comes by the web door (core/downloads.py).
"""

from __future__ import annotations

import logging

from veche.core import downloads
from veche.core.ask import Ask
from veche.core.logins import Denied, is_fresh
from veche.core.services import Service, Verb
from veche.features.accounts.password import prove
from veche.state.accounts import Account

PHRASES = {
    **downloads.PHRASES,
    "export": ("EXPORT [json|mbox] [<password>]", "EXPORT [json|mbox] [<пароль>]"),
    "export-help": (
        "gives you a link to all that is kept of you and that you have said, as a file",
        "даёт ссылку на файл со всем, что о вас хранится и что вы сказали",
    ),
    "export-more": (
        (
            "json is for programs and has everything; mbox is what you have said, for any mail program.\n"
            "The password is asked for unless you have just logged in with it. A link is good for ten minutes and once."
        ),
        (
            "json — для программ, в нём всё; mbox — сказанное вами, для любой почтовой программы.\n"
            "Пароль нужен, если вы не входили с ним только что. Ссылка действует десять минут и один раз."
        ),
    ),
}
FORMS = ("json", "mbox")

_log = logging.getLogger("veche.accounts")


def _export(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    form = params[0].lower() if params else FORMS[0]
    secret = " ".join(params[1:])
    if form not in FORMS:
        form, secret = FORMS[0], " ".join(params)

    def proved(answer: Account | Denied) -> None:
        if isinstance(answer, Denied):
            service.say_text(ask, answer.text(ask))
            return
        key, values = downloads.offer(ask, answer, form)
        if key != "export-link":
            service.say(ask, key, **values)
            return
        _log.info("%s has a link to what is kept of him", answer.uid)
        service.say_row(ask, service.phrases(ask)(key, **values), key, link=str(values["link"]))

    if secret:
        prove(ask, account, secret, proved)
    elif is_fresh(ask):
        proved(account)
    else:
        service.say(ask, "fresh")


VERBS = [Verb("EXPORT", _export, most=2, needs_account=True)]
