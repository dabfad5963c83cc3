"""A small IRC server on loopback for the client's tests: one room, a memory, and faults to order.

It is a fake, not a mock: it really keeps rooms, nicks and history, and the test looks at what it has kept.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Self

from veche.wire.message import Message, format_message, parse
from veche.wire.scram import Failure, ServerExchange, derive

ALL = "message-tags server-time echo-message labeled-response batch cap-notify draft/chathistory"
LOBBY = "#lobby"
ACCOUNTS = f"{ALL} sasl=PLAIN,SCRAM-SHA-256 account-notify account-tag draft/account-registration"


@dataclass
class Kept:
    """One message of the history."""

    msgid: str
    sender: str
    target: str
    text: str
    command: str = "PRIVMSG"

    @property
    def number(self) -> int:
        return int(self.msgid[1:])

    @property
    def time(self) -> str:
        return f"2026-01-01T10:{self.number // 60:02}:{self.number % 60:02}.000Z"


@dataclass
class Faults:
    """What goes wrong, by text of a message: each happens once."""

    # The message is kept, and the connection breaks before the echo.
    die_after: set[str] = field(default_factory=set)
    # The connection breaks before the message is kept.
    die_before: set[str] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)


class Visitor(asyncio.Protocol):
    """One connection at the server."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.nick = ""
        self.caps: set[str] = set()
        self.is_in = False
        self.is_negotiating = False
        self.rooms: set[str] = set()
        self.tail = b""
        self.label = ""
        self.mechanism = ""
        self.account = ""
        self.message_id = ""
        self.scram = ServerExchange("")
        self.transport: asyncio.Transport = None  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.visitors.append(self)
        transport.write(self.server.greeting)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.visitors.remove(self)
        for other in self.server.visitors:
            if other.rooms & self.rooms:
                other.say("QUIT", "gone", source=self.nick)

    def data_received(self, data: bytes) -> None:
        *lines, self.tail = (self.tail + data).split(b"\r\n")
        for line in lines:
            message = parse(line.decode())
            if message is not None and not self.transport.is_closing():
                self.server.heard.append(line.decode())
                self.message_id = message.tags.get("+veche/id", "")
                self.label = message.tags.get("label", "") if "labeled-response" in self.caps else ""
                self.server.serve(self, message)

    def say(self, command: str, *params: str, source: str = "srv", answer: bool = False, **tags: str) -> None:
        if answer and self.label:
            tags["label"] = self.label
        if "message-tags" not in self.caps:
            tags = {}
        line = format_message(command, *params, source=source, tags=tags)
        self.transport.write(line.encode() + b"\r\n")


