"""Which room somebody means who talks to ChanServ about one."""

from __future__ import annotations

from veche.core.ask import Ask
from veche.core.operators import is_operator
from veche.features.ownership.facts import tell_problem
from veche.state.ownership import Registration
from veche.state.room import Room
from veche.wire.lines import cut
from veche.wire.names import fold


def find_room(ask: Ask, name: str) -> Room | None:
    """The room of this name that the asker may know of; None if there is none, which is answered."""
    room = ask.world.rooms.get(fold(name))
    user = ask.user
    if room is None or not (room.is_visible_to(user.uid) or room.rule(user) or is_operator(user)):
        tell_problem("no-room", {"room": cut(name, ask.settings.room_length)}, ask)
        return None
    return room


def find_registered(ask: Ask, name: str) -> tuple[Room, Registration] | None:
    """The same for rooms that belong to somebody."""
    room = find_room(ask, name)
    if room is None:
        return None
    if room.registration is None:
        tell_problem("not-registered", {"room": room.name}, ask)
        return None
    return room, room.registration
