"""Keeps a connection: opens links one after another, and after each brings the chat up to date.

The strategy: one task, `run`, owns the link; within it one worker does what takes several questions (another nick,
catching up, the history of a new room), in the order in which they came up. What is heard passes `_hear`, at once and
in order, and goes to the inbox unless it has to wait for history. The line-up and the gaps outlive every link.

It must not: be used by programs; `connection.Connection` is the face of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from veche.client.catchup import CAPABILITY, CatchUp
from veche.client.errors import (
    CannotConnect,
    ClientError,
    ConnectionClosed,
    LoginFailed,
    NickNotAccepted,
    NotIrc,
    ServerNotTrusted,
)
from veche.client.events import (
    Answered,
    CapabilitiesChanged,
    Connected,
    Disconnected,
    Event,
    HistoryReceived,
    LoginAccepted,
    LoginRefused,
    MessageEdited,
    MessageReceived,
    MessageRedacted,
    NickChanged,
    NickRefused,
    PersonJoined,
    PersonLeft,
    Refused,
    Registered,
)
from veche.client.gaps import Gaps
from veche.client.inbox import Inbox
from veche.client.lineup import Lineup, Outgoing
from veche.client.link import Link, Timing
from veche.client.login import CAPABILITY as SASL
from veche.client.login import Account
from veche.client.model import Model
from veche.client.opening import OpenSocket, open_link
from veche.client.registration import Identity
from veche.client.standing import Standing, login_failed
from veche.client.tls import Tls

ChooseNick = Callable[[str, str, str], Awaitable[str]]
# Events that nobody has read yet; a program that never reads them must be able to run for a year.
MOST_EVENTS = 10_000
# Work for the worker comes from a person's wishes; only a hostile server brings more at a time.
MOST_WORK = 1_000
# account-registration: "FAIL * ACCOUNT_REQUIRED": nobody comes in who is not logged in.
ACCOUNT_REQUIRED = "ACCOUNT_REQUIRED"
# Seconds that a farewell may take.
FAREWELL = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a connection is told once; see `Connection`."""

    host: str
    port: int
    identity: Identity
    tls: Tls | None
    may_say_password: bool
    backlog: int
    window: int
    timing: Timing
    choose_nick: ChooseNick | None
    open_socket: OpenSocket | None
    clock: Callable[[], datetime]
    nonce: Callable[[], str]
    chance: Callable[[], float]


