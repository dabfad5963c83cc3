"""Getting in: capabilities, nick and user, until the server says 001.

The rule: it must end on any server, so what is not understood is passed over and every request is answered by END.

Sources: Modern IRC, "Connection Registration"; capability-negotiation.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from veche.client.events import NickRefused
from veche.client.heard import time_of
from veche.client.login import CAPABILITY as SASL
from veche.client.login import Account
from veche.client.model import Model
from veche.wire import numerics as n
from veche.wire.lines import cut
from veche.wire.message import Message

# What this library understands. A server offers what it has; the rest of the library asks the model what came of it.
WANTED = (
    "account-notify",
    "account-tag",
    "away-notify",
    "batch",
    "cap-notify",
    "draft/account-registration",
    "draft/chathistory",
    "draft/event-playback",
    "draft/message-edit",
    "draft/message-redaction",
    "draft/read-marker",
    "echo-message",
    "labeled-response",
    "message-tags",
    "multi-prefix",
    SASL,
    "server-time",
    "soju.im/search",
    "standard-replies",
    "veche/guest",
    "veche/once",
    "veche/reactions",
    "veche/threads",
    "veche/unread",
)
# Numerics that mean "not under this nick"; 436 and 437 are older forms of the same.
_NICK_REFUSALS = frozenset({n.ERR_ERRONEUSNICKNAME, n.ERR_NICKNAMEINUSE, n.ERR_NONICKNAMEGIVEN, "436", "437"})
# Beginnings of lines that nobody but an IRC server sends: tags, a source, or one of the commands without a source.
# Not a bare number: SMTP and FTP greet with "220 ".
_IRC = re.compile(rb"^(?:[:@]\S+ |(?:CAP|ERROR|NOTICE|PING|AUTHENTICATE) |001 )", re.MULTILINE)


def is_irc(data: bytes) -> bool:
    """Whether what a server has said is IRC, as far as can be told; once it is, more does not change it."""
    return _IRC.search(data) is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wants in. `username` and `realname` are "" for "the same as the nick"; `password`, the server's own (PASS),
    "" for none. With an `account` we come in when we are logged in to it, and not otherwise. `guest`: the token by
    which a server that is several tells us from other guests (docs/ext/guest.md), "" for none.
    """

    nick: str
    username: str = ""
    realname: str = ""
    password: str = field(default="", repr=False)
    account: Account | None = None
    guest: str = field(default="", repr=False)


class Registration:
    """One attempt to get in, and the capabilities afterwards; `say` sends a line, `log_in` begins to log in.

    `offered` are the capabilities that the server has, with their values.
    """

    def __init__(
        self, identity: Identity, model: Model, say: Callable[..., None], log_in: Callable[[], None]
    ) -> None:
        self.identity = identity
        self.is_done = False
        self.offered: dict[str, str] = {}
        self._model = model
        self._say = say
        self._log_in = log_in
        self._is_logging_in = False
        self._requests = 0
        self.guest = ""  # what the server has told us to come back with

    def start(self) -> None:
        """Say who we are. Raises ValueError when a part of the identity cannot be written in a line."""
        identity = self.identity
        # "the client MUST send the standard NICK and USER IRC commands" behind CAP LS without waiting for it,
        # "to complete registration if the server doesn't support capability negotiation".
        self._say("CAP", "LS", "302")
        if identity.password:
            self._say("PASS", identity.password)
        if identity.guest and identity.account is None:
            self._say("GUEST", identity.guest)
        self._say("NICK", identity.nick)
        # The user name is cut by servers as they like, but may not hold a space or be empty.
        username = cut((identity.username or identity.nick).replace(" ", "_"), 10) or "user"
        self._say("USER", username, "0", "*", identity.realname or identity.nick)

    def try_nick(self, nick: str) -> None:
        """Offer another nick. Raises ValueError when it cannot be written in a line."""
        self._say("NICK", nick)
        self._model.nick = nick

    def hear(self, message: Message) -> bool:
        """Take a message of registration or capabilities; whether it changed the set of capabilities."""
        if message.command == n.RPL_WELCOME:
            self.is_done = True
            # The server may have cut or changed the nick: its first parameter is the truth.
            if message.params:
                self._model.nick = message.params[0]
        elif message.command == "GUEST" and message.params:
            self.guest = message.params[0]
        elif message.command == n.ERR_INVALIDCAPCMD and not self.is_done:
            self._say("CAP", "END")
        elif message.command == "CAP" and len(message.params) >= 2:
            return self._hear_cap(message.params[1].upper(), message.params[2:])
        return False

    def nick_refusal(self, message: Message, now: datetime) -> NickRefused | None:
        """The event when a message refuses our nick during registration."""
        if self.is_done:
            return None
        # FAIL NICK <code> <nick> <description>, or <code> <client> <nick> :<description>
        code, params = message.command, message.params
        if code == "FAIL" and len(params) > 1 and params[0].upper() == "NICK":
            code, params = params[1].upper(), params[1:]
        elif code not in _NICK_REFUSALS:
            return None
        return NickRefused(
            time=time_of(message, now),
            nick=params[1] if len(params) > 2 else self._model.nick,
            code=code,
            text=params[-1] if params else "",
        )

    def _hear_cap(self, subcommand: str, params: list[str]) -> bool:
        # "MUST ignore any trailing whitespace", hence the filter.
        pairs = [word.partition("=") for word in (params[-1] if params else "").split(" ") if word]
        words = [name for name, _, _ in pairs]
        enabled = self._model.capabilities
        before = set(enabled)
        if subcommand in {"LS", "NEW"}:
            self.offered.update({name: value for name, _, value in pairs if name in WANTED})
        if subcommand == "LS":
            # CAP LS 302 may come in several lines; all but the last have a "*" before the list.
            if len(params) < 2 or params[0] != "*":
                self._request(set(self.offered))
        elif subcommand == "NEW":
            self._request(set(words))
        elif subcommand == "DEL":
            enabled.difference_update(words)
            for name in words:
                self.offered.pop(name, None)
        elif subcommand == "ACK":
            for word in words:
                if word[0] == "-":
                    enabled.discard(word[1:])
                elif word in WANTED:
                    enabled.add(word)
            self._answered()
        elif subcommand == "NAK":
            self._answered()
        return enabled != before

    def _request(self, offered: set[str]) -> None:
        wanted = [name for name in WANTED if name in offered and name not in self._model.capabilities]
        if wanted:
            self._requests += 1
            self._say("CAP", "REQ", " ".join(wanted))
        else:
            self._end_if_ready()

    def _answered(self) -> None:
        self._requests = max(0, self._requests - 1)
        self._end_if_ready()

    def _end_if_ready(self) -> None:
        if self.is_done or self._requests or self._is_logging_in:
            return
        if self.identity.account is not None:
            # "it is RECOMMENDED to only send CAP END when the SASL exchange is completed"
            self._is_logging_in = True
            self._log_in()
        else:
            self._say("CAP", "END")

    def go_in(self) -> None:
        """We are logged in."""
        if not self.is_done:
            self._say("CAP", "END")
