"""A visit of the plain client: who the person is, the way to the server, and what to say when there is none."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from veche.client.connection import Connection
from veche.client.errors import (
    CannotConnect,
    ClientError,
    LoginFailed,
    NickNotAccepted,
    NotIrc,
    ServerNotTrusted,
)
from veche.client.link import NO_TLS, Timing
from veche.client.opening import OpenSocket
from veche.client.plain_account import TAKEN
from veche.client.plain_client import Ending, PlainClient
from veche.client.plain_phrases import end_of, reason_of_login
from veche.client.plain_terminal import Terminal
from veche.client.plain_trust import KnownServers, ask_trust
from veche.client.text import plain
from veche.client.tls import Tls
from veche.phrases import Phrases
from veche.wire.names import fold, is_valid_nick

DEFAULT_PORT = 6667
TLS_PORT = 6697
# Passwords that a person may try before the program ends.
MOST_PASSWORDS = 3
SASL_FAILED = "904"
# Old messages that a newcomer sees of a room.
BACKLOG = 20
# A script is not kept waiting for ever for a server that went away.
SCRIPT_PATIENCE = 60.0
# Nicks tried for a script before it is given up, and reconnects under a nick that our own ghost may still hold.
MOST_NICKS = 20
GHOST_ATTEMPTS = 5
# How much of a stranger's words is shown, in letters.
MOST_WORDS = 160
# How a TLS server answers what is no TLS (RFC 8446, 5.1: content type 21, and the version's major number).
TLS_ALERT = b"\x15\x03"
# What a nobody is called.
GUEST = "guest"
# The nick of an account's name; what is asked for by --nick or typed may be longer.
LONGEST_DEFAULT = 20
# Accounts that are a role or a machine's own: servers keep such names for themselves, and people mistrust them.
NO_PERSONS = frozenset({
    "root", "toor", "admin", "administrator", "sysadmin", "operator", "system", "server", "global", "nobody",
    "daemon", "user", "default", "www-data", "nickserv", "chanserv", "memoserv", "operserv", "botserv", "hostserv",
    "saslserv",
})  # fmt: skip


def default_nick(user: str) -> str:
    """A nick from the name of the account on this machine, or "guest" where that is no name for a person."""
    nick = user.replace(" ", "_").replace(".", "_")
    return nick if is_valid_nick(nick, LONGEST_DEFAULT) and fold(nick) not in NO_PERSONS else GUEST


def other_nick(nick: str, attempt: int) -> str:
    """Another nick when one is taken: with a number behind it."""
    return f"{nick[:16]}{attempt + 1}"


class NickChooser:
    """Answers the question for another nick: by asking the person, or with a number where there is none."""

    def __init__(self, terminal: Terminal, say: Phrases, *, may_log_in: Callable[[], bool]) -> None:
        self._terminal = terminal
        self._say = say
        self._may_log_in = may_log_in
        self._attempt = 0
        self._wanted = ""
        self._is_inside = False  # we have been in: a taken nick is our own ghost then, most likely

    def enter(self) -> None:
        """The server has let us in."""
        self._is_inside, self._attempt = True, 0

    async def __call__(self, nick: str, code: str, text: str) -> str:
        """Another nick; "" to come back later, or to give up."""
        self._wanted = self._wanted or nick
        self._attempt += 1
        if self._is_inside and self._attempt <= GHOST_ATTEMPTS:
            return ""
        if code in TAKEN:
            self._terminal.show("! " + self._say("nick_taken", nick=plain(nick)))
            if self._may_log_in():
                self._terminal.show("* " + self._say("nick_owned", nick=plain(nick)))
        else:
            self._terminal.show("! " + self._say("nick_bad", nick=plain(nick), text=plain(text)))
            self._wanted = GUEST  # a number behind it would not mend it
        chosen = other_nick(self._wanted, self._attempt)
        if self._terminal.is_interactive and not self._is_inside:
            answer = await ask_nick(
                self._terminal, self._say("ask_other_nick", default=plain(chosen)), chosen
            )
            if answer != chosen:  # the next suggestion is made of what this person wants now
                self._wanted, self._attempt = answer, 0
            return answer
        if self._attempt >= MOST_NICKS:
            return ""
        self._terminal.show("* " + self._say("nick_instead", nick=plain(chosen)))
        return chosen


async def ask_nick(terminal: Terminal, question: str, default: str) -> str:
    """Ask a person for their name; "" when they would rather leave."""
    terminal.set_prompt(question)
    while (line := await terminal.read_line()) is not None:
        nick = line.strip() or default
        if nick:
            terminal.set_prompt("")
            return nick
    return ""


def name_of(host: str, port: int) -> str:
    """A server as it is written on the command line."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def failure_lines(say: Phrases, host: str, port: int, error: CannotConnect) -> list[str]:
    """Why there is no connection, and what to do."""
    server, reason = plain(name_of(host, port)), end_of(say, str(error))
    if not isinstance(error, NotIrc):
        if error.has_answered:
            return [say("not_let_in", server=server, reason=reason)]
        if str(error) == NO_TLS:
            other = name_of(host, DEFAULT_PORT if port == TLS_PORT else port)
            return [
                say("cannot_connect_so", server=server, reason=reason),
                say("try_without_tls", server=plain(other)),
            ]
        return [say("cannot_connect", server=server, reason=reason)]
    if error.said[:2] == TLS_ALERT:
        return [say("not_irc_tls", server=server)]
    if words := first_words(error.said):
        lines = [say("not_irc", server=server, words=words)]
    else:
        # A server that expects TLS often hangs up on anything else without a word.
        lines = [say("not_irc_silent", server=server, reason=reason), say("try_tls", server=server)]
    if port == DEFAULT_PORT:
        return lines
    return [*lines, say("try_irc_port", port=DEFAULT_PORT, server=plain(name_of(host, DEFAULT_PORT)))]


