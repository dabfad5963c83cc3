"""What all faults share: what to start, how much load, where to work, and the check of a round."""

import random
from array import array
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path

from . import record, report
from .history import Direction, Historian
from .load import Shape
from .process import Server
from .record import Event, Kept
from .verdict import Answers, Promise, Verdict, judge


class Plan:
    """One run of one fault. `total` is its verdict so far."""

    def __init__(
        self,
        command: Sequence[str],
        shape: Shape,
        rounds: int,
        longest: float,
        seed: int,
        work: Path,
        say: Callable[[str], None],
    ) -> None:
        self.shape = shape
        self.rounds = rounds
        self.longest = longest
        self.random = random.Random(seed)  # noqa: S311 - chooses moments, keeps no secrets
        self.work = work
        self.say = say
        self.total = Verdict()
        self.server = Server(command, work / "server.log")
        # By room: history as it was right after the room's own fault; hashes, for there may be a million messages.
        self._lasting: dict[str, array[int]] = {}

        self._last: tuple[str, str, list[Event], Answers] | None = None

    def random_moment(self) -> float:
        """Seconds of load, or of anything else that should not be as long every time."""
        return self.random.uniform(0, self.longest)

    def room(self, number: int) -> str:
        """Every round has a room of its own, so that its history is its own."""
        return f"#round-{number}"

    async def check(
        self, room: str, label: str, events: list[Event], answers: Answers = Answers.SOME
    ) -> Verdict:
        """Hold a room's observations against the history that the running server shows; say and note the result."""
        # The directions take turns: both must be right, and reading twice would double the time.
        history = await self._read(room, "forwards" if len(self._lasting) % 2 else "backwards")
        verdict = judge(events, history, answers)
        self._lasting[room] = _hashes(history)
        self.note(room, label, verdict)
        if not verdict.is_clean:
            path = self.work / f"{room[1:]}.jsonl"
            record.save(path, events, history)
            self.say(f"        observations: {path}")
        return verdict

    def check_later(
        self, room: str, label: str, events: list[Event], answers: Answers = Answers.SOME
    ) -> None:
        """Check this when the server runs again."""
        self._last = room, label, events, answers

    async def check_last(self) -> None:
        """Check what was left for later, if anything was."""
        if self._last is not None:
            await self.check(*self._last)
            self._last = None

    def note(self, room: str, label: str, verdict: Verdict) -> None:
        """Add a verdict to the total and say it."""
        self.total.absorb(verdict)
        self.say(f"{room[1:]:>9}  {label}: {report.counts(verdict)}")

    def breach(self, words: str) -> None:
        """The server did not do what the fault asks of it."""
        self.total.add(Promise.PLAYED, words)
        self.say(f"        BREACH: {words}")

    async def check_lasting(self) -> None:
        """What was in history after its own fault is there, unchanged, after all the later ones."""
        for index, (room, before) in enumerate(self._lasting.items()):
            after = await self._read(room, "backwards" if index % 2 else "forwards")
            hashes = _hashes(after)
            if hashes == before:
                continue
            same = sum(
                1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, hashes, strict=False))
            )
            lost = len(set(before) - set(hashes))
            words = f"{room}: {len(before):,} messages before, {len(after):,} now, {lost:,} gone or changed"
            self.total.add(Promise.LASTING, f"{words}, the first at place {same + 1:,}")
        self.say(f"all {len(self._lasting)} rooms read once more at the end")

    async def _read(self, room: str, direction: Direction) -> list[Kept]:
        historian = Historian()
        await historian.enter(self.server.port)
        try:
            return await historian.read(room, direction)
        finally:
            historian.leave()


def _hashes(history: Sequence[Kept]) -> "array[int]":
    return array("q", map(hash, history))
