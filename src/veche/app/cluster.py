"""One of several servers that are one: opens the record that they share, and takes part until the end."""

import hashlib
import logging
from collections.abc import Callable

from veche.app.config import Config
from veche.cluster.carrier import Carrier
from veche.cluster.keeper import Keeper
from veche.core.engine import Engine
from veche.core.shared import SharedLog
from veche.core.turns import Turn
from veche.net.shell import Shell
from veche.store.postgresql.shared import SharedStore
from veche.store.postgresql.turns import BEAT_SECONDS, FORMAT

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
