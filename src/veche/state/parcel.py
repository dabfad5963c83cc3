"""A world as texts and back, for a node that comes to join others: everything that facts have made, guests included.

The rules:
* It comes in pieces, so that nobody has to hold or carry all of it at once: first a head, then what is in the world.
* Whoever is in two places there is in both places here: objects and containers are numbered and written once.
* Only the classes of this floor come back. What a parcel asks for beside them is refused, so it can do nothing but be a
  world; who may write it is trusted as much as the record is.
* A parcel names the values of each class, so that one of another version is understood: what this one does not know is
  left out, and what it has beside is as in a new object. Where nobody can say what that would be, it is refused.
* Sessions are not here: they belong to the node that has the sockets.
"""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain
from operator import attrgetter
from typing import Any

from veche.state.accounts import Account, Accounts
from veche.state.credentials import PasswordKeys
from veche.state.invitations import Invitation
from veche.state.masks import Mask
from veche.state.ownership import Registration
from veche.state.room import Entry, Member, Room
from veche.state.server_bans import ServerBan, ServerBans, ServerMask
from veche.state.user import User
from veche.state.world import Profile, World
from veche.wire.compiler import values_of

_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(Account, Accounts, Entry, Invitation, Mask, Member, PasswordKeys, Profile, Registration, Room),
        *(ServerBan, ServerBans, ServerMask, User),
    )
}
# What may be compiled is not there without its __init__; everything in it is written over then.
_NO_USER = partial(User, "", "", "", "", "", "", 0)
_NO_MASK = partial(Mask, "", "", mutes=False, minutes=0)
_NO_SERVER_MASK = partial(ServerMask, "", "", "", None, "")
_BLANKS: dict[type, Callable[[], Any]] = {
    Entry: lambda: Entry(_NO_MASK(), "", 0),
    Mask: _NO_MASK,
    Member: lambda: Member(_NO_USER(), ""),
    Profile: lambda: Profile({}, {}),
    Room: lambda: Room("", "", 0),
    ServerBan: lambda: ServerBan(_NO_SERVER_MASK(), "", "", 0, 0),
    ServerBans: ServerBans,
    ServerMask: _NO_SERVER_MASK,
    User: _NO_USER,
}
# What the owner of a world puts in itself.
_NOT_CARRIED = frozenset({"watcher"})
# What a world has had only since this version, and is right in a new one whatever else is in it: no index of the rest.
_MAY_LACK = frozenset({"registrations"})
# So many objects stand in a piece: a megabyte or so.
_IN_A_PIECE = 20_000
_PLAIN = (str, int, float, bool, type(None))
_PLAIN_TYPES = frozenset(_PLAIN)
_MAKERS: dict[str, Callable[[Sequence[Any]], Any]] = {"tuple": tuple, "frozenset": frozenset}


class ParcelError(ValueError):
    """Texts that are no world which this version understands."""


class _Packer:
    """Objects as numbered entries `[kind, part, ...]`; a part is plain, or `[number]`."""

    def __init__(self) -> None:
        self.entries: list[list[Any]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # so that no other object gets the id of one that was written

    def part(self, value: object) -> object:
        """What stands for a value in another one's entry."""
        if isinstance(value, _PLAIN):
            return value
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self.entries)
            self._kept.append(value)
            entry: list[Any] = []
            self.entries.append(entry)
            entry += self._entry(value)
        return [number]

    def _parts(self, values: Iterable[object]) -> list[object]:
        # Most values are plain, and there are thirty to a user: no call for each of them.
        return [one if type(one) in _PLAIN_TYPES else self.part(one) for one in values]

    def _entry(self, value: object) -> list[Any]:
        kind = type(value).__name__
        if isinstance(value, dict):
            return ["dict", *self._parts(chain.from_iterable(value.items()))]
        if isinstance(value, list | set | frozenset | tuple) and kind in (
            "list",
            "set",
            "frozenset",
            "tuple",
        ):
            return [kind, *self._parts(value)]
        if isinstance(value, IPv4Network | IPv6Network):
            return ["network", str(value)]
        if kind in _CLASSES:
            return [kind, *self._parts(_take(type(value))(value))]
        raise AssertionError(f"a world holds plain values and its own classes, not {type(value)!r}")


