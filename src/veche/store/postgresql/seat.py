"""The writer's seat: the one connection that writes to the record, with the lock that makes it the only one.

The rules:
* **The lock is held by the connection that writes** (an advisory lock of its session). Where it is lost nothing can be
  written any more, and who has it knows that no earlier session of ours writes any more either: only then can it be
  found out what became of a commit whose answer never came.
* A lost connection is made anew by itself, with pauses that grow to less than two seconds. What was left of it in the
  server (a session behind a cut link) is ended first, by its name, which nobody else has.
* Somebody else who wrote meanwhile, or a database that has forgotten what it had acknowledged, cannot be healed from
  here: that is a StoreUnknown, and the process must end and read the record anew.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from veche.core.ports import StoreUnknown
from veche.store.postgresql.link import ANSWER_SECONDS, Connection, LinkError, RefusedError, connect, meaning
from veche.store.postgresql.loop import LoopThread

# "Vech", and the number of the lock: for who looks into pg_locks.
_LOCK = "select pg_try_advisory_lock(1449485160, 1)"
_END_LEFTOVERS = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where application_name = $1 and pid <> pg_backend_pid()
"""
_WRITER = "select value from about where key = 'writer'"
_SIT_DOWN = """
    insert into about (key, value) values ('writer', $1) on conflict (key) do update set value = excluded.value
"""

# How long (s) whoever needs the connection waits for it, once it is lost.
PATIENCE = 2.0
# Pauses (s) between tries, and how often an idle connection is asked whether it is still there.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.5
PING_EVERY = 2.0
# Tries for the lock with one connection, and the pause between them: a session that was ended takes a moment to go.
_TRIES, _PAUSE = 10, 0.05

_log = logging.getLogger("veche.store")


class TakenError(Exception):
    """Another server has the lock."""


class Seat:
    """The writing connection to the record at `url`. All of it belongs to the loop thread, but for `trouble`.

    `name` is that of this process's writing session; nobody else has it. `settle` is awaited with a new connection
    before anything is written through it. `trouble` says why nothing can be written now, "" when it can; `broken` why
    nothing ever will be.
    """

    def __init__(
        self, url: str, name: str, thread: LoopThread, settle: Callable[[Connection], Awaitable[None]]
    ) -> None:
        self._url = url
        self._name = name
        self._thread = thread
        self._settle = settle
        self._connection: Connection | None = None
        self._is_open = asyncio.Event()
        self._is_lost = asyncio.Event()
        self._closed = False
        self._lost_at = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self.in_use = asyncio.Lock()  # by a batch, or by a look whether the connection is still there
        self.trouble = ""
        self.broken: StoreUnknown | None = None

    @staticmethod
    async def take(url: str, name: str) -> Connection:
        """Connect and take the lock. Raises LinkError, RefusedError or TakenError."""
        connection = await connect(url, name, writes=True)
        is_taken = False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.fetchval(_END_LEFTOVERS, name)
                for _ in range(_TRIES):
                    if await connection.fetchval(_LOCK):
                        is_taken = True
                        return connection
                    await asyncio.sleep(_PAUSE)
        except Exception as error:
            raise meaning(error) from error
        finally:
            if not is_taken:  # the wait may have been given up, too
                connection.terminate()
        raise TakenError

    async def sit_down(self, connection: Connection) -> None:
        """Begin with a connection that `take` gave: from now on this server writes."""
        await connection.execute(_SIT_DOWN, self._name)
        self._begin(connection)
        self._keeper = asyncio.create_task(self._keep(), name="veche-postgresql-keeper")

    async def wait(self) -> Connection | None:
        """The connection, as soon as there is one; None when it has been lost for longer than `PATIENCE`."""
        seconds = self._lost_at + PATIENCE - time.monotonic()
        if self._connection is None and seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._is_open.wait()
            except TimeoutError:
                return None
        return self._connection

    def lose(self, connection: Connection, why: str) -> None:
        """A connection has turned out to be of no use: it is closed, and another one made."""
        if connection is not self._connection:
            return
        self._connection = None
        self._lost_at = time.monotonic()
        self._is_open.clear()
        self._is_lost.set()
        connection.terminate()
        self._say(why)

    async def close(self) -> None:
        """Let another server sit down."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                async with asyncio.timeout(1.0):
                    await connection.close()
            except Exception as error:
                _log.debug("the connection was closed without a goodbye: %s", error)
                connection.terminate()

    def _begin(self, connection: Connection) -> None:
        self._connection = connection
        connection.add_termination_listener(self._ended)
        self._is_lost.clear()
        self._is_open.set()
        self._say("")

    def _ended(self, connection: Connection) -> None:
        self.lose(connection, "the connection ended")

    async def _keep(self) -> None:
        """See to it that there is a connection, until the end."""
        while not self._closed:
            if self._connection is None:
                await self._come_back()
            try:
                async with asyncio.timeout(PING_EVERY):
                    await self._is_lost.wait()
            except TimeoutError:
                await self._ping()

    async def _ping(self) -> None:
        connection = self._connection
        if connection is None or self.in_use.locked():
            return
        async with self.in_use:
            try:
                async with asyncio.timeout(PING_EVERY):
                    await connection.fetchval("select 1")
            except Exception as error:
                self.lose(connection, str(meaning(error)))

    async def _come_back(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed and self._connection is None:
            try:
                connection = await self.take(self._url, self._name)
                try:
                    await self._look_around(connection)
                except BaseException:
                    connection.terminate()
                    raise
                self._begin(connection)
                return
            except TakenError:
                self._say("another server uses this database")
            except (LinkError, RefusedError) as error:
                self._say(str(error))
            except StoreUnknown as error:
                self.broken = error
                self._say(str(error))
            except Exception as error:
                _log.exception("bug: the connection to PostgreSQL could not be made anew")
                self._say(str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _look_around(self, connection: Connection) -> None:
        """Whether everything is as we left it, and what became of what was under way."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer = await connection.fetchval(_WRITER)
                if writer != self._name:
                    raise StoreUnknown(
                        "another server has written to this database while it was out of reach"
                    )
                await self._settle(connection)
        except StoreUnknown:
            raise
        except Exception as error:
            raise meaning(error) from error

    def _say(self, trouble: str) -> None:
        """Tell the operator when trouble begins and ends; not at every try."""
        before, self.trouble = self.trouble, trouble
        if trouble and not before:
            _log.error("nothing can be stored: the database is out of reach: %s", trouble)
        elif before and not trouble:
            _log.warning("the database is back: messages are stored again")
