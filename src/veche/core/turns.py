"""What a log that several nodes share asks of the world outside: turns at one record, and what others did in theirs.

    number  the place of a turn in the order; the first is 1
    head    the last turn that was written, and where the log stood behind it

The rule: who has the turn is alone with the record. Nobody else writes until it has been put or given back; whoever
takes it is first handed all that was written before. So each fact is judged once, by a world that has seen everything
before it, as on a single node. docs/adr/0035-many-nodes-one-order.md.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from veche.core.ports import Sent
from veche.core.rows import Row

NOTHING_SAID: Final[Mapping[int, Sent]] = MappingProxyType({})
NO_PARTS: Final[Mapping[int, str]] = MappingProxyType({})
# What gives the pieces of a world.
Pack = Callable[[], Iterable[str]]


class Turn(NamedTuple):
    """What a node has written: facts as text (core/sheets.py), and where the log stood then.

    `body` is for all others; `parts` is what some of them have to hear besides, by their numbers. What reaches a node
    is `for_node`: nobody is told what happened where none of his people is.
    """

    number: int
    node: int
    seq: int
    time: int
    body: str
    parts: Mapping[int, str] = NO_PARTS

    def for_node(self, node: int) -> "Turn":
        """What one node hears of it."""
        part = self.parts.get(node, "")
        return Turn(*self[:4], f"{self.body}\n{part}" if part else self.body)


class Head(NamedTuple):
    """A turn that was taken: the last one before it, where the log stands, and the turns that were not known yet.

    `said` is what the record has been told with one of the ids that were asked about, by the keys of these.
    """

    number: int
    seq: int
    time: int
    missed: list[Turn]
    said: Mapping[int, Sent] = NOTHING_SAID


class Standing(NamedTuple):
    """How a node found the others when it came. `parcel` is their world behind the turn `number`, in pieces
    (state/parcel.py); there are none for who is the first and takes up what the record has."""

    node: int
    number: int
    seq: int
    time: int
    parcel: Sequence[str] = ()


class OutOfReach(Exception):
    """The record cannot be reached now: nothing has been written, and the same may succeed later."""


class Overtaken(Exception):
    """A turn whose outcome was open has turned out not to be written: what was in it is to be judged again."""


class Removed(Exception):
    """This node is none of them any more: the others have taken it for dead, or it knows too little to go on."""


class Turns(Protocol):
    """The order that nodes share. Answers come in a later turn of the owner's, never inside the call."""

    @property
    def standing(self) -> Standing:
        """How this node began."""

    @property
    def key(self) -> bytes:
        """32 bytes that all nodes know, and nobody else."""

    def take(
        self, after: int, done: Callable[[Head | Exception], None], keys: Collection[int] = (), since: int = 0
    ) -> None:
        """Wait for the turn; `done` hears when it is ours, with what was written behind the turn `after`, and what was
        said since a time (ms) with the ids that have these `keys`.

        Or OutOfReach, or Removed. One at a time.
        """

    def put(self, turn: Turn, rows: list[Row], done: Callable[[Exception | None], None]) -> None:
        """Commit the turn that was taken, all of it or nothing; then others may have theirs.

        `done` hears None when it is on disk; StoreRefused when it is certainly not, and would not be a second time;
        OutOfReach; Overtaken; Removed. While nobody can know, it waits.
        """

    def give_back(self) -> None:
        """There was nothing to write after all."""

    def tell(self, turn: Turn) -> None:
        """A turn of ours is on disk: let the others know at once, as far as that is possible."""

    def pass_on(self, parts: Mapping[int, str]) -> None:
        """Let nodes (by number) know what has no place in the order and is kept nowhere, if that is possible now."""

    def fetch(self, after: int, done: Callable[[list[Turn] | Exception], None]) -> None:
        """Read what was written behind a turn, as it is for this node, without taking one: some hundred turns at
        most."""

    def hand_over(self, node: int, pack: Pack, number: int, seq: int, time: int) -> None:
        """Give a node that has come the world as it is now, behind a turn.

        `pack` is called in this very call, or by a copy of this process as it is in this call.
        """
