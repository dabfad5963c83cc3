"""What turns say: facts as text, for those nodes that have to hear of them, and back.

    {"k": {"MessageSent": "account actor ..."}, "f": [[place, "MessageSent", event id, [value, ...]], ...]}
    {"n": [["*came", 3]]}       a node has come, or is lost
    {"c": 1}                    rows were written beside the facts: what is kept reads otherwise now

The rules:
* A sheet is one line. Several of one turn make one body; `place` says how their facts stand among one another.
* Each sheet names the values of its kinds, so that a node of another version knows which are which.
* What is in a fact for its guard alone and is no plain value goes nowhere: guards are asked where a fact is judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from veche.state.codec import from_values, slots_of

if TYPE_CHECKING:
    from veche.state.events import Fact

# In the place of a fact's kind: a node has come and wants the world, or is no more.
CAME, LOST = "*came", "*lost"
NOTHING = "{}"
ROWS_ALONE = '{"c":1}'

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=lambda _: None).encode
# By kind: the names of its values as a sheet has them, and how all of them are taken.
_shapes: dict[type[Fact], tuple[str, Callable[[Any], tuple[Any, ...]]]] = {}


class Told(NamedTuple):
    """One fact of a body: the name of its kind, the names of its values, they themselves, and `Fact.event_id`."""

    kind: str
    shape: str
    values: list[Any]
    event_id: str


class Page:
    """What some nodes are to hear of one turn."""

    __slots__ = ("_entries", "_shapes")

    def __init__(self) -> None:
        self._entries: list[tuple[int, str, str, tuple[Any, ...]]] = []
        self._shapes: dict[str, str] = {}

    def add(self, place: int, fact: Fact) -> None:
        """One more fact, which stands at that place of its turn."""
        shape, values = _shape_of(type(fact))
        name = type(fact).__name__
        self._shapes[name] = shape
        self._entries.append((place, name, fact.event_id, values(fact)))

    def text(self) -> str:
        """All of it as one line."""
        return _encode({"k": self._shapes, "f": self._entries}) if self._entries else NOTHING


def write_notices(notices: Iterable[tuple[str, int]]) -> str:
    """Nodes that have come (CAME) or are lost (LOST), by number."""
    return _encode({"n": [*notices]})


def read(body: str) -> tuple[list[tuple[str, int]], list[Told]]:
    """What a body says: of nodes, and the facts in order. Raises ValueError for what is no such text."""
    notices: list[tuple[str, int]] = []
    told: list[tuple[int, Told]] = []
    sheets = body.split("\n")
    for sheet in sheets:
        if sheet == NOTHING:
            continue
        read = json.loads(sheet)
        notices += [(kind, int(node)) for kind, node in read.get("n", ())]
        shapes = read.get("k", {})
        told += [
            (place, Told(name, shapes[name], values, event_id))
            for place, name, event_id, values in read.get("f", ())
        ]
    if len(sheets) > 1:
        told.sort(key=lambda one: one[0])
    return notices, [one for _, one in told]


def make(kind: type[Fact], told: Told) -> Fact:
    """The fact that was told of. Raises CodecError where it lacks a value that has no default."""
    if told.shape != _shape_of(kind)[0]:
        fact = from_values(kind, dict(zip(told.shape.split(" "), told.values, strict=False)))
    else:
        fact = kind.__new__(kind)
        for name, value in zip(slots_of(kind), told.values, strict=True):
            setattr(fact, name, value)
    fact.event_id = told.event_id
    return fact


def _shape_of(kind: type[Fact]) -> tuple[str, Callable[[Any], tuple[Any, ...]]]:
    shape = _shapes.get(kind)
    if shape is None:
        names = slots_of(kind)
        shape = _shapes[kind] = " ".join(names), attrgetter(*names)
    return shape
