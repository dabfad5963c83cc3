"""Turns at a record that several nodes share (core.turns.Turns): whoever holds the row of the head writes.

    turns = await join(url, thread, say)        # coming.py

The rules:
* **The turn is a lock on one row** (`select ... for update`), held from `take` until the commit of `put`. PostgreSQL
  gives it to who has waited longest, and takes it from whoever lets his transaction stand idle for `IDLE_SECONDS`: a
  node that is frozen in its turn holds up nobody for longer.
* A turn and what it writes to the record are one transaction. Where the answer to its commit never came, the next
  connection waits for the lock, and then the head tells: nobody holds it while the lost session may still commit. So
  nothing needs to be undone here, and nobody is told anything before it is true.
* Before a turn a node is looked up among the nodes, under the same lock: whom the others have taken for dead (and
  removed) writes no more.
* What nodes need of one another is in a schema of its own, and is no part of the record: a first node begins it anew.
* A turn costs three ways there and back: to begin; to have the head with what was missed; to write and commit.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from veche.core.forgetting import ForgottenMessages, Wiped
from veche.core.ports import RoomEvent, Row, SavedFact, Sent, StoreError, StoreRefused
from veche.core.rows import ForgottenFact, Record
from veche.core.turns import NO_PARTS, Head, OutOfReach, Overtaken, Pack, Removed, Standing, Turn
from veche.store.postgresql import handing
from veche.store.postgresql import rows as sql
from veche.store.postgresql.link import ANSWER_SECONDS, Connection, LinkError, RefusedError, connect, meaning
from veche.store.postgresql.loop import LoopThread
from veche.store.postgresql.wiping import Wiping
from veche.store.postgresql.writer import Writer
from veche.store.threads import replies_among
from veche.store.values import Key

Value = TypeVar("Value")

# How long a turn may stand idle in the middle (s), how long a sender waits for a database that is away, and pauses.
IDLE_SECONDS = 2.0
PATIENCE = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
# Seconds between a node's beats, and how many looks in a row must find it without a new one to take it for dead.
BEAT_SECONDS = 0.75
SILENT_LOOKS = 7
# Turns that are kept for who has missed them.
KEPT_TURNS = 50_000
FETCHED = 500
# So many messages are written by the statement that writes their turn; more of them by COPY, which costs two ways more.
FEW = 40
# So often at most a newcomer shows that it lives while it takes up the world it was given.
MOST_TO_STAY = 160

# How turns, sheets and parcels are written. Nodes that write them otherwise do not share a record.
FORMAT = 2

# What a turn finds has to be what was committed when its lock was given, and not when it was asked for: each statement
# of a function sees what is there when it begins.
SCHEMA = """
    begin;
    select pg_advisory_xact_lock(1449485160, 3);
    create schema if not exists veche_cluster;
    create table if not exists veche_cluster.head (
        one boolean primary key default true check (one), number bigint not null, seq bigint not null,
        time bigint not null, nodes bigint not null, key bytea);
    alter table veche_cluster.head add column if not exists format integer not null default 1;
    insert into veche_cluster.head values (true, 0, 0, 0, 0) on conflict do nothing;
    create table if not exists veche_cluster.turn (
        number bigint primary key, node bigint not null, seq bigint not null, time bigint not null, body text not null);
    alter table veche_cluster.turn add column if not exists nodes bigint[], add column if not exists parts text[];
    create table if not exists veche_cluster.node (
        id bigint primary key, state text not null, beat bigint not null);
    create table if not exists veche_cluster.parcel (
        node bigint primary key, number bigint not null, seq bigint not null, time bigint not null, body text not null);
    create unlogged table if not exists veche_cluster.piece (
        node bigint, place integer, body bytea not null, primary key (node, place));
    alter table veche_cluster.piece alter column body set storage external;
    create or replace function veche_cluster.missed(me bigint, known bigint, most bigint)
        returns table (number bigint, node bigint, seq bigint, "time" bigint, body text) language sql stable as $$
            select number, node, seq, time, body || coalesce(E'\\n' || parts[array_position(nodes, me)], '')
            from veche_cluster.turn where number > known order by number limit most
        $$;
    create or replace function veche_cluster.take(me bigint, known bigint, most bigint)
        returns table (number bigint, node bigint, seq bigint, "time" bigint, body text) language plpgsql as $$
        begin
            perform from veche_cluster.head for update;
            if exists (select from veche_cluster.node where id = me) then
                return query select head.number, 0::bigint, head.seq, head.time, '' from veche_cluster.head;
                return query select * from veche_cluster.missed(me, known, most);
            end if;
        end $$;
    create or replace function veche_cluster.take_and_look(
            me bigint, known bigint, most bigint, keys bigint[], since bigint)
        returns table (number bigint, node bigint, seq bigint, "time" bigint, body text) language plpgsql as $$
        begin
            return query select * from veche_cluster.take(me, known, most);
            return query
                select asked.key, -1::bigint, 0::bigint, found.time,
                    conversation.name || E'\\n' || conversation.era || E'\\n' || found.msgid
                from unnest(keys) as asked (key), lateral (
                    select message.time, message.msgid, message.conversation from message
                    where message.sent = asked.key and message.time > since
                    union all
                    select edit.time, edit.msgid, message.conversation
                    from edit join message on message.seq = edit.message
                    where edit.sent = asked.key and edit.time > since
                    limit 1) found
                join conversation on conversation.id = found.conversation;
        end $$;
    commit;
