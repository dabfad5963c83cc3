"""Batches that clients open: one at a time, kept by the session until it is whole, and then done as one request.

The rules: nothing comes of a batch that fails, and it fails as a whole. Its opening line is the request: its label is
the one that is answered. What goes on in a batch is for the feature that brings its type.

Source: client-batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.wire.message import Message

# What a client may say beside its batch: "Once a client has opened a batch, it MUST NOT send any messages that are not
# part of the batch"; yet a connection must be kept alive, and may end.
_ALLOWED = frozenset({"BATCH", "PING", "PONG", "QUIT"})


class OpenBatch:
    """A batch that a session has opened and not closed yet. This one is over already: it swallows its lines.

    "all past and future messages in this batch will be ignored"
    """

    __slots__ = ("ask", "is_over", "reference")

    def __init__(self, ask: Ask, reference: str) -> None:
        self.ask = ask
        self.reference = reference
        self.is_over = True

    def begin(self) -> None:
        """It takes lines from now on, and the answer to its opening waits for the last one."""
        self.is_over = False
        self.ask.keep_open()

    def fail(self, code: str, *context: str, text: str) -> None:
        """Give the whole batch up and say so."""
        self.is_over = True
        self.ask.fail(code, *context, text=text, command="BATCH")
        self.ask.let_go()

    def finish(self) -> None:
        """Its end has come: do what was asked, and let it be answered."""
        self.close()
        if not self.is_over:
            self.is_over = True
            self.ask.let_go()

    def holds(self, message: Message | None) -> bool:
        """Whether a line belongs to this batch while it is going on; None for a line that could not be read."""
        if self.is_over or message is None:
            return not self.is_over
        if message.command == "BATCH":
            return message.params[:1] == ["-" + self.reference]
        return message.tags.get("batch") == self.reference

    def take(self, ask: Ask) -> None:
        """Take one line of the batch."""

    def interrupt(self) -> None:
        """Fail because something has come that is no part of the batch, or because a line of it could not be read."""

    def close(self) -> None:
        """It is whole: do what was asked."""


def divert(ask: Ask, reference: str) -> bool:
    """Give a request to the batch that it is part of; whether that was done, and it needs no other handler.

    `reference` is the request's batch tag, "" for none.
    """
    session = ask.session
    batch = session.batch
    if ask.message.command == "BATCH":
        return False
    if batch is not None and reference == batch.reference:
        if not batch.is_over:
            batch.take(ask)
        if batch.is_over and ask.label:
            ask.fail("INVALID_REFTAG", reference, text="This batch has failed", command="BATCH")
        return True
    if batch is not None and not batch.is_over and ask.message.command not in _ALLOWED:
        batch.interrupt()
    if reference and session.caps & ask.engine.registry.batch_caps:
        # Were it served as it stands, a part of something would be taken for the whole.
        ask.fail("INVALID_REFTAG", reference, text="No such batch is open", command="BATCH")
        return True
    return False
