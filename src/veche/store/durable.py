"""The durable record: a data directory, a SQLite database in it, one thread that writes and one that reads.

    store = open_store(Path("data"), loop.call_soon_threadsafe)
    store.append(records, done)     # done(None) in a later turn: they are on disk
    store.close()

The rule: opening ends in a record that can be trusted, or in a DataDirectoryError that tells a person what to do.
"""

import logging
import sqlite3
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
from veche.store import schema
from veche.store.directory import DataDirectory, explain
from veche.store.engines.sqlite import connect_writer, describe, empty_wal, primary_code
from veche.store.exporting import read_said, read_talk
from veche.store.facts import saved_facts
from veche.store.front import Answer, Front
from veche.store.history import History
from veche.store.overview import count_unread, read_partners
from veche.store.refusals import DataDirectoryError
from veche.store.search.index import SearchIndex
from veche.store.search.record import SqliteRecord
from veche.store.worker import Post
from veche.store.writer import Writer

_log = logging.getLogger("veche.store")

# What a person reads of SQLite's errors at a start, by their primary code.
_KEYS = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_NOTADB: "other_file",
}


class SqliteStore(Front):
    """A Store (core.ports) on disk; made by `open_store`. All methods are called by the owner, in its turns.

    `version` names the engine, for the log at start.
    """

    def __init__(
        self,
        directory: DataDirectory,
        writer: Writer,
        history: History,
        search: SearchIndex,
        post: Post,
        last: tuple[int, int],
        saved: list[SavedFact],
    ) -> None:
        self.version = f"SQLite {sqlite3.sqlite_version}"
        super().__init__(writer, search, post, last, saved)
        self._directory = directory
        self._writer = writer
        self._history = history

    def page(self, page: Page, done: Callable[[Records | StoreError], None]) -> None:
        """Read messages; "busy" when too many questions wait, or when one takes longer than 2 s."""
        self._unless_closed(partial(self._history.page, page), done)

    def latest(
        self, conversations: list[tuple[str, int]], done: Callable[[dict[str, int] | StoreError], None]
    ) -> None:
        """Read the time (ms) of the newest message of each conversation and era that has any."""
        self._unless_closed(partial(self._history.latest, conversations), done)

    def find_sent(self, key: int, after: int, done: Callable[[Sent | StoreError | None], None]) -> None:
        """Look for the message with this key that was said later than `after` (ms)."""
        self._unless_closed(partial(self._history.find_sent, key, after), done)

    def trouble(self) -> str:
        """Why the last batch was refused, if that was less than a minute ago; "" otherwise."""
        return self._writer.trouble

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
        self._unless_closed(partial(self._history.versions, message), done)

    def reactions(
        self, messages: list[int], done: Callable[[dict[int, dict[str, int]] | StoreError], None]
    ) -> None:
        """Count the reactions to messages, given by their places in the log."""
        self._unless_closed(partial(self._history.reactions, messages), done)

    def reacted(self, messages: list[int], done: Callable[[list[Reacted] | StoreError], None]) -> None:
        """Read the newest reactions to each of these messages."""
        self._unless_closed(partial(self._history.reacted, messages), done)

    def partners(
        self, who: str, after: int, limit: int, done: Callable[[list[Partner] | StoreError], None]
    ) -> None:
        """Read the direct conversations of `who` with anything later than `after` (ms), the newest first."""
        self._ask(partial(read_partners, who, after, limit), done)

    def unread(
        self,
        questions: list[UnreadQuestion],
        done: Callable[[list[tuple[int, int]] | StoreError], None],
    ) -> None:
        """Count what others have said since a time, and how much of it mentions a word: one pair for each question."""
        self._ask(partial(count_unread, questions), done)

    def close(self, seconds: float = 8.0) -> bool:
        """Finish what was handed in and let go of the directory. Blocks, for at most `seconds`.

        True when everything is in the database and the next start finds it tidy. False when a thread did not end in
        time or a sync had failed: then the process should end, and the next start reads what the WAL holds.
        Answers to what was under way are posted meanwhile, and come when the owner runs its next turn.
        To be called once; what is asked afterwards is refused.
        """
        self._closed = True
        # The readers first: while they have the database open, the WAL can be neither emptied nor removed.
        tidy = self._search.close(seconds / 4)
        tidy = self._history.close(seconds / 4) and tidy
        tidy = self._writer.finish(seconds / 2) and tidy
        if tidy:
            self._directory.mark_stopped()
            self._writer.disconnect()
            self._directory.close()
        return tidy

    def _ask(
        self, question: Callable[[sqlite3.Connection], Answer], done: Callable[[Answer | StoreError], None]
    ) -> None:
        self._unless_closed(partial(self._history.ask, question), done)


def open_store(path: Path, post: Post, migrations: schema.Migrations | None = None) -> SqliteStore:
    """Open the record in the data directory `path`, making both if need be. Blocks: it runs before the event loop.

    `post` runs a function in a later turn of the owner and may be called from any thread, as
    `loop.call_soon_threadsafe` may. `migrations` is for tests. Raises DataDirectoryError.
    """
    directory = DataDirectory(path)
    try:
        directory.prepare_database()
        return _open(directory, post, migrations or schema.known_migrations())
    except OSError as error:
        directory.close()
        raise explain(path, error) from error
    except sqlite3.Error as error:
        directory.close()
        key = _KEYS.get(primary_code(error), "cannot_open")
        raise DataDirectoryError(key, path=directory.database, detail=describe(error)) from error
    except BaseException:
        directory.close()
        raise


def _open(directory: DataDirectory, post: Post, migrations: schema.Migrations) -> SqliteStore:
    connection = connect_writer(directory.database)
    try:
        # What an earlier run left in the WAL goes into the database before anything new is written: after a failed
        # sync the WAL may hold frames that the kernel shows but the disk lacks, and nothing may be built on those.
        if empty_wal(connection):
            schema.check_length(connection, directory.database)
        else:
            _log.warning("another program holds %s, so its log could not be emptied", directory.database)
        schema.bring_up_to_date(connection, directory.database, migrations)
        schema.check(connection, directory.database)
        if empty_wal(connection):
            directory.mark_made()
        directory.mark_running()
        last = schema.last_message(connection)
        saved = saved_facts(connection)
        history = History(directory.database, post)
    except BaseException:
        connection.close()
        if not directory.wal.exists():  # SQLite removes it when it has moved everything into the database
            directory.mark_stopped()
        raise
    writer = Writer(connection, directory.database, post)
    search = SearchIndex(partial(SqliteRecord, directory.database), directory.search, last[0], post)
    return SqliteStore(directory, writer, history, search, post, last, saved)