"""
# The same lock as that of a server that is alone on its record (seat.py), shared: nodes beside one another, and nobody
# else beside nodes.
_LOCK = "select pg_try_advisory_lock_shared(1449485160, 1)"
_END_LEFTOVERS = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where application_name = $1 and pid <> pg_backend_pid()
"""
_TAKE = "select * from veche_cluster.take($1, $2, $3)"  # the head, then what was missed; nothing for who was removed
# And what was said with ids, in the same columns: the id's key, _SAID, nothing, when, and the rest of core.ports.Sent.
_SAID = -1
_TAKE_AND_LOOK = "select * from veche_cluster.take_and_look($1, $2, $3, $4, $5)"
_MISSED = "select * from veche_cluster.missed($1, $2, $3)"
_BEAT = """
    with beaten as (update veche_cluster.node set beat = beat + 1 where id = $1)
    select node.id, node.beat, node.state, head.number from veche_cluster.node, veche_cluster.head
"""
_TRIM = """
    with cleared as (delete from veche_cluster.piece where node not in (select id from veche_cluster.node))
    delete from veche_cluster.turn where number < (select number - $1 from veche_cluster.head)
"""

_log = logging.getLogger("veche.cluster")


class Silence:
    """Who has not been heard of for how many looks."""

    def __init__(self) -> None:
        self._beats: dict[int, int] = {}
        self._looks: dict[int, int] = {}

    def look(self, beats: dict[int, int]) -> list[int]:
        """Note the beats of all nodes; those that are silent for too long."""
        for node, beat in beats.items():
            self._looks[node] = self._looks.get(node, 0) + 1 if self._beats.get(node) == beat else 0
        self._beats = beats
        return [node for node in beats if self._looks[node] >= SILENT_LOOKS]


