"""Logging in: SASL inside AUTHENTICATE, from the choice of a mechanism to the server's word, or the reason why not.

The rule: a password is proven, not said, where the server can do that; it is said only where nobody on the way can
read it, or where that was asked for. What was begun and refused is never tried again in a weaker way, because a server
may refuse the better one in order to be told the password. The strategy: one `Login` is one attempt; it takes the lines
that belong to it, and ends once, in a `Verdict`.

It must not: draw random numbers; nonces are handed in.

Sources: sasl-3.1, sasl-3.2; RFC 4616 (PLAIN), RFC 4422 (EXTERNAL), and wire/scram for SCRAM.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from veche.wire.message import Message
from veche.wire.scram import ClientExchange, Failure

CAPABILITY = "sasl"
# sasl-3.1, "Numerics used by this extension"; 900 and 901 tell of any login, and are for `heard`.
SUCCESS, MECHANISMS = "903", "908"
REFUSALS = frozenset({"902", "904", "905", "906", "907"})
# What belongs to an attempt while there is one.
OF_A_LOGIN = REFUSALS | {"AUTHENTICATE", SUCCESS, MECHANISMS}
# "The response is encoded in Base64, then split to 400-byte chunks".
CHUNK = 400
# What a server may say at once, as base64; an honest challenge has some 200.
MOST_BYTES = 8192

# What has to be said, since no server can keep of it what a proof needs: a Veche server's token for a device, and a
# password with the code of a second factor behind it.
_TOKEN = re.compile(r"veche-.*", re.DOTALL)
_WITH_CODE = re.compile(r".+ (?:[0-9]{6}|[a-z2-7]{5}-[a-z2-7]{5})", re.DOTALL | re.IGNORECASE)

# Why a login came to nothing, where it is not the server who says it.
NO_SASL = "this server has no accounts, or does not let clients log in"
NO_MECHANISM = "this server and this client have no way of logging in in common"
NOT_SAFE = "the password would be readable on its way: this connection is not encrypted"
NOT_PROVEN = "the server could not prove that it knows the password"
NO_LOGOUT = "this server does not let anybody log out; come in without the account instead"
NOT_UNDERSTOOD = "the server does not keep to the rules of logging in"


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the server, and what proves it: the password, or, where there is none, the certificate that we show
    (then the name may be "", for whomever it belongs to). `device` tells this program from others of the same person.

    Raises ValueError for what cannot be written down.
    """

    name: str
    password: str = field(default="", repr=False)
    device: str = ""

    def __post_init__(self) -> None:
        # Raises UnicodeEncodeError, a ValueError, for lone surrogates.
        if b"\0" in (self.user + self.password).encode():
            raise ValueError("a NUL inside an account's name or password")

    @property
    def user(self) -> str:
        """The name that the server is told: a Veche server takes "ann@phone" for the device "phone" of "ann"."""
        return f"{self.name}@{self.device}" if self.device else self.name


