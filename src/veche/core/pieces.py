"""Answers that are long: given piece by piece, as fast as their asker takes them, while everybody else is served.

    def _all(ask):                       # a generator: `yield` stands wherever it may rest
        for room in list(ask.world.rooms.values()):
            ask.reply(...)
            yield
        ask.reply(END)

    ask.engine.pieces.start(ask, _all(ask))

The rules: the first piece is given at once, so that a short answer is no different from any other; it is a small one
while others wait. The rest takes a bounded part of each turn, shared by all who wait. Between two pieces the world may
change: a generator walks over a copy. A session that does not take what it was given gets no more until it does.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.engine import Engine
    from veche.core.session import Session

# Steps of one answer in one go: about a millisecond's work, and no more than a socket's buffer takes.
STEPS = 200
# Steps at once while others wait for theirs: enough for all that is short.
FIRST_STEPS = 20
# Answers that go on in one turn; the others come next.
ANSWERS = 4
# Bytes that may wait for a session, of which each piece adds some 20 KB at most.
BACKLOG = 1 << 16
# Until an answer goes on, in seconds: whatever else is ready comes first.
MOMENT = 0.001
# When to look again for sessions that have not taken what they were given, in seconds.
PAUSE = 0.05

_log = logging.getLogger("veche.engine")


class Pieces:
    """The long answers that are being given."""

    __slots__ = ("_answers", "_engine", "_is_due")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: deque[tuple[Ask, Iterator[None]]] = deque()
        self._is_due = False

    def start(self, ask: Ask, answer: Iterator[None]) -> None:
        """Give the first piece of an answer, and all others in later turns; the session's next line waits for them."""
        is_busy = len(self._answers) >= ANSWERS
        if not _advance(answer, FIRST_STEPS if is_busy else STEPS):
            return
        ask.wait()
        ask.stream()
        self._answers.append((ask, answer))
        self._wake(MOMENT)

    def _wake(self, delay: float) -> None:
        if not self._is_due:
            self._is_due = True
            self._engine.timers.at(self._engine.clock.monotonic() + delay, self._go_on)

    def _go_on(self) -> None:
        self._is_due = False
        is_moving = False
        answers = self._answers
        moved = 0
        for _ in range(len(answers)):
            ask, answer = answers.popleft()
            session = ask.session
            if session.ended:
                ask.settled()
            elif _is_full(session):
                answers.append((ask, answer))
            elif self._is_unfinished(ask, answer):
                answers.append((ask, answer))
                is_moving = True
                moved += 1
            if moved >= ANSWERS:
                break
        if answers:
            self._wake(MOMENT if is_moving else PAUSE)

    def _is_unfinished(self, ask: Ask, answer: Iterator[None]) -> bool:
        """Give one more piece. A bug in it is its asker's alone, as everywhere."""
        try:
            if _advance(answer, STEPS):
                return True
        except Exception:
            _log.exception("bug: a piece of an answer to %r", ask.session)
            self._engine.end(ask.session, "Internal error")
        ask.settled()
        return False


def _advance(answer: Iterator[None], steps: int) -> bool:
    """Let an answer go on for so many steps; False if it has come to its end."""
    return any(step >= steps for step, _ in enumerate(answer, start=1))


def _is_full(session: Session) -> bool:
    return session.owed_bytes + session.pipe.waiting() > BACKLOG
