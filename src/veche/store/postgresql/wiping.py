"""What was erased leaves PostgreSQL's files too: the holes of pages, the statistics, and the write-ahead log.

A row that was changed or deleted stays in its page until a vacuum, and its bytes stay in the page's hole after it. So
tables are rewritten ("VACUUM FULL rewrites the entire contents of the table into a new disk file with no extra space").
The log is left behind by a checkpoint: "after a checkpoint has been made and the WAL flushed, log segments before the
redo record are removed or recycled", and what is recycled is written over, by records that say nothing.

The rules:
* Nobody waits for it longer than for a slow commit: a table that is larger than `REWRITTEN` is vacuumed alone, and
  `db check` says so (lingering.py).
* What the role may not do is done by PostgreSQL itself, later: then that is waited for.
* It is no part of the erasure, which is done when the rows are: a server that is killed meanwhile has wiped less. So it
  is noted in the record that it is to be done, and a start goes on with it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from veche.store.postgresql.link import SCHEMA, Connection, RefusedError, connect, meaning

# Bytes of a table, indexes included, that are rewritten while everybody waits: a second on a slow disk.
REWRITTEN = 64 << 20
TABLES = ("message", "event", "reaction", "redaction", "edit", "saved_fact", "keyed_fact")
# How long (s) nodes are given to read turns before those are removed: who has said nothing for a third of it is dead.
TURNS_LAST = 20.0
# How long (s) sessions that began before the erasure are waited for, and how long between two looks.
PATIENCE, PAUSE = 900.0, 1.0
# A lock is waited for so long (s), since everybody waits behind who waits, but longer than "deadlock_timeout" (1 s),
# at which PostgreSQL breaks off its own vacuum for it; and so often, so long (s) apart.
_LOCK_SECONDS, _TRIES, _TRY_PAUSE = 1.3, 60, 2.0
# What could not be done is tried again after so long (s), and later and later.
FIRST_AGAIN, LAST_AGAIN = 5.0, 600.0

_NOTE = """
    insert into about (key, value) values ('wiping', pg_current_xact_id()::text)
    on conflict (key) do update set value = excluded.value
"""
_NOTED = "select value from about where key = 'wiping'"
_DONE = "delete from about where key = 'wiping' and value = $1"

_ALONE = "select pg_advisory_lock(1449485160, 4)"
_HEAD = "select number from veche_cluster.head"
_FORGET_TURNS = "delete from veche_cluster.turn where number <= $1"
# Worlds that were handed to who did not live to read them.
_FORGET_WORLDS = "delete from veche_cluster.{} where node not in (select id from veche_cluster.node)"
_WORLDS = ("parcel", "piece")
_ASIDE = "select nspname::text from pg_namespace where starts_with(nspname, $1)"
_NOW = "select pg_current_xact_id()::xid::text"
_SEES_BEFORE = """
    select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and greatest(age(backend_xmin), age(backend_xid)) > age($1::text::xid))
"""
_COLUMNS = """
    select quote_ident(attname) || ' type ' || format_type(atttypid, atttypmod)
        || case when attcollation = 0 then '' else ' collate ' || attcollation::regcollation::text end
    from pg_attribute
    where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
"""
_SIZE = "select coalesce(pg_total_relation_size(to_regclass($1)), -1)"
_FILE = "select pg_relation_filenode($1::regclass)"
_PLACE = "select pg_current_wal_lsn()::text"
_IS_BEHIND = "select redo_lsn > $1::text::pg_lsn from pg_control_checkpoint()"
_LOG_SETTINGS = """
    select pg_size_bytes(current_setting('wal_segment_size')), pg_size_bytes(current_setting('max_wal_size')),
        current_setting('wal_recycle') = 'on'
