"""Plays steps against a whole server, and looks at everything after each of them.

What must be true after every step: nothing raised; every line that anybody heard is one that any client can read (see
veche.testing.checks); nothing is left in an outbox; nobody is owed or kept more than the limits say. From time to
time: the facts so far give the world as it is; every label was answered once. At the end, when all have gone: nobody
is left in the world, what the server holds is little, and a restart brings back what lasts.
"""

from __future__ import annotations

import gc
import random
import re
import traceback
from collections.abc import Iterable
from types import FunctionType, ModuleType

from veche.app.features import FEATURES
from veche.core.registry import Feature
from veche.state.snapshot import snapshot
from veche.state.world import World
from veche.testing.checks import check_labels, problems_of
from veche.testing.invariants import check_disk, check_indexes, differences, lasting
from veche.testing.stage import Person, Stage
from veche.wire.lines import TAIL_LIMIT

from .steps import SEATS, Step, make_entrance, make_settings
from .words import ADDRESSES

# The world is rebuilt from its facts, and labels are counted, after so many steps.
PAUSE = 200
# Objects that an engine may hold when everybody has gone: features, lasting rooms, bans, accounts, who was here last.
# There are 2,000 after a usual round and 3,000 after one that is ten times as long: a leak of one for each line shows.
MOST_OBJECTS = 5000

_ID = re.compile(rb"\$ID(\d)")


class Found(Exception):
    """The server has done something that it must not do; the text says what."""


