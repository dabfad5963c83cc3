"""SASL OAUTHBEARER: a token of an issuer that the owner of the server trusts. Source: RFC 7628.

The rule: what the token says is found out by whoever was handed in for that (ports.Tokens); the name that the issuer
gives somebody is the name of his account here.
"""

from __future__ import annotations

import json
from functools import partial
from typing import NamedTuple

from veche.core.ask import Ask
from veche.core.logins import BUSY, WRONG, Denied, admit_token, refuse, split_device, take_back_token
from veche.core.ports import TokenProblem
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.accounts.issued import find_or_make
from veche.features.sasl.mechanism import Mechanism, challenge, conclude, fail
from veche.wire.names import fold

# RFC 7628, 3.1: kvsep = %x01
_SEPARATOR = "\x01"
# RFC 6750, 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
_TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=")


class Bearer(NamedTuple):
    """What a client has said: as whom it wants to act ("" for whoever the token says), and the token ("" for none)."""

    authzid: str
    token: str


def read(data: bytes) -> Bearer | None:
    """The client's message in its parts; None for what is none.

    3.1: client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep, kvpair = key "=" value kvsep
    """
    try:
        header, *pairs = data.decode().split(_SEPARATOR)
    except ValueError:
        return None
    flag, *rest = header.split(",")
    # Binding a token to the channel is for "SASL/GS2 mechanisms whose names end in -PLUS", and this is none.
    if flag not in {"n", "y"} or len(rest) != 2 or rest[1] or pairs[-2:] != ["", ""]:
        return None
    authzid = rest[0].removeprefix("a=")
    if (rest[0] and authzid == rest[0]) or not all("=" in pair for pair in pairs[:-2]):
        return None
    values = dict(pair.split("=", 1) for pair in pairs[:-2])
    scheme, _, token = values.get("auth", "").partition(" ")
    token = token.strip(" ")
    if (scheme and scheme.lower() != "bearer") or not _TOKEN.issuperset(token):
        return None
    return Bearer(authzid.replace("=2C", ",").replace("=3D", "="), token)


class OAuthBearer:
    """One login: the client's message, and where it is refused, what it says to that."""

    __slots__ = ("_bearer", "_device", "_is_refused", "_name")

    def __init__(self) -> None:
        self._bearer = Bearer("", "")
        self._name = self._device = ""
        self._is_refused = False

    def receive(self, ask: Ask, data: bytes) -> None:
        """The next message."""
        if self._is_refused:
            # 3.2.3: "the client [...] MUST then send either an additional client response consisting of a single %x01
            # (control A) character to the server in order to allow the server to finish the exchange"
            refuse(ask, self._name, partial(conclude, ask, ""))
            return
        bearer = read(data)
        tokens = ask.engine.tokens
        if bearer is None or tokens is None:
            fail(ask, "SASL authentication failed: this is no message of OAUTHBEARER")
            return
        self._bearer = bearer
        self._name, self._device = split_device(bearer.authzid)
        if not bearer.token:
            self._refuse(ask)  # 4.3: who asks without one wants to know where there are some
            return
        denied = admit_token(ask, self._name)
        if denied is not None:
            fail(ask, denied.text(ask))
            return
        ask.wait()
        if not tokens.check(bearer.token, partial(self._hear, ask)):
            take_back_token(ask, self._name)
            fail(ask, BUSY.text(ask))
            ask.settled()

    def _hear(self, ask: Ask, answer: str | TokenProblem) -> None:
        """The token has been looked at."""
        if not ask.session.ended:
            if answer is TokenProblem.UNAVAILABLE:
                take_back_token(ask, self._name)
                fail(ask, Denied("unavailable").text(ask))
            elif answer is TokenProblem.INVALID:
                self._refuse(ask)
            elif self._name and fold(self._name) != fold(answer):
                fail(ask, WRONG.text(ask))
            else:
                take_back_token(ask, self._name)
                find_or_make(ask, answer, partial(conclude, ask, self._device))
        ask.settled()

    def _refuse(self, ask: Ask) -> None:
        """3.2.2: what the server says of an error is in JSON; "status (REQUIRED)"."""
        self._is_refused = True
        issuer = ask.settings.oauth_issuer.rstrip("/")
        words = {
            "status": "invalid_token",
            "openid-configuration": f"{issuer}/.well-known/openid-configuration",
        }
        challenge(ask, json.dumps(words).encode())


def _has_issuer(_session: Session, settings: Settings) -> bool:
    return bool(settings.oauth_issuer)


OAUTHBEARER = Mechanism("OAUTHBEARER", _has_issuer, lambda ask: OAuthBearer())
