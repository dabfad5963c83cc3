"""A world on its way from a node to one that comes: made by a copy of the process, carried by the record, in pieces.

    world = Copy(pack)                          # in the loop, at that very moment
    await give(aside, us, standing, world)      # in the loop thread
    standing = await receive(connection, us)    # the newcomer

The rules:
* **The world that is given is that of one moment**, and nobody waits until it is written. The process is copied
  (fork(2)), and the copy, in which nothing happens any more, writes down what it has. A fork takes some hundredths of a
  second; writing takes some thirty microseconds for each person who is here.
* The copy has one thread, and closes all that it has inherited: it talks to nobody but by its pipe, and ends with that.
* Where a process cannot be copied (Windows, macOS, no memory) the world is written in the turn itself.
* A piece is a row of its own, so that no statement takes long and nothing has to hold all of them at once. The first
  says of whom and of which turn it is, the last is empty: what lacks it is no world.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import traceback
import warnings
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from struct import Struct
from typing import Any, NoReturn

from veche.core.turns import Pack, Standing
from veche.store.postgresql.link import ANSWER_SECONDS, Connection

# How long (s) a newcomer waits for somebody to begin before it asks again, and for the next piece of who has begun.
FIRST_SECONDS = 6.0
NEXT_SECONDS = 60.0
# Between two looks of a newcomer (s), and the pieces that it takes at once.
PAUSE = 0.05
AT_ONCE = 8
# How a node that wants the world is noted. COMPAT: nodes of 2026-11-23 and before say "joining", and want it in one
# row, as text; until none of those runs beside this version.
WANTS_PIECES, WANTS_ONE = "joining in pieces", "joining"

# Whoever has gone on the way needs no world.
CLEAR = "delete from veche_cluster.piece where node not in (select id from veche_cluster.node)"
_PUT = "insert into veche_cluster.piece (node, place, body) values ($1, $2, $3)"
_TAKE = "select body from veche_cluster.piece where node = $1 and place >= $2 order by place limit $3"
_BEAT = "update veche_cluster.node set beat = beat + 1 where id = $1 returning id"
_IS_THERE = "select exists (select from veche_cluster.node where id = $1)"

Aside = Callable[[Callable[[Connection], Coroutine[Any, Any, Any]]], Awaitable[Any]]

_LENGTH = Struct(">I")
_END = _LENGTH.pack(0)
# The quickest: a sixth of the size for a fifteenth of the time that it takes to write the pieces.
_LEVEL = 1

_log = logging.getLogger("veche.cluster")


class CopyError(Exception):
    """The copy has not written a whole world."""


class Copy:
    """The world as it is when this is made, until `end`, which whoever has made it calls in any case."""

    def __init__(self, pack: Pack) -> None:
        self.pid = 0
        self._file = -1
        self._packed: list[bytes] = []
        if sys.platform == "linux":
            try:
                self._fork(pack)
            except OSError as error:
                _log.warning(
                    "the world is written in a turn of the server: no copy of it can be made: %s", error
                )
        if not self.pid:
            self._packed = [*_packed(pack)]

    def _fork(self, pack: Pack) -> None:
        self._file, write_end = os.pipe()
        try:
            with warnings.catch_warnings():
                # That there are threads is known: the copy needs none of them, nor any of their locks.
                warnings.simplefilter("ignore", DeprecationWarning)
                self.pid = os.fork()
            if not self.pid:
                _write(pack, write_end)
        except OSError:
            os.close(self._file)
            self._file = -1
            raise
        finally:
            os.close(write_end)

    async def each(self, take: Callable[[bytes], Awaitable[None]]) -> None:
        """Have all pieces taken, in order, once. Raises CopyError."""
        if not self.pid:
            for piece in self._packed:
                await take(piece)
            return
        reader = asyncio.StreamReader()
        pipe = os.fdopen(self._file, "rb")
        self._file = -1
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            while size := _LENGTH.unpack(await _read(reader, _LENGTH.size))[0]:
                await take(await _read(reader, size))
        finally:
            transport.close()

    async def end(self) -> None:
        """Whether all was taken or nothing: the copy is gone."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                await asyncio.to_thread(os.waitpid, self.pid, 0)


async def _read(reader: asyncio.StreamReader, size: int) -> bytes:
    try:
        async with asyncio.timeout(NEXT_SECONDS):
            return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, TimeoutError) as error:
        raise CopyError("the copy of this process has not written the whole world") from error


def _packed(pack: Pack) -> Iterator[bytes]:
    for piece in pack():
        yield zlib.compress(piece.encode(), _LEVEL)