class Play:
    """One server, and the connections to it."""

    def __init__(self, seed: int, features: list[Feature] | None = None) -> None:
        self.seed = seed
        self.entrances = [0] * SEATS
        self.transcript: list[str] | None = None  # a list is given every event, for people
        self.settings = make_settings(random.Random(f"settings {seed}"))
        self.stage = Stage(self.settings, features=features or FEATURES, host="h" * 63)
        self.seats: list[Person | None] = [None] * SEATS
        self.rebuilt = World()
        self.steps = 0
        self.lines = 0
        self.heard: dict[str, int] = {}  # numerics and commands that the server said, and how often

    def run(self, steps: Iterable[Step]) -> None:
        """Play the steps and the end. Raises Found."""
        with self.stage.bugs:
            for step in steps:
                self.step(step)
            self._calm()
            self.look_closely()
            self._end()

    def step(self, step: Step) -> None:
        """Play one step and look. Raises Found."""
        self.steps += 1
        try:
            self._do(step)
        except Exception:
            raise Found("an exception left the engine:\n" + traceback.format_exc()) from None
        self.look()
        if self.steps % PAUSE == 0:
            self._calm()
            self.look_closely()
            for person in self.seats:
                # Who could not register by now tries again, as somebody else.
                if (
                    person is not None
                    and person.session is not None
                    and person.session.registration is not None
                ):
                    self.stage.leave(person, "Connection closed")

    # ---- what happens

    def _do(self, step: Step) -> None:
        stage = self.stage
        person = self.seats[step.seat]
        if step.kind == "say":
            if person is None or person.ended:
                person = self._enter(step.seat)
            self._say(person, step.data)
        elif step.kind == "time":
            stage.pass_time(step.amount)
        elif step.kind == "back":
            stage.clock.set_wall(step.amount)
        elif step.kind == "disk":
            self._disk(step.data)
        elif step.kind == "kill":
            self._kill()
        elif person is not None and person.session is not None and not person.ended:
            if step.kind == "leave":
                stage.leave(person, "Connection reset by peer")
            elif step.kind == "finish":
                stage.engine.finished(person.session)
            elif step.kind == "stall":
                person.pipe.stall()
            else:
                person.pipe.flow()
        stage.turn()

    def _enter(self, seat: int) -> Person:
        self.entrances[seat] += 1
        name = f"seat {seat}"
        # Whoever comes to a seat is the same whatever happens at the others: a smaller play has the same people.
        chance = random.Random(f"{self.seed} {seat} {self.entrances[seat]}")
        person = self.seats[seat] = self.stage.open(name, address=chance.choice(ADDRESSES))
        self._say(person, make_entrance(chance, seat))
        self.stage.turn()
        return person

    def _say(self, person: Person, data: bytes) -> None:
        data = self._with_ids(data)
        self.lines += data.count(b"\n")
        if self.transcript is not None:
            self.transcript.append(f"{person.name}: {data!r}")
        person.post_bytes(data)

    def _with_ids(self, data: bytes) -> bytes:
        """With the ids of the last messages where the steps can only say that there is to be one."""
        if b"$ID" not in data:
            return data
        records = self.stage.disk.records
        return _ID.sub(
            lambda found: (
                records[-1 - int(found[1])].msgid.encode() if int(found[1]) < len(records) else b"none"
            ),
            data,
        )

    def _disk(self, how: bytes) -> None:
        disk = self.stage.disk
        if how == b"slow":
            disk.is_slow = True
        elif how == b"full":
            disk.is_full = True
        elif how == b"slow to read":
            disk.reads_slowly = True
        elif how == b"read":
            disk.read()
        else:
            disk.hurry()

    def _kill(self) -> None:
        """The server is killed, and starts again with what is on the disk."""
        stage = self.stage
        before = lasting(stage.engine.world)
        is_known = stage.engine.log.is_idle and not stage.disk.has_refused
        stage.restart()
        self.rebuilt = World()
        wrong = differences(before, lasting(stage.engine.world)) if is_known else []
        if wrong:
            raise Found("\n".join(wrong))

    def _calm(self) -> None:
        """Let everything that is under way come to its end."""
        disk = self.stage.disk
        disk.read()
        disk.hurry()
        for person in self.seats:
            if person is not None:
                person.pipe.flow()
        self.stage.turn()
        self.stage.pass_time(2.0)
        self.look()

    def _end(self) -> None:
        """Everybody goes, and the server starts again from what it has saved."""
        stage = self.stage
        for person in self.seats:
            if person is not None and not person.ended:
                stage.leave(person, "Connection closed")
        stage.turn()
        stage.pass_time(700.0)  # whatever is remembered for a while is forgotten
        self.look_closely()
        engine = stage.engine
        left = [user for user in engine.world.users.values() if not user.stays]
        if left or engine.sessions or engine.attached or engine.doorkeeper.count:
            raise Found(f"everybody has gone, but for {left} {engine.sessions} {engine.attached}")
        held = count_held(engine, apart=stage.disk)
        if held > MOST_OBJECTS:
            raise Found(f"everybody has gone, and the server still holds {held} objects")
        self._kill()

    # ---- what must be true

    def look(self) -> None:
        """After every step. Raises Found."""
        stage = self.stage
        if stage.bugs.found:
            raise Found("\n".join(stage.bugs.found))
        engine = stage.engine
        if engine.outboxes.owed:
            raise Found("a turn has ended and somebody is still owed something")
        known: set[bytes] = set()
        gone = False
        for person in stage.persons:
            if person.unheard:
                self._look_at_lines(person, known)
            session = person.session
            if person.ended or session is None:
                gone = True
                continue
            if session.outbox:
                raise Found(f"{person.name}: the outbox does not drain")
            if len(session.reader.tail) > TAIL_LIMIT:
                raise Found(f"{person.name}: {len(session.reader.tail)} bytes of an unfinished line")
            if person.pipe.waiting() > self.settings.send_queue and not session.ended:
                raise Found(
                    f"{person.name}: {person.pipe.waiting()} bytes wait, and nothing is done about it"
                )
            if session.held_bytes > self.settings.input_queue + 100_000 and session.held is not None:
                raise Found(f"{person.name}: {session.held_bytes} bytes are held")
        if gone:
            stage.persons = [one for one in stage.persons if not one.ended]

    def _look_at_lines(self, person: Person, known: set[bytes]) -> None:
        new = person.heard[-len(person.unheard) :]
        person.unheard.clear()
        for raw in new:
            if raw in known:
                continue
            known.add(raw)
            wrong = problems_of(raw)
            if wrong:
                raise Found(f"{person.name} heard {', '.join(wrong)}: {raw!r}")
            words = raw.split(b" ", 3)
            command = words[2 if raw[:1] == b"@" else 1] if raw[:1] in b"@:" else words[0]
            name = command.decode().rstrip("\r")
            self.heard[name] = self.heard.get(name, 0) + 1

    def look_closely(self) -> None:
        """From time to time, when nothing is under way. Raises Found."""
        stage = self.stage
        engine = stage.engine
        for person in stage.persons:
            if person.tail and not person.pipe.aborted:
                raise Found(f"{person.name} heard a line without its end: {person.tail!r}")
            wrong = check_labels(person)
            if wrong:
                raise Found("\n".join(wrong))
            if engine.is_idle and (person.session is None or person.session.batch is None):
                person.heard.clear()
                person.asked.clear()
                person.offered.clear()
        facts = engine.log.journal or []
        for fact in facts:
            engine.registry.facts[type(fact)].apply(self.rebuilt, fact)
        facts.clear()
        live, again = snapshot(engine.world), snapshot(self.rebuilt)
        for part, value in live.items():
            if value != again[part]:
                raise Found(f"the facts give other {part}:\n  live    {value}\n  rebuilt {again[part]}")
        if engine.log.is_idle:
            wrong = check_indexes(engine)
            if not stage.disk.has_refused:
                wrong += check_disk(engine)
            if wrong:
                raise Found("\n".join(wrong))


def count_held(root: object, *, apart: object) -> int:
    """How many objects that the garbage collector knows can be reached from one, code and what is `apart` left out."""
    seen: set[int] = {id(apart)}
    waiting: list[object] = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(thing))
        waiting.extend(gc.get_referents(thing))
    return len(seen)
