"""What is read of the record to take it away: what one person has said, and what was said in a conversation.

The rule: a question reads a bounded part and says where to go on, so that however much there is, nobody waits behind
it and nothing has to be in memory at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from veche.core.rows import Record

# Places in the log that one question looks at for a person's words, and messages of a conversation in one answer.
PLACES_LOOKED_AT = 20_000
MESSAGES_READ = 500


class Wording(NamedTuple):
    """How a message (its place in the log) read until a time (ms since 1970)."""

    message: int
    until: int
    text: str


class Given(NamedTuple):
    """A reaction that somebody has given: when (ms), to the message with this id, in which conversation."""

    time: int
    msgid: str
    conversation: str
    value: str


class Said(NamedTuple):
    """A part of what a person has said, ascending: messages that stand, earlier wordings of those, and reactions.

    `next` is the place behind which to go on, 0 when that was all.
    """

    records: list[Record]
    wordings: list[Wording]
    given: list[Given]
    next: int
