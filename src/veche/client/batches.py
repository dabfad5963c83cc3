"""Batches that the server has begun and not ended, and what they have brought so far.

The rule: what a server may make us keep is bounded; beyond the bounds lines are let go, never an error raised.

Source: batch.
"""

from veche.wire.message import Message

HISTORY = "chathistory"
SEARCH = "soju.im/search"
# A server needs one or two at a time; more than this is a fault or an attack.
MOST_OPEN = 64
# CHATHISTORY pages hold some hundreds of lines, LIST and WHO of a big server some ten thousand.
MOST_LINES = 50_000


class Batch:
    """One batch: its type, parameters and label, and (of an outermost one) the lines of it and all inside it."""

    __slots__ = ("is_history", "kind", "label", "lines", "outer", "params")

    def __init__(self, message: Message, outer: "Batch | None") -> None:
        self.kind = message.params[1] if len(message.params) > 1 else ""
        self.params = message.params[2:]
        self.label = message.tags.get("label", "")
        self.outer = outer
        self.is_history: bool = self.kind in (HISTORY, SEARCH) or (outer is not None and outer.is_history)
        self.lines: list[Message] = []

    @property
    def outermost(self) -> "Batch":
        """The batch that this one is nested in, at whatever depth; itself if it is not nested."""
        batch = self
        while batch.outer is not None:
            batch = batch.outer
        return batch

    def keep(self, message: Message) -> None:
        """Keep a line for the end of the outermost batch."""
        lines = self.outermost.lines
        if len(lines) < MOST_LINES:
            lines.append(message)


class Batches:
    """The open batches by reference tag, which "MUST be treated as an opaque identifier"."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[str, Batch] = {}

    def batch_of(self, message: Message) -> Batch | None:
        """The open batch that a message belongs to. A message of an unknown batch belongs to none."""
        reference = message.tags.get("batch")
        return None if reference is None else self._open.get(reference)

    def hear(self, message: Message) -> Batch | None:
        """Take a BATCH message; return the outermost batch that it ends, if it does."""
        word = message.params[0] if message.params else ""
        sign, reference = word[:1], word[1:]
        if sign == "+" and reference and len(self._open) < MOST_OPEN:
            self._open[reference] = Batch(message, self.batch_of(message))
        elif sign == "-":
            batch = self._open.pop(reference, None)
            if batch is not None and batch.outer is None:
                return batch
        return None
