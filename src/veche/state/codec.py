"""Facts as text and back, so that some of them can outlive the process.

The rule: a fact is its slots and they are plain values, so one function writes every fact. A slot that an older
version did not write gets its value from the class's `defaults`.
"""

import json

from veche.state.events import Fact
from veche.wire.compiler import values_of

# Found once for each kind: a start decodes many thousand facts of few kinds.
_PASSING = frozenset({"event_id"})  # of no use to who reads the fact again
_slots: dict[type[Fact], tuple[str, ...]] = {}


class CodecError(ValueError):
    """A text that is not this kind of fact; says what is missing."""


def encode(fact: Fact) -> str:
    """The values of a fact as a JSON object."""
    return json.dumps(as_values(fact), ensure_ascii=False)


def as_values(fact: Fact) -> dict[str, object]:
    """The values of a fact by their names, as JSON knows them."""
    return {name: getattr(fact, name) for name in slots_of(type(fact))}


def decode(kind: type[Fact], body: str) -> Fact:
    """The fact that `encode` wrote. Raises CodecError for what cannot be one of this kind."""
    try:
        values = json.loads(body)
    except ValueError as error:
        raise CodecError(f"{kind.__name__}: {error}") from error
    if not isinstance(values, dict):
        raise CodecError(f"{kind.__name__}: not an object")
    return from_values(kind, values)


def from_values(kind: type[Fact], values: dict[str, object]) -> Fact:
    """The fact that `values` gave. Raises CodecError where one is missing that has no default."""
    fact = kind.__new__(kind)
    fact.event_id = ""
    for name in slots_of(kind):
        if name in values:
            setattr(fact, name, values[name])
        elif name in kind.defaults:
            setattr(fact, name, kind.defaults[name])
        else:
            raise CodecError(f"{kind.__name__}: no value for {name}")
    return fact


def slots_of(kind: type[Fact]) -> tuple[str, ...]:
    """The names of a fact's values, those of its bases first."""
    names = _slots.get(kind)
    if names is None:
        names = tuple(name for name in values_of(kind) if name not in _PASSING)
        _slots[kind] = names
    return names
