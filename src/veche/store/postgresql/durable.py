"""The durable record in PostgreSQL: a Store (core.ports) behind which asyncpg works in a thread of its own.

    store = open_postgresql("postgresql://veche@db.example/chat", Path("data"), loop.call_soon_threadsafe)

The rule: opening ends in a record that can be trusted, or in a DataDirectoryError that tells a person what to do. The
data directory is the server's as ever, with its lock and its keys; the record is not in it.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from veche.core.exporting import Said
from veche.core.ports import (
    Page,
    Partner,
    Reacted,
    Records,
    SavedFact,
    Sent,
    StoreError,
    UnreadQuestion,
    Version,
)
from veche.store.directory import DataDirectory
from veche.store.front import Answer, Front
from veche.store.postgresql import questions, schema
from veche.store.postgresql.exporting import read_said, read_talk
from veche.store.postgresql.link import Connection, LinkError, RefusedError, meaning, shown
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.opening import ask_version, make_readers, mark_made, open_in_thread
from veche.store.postgresql.reader import Question, Reader
from veche.store.postgresql.seat import Seat, TakenError
from veche.store.postgresql.undoing import Notes
from veche.store.postgresql.writer import Writer
from veche.store.refusals import DataDirectoryError
from veche.store.search.index import SearchIndex
from veche.store.worker import Post

# How long (s) a start waits for the database to come up, and for the session of a server that has just ended to go.
START_PATIENCE = 5.0
_PAUSE = 0.2

_log = logging.getLogger("veche.store")


class PostgresqlStore(Front):
    """The record in PostgreSQL; made by `open_postgresql`. All methods are called by the owner, in its turns.

    `version` names the engine, for the log at start.
    """

    def __init__(
        self,
        directory: DataDirectory,
        thread: LoopThread,
        writer: Writer,
        reader: Reader,
        search: SearchIndex,
        post: Post,
        version: str,
        last: tuple[int, int],
        saved: list[SavedFact],
    ) -> None:
        super().__init__(writer, search, post, last, saved)
        self.version = version
        self._directory = directory
        self._thread = thread
        self._writer = writer
        self._reader = reader
        self._known: questions.Known = {}  # the loop thread's

    def page(self, page: Page, done: Callable[[Records | StoreError], None]) -> None:
        """Read messages; "busy" when too many questions wait, or when one takes longer than 3 s."""
        self._ask(partial(questions.ask_page, self._known, page), done)

    def latest(
        self, conversations: list[tuple[str, int]], done: Callable[[dict[str, int] | StoreError], None]
    ) -> None:
        """Read the time (ms) of the newest message of each conversation and era that has any."""
        self._ask(partial(questions.read_latest, conversations), done)

    def find_sent(self, key: int, after: int, done: Callable[[Sent | StoreError | None], None]) -> None:
        """Look for the message with this key that was said later than `after` (ms)."""
        self._ask(partial(questions.find_sent, key, after), done)

    def said(self, person: str, after: int, done: Callable[[Said | StoreError], None]) -> None:
        """Read a part of what a person has said."""
        self._ask(partial(read_said, person, after), done)

    def talk(
        self, conversation: str, after: tuple[int, int], done: Callable[[Records | StoreError], None]
    ) -> None:
        """Read a part of what was said in a conversation."""
        self._ask(partial(read_talk, conversation, after), done)

    def versions(self, message: int, done: Callable[[list[Version] | StoreError], None]) -> None:
        """Read how a message has read, the oldest first."""
        self._ask(partial(questions.read_versions, message), done)

    def reactions(
        self, messages: list[int], done: Callable[[dict[int, dict[str, int]] | StoreError], None]
    ) -> None:
        """Count the reactions to messages, given by their places in the log."""
        self._ask(partial(questions.count_reactions, messages), done)

    def reacted(self, messages: list[int], done: Callable[[list[Reacted] | StoreError], None]) -> None:
        """Read the newest reactions to each of these messages."""
        self._ask(partial(questions.read_reacted, messages), done)

    def partners(
        self, who: str, after: int, limit: int, done: Callable[[list[Partner] | StoreError], None]
    ) -> None:
        """Read the direct conversations of `who` with anything later than `after` (ms), the newest first."""
        self._ask(partial(questions.read_partners, who, after, limit), done)

    def unread(
        self,
        questions_: list[UnreadQuestion],
        done: Callable[[list[tuple[int, int]] | StoreError], None],
    ) -> None:
        """Count what others have said since a time, and how much of it mentions a word: one pair for each question."""
        self._ask(partial(questions.count_unread, questions_), done)

    def trouble(self) -> str:
        """Why nothing can be committed now; "" when it can."""
        return self._writer.seat.trouble

    def close(self, seconds: float = 8.0) -> bool:
        """Finish what was handed in and let go of the database and the directory. Blocks, for at most `seconds`.

        Answers to what was under way are posted meanwhile, and come when the owner runs its next turn.
        What is asked afterwards is refused. Idempotent.
        """
        if self._closed:
            return True
        self._closed = True
        tidy = self._search.close(seconds / 4)
        tidy = self._thread.finish(self._let_go, seconds / 2) and tidy
        self._directory.close()
        return tidy

    async def _let_go(self) -> None:
        await self._writer.wiping.close()
        await self._reader.close()
        await self._writer.seat.close()

    def _ask(self, question: Question[Answer], done: Callable[[Answer | StoreError], None]) -> None:
        self._unless_closed(partial(self._reader.ask, question), done)


def open_postgresql(
    url: str, path: Path, post: Post, migrations: schema.Migrations | None = None
) -> PostgresqlStore:
    """Open the record at `url`, making its tables if need be, for the server whose data directory is `path`.

    Blocks: it runs before the event loop. `post` runs a function in a later turn of the owner and may be called from
    any thread. `migrations` is for tests. Raises DataDirectoryError.
    """
    known = migrations or schema.known_migrations()
    return open_in_thread(path, post, lambda directory, thread: _open(url, directory, thread, post, known))


async def _open(
    url: str, directory: DataDirectory, thread: LoopThread, post: Post, migrations: schema.Migrations
) -> PostgresqlStore:
    # By its name a server recognises its own sessions, and nobody else's.
    name = f"veche {secrets.token_hex(8)}"
    connection = await _take(url, f"{name} writer")
    try:
        notes = Notes(directory.path / "undo.json", f"{name} writer")
        writer = Writer(url, f"{name} writer", thread, notes)
        if directory.is_made() and not await schema.is_made(connection):
            raise DataDirectoryError("database_empty", url=shown(url), marker=directory.made)
        await schema.bring_up_to_date(connection, shown(url), migrations)
        mark_made(directory, url)
        await notes.undo_of_before(connection)
        await _warn(connection)
        last = await schema.last_row(connection)
        saved = await schema.saved_facts(connection)
        version = await ask_version(connection)
        await writer.wiping.resume(connection)
        await writer.seat.sit_down(connection)
    except Exception as error:
        connection.terminate()
        raise explain(url, error) from error
    reader, search = make_readers(url, name, directory, thread, post, last[0], lambda: writer.is_settled)
    return PostgresqlStore(directory, thread, writer, reader, search, post, version, last, saved)


async def _take(url: str, name: str) -> Connection:
    until = time.monotonic() + START_PATIENCE
    while True:
        try:
            return await Seat.take(url, name)
        except (LinkError, RefusedError, TakenError) as error:
            # A database that is still starting says so (57P03, a LinkError); what it refuses is refused for good.
            if isinstance(error, RefusedError) or time.monotonic() > until:
                raise explain(url, error) from error
        await asyncio.sleep(_PAUSE)


# Who may not see more of a standby than that it is there sees no state.
_HAS_STANDBY_BEHIND = """
    select exists (select from pg_stat_replication where coalesce(sync_state, 'async') = 'async')
    and current_setting('synchronous_standby_names') = ''
"""


async def _warn(connection: Connection) -> None:
    if await connection.fetchval("select current_setting('fsync')") != "on":
        _log.warning(
            "the database does not sync (fsync is off): a power cut may take back what was acknowledged"
        )
    if await connection.fetchval(_HAS_STANDBY_BEHIND):
        _log.warning(
            "a standby follows that no commit waits for (synchronous_standby_names is empty): if it takes over, what "
            "was acknowledged last is lost"
        )


def explain(url: str, error: Exception) -> Exception:
    """What a person reads of an error at the start."""
    told = meaning(error)
    if isinstance(told, TakenError):
        return DataDirectoryError("database_taken", url=shown(url))
    if isinstance(told, LinkError):
        return DataDirectoryError("database_away", url=shown(url), detail=told)
    if isinstance(told, RefusedError):
        return DataDirectoryError("database_refuses", url=shown(url), detail=told)
    return error
