"""Whoever runs the windows for visitors, as the door for ssh does: one server, nothing on disk."""

from collections.abc import Callable
from dataclasses import dataclass

from veche.client.connection import Connection
from veche.tui.arrival import Wanted


@dataclass(frozen=True, slots=True)
class House:
    """`connect` makes the connection for what a visitor wants; there is no other server, and no field for one.

    While lines keep coming, the screen is drawn once in `pace` seconds at most, unless somebody types.
    """

    connect: Callable[[Wanted], Connection]
    pace: float = 0.5
