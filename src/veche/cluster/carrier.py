"""Turns over NATS: what one node has written is at the others in a millisecond, without their asking the record.

    carrier = Carrier("nats://127.0.0.1:4222", "veche.ab12cd34.turn", hear)
    carrier.start()

The rules:
* nats-py is imported here and nowhere else, and only for a cluster: it is an extra.
* Nothing depends on what is carried: a turn that is lost, late or there twice is put right by its number and by the
  record. So nobody waits for NATS, and what it cannot take is dropped.
"""

import asyncio
import logging
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from veche.core.turns import Turn

SCHEMES = ("nats://", "tls://")
# Turns that wait for a NATS that is slow or away; beyond, the record has them.
MOST_WAITING = 1000
# What fits into one message, of the 1 MiB that a NATS server takes by default. Of a larger turn the number is carried.
MOST_BYTES = 1_000_000
_PAUSE = 1.0

_log = logging.getLogger("veche.cluster")


def is_installed() -> bool:
    """Whether nats-py is here."""
    return find_spec("nats") is not None


def is_url(text: str) -> bool:
    """Whether a text is the address of a NATS server, or of several with commas between."""
    return all(part.startswith(SCHEMES) and len(part) > len("nats://") for part in text.split(","))


def shown(url: str) -> str:
    """Addresses without passwords, for people and logs."""
    parts = [part.partition("://") for part in url.split(",")]
    return ",".join(f"{scheme}://{rest.rpartition('@')[2]}" for scheme, _, rest in parts)


class Carrier:
    """One node's connection to NATS, from `start` to `close`. `hear(turn)` is called in the loop for what others tell.

    A turn without a body is one that was too large to be carried. `carried` and `heard` count turns.
    """

    def __init__(self, url: str, subject: str, hear: Callable[[Turn], None]) -> None:
        self._url = url
        self._subject = subject
        self._hear = hear
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._client: Any = None
        self.carried = 0
        self.heard = 0

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now, as far as is known."""
        return self._client is not None and bool(self._client.is_connected)

    def start(self) -> None:
        """Connect, now and whenever that is needed."""
        self._task = asyncio.create_task(self._work(), name="veche-carrier")

    def carry(self, turn: Turn) -> None:
        """Tell the others of a turn; never blocks."""
        try:
            self._waiting.put_nowait(_encode(turn))
        except asyncio.QueueFull:
            _log.debug("turn %d is not carried: too many wait", turn.number)

    async def close(self) -> None:
        """Send nothing any more."""
        if self._task is not None:
            self._task.cancel()
        if self._client is not None:
            try:
                async with asyncio.timeout(1.0):
                    await self._client.close()
            except Exception as error:
                _log.debug("NATS was left without a goodbye: %s", error)

    async def _work(self) -> None:
        while self._client is None:
            try:
                self._client = await self._connect()
            except Exception as error:
                _log.warning("NATS at %s is out of reach, nodes read the record: %s", shown(self._url), error)
                await asyncio.sleep(_PAUSE)
        while True:
            data = await self._waiting.get()
            if not self.is_up:
                continue
            try:
                await self._client.publish(self._subject, data)
                self.carried += 1
            except Exception as error:
                _log.debug("a turn was not carried: %s", error)

    async def _connect(self) -> Any:
        client = await import_module("nats").connect(
            servers=self._url.split(","),
            name="veche",
            no_echo=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            connect_timeout=2,
            ping_interval=2,
            max_outstanding_pings=2,
            disconnected_cb=self._lost,
            reconnected_cb=self._back,
            error_cb=self._failed,
        )
        await client.subscribe(self._subject, cb=self._received)
        _log.info("turns are carried by NATS at %s", shown(self._url))
        return client

    async def _received(self, message: Any) -> None:
        self.heard += 1
        try:
            turn = _decode(message.data)
        except ValueError as error:
            _log.error("what came over NATS is no turn: %s", error)
            return
        self._hear(turn)

    async def _lost(self) -> None:
        _log.warning("NATS is out of reach: nodes read the record until it is back")

    async def _back(self) -> None:
        _log.warning("NATS is back")

    async def _failed(self, error: Exception) -> None:
        _log.debug("NATS: %s", error)


def _encode(turn: Turn) -> bytes:
    data = f"{turn.number} {turn.node} {turn.seq} {turn.time}\n{turn.body}".encode()
    return data if len(data) <= MOST_BYTES else data.partition(b"\n")[0] + b"\n"


def _decode(data: bytes) -> Turn:
    head, _, body = data.decode().partition("\n")
    number, node, seq, time = map(int, head.split(" "))
    return Turn(number, node, seq, time, body)