class _Unpacker:
    """Entries as objects again."""

    def __init__(self, entries: list[list[Any]], shape: dict[str, list[str]]) -> None:
        self._entries = entries
        # By class: the names of the values that stand in its entries; "" for one that this version does not know.
        self._names = {
            name: [one if one in _slots(kind) else "" for one in shape.get(name, ())]
            for name, kind in _CLASSES.items()
        }
        self._made: dict[int, Any] = {}

    def value(self, part: Any) -> Any:
        """What a part stands for."""
        if not isinstance(part, list):
            return part
        number = part[0]
        if number in self._made:
            return self._made[number]
        kind, *parts = self._entries[number]
        if kind == "network":
            made: Any = ip_network(parts[0])
        elif kind in _MAKERS:
            made = _MAKERS[kind]([self.value(one) for one in parts])
        else:
            return self._filled(number, kind, parts)
        self._made[number] = made
        return made

    def _filled(self, number: int, kind: str, parts: list[Any]) -> Any:
        """What may hold itself is there before its parts are."""
        made: Any
        if kind == "dict":
            made = self._made[number] = {}
            for at in range(0, len(parts), 2):
                made[self.value(parts[at])] = self.value(parts[at + 1])
        elif kind == "list":
            made = self._made[number] = []
            made.extend(map(self.value, parts))
        elif kind == "set":
            made = self._made[number] = set()
            made.update(map(self.value, parts))
        else:
            cls = _CLASSES[kind]
            made = self._made[number] = _BLANKS[cls]() if cls in _BLANKS else object.__new__(cls)
            for name, one in zip(self._names[kind], parts, strict=True):
                if name:
                    setattr(made, name, one if type(one) is not list else self.value(one))
        return made


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Objects by the hundred thousand are made at once and none is garbage: looking at them again and again on the way
    takes as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def pack(world: World) -> Iterator[str]:
    """The world as it is when the first piece is asked for. That takes some thirty microseconds for each user in three
    rooms, the rest ten."""
    packer = _Packer()
    with _collector_at_rest():
        values = {
            name: packer.part(getattr(world, name)) for name in _slots(World) if name not in _NOT_CARRIED
        }
    shape = {name: _slots(kind) for name, kind in _CLASSES.items()}
    yield _text({"shape": shape, "world": values})
    for first in range(0, len(packer.entries), _IN_A_PIECE):
        yield _text(packer.entries[first : first + _IN_A_PIECE])


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


@_collector_at_rest()
def unpack(pieces: Iterable[str], world: World) -> None:
    """Put what `pack` has written into a world that nobody is in yet. Raises ParcelError."""
    try:
        head, *parts = map(json.loads, pieces)
        shape = head["shape"]
        for name, kind in _CLASSES.items():
            # A new object of such a class would lack what another version has not written.
            if kind not in _BLANKS and not set(_slots(kind)) <= set(shape.get(name, _slots(kind))):
                raise ParcelError("it was packed by a version that this one does not understand")
        unpacker = _Unpacker([*chain.from_iterable(parts)], shape)
        own = set(_slots(World)) - _NOT_CARRIED
        values = {name: unpacker.value(part) for name, part in head["world"].items() if name in own}
        if own - values.keys() - _MAY_LACK:
            raise ParcelError("it was packed by a version that this one does not understand")
    except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise ParcelError(f"no world: {error}") from error
    for name, value in values.items():
        setattr(world, name, value)


_known: dict[type, tuple[str, ...]] = {}
_takers: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def _slots(kind: type) -> tuple[str, ...]:
    names = _known.get(kind)
    if names is None:
        names = _known[kind] = tuple(values_of(kind))
    return names


def _take(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    taker = _takers.get(kind)
    if taker is None:
        taker = _takers[kind] = attrgetter(*_slots(kind))
    return taker