class SharedTurns:
    """One node's turns. The methods of core.turns.Turns are the owner's; the rest is the loop thread's.

    `tell` does nothing until somebody sets `carry`. `alive` are the numbers of the nodes that are known to be there.
    """

    def __init__(self, url: str, name: str, thread: LoopThread, standing: Standing) -> None:
        self._url = url
        self._name = name
        self._thread = thread
        self._standing = standing
        self._connection: Connection | None = None  # that of our turns
        self._reading: Connection | None = None  # for everything that waits for nobody
        self._in_use = asyncio.Lock()
        self._silence = Silence()
        self._rows = _Rows()
        self.wiping = Wiping(url, name)
        self.on_put: Callable[[Turn, list[Row]], None] | None = None
        self.carry: Callable[[Turn], None] | None = None
        self.carry_parts: Callable[[Mapping[int, str]], None] | None = None
        self.trouble = ""
        self.key = b""
        self._closed = False
        self._is_begun = asyncio.Event()  # we beat by our own loop now

    # ---- the owner's

    @property
    def standing(self) -> Standing:
        """How this node began."""
        return self._standing

    def take(
        self, after: int, done: Callable[[Head | Exception], None], keys: Collection[int] = (), since: int = 0
    ) -> None:
        """Wait for the turn."""
        self._ask(partial(self._take, after, [*keys], since), done)

    def put(self, turn: Turn, rows: list[Row], done: Callable[[Exception | None], None]) -> None:
        """Commit the turn."""

        def answered(error: Exception | None) -> None:
            if error is None and self.on_put is not None:
                self.on_put(turn, rows)
            done(error)

        self._ask(partial(self._put, turn, rows), answered)

    def give_back(self) -> None:
        """Nothing is to be written."""
        self._ask(self._give_back, lambda _: None)

    def tell(self, turn: Turn) -> None:
        """Let the others know at once, if somebody carries it."""
        if self.carry is not None:
            self.carry(turn)

    def pass_on(self, parts: Mapping[int, str]) -> None:
        """Let nodes know of what is kept nowhere, if somebody carries it."""
        if self.carry_parts is not None:
            self.carry_parts(parts)

    def fetch(self, after: int, done: Callable[[list[Turn] | Exception], None]) -> None:
        """Read turns without taking one."""
        self._ask(partial(self._fetch, after), done)

    def hand_over(self, node: int, pack: Pack, number: int, seq: int, time: int) -> None:
        """Give a newcomer the world."""
        standing = Standing(node, number, seq, time)
        self._ask(
            partial(handing.give, self._aside, self._standing.node, standing, handing.Copy(pack)),
            lambda _: None,
        )

    def beat(self, done: Callable[[tuple[int, list[int], list[int]] | Exception], None]) -> None:
        """Show that we are here and look who else is: the head's number, all nodes, and those that were removed now."""
        self._ask(self._beat, done)

    def _ask(self, job: Callable[[], Coroutine[Any, Any, Value]], done: Callable[[Any], None]) -> None:
        async def work() -> None:
            answer: Any
            try:
                answer = await job()
            except (OutOfReach, Overtaken, Removed, StoreError) as error:
                answer = error
            except Exception as error:
                _log.exception("bug: a turn could not be had")
                answer = OutOfReach(str(error))
            self._thread.post(partial(done, answer))

        self._thread.start(work)

    # ---- turns, in the loop thread

    async def _link(self) -> Connection:
        """The connection of our turns, made anew if need be. Raises LinkError, RefusedError."""
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            self._connection = await open_link(self._url, f"{self._name} turns")
        return self._connection

    def _lose(self, error: Exception) -> str:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
        return self._say(str(meaning(error)))

    def _say(self, trouble: str) -> str:
        before, self.trouble = self.trouble, trouble
        if trouble and not before:
            _log.error("nothing can be stored: the database is out of reach: %s", trouble)
        elif before and not trouble:
            _log.warning("the database is back: messages are stored again")
        return trouble

    async def _take(self, after: int, keys: Sequence[int] = (), since: int = 0) -> Head:
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        pause = FIRST_PAUSE
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    head = await self._take_once(await self._link(), after, keys, since)
            except Exception as error:
                told = meaning(error)
                if not isinstance(told, LinkError | RefusedError):
                    raise
                self._lose(error)
                if loop.time() > until or self._closed:
                    raise OutOfReach(f"the database is out of reach: {told}") from error
            else:
                self._say("")
                return head
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _take_once(self, connection: Connection, after: int, keys: Sequence[int], since: int) -> Head:
        await connection.execute("begin")
        if keys:
            found = await connection.fetch(
                _TAKE_AND_LOOK, self._standing.node, after, KEPT_TURNS, [*keys], since
            )
        else:
            found = await connection.fetch(_TAKE, self._standing.node, after, KEPT_TURNS)
        if not found:
            await connection.execute("rollback")
            raise Removed("the other nodes have taken this one for dead")
        number, _, seq, time, _ = found[0]
        missed = [Turn(*row) for row in found[1:] if row[1] != _SAID]
        if missed:
            self._rows.forget()
        said = {row[0]: _sent(row[4], row[3]) for row in found[1:] if row[1] == _SAID}
        return Head(number, seq, time, missed, said)

    async def _give_back(self) -> None:
        if self._connection is not None:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._connection.execute("rollback")
            except Exception as error:
                self._lose(error)

    async def _put(self, turn: Turn, rows: list[Row]) -> None:
        connection = self._connection
        if connection is None or connection.is_closed():
            raise Overtaken("the connection was lost before the commit")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._write(connection, turn, rows)
            if any(isinstance(row, Wiped) for row in rows):
                self.wiping.start()
            return None
        except Exception as error:
            self._rows.forget()
            told = meaning(error)
            if isinstance(told, RefusedError):
                await self._give_back()
                raise (Overtaken(str(told)) if told.is_passing else StoreRefused(str(told))) from error
            self._lose(error)
            if not isinstance(told, LinkError):
                raise
        return await self._settle(turn)

    async def _write(self, connection: Connection, turn: Turn, rows: list[Row]) -> None:
        first = await self._rows.write(connection, rows) if rows else ""
        await connection.execute(f"{first}{putting(turn)}; commit")

    async def _settle(self, turn: Turn) -> None:
        """The connection was lost in the middle: wait for however long it takes to find out what became of the turn."""
        pause = FIRST_PAUSE
        while not self._closed:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    connection = await self._link()
                    await connection.execute("begin")
                    found = await connection.fetch(_TAKE, self._standing.node, turn.number - 1, 1)
                    if not found:  # removed meanwhile, and written before or never
                        written = await connection.fetch(_MISSED, self._standing.node, turn.number - 1, 1)
                        found = [(turn.number, 0, 0, 0, ""), *written]
                    await connection.execute("rollback")
                self._say("")
                if found[0][0] < turn.number - 1:
                    raise Removed("the database lacks turns that it had said were on disk")
                if found[1:] and Turn(*found[1]) == turn._replace(parts=NO_PARTS):
                    return
                raise Overtaken("it was not written")
            except (Overtaken, Removed):
                raise
            except Exception as error:
                if not isinstance(meaning(error), LinkError | RefusedError):
                    raise
                self._lose(error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise OutOfReach("the server ends")

    # ---- everything else, in the loop thread

    async def _aside(self, job: Callable[[Connection], Coroutine[Any, Any, Value]]) -> Value:
        """Do something through a connection that waits for no turn. Raises OutOfReach."""
        async with self._in_use:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    if self._reading is None or self._reading.is_closed():
                        self._reading = await open_link(self._url, f"{self._name} aside")
                    return await job(self._reading)
            except Exception as error:
                told = meaning(error)
                connection, self._reading = self._reading, None
                if connection is not None:
                    connection.terminate()
                if isinstance(told, LinkError | RefusedError):
                    raise OutOfReach(str(told)) from error
                raise

    async def _fetch(self, after: int) -> list[Turn]:
        found = await self._aside(
            lambda connection: connection.fetch(_MISSED, self._standing.node, after, FETCHED)
        )
        return [Turn(*row) for row in found]

    async def _beat(self) -> tuple[int, list[int], list[int]]:
        found = await self._aside(lambda connection: connection.fetch(_BEAT, self._standing.node))
        beats = {node: beat for node, beat, _, _ in found}
        if self._standing.node not in beats:
            raise Removed("the other nodes have taken this one for dead")
        silent = [node for node in self._silence.look(beats) if node != self._standing.node]
        gone = [node for node in silent if await self._remove(node, beats[node])]
        if min(beats) == self._standing.node:
            await self._aside(lambda connection: connection.execute(_TRIM, KEPT_TURNS))
        return found[0][3], [node for node in beats if node not in gone], gone

    async def _remove(self, node: int, beat: int) -> bool:
        """Remove a node that has not been heard of; False if it has just been, or somebody was quicker."""
        statement = "delete from veche_cluster.node where id = $1 and beat = $2 returning id"
        return (await self._aside(lambda connection: connection.fetchval(statement, node, beat))) is not None

    async def leave(self) -> None:
        """We go, and nobody need wait for us to be silent."""
        self._closed = True
        self._is_begun.set()
        await self.wiping.close()
        with suppress(OutOfReach):
            await self._aside(
                lambda connection: connection.execute(
                    "delete from veche_cluster.node where id = $1", self._standing.node
                )
            )
        for connection in (self._connection, self._reading):
            if connection is not None:
                with suppress(Exception):
                    async with asyncio.timeout(1.0):
                        await connection.close()

    def share_key(self, own: bytes) -> bytes:
        """The key that all nodes make hosts of addresses with: that of the first. Blocks; for the start."""
        self.key = self._thread.run(self._share_key(own))
        return self.key

    async def _share_key(self, own: bytes) -> bytes:
        statement = "update veche_cluster.head set key = coalesce(key, $1) returning key"
        shared: bytes = await self._aside(lambda connection: connection.fetchval(statement, own))
        return shared

    def open(self) -> None:
        """From now on newcomers may have the world from us. Blocks; for the start."""
        self._thread.run(self._is_up())

    async def stay(self) -> None:
        """Beat until we begin: to take up a world of a hundred thousand people takes seconds, in which nothing else is
        done."""
        statement = "update veche_cluster.node set beat = beat + 1 where id = $1"
        for _ in range(MOST_TO_STAY):
            with suppress(OutOfReach):
                await self._aside(lambda connection: connection.execute(statement, self._standing.node))
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._is_begun.wait()
                return

    async def _is_up(self) -> None:
        self._is_begun.set()
        self._standing = self._standing._replace(parcel=())  # it has been taken up, and need not be kept
        await self._aside(
            lambda connection: connection.execute(
                "update veche_cluster.node set state = 'up' where id = $1", self._standing.node
            )
        )


def _sent(text: str, time: int) -> Sent:
    name, era, msgid = text.split("\n")
    return Sent(name, int(era), msgid, time)


def putting(turn: Turn) -> str:
    """The statement that writes a turn. As text, since only so it goes with the commit in one way there and back."""
    numbers = f"{turn.number:d}, {turn.node:d}, {turn.seq:d}, {turn.time:d}"
    nodes = ",".join(f"{node:d}" for node in turn.parts)
    parts = ",".join(map(sql.quoted, turn.parts.values()))
    return f"""
        with moved as (
            update veche_cluster.head set number = {turn.number:d}, seq = {turn.seq:d}, time = {turn.time:d})
        insert into veche_cluster.turn (number, node, seq, time, body, nodes, parts)
        values ({numbers}, {sql.quoted(turn.body)}, array[{nodes}]::bigint[], array[{parts}]::text[])
    """  # noqa: S608 - numbers, and texts that are quoted


class _Rows(Writer):
    """How rows are written, of the writer that is alone; inside a transaction that is open."""

    def __init__(self) -> None:  # its seat is not needed
        self._numbers: dict[Key, int] = {}
        self._highest = -1

    def forget(self) -> None:
        """Others have written: numbers of conversations may have been given."""
        self._highest = -1

    async def write(self, connection: Connection, rows: list[Row]) -> str:
        """All rows of a turn; gives a statement that is still to be executed before it is written, with a semicolon."""
        records = [row for row in rows if isinstance(row, Record)]
        others = [row for row in rows if not isinstance(row, Record)]
        events = [row.record for row in others if isinstance(row, RoomEvent)]
        facts = [row for row in others if isinstance(row, SavedFact | ForgottenFact)]
        if any(isinstance(row, ForgottenMessages) for row in rows):
            self._numbers.clear()
        if new := await self._find_numbers(connection, records + events):
            await sql.insert_conversations(connection, [(self._numbers[key], *key) for key in new])
        if records and not others and len(records) <= FEW and not replies_among(records):
            return f"{sql.insert_as_text(records, self._numbers)};"
        if records:
            await sql.insert_messages(connection, records, self._numbers)
            if replies := replies_among(records):
                await sql.note_replies(connection, replies)
        if others:
            await self._write_others(connection, others, facts)
        if events:
            await sql.insert_events(connection, events, self._numbers)
        return ""


async def open_link(url: str, name: str) -> Connection:
    """A connection of a node's. Raises LinkError, RefusedError; TakenError is a LinkError here."""
    connection = await connect(url, name, writes=True)
    try:
        await connection.fetchval(_END_LEFTOVERS, name)
        await connection.execute(
            f"set idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000:.0f};"
            "set standard_conforming_strings = on"
        )
        if not await connection.fetchval(_LOCK):
            raise LinkError("a server that is alone writes to this database")
    except Exception as error:
        connection.terminate()
        raise meaning(error) from error
    return connection
