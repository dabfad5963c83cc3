"""The shell around the engine: turns of the loop, timers, and the clock and chance of the real world.

The rule: everything that calls into the engine calls `touch` behind it, so that each turn of the loop ends with one
`turn_ends`: messages that arrived together share a commit, and each connection gets one write.
"""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable
from typing import Final

from veche.core.engine import Engine
from veche.wire.msgids import TIME_CHARS, chance_texts, time_text

# Random bytes are drawn in blocks: one system call per message was a tenth of the cost of a message.
_BLOCK: Final = 4096

_log = logging.getLogger("veche.shell")


class SystemClock:
    """The machine's clocks (ports.Clock)."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class SystemChance:
    """Identifiers from the operating system's generator (ports.Chance)."""

    __slots__ = ("_texts", "_time", "_time_text")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._time = -1
        self._time_text = ""

    def msgid(self, time: int) -> str:
        """A message id: its time and 128 bits that nobody can guess."""
        if not self._texts:
            self._texts = chance_texts(os.urandom(_BLOCK))
        if time != self._time:
            self._time = time
            self._time_text = time_text(time)
        return self._time_text + self._texts.pop()

    def uid(self) -> str:
        """A user id: 128 bits."""
        return self.msgid(0)[TIME_CHARS:]

    def secret(self) -> bytes:
        """160 bits."""
        return secrets.token_bytes(20)

    def nonce(self) -> str:
        """A nonce: 144 bits."""
        return secrets.token_urlsafe(18)


class Shell:
    """Drives one engine from one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._engine: Engine | None = None
        self._turn_is_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")

    @property
    def engine(self) -> Engine:
        """The engine that this shell drives."""
        if self._engine is None:
            raise AssertionError("the shell is given its engine before its first turn")
        return self._engine

    def drive(self, engine: Engine) -> None:
        """From now on drive this engine."""
        self._engine = engine
        self.touch()

    def touch(self) -> None:
        """Something has called into the engine: end the turn when everything else that is ready has been heard."""
        if not self._turn_is_due:
            self._turn_is_due = True
            self.loop.call_soon(self._end_turn)

    def post(self, callback: Callable[[], None]) -> None:
        """Call back in the loop, from any thread, and end the turn behind it. After the loop is closed: nothing."""
        try:
            self.loop.call_soon_threadsafe(self._called_back, callback)
        except RuntimeError:  # "Event loop is closed": nobody is left to be told
            _log.debug("an answer came after the end")

    def _called_back(self, callback: Callable[[], None]) -> None:
        callback()
        # At once and not at the loop's next turn: what the commit has released is what everybody waits for.
        self._end_turn()

    def _end_turn(self) -> None:
        self._turn_is_due = False
        engine = self.engine
        engine.turn_ends()
        due = engine.timers.next
        if due is not None and due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self.loop.call_later(max(0.0, due - time.monotonic()), self._run_timers)

    def _run_timers(self) -> None:
        self._timer = None
        self._timer_at = float("inf")
        self.engine.run_timers()
        self._end_turn()
