"""ChanServ EXPORT: the founder of a room takes away what was said there.

The rule: only where founders read everything that was said, and nothing that they could not read: what was said behind
a key or among the invited in a room of the same name that is no more stays with those who were there
(docs/adr/0006-what-is-said-behind-a-key.md).
"""

from __future__ import annotations

import logging

from veche.core import downloads
from veche.core.ask import Ask
from veche.core.conversations import EVERYTHING, rule_of
from veche.core.logins import Denied, is_fresh
from veche.core.services import Service, Verb
from veche.features.accounts.password import prove
from veche.features.ownership.facts import tell_problem
from veche.features.ownership.rooms import find_registered
from veche.state.accounts import Account
from veche.state.room import FOUNDER

PHRASES = {
    **downloads.PHRASES,
    "export": ("EXPORT <room> [html|json] [<password>]", "EXPORT <комната> [html|json] [<пароль>]"),
    "export-help": (
        "gives the founder of a room a link to all that was said there, as a page or for programs",
        "даёт основателю комнаты ссылку на всё сказанное в ней: страницей или для программ",
    ),
    "export-more": (
        "The password of your account is asked for unless you have just logged in with it.",
        "Нужен пароль вашей учётной записи, если вы не входили с ним только что.",
    ),
}
FORMS = ("html", "json")

_log = logging.getLogger("veche.accounts")


def _export(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    found = find_registered(ask, params[0])
    if found is None:
        return
    room = found[0]
    words = params[1].split() if len(params) > 1 else []
    form = words.pop(0).lower() if words and words[0].lower() in FORMS else FORMS[0]
    if room.rank_of(account.uid) != FOUNDER:
        tell_problem("founder-only", {"room": room.name}, ask)
        return
    rule = rule_of(ask.settings, room)
    if rule != EVERYTHING:
        service.say(ask, "export-not-all", room=room.name, rule=rule)
        return

    def proved(answer: Account | Denied) -> None:
        if isinstance(answer, Denied):
            service.say_text(ask, answer.text(ask))
            return
        key, values = downloads.offer(ask, answer, form, room)
        if key == "export-link":
            _log.info("%s has a link to what was said in %s", answer.uid, room.name)
        service.say(ask, key, **values)

    if words:
        prove(ask, account, " ".join(words), proved)
    elif is_fresh(ask):
        proved(account)
    else:
        service.say(ask, "fresh")


VERBS = [Verb("EXPORT", _export, least=1, most=2, needs_account=True)]
