"""One of several servers that are one: opens the record that they share, and takes part until the end."""

import asyncio
import hashlib
import logging
from collections.abc import Callable

from veche.app.config import Config
from veche.cluster.carrier import Carrier
from veche.cluster.keeper import Keeper
from veche.core.engine import Engine
from veche.core.session import Session
from veche.core.shared import SharedLog
from veche.core.turns import Turn
from veche.net.shell import Shell
from veche.store.postgresql.shared import SharedStore
from veche.store.postgresql.turns import BEAT_SECONDS, FORMAT

# What those read who are to go to other nodes: to connect again is all that they have to do.
MOVING = "This server is leaving, and others go on: please connect again"
# And what others read of guests, who cannot go on being themselves there.
LEFT = "Server is going down"
# So many go at once at least, in so many waves at most, with a pause (s) between, and so long a wave is waited for.
LEAST_WAVE, MOST_WAVES = 100, 20
WAVE_SECONDS, ANSWER_SECONDS = 0.5, 2.0

_log = logging.getLogger("veche.cluster")


class Membership:
    """This node among the others, from `begin` to `close`. `on_removed` is called when it is none of them any more."""

    def __init__(
        self, config: Config, store: SharedStore, engine: Engine, shell: Shell, on_removed: Callable[[], None]
    ) -> None:
        log = engine.log
        if not isinstance(log, SharedLog):
            raise AssertionError("a cluster has a shared log")
        self._log = log
        self._shell = shell
        self._store = store
        self._on_removed = on_removed
        # Several clusters may share a NATS: what they have in common nobody else has.
        tag = hashlib.sha256(store.turns.key).hexdigest()[:16]
        self.carrier = Carrier(
            config.cluster.url,
            f"veche.{FORMAT}.{tag}",
            log.node,
            hashlib.sha256(b"carrier" + store.turns.key).digest(),
            self._hear,
            self._hear_passing,
        )
        self._keeper = Keeper(log, engine.timers, engine.clock, store.turns, BEAT_SECONDS)
        store.turns.carry = self.carrier.carry
        store.turns.carry_parts = self.carrier.pass_on
        log.on_followed = store.grown
        log.on_removed = self._removed

    def begin(self) -> None:
        """Take part: hear and be heard, and have newcomers come to us."""
        self.carrier.start()
        self._keeper.start()
        self._store.turns.open()
        _log.info("node %d of the cluster, behind turn %d", self._log.node, self._log.applied)

    async def move_people(self) -> None:
        """The doors are shut: have everybody go to other nodes, in waves, each when what it has said is answered.

        Nobody is sent away if there is nobody to take him, or nothing can be written.
        """
        # Whoever ends us may end NATS at the same time, as systemd does with all that a service has started.
        self.carrier.is_ending = True
        engine, log = self._shell.engine, self._log
        if len(log.nodes) < 2 or log.is_out:
            return
        engine.stopping = MOVING  # whoever comes in at the last moment is refused
        engine.flood = None  # what is held for good manners alone is served now
        log.is_parting = True
        waiting = list(engine.sessions)
        size = max(LEAST_WAVE, -(-len(waiting) // MOST_WAVES))
        if waiting:
            _log.warning("%d connections are asked to go to other nodes, %d at a time", len(waiting), size)
        while waiting:
            wave, waiting = waiting[:size], waiting[size:]
            await self._move(wave)
            if waiting:
                await asyncio.sleep(WAVE_SECONDS)

    async def _move(self, wave: list[Session]) -> None:
        engine = self._shell.engine
        for session in wave:
            session.pipe.pause_reading()
            session.reading_paused = True
            if session.held is not None:
                engine.resumable.append(session)
        self._shell.touch()
        loop = asyncio.get_running_loop()
        until = loop.time() + ANSWER_SECONDS
        while any(one.in_flight or one.held for one in wave if not one.ended) and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # the engine has no bell for this, as in Server
        for session in wave:
            session.quitting = session.quitting or LEFT
            engine.end(session, MOVING)
        self._shell.touch()

    def depart(self) -> None:
        """Nobody is here any more: the others are told so in a last turn."""
        if not self._log.is_out:
            self._log.depart()
            self._shell.touch()

    async def close(self) -> None:
        """Hear nothing any more; the store says goodbye."""
        await self.carrier.close()

    def _hear(self, turn: Turn) -> None:
        if turn.body:
            self._log.receive(turn)
        else:
            self._log.look(turn.number)
        self._shell.touch()

    def _hear_passing(self, body: str) -> None:
        self._log.hear(body)
        self._shell.touch()

    def _removed(self, error: Exception) -> None:
        _log.critical("this node is none of the cluster's any more, and starts anew: %s", error)
        self._on_removed()
