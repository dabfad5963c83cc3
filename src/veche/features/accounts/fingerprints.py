"""What NickServ's CERT and SSHKEY have in common: an account's list of fingerprints by which its owner is known.

The rule: adding is each one's own, since what a fingerprint proves, and whose it may be, differ; showing the list and
taking something back do not.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial

from veche.core.ask import Ask
from veche.core.services import Service
from veche.features.accounts.facts import FingerprintRemoved
from veche.state.accounts import Account

# Of what the owner calls one of them, in bytes.
LONGEST_NAME = 64
# So much of a fingerprint is enough to tell it from the owner's others.
_LEAST_LETTERS = 8


class Fingerprints:
    """A verb with LIST, ADD and DEL; its phrases are those that begin with `word`, and its help.

    `held` gives the account's list, `shown` what this connection has come with; `plain` leaves of a fingerprint what
    it is told by; `add` is given the rest of the line.
    """

    def __init__(
        self,
        word: str,
        held: Callable[[Account], dict[str, str]],
        shown: Callable[[Ask], Container[str]],
        plain: Callable[[str], str],
        add: Callable[[Service, Ask, Account, str], None],
        removed: type[FingerprintRemoved],
    ) -> None:
        self._word = word
        self._held = held
        self._removed = removed
        self._shown = shown
        self._plain = plain
        self._acts = {"LIST": self._list, "ADD": add, "DEL": self._del}

    def hear(self, service: Service, ask: Ask, params: list[str]) -> None:
        """Do one of the three."""
        act = self._acts.get(params[0].upper())
        account = ask.world.accounts.by_uid.get(ask.session.account)
        if act is None or account is None:
            service.say(ask, "usage", usage=service.phrases(ask)(self._word))
        else:
            act(service, ask, account, params[1] if len(params) > 1 else "")

    def _list(self, service: Service, ask: Ask, account: Account, _rest: str) -> None:
        held = self._held(account)
        if not held:
            service.say(ask, f"{self._word}-none")
            return
        service.say(ask, f"{self._word}-title", name=account.name)
        phrases, shown = service.phrases(ask), self._shown(ask)
        for fingerprint, name in held.items():
            here = phrases(f"{self._word}-this") if fingerprint in shown else ""
            words = phrases(f"{self._word}-row", fingerprint=fingerprint, name=f"{name} {here}".strip())
            service.say_row(
                ask,
                words.rstrip(),
                self._word,
                fingerprint=fingerprint,
                name=name,
                this="1" if fingerprint in shown else "",
            )

    def _del(self, service: Service, ask: Ask, account: Account, rest: str) -> None:
        if ask.session.token:
            service.say(ask, "fresh")
            return
        start = self._plain(rest)
        found = [key for key in self._held(account) if self._plain(key).startswith(start)]
        if len(start) < _LEAST_LETTERS or len(found) != 1:
            service.say(ask, f"{self._word}-unknown")
            return
        ask.commit(self._removed(ask.user.uid, account, found[0]), partial(self._say_removed, service))

    def _say_removed(self, service: Service, ask: Ask, fact: FingerprintRemoved) -> None:
        service.say(ask, f"{self._word}-removed", fingerprint=fact.fingerprint)
