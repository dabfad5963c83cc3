"""What differs where a module is compiled (tools/compile), in one place. To run, nothing needs the compiler."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

__all__ = ["mypyc_attr", "values_of"]

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr
else:
    Kind = TypeVar("Kind", bound=type)

    def mypyc_attr(**_attributes: object) -> Callable[[Kind], Kind]:
        """What a class is to be when it is compiled: mypy_extensions.mypyc_attr."""
        return lambda kind: kind


def values_of(kind: type) -> list[str]:
    """The names of the slots of a class, those of its bases first."""
    names: dict[str, None] = {}
    for cls in reversed(kind.__mro__):
        # A compiled class has no __slots__, and names those of its bases too.
        own = vars(cls).get("__slots__") or vars(cls).get("__mypyc_attrs__", ())
        names.update(dict.fromkeys(sorted(own)))
    return list(names)