class FakeServer:
    """The server; `async with FakeServer() as server` listens on `server.port`.

    `accounts`: names and passwords. `logins`: who has logged in, and how.
    """

    def __init__(self, caps: str = ALL, lobby: str = LOBBY, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.accounts: dict[str, str] = {}
        self.logins: list[str] = []
        self.caps = caps.split()
        self.lobby = lobby
        self.visitors: list[Visitor] = []
        self.history: list[Kept] = []
        self.heard: list[str] = []
        self.faults = Faults()
        self.taken: set[str] = set()
        self.unfit: set[str] = set()
        self.greeting = b""
        self.page = 100
        self.reference_types = ""  # MSGREFTYPES; "": nothing is said of them
        self.once: dict[
            tuple[str, str], Kept
        ] = {}  # by account and id, if "veche/once" is among the capabilities
        self.readable: set[str] = set()  # people whose talk with anybody may be read
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; again on the same port after `stop`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Visitor(self), "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the door and every connection, without a word."""
        if self._server is not None:
            self._server.close()
        for visitor in list(self.visitors):
            visitor.transport.abort()
        await asyncio.sleep(0)

    def keep(self, sender: str, target: str, text: str, command: str = "PRIVMSG") -> Kept:
        """Put a message into the history, as if it had been said while nobody listened."""
        kept = Kept(f"m{len(self.history) + 1}", sender, target, text, command)
        self.history.append(kept)
        return kept

    def texts(self, target: str = LOBBY) -> list[str]:
        """What the history has for a target."""
        return [kept.text for kept in self.history if kept.target == target]

    def talk(self, sender: str, target: str, text: str) -> None:
        """Somebody else says something now."""
        self._relay(self.keep(sender, target, text), None)

    # --- commands ---

    def serve(self, visitor: Visitor, message: Message) -> None:
        handler = getattr(self, "_" + message.command.lower(), None)
        if handler is None:
            visitor.say("421", visitor.nick or "*", message.command, "Unknown command", answer=True)
        else:
            handler(visitor, message)

    def _cap(self, visitor: Visitor, message: Message) -> None:
        if not self.caps:
            visitor.say("421", "*", "CAP", "Unknown command")
        elif message.params[0] == "LS":
            visitor.is_negotiating = True
            visitor.say("CAP", "*", "LS", " ".join(self.caps))
        elif message.params[0] == "REQ":
            visitor.caps.update(message.params[1].split())
            visitor.say("CAP", "*", "ACK", message.params[1])
        else:
            visitor.is_negotiating = False
            self._welcome(visitor)

    def _authenticate(self, visitor: Visitor, message: Message) -> None:
        word = message.params[0]
        data = b64decode(word) if word != "+" and visitor.mechanism else b""
        if not visitor.mechanism:
            visitor.mechanism = word
            visitor.scram = ServerExchange("server")
            visitor.say("AUTHENTICATE", "+")
        elif visitor.mechanism == "PLAIN":
            _, user, password = data.decode().split("\0")
            self._decide(visitor, user, self.accounts.get(user.partition("@")[0]) == password)
        elif not visitor.scram.user:
            user = str(visitor.scram.hear_first(data))
            kept = derive(self.accounts.get(user.partition("@")[0], "none"), b"salt", 4096)
            visitor.say("AUTHENTICATE", b64encode(visitor.scram.challenge(kept)).decode())
        elif word == "+":
            self._decide(visitor, visitor.scram.user, True)
        else:
            verdict = visitor.scram.hear_final(data)
            if isinstance(verdict, Failure):
                self._decide(visitor, visitor.scram.user, False)
            else:
                visitor.say("AUTHENTICATE", b64encode(verdict).decode())

    def _decide(self, visitor: Visitor, user: str, fits: bool) -> None:
        mechanism, visitor.mechanism = visitor.mechanism, ""
        if not fits:
            visitor.say("904", visitor.nick or "*", "SASL authentication failed")
            return
        self.logins.append(f"{mechanism} {user}")
        self._enter_account(visitor, user.partition("@")[0])
        visitor.say("903", visitor.nick or "*", "SASL authentication successful")

    def _enter_account(self, visitor: Visitor, account: str) -> None:
        visitor.account = account
        visitor.say("900", visitor.nick or "*", f"{visitor.nick}!u@h", account, "You are logged in")

    def _register(self, visitor: Visitor, message: Message) -> None:
        name, email, password = message.params
        name = visitor.nick if name == "*" else name
        if name in self.accounts:
            visitor.say("FAIL", "REGISTER", "ACCOUNT_EXISTS", name, "It exists", answer=True)
        elif email != "*":
            visitor.say("REGISTER", "VERIFICATION_REQUIRED", name, "Look at your mail", answer=True)
        else:
            self.accounts[name] = password
            visitor.say("REGISTER", "SUCCESS", name, "Welcome", answer=True)
            self._enter_account(visitor, name)

    def _verify(self, visitor: Visitor, message: Message) -> None:
        name, code = message.params
        if code != "123":
            visitor.say("FAIL", "VERIFY", "INVALID_CODE", name, "No", answer=True)
            return
        visitor.say("VERIFY", "SUCCESS", name, "Welcome", answer=True)
        self._enter_account(visitor, name)

    def _ns(self, visitor: Visitor, message: Message) -> None:
        visitor.account = ""
        visitor.say("901", visitor.nick, f"{visitor.nick}!u@h", "You are logged out", answer=True)

    def _nick(self, visitor: Visitor, message: Message) -> None:
        nick = message.params[0]
        if nick in self.unfit:
            visitor.say("432", visitor.nick or "*", nick, "Erroneous nickname", answer=True)
            return
        if nick in self.taken or any(other.nick == nick for other in self.visitors if other is not visitor):
            visitor.say("433", visitor.nick or "*", nick, "Nickname is already in use", answer=True)
            return
        old, visitor.nick = visitor.nick, nick
        if visitor.is_in:
            for other in self.visitors:
                if other is visitor or other.rooms & visitor.rooms:
                    other.say("NICK", nick, source=old, answer=other is visitor)
        else:
            self._welcome(visitor)

    def _user(self, visitor: Visitor, message: Message) -> None:
        self._welcome(visitor)

    def _welcome(self, visitor: Visitor) -> None:
        knows_user = any(line.startswith("USER") for line in self.heard)
        if visitor.is_in or not visitor.nick or visitor.is_negotiating or not knows_user:
            return
        if self.caps and not visitor.caps:
            return
        visitor.is_in = True
        visitor.say("001", visitor.nick, "Welcome")
        types = [f"MSGREFTYPES={self.reference_types}"] if self.reference_types else []
        tokens = ["CASEMAPPING=ascii", f"CHATHISTORY={self.page}", *types]
        visitor.say("005", visitor.nick, *tokens, "are supported")
        visitor.say("422", visitor.nick, "No MOTD")
        if self.lobby:
            self._enter(visitor, self.lobby)

    def _enter(self, visitor: Visitor, room: str) -> None:
        visitor.rooms.add(room)
        inside = [other for other in self.visitors if room in other.rooms]
        for other in inside:
            other.say("JOIN", room, source=f"{visitor.nick}!u@h", answer=other is visitor)
        visitor.say("353", visitor.nick, "=", room, " ".join(other.nick for other in inside))
        visitor.say("366", visitor.nick, room, "End")

    def _join(self, visitor: Visitor, message: Message) -> None:
        if message.params[0] == "#closed":
            visitor.say("473", visitor.nick, "#closed", "Cannot join channel (+i)", answer=True)
        else:
            for room in message.params[0].split(","):
                self._enter(visitor, room)

    def _part(self, visitor: Visitor, message: Message) -> None:
        visitor.rooms.discard(message.params[0])
        visitor.say("PART", message.params[0], source=visitor.nick, answer=True)

    def _topic(self, visitor: Visitor, message: Message) -> None:
        visitor.say("TOPIC", *message.params, source=visitor.nick, answer=True)

    def _ping(self, visitor: Visitor, message: Message) -> None:
        visitor.say("PONG", "srv", message.params[0], answer=True)

    def _quit(self, visitor: Visitor, message: Message) -> None:
        visitor.say("ERROR", "Closing link")
        visitor.transport.close()

    def _list(self, visitor: Visitor, message: Message) -> None:
        lines = [("322", room, "1", "topic") for room in sorted({self.lobby, *visitor.rooms} - {""})]
        self._batch(visitor, "labeled-response", (), [*lines, ("323", "End")])

    def _who(self, visitor: Visitor, message: Message) -> None:
        rows = [
            ("352", message.params[0], "u", "h", "srv", other.nick, "H", f"0 {other.nick.title()} Lee")
            for other in self.visitors
        ]
        self._batch(visitor, "labeled-response", (), [*rows, ("315", message.params[0], "End")])

    def _batch(
        self, visitor: Visitor, kind: str, params: tuple[str, ...], lines: list[tuple[str, ...]]
    ) -> None:
        if visitor.label:
            visitor.say("BATCH", "+b", kind, *params, answer=True)
        tags = {"batch": "b"} if visitor.label else {}
        for code, *rest in lines:
            visitor.say(code, visitor.nick, *rest, **tags)
        if visitor.label:
            visitor.say("BATCH", "-b")

    def _privmsg(self, visitor: Visitor, message: Message) -> None:
        target, text = message.params
        key = (visitor.account, visitor.message_id)
        if all(key) and key in self.once:
            self._echo(self.once[key], visitor)
        elif text in self.faults.refuse:
            visitor.say("404", visitor.nick, target, "Cannot send to channel", answer=True)
        elif target[0] != "#" and target not in {other.nick for other in self.visitors}:
            visitor.say("401", visitor.nick, target, "No such nick/channel", answer=True)
        elif text in self.faults.die_before:
            self.faults.die_before.remove(text)
            visitor.transport.abort()
        else:
            kept = self.keep(visitor.nick, target, text, message.command)
            if all(key) and "veche/once" in self.caps:
                self.once[key] = kept
            if text in self.faults.die_after:
                self.faults.die_after.remove(text)
                visitor.transport.abort()
            self._relay(kept, visitor)

    _notice = _privmsg

    def _relay(self, kept: Kept, visitor: Visitor | None) -> None:
        for other in self.visitors:
            if other.transport.is_closing():
                continue
            tags = {"msgid": kept.msgid, "time": kept.time}
            if other is visitor:
                self._echo(kept, other)
            elif kept.target in other.rooms or kept.target == other.nick:
                other.say(kept.command, kept.target, kept.text, source=f"{kept.sender}!u@h", **tags)

    def _echo(self, kept: Kept, visitor: Visitor) -> None:
        tags = {"msgid": kept.msgid, "time": kept.time}
        if "echo-message" in visitor.caps:
            visitor.say(kept.command, kept.target, kept.text, source=kept.sender, answer=True, **tags)
        elif visitor.label:
            visitor.say("ACK", answer=True)

    def _chathistory(self, visitor: Visitor, message: Message) -> None:
        how, target, reference, count = message.params
        if target not in visitor.rooms and target not in self.readable:
            visitor.say("FAIL", "CHATHISTORY", "INVALID_TARGET", how, target, "No", answer=True)
            return
        kept = [
            one for one in self.history if target in (one.target, one.sender if one.target[0] != "#" else "")
        ]
        if how == "AFTER":
            key, _, value = reference.partition("=")
            if key == "msgid":
                if value not in {one.msgid for one in kept}:
                    visitor.say("FAIL", "CHATHISTORY", "MESSAGE_ERROR", how, target, "No", answer=True)
                    return
                kept = [one for one in kept if int(one.msgid[1:]) > int(value[1:])]
            else:
                kept = [one for one in kept if one.time > value]
            kept = kept[: int(count)]
        elif how == "BEFORE":
            key, _, value = reference.partition("=")
            kept = [
                one
                for one in kept
                if (one.time < value if key == "timestamp" else one.number < int(value[1:]))
            ]
            kept = kept[-int(count) :]
        else:
            kept = kept[-int(count) :]
        visitor.say("BATCH", "+h", "chathistory", target, answer=True)
        for one in kept:
            visitor.say(one.command, one.target, one.text, source=f"{one.sender}!u@h",
                        batch="h", msgid=one.msgid, time=one.time)  # fmt: skip
        visitor.say("BATCH", "-h")
