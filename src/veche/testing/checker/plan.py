"""What all faults share: what to start, how much load, where to work, and the check of a round."""

import asyncio
import random
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from pathlib import Path

from . import record, report
from .databases import Database
from .history import Direction, Historian
from .inventory import take_stock
from .load import Shape
from .loads import Observed
from .process import Server
from .record import Asked, Found, Kept, Step
from .state_verdict import judge_state
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
        load: str = "messages",
        database: Database | None = None,
        away: float = 5.0,
        shortest: float = 0.0,
    ) -> None:
        self.shape = shape
        self.load = load  # one of loads.LOADS
        self.database = database  # None: the server keeps everything in its data directory
        self.away = away  # seconds without a database, in the faults that take it away
        self.rounds = rounds
        self.shortest, self.longest = shortest, longest
        self.random = random.Random(seed)  # noqa: S311 - chooses moments, keeps no secrets
        self.work = work
        self.say = say
        self.total = Verdict()
        self.server = Server(command, work / "server.log")
        self.server.store = database.url if database is not None else ""
        # By room: history as it was right after the room's own fault; hashes, for there may be a million messages.
        self._lasting: dict[str, array[int]] = {}
        self._lasting_state: dict[str, list[Found]] = {}
        self._historians = 0
        self._last: tuple[str, str, Observed, Answers] | None = None

    def random_moment(self) -> float:
        """Seconds of load, or of anything else that should not be as long every time."""
        return self.random.uniform(self.shortest, self.longest)

    async def wait_a_moment(self) -> float:
        """Wait for a random moment; how long it was (s)."""
        moment = self.random_moment()
        await asyncio.sleep(moment)
        return moment

    def room(self, number: int) -> str:
        """Every round has a room of its own, so that its history is its own."""
        return f"#round-{number}"

    async def check(self, room: str, label: str, observed: Observed, answers: Answers = Answers.SOME) -> None:
        """Hold a room's observations against what the running server shows; say and note the result."""
        if observed.steps is not None:
            found = await take_stock(self.server.port, observed.steps)
            self._lasting_state[room] = found
            verdict = judge_state(observed.steps, found, answers)
            self._note(f"state-{room[1:]}", label, verdict, [*observed.steps, *found])
        if observed.events is not None:
            # The directions take turns: both must be right, and reading twice would double the time.
            history = await self._read(room, "forwards" if len(self._lasting) % 2 else "backwards")
            verdict = judge(observed.events, history, answers)
            self._lasting[room] = _hashes(history)
            self._note(room[1:], label, verdict, [*observed.events, *history])

    async def compare(self, room: str, label: str, servers: Iterable[Server]) -> None:
        """Hold a room's history, as each of these shows it, against what `check` has read."""
        for server in servers:
            if _hashes(await self._read(room, "forwards", server)) != self._lasting[room]:
                self.breach(f"{room}: {label}: its history at {server.log.stem} is another one")

    def check_later(self, room: str, label: str, observed: Observed, answers: Answers = Answers.SOME) -> None:
        """Check this when the server runs again."""
        self._last = room, label, observed, answers

    async def check_last(self) -> None:
        """Check what was left for later, if anything was."""
        if self._last is not None:
            await self.check(*self._last)
            self._last = None

    def _note(self, name: str, label: str, verdict: Verdict, items: Iterable[record.Item]) -> None:
        """Add a verdict to the total and say it; what led to a bad one is written down."""
        self.total.absorb(verdict)
        self.say(f"{name:>9}  {label}: {report.counts(verdict)}")
        if not verdict.is_clean:
            path = self.work / f"{name}.jsonl"
            record.save(path, items)
            self.say(f"        observations: {path}")

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
        for room, found in self._lasting_state.items():
            steps: list[Step] = [Asked(0.0, one.what, 0, one.value) for one in found]
            again = dict(await take_stock(self.server.port, steps))
            for what, value in found:
                if again.get(what) != value:
                    words = f"{room}: {what}: {value!r} before, {again.get(what)!r} now"
                    self.total.add(Promise.LASTING, words)
        rooms = max(len(self._lasting), len(self._lasting_state))
        self.say(f"all {rooms} rooms read once more at the end")

    async def _read(self, room: str, direction: Direction, server: Server | None = None) -> list[Kept]:
        # Another nick each time: that the one before is gone may wait behind a commit of the server's own.
        self._historians += 1
        historian = Historian(f"historian{self._historians}")
        await historian.enter((server or self.server).door)
        try:
            return await historian.read(room, direction)
        finally:
            historian.leave()


def _hashes(history: Sequence[Kept]) -> "array[int]":
    return array("q", map(hash, history))
