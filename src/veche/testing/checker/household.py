"""The second load: people with accounts who change all that is kept of them, with several changes outstanding each.

Each of them changes things of his own (`Thing`), one change of a thing at a time, under a label; the answer under
that label says whether it is so. They stay in their rooms when the server dies (`always_on`), so that a restart must
bring them back. What is asked and answered is appended to `steps`, as the messages of a `Crowd` are to its events.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice

from veche.wire.message import Message

from .client import CAPABILITIES, CheckerError, Client
from .labels import Labels
from .record import Asked, Outcome, Settled, Step

STATE_CAPABILITIES = (
    f"{CAPABILITIES} sasl setname standard-replies draft/read-marker draft/metadata-2 draft/channel-rename"
)
FIRST_PASSWORD = "correct-horse-0"  # noqa: S105 - of an account that lives for a second
NONE = ""  # the value of what is not there
WINDOW = 4  # changes of one person that are outstanding


class Change:
    """One change: what it makes of its thing, the line that asks for it, and words that its answer has if it is so."""

    __slots__ = ("line", "proof", "value")

    def __init__(self, value: str, line: str, proof: str) -> None:
        self.value = value
        self.line = line
        self.proof = proof

    def is_proven_by(self, answer: list[Message]) -> bool:
        """Whether this answer says that it is so. A refusal may quote all that was asked for, so it is no proof.

        Source: standard replies. "The `FAIL` message indicates a complete failure to process a given command/function".
        """
        if any(line.command == "FAIL" for line in answer):
            return False
        return self.proof in shown(answer)


class Thing:
    """Something that one person changes again and again. `changes` ends when there is nothing more to change."""

    __slots__ = ("asked", "changes", "is_open", "what")

    def __init__(self, what: str, changes: Iterator[Change]) -> None:
        self.what = what
        self.changes = changes
        self.asked = 0
        self.is_open = False


def shown(answer: list[Message]) -> str:
    """An answer of one line or several, as one."""
    return " | ".join(" ".join((line.command, *line.params)) for line in answer)


def texts(line: str, proof: str) -> Iterator[Change]:
    """Another text each time, `{}` in a line and in what proves it."""
    for number in count(1):
        value = f"v{number}"
        yield Change(value, line.format(value), proof.format(value))


def turns(*changes: Change) -> Iterator[Change]:
    """On, and off, and on again."""
    return cycle(changes)


def keeper_things(name: str) -> Iterator[tuple[str, str, Iterator[Change]]]:
    """What a keeper of a room changes: of each thing its name, how it is at first, and the changes."""
    own, side = f"#own-{name}", f"#side-{name}"
    yield "own", "@", iter(())
    yield "topic", NONE, texts(f"TOPIC {own} :{{}}", f"TOPIC {own} {{}}")
    yield "limit", NONE, (Change(str(n), f"MODE {own} +l {n}", f"MODE {own} +l {n}") for n in count(10))
    for mask in ("x!*@*", "y!*@*"):
        on, off = f"MODE {own} +b {mask}", f"MODE {own} -b {mask}"
        yield f"ban {mask}", NONE, turns(Change("on", on, on), Change(NONE, off, off))
    yield "marker", NONE, _markers(own)
    yield "url", NONE, texts("METADATA * SET url :{}", "url * {}")
    yield (
        "note",
        NONE,
        turns(*(Change(v, f"METADATA {own} SET soju.im/muted {v}", f"private {v}") for v in "10")),
    )
    silences = [(value, f"SILENCE {sign}z!*@*") for value, sign in (("on", "+"), (NONE, "-"))]
    yield "silence", NONE, turns(*(Change(value, line, line) for value, line in silences))
    for device in ("d1", "d2"):
        made = Change("made", f"NS TOKEN ADD {device}", f"The token of {device} (full) is")
        gone = Change(NONE, f"NS TOKEN DEL {device}", f"The token of {device} lets nobody in")
        yield f"token {device}", NONE, turns(made, gone)
    come, go = Change("@", f"JOIN {side}", f"JOIN {side}"), Change(NONE, f"PART {side}", f"PART {side}")
    yield "side", NONE, turns(come, go)
    kept, other = f"#kept-{name}", f"w{name[1:].partition('x')[0]}"
    yield "registered", NONE, iter([Change("yes", f"CS REGISTER {kept}", f"{kept} is yours now")])
    add, take = (f"CS ACCESS {kept} {sign}v {other}" for sign in "+-")
    yield (
        "access",
        NONE,
        turns(Change("v", add, f"{other} has the rank v"), Change(NONE, take, f"{other} has no rank")),
    )
    yield "password", FIRST_PASSWORD, _passwords()


def _markers(room: str) -> Iterator[Change]:
    for number in count(1):
        time = f"timestamp=2020-01-01T{number // 60 % 24:02}:{number % 60:02}:00.000Z"
        yield Change(time, f"MARKREAD {room} {time}", f"MARKREAD {room} {time}")


def _passwords() -> Iterator[Change]:
    for number in count(1):
        password = f"correct-horse-{number}"
        yield Change(password, f"NS PASSWD {password}", "Your password is changed")


def wanderer_things(name: str) -> Iterator[tuple[str, str, Iterator[Change]]]:
    """What somebody changes of himself, and names of rooms."""
    nicks = (Change(f"{name}-{n}", f"NICK {name}-{n}", f"NICK {name}-{n}") for n in count(1))
    yield "nick", name, nicks
    yield "away", NONE, texts("AWAY :{}", "306")
    # Real names, and names of rooms, are changed once in a while only.
    yield "real name", "resident", islice(texts("SETNAME :{}", "SETNAME {}"), 1)
    for number in range(3):
        old, new = f"#r{number}-{name}", f"#s{number}-{name}"
        yield f"room {number}", old, iter([Change(new, f"RENAME {old} {new}", f"RENAME {old} {new}")])


def ghost_things(_name: str) -> Iterator[tuple[str, str, Iterator[Change]]]:
    """Whether somebody stays at all. It is seen by the others, in the room of all."""
    proof = "ALWAYS-ON is {} now"
    yield (
        "here",
        "here",
        turns(
            Change(NONE, "NS SET ALWAYS-ON off", proof.format("off")),
            Change("here", "NS SET ALWAYS-ON on", proof.format("on")),
        ),
    )


def mayfly_things(_name: str) -> Iterator[tuple[str, str, Iterator[Change]]]:
    """Whether there is an account."""
    yield (
        "account",
        FIRST_PASSWORD,
        turns(
            Change(NONE, f"NS DROP {FIRST_PASSWORD}", "is erased"),
            Change(FIRST_PASSWORD, f"REGISTER * * {FIRST_PASSWORD}", "REGISTER SUCCESS"),
        ),
    )


class Resident:
    """Somebody with an account, who changes his things for as long as he may."""

    def __init__(
        self,
        name: str,
        rooms: list[str],
        things: Iterator[tuple[str, str, Iterator[Change]]],
        household: "Household",
    ) -> None:
        self.name = name
        self.rooms = rooms
        self.household = household
        self.client = Client(name, self.hear)
        self.is_changing = False
        self.idle = asyncio.Event()
        self.idle.set()
        self.things: list[Thing] = []
        self._labels = Labels()
        self._open: dict[str, tuple[Thing, Change]] = {}
        self._numbers: dict[
            str, tuple[str, int]
        ] = {}  # by label, for ever: a second answer must be recognised
        for what, value, changes in things:
            self.add(f"{name}: {what}", value, changes)

    def add(self, what: str, value: str, changes: Iterator[Change]) -> None:
        """One more thing to change; `value` is how it is at first."""
        self.things.append(Thing(what, changes))
        self.household.steps.append(Asked(0.0, what, 0, value))

    async def enter(self, port: int) -> None:
        """Connect, register an account and join his rooms. All of it is acknowledged when this returns."""
        client = self.client
        await client.connect(port, STATE_CAPABILITIES)
        await client.ask(f"NICK {self.name}\r\nUSER {self.name} 0 * :resident\r\nCAP END", "376", "422")
        answer = await client.ask(f"REGISTER * * {FIRST_PASSWORD}", "900", "FAIL")
        if answer.command != "900":
            raise CheckerError(f"{self.name}: no account: {answer.params}")
        for room in self.rooms:
            await client.join(room)

    def fill_window(self) -> None:
        """Ask for changes until enough of them are outstanding."""
        household = self.household
        idle = [thing for thing in self.things if not thing.is_open]
        household.chance.shuffle(idle)
        for thing in idle:
            if not self.is_changing or len(self._open) >= WINDOW or not self.client.is_open:
                return
            change = next(thing.changes, None)
            if change is None:
                continue
            thing.asked += 1
            thing.is_open = True
            label = f"{len(self._numbers)}"
            self._open[label] = thing, change
            self.idle.clear()
            self._numbers[label] = thing.what, thing.asked
            # Noted before the bytes go out: what was asked may become true, even when the next moment never comes.
            household.steps.append(Asked(household.now(), thing.what, thing.asked, change.value))
            self.client.send(f"@label={label} {change.line}")

    def hear(self, message: Message) -> None:
        """Note the answers to changes; all else is noise here."""
        found = self._labels.take(message)
        if found is None or found[0] not in self._numbers:
            return
        label, answer = found
        what, number = self._numbers[label]
        thing, change = self._open.pop(label, (None, None))
        is_so = change is None or change.is_proven_by(answer)
        outcome: Outcome = "acknowledged" if is_so else "refused"
        words = "" if is_so else shown(answer)
        step = Settled(self.household.now(), what, number, outcome, words)
        self.household.steps.append(step)
        if thing is not None:
            thing.is_open = False
        self.fill_window()
        if not self._open:
            self.idle.set()


class Household:
    """The residents of one round: who keep rooms, one who wanders, one who stays or not, one who comes and goes."""

    def __init__(self, number: int, keepers: int, chance: random.Random) -> None:
        self.common = f"#all-{number}"
        self.chance = chance
        self.steps: list[Step] = []
        self._clock = asyncio.get_running_loop().time
        self._start = self._clock()
        self.keepers = [
            Resident(name, [self.common, f"#own-{name}", f"#kept-{name}"], keeper_things(name), self)
            for name in (f"k{number}x{index}" for index in range(keepers))
        ]
        first, *others = self.keepers
        first.add(f"{first.name}: rank", "@", iter(()))
        for keeper in others:
            first.add(f"{keeper.name}: rank", NONE, self._ranks(keeper.name))
        self.wanderer = self._resident(f"w{number}", wanderer_things, [f"#r{n}-w{number}" for n in range(3)])
        self.ghost = self._resident(f"g{number}", ghost_things, [self.common])
        self.mayfly = self._resident(f"m{number}", mayfly_things, [])
        self.people = [*self.keepers, self.wanderer, self.ghost, self.mayfly]

    def _resident(
        self,
        name: str,
        things: Callable[[str], Iterator[tuple[str, str, Iterator[Change]]]],
        rooms: list[str],
    ) -> Resident:
        return Resident(name, rooms, things(name), self)

    def _ranks(self, name: str) -> Iterator[Change]:
        up, down = f"MODE {self.common} +v {name}", f"MODE {self.common} -v {name}"
        return turns(Change("+", up, up), Change(NONE, down, down))

    async def enter(self, port: int) -> None:
        """Everybody connects, registers and joins; the first keeper first, who is the common room's operator."""
        await self.keepers[0].enter(port)
        for person in self.people[1:]:
            await person.enter(port)

    def begin(self) -> None:
        """Everybody changes things from here on."""
        self._start = self._clock()
        for person in self.people:
            person.is_changing = True
            person.fill_window()

    def fall_silent(self) -> None:
        """No new changes; answers to those under way are still awaited."""
        for person in self.people:
            person.is_changing = False

    async def wait_answered(self, seconds: float) -> bool:
        """Wait until no change is without an answer; False when that took too long."""
        try:
            async with asyncio.timeout(seconds):
                for person in self.people:
                    await person.idle.wait()
        except TimeoutError:
            return False
        return True

    def now(self) -> float:
        """Seconds since the changes began."""
        return self._clock() - self._start
