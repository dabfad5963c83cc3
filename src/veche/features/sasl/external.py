"""SASL EXTERNAL: the TLS certificate that the client has shown already, or what its door knows of it.

Source: RFC 4422, appendix A.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import by_certificate, split_device
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.sasl.mechanism import Mechanism, conclude, fail


class External:
    """One login: the name of the account, or nothing for the one that the proof belongs to."""

    __slots__ = ()

    def receive(self, ask: Ask, data: bytes) -> None:
        """The one message there is: `[authzid]`."""
        try:
            name, device = split_device(data.decode())
        except ValueError:
            fail(ask, "SASL authentication failed: this is no name")
            return
        by_certificate(ask, name, partial(conclude, ask, device))


def _has_proof(session: Session, _settings: Settings) -> bool:
    return bool(session.certificate or (session.vouched is not None and session.vouched.account))


EXTERNAL = Mechanism("EXTERNAL", _has_proof, lambda ask: External())
