"""An ask: one request being served, from its line to its last answer.

The rule: a handler answers only through its ask, which adds the label. A labelled request gets exactly one labelled
answer: the only line, a batch around several, or ACK for none (labeled-response).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from veche.core.fanout import on_behalf_of
from veche.core.longtext import LINE_END
from veche.core.replies import (
    Answers,
    Failure,
    Refusal,
    numeric_line,
    same_for_all,
    standard_line,
    with_tag,
)
from veche.phrases import Language, Phrases, Table
from veche.wire.message import Message, escape

# The choice of an account that says what its owner reads: "en" or "ru".
LANGUAGE: Final = "language"
# The same of who has no account: what he has set of himself (METADATA, docs/ext/settings.md).
LANGUAGE_KEY: Final = "veche/language"

if TYPE_CHECKING:
    from veche.core.engine import Engine
    from veche.core.session import Session
    from veche.core.settings import Settings
    from veche.state.events import Fact
    from veche.state.user import User
    from veche.state.world import World

Then = Callable[["Ask", Any], None]


class Ask:
    """One request of one session. `label` is "" for none; `muted` asks are not told why they are refused."""

    __slots__ = (
        "batch",
        "engine",
        "is_handled",
        "label",
        "lines",
        "message",
        "muted",
        "pending",
        "session",
        "waits",
    )

    def __init__(self, engine: Engine, session: Session, message: Message, label: str) -> None:
        self.engine = engine
        self.session = session
        self.message = message
        self.label = label
        self.muted = False
        self.lines: list[str] | None = [] if label else None  # collected until the answer is complete
        self.is_handled = False  # the handler may still add to the answer
        self.batch = ""  # the batch around an answer that is given piece by piece
        self.pending = 0  # facts in line and questions to the store
        self.waits = False  # for the store, while others may speak

    @property
    def params(self) -> list[str]:
        """The parameters of the request."""
        return self.message.params

    @property
    def world(self) -> World:
        """The world as it is now, to be read."""
        return self.engine.world

    @property
    def settings(self) -> Settings:
        """The installation's choices."""
        return self.engine.settings

    @property
    def user(self) -> User:
        """Who asks. Only for commands that are served after registration."""
        user = self.session.user
        if user is None:
            raise AssertionError("dispatch lets nobody without a user reach this handler")
        return user

    @property
    def language(self) -> Language:
        """What the person reads: as he has chosen for his account or, a guest, for himself; else the server's."""
        account = self.world.accounts.by_uid.get(self.session.account)
        if account is not None:
            chosen = account.choices.get(LANGUAGE, "")
        else:
            user = self.session.user
            chosen = user.notes.get("*", {}).get(LANGUAGE_KEY, "") if user is not None else ""
        return "ru" if (chosen or self.settings.language) == "ru" else "en"

    def phrase(self, table: Table, key: str, **values: object) -> str:
        """A phrase in the person's language."""
        return Phrases(table, self.language)(key, **values)

    # ---- answers

    def send(self, line: str) -> None:
        """Answer with a whole line, or with several that have line ends between them."""
        if self.lines is not None:
            if LINE_END in line:
                self.lines += line.split(LINE_END)
            else:
                self.lines.append(line)
        elif self.batch:
            for single in line.split(LINE_END):
                self.engine.outboxes.send(self.session, nested(single, self.batch))
        else:
            self.engine.outboxes.send(self.session, line)

    def reply(self, numeric: str, *params: str) -> None:
        """Answer with a numeric; the last parameter is the sentence where the numeric has one."""
        self.send(numeric_line(self.engine.settings.server, numeric, self.session.nick, params))

    def reply_as_to_all(self, answers: Answers) -> None:
        """Answer with what is the same for everybody, and seldom another thing: numbers, each with all that stands
        behind the nick. It is kept as it was written for the last one."""
        settings = self.engine.settings
        self.send(same_for_all(settings.server, settings.nick_length, self.session.nick, answers))

    def reply_for(self, user: User, numeric: str, *params: str) -> None:
        """Answer with a numeric in the place of a user, who might have answered himself."""
        line = numeric_line(self.engine.settings.server, numeric, self.session.nick, params)
        self.send(on_behalf_of(user, self.session.view, line))

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal."""
        if self.muted:
            pass
        elif isinstance(refusal, Failure):
            code, *context, text = refusal.params
            self.fail(code, *context, text=text)
        elif refusal.numeric:
            self.reply(refusal.numeric, *refusal.params)
        if refusal.then is not None:
            refusal.then(self)

    def fail(self, code: str, *context: str, text: str, command: str = "") -> None:
        """Answer `FAIL command code context :text` (standard-replies)."""
        server = self.engine.settings.server
        self.send(standard_line(server, "FAIL", command or self.message.command, code, context, text))

    # ---- deeds

    def commit(self, fact: Fact, then: Then | None = None, otherwise: Then | None = None) -> None:
        """Put a fact in line. Its guard refuses it or it will be applied; then `then(ask, fact)` is called, and
        `otherwise(ask, fact)` where it was refused or not stored.

        The session's next line waits for it where the fact changes the world.
        """
        self.engine.log.commit(fact, self, then, otherwise)

    def run(self, command: str, *params: str) -> None:
        """Serve another command as a part of this request; nothing happens where no feature has it."""
        row = self.engine.registry.commands.get(command)
        if row is None:
            return
        message = self.message
        self.message = Message(command, list(params))
        try:
            row.handler(self)
        finally:
            self.message = message

    def wait(self) -> None:
        """Something will be answered later; the request and the session's next line wait for `settled`."""
        self.pending += 1
        self.waits = True
        self.session.in_flight += 1

    def keep_open(self) -> None:
        """The answer is for later, when `let_go` is called; nothing of the session waits for that."""
        self.pending += 1

    def let_go(self) -> None:
        """What `keep_open` waited for has come."""
        self.pending -= 1
        if not self.pending and self.is_handled:
            self.finish()

    def stream(self) -> None:
        """More will be answered than is to be collected: a labelled answer is given as it comes from now on."""
        if self.lines is not None:
            self._open_batch(self.lines)

    def settled(self) -> None:
        """One thing waited for has come; the last one completes the answer and lets the session go on."""
        self.pending -= 1
        self.session.in_flight -= 1
        if not self.pending:
            if self.is_handled:
                self.finish()
        elif self.waits and self.lines:
            # What has happened is told before what others say meanwhile: a JOIN before the talk in the room.
            self._open_batch(self.lines)
        session = self.session
        if not session.in_flight and (session.held is not None or session.finished):
            self.engine.resumable.append(session)

    def finish(self) -> None:
        """The handler is done: give the labelled answer, unless something is still waited for."""
        self.is_handled = True
        if self.pending or (self.lines is None and not self.batch):
            return
        outboxes = self.engine.outboxes
        server = self.engine.settings.server
        if self.batch:
            outboxes.send(self.session, f":{server} BATCH -{self.batch}")
            self.batch = ""
        lines = self.lines
        if lines is None:
            return
        self.lines = None
        label = "label=" + escape(self.label)
        if not lines:
            # "Servers MUST respond with a labeled ACK message when a client sends a labeled command that normally
            # produces no response."
            outboxes.send(self.session, f"@{label} :{server} ACK")
        elif len(lines) == 1:
            outboxes.send(self.session, with_tag(lines[0], label))
        elif is_one_batch(lines):
            # "The batch type MUST be one of: An existing type applicable to the entire response"
            outboxes.send(self.session, with_tag(lines[0], label))
            for line in lines[1:]:
                outboxes.send(self.session, line)
        else:
            self._open_batch(lines)
            self.finish()

    def _open_batch(self, lines: list[str]) -> None:
        """ "If a response consists of more than one message, a batch MUST be used" """
        outboxes = self.engine.outboxes
        server = self.engine.settings.server
        self.lines = None
        self.batch = self.engine.next_batch()
        outboxes.send(
            self.session, f"@label={escape(self.label)} :{server} BATCH +{self.batch} labeled-response"
        )
        for line in lines:
            outboxes.send(self.session, nested(line, self.batch))


def is_one_batch(lines: list[str]) -> bool:
    """Whether the lines are exactly one batch from its opening to its end."""
    first = _untagged(lines[0]).split(" ", 3)
    last = _untagged(lines[-1]).split(" ")
    return (
        len(first) > 2
        and first[1] == last[1] == "BATCH"
        and first[2][:1] == "+"
        and last[2][:1] == "-"
        and first[2][1:] == last[2][1:]
    )


def _untagged(line: str) -> str:
    return line.partition(" ")[2] if line[:1] == "@" else line


def nested(line: str, reference: str) -> str:
    """A line as part of a batch; one that is part of an inner batch already stays that batch's."""
    # Looked for as a whole key: the value of somebody's client-only tag may say "batch=" too.
    if line[:1] == "@" and (line[:7] == "@batch=" or ";batch=" in line.partition(" ")[0]):
        return line
    return with_tag(line, "batch=" + reference)
