"""Codes that are sent by e-mail: made, kept hashed, compared, and limited in number.

The rule: a code is 80 bits of chance, good for an hour and once; in the account stands its hash alone, so that it
survives a restart and whoever reads the record cannot use it. Tries are counted with all other guesses
(core/logins.py), but for each address by itself: a code is too long to be guessed from a thousand of them, and nobody
is to keep its owner from saying it. Letters are counted by `Letters`: nobody's mailbox is filled from here.
"""

from __future__ import annotations

import hmac
import logging
from base64 import b32encode
from functools import partial
from hashlib import sha256

from veche.core.ask import Ask
from veche.core.guesses import Counters
from veche.core.limits import address_key
from veche.core.ports import Chance
from veche.features.accounts.facts import AccountFact
from veche.phrases import Phrases, Table
from veche.state.accounts import Account, Code

# For how long a code is good, in seconds; and an account that waits for its first one.
CODE_SECONDS = 3600
_BYTES = 10
# Letters within an hour: to one account, at the word of one address, and in all.
LETTERS_WINDOW = 3600.0
PER_ACCOUNT, PER_ADDRESS, IN_ALL = 3, 6, 200

_log = logging.getLogger("veche.accounts")


class Letters:
    """How many letters have been sent lately."""

    __slots__ = ("_accounts", "_addresses", "_all")

    def __init__(self) -> None:
        self._accounts = Counters()
        self._addresses = Counters()
        self._all = Counters()

    def tables(self) -> dict[str, Counters]:
        """All of them, by name."""
        return {"accounts": self._accounts, "addresses": self._addresses, "all": self._all}

    def wait(self, account: str, address: str, now: float) -> float:
        """Count one letter and return 0.0, or return how many seconds are to wait, and count nothing.

        `account` is a folded name, whether anybody has it or not; `address` one of `limits.address_key`.
        """
        counted = (
            (self._accounts, account, PER_ACCOUNT),
            (self._addresses, address, PER_ADDRESS),
            (self._all, "", IN_ALL),
        )
        wait = max(counters.wait(key, limit, LETTERS_WINDOW, now) for counters, key, limit in counted)
        if not wait:
            for counters, key, _ in counted:
                counters.count(key, LETTERS_WINDOW, now)
        return wait


class CodeSent(AccountFact):
    """A code has been sent to `email`; `code` is its hash, `until` (ms since 1970) the end of it."""

    __slots__ = ("code", "email", "purpose", "until")

    def __init__(self, actor: str, account: Account, purpose: str, code: Code) -> None:
        super().__init__(actor, account)
        self.purpose = purpose
        self.code = code.hash
        self.until = code.until
        self.email = code.email

    def alter(self, account: Account) -> None:
        """It takes the place of one that was sent for the same purpose before."""
        account.codes[self.purpose] = [self.code, self.until, self.email]


def new_code(chance: Chance) -> str:
    """A code as people read and type it: four groups of four letters and digits."""
    text = b32encode(chance.secret()[:_BYTES]).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def hash_of(secret: str) -> str:
    """What is kept of a code; the hash of what is this long and random needs neither salt nor time."""
    return sha256(secret.replace("-", "").lower().encode()).hexdigest()


def keep(ask: Ask, code: str, email: str) -> Code:
    """What is kept of a code that is sent now."""
    return Code(hash_of(code), int((ask.engine.clock.now() + CODE_SECONDS) * 1000), email)


def fits(code: Code | None, typed: str, now: float) -> bool:
    """Whether what somebody has typed is that code, and in time. `now` is in seconds since 1970."""
    expected = code.hash if code is not None else hash_of("")
    is_right = hmac.compare_digest(expected.encode(), hash_of(typed).encode())
    return code is not None and is_right and now * 1000 < code.until


def counted_as(ask: Ask, name: str) -> str:
    """What tries at the codes of an account are counted as; no account is called so."""
    return f"{name} {address_key(ask.session.address)}"


def may_write(ask: Ask, name: str) -> bool:
    """Count one letter to whoever owns this account, or say that there have been enough."""
    now, mark = ask.engine.clock.monotonic(), ask.engine.log.mark
    address = mark(address_key(ask.session.address))
    return not ask.engine.shelf(Letters).wait(mark(name), address, now)


def write(ask: Ask, to: str, table: Table, key: str, **values: object) -> None:
    """Send a letter in the asker's language: the phrases `<key>-subject` and `<key>-text` of that table."""
    mailer = ask.engine.mailer
    if mailer is None:
        return
    phrases = Phrases(table, ask.language)
    values["network"] = ask.settings.network
    subject, text = phrases(f"{key}-subject", **values), phrases(f"{key}-text", **values)
    mailer.send(to, subject, text, partial(_sent, key))


def _sent(key: str, trouble: str) -> None:
    if trouble:
        _log.warning("a mail (%s) could not be sent: %s", key, trouble)
