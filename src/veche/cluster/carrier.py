"""Turns over NATS: what one node has written is at the others in a millisecond, without their asking the record.

    carrier = Carrier("nats://127.0.0.1:4222", "veche.2.ab12cd34", 3, key, hear, hear_passing)
    carrier.start()

    SUBJECT.turn    what all nodes hear: of each turn its place in the order, and what is for everybody
    SUBJECT.NODE    what only one of them hears: its part of turns, and what is kept nowhere

The rules:
* nats-py is imported here and nowhere else, and only for a cluster: it is an extra.
* Nothing depends on what is carried: a turn that is lost, late or there twice is put right by its number and by the
  record. So nobody waits for NATS, and what it cannot take is dropped.
* Nobody but nodes is believed: each message bears a seal that only who knows their key can make.
* A turn that says nothing to anybody is told of a little later, with others.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from hmac import compare_digest
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from veche.core.sheets import NOTHING
from veche.core.turns import Turn

SCHEMES = ("nats://", "tls://")
# Turns that wait for a NATS that is slow or away; beyond, the record has them.
MOST_WAITING = 1000
# What fits into one message (characters, of up to four bytes), of the 1 MiB that a NATS server takes by default. Of a
# larger turn the number is carried.
MOST_CHARS = 250_000
# How long (s) a turn that says nothing to anybody waits for others to be told of with it.
HOLD_SECONDS = 0.02
SEAL_BYTES = 16
_PASSING = "~"  # in the place of a turn's number
_PAUSE = 1.0
# Seconds in which NATS may be away without a word: it is there again, or we are told to end as well.
_UNSAID = 0.5

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
    """One node's connection to NATS, from `start` to `close`; `node` is its number, `key` (32 bytes) that of the seals.

    `hear(turn)` is called in the loop for what others tell, `hear_passing(body)` for what they pass on. A turn without
    a body is one that was not carried whole. `carried` and `heard` count turns, `heard_bytes` all that came.
    """

    def __init__(
        self,
        url: str,
        subject: str,
        node: int,
        key: bytes,
        hear: Callable[[Turn], None],
        hear_passing: Callable[[str], None],
    ) -> None:
        self._url = url
        self._subject = subject
        self._node = node
        self._key = key
        self._hear = hear
        self._hear_passing = hear_passing
        self._turns: list[str] = []  # two lines each: the head, and the body
        self._parts: defaultdict[int, list[str]] = defaultdict(list)  # by node, in the same way
        self._held: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._client: Any = None
        self._ours: dict[int, str] = {}  # parts of turns that have not come yet
        self._losing: asyncio.TimerHandle | None = None
        self._is_lost = False  # and said so
        self.is_ending = False  # we end, and what carries us may do so as well: nobody need be told
        self.carried = 0
        self.heard = 0
        self.heard_bytes = 0
        self.refused = 0

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now, as far as is known."""
        return self._client is not None and bool(self._client.is_connected)

    def start(self) -> None:
        """Connect, now and whenever that is needed."""
        self._task = asyncio.create_task(self._work(), name="veche-carrier")

    def carry(self, turn: Turn) -> None:
        """Tell the others of a turn; never blocks."""
        if len(self._turns) >= MOST_WAITING:
            _log.debug("turn %d is not carried: too many wait", turn.number)
            return
        parts = {node: part for node, part in turn.parts.items() if len(part) <= MOST_CHARS}
        is_whole = len(turn.body) <= MOST_CHARS and len(parts) == len(turn.parts)
        nodes = ",".join(map(str, parts))
        body = turn.body if is_whole else ""
        self._turns.append(f"{turn.number} {turn.node} {turn.seq} {turn.time} {nodes}\n{body}")
        if not turn.parts and body == NOTHING:
            if self._held is None and not self._wake.is_set():
                self._held = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._wake.set)
            return
        for node, part in parts.items():
            self._parts[node].append(f"{turn.number}\n{part}")
        self._wake.set()

    def pass_on(self, parts: Mapping[int, str]) -> None:
        """Tell nodes what is kept nowhere; never blocks."""
        for node, body in parts.items():
            if len(self._parts[node]) < MOST_WAITING and len(body) <= MOST_CHARS:
                self._parts[node].append(f"{_PASSING}\n{body}")
        self._wake.set()

    async def close(self) -> None:
        """Send nothing any more."""
        self.is_ending = True
        for handle in (self._held, self._losing):
            if handle is not None:
                handle.cancel()
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
                if self.is_ending:
                    return
                _log.warning("NATS at %s is out of reach, nodes read the record: %s", shown(self._url), error)
                await asyncio.sleep(_PAUSE)
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._held is not None:
                self._held.cancel()
                self._held = None
            turns, self._turns = self._turns, []
            parts, self._parts = self._parts, defaultdict(list)
            if not self.is_up:
                continue
            try:
                # Parts first: who hears of a turn has his part of it already.
                for node, lines in parts.items():
                    await self._publish(f"{self._subject}.{node}", lines)
                await self._publish(f"{self._subject}.turn", turns)
                self.carried += len(turns)
            except Exception as error:
                _log.debug("turns were not carried: %s", error)

    async def _publish(self, subject: str, lines: list[str]) -> None:
        while lines:
            count = size = 0
            while count < len(lines) and (not count or size + len(lines[count]) <= MOST_CHARS):
                size += len(lines[count])
                count += 1
            data = "\n".join(lines[:count]).encode()
            await self._client.publish(subject, self._seal(subject, data) + data)
            del lines[:count]

    def _seal(self, subject: str, data: bytes) -> bytes:
        return blake2b(data, key=self._key, digest_size=SEAL_BYTES, person=subject[-16:].encode()).digest()

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
        await client.subscribe(f"{self._subject}.{self._node}", cb=self._received)
        await client.subscribe(f"{self._subject}.turn", cb=self._received)
        _log.info("turns are carried by NATS at %s", shown(self._url))
        return client

    async def _received(self, message: Any) -> None:
        data = message.data
        self.heard_bytes += len(data)
        body = data[SEAL_BYTES:]
        try:
            if not compare_digest(data[:SEAL_BYTES], self._seal(message.subject, body)):
                raise ValueError("it bears no seal of ours")
            lines = body.decode().split("\n")
            if message.subject.endswith(".turn"):
                for at in range(0, len(lines), 2):
                    self._hear_turn(lines[at], lines[at + 1])
            else:
                for at in range(0, len(lines), 2):
                    self._hear_part(lines[at], lines[at + 1])
        except (ValueError, IndexError) as error:
            self.refused += 1
            _log.error("what came over NATS is no turn: %s", error)

    def _hear_turn(self, head: str, body: str) -> None:
        self.heard += 1
        *numbers, nodes = head.split(" ")
        number, node, seq, time = map(int, numbers)
        if str(self._node) in nodes.split(","):
            part = self._ours.pop(number, "")
            body = f"{body}\n{part}" if part and body else ""
        self._hear(Turn(number, node, seq, time, body))

    def _hear_part(self, head: str, body: str) -> None:
        if head == _PASSING:
            self._hear_passing(body)
            return
        self._ours[int(head)] = body
        while len(self._ours) > MOST_WAITING:
            del self._ours[next(iter(self._ours))]  # of turns that were never told of

    async def _lost(self) -> None:
        if self._losing is None and not self.is_ending:
            self._losing = asyncio.get_running_loop().call_later(_UNSAID, self._say_lost)

    def _say_lost(self) -> None:
        self._losing = None
        if not self.is_ending and not self.is_up:
            self._is_lost = True
            _log.warning("NATS is out of reach: nodes read the record until it is back")

    async def _back(self) -> None:
        if self._is_lost:
            self._is_lost = False
            _log.warning("NATS is back")

    async def _failed(self, error: Exception) -> None:
        _log.debug("NATS: %s", error)
