"""What a SASL mechanism is: whether it is offered, the steps of one login by it, and how a step is answered."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Protocol

from veche.core.ask import Ask
from veche.core.logins import Denied
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.accounts.entry import enter
from veche.state.accounts import Account
from veche.wire import numerics

# "split to 400-byte chunks"
CHUNK = 400


class Steps(Protocol):
    """One login under way."""

    def receive(self, ask: Ask, data: bytes) -> None:
        """The client's next message, whole. Answered by `challenge`, `succeed` or `fail`."""


class Mechanism:
    """One mechanism. `offered(session, settings)`: whether this client may use it; `begin(ask)`: a new login, or why
    there is none."""

    __slots__ = ("begin", "name", "offered")

    def __init__(
        self,
        name: str,
        offered: Callable[[Session, Settings], bool],
        begin: Callable[[Ask], Steps | Denied],
    ) -> None:
        self.name = name
        self.offered = offered
        self.begin = begin


def challenge(ask: Ask, data: bytes) -> None:
    """Send a mechanism's message to the client."""
    text = b64encode(data).decode()
    for start in range(0, len(text), CHUNK):
        ask.send("AUTHENTICATE " + text[start : start + CHUNK])
    if len(text) % CHUNK == 0:
        # "If the last chunk was exactly 400 bytes long, it must also be followed by AUTHENTICATE +"
        ask.send("AUTHENTICATE +")


def succeed(ask: Ask, account: Account, device: str) -> None:
    """The client is the owner: "If authentication is successful, a 900 and 903 numeric will be sent." """
    ask.session.exchange = None
    enter(ask, account, device, _say_success)


def _say_success(ask: Ask) -> None:
    ask.reply(numerics.RPL_SASLSUCCESS, "SASL authentication successful")


def conclude(ask: Ask, device: str, answer: Account | Denied) -> None:
    """What has been found out of a proof is told: one of the two above and below."""
    if isinstance(answer, Denied):
        fail(ask, answer.text(ask))
    else:
        succeed(ask, answer, device)


def fail(ask: Ask, text: str) -> None:
    """The login is over and has failed; "the client MAY retry from the AUTHENTICATE <mechanism> command"."""
    ask.session.exchange = None
    ask.reply(numerics.ERR_SASLFAIL, text)