def first_words(said: bytes) -> str:
    """The first line of several words in what a stranger said, else the first line with anything to read in it."""
    lines = [plain(line).strip() for line in said.decode(errors="replace").splitlines()]
    readable = [line for line in lines if any(char.isalnum() for char in line)]
    found = next((line for line in readable if " " in line), readable[0] if readable else "")
    return found if len(found) <= MOST_WORDS else found[:MOST_WORDS].rstrip() + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for on the command line. `account` may be followed by @DEVICE; `known`: the servers that are."""

    host: str
    port: int
    nick: str = ""
    tls: bool = False
    fingerprint: str = ""
    account: str = ""
    password: str = field(default="", repr=False)
    known: KnownServers
    open_socket: OpenSocket | None = (
        None  # the way to the server, where somebody else opens it and says who we are
    )


class Visit:
    """One visit, from the question for a name to the goodbye. `run` gives the exit code."""

    def __init__(self, terminal: Terminal, say: Phrases, wish: Wish) -> None:
        self._terminal = terminal
        self._say = say
        self._wish = wish
        self._server = name_of(wish.host, wish.port)
        self._account, _, self._device = wish.account.partition("@")
        self._nick = wish.nick or self._account
        self._password = wish.password
        self._attempts = 0
        # A server that is known is known by its key alone, whoever vouches for it.
        self._fingerprint = wish.fingerprint or (wish.known.fingerprint(self._server) if wish.tls else "")

    async def run(self) -> int:
        """Ask who the person is, connect, and talk."""
        terminal, say = self._terminal, self._say
        if terminal.is_interactive and not self._nick:
            default = default_nick(user_name())
            self._nick = await ask_nick(terminal, say("ask_nick", default=default), default)
            if not self._nick:
                return 0
        self._nick = self._nick or default_nick(user_name())
        if self._needs_password and not await self._ask_password():
            return 0 if terminal.is_interactive else 1
        while True:
            try:
                return await self._talk()
            except ServerNotTrusted as error:
                shown = await ask_trust(terminal, say, plain(self._server), error, self._wish.known)
                if not shown:
                    return 1
                self._fingerprint = shown
            except LoginFailed as error:
                terminal.show("! " + say("login_failed", reason=reason_of_login(say, error)))
                if not await self._may_try_again(error):
                    return 1
            except CannotConnect as error:
                for line in failure_lines(say, self._wish.host, self._wish.port, error):
                    terminal.show("! " + line)
                return 1
            except NickNotAccepted:
                return 0 if terminal.is_interactive else 1
            except ClientError as error:
                terminal.show("! " + plain(str(error)))
                return 1

    @property
    def _needs_password(self) -> bool:
        return bool(self._account) and not self._password and self._wish.open_socket is None

    async def _ask_password(self) -> bool:
        """Ask for the password of the account; whether there is one now."""
        if not self._terminal.is_interactive:
            self._terminal.show("! " + self._say("password_missing"))
            return False
        self._password = (
            await self._terminal.read_secret(self._say("ask_password", account=plain(self._account))) or ""
        )
        return bool(self._password)

    async def _may_try_again(self, error: LoginFailed) -> bool:
        """Whether a person has typed another password, which only helps where the server has refused the first."""
        self._attempts += 1
        if error.code != SASL_FAILED or not self._terminal.is_interactive or self._attempts >= MOST_PASSWORDS:
            return False
        return await self._ask_password()

    async def _talk(self) -> int:
        terminal, wish = self._terminal, self._wish
        chat = Connection(
            wish.host,
            wish.port,
            nick=self._nick,
            account=self._account,
            password=self._password if self._account else "",
            device=self._device,  # only where it was asked for: other servers know no such thing
            tls=Tls(fingerprint=self._fingerprint) if wish.tls else False,
            backlog=BACKLOG,
            open_socket=wish.open_socket,
            timing=Timing(give_up_after=None if terminal.is_interactive else SCRIPT_PATIENCE),
            choose_nick=(
                choose := NickChooser(
                    terminal, self._say, may_log_in=lambda: chat.has_accounts and not self._account
                )
            ),
        )
        async with chat:
            choose.enter()
            client = PlainClient(
                chat,
                terminal,
                self._say,
                server=self._server,
                today=datetime.now().astimezone().date(),
                password=wish.password,
            )
            ending: Ending = await client.run()
            await chat.close(client.farewell or "bye")
        if terminal.is_interactive:
            terminal.set_prompt("")
            terminal.show(self._say("bye"))
            return 0
        return 1 if client.failed or ending == "closed" else 0


def user_name() -> str:
    """The name of the account on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in the password file, as in some containers
        return GUEST
