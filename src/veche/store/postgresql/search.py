"""What the search asks of the record, answered by PostgreSQL.

The index itself is a file in the data directory, as with SQLite: see store/search/. Its thread waits here for answers
that the loop thread fetches, by a connection of its own.

The rule: what the index is made of is fetched many messages at a time and handed out in the slices that it asks for;
when something was corrected or forgotten, what has been fetched is fetched again.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from veche.core.ports import Record, StoreError, StoreRefused
from veche.store.postgresql.link import ANSWER_SECONDS, CONNECT_SECONDS, Connection, connect, meaning
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.questions import root_of
from veche.store.search.record import Indexed
from veche.wire.msgids import time_of_msgid

_FETCHED = 2048

_NUMBERS = """
    select known.id from unnest($1::text[], $2::bigint[]) asked (name, era)
    join conversation known on known.name = asked.name and known.era in (0, asked.era)
"""
_FIND_MESSAGE = "select seq from message where conversation = any($1::integer[]) and time = $2 and msgid = $3"
_THREAD = """
    select message from (select message from reply where root = $1 union all select $1) thread (message)
    order by message desc limit $2
"""
_MESSAGES = """
    select seq, msgid, time, known.name, known.era, command, source, sender, account, target, tags, text, 0::bigint,
        coalesce(edited, 0)
    from message join conversation known on known.id = conversation
    where seq = any($1::bigint[]) and redaction is null
"""
# Time never decreases with the place.
_FIRST_PLACE = """
    select coalesce((select seq from message where seq between $1 and $2 and time >= $3 order by seq limit 1),
        9223372036854775807)
"""
_LAST_PLACE = """
    select coalesce((select seq from message where seq between $1 and $2 and time <= $3 order by seq desc limit 1), -1)
"""
_INDEXED = "seq, time, msgid, conversation, name, source, text, redaction is null"
_NEXT = f"""
    select {_INDEXED} from message join conversation on id = conversation
    where seq > $1 and seq < $2 order by seq limit $3
"""  # noqa: S608
_STANDING = f"""
    select {_INDEXED} from message join conversation on id = conversation
    where seq = any($1::bigint[]) and redaction is null
"""  # noqa: S608
_CHANGED = """
    select seq, message from redaction where seq > $1 union select seq, message from edit where seq > $1
"""
_FORGOTTEN = "select coalesce(max(value::bigint), 0) from about where key = 'forgetting'"
_HIGHEST = "select coalesce(max(seq), 0) from message"
_PLACES = "select seq from message where seq between $1 and $2 and redaction is null order by seq"
_MSGID = "select msgid from message where seq = $1"
_IS_OURS = "select exists (select from message where seq = $1 and msgid = $2)"
_IS_CORRECTION = """
    select exists (select from redaction where seq = $1) or exists (select from edit where seq = $1)
"""

Rows = list[Any]
Answer = TypeVar("Answer")


class PostgresqlRecord:
    """The record at `url`; see IndexedRecord. `may_read` as for the Reader. Raises StoreRefused."""

    def __init__(self, url: str, name: str, thread: LoopThread, may_read: Callable[[], bool]) -> None:
        self._url = url
        self._name = name
        self._thread = thread
        self._may_read = may_read
        self._connection: Connection | None = None
        self._fetched: list[Indexed] = []  # behind `_fetched_from`, with nothing missing in between
        self._fetched_from = -1

    def numbers(self, conversations: list[tuple[str, int]]) -> list[int]:
        """See IndexedRecord."""
        names = [name for name, _ in conversations]
        return [row[0] for row in self._ask(_NUMBERS, names, [era for _, era in conversations])]

    def thread(self, numbers: list[int], msgid: str, limit: int) -> list[int]:
        """See IndexedRecord."""
        try:
            moment = time_of_msgid(msgid)
        except ValueError:
            return []
        found = self._ask(_FIND_MESSAGE, numbers, moment, msgid)
        if not found:
            return []
        root = self._wait(lambda connection: root_of(connection, found[0][0]))
        return [row[0] for row in self._ask(_THREAD, root, limit)]

    def messages(self, seqs: list[int]) -> list[Record]:
        """See IndexedRecord."""
        return [Record(*row) for row in self._ask(_MESSAGES, seqs)]

    def first_place(self, low: int, high: int, after: int) -> int:
        """See IndexedRecord."""
        return int(self._ask(_FIRST_PLACE, low, high, after)[0][0])

    def last_place(self, low: int, high: int, before: int) -> int:
        """See IndexedRecord."""
        return int(self._ask(_LAST_PLACE, low, high, before)[0][0])

    def following(self, after: int, before: int, limit: int) -> list[Indexed]:
        """See IndexedRecord."""
        if after != self._fetched_from or len(self._fetched) < limit:
            self._fetched = [Indexed(*row) for row in self._ask(_NEXT, after, before, max(limit, _FETCHED))]
        taken = self._fetched[:limit]
        if taken and taken[-1].seq >= before:
            taken = [row for row in taken if row.seq < before]
        del self._fetched[: len(taken)]
        self._fetched_from = taken[-1].seq if taken else -1
        return taken

    def corrected(self, since: int) -> tuple[int, list[int]]:
        """See IndexedRecord."""
        self._fetched_from = -1
        rows = self._ask(_CHANGED, since)
        return max((row[0] for row in rows), default=0), [row[1] for row in rows]

    def standing(self, seqs: list[int]) -> list[Indexed]:
        """See IndexedRecord."""
        return [Indexed(*row) for row in self._ask(_STANDING, seqs)]

    def forgotten(self) -> int:
        """See IndexedRecord."""
        self._fetched_from = -1
        return int(self._ask(_FORGOTTEN)[0][0])

    def highest(self) -> int:
        """See IndexedRecord."""
        return int(self._ask(_HIGHEST)[0][0])

    def places(self, low: int, high: int) -> tuple[list[int], str | None]:
        """See IndexedRecord."""
        seqs = [row[0] for row in self._ask(_PLACES, low, high)]
        return seqs, self._ask(_MSGID, seqs[-1])[0][0] if seqs else None

    def is_there(self, seq: int, msgid: str) -> bool:
        """See IndexedRecord."""
        return bool(self._ask(_IS_OURS, seq, msgid)[0][0])

    def is_correction(self, seq: int) -> bool:
        """See IndexedRecord."""
        return bool(self._ask(_IS_CORRECTION, seq)[0][0])

    def close(self) -> None:
        """See IndexedRecord."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._thread.call(connection.terminate)

    def _ask(self, sql: str, *values: object) -> Rows:
        rows: Rows = self._wait(lambda connection: connection.fetch(sql, *values))
        return rows

    def _wait(self, question: Callable[[Connection], Any]) -> Any:
        try:
            return self._thread.run(self._answer(question), ANSWER_SECONDS + CONNECT_SECONDS + 1.0)
        except StoreError:
            raise
        except Exception as error:
            raise StoreRefused(str(meaning(error))) from error

    # In the loop thread.

    async def _answer(self, question: Callable[[Connection], Any]) -> Any:
        if not self._may_read():
            raise StoreRefused("the database is out of reach")
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, self._name, writes=False)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await question(self._connection)
        except BaseException:
            # Whatever it was, the next question begins with another connection.
            self._connection.terminate()
            self._connection = None
            raise
