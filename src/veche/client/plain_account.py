"""Accounts in the plain client: where a password comes from, and the commands that need one.

The rule: a password is never an argument, because every process of the machine may read those, and never a line that is
shown or remembered.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from veche.client.connection import Connection, Enrolment
from veche.client.plain_commands import Command
from veche.client.plain_terminal import Terminal
from veche.client.text import plain
from veche.phrases import Phrases
from veche.wire.numerics import ERR_NICKNAMEINUSE

VARIABLE = "VECHE_PASSWORD"
# What servers answer when somebody else has a nick, or owns it: it may be one's own, from before one has logged in.
TAKEN = frozenset({ERR_NICKNAMEINUSE, "NICKNAME_RESERVED"})


def given_password(file: str, environment: Mapping[str, str]) -> str:
    """The password that was given with the program: the first line of a file, or the variable; "" for none.

    Raises OSError for a file that cannot be read, ValueError for one without text.
    """
    if not file:
        return environment.get(VARIABLE, "")
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise ValueError(file)
    return lines[0]


class AccountCommands:
    """/register, /verify, /login and /logout; `tell` and `refuse` show a line. `given`: the password for scripts."""

    def __init__(
        self,
        chat: Connection,
        terminal: Terminal,
        say: Phrases,
        *,
        given: str,
        tell: Callable[[str], None],
        refuse: Callable[[str], None],
    ) -> None:
        self._chat = chat
        self._terminal = terminal
        self._say = say
        self._given = given
        self._tell = tell
        self._refuse = refuse
        self._unverified = ""

    async def complete(self, command: Command) -> Command | None:
        """The command with its password, if it needs one; None when there is none to be had, which was said."""
        if command.name not in {"register", "login"}:
            return command
        # A new password is said to the server as it is; logging in has better ways, and looks itself.
        if command.name == "register" and not self._chat.is_private:
            self._refuse(self._say("not_safe"))
            return None
        secret: str | None = self._given
        if self._terminal.is_interactive:
            name = plain(command.args[0] if command.args else self._chat.nick)
            if command.name == "login":
                secret = await self._terminal.read_secret(self._say("ask_password", account=name))
            else:
                secret = await self._new_password()
        if not secret:
            if secret is not None:
                is_asked = self._terminal.is_interactive
                self._refuse(self._say("no_password") if is_asked else self._say("password_missing"))
            return None
        return replace(command, secret=secret)

    async def _new_password(self) -> str | None:
        first = await self._terminal.read_secret(self._say("ask_new_password"))
        if not first:
            return first
        second = await self._terminal.read_secret(self._say("ask_again"))
        if second is not None and first != second:
            self._refuse(self._say("password_differs"))
            return None
        return second

    async def obey(self, command: Command) -> None:
        """Do what was asked for. Raises what the connection raises."""
        first = command.args[0] if command.args else ""
        match command.name:
            case "register":
                enrolment = await self._chat.register("*", first or "*", command.secret)
                self._unverified = enrolment.account
                self._tell_enrolment(enrolment)
            case "verify":
                self._tell_enrolment(await self._chat.verify(self._unverified or self._chat.nick, first))
            case "login":
                await self._chat.log_in(first or self._chat.nick, command.secret)
            case "logout":
                await self._chat.log_out()

    def _tell_enrolment(self, enrolment: Enrolment) -> None:
        account, text = plain(enrolment.account), plain(enrolment.text)
        if enrolment.needs_code:
            self._tell(self._say("registered_code", account=account, text=text))
        else:
            self._tell(self._say("registered", account=account))
