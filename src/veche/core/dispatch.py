"""From a line to its handler: which row of the command table, and whether it may be served now.

The rule: dispatch refuses by the table alone (unknown, too early, too few parameters); everything else is for the
feature. It answers every line with something, or with nothing where the specification says so.

Source: Modern IRC, "Client Messages" (461, 421) and "Connection Registration" (451).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from veche.core.ask import Ask
from veche.core.batches import divert
from veche.core.operators import NOT_OPERATOR, may_operate
from veche.core.replies import with_tag
from veche.core.scopes import FULL, may_say
from veche.wire import numerics
from veche.wire.caps import BATCH, LABELED_RESPONSE
from veche.wire.lines import BadLine, Fault
from veche.wire.message import escape, parse_tags

if TYPE_CHECKING:
    from veche.core.engine import Engine
    from veche.core.registry import Command
    from veche.core.session import Session
    from veche.wire.message import Message

# labeled-response: "The value MUST NOT exceed 64 bytes."
LABEL_LIMIT: Final = 64
# Sent by clients that were told an error by a numeric; answering would make a loop.
_IGNORED: Final = frozenset({"ERROR", "ACK", "FAIL", "WARN", "NOTE"})


def serve(engine: Engine, session: Session, message: Message, row: Command | None) -> None:
    """Serve one parsed line of a session; `row` is its row of the command table, or None."""
    label = ""
    reference = ""
    if message.tags:
        reference = message.tags.get("batch", "")
        label = _label_of(session, message.tags)
    ask = Ask(engine, session, message, label)
    if (reference or session.batch is not None) and divert(ask, reference):
        pass
    elif row is None:
        if message.command.isdigit() or message.command in _IGNORED:
            return  # "A numeric reply is not allowed to originate from a client."
        # Modern IRC: 451 for what needs registration; what nobody knows is unknown before and after.
        ask.reply(numerics.ERR_UNKNOWNCOMMAND, message.command[:32], "Unknown command")
    elif session.user is None and not row.early:
        ask.reply(numerics.ERR_NOTREGISTERED, "You have not registered")
    elif row.privileged and not may_operate(session):
        ask.refuse(NOT_OPERATOR)
    elif len(message.params) < row.least:
        ask.reply(numerics.ERR_NEEDMOREPARAMS, message.command, "Not enough parameters")
    elif session.scope != FULL and _is_too_much(ask):
        if not row.muted or label:
            ask.fail("PRIVS_NEEDED", text="This device has logged in with a token that may only read")
    else:
        ask.muted = row.muted and not label
        served = engine.registry.served
        served[row.name] = served.get(row.name, 0) + 1
        row.handler(ask)
        registration = session.registration
        if registration is not None and registration.is_complete:
            for progress in engine.registry.progress:
                if not session.ended:
                    progress(ask)
    ask.finish()


def _is_too_much(ask: Ask) -> bool:
    """Whether this is more than the session's token is good for. Before registration nothing that is said is heard."""
    session = ask.session
    return session.user is not None and not may_say(session.scope, ask.message.command, len(ask.params))


def refuse_line(engine: Engine, session: Session, bad: BadLine) -> None:
    """Answer a line that could not be parsed; it has no effect."""
    server = engine.settings.server
    if session.batch is not None and not session.batch.is_over:
        session.batch.interrupt()
    if bad.fault is Fault.TOO_LONG:
        # message-tags: "Servers MUST reply with the ERR_INPUTTOOLONG (417) error numeric"
        line = f":{server} {numerics.ERR_INPUTTOOLONG} {session.nick} :Input line was too long"
    elif bad.fault is Fault.NOT_UTF8:
        line = (
            f":{server} FAIL {bad.command} INVALID_UTF8 "
            ":Message rejected, your IRC software MUST use UTF-8 encoding on this network"
        )
    else:
        line = (
            f":{server} FAIL {bad.command} INVALID_MESSAGE :Message rejected, it holds a NUL or CR character"
        )
    label = _label_of(session, parse_tags(bad.tags)) if bad.tags else ""
    engine.outboxes.send(session, with_tag(line, "label=" + escape(label)) if label else line)


def _label_of(session: Session, tags: Mapping[str, str]) -> str:
    """The label that the answer will bear; "" for none, for one that is too long, and without the capabilities."""
    label = tags.get("label", "")
    wanted = LABELED_RESPONSE | BATCH
    return label if session.caps & wanted == wanted and len(label.encode()) <= LABEL_LIMIT else ""
