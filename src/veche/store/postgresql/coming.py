"""How a node comes to the others (turns.py): as the first of them, or as one that is handed the world by another.

The rules:
* Who finds others that do not beat any more, and nobody else, is the first, removes them and begins anew.
* It has come when its turn says so, which all others see at the same place. Behind that turn one of them hands it the
  world (handing.py); what is written meanwhile it reads from the record, like any node that has missed turns.
* Until it has the world it opens no door. A database that goes away on the way is waited for, and it asks again.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from veche.core.sheets import CAME, write_notices
from veche.core.turns import Standing, Turn
from veche.store.postgresql import handing
from veche.store.postgresql.link import ANSWER_SECONDS, Connection, LinkError, meaning
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.turns import (
    BEAT_SECONDS,
    FORMAT,
    LONGEST_PAUSE,
    SCHEMA,
    SharedTurns,
    Silence,
    open_link,
    putting,
)


class _Patience:
    """Who has not been heard of for how long, of all but ourselves: as many looks as nodes take, as far apart."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._silence = Silence()
        self._next = 0.0
        self._dead: list[int] = []

    async def look(self, us: int = 0) -> tuple[list[int], bool]:
        """The nodes that are dead, and whether all are."""
        beats = dict(
            await self.connection.fetch("select id, beat from veche_cluster.node where id <> $1", us)
        )
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            self._next = now + BEAT_SECONDS
            self._dead = self._silence.look(beats)
        dead = [node for node in self._dead if node in beats]
        return dead, len(dead) == len(beats)

    async def is_vain(self, us: int) -> bool:
        """Whether there is nobody left who could hand us anything."""
        return (await self.look(us))[1]


async def join(url: str, thread: LoopThread, say: Callable[[str], None]) -> SharedTurns:
    """Become one of the nodes of the record at `url`: the first, or one that is handed the world by the others.

    Takes some seconds where nodes have been killed, and are to be found silent first. A database that goes away on the
    way is waited for. Raises what `open_link` does where it is not there at all.
    """
    name = f"veche {secrets.token_hex(8)}"
    connection = await open_link(url, f"{name} joining")
    try:
        await connection.execute(SCHEMA)
        patience = _Patience(connection)
        while True:
            try:
                standing = await _come(connection, patience, say)
            except Exception as error:
                if isinstance(error, LinkError) or not isinstance(meaning(error), LinkError):
                    raise  # one of ours is a last word
                say(f"the database is out of reach, and this node comes when it is back: {meaning(error)}")
                connection.terminate()
                connection = await _open_again(url, f"{name} joining")
                patience.connection = connection
                continue
            if standing is not None:
                return SharedTurns(url, name, thread, standing)
            await asyncio.sleep(BEAT_SECONDS)
    finally:
        connection.terminate()


async def _open_again(url: str, name: str) -> Connection:
    while True:
        await asyncio.sleep(LONGEST_PAUSE)
        with suppress(LinkError):
            return await open_link(url, name)


async def _come(connection: Connection, patience: _Patience, say: Callable[[str], None]) -> Standing | None:
    async with asyncio.timeout(ANSWER_SECONDS):
        standing = await _found(connection, patience)
    if standing is not None:
        return standing
    say("waiting for the other nodes")
    async with asyncio.timeout(ANSWER_SECONDS):
        node = await _ask_for_world(connection)
    return None if node is None else await handing.receive(connection, node, partial(patience.is_vain, node))


async def _found(connection: Connection, patience: _Patience) -> Standing | None:
    """Be the first node, if there is none that lives."""
    await connection.execute("begin")
    head = await connection.fetchrow(
        "select number, seq, time, nodes, format from veche_cluster.head for update"
    )
    dead, is_alone = await patience.look()
    if dead:
        await connection.execute("delete from veche_cluster.node where id = any($1::bigint[])", dead)
    number, seq, time, nodes, written = head
    if not is_alone:
        await connection.execute("commit")
        if written != FORMAT:
            raise LinkError(
                "the other nodes are of a version that this one does not understand; end them first"
            )
        return None
    await connection.execute("truncate veche_cluster.turn; truncate veche_cluster.parcel")
    await connection.execute("update veche_cluster.head set nodes = nodes + 1, format = $1", FORMAT)
    await connection.execute("insert into veche_cluster.node values ($1, 'founding', 0)", nodes + 1)
    await connection.execute("commit")
    return Standing(nodes + 1, number, seq, time)


async def _ask_for_world(connection: Connection) -> int | None:
    """Become a node that is to be handed the world: its number; None if no other is up yet."""
    await connection.execute("begin")
    number, seq, time, nodes = await connection.fetchrow(
        "select number, seq, time, nodes from veche_cluster.head for update"
    )
    if not await connection.fetchval("select exists (select from veche_cluster.node where state = 'up')"):
        await connection.execute("rollback")
        return None
    me: int = nodes + 1
    await connection.execute("update veche_cluster.head set nodes = $1", me)
    await connection.execute("insert into veche_cluster.node values ($1, $2, 0)", me, handing.WANTS_PIECES)
    await connection.execute(
        f"{putting(Turn(number + 1, me, seq, time, write_notices([(CAME, me)])))}; commit"
    )
    return me
