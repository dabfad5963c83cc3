"""A connection that lasts: it connects, comes back when it was cut off, fetches what was missed, and says of
everything that was sent what became of it.

    async with Connection("127.0.0.1", 6667, nick="ann") as chat:
        await chat.join("#tea")
        receipt = await chat.send("#tea", "hello")
        async for event in chat.events():
            ...

With `account` and `password` it comes in logged in, or not at all; with `tls`, to a server that it recognises, or not
at all. It speaks to any IRC server; where one lacks labels, echoes or history, acknowledgements come from PING, and
gaps stay open and say so (`GapFilled.is_complete`). How it is done is in `keeper`; this is its face.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from veche.client.asks import MESSAGES
from veche.client.errors import AskRefused, CannotConnect, ClientError, NotSafe, OutcomeUnknown
from veche.client.events import Answer, Event, MessageReceived
from veche.client.gaps import reference, timestamp
from veche.client.heard import time_of
from veche.client.keeper import ChooseNick, Keeper, Settings
from veche.client.lineup import Outgoing
from veche.client.link import Timing
from veche.client.login import CAPABILITY as SASL
from veche.client.login import NOT_SAFE, Account
from veche.client.marks import REACT_TAG, REPLY_TAG, UNREACT_TAG
from veche.client.model import Model, Room
from veche.client.once import ID_BYTES
from veche.client.opening import OpenSocket
from veche.client.paging import PAGE, pages_back
from veche.client.registration import Identity
from veche.client.tls import Tls
from veche.wire.lines import BODY_LIMIT
from veche.wire.message import NO_TAGS, escape, format_message

T = TypeVar("T")

# Veche's own limits are a burst of 5 and an input queue of 8 KiB; four lines of 512 bytes stay within both.
WINDOW = 4
# Pages that hold no message, among who came and went, before an end is made of looking further back.
MOST_PAGES_BACK = 100
# A thread of more than these pages is cut: nobody reads so much at a time.
MOST_THREAD_PAGES = 20
# Random bytes in the nonce of a login.
NONCE_BYTES = 24
# What others may see in front of our messages while we do not know it: nick!user@host.
_USER_AND_HOST = "!" + "u" * 10 + "@" + "h" * 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server has taken a message; on a Veche server that means that it is on disk.

    `msgid` is "" where the server gives none.
    """

    target: str
    text: str
    msgid: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What came of `register` or `verify`: the account is ours, or the server `needs_code`, which it has sent; `text`
    are its words.
    """

    account: str
    needs_code: bool
    text: str


def _iso(time: datetime) -> str:
    """A moment as SEARCH wants it."""
    return timestamp(time).removeprefix("timestamp=")


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Connection:
    """A lasting connection to one server under one nick; use it with `async with`, from one event loop.

    `rooms` are joined at once and after every reconnect, like those joined later. `backlog`: how many old messages of
    a room to fetch on coming in. `window`: how many lines may be sent before the first is answered.
    `choose_nick(nick, code, text)` is awaited for another nick when one is refused; "" gives up. Without it, entering
    raises NickNotAccepted.

    `account`, with its `password` or the certificate of `tls`, is who we are, now and after every reconnect; `device`
    is what this program is called among those of the same person, who may find that he is there already, under another
    nick than the one asked for. The password is proven (SCRAM) rather than said (PLAIN) where the server can do that,
    and is not said where others can read it unless `allow_clear_password`. `server_password` is the server's own
    (PASS). `tls`: True for a server whose certificate this machine trusts, `Tls` for another.

    `open_socket()` gives each time a connected socket that nobody else can read, instead of one to `host` and `port`,
    which are then only what the server is called.

    Entering raises CannotConnect when the server cannot be reached the first time, NotIrc when it does not speak IRC,
    ServerNotTrusted when its certificate is not the right one, LoginFailed (NotSafe) when we cannot log in; later
    failures are retried as `timing` says and told as `Disconnected`.
    """

    def __init__(  # noqa: PLR0913 - all but two are keywords, and few programs need more than four
        self,
        host: str = "127.0.0.1",
        port: int = 6667,
        *,
        nick: str,
        realname: str = "",
        account: str = "",
        password: str = "",
        device: str = "",
        server_password: str = "",
        tls: bool | Tls = False,
        allow_clear_password: bool = False,
        rooms: tuple[str, ...] = (),
        backlog: int = 0,
        window: int = WINDOW,
        timing: Timing | None = None,
        open_socket: OpenSocket | None = None,
        choose_nick: ChooseNick | None = None,
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if password and not account:
            raise ValueError("a password belongs to an account; the server's own is server_password")
        has_certificate = isinstance(tls, Tls) and bool(tls.certificate)
        who = Account(account, password, device) if account or has_certificate else None
        self._device = device
        settings = Settings(
            host=host,
            port=port,
            identity=Identity(nick, realname=realname, password=server_password, account=who),
            tls=tls if isinstance(tls, Tls) else Tls() if tls else None,
            may_say_password=allow_clear_password,
            backlog=backlog,
            window=window,
            timing=timing or Timing(),
            choose_nick=choose_nick,
            open_socket=open_socket,
            clock=clock,
            nonce=lambda: secrets.token_urlsafe(NONCE_BYTES),
            chance=chance,
        )
        self._enrolled: Account | None = None  # whose code may still be missing
        self._keeper = Keeper(settings, dict.fromkeys(rooms, ""))
        self._task: asyncio.Task[None] | None = None

    # --- coming and going ---

    async def __aenter__(self) -> Self:
        keeper = self._keeper
        if self._task is not None or keeper.is_over:
            raise RuntimeError("a Connection is entered once; make another one")
        self._task = asyncio.create_task(keeper.run(), name=f"connection to {keeper.settings.host}")
        ready = asyncio.create_task(keeper.ready.wait(), name="wait until ready")
        try:
            await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            if not keeper.was_ready:
                self._task.cancel()
                await asyncio.wait({self._task})
        if not keeper.was_ready:
            self._task.result()  # raises why
            raise CannotConnect("closed before it was open")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self, reason: str = "bye") -> None:
        """Say goodbye and end; what was not sent yet ends in ConnectionClosed. Takes two seconds at most.

        Raises what went wrong inside, if something did: that is a bug of this library.
        """
        await self._keeper.say_goodbye(reason)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled() and not isinstance(error := task.exception(), ClientError) and error:
                raise error

    # --- what is known ---

    @property
    def is_online(self) -> bool:
        """Whether we are in and up to date, so that what is sent now leaves now."""
        return self._keeper.ready.is_set()

    @property
    def has_accounts(self) -> bool:
        """Whether the server has accounts to log in to."""
        return SASL in self.model.capabilities

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read this connection, so that a password may be said: TLS, or this machine."""
        return self._keeper.is_private

    @property
    def nick(self) -> str:
        """Our nick, as the server has it."""
        return self._keeper.nick

    @property
    def model(self) -> Model:
        """Rooms, people and the server's own words; while we are cut off, as they were last."""
        return self._keeper.model

    def room(self, name: str) -> Room | None:
        """The room of this name if we are in it."""
        return self.model.room(name)

    def text_limit(self, target: str) -> int:
        """How many bytes of UTF-8 a message to this target may have: what fits into a line with the target, our
        name and host in front ("limit messages to 512 bytes in length").
        """
        source = self.model.source or self.nick + _USER_AND_HOST
        return max(1, BODY_LIMIT - len(f":{source} PRIVMSG {target} :".encode(errors="replace")))

    def _check_size(self, target: str, text: str) -> None:
        size = len(text.encode(errors="replace"))
        if not 0 < size <= self.text_limit(target):
            raise ValueError(f"a text to {target} has 1 to {self.text_limit(target)} bytes; this has {size}")

    # --- saying ---

    def post(
        self, target: str, text: str, *, notice: bool = False, reply_to: str = ""
    ) -> "asyncio.Future[Receipt]":
        """Put a message in line and return at once; the future ends when it is known what became of it. `reply_to` is
        the msgid of the message that it answers; a server that passes on no tags says it as any other.

        Messages leave in the order of posting and, across reconnects, arrive once. The future raises AskRefused when
        the server says no, OutcomeUnknown when the connection broke and the history does not tell, ConnectionClosed
        when there will be no more connection. Raises ValueError for an empty text, a line break, or more than
        `text_limit(target)` bytes (`text.split_text` cuts).
        """
        self._check_size(target, text)

        def receipt(answer: Answer) -> Receipt:
            echo = answer.echo
            time = echo.time if echo else self._keeper.settings.clock()
            return Receipt(target, text, echo.msgid if echo else "", time)

        tags = {REPLY_TAG: reply_to} if reply_to else None
        return self._put("NOTICE" if notice else "PRIVMSG", (target, text), receipt, tags=tags)

    async def send(self, target: str, text: str) -> Receipt:
        """Send a message and wait until the server has it; see `post` for what may go wrong."""
        return await self.post(target, text)

    async def act(self, target: str, text: str) -> Receipt:
        """Say what we do (`/me`); like `send`."""
        return await self.post(target, f"\x01ACTION {text}\x01")

    async def edit(self, target: str, msgid: str, text: str) -> Receipt:
        """Let a message of ours read otherwise, and wait until the server has it so; `target` and `msgid` are those of
        its own receipt.

        Raises what `post` does; AskRefused has for its code UNKNOWN_MSGID, EDIT_FORBIDDEN or EDIT_WINDOW_EXPIRED.
        ClientError where the server edits nothing (`draft/message-edit`).
        """
        self._check_size(target, text)

        def receipt(answer: Answer) -> Receipt:
            now = self._keeper.settings.clock()
            times = [time_of(line, now) for line in answer.lines if line.command in MESSAGES]
            return Receipt(target, text, msgid, times[0] if times else now)

        return await self._put("PRIVMSG", (target, text), receipt, edits=msgid)

    async def react(self, target: str, msgid: str, reaction: str, *, take_back: bool = False) -> None:
        """React to a message with an emoji or a short word, or `take_back` having done so; all hear of it (`Reacted`).

        Raises what `ask` does; ClientError where the server passes on no tags.
        """
        if "message-tags" not in self.model.capabilities:
            raise ClientError("this server knows no reactions")
        tags = {UNREACT_TAG if take_back else REACT_TAG: reaction, REPLY_TAG: msgid}
        await self._put("TAGMSG", (target,), lambda _: None, tags=tags)

    async def redact(self, target: str, msgid: str, reason: str = "") -> None:
        """Take a message back: one's own, or where one may anybody's. All hear of it (`MessageRedacted`).

        Raises what `ask` does; ClientError where the server takes nothing back (`draft/message-redaction`).
        """
        if "draft/message-redaction" not in self.model.capabilities:
            raise ClientError("this server takes nothing back")
        await self.ask("REDACT", target, msgid, *((reason,) if reason else ()))

    async def mark_read(self, target: str, until: datetime) -> None:
        """Everything up to `until` has been read: the server tells all our devices (`ReadMarkerMoved`). Nothing where
        it keeps no such markers (`draft/read-marker`). Raises what `ask` does.
        """
        if "draft/read-marker" in self.model.capabilities:
            await self.ask("MARKREAD", target, timestamp(until))

    async def thread(self, conversation: str, msgid: str) -> tuple[MessageReceived, ...]:
        """The message that a thread began with and all that answers to it, from any message of it, the oldest first.

        Raises what `ask` does; ClientError where the server knows no threads (docs/ext/threads.md).
        """
        if "veche/threads" not in self.model.capabilities:
            raise ClientError("this server knows no threads")
        found: list[MessageReceived] = []
        start = "*"
        for _ in range(MOST_THREAD_PAGES):
            page = str(min(PAGE, self.model.number("CHATHISTORY", 0) or PAGE))
            answer = await self.ask("CHATHISTORY", "THREAD", conversation, f"msgid={msgid}", start, page)
            found += answer.history
            self._keeper.gaps.read(answer.history)
            if len(answer.history) < int(page):
                break
            start = f"msgid={answer.history[-1].msgid}"
        return tuple(found)

    async def ask(self, command: str, *params: str) -> Answer:
        """Send any command and wait for all that the server answers.

        Raises AskRefused, OutcomeUnknown and ConnectionClosed as `post` does, ValueError for what does not fit into
        a line. A command that only asks or sets something is said again when the connection broke under it.
        """
        return await self._put(command.upper(), params, lambda answer: answer)

    async def join(self, room: str, key: str = "") -> None:
        """Come into a room, now and after every reconnect. Raises AskRefused when it is closed to us."""
        await self.ask("JOIN", *((room, key) if key else (room,)))
        found = self.room(room)
        if found is not None:
            self._keeper.rooms[found.name] = key

    async def part(self, room: str, reason: str = "") -> None:
        """Leave a room. Raises AskRefused when we are not in it."""
        await self.ask("PART", *((room, reason) if reason else (room,)))

    # --- accounts ---

    async def log_in(self, account: str, password: str) -> None:
        """Log in now, and again after every reconnect. Raises LoginFailed (or NotSafe) when that was refused,
        OutcomeUnknown when the answer did not come. Our nick may change by it, and so may the rooms that we are in.
        """
        await self._keeper.log_in(Account(account, password, self._device))

    async def log_out(self) -> None:
        """Be nobody's owner any more, now and after every reconnect; perhaps under another nick.

        There is no standard for it: services that have accounts know NS LOGOUT. A server that ends the connection upon
        that is come back to as a guest. Raises LoginFailed where nobody can log out: then only another Connection
        makes a guest of us.
        """
        await self._keeper.log_out()

    def forget_account(self) -> None:
        """Do not log in after the next reconnect any more; what we are on this connection stays as it is."""
        self._keeper.standing.account = None

    async def register(self, account: str, email: str, password: str) -> Enrolment:
        """Make an account and log in to it, now and after every reconnect. `account` "*" takes our nick for its name;
        `email` "*" is for none.

        Raises AskRefused when the server says no (the codes are those of account-registration: ACCOUNT_EXISTS,
        WEAK_PASSWORD, ...), OutcomeUnknown when the connection broke before the answer: then `log_in` tells. NotSafe
        when others could read the password, which must be said here.
        """
        if not self._keeper.is_private:
            raise NotSafe(NOT_SAFE)
        enrolment = self._enrolment(await self.ask("REGISTER", account, email, password))
        self._keeper.standing.account = self._enrolled = Account(enrolment.account, password, self._device)
        if enrolment.needs_code:
            self._keeper.standing.account = None
        return enrolment

    async def verify(self, account: str, code: str) -> Enrolment:
        """Say the code that the server has sent after `register`. Raises as that does."""
        enrolment = self._enrolment(await self.ask("VERIFY", account, code))
        if self._enrolled is not None and not enrolment.needs_code:
            self._keeper.standing.account = self._enrolled
        return enrolment

    def _enrolment(self, answer: Answer) -> Enrolment:
        # REGISTER {SUCCESS | VERIFICATION_REQUIRED} <account> <message>
        for line in answer.lines:
            if line.command == answer.command and len(line.params) >= 3:
                return Enrolment(line.params[1], line.params[0] != "SUCCESS", line.params[-1])
        raise OutcomeUnknown(f"the server has not said what came of {answer.command}")

    async def history(self, conversation: str, limit: int = 100) -> AsyncIterator[MessageReceived]:
        """The last `limit` messages of a conversation, newest first. Raises AskRefused where none are to be had."""
        start = ""
        while limit > 0:
            answer = await self.page_before(conversation, start, min(limit, PAGE))
            for message in reversed(answer.history[-limit:]):
                yield message
            limit -= len(answer.history)
            before = reference(self.model.tokens, *answer.ends[0]) if answer.ends is not None else start
            if before == start:
                return  # the beginning, or a server that gives the same page again
            start = before

    async def page_before(self, conversation: str, start: str, limit: int) -> Answer:
        """At most `limit` lines of a conversation before `start` (`gaps.reference`; "" for the newest), messages among
        them, and no more than the server gives at a time: pages that hold none, only who came and went, are passed
        over, up to a bound. Raises what `ask` does.
        """
        tries = 0
        pages = pages_back(self.ask, lambda: self.model, conversation, start, limit)
        async with aclosing(pages):
            async for answer in pages:
                tries += 1
                if answer.history or tries == MOST_PAGES_BACK:
                    break
        self._keeper.gaps.read(answer.history)
        return answer

    async def search(
        self,
        text: str = "",
        *,
        conversation: str = "",
        sender: str = "",
        after: datetime | None = None,
        before: datetime | None = None,
        limit: int = 100,
    ) -> AsyncIterator[MessageReceived]:
        """At most `limit` messages that have the words of `text`, newest first: in one conversation or in all that we
        may read, of one `sender` or of all, said after and before these moments.

        Raises AskRefused where there is no search, or nothing in `text` that is a word; ValueError for a question that
        does not fit into a line.
        """
        question = {"text": text, "in": conversation, "from": sender}
        seen: set[str] = set()
        while limit > 0:
            if before is not None:
                question["before"] = _iso(before)
            question["limit"] = str(min(limit + len(seen), PAGE))
            words = ";".join(f"{name}={escape(value)}" for name, value in question.items() if value)
            found = (await self.ask("SEARCH", words)).history
            self._keeper.gaps.read(found)
            news = [message for message in reversed(found) if (message.msgid or message.text) not in seen]
            for message in news[:limit]:
                # Not asked of the server: "If `after` is specified, messages SHOULD be searched from that time".
                if after is not None and message.time < after:
                    return
                yield message
            limit -= len(news)
            if not news:
                return  # a short page proves nothing: the server has a limit of its own
            # The next page overlaps with this one in the messages of its oldest moment: there may be more of them.
            before = found[0].time + timedelta(milliseconds=1)
            seen = {one.msgid or one.text for one in found if one.time <= before}

    async def wait_room_in_line(self) -> None:
        """Wait until the next message would leave at once, or the connection is closed for good."""
        keeper = self._keeper
        while keeper.lineup.is_full and not keeper.is_over:
            keeper.progress.clear()
            await keeper.progress.wait()

    # --- hearing ---

    def events(self) -> AsyncIterator[Event]:
        """What happens, one after another, until the connection is closed for good; for one reader at a time.

        Beyond 10,000 unread events the oldest are dropped, and `EventsDropped` says so.
        """
        return self._keeper.inbox.read()

    # --- ---

    def _put(
        self,
        command: str,
        params: tuple[str, ...],
        convert: Callable[[Answer], T],
        *,
        edits: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> "asyncio.Future[T]":
        format_message(command, *params, tags=tags or NO_TAGS)  # raises ValueError for what fits into no line
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def settle(result: Answer | ClientError) -> None:
            if future.done():  # whoever waited was cancelled
                return
            if isinstance(result, ClientError):
                future.set_exception(result)
            elif not result.is_complete:
                future.set_exception(OutcomeUnknown("the server gave no answer"))
            elif result.refusal is not None:
                future.set_exception(AskRefused(result.refusal))
            else:
                future.set_result(convert(result))

        # "for one target": a message to several has no id.
        has_id = command in MESSAGES and bool(params) and "," not in params[0]
        once = secrets.token_hex(ID_BYTES) if has_id else ""
        self._keeper.put(Outgoing(command, params, settle, once, edits, tags))
        return future
