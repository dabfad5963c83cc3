"""What a search asks the record, and which messages are an answer.

The rule: `is_answer` decides. A store may find candidates as it likes, but what it answers with has been asked here,
as it stands in the record at that moment; so nobody is shown what he may not read, or what was taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from veche.wire.names import fold
from veche.wire.words import Wanted, is_in, words

if TYPE_CHECKING:
    from veche.core.ports import Record


# Messages of a thread that are looked through, the newest.
THREAD_SEARCH = 10_000


class Reading(NamedTuple):
    """What of a conversation may be read: open messages and those of one `era` (0: none), from `since` (ms) on."""

    era: int = 0
    since: int = 0


class SearchQuestion:
    """A question to the record: what was said in some conversations, and has some words.

    `conversations` are those that are to be searched, by their keys, with what of each may be read. `person` is an id
    whose direct conversations are searched too, "" for none. All `wanted` must be in the text. `nick` is that under
    which it was said, "" for any. `thread` is the id of a message in one of the `conversations`: only that one's thread
    (core/threads.py) is searched, of a long one the newest `THREAD_SEARCH` messages; "" for everything. `after` and
    `before` include what they name, in ms; None for no bound. At most `limit` messages: the oldest of them where there
    is an `after`, otherwise the newest.
    """

    __slots__ = ("after", "before", "conversations", "limit", "nick", "person", "thread", "wanted")

    def __init__(
        self,
        conversations: dict[str, Reading],
        limit: int,
        *,
        person: str = "",
        wanted: list[Wanted] | None = None,
        nick: str = "",
        after: int | None = None,
        before: int | None = None,
        thread: str = "",
    ) -> None:
        self.thread = thread
        self.conversations = conversations
        self.limit = limit
        self.person = person
        self.wanted = wanted or []
        self.nick = fold(nick)
        self.after = after
        self.before = before

    @property
    def is_from_start(self) -> bool:
        """ "If `after` is specified, messages SHOULD be searched from that time. Otherwise, messages SHOULD be
        searched from the `before` time"
        """
        return self.after is not None


class Found(NamedTuple):
    """Messages, ascending by `seq`. Not `is_complete`: there may be more, up to the limit, where nobody has looked yet.

    That is so while an old record is being made ready for searching, and when the time for an answer is over.
    """

    records: list[Record]
    is_complete: bool


def is_answer(question: SearchQuestion, record: Record) -> bool:
    """Whether a message is what was asked for, and may be read."""
    if question.after is not None and record.time < question.after:
        return False
    if question.before is not None and record.time > question.before:
        return False
    if not _may_be_read(question, record):
        return False
    if question.nick and fold(record.source.partition("!")[0]) != question.nick:
        return False
    return is_in(question.wanted, words(record.text))


def _may_be_read(question: SearchQuestion, record: Record) -> bool:
    reading = question.conversations.get(record.conversation)
    if reading is not None:
        return record.era in {0, reading.era} and record.time >= reading.since
    # Two ids joined by a space are a direct conversation; no room has a space in its name.
    both = record.conversation.split(" ")
    return bool(question.person) and record.era == 0 and len(both) == 2 and question.person in both
