"""Start the real server with one of its promises broken, to show that the checker would notice.

The product has no switch for this: the breaking is done here, from outside, before the server's own `main` runs.

    python -m veche.testing.checker.sabotage sync-normal -- --data DIR --irc HOST:PORT ...
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import cast

from veche.core.log import Log
from veche.core.ports import Row, Store, StoreError, StoreRefused
from veche.core.shared import SharedLog
from veche.core.turns import Turn
from veche.store.engines import sqlite
from veche.store.postgresql import seat, writer
from veche.store.postgresql.link import Connection

# How long a write is put off by `deliver-first`, in seconds: what servers that "write behind" do.
LAG = 0.05
# Of how many turns one is treated wrongly.
WRONG_TURN = 7


def main(arguments: Sequence[str]) -> int:
    """Break one promise, then be the server."""
    if len(arguments) < 2 or arguments[0] not in SABOTAGES or arguments[1] != "--":
        print(f"sabotage {'|'.join(SABOTAGES)} -- the server's own options", file=sys.stderr)
        return 2
    SABOTAGES[arguments[0]]()
    print(f"SABOTAGED: {arguments[0]}")
    from veche.app.server import main as serve  # noqa: PLC0415 - only now: it must meet what was broken

    return serve(arguments[2:])


def sync_normal() -> None:
    """SQLite syncs at checkpoints only: what a power cut finds in the log's cached pages is lost."""
    sound = "synchronous=full"
    if sound not in sqlite.PRAGMAS:
        raise SystemExit(f"sabotage: {sound!r} is not where it was: {sqlite.PRAGMAS}")
    broken = tuple("synchronous=normal" if pragma == sound else pragma for pragma in sqlite.PRAGMAS)
    sqlite.PRAGMAS = broken  # type: ignore[assignment]  # a constant of known length, for the type checker


def deliver_first() -> None:
    """The log believes that a batch is on disk while it is still on its way there."""
    build = Log.__init__

    def build_and_break(self: Log, *arguments: object, **named: object) -> None:
        build(self, *arguments, **named)  # type: ignore[arg-type]  # whatever they are
        if self.store is not None:
            self.store = cast(Store, HastyStore(self.store))

    Log.__init__ = build_and_break  # type: ignore[method-assign]


class HastyStore:
    """Says "done" at once and writes a moment later; all else is as the real store has it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._late: list[Row] = []
        self._is_waiting = False  # for the moment to come, or for the last write to end

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def append(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
        """Answer through a question to the store, so that the answer comes in a later turn, as always."""
        self._late += rows
        self._wait()
        self._store.latest([], lambda _: done(None))

    def _wait(self) -> None:
        if self._late and not self._is_waiting:
            self._is_waiting = True
            asyncio.get_running_loop().call_later(LAG, self._write)

    def _write(self) -> None:
        late, self._late = self._late, []
        self._store.append(late, self._written)

    def _written(self, error: StoreError | None) -> None:
        self._is_waiting = False
        if error is not None:
            print(f"sabotage: lost for good: {error}", file=sys.stderr)
        self._wait()


def sync_off() -> None:
    """PostgreSQL says that a commit is done when its log is still in memory."""
    sound = seat.Seat.sit_down

    async def sit_down(self: seat.Seat, connection: Connection) -> None:
        # Only now, when the tables are made: a database without them would not be started on again.
        await connection.execute("set synchronous_commit = off")
        # Else a walwriter that happens to wake just before the harm saves what this is to lose; its last nap of the
        # usual length (200 ms) is waited for.
        await connection.execute("alter system set wal_writer_delay = '10s'")
        await connection.execute("alter system set wal_writer_flush_after = '1GB'")
        await connection.execute("select pg_reload_conf(), pg_sleep(0.3)")
        await sound(self, connection)

    _replace(seat.Seat, "sit_down", sit_down)


def unknown_is_stored() -> None:
    """A batch whose COMMIT was never answered is taken for one that was committed; the database is not asked."""

    async def has(_connection: Connection, _attempt: object) -> bool:
        return True

    _replace(writer, "_has", has)


def unknown_is_refused() -> None:
    """A batch whose COMMIT was never answered is refused at once, and forgotten."""
    sound = writer.Writer._fail

    async def fail(
        self: writer.Writer, connection: Connection, attempt: writer._Attempt, error: Exception
    ) -> StoreError | None:
        was_open = attempt.is_open
        told = await sound(self, connection, attempt, error)
        return StoreRefused("who knows") if told is None and was_open else told

    _replace(writer.Writer, "_fail", fail)


def skip_turns() -> None:
    """A node passes over some of what others have written, and goes on as though it had applied it."""
    sound = SharedLog._follow

    def follow(self: SharedLog, turn: Turn) -> None:
        sound(self, turn._replace(body="[]") if turn.number % WRONG_TURN == 0 else turn)

    _replace(SharedLog, "_follow", follow)


def apply_twice() -> None:
    """A node applies some of what others have written a second time."""
    sound = SharedLog._follow

    def follow(self: SharedLog, turn: Turn) -> None:
        is_next = turn.number == self.applied + 1
        sound(self, turn)
        if is_next and turn.number % WRONG_TURN == 0:
            self.applied -= 1
            sound(self, turn)

    _replace(SharedLog, "_follow", follow)


def _replace(owner: object, name: str, broken: object) -> None:
    if not hasattr(owner, name):
        raise SystemExit(f"sabotage: {name!r} is not where it was: {owner}")
    setattr(owner, name, broken)


SABOTAGES: dict[str, Callable[[], None]] = {
    "sync-normal": sync_normal,
    "deliver-first": deliver_first,
    "sync-off": sync_off,
    "unknown-is-stored": unknown_is_stored,
    "unknown-is-refused": unknown_is_refused,
    "skip-turns": skip_turns,
    "apply-twice": apply_twice,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