"""
_LOG_FILES = "select count(*) from pg_ls_waldir() where name > (select pg_walfile_name(pg_current_wal_lsn()))"
_PIECE = 4 << 20
_FILL = "select pg_logical_emit_message(false, 'veche', repeat(' ', $1))"

_log = logging.getLogger("veche.store")


class Wiping:
    """What is wiped for one server, behind everything else it does. The methods are called in the loop's thread."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = f"{name} wiping"
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def start(self) -> None:
        """Begin; what is asked for while it is under way is done after it."""
        self._again = self._task is not None
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="veche-postgresql-wiping")

    async def resume(self, connection: Connection) -> None:
        """Begin if a server that ended had not come to it."""
        if await connection.fetchval(_NOTED) is not None:
            self.start()

    async def close(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        pause = FIRST_AGAIN
        while True:
            self._again = False
            try:
                await wipe(self._url, self._name)
            except Exception as error:
                _log.warning("what was erased is still in the database's files: %s", meaning(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_AGAIN)
                continue
            if not self._again:
                self._task = None
                return


async def note(connection: Connection) -> None:
    """Note that there is something to wipe. Inside the transaction that takes it away."""
    await connection.execute(_NOTE)


async def wipe(url: str, name: str) -> None:
    """Have nothing left in any file of what was erased before now; returns when that is so. Raises what `connect` does.

    Takes seconds to minutes, for the most part waiting. What cannot be done is in the log.
    """
    connection = await connect(url, name, writes=True)
    try:
        await connection.execute(f"set statement_timeout = 0; set lock_timeout = {_LOCK_SECONDS * 1000:.0f}")
        await _insist(partial(connection.execute, _ALONE))
        noted = await connection.fetchval(_NOTED)
        if noted is None:  # another node has been quicker
            return
        tables = [f"{SCHEMA}.{table}" for table in TABLES]
        if await connection.fetchval("select to_regclass('veche_cluster.turn') is not null"):
            tables += await _forget_turns(connection)
        for (schema,) in await connection.fetch(_ASIDE, f"{SCHEMA}_before_"):
            await _insist(partial(connection.execute, f'drop schema "{schema}" cascade'))
        await _outlast(connection)
        kept = [table for table in tables if not await _rewrite(connection, table)]
        await _insist(partial(connection.execute, f"analyze {', '.join(tables)}"))
        for table in tables:
            await _forget_statistics(connection, table)
        # It has the commonest values of each column and some of the others, as they are.
        if not await _rewrite(connection, "pg_catalog.pg_statistic"):
            kept.append("pg_statistic")
        await _leave_log(connection)
        await connection.execute(_DONE, noted)
        if kept:
            _log.warning(
                "what was erased may still be in these tables' files, which were not rewritten: %s",
                ", ".join(kept),
            )
        else:
            _log.info("nothing of what was erased is left in the database's files")
    finally:
        connection.terminate()


async def _forget_turns(connection: Connection) -> list[str]:
    """Turns tell the other nodes what was said; who has not read them by now never will."""
    number = await connection.fetchval(_HEAD)
    await asyncio.sleep(TURNS_LAST)
    await _insist(partial(connection.execute, _FORGET_TURNS, number))
    for world in _WORLDS:
        await _insist(partial(connection.execute, _FORGET_WORLDS.format(world)))
    return [f"veche_cluster.{table}" for table in ("turn", *_WORLDS)]


async def _outlast(connection: Connection) -> None:
    """Wait for everybody who still sees the rows as they were: for their sake a rewritten table keeps those."""
    now = await connection.fetchval(_NOW)
    for _ in range(int(PATIENCE / PAUSE)):
        if not await connection.fetchval(_SEES_BEFORE, now):
            return
        await asyncio.sleep(PAUSE)
    _log.warning("a session of the database has been reading for so long that it was not waited for")


async def _forget_statistics(connection: Connection, table: str) -> None:
    """Of a table without rows PostgreSQL keeps the statistics that it had; not those of a column that gets a type."""
    if not await connection.fetchval(f"select exists (select from {table})"):  # noqa: S608 - names of ours
        columns = await connection.fetch(_COLUMNS, table)
        actions = ", ".join(f"alter column {column}" for (column,) in columns)
        await _insist(partial(connection.execute, f"alter table {table} {actions}"))


async def _rewrite(connection: Connection, table: str) -> bool:
    """Have a table written anew, or vacuumed where it is large; whether it is another file now."""
    if await connection.fetchval(_SIZE, table) > REWRITTEN:
        await _insist(partial(connection.execute, f"vacuum {table}"))
        return False
    # Who may not is only warned, so it is looked at what came of it.
    before = await connection.fetchval(_FILE, table)
    await _insist(partial(connection.execute, f"vacuum full {table}"))
    return bool(await connection.fetchval(_FILE, table) != before)


async def _insist(job: Callable[[], Awaitable[object]]) -> None:
    for tried in range(_TRIES):
        try:
            await job()
            return
        except Exception as error:
            told = meaning(error)
            # 55P03: lock_not_available
            if not isinstance(told, RefusedError) or told.state != "55P03" or tried == _TRIES - 1:
                raise
        await asyncio.sleep(_TRY_PAUSE)


async def _leave_log(connection: Connection) -> None:
    """Have nothing in the write-ahead log that was there before, and have written over what is used again."""
    segment, most, is_recycled = (await connection.fetch(_LOG_SETTINGS))[0]
    await _fill(connection, segment, 1)
    await _checkpoint(connection)
    if is_recycled:
        try:
            files = await connection.fetchval(_LOG_FILES)
        except Exception as error:
            if not isinstance(meaning(error), RefusedError):
                raise
            files = most // segment
        await _fill(connection, segment, files + 1)


async def _fill(connection: Connection, segment: int, count: int) -> None:
    piece = min(segment, _PIECE)
    for _ in range(count * segment // piece):
        await connection.execute(_FILL, piece)


async def _checkpoint(connection: Connection) -> None:
    """Return when a checkpoint has been made that began later than now."""
    place = await connection.fetchval(_PLACE)
    try:
        await connection.execute("checkpoint")
    except Exception as error:
        if not isinstance(meaning(error), RefusedError):
            raise
        # Only some may ask for one; it is made by itself every `checkpoint_timeout`.
        for _ in range(int(PATIENCE / PAUSE)):
            if await connection.fetchval(_IS_BEHIND, place):
                return
            await asyncio.sleep(PAUSE)
        _log.warning("the database has made no checkpoint: what was erased may still be in its log")
