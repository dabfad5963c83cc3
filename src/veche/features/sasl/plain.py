"""SASL PLAIN: the name and the password, as they are. Source: RFC 4616."""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import WRONG, by_password, split_device
from veche.features.sasl.mechanism import Mechanism, conclude, fail
from veche.wire.names import fold


class Plain:
    """One login: `[authzid] NUL authcid NUL passwd`."""

    __slots__ = ()

    def receive(self, ask: Ask, data: bytes) -> None:
        """The one message there is."""
        try:
            authzid, authcid, password = data.decode().split("\0")
        except ValueError:  # not UTF-8, or not three parts
            fail(ask, "SASL authentication failed: this is no PLAIN message")
            return
        name, device = split_device(authcid)
        if authzid and fold(split_device(authzid)[0]) != fold(name):
            # "the server [...] verify that the authentication credentials permit the client to act as the
            # authorization identity"; nobody may act as somebody else here.
            fail(ask, WRONG.text(ask))
            return
        by_password(ask, name, password, partial(conclude, ask, device))


PLAIN = Mechanism("PLAIN", lambda session, settings: True, lambda ask: Plain())
