"""Who we are at the server, from one connection to the next: the account that is logged in to, and changes of it.

The rule: what holds on this connection holds after every reconnect. Whoever was to be logged in and is not does not
come in, since as a guest he would be somebody else.
"""

import asyncio
from typing import Any

from veche.client.errors import ClientError, LoginFailed, NotSafe, OutcomeUnknown
from veche.client.events import LoginRefused
from veche.client.link import Link
from veche.client.login import NO_LOGOUT, NOT_SAFE, Account

# Logins that are refused one after another before a connection that was in is given up: the password has been changed.
MOST_REFUSALS = 5
# What cannot be done without a connection.
NOT_NOW = "this can be done when the connection is there, once at a time"


class Standing:
    """The account of a connection that lasts; `account` is the one to log in to, None for a guest."""

    def __init__(self, account: Account | None, patience: float) -> None:
        self.account = account
        self._patience = patience
        self._refusals = 0
        self._is_leaving = False
        self._coming: tuple[Account, asyncio.Future[None]] | None = None

    # --- from above ---

    async def log_in(self, link: Link | None, account: Account) -> None:
        """Log in on the connection that there is. See `Connection.log_in`."""
        if link is None or link.lost.done() or not link.session.is_registered or self._coming is not None:
            raise LoginFailed(NOT_NOW)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._coming = (account, future)
        try:
            link.login(account)
            async with asyncio.timeout(self._patience):
                await future
        except TimeoutError:
            raise OutcomeUnknown("no answer to AUTHENTICATE") from None
        finally:
            self._coming = None

    async def log_out(self, link: Link | None) -> None:
        """Be a guest, on the connection that there is or on the next one. See `Connection.log_out`."""
        if link is None or link.lost.done() or not link.session.is_registered:
            raise LoginFailed(NOT_NOW)
        account, self.account, self._is_leaving = self.account, None, True
        asked = asyncio.create_task(link.ask_aside("NS", "LOGOUT"), name="log out")
        try:
            either: set[asyncio.Future[Any]] = {asked, link.lost}  # Any: an answer, or a reason
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if link.lost.done():
                return  # other devices of ours are there, so that we could not stay: we come back as a guest
            self._is_leaving = False
            refusal = asked.result().refusal
            if refusal is not None or link.session.model.account:
                self.account = account
                raise LoginFailed(NO_LOGOUT, refusal.code if refusal is not None else "")
        finally:
            asked.cancel()

    # --- what happens on the way ---

    def nick_for_next(self, nick: str) -> str:
        """The nick to come in with: another one for a guest who has just left an account, whose name that one is."""
        is_leaving, self._is_leaving = self._is_leaving, False
        return nick + "_" if is_leaving else nick

    def come_in(self) -> None:
        """We are in, as whom we were to be."""
        self._refusals = 0

    def accept(self) -> None:
        """The server has accepted a login."""
        if self._coming is not None and not self._coming[1].done():
            self.account = self._coming[0]
            self._coming[1].set_result(None)

    def refuse(self, refused: LoginRefused) -> bool:
        """The server has refused a login; whether that was for whoever has called `log_in`."""
        if self._coming is None:
            return False
        self._fail(login_failed(refused))
        return True

    def count_refusal(self) -> bool:
        """We were to come in logged in, and are not; whether it is worth another attempt."""
        self._refusals += 1
        return self._refusals < MOST_REFUSALS

    def lose_connection(self) -> None:
        """Whoever waits for a login hears no more of it."""
        self._fail(OutcomeUnknown("the connection was lost before the answer came"))

    def find_accounts(self, link: Link) -> None:
        """sasl-3.2: accounts may have been away for a while, and whoever was logged in to them is not any more."""
        if self.account is not None and not link.session.model.account and self._coming is None:
            link.login(self.account)

    def _fail(self, error: ClientError) -> None:
        if self._coming is not None and not self._coming[1].done():
            self._coming[1].set_exception(error)


def login_failed(refused: LoginRefused) -> LoginFailed:
    """A refusal as an exception."""
    kind = NotSafe if refused.text == NOT_SAFE else LoginFailed
    return kind(refused.text, refused.code)
