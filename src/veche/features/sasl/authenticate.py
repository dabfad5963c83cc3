"""AUTHENTICATE: the messages of a login, in pieces of 400 bytes of base64, to and from its mechanism.

Sources: sasl-3.1, sasl-3.2. The rule: what a mechanism proves is entered by `succeed`, and every end of an exchange is
told once, by one of 903 to 907.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from enum import Enum

from veche.core.ask import Ask
from veche.core.logins import Denied
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.sasl import external, oauthbearer, plain, scram
from veche.features.sasl.mechanism import CHUNK, Mechanism, Steps, fail
from veche.wire import numerics
from veche.wire.caps import SASL

# The best first, for clients that take what they find first.
MECHANISMS: dict[str, Mechanism] = {
    mechanism.name: mechanism
    for mechanism in (
        scram.SCRAM_PLUS,
        scram.SCRAM,
        external.EXTERNAL,
        oauthbearer.OAUTHBEARER,
        plain.PLAIN,
    )
}
# "The server MAY place a limit on the total length of a response": bytes of base64.
LONGEST = 8192


def mechanisms(session: Session, settings: Settings) -> str | None:
    """ "Servers SHOULD advertise the available SASL authentication mechanisms in the value of the `sasl` client
    capability"; none where there are none ("MUST NOT advertise")."""
    return ",".join(_offered(session, settings)) or None


def _offered(session: Session, settings: Settings) -> list[str]:
    return [name for name, mechanism in MECHANISMS.items() if mechanism.offered(session, settings)]


class Part(Enum):
    """What has come when no whole message has."""

    MORE = "more is to come"
    TOO_LONG = "SASL message too long"
    NOT_BASE64 = "SASL authentication failed: this is not base64"


class Conversation(Steps):
    """One exchange: what has come of the client's message so far, and who is to have it (core.logins.Exchange)."""

    __slots__ = ("_buffer", "_steps")

    def __init__(self, steps: Steps) -> None:
        self._buffer: list[str] = []
        self._steps = steps

    def add(self, chunk: str) -> bytes | Part:
        """One AUTHENTICATE: the whole message, that more of it is to come, or why it cannot be one."""
        if chunk != "+":
            self._buffer.append(chunk)
        if sum(map(len, self._buffer)) > LONGEST:
            return Part.TOO_LONG
        if len(chunk) == CHUNK:
            return Part.MORE
        text = "".join(self._buffer)
        self._buffer.clear()
        try:
            return b64decode(text, validate=True)
        except (Error, ValueError):
            return Part.NOT_BASE64

    def receive(self, ask: Ask, data: bytes) -> None:
        """The next message of the client."""
        self._steps.receive(ask, data)


def authenticate(ask: Ask) -> None:
    """AUTHENTICATE <mechanism>, then <400 bytes of base64>..., or "*" to give up."""
    session = ask.session
    word = ask.params[0]
    if not session.caps & SASL:
        # "The client MUST enable the sasl capability before using the AUTHENTICATE command"
        fail(ask, "Ask for the sasl capability first")
        return
    exchange = session.exchange
    if word == "*":
        # "The client can abort an authentication by sending an asterisk as the data. The server will send a 906."
        session.exchange = None
        ask.reply(numerics.ERR_SASLABORTED, "SASL authentication aborted")
    elif len(ask.params) > 1 or len(word) > CHUNK:
        session.exchange = None
        ask.reply(numerics.ERR_SASLTOOLONG, "SASL message too long")
    elif isinstance(exchange, Conversation):
        _continue(ask, exchange, word)
    elif session.account and session.registration is not None:
        # "If the client attempts to issue the AUTHENTICATE command after already authenticating successfully, the
        # server MUST reject it with a 907 numeric." Once it is registered, it may log in again (sasl-3.2).
        ask.reply(numerics.ERR_SASLALREADY, "You have already authenticated using SASL")
    else:
        _begin(ask, word.upper())


def _begin(ask: Ask, name: str) -> None:
    session = ask.session
    offered = _offered(session, ask.settings)
    if name not in offered:
        ask.reply(numerics.RPL_SASLMECHS, ",".join(offered), "are available SASL mechanisms")
        fail(ask, "This mechanism is not offered")
        return
    steps = MECHANISMS[name].begin(ask)
    if isinstance(steps, Denied):
        fail(ask, steps.text(ask))
        return
    session.exchange = Conversation(steps)
    ask.send("AUTHENTICATE +")


def _continue(ask: Ask, exchange: Conversation, chunk: str) -> None:
    whole = exchange.add(chunk)
    if isinstance(whole, bytes):
        exchange.receive(ask, whole)
    elif whole is Part.TOO_LONG:
        ask.session.exchange = None
        ask.reply(numerics.ERR_SASLTOOLONG, whole.value)
    elif whole is Part.NOT_BASE64:
        fail(ask, whole.value)
