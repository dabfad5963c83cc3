"""The record in PostgreSQL as several nodes have it: read like any other, written in turns (turns.py).

    store, turns = open_shared(url, path, post, say)

The rule: the data directory is this node's own, with its lock, its keys and its index of words; nothing in it is the
other nodes', and a node begins with an empty one as well as with its own.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from veche.core.ports import Edit, Redaction, Row, SavedFact, StoreError, StoreRefused
from veche.core.sheets import ROWS_ALONE
from veche.core.turns import Turn
from veche.store.directory import DataDirectory
from veche.store.forgetting import gone
from veche.store.postgresql import schema
from veche.store.postgresql.coming import join
from veche.store.postgresql.durable import PostgresqlStore, explain
from veche.store.postgresql.link import shown
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.opening import ask_version, make_readers, mark_made, open_in_thread
from veche.store.postgresql.reader import Reader
from veche.store.postgresql.turns import SharedTurns, open_link
from veche.store.postgresql.writer import Writer
from veche.store.search.index import SearchIndex
from veche.store.worker import Post

# Facts behind which the index of words has to look at messages again.
_CORRECTING = ("MessageEdited", "MessageRedacted", "TracesErased")


class SharedStore(PostgresqlStore):
    """The record for reading, and the `turns` in which it is written."""

    def __init__(
        self,
        directory: DataDirectory,
        thread: LoopThread,
        reader: Reader,
        search: SearchIndex,
        post: Post,
        version: str,
        last: tuple[int, int],
        saved: list[SavedFact],
        turns: SharedTurns,
    ) -> None:
        super().__init__(directory, thread, _NoWriter(), reader, search, post, version, last, saved)
        self.turns = turns
        turns.on_put = self._put

    def _put(self, turn: Turn, rows: list[Row]) -> None:
        corrected = any(isinstance(row, Edit | Redaction) for row in rows)
        self._grow(turn, corrected=corrected, gone=gone(rows))

    def grown(self, turn: Turn) -> None:
        """Another node has written this turn."""
        # What is said in messages is found by itself; what was changed or forgotten has to be looked for.
        corrected = turn.body == ROWS_ALONE or any(f'"{kind}"' in turn.body for kind in _CORRECTING)
        self._grow(turn, corrected=corrected, gone=[])

    def _grow(self, turn: Turn, *, corrected: bool, gone: list[int]) -> None:
        self._last = max(self._last[0], turn.seq), max(self._last[1], turn.time)
        self._search.appended(turn.seq, corrected=corrected, gone=gone)

    def trouble(self) -> str:
        """Why nothing can be committed now; "" when it can."""
        return self.turns.trouble

    async def _let_go(self) -> None:
        await self._reader.close()
        await self.turns.leave()


class _NoWriter(Writer):
    """In the place of the writer that is alone: nothing is written but in turns."""

    def __init__(self) -> None:  # it has no seat
        pass

    def append(self, _rows: list[Row], _done: Callable[[StoreError | None], None]) -> None:
        """Never called: a shared log writes in turns."""
        raise AssertionError("what several nodes write to is written in turns")

    def replace_saved(self, _facts: list[SavedFact]) -> None:
        """Left to a time when a server is alone on the record."""
        raise StoreRefused("several servers share the record")


def open_shared(url: str, path: Path, post: Post, say: Callable[[str], None]) -> SharedStore:
    """Come to the nodes that share the record at `url`, or be the first; `path` is this node's data directory.

    Blocks, some seconds where a node has just been killed: it runs before the event loop. `say` is told what is waited
    for. The rest is as in `open_postgresql`. Raises DataDirectoryError.
    """
    return open_in_thread(path, post, lambda directory, thread: _open(url, directory, thread, post, say))


async def _open(
    url: str, directory: DataDirectory, thread: LoopThread, post: Post, say: Callable[[str], None]
) -> SharedStore:
    name = f"veche {secrets.token_hex(8)}"
    try:
        await _prepare(url, name)
        turns = await join(url, thread, say)
        thread.start(turns.stay)
        # Another connection: that took a while, and the database may have been started again.
        connection = await open_link(url, f"{name} opening")
        try:
            await turns.wiping.resume(connection)
            last = await schema.last_row(connection)
            saved = [] if turns.standing.parcel else await schema.saved_facts(connection)
            version = await ask_version(connection)
        finally:
            await connection.close()
    except Exception as error:
        raise explain(url, error) from error
    mark_made(directory, url)
    reader, search = make_readers(url, name, directory, thread, post, last[0], lambda: True)
    return SharedStore(directory, thread, reader, search, post, version, last, saved, turns)


async def _prepare(url: str, name: str) -> None:
    connection = await open_link(url, f"{name} opening")
    try:
        await connection.execute("begin; select pg_advisory_xact_lock(1449485160, 2)")
        await connection.execute("commit")
        await schema.bring_up_to_date(connection, shown(url), schema.known_migrations())
    finally:
        await connection.close()