@dataclass(frozen=True, slots=True)
class Channel:
    """What is known of the connection. `is_private`: nobody on the way can read it. `binding`: the name and data of
    its channel binding, where it has one that we can compute.
    """

    is_private: bool = False
    binding: tuple[str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an attempt ended; `code` is the server's numeric, "" where it is we who gave up."""

    is_in: bool
    code: str = ""
    text: str = ""


class Login:
    """One attempt to log in; `say` sends a line. `begin`, then give `hear` every message until there is a verdict."""

    def __init__(
        self,
        account: Account,
        channel: Channel,
        *,
        say: Callable[..., None],
        nonce: Callable[[], str] | None,
    ) -> None:
        self.account = account
        self._channel = channel
        self._say = say
        self._nonce = nonce
        self._mechanism = ""
        self._steps: Iterator[bytes | Verdict] = iter(())
        self._heard = b""
        self._incoming: list[str] = []
        self._size = 0
        self._listed = ""
        self._is_told = False
        self._exchange: ClientExchange | None = None
        self._has_begun = False

    def begin(self, offered: str) -> Verdict | None:
        """Choose among the mechanisms that the server offers ("PLAIN,EXTERNAL"; "": it does not tell) and begin.

        A verdict: there is none to begin with.
        """
        words = [word for word in offered.upper().split(",") if word]
        self._is_told = bool(words)
        chosen = self._choose(words)
        if isinstance(chosen, Verdict):
            return chosen
        could_bind = self._channel.binding is not None and bool(words)
        self._mechanism = chosen
        self._exchange = None
        if chosen.startswith("SCRAM"):
            assert self._nonce is not None, "SCRAM is not chosen without a nonce"
            is_plus = chosen.endswith("-PLUS")
            self._exchange = ClientExchange(
                self.account.user,
                self.account.password,
                self._nonce(),
                binding=self._channel.binding if is_plus else None,
                could_bind=could_bind and not is_plus,
            )
        self._steps = self._speak()
        self._has_begun = False
        self._say("AUTHENTICATE", chosen)
        return None

    def hear(self, message: Message) -> Verdict | None:
        """Take a message; the verdict, if it brings one."""
        code = message.command
        if code == "AUTHENTICATE":
            return self._hear_chunk(message.params[0] if message.params else "+")
        if code == SUCCESS:
            if self._exchange is not None and not self._exchange.is_proven:
                return Verdict(False, "", NOT_PROVEN)
            return Verdict(True)
        if code == MECHANISMS:
            # 908 <client> <mechanisms> :are available SASL mechanisms; 904 follows it.
            self._listed = message.params[1].upper() if len(message.params) > 2 else ""
        if code in REFUSALS:
            others = self._others()
            text = message.params[-1] if message.params else ""
            return self.begin(others) if others else Verdict(False, code, text)
        return None

    def _others(self) -> str:
        """The mechanisms to choose from when the server does not have the one that was tried; "" when it does, and
        has refused us. It has it when it let us begin.
        """
        listed, self._listed = self._listed, ""
        if self._has_begun or self._mechanism in listed.split(","):
            return ""
        # Where a server tells no list at all, the one thing that all of them have is left.
        return listed or ("" if self._is_told or self._mechanism == "PLAIN" else "PLAIN")

    def _choose(self, offered: list[str]) -> str | Verdict:
        if not self.account.password:
            return "EXTERNAL" if not offered or "EXTERNAL" in offered else Verdict(False, "", NO_MECHANISM)
        password, is_private = self.account.password, self._channel.is_private
        # A password that only looks like one with a code is proven where saying it would not be safe.
        must_say = _TOKEN.fullmatch(password) or (is_private and _WITH_CODE.fullmatch(password))
        if self._nonce is not None and not must_say:
            if "SCRAM-SHA-256-PLUS" in offered and self._channel.binding is not None:
                return "SCRAM-SHA-256-PLUS"
            if not offered or "SCRAM-SHA-256" in offered:
                return "SCRAM-SHA-256"
        if offered and "PLAIN" not in offered:
            return Verdict(False, "", NO_MECHANISM)
        return "PLAIN" if is_private else Verdict(False, "", NOT_SAFE)

    # --- what we say ---

    def _answer(self) -> Verdict | None:
        step = next(self._steps, None)
        if step is None:
            return self._give_up(NOT_UNDERSTOOD)
        if isinstance(step, Verdict):
            self._say("AUTHENTICATE", "*")
            return step
        text = b64encode(step).decode()
        for start in range(0, len(text), CHUNK):
            self._say("AUTHENTICATE", text[start : start + CHUNK])
        # "If the last chunk was exactly 400 bytes long, it must also be followed by AUTHENTICATE +"
        if len(text) % CHUNK == 0:
            self._say("AUTHENTICATE", "+")
        return None

    def _speak(self) -> Iterator[bytes | Verdict]:
        """What we answer, message by message; `_heard` is what the server has said before each."""
        account = self.account
        if self._exchange is not None:
            yield self._exchange.first()
            for hear in (self._exchange.hear_challenge, self._exchange.hear_verdict):
                said = hear(self._heard)
                if said is Failure.REFUSED_BY_SERVER:
                    yield b""  # 904 will follow
                    return
                if isinstance(said, Failure):
                    yield Verdict(
                        False, "", NOT_PROVEN if said is Failure.WRONG_SIGNATURE else NOT_UNDERSTOOD
                    )
                    return
                # "If the mechanism finishes with the server sending a non-empty challenge (such as in SCRAM), clients
                # MUST still send an empty response."
                yield said
        elif self._mechanism == "EXTERNAL":
            yield account.user.encode()
        else:
            # message = [authzid] UTF8NUL authcid UTF8NUL passwd
            yield b"\0" + account.user.encode() + b"\0" + account.password.encode()

    # --- what we hear ---

    def _hear_chunk(self, chunk: str) -> Verdict | None:
        self._size += len(chunk)
        if self._size > MOST_BYTES:
            return self._give_up(NOT_UNDERSTOOD)
        if chunk != "+":
            self._incoming.append(chunk)
            if len(chunk) == CHUNK:
                return None
        try:
            self._heard = b64decode("".join(self._incoming), validate=True)
        except (binascii.Error, ValueError):
            return self._give_up(NOT_UNDERSTOOD)
        self._incoming, self._size = [], 0
        verdict = self._answer()
        self._has_begun = True
        return verdict

    def _give_up(self, why: str) -> Verdict:
        self._say("AUTHENTICATE", "*")
        return Verdict(False, "", why)
