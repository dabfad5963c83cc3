"""How a page is cut out of a conversation: the same for every engine, which brings two questions of its own.

The rule: what has `async` before it here waits only where an engine does. One that answers at once is served by
`at_once`.
"""

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from veche.core.ports import Page, Records

# Room for any number that a client may write where a time belongs.
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1

# (time, seq): where a message stands. Seqs begin at 1, so (time, 0) stands before every message of its millisecond.
Place = tuple[int, int]
Answer = TypeVar("Answer")


class PageReader(Protocol):
    """One conversation, as the reader of a page may see it."""

    async def choose_thread(self, msgid: str) -> None:
        """Read only the thread that a message is in. Raises UnknownReference as `find` does."""

    async def find(self, reference: int | str) -> Place:
        """Where a time or message id stands. Raises UnknownReference for a message that may not be seen here."""

    async def read(self, low: Place, high: Place, limit: int, *, newest: bool) -> Records:
        """At most `limit` messages between two places, without them: the last ones or the first, ascending."""


async def read_page(reader: PageReader, page: Page) -> Records:
    """The messages asked for, ascending. Raises UnknownReference."""
    if page.thread:
        await reader.choose_thread(page.thread)
    limit = min(max(0, page.limit), HIGHEST - 1)
    if page.around is not None:
        time, seq = await reader.find(page.around)
        older = await reader.read((LOWEST, 0), (time, seq), limit, newest=True)
        newer = await reader.read((time, seq - 1), (HIGHEST, HIGHEST), limit, newest=False)
        # Half before it, half from there on; where one side is short, more of the other.
        before = min(len(older), max(limit // 2, limit - len(newer)))
        found = older[len(older) - before :] + newer[: limit - before]
        is_cut = len(older) + len(newer) > len(found)
        return Records(found, has_more=is_cut or older.has_more or newer.has_more)
    start, end, newest = page.after, page.before, page.newest
    if page.between is not None:
        start, end = page.between
        if newest := await reader.find(end) < await reader.find(start):
            start, end = end, start
    low, high = (LOWEST, 0), (HIGHEST, HIGHEST)
    if start is not None:
        low = await reader.find(start)
        if isinstance(start, int):
            low = (low[0], HIGHEST)
    if end is not None:
        high = await reader.find(end)
    return await reader.read(low, high, limit, newest=newest)


def at_once(steps: Coroutine[Any, Any, Answer]) -> Answer:
    """What steps come to that wait for nothing."""
    try:
        steps.send(None)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    raise AssertionError("an engine that answers at once has waited")
