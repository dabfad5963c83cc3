"""One connection's worth of the protocol, without any I/O: bytes in, events out, bytes to send out.

The strategy: `receive` cuts bytes into messages; registration, batches and open asks take what is theirs; all
other meaning is in `heard`. The session keeps the model, answers PING, and turns every ask into one `Answered`.

It must not: look at a clock (one is handed in), wait, retry or reconnect; that is `connection`'s. It never answers a
CTCP. No bytes from the server make it raise.

    session = Session(Identity("ann"), clock=lambda: datetime.now(UTC))
    session.start()
    socket.sendall(session.take_output())
    for event in session.receive(socket.recv(65536)): ...
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from veche.client.asks import MESSAGES, OF_THE_PAST, Ask, Asks, Page
from veche.client.batches import SEARCH, Batch, Batches
from veche.client.events import (
    Answered,
    CapabilitiesChanged,
    Event,
    HistoryReceived,
    LineDropped,
    LoginAccepted,
    LoginRefused,
    MessageEdited,
    MessageReceived,
    MessageRedacted,
    Place,
    Refused,
    Registered,
    Told,
)
from veche.client.heard import EDIT_TAG, EDITING, hear, is_answer, past, said, time_of
from veche.client.login import CAPABILITY as SASL
from veche.client.login import NO_SASL, OF_A_LOGIN, Account, Channel, Login, Verdict
from veche.client.model import Model
from veche.client.once import CAPABILITY as ONCE
from veche.client.once import TAG
from veche.client.registration import Identity, Registration
from veche.wire import numerics as n
from veche.wire.lines import BadLine, LineReader
from veche.wire.message import NO_TAGS, Message, format_message, parse

# A server may send 8191 bytes of tags and, on our own and some other servers, more than 512 of message.
_TAG_LIMIT = 8191
_BODY_LIMIT = 8000
# account-registration: "REGISTER SUCCESS <account> <message>" and so on answer these, and are no numerics.
_WITH_ANSWERS_OF_THEIR_NAME = frozenset({"REGISTER", "VERIFY"})
# Marks the PINGs that stand for a label, so that no other PONG is taken for theirs.
_MARK = "veche-"


class Session:
    """A client's side of one connection.

    `clock` gives the time (UTC) for events that the server does not date; `nonce` a new text of 24 or more random
    printable ASCII characters without a comma (without it there is no SCRAM). `model` is what we know; read it as you
    like between two calls. `is_registered` turns true when the server has let us in (001).
    """

    def __init__(
        self,
        identity: Identity,
        *,
        clock: Callable[[], datetime],
        nonce: Callable[[], str] | None = None,
    ) -> None:
        self.model = Model(identity.nick)
        self._channel = Channel()
        self._nonce = nonce
        self._login: Login | None = None
        self._verdict: Verdict | None = None
        self._is_decided = (
            identity.account is None
        )  # whether we come in logged in, as far as that was asked for
        self._clock = clock
        self._reader = LineReader(limit=_BODY_LIMIT, tags=_TAG_LIMIT)
        self._registration = Registration(identity, self.model, self.say, self._log_in)
        self._batches = Batches()
        self._asks = Asks()
        self._output: list[str] = []
        self._is_welcomed = False
        self._server_time: datetime | None = None

    @property
    def is_registered(self) -> bool:
        """Whether the server has let us in."""
        return self._registration.is_done

    @property
    def guest(self) -> str:
        """By what the server knows us again as this guest; "" where it does not."""
        return self._registration.guest

    @property
    def has_labels(self) -> bool:
        """Whether answers come by label; labeled-response "depends on the batch capability"."""
        return {"labeled-response", "batch"} <= self.model.capabilities

    @property
    def once_as(self) -> str:
        """The account as which a message that bears an id is said once; "" where that cannot be relied on: the server
        does not do it (`veche/once`), or we are a guest, who is "another person after each connection".
        """
        return self.model.account if {ONCE, "message-tags"} <= self.model.capabilities else ""

    def now(self) -> datetime:
        """The newest time that the server has told, or this machine's where it has told none."""
        return self._server_time or self._clock()

    # --- what we say ---

    def start(self, channel: Channel | None = None) -> None:
        """Begin registration, on a connection of which this is known. Raises ValueError when the identity cannot be
        written in a line.
        """
        self._channel = channel or self._channel
        self._registration.start()

    def login(self, account: Account) -> list[Event]:
        """Log in, when we are in already; ends in `LoginAccepted` or `LoginRefused`, perhaps at once. One at a time.

        sasl-3.2: "Servers SHOULD allow a client, authenticated or otherwise, to reauthenticate".
        """
        events: list[Event] = []
        self._begin_login(account)
        self._end_login(self._clock(), events)
        return events

    def try_nick(self, nick: str) -> None:
        """After `NickRefused`: offer another. Raises ValueError when it cannot be written in a line."""
        self._registration.try_nick(nick)

    def say(self, command: str, *params: str) -> None:
        """Send a line without caring for its answer. Raises ValueError when it cannot be written in a line."""
        self._output.append(format_message(command, *params))

    def ask(
        self,
        command: str,
        *params: str,
        once: str = "",
        edit: str = "",
        about: Mapping[str, str] | None = None,
    ) -> str:
        """Send a line whose answer will come as one `Answered` with the label that is returned.

        `once` is the id of a message, for servers that say it once by that; `edit` the msgid of the one that it edits;
        `about` are client-only tags, which are left out where the server passes on no tags.
        Raises ValueError when it cannot be written in a line. Not before `Registered`: servers answer little before.
        """
        if edit and not {EDITING, "message-tags"} <= self.model.capabilities:
            # It would be heard as a message of its own.
            raise ValueError("this server does not edit messages")
        by_label = self.has_labels
        format_message(command, *params)  # raises before anything is remembered
        ask = self._asks.add(command.upper(), params, by_label=by_label)
        ask.is_edit = bool(edit)
        tags = dict(about or {}) if "message-tags" in self.model.capabilities else {}
        if once and self.once_as:
            tags[TAG] = once
        if edit:
            tags[EDIT_TAG] = edit
        if by_label:
            tags["label"] = ask.label
        elif ask.command == "PING":
            params = (_MARK + ask.label,)
        self._output.append(format_message(command, *params, tags=tags))
        if not by_label and ask.command != "PING":
            self.say("PING", _MARK + ask.label)
        return ask.label

    def give_up(self, label: str) -> list[Event]:
        """Wait no longer for the answer to an ask: it ends incomplete. Nothing, if it has ended already."""
        ask = self._asks.take(label)
        if ask is None:
            return []
        return [Answered(time=self._clock(), label=label, answer=ask.answer(is_complete=False))]

    def take_output(self) -> bytes:
        """The bytes to send now; they are ours no more."""
        if not self._output:
            return b""
        data = "".join(line + "\r\n" for line in self._output).encode(errors="replace")
        self._output.clear()
        return data

    def _log_in(self) -> None:
        account = self._registration.identity.account
        assert account is not None, "registration logs in to an account that it was given"
        self._begin_login(account)

    def _begin_login(self, account: Account) -> None:
        if SASL not in self.model.capabilities:
            self._verdict = Verdict(False, "", NO_SASL)
            return
        self._login = Login(account, self._channel, say=self.say, nonce=self._nonce)
        self._verdict = self._login.begin(self._registration.offered.get(SASL, ""))

    # --- what we hear ---

    def receive(self, data: bytes) -> list[Event]:
        """Take the next bytes from the server; return what has happened, in order."""
        now = self._clock()
        events: list[Event] = []
        for line in self._reader.receive(data):
            if isinstance(line, BadLine):
                events.append(LineDropped(time=now, fault=line.fault.value))
            elif (message := parse(line)) is not None:
                self._hear(message, now, events)
                self._end_login(now, events)
        if self._reader.overflowed:
            self._reader.overflowed = False
            # The rest of that line will come as a line of its own, which means nothing or is dropped: harmless here.
            events.append(LineDropped(time=now, fault="too long"))
        return events

    def _hear(self, message: Message, now: datetime, events: list[Event]) -> None:
        if message.command == "PING":
            self.say("PONG", message.params[-1] if message.params else "")
            return
        if self._login is not None and message.command in OF_A_LOGIN:
            self._verdict = self._login.hear(message)
            return
        batch = self._batches.batch_of(message)
        if "time" in message.tags and batch is None:
            self._server_time = time_of(message, self._server_time or now)
        if message.command == "BATCH":
            ended = self._batches.hear(message)
            if ended is not None:
                self._end_batch(ended, now, events)
            return
        ask = self._ask_of(message, batch)
        if batch is not None:
            batch.keep(message)
            if batch.is_history:
                return  # it is told as a whole at the end, and changes nothing in the present
        elif ask is not None:
            ask.keep(message)
        self._hear_now(message, ask, now, events)
        if batch is None and ask is not None and (ask.by_label or _is_end_of(ask, message)):
            self._finish(ask, now, events)

    def _end_login(self, now: datetime, events: list[Event]) -> None:
        """Tell how the attempt to log in has ended, when it has."""
        verdict = self._verdict
        if verdict is None:
            return
        self._login = self._verdict = None
        self._is_decided = True
        if verdict.is_in:
            self._registration.go_in()
            events.append(LoginAccepted(time=now))
        else:
            events.append(LoginRefused(time=now, code=verdict.code, text=verdict.text))

    def _hear_now(self, message: Message, ask: Ask | None, now: datetime, events: list[Event]) -> None:
        if (refused := self._registration.nick_refusal(message, now)) is not None:
            events.append(refused)
            return
        if not self.is_registered and message.command in (n.ERR_UNKNOWNCOMMAND, n.ERR_NOTREGISTERED):
            return  # a server that does not know CAP says so, and goes on
        if message.command == "FAIL" and message.params[:1] == ["GUEST"]:
            return  # we come in all the same, as another guest
        if self._registration.hear(message):
            events.append(CapabilitiesChanged(time=now, enabled=frozenset(self.model.capabilities)))
        if self.is_registered and not self._is_decided:
            self._verdict = Verdict(False, "", NO_SASL)  # we were let in without having been asked who we are
        if ask is not None and ask.command == message.command == "NICK":
            # COMPAT: InspIRCd 3 gives the labelled answer the new nick as its source; it is ours all the same.
            source = self.model.source or self.model.nick
            message = Message("NICK", message.params, source, message.tags)
        for event in hear(self.model, message, now):
            if isinstance(event, MessageReceived) and self._is_second_copy(event, message):
                continue
            if ask is not None:
                if isinstance(event, Refused):
                    ask.refuse(event)
                # It goes to whoever asked; but who sends a message wants to hear that its reader is away.
                if isinstance(event, Refused) or (isinstance(event, Told) and ask.command not in MESSAGES):
                    continue
                if isinstance(event, MessageReceived) and event.is_mine and ask.command in MESSAGES:
                    ask.echo = event
            events.append(event)
        if message.command in (n.RPL_ENDOFMOTD, n.ERR_NOMOTD) and not self._is_welcomed:
            self._is_welcomed = True
            events.append(Registered(time=now, nick=self.model.nick))

    def _ask_of(self, message: Message, batch: Batch | None) -> Ask | None:
        """The open ask that a message belongs to, whether or not it ends it."""
        label = batch.outermost.label if batch is not None else message.tags.get("label", "")
        if label:
            return self._asks.get(label, by_label=True)
        if message.command == "PONG":
            token = message.params[-1] if message.params else ""
            return self._asks.get(token.removeprefix(_MARK), by_label=False) if token[:6] == _MARK else None
        if is_answer(message):
            return self._asks.oldest()
        if message.command in _WITH_ANSWERS_OF_THEIR_NAME:
            return self._asks.oldest(message.command)
        if message.command in MESSAGES and len(message.params) > 1 and self.model.is_me(message.nick):
            return self._sending(message)
        return None

    def _sending(self, message: Message) -> Ask | None:
        """The unlabelled message of ours whose echo this is. Another device of our account may say something too, and
        that is no echo of ours; only where there is no other device, a text that the server has changed is.
        """
        target, text = message.params[0], message.params[-1]  # the target as the server spells it
        if "echo-message" not in self.model.capabilities and not self.model.is_me(target):
            return None
        found = self._asks.sending(message.command, lambda asked: self.model.same(asked, target), text)
        if found is None and not self.model.account:
            found = self._asks.sending(message.command, lambda asked: self.model.same(asked, target))
        return found

    def _is_second_copy(self, event: MessageReceived, message: Message) -> bool:
        """What we say to ourselves comes twice, as echo and as message; labeled-response advises:
        "Ignore the unlabeled message." With ids the two can be told apart later, by the id.
        """
        return (
            event.is_mine
            and not event.msgid
            and self.has_labels
            and "label" not in message.tags
            and self.model.is_me(event.target)
        )

    def _end_batch(self, batch: Batch, now: datetime, events: list[Event]) -> None:
        ask = self._asks.get(batch.label, by_label=True) if batch.label else None
        if batch.is_history or (ask is not None and ask.command in OF_THE_PAST):
            page = self._read_page(batch, now)
            asked = "SEARCH" if batch.kind == SEARCH else "CHATHISTORY"
            if ask is None and (unlabelled := self._asks.oldest(asked)) is not None:
                unlabelled.take(page)  # its PONG will end it
                return
            if ask is None and batch.kind == SEARCH:
                return  # nobody waits for it any more
            if ask is None:
                name = batch.params[0] if batch.params else ""
                events.append(HistoryReceived(time=now, conversation=name, messages=tuple(page.history)))
                return
            ask.take(page)
        if ask is not None:
            for line in batch.lines:
                ask.keep(line)
            self._finish(ask, now, events)

    def _read_page(self, batch: Batch, now: datetime) -> Page:
        page = Page([], [], self._ends(batch.lines, now))
        for line in batch.lines:
            for event in past(self.model, line, time_of(line, now)):
                if isinstance(event, MessageReceived):
                    page.history.append(event)
                elif isinstance(event, MessageEdited | MessageRedacted):
                    page.corrections.append(event)
        return page

    def _ends(self, lines: list[Message], now: datetime) -> tuple[Place, Place] | None:
        if not lines:
            return None
        first, last = ((line.tags.get("msgid", ""), time_of(line, now)) for line in (lines[0], lines[-1]))
        return first, last

    def _finish(self, ask: Ask, now: datetime, events: list[Event]) -> None:
        self._asks.take(ask.label)
        if ask.command in MESSAGES and ask.refusal is None and ask.echo is None and not ask.is_edit:
            self._echo_locally(ask, now, events)
        events.append(Answered(time=now, label=ask.label, answer=ask.answer()))

    def _echo_locally(self, ask: Ask, now: datetime, events: list[Event]) -> None:
        """Without echo-message an accepted message is heard of no more, so we say it ourselves: an accepted message
        is one `MessageReceived`, whatever the server can do.
        """
        line = Message(ask.command, list(ask.params), self.model.source or self.model.nick, NO_TAGS)
        event = said(self.model, line, now)
        if isinstance(event, MessageReceived):
            ask.echo = event
            if not self.model.is_me(event.target):  # that copy comes from the server
                events.append(event)


def _is_end_of(ask: Ask, message: Message) -> bool:
    return message.command == "PONG" and not ask.by_label
