"""Who may come in: the log-in of one ssh connection, and the only session that it may have.

The ways in are a key of the account whose name is given, and keyboard-interactive: the account's password, or, for a
guest, nothing. Passwords go through the server's own SASL, so that one set of counters is behind every door.
A name decides nothing here; what is known of a visitor in the end is what his last successful proof said.
"""

import asyncio
from typing import TYPE_CHECKING, Any

import asyncssh

from veche.net.handover import Message
from veche.phrases import Phrases
from veche.ssh.phrases import TABLE
from veche.ssh.sasl import check_password

if TYPE_CHECKING:
    from veche.ssh.porter import Porter

# Keys that a client may show, and answers that it may give, before the connection is closed.
MOST_KEYS = 10
MOST_ANSWERS = 3
# What a client may call itself: longer than any account's name.
LONGEST_NAME = 64
LONGEST_PASSWORD = 300
# How long a connection may stand there without a session, in seconds.
SESSION_SECONDS = 20
# Environment that a client sends: so many variables, and bytes of each.
MOST_VARIABLES = 16
LONGEST_VARIABLE = 128


class Channel(asyncssh.SSHServerChannel[bytes]):
    """A channel that remembers as much environment as is looked at; asyncssh's own has no limit."""

    def _process_env_request(self, packet: Any) -> bool:
        if len(self._env) >= MOST_VARIABLES or len(packet.get_remaining_payload()) > LONGEST_VARIABLE:
            packet.get_string(), packet.get_string()
            return False
        return super()._process_env_request(packet)


class Guard(asyncssh.SSHServer):
    """One connection. `account` is the uid of the account that it has proved to be its own, "" for a guest."""

    def __init__(self, porter: "Porter", address: str) -> None:
        self.address = address
        self.name = ""
        self.account = ""
        self.keys: list[str] = []  # fingerprints of the keys that were shown, the proved one first
        self.is_counted = True  # the server has admitted this connection, and no session has taken that over
        self._porter = porter
        self._answers = 0
        self._connection: asyncssh.SSHServerConnection | None = None
        self._had_session = False
        self._timer: asyncio.TimerHandle | None = None

    # --- the connection ---

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """ssh begins."""
        self._connection = conn

    def watch(self, connection: asyncssh.SSHServerConnection) -> None:
        """The log-in is over: a session must follow soon."""
        if not self._had_session:
            self._timer = asyncio.get_running_loop().call_later(SESSION_SECONDS, connection.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        if self._timer is not None:
            self._timer.cancel()
        self.give_up()

    def give_up(self) -> None:
        """Nobody will come of it."""
        if self.is_counted:
            self.is_counted = False
            self._porter.server.tell({"what": "gone", "address": self.address})

    def close(self) -> None:
        """The session is over, and with it the connection."""
        if self._connection is not None:
            self._connection.close()

    # --- logging in ---

    def begin_auth(self, username: str) -> bool:
        """Everybody has to say who he is, be it that he is a guest: only so a client shows its keys."""
        self.name = username[:LONGEST_NAME]
        return True

    def public_key_auth_supported(self) -> bool:
        """Yes."""
        return True

    def kbdint_auth_supported(self) -> bool:
        """Yes."""
        return True

    def password_auth_supported(self) -> bool:
        """No: the same is asked by keyboard-interactive, which can say what it is about."""
        return False

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether a key is one of the account's; asyncssh verifies that the client holds it."""
        fingerprint = key.get_fingerprint("sha256")
        if fingerprint in self.keys:
            self.keys.remove(fingerprint)
        elif len(self.keys) >= MOST_KEYS:
            self._refuse()
            return False
        self.keys.append(fingerprint)
        found = await self._porter.server.ask(
            {"what": "account", "name": username[:LONGEST_NAME], "key": fingerprint}
        )
        if not found["has_key"]:
            return False
        self.keys.insert(0, self.keys.pop())
        self._prove(found)
        return True

    def _prove(self, found: Message) -> None:
        """Whose account it is, and how its owner writes the name; a guest has neither."""
        self.account = found["uid"]
        self.name = found["name"] or self.name

    async def get_kbdint_challenge(self, username: str, *_ignored: str) -> Any:
        """Whoever has no account is asked nothing where guests may come in; whoever has one, for its password."""
        self._answers += 1
        if self._answers > MOST_ANSWERS:
            self._refuse()
            return False
        guests = bool(self._porter.settings["guests"])
        found = await self._porter.server.ask({"what": "account", "name": username[:LONGEST_NAME], "key": ""})
        if guests and not found["uid"]:
            self.account = ""
            return True
        say = self._say
        prompt = say("password_or_guest" if guests else "password", name=_shown(username))
        return (self._porter.settings["network"], say("about_keys"), "", [(prompt, False)])

    async def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        """The password, or nothing for a guest."""
        if len(responses) != 1 or len(responses[0].encode(errors="replace")) > LONGEST_PASSWORD:
            return False
        self.account = ""
        if not responses[0]:
            return bool(self._porter.settings["guests"])
        ours = self._porter.stranger_link(self.address, self.keys)
        name = await check_password(ours, username[:LONGEST_NAME], responses[0])
        if not name:
            return False
        self._prove(await self._porter.server.ask({"what": "account", "name": name, "key": ""}))
        return bool(self.account)

    @property
    def _say(self) -> Phrases:
        return Phrases(TABLE, self._porter.settings["language"])

    def _refuse(self) -> None:
        if self._connection is not None:
            self._connection.disconnect(
                asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many attempts to log in"
            )

    # --- the session ---

    def session_requested(self) -> Any:
        """One, and never a second: a connection is one visitor. Forwarding of any kind is refused by default."""
        connection = self._connection
        if self._had_session or connection is None:
            return False
        self._had_session = True
        if self._timer is not None:
            self._timer.cancel()
        ours = connection.create_server_channel(encoding=None)
        # The same with a bound on what it remembers.
        ours.__class__ = Channel
        return ours, self._porter.session(self)


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)[:LONGEST_NAME]
