"""A visit of the plain client: who the person is, the way to the server, and what to say when there is none."""

import getpass
from datetime import datetime

from veche.client.connection import Connection
from veche.client.errors import CannotConnect, ClientError, NickNotAccepted, NotIrc
from veche.client.link import Timing
from veche.client.plain_client import Ending, PlainClient
from veche.client.plain_phrases import end_of
from veche.client.plain_terminal import Terminal
from veche.client.text import plain
from veche.phrases import Phrases
from veche.wire.names import fold, is_valid_nick
from veche.wire.numerics import ERR_NICKNAMEINUSE

DEFAULT_PORT = 6667
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

    def __init__(self, terminal: Terminal, say: Phrases) -> None:
        self._terminal = terminal
        self._say = say
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
        if code == ERR_NICKNAMEINUSE:
            self._terminal.show("! " + self._say("nick_taken", nick=plain(nick)))
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
        return [say("cannot_connect", server=server, reason=reason)]
    if error.said[:2] == TLS_ALERT:
        first = say("not_irc_tls", server=server)
    elif words := first_words(error.said):
        first = say("not_irc", server=server, words=words)
    else:
        first = say("not_irc_silent", server=server, reason=reason)
    if port == DEFAULT_PORT:
        return [first]
    return [first, say("try_irc_port", port=DEFAULT_PORT, server=plain(name_of(host, DEFAULT_PORT)))]


def first_words(said: bytes) -> str:
    """The first line of several words in what a stranger said, else the first line with anything to read in it."""
    lines = [plain(line).strip() for line in said.decode(errors="replace").splitlines()]
    readable = [line for line in lines if any(char.isalnum() for char in line)]
    found = next((line for line in readable if " " in line), readable[0] if readable else "")
    return found if len(found) <= MOST_WORDS else found[:MOST_WORDS].rstrip() + "…"


async def visit(terminal: Terminal, say: Phrases, host: str, port: int, nick: str) -> int:
    """Ask who the person is, connect, and talk; the exit code."""
    if terminal.is_interactive and not nick:
        default = default_nick(_user())
        nick = await ask_nick(terminal, say("ask_nick", default=default), default)
        if not nick:
            return 0
    nick = nick or default_nick(_user())
    server = name_of(host, port)
    choose = NickChooser(terminal, say)
    timing = Timing(give_up_after=None if terminal.is_interactive else SCRIPT_PATIENCE)
    chat = Connection(host, port, nick=nick, backlog=BACKLOG, timing=timing, choose_nick=choose)
    try:
        async with chat:
            choose.enter()
            client = PlainClient(chat, terminal, say, server=server, today=datetime.now().astimezone().date())
            ending: Ending = await client.run()
            await chat.close(client.farewell or "bye")
    except CannotConnect as error:
        for line in failure_lines(say, host, port, error):
            terminal.show("! " + line)
        return 1
    except NickNotAccepted:
        return 0 if terminal.is_interactive else 1
    except ClientError as error:
        terminal.show("! " + plain(str(error)))
        return 1
    if terminal.is_interactive:
        terminal.set_prompt("")
        terminal.show(say("bye"))
        return 0
    return 1 if client.failed or ending == "closed" else 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in the password file, as in some containers
        return GUEST
