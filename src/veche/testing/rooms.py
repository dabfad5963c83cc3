"""Rooms as a test wants them, without the commands that would furnish them."""

from veche.state.masks import parse_mask
from veche.state.room import Entry, Room
from veche.wire.names import fold


def list_mask(room: Room, letter: str, text: str, time: int = 0) -> Entry:
    """Put a mask on one of a room's lists, as set by ann at `time` (seconds). Raises ValueError for no mask."""
    mask = parse_mask(text)
    if mask is None:
        raise ValueError(text)
    entry = room.lists[letter][fold(mask.text)] = Entry(mask, "ann", time)
    room.lists_mark += 1
    room.has_timed = room.has_timed or bool(mask.minutes)
    return entry
