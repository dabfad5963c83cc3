"""What every way to the record in PostgreSQL begins with: a data directory, a thread, and those who read.

The rule: whatever goes wrong before a store is made, the thread has ended and the directory is free again.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from veche.store.directory import DataDirectory
from veche.store.postgresql.link import Connection, shown
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.reader import Reader
from veche.store.postgresql.search import PostgresqlRecord
from veche.store.search.index import SearchIndex
from veche.store.worker import Post

Store = TypeVar("Store")
Opening = Callable[[DataDirectory, LoopThread], Coroutine[Any, Any, Store]]


def open_in_thread(path: Path, post: Post, opening: Opening[Store]) -> Store:
    """Run `opening` in a new thread, with the data directory at `path`; both are the store's that it gives.

    Blocks. Raises what `opening` raises, and DataDirectoryError.
    """
    directory = DataDirectory(path)
    try:
        thread = LoopThread("veche-postgres", post)
        try:
            return thread.run(opening(directory, thread))
        except BaseException:
            thread.finish(_nothing, 1.0)
            raise
    except BaseException:
        directory.close()
        raise


async def _nothing() -> None:
    pass


def mark_made(directory: DataDirectory, url: str) -> None:
    """Have the directory say where its record is, without the password."""
    directory.mark_made(f"This file says that a record has been made in {shown(url)}.\n")


async def ask_version(connection: Connection) -> str:
    """The name and number of the engine, for the log at start."""
    return str(await connection.fetchval("select split_part(version(), ' on ', 1)"))


def make_readers(
    url: str,
    name: str,
    directory: DataDirectory,
    thread: LoopThread,
    post: Post,
    last: int,
    may_read: Callable[[], bool],
) -> tuple[Reader, SearchIndex]:
    """The reading end, and the index of the words in what it reads up to the row `last`.

    The sessions of both have names that begin with `name`. `may_read` is as for Reader.
    """
    search = SearchIndex(
        lambda _: PostgresqlRecord(url, f"{name} search", thread, may_read), directory.search, last, post
    )
    return Reader(url, f"{name} reader", thread, may_read), search