def _write(pack: Pack, write_end: int) -> NoReturn:
    """All that the copy of the process ever does."""
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, write_end)
        os.closerange(write_end + 1, os.sysconf("SC_OPEN_MAX"))
        for piece in _packed(pack):
            _put_all(write_end, _LENGTH.pack(len(piece)) + piece)
        _put_all(write_end, _END)
        code = 0
    except BrokenPipeError:
        pass  # nobody wants it any more
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _put_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


async def give(aside: Aside, us: int, standing: Standing, world: Copy) -> None:
    """Hand the newcomer `standing.node` a world, behind the turn of which `standing` tells. Raises what `aside` does.

    `aside` does something by a connection that waits for nobody, and may be used by others between two pieces.
    """
    try:
        state = await aside(
            lambda connection: connection.fetchval(
                "select state from veche_cluster.node where id = $1", standing.node
            )
        )
        if state == WANTS_ONE:
            await _give_in_one(aside, standing, world)
        elif state is not None:  # it has not given up meanwhile
            await _give(aside, us, standing, world)
    except CopyError as error:
        _log.error("node %d is not given the world, and will ask again: %s", standing.node, error)
    finally:
        await world.end()


async def _give(aside: Aside, us: int, standing: Standing, world: Copy) -> None:
    place = 0

    async def put(body: bytes) -> None:
        nonlocal place
        await aside(lambda connection: connection.execute(_PUT, standing.node, place, body))
        place += 1

    _log.info("node %d is given the world behind turn %d", standing.node, standing.number)
    await put(json.dumps([us, *standing[1:4]]).encode())
    await world.each(put)
    await put(b"")


async def receive(
    connection: Connection, us: int, is_vain: Callable[[], Awaitable[bool]] | None = None
) -> Standing | None:
    """Wait for the world that somebody gives to us; None if nobody does. Raises what the connection does.

    Beats meanwhile, and as long as nobody has begun it asks whether it `is_vain`. Where it is None, we are no node any
    more.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + FIRST_SECONDS
    bodies: list[bytes] = []
    while loop.time() < until:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await connection.fetch(_TAKE, us, len(bodies), AT_ONCE)
            bodies += [row[0] for row in found]
            if bodies and not bodies[-1]:
                await connection.execute("delete from veche_cluster.piece where node = $1", us)
                _, number, seq, time = json.loads(bodies[0])
                return Standing(
                    us, number, seq, time, [zlib.decompress(one).decode() for one in bodies[1:-1]]
                )
            if not bodies and (old := await _receive_in_one(connection, us)) is not None:
                return old
            if await connection.fetchval(_BEAT, us) is None:
                break  # taken for dead
            if not bodies and is_vain is not None and await is_vain():
                break
            if bodies and not found and not await connection.fetchval(_IS_THERE, json.loads(bodies[0])[0]):
                break  # who has begun is no more
        if found:
            until = loop.time() + NEXT_SECONDS
        if len(found) < AT_ONCE:
            await asyncio.sleep(PAUSE)
    async with asyncio.timeout(ANSWER_SECONDS):
        await connection.execute("delete from veche_cluster.node where id = $1", us)
        await connection.execute(CLEAR)
    return None


# ---- COMPAT: with nodes of 2026-11-23 and before, which give and take a world as one text


async def _give_in_one(aside: Aside, standing: Standing, world: Copy) -> None:
    pieces: list[bytes] = []

    async def put(body: bytes) -> None:
        pieces.append(body)

    await world.each(put)
    text = await asyncio.to_thread(as_one_text, [zlib.decompress(one).decode() for one in pieces])
    statement = """
        insert into veche_cluster.parcel (node, number, seq, time, body) values ($1, $2, $3, $4, $5)
        on conflict (node) do nothing
    """
    await aside(lambda connection: connection.execute(statement, *standing[:4], text))


async def _receive_in_one(connection: Connection, us: int) -> Standing | None:
    found = await connection.fetchrow(
        "delete from veche_cluster.parcel where node = $1 returning number, seq, time, body", us
    )
    if found is None:
        return None
    number, seq, time, body = found
    return Standing(us, number, seq, time, as_pieces(body))


def as_one_text(pieces: Sequence[str]) -> str:
    """Pieces as they were before there were any."""
    beside, head, *parts = pieces
    entries = ",".join(part[1:-1] for part in parts)
    return json.dumps([f'{head[:-1]},"entries":[{entries}]}}', json.loads(beside)])


def as_pieces(text: str) -> list[str]:
    """And back."""
    world, beside = json.loads(text)
    head = json.loads(world)
    entries = head.pop("entries")
    return [json.dumps(beside), json.dumps(head), json.dumps(entries)]
