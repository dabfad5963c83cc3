"""What was refused though nobody knew whether it had been committed: it is undone as soon as that can be found out.

The rule: who was told "not stored" was told so for good. So what is to be undone is noted in a file of the data
directory before anybody is told, and a server that ends meanwhile leaves it to the next one.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from veche.core.forgetting import ErasedWords, ForgottenMessages, RewrittenFacts, Wiped
from veche.core.ports import ForgottenEvents, Record, RoomEvent, Row, SavedFact
from veche.store.files import remove_lasting, require_regular, write_lasting
from veche.store.postgresql.link import Connection

# Whether that has happened or not is all the same: it has no place of its own in the log, and is asked for again.
FORGETTING = ForgottenEvents | ForgottenMessages | ErasedWords | RewrittenFacts | Wiped

_WRITER = "select value from about where key = 'writer'"
_UNDO = (
    "delete from reply where message = any($1::bigint[])",
    "delete from message where seq = any($1::bigint[])",
    "delete from event where seq = any($1::bigint[])",
    "delete from saved_fact where seq = any($1::bigint[])",
)

_log = logging.getLogger("veche.store")


def can_be_undone(rows: Sequence[Row]) -> bool:
    """Whether rows only add something: then they can be taken out again, for nobody has seen them."""
    return all(
        isinstance(row, Record | RoomEvent | FORGETTING) or (isinstance(row, SavedFact) and not row.key)
        for row in rows
    )


def places(rows: Sequence[Row]) -> list[int]:
    """The places in the log of what such rows add."""
    return [row.seq for row in rows if not isinstance(row, FORGETTING)]


async def undo(connection: Connection, seqs: Sequence[int]) -> None:
    """Take rows out."""
    await connection.execute("begin")
    for statement in _UNDO:
        await connection.execute(statement, list(seqs))
    await connection.execute("commit")


class Notes:
    """The file in which it is noted what the writer called `name` is to undo."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def keep(self, seqs: Sequence[int]) -> None:
        """Note these places and no others; none: there is nothing to undo any more."""
        try:
            if seqs:
                write_lasting(self._path, json.dumps({"writer": self._name, "places": [*seqs]}).encode())
            elif require_regular(self._path):
                remove_lasting(self._path)
        except OSError as error:
            _log.error("%s cannot be written: %s", self._path, error)

    async def undo_of_before(self, connection: Connection) -> None:
        """Undo what the server before this one left; called before it is noted that this one writes."""
        if not require_regular(self._path):
            return
        note = json.loads(self._path.read_text())
        # By the name of who wrote last: the file may have been left by the server of another database.
        if note["writer"] == await connection.fetchval(_WRITER):
            await undo(connection, note["places"])
        remove_lasting(self._path)