class Keeper:
    """The life of a connection."""

    def __init__(self, settings: Settings, rooms: dict[str, str]) -> None:
        self.settings = settings
        self.nick = settings.identity.nick
        self.standing = Standing(settings.identity.account, settings.timing.answer_patience)
        self.rooms = rooms  # to be in, name to key
        self.model = Model(self.nick)
        self.gaps = Gaps()
        self.lineup = Lineup(settings.window)
        self.inbox = Inbox(MOST_EVENTS, settings.clock)
        self.ready = asyncio.Event()
        self.progress = asyncio.Event()  # set when something in the line moved
        self.is_over = False
        self.was_ready = False
        self._link: Link | None = None
        self._guest = ""  # by what the server knows us again, as a guest
        self._is_closing = False
        self._distrusted: ServerNotTrusted | None = None
        self._work: asyncio.Queue[Event] = asyncio.Queue()

    # --- from above ---

    def put(self, piece: Outgoing) -> None:
        """Put a piece in line; it leaves when its turn comes."""
        if self.is_over:
            piece.settle(ConnectionClosed("the connection is closed"))
            return
        self.lineup.add(piece)
        self._pump()

    async def say_goodbye(self, reason: str) -> None:
        """End the link politely, within `FAREWELL` seconds, and stop reconnecting."""
        self._is_closing = True
        link = self._link
        if link is not None and not link.lost.done():
            if link.session.is_registered:
                link.session.say("QUIT", reason)
                link.flush()
                await asyncio.wait({link.lost}, timeout=FAREWELL)
            link.end("closed")

    async def log_in(self, account: Account) -> None:
        """See `Connection.log_in`."""
        await self.standing.log_in(self._link, account)

    async def log_out(self) -> None:
        """See `Connection.log_out`."""
        await self.standing.log_out(self._link)

    @property
    def is_private(self) -> bool:
        """Whether a password may be said on the connection that there is."""
        return self._link is not None and self._link.channel.is_private

    async def run(self) -> None:
        """Keep the connection until it is closed or given up.

        Raises CannotConnect or one of its kind when the first attempt fails, LoginFailed when the account is refused
        then or several times later, NickNotAccepted when no nick is to be had.
        """
        try:
            await self._keep()
        finally:
            self.is_over = True
            self.ready.clear()
            if self._link is not None:
                self._link.end("closed")
            for piece in self.lineup.take_all():
                piece.settle(ConnectionClosed("the connection is closed"))
            self.inbox.close()
            self.progress.set()

    # --- the chain of links ---

    async def _keep(self) -> None:
        timing = self.settings.timing
        loop = asyncio.get_running_loop()
        attempt = 0
        down_since = loop.time()
        while True:
            reason, was_ready = await self._live()
            if self._is_closing:
                return
            if not self.was_ready:
                raise self._failure(reason)
            if was_ready:
                attempt, down_since = 0, loop.time()
            delay = timing.delay(attempt, self.settings.chance())
            attempt += 1
            if timing.give_up_after is not None and loop.time() + delay - down_since > timing.give_up_after:
                self._tell(Disconnected(time=self.settings.clock(), reason=reason, retry_in=None))
                return
            self._tell(Disconnected(time=self.settings.clock(), reason=reason, retry_in=delay))
            await asyncio.sleep(delay)

    def _failure(self, reason: str) -> CannotConnect:
        """Why the first attempt came to nothing."""
        if self._distrusted is not None:
            return self._distrusted
        if self._link is None:
            return CannotConnect(reason)
        if not self._link.is_irc:
            return NotIrc(reason, self._link.said)
        return CannotConnect(reason, has_answered=True)

    async def _live(self) -> tuple[str, bool]:
        """Open a link and live with it to its end; the reason of the end, and whether it ever was ready."""
        settings = self.settings
        self.nick = self.standing.nick_for_next(self.nick)
        if self._link is not None and self._link.session.guest:
            self._guest = self._link.session.guest
        identity = replace(
            settings.identity, nick=self.nick, account=self.standing.account, guest=self._guest
        )
        link = Link(
            identity, clock=settings.clock, nonce=settings.nonce, timing=settings.timing, hear=self._hear
        )
        unopened = await open_link(
            link,
            settings.host,
            settings.port,
            tls=settings.tls,
            patience=settings.timing.patience,
            is_first=not self.was_ready,
            open_socket=settings.open_socket,
        )
        self._distrusted = unopened.distrusted if unopened is not None else None
        if unopened is not None:
            return unopened.reason, False
        self._link, self.model = link, link.session.model
        self._work = asyncio.Queue(MOST_WORK)
        self._tell(Connected(time=settings.clock(), host=settings.host, port=settings.port))
        link.start(may_say_password=settings.may_say_password)
        worker = asyncio.create_task(self._do_work(link), name="work for the link")
        try:
            either: set[asyncio.Future[Any]] = {
                worker,
                link.lost,
            }  # Any: one ends in None, the other in a reason
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            link.end("closed")
            worker.cancel()
            await asyncio.wait({worker})
        was_ready = self.ready.is_set()
        self.ready.clear()
        self.standing.lose_connection()
        self.lineup.lose_connection()
        self.gaps.lose_connection()
        if not worker.cancelled():
            worker.result()  # it never returns: it has raised
        return await link.lost, was_ready

    async def _do_work(self, link: Link) -> None:
        settings = self.settings
        catch_up = CatchUp(link, self.gaps, self.lineup, tell=self._tell, now=settings.clock)
        while True:
            match await self._work.get():
                case NickRefused() as refused:
                    await self._try_other_nick(link, refused)
                case LoginRefused() as refused:
                    self._go_away(link, refused)
                case Refused() as refusal:
                    raise LoginFailed(refusal.text, refusal.code)
                case Registered():
                    await catch_up.wait_welcome()
                    await catch_up.rejoin(self.rooms)
                    await catch_up.fill_rooms(settings.backlog)
                    self.was_ready = True
                    self.standing.come_in()
                    self.ready.set()
                    self._pump()
                    await catch_up.fill_people()
                case PersonJoined(room=room):
                    # Unless the catching up has been there already.
                    if self.gaps.is_filling(self.model.fold(room)):
                        await catch_up.fill(room, settings.backlog)

    async def _try_other_nick(self, link: Link, refused: NickRefused) -> None:
        nick = ""
        if self.settings.choose_nick is not None:
            link.is_choosing = True
            nick = await self.settings.choose_nick(refused.nick, refused.code, refused.text)
            link.is_choosing = False
        if not nick and self.was_ready:
            link.end(
                refused.text
            )  # most often our own ghost, which the server has not missed yet: try again later
            return
        if not nick:
            raise NickNotAccepted(refused.nick, refused.code, refused.text)
        self.nick = nick
        link.session.try_nick(nick)
        link.flush()

    def _go_away(self, link: Link, refused: LoginRefused) -> None:
        """We were to come in logged in, and are not."""
        if self.standing.count_refusal() and self.was_ready:
            link.end(refused.text)  # the server may be in trouble itself: try again later
            return
        if self.was_ready:
            self._tell(Disconnected(time=refused.time, reason=refused.text, retry_in=None))
        raise login_failed(refused)

    # --- what is heard ---

    def _hear(self, link: Link, event: Event) -> None:
        if link is not self._link:
            return
        match event:
            case Answered(label=label, answer=answer):
                piece = self.lineup.take_answered(label)
                if piece is not None:
                    piece.settle(answer)
                    self._pump()
                return
            case MessageReceived(conversation=name):
                if not self.gaps.hear(self.model.fold(name), event):
                    return
            case MessageEdited(conversation=name) | MessageRedacted(conversation=name):
                if not self.gaps.hear_correction(self.model.fold(name), event):
                    return
            case HistoryReceived(conversation=name, messages=messages):
                key = self.model.fold(name)
                self.gaps.conversation(key, name)
                for message in self.gaps.take_page(key, messages):
                    self._tell(message)
                return
            case _:
                self._take_notice(event)
        self._tell(event)

    def _take_notice(self, event: Event) -> None:
        match event:
            case Registered(nick=nick):
                self.nick = nick
                self._order(event)
            case NickRefused():
                self._order(event)
            case CapabilitiesChanged(enabled=enabled) if SASL in enabled and self.ready.is_set():
                assert self._link is not None, "somebody has told us of capabilities"
                self.standing.find_accounts(self._link)
            case Refused(code=code) if code == ACCOUNT_REQUIRED and not self.was_ready:
                self._order(event)
            case LoginAccepted():
                self.standing.accept()
            case LoginRefused():
                if not self.standing.refuse(event):
                    self._order(event)
            case NickChanged(new=new, is_me=True):
                self.nick = new
            case PersonJoined(room=room, is_me=True):
                self._enter(room, event)
            case PersonLeft(room=room, is_me=True):
                for name in [name for name in self.rooms if self.model.same(name, room)]:
                    del self.rooms[name]

    def _enter(self, room: str, event: Event) -> None:
        if not any(self.model.same(name, room) for name in self.rooms):
            self.rooms[room] = ""
        key = self.model.fold(room)
        has_backlog = self.settings.backlog > 0 and CAPABILITY in self.model.capabilities
        if self.gaps.is_known(key) or has_backlog:
            self.gaps.begin_fill(key, room)
            self._order(event)
        else:
            self.gaps.start_at(key, room, event.time)

    def _order(self, event: Event) -> None:
        try:
            self._work.put_nowait(event)
        except asyncio.QueueFull:
            assert self._link is not None, "only a link orders work"
            self._link.end("the server asks too much")

    def _tell(self, event: Event) -> None:
        self.inbox.put(event)

    def _pump(self) -> None:
        """Send what may be sent now."""
        link = self._link
        if link is not None and not link.lost.done():
            while (piece := self.lineup.take_sendable()) is not None:
                try:
                    as_whom = link.session.once_as
                    label = link.ask(
                        piece.command, *piece.params, once=piece.once, edit=piece.edits, about=piece.tags
                    )
                except ValueError as error:
                    piece.settle(ClientError(str(error)))
                    continue
                self.lineup.sent(label, piece, self.nick, as_whom, self.settings.clock())
        self.progress.set()
