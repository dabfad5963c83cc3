"""SASL SCRAM-SHA-256, and -PLUS, which binds the login to the TLS connection: the password is proved and never said.

Sources: RFC 5802, RFC 7677; RFC 5929 for the channel binding. The exchange itself is in wire/scram.py. A name that
nobody has, or that has no password, is served with keys that nothing fits, and fails where a wrong password does.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import BUSY, WRONG, Denied, accept_scram, admit, refuse, split_device
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.sasl.mechanism import Mechanism, challenge, conclude, fail, succeed
from veche.state.accounts import Account
from veche.wire.names import fold
from veche.wire.scram import Failure, ServerExchange

NAME = "SCRAM-SHA-256"
NAME_PLUS = "SCRAM-SHA-256-PLUS"
END_POINT = "tls-server-end-point"
_NOT_SCRAM = "SASL authentication failed: this is no message of SCRAM"


class Scram:
    """One login: three messages of the client, the last of which is empty."""

    __slots__ = ("_account", "_device", "_exchange", "_name", "_stored_key", "_turn")

    def __init__(self, nonce: str, *, is_plus: bool, binding: bytes) -> None:
        # RFC 5802, 6: "If the flag is set to "y" and the server supports channel binding, the server MUST fail
        # authentication": the exchange has to know what was offered.
        bindings = {END_POINT: binding} if binding else {}
        self._exchange = ServerExchange(nonce, is_plus=is_plus, bindings=bindings)
        self._name = self._device = self._stored_key = ""
        self._account = ""  # the uid of the account that has been proved to be the client's
        self._turn = self._hear_first

    def receive(self, ask: Ask, data: bytes) -> None:
        """The next message."""
        self._turn(ask, data)

    def _hear_first(self, ask: Ask, data: bytes) -> None:
        user = self._exchange.hear_first(data)
        if isinstance(user, Failure):
            fail(ask, WRONG.text(ask) if user is Failure.OTHER_USER else _NOT_SCRAM)
            return
        passwords = ask.engine.passwords
        if passwords is None:
            fail(ask, BUSY.text(ask))
            return
        self._name, self._device = split_device(user)
        account = _with_password(ask, self._name)
        self._stored_key = account.keys.stored_key if account is not None else ""
        credentials = account.keys.scram if account is not None else passwords.decoy(fold(self._name))
        self._turn = self._hear_final
        challenge(ask, self._exchange.challenge(credentials))

    def _hear_final(self, ask: Ask, data: bytes) -> None:
        # Counted when there is a proof to be looked at, as with a password that is said.
        denied = admit(ask, self._name)
        if denied is not None:
            fail(ask, denied.text(ask))
            return
        proof = self._exchange.hear_final(data)
        account = _with_password(ask, self._name)
        if isinstance(proof, Failure) or account is None or account.keys.stored_key != self._stored_key:
            refuse(ask, self._name, partial(conclude, ask, ""))
            return
        answer = accept_scram(ask, account)
        if isinstance(answer, Denied):
            fail(ask, answer.text(ask))
            return
        self._account = account.uid
        self._turn = self._hear_nothing
        challenge(ask, proof)

    def _hear_nothing(self, ask: Ask, data: bytes) -> None:
        """ "If the mechanism finishes with the server sending a non-empty challenge (such as in SCRAM), clients MUST
        still send an empty response." """
        account = ask.world.accounts.by_uid.get(self._account)
        if data or account is None or account.suspended:
            fail(ask, _NOT_SCRAM if data else WRONG.text(ask))
        else:
            succeed(ask, account, self._device)


def _with_password(ask: Ask, name: str) -> Account | None:
    account = ask.world.accounts.named(name)
    return account if account is not None and account.keys.has_password else None


def _begin(ask: Ask) -> Scram:
    return Scram(ask.engine.chance.nonce(), is_plus=False, binding=ask.session.binding)


def _begin_plus(ask: Ask) -> Scram:
    return Scram(ask.engine.chance.nonce(), is_plus=True, binding=ask.session.binding)


def _is_bound(session: Session, _settings: Settings) -> bool:
    return bool(session.binding)


SCRAM = Mechanism(NAME, lambda session, settings: True, _begin)
SCRAM_PLUS = Mechanism(NAME_PLUS, _is_bound, _begin_plus)
