"""Which facts may share a turn although each of them changes the world, so that a crowd comes and goes in few turns.

The rule: arrivals, joins and departures of different people, none of whom is kept for staying, are each judged as they
would be behind the others; and so is nothing else.
"""

from __future__ import annotations

from veche.state.events import Fact, MemberJoined, UserArrived, UserLeft
from veche.state.world import World
from veche.wire.confusables import skeleton
from veche.wire.names import fold

KINDS = (UserArrived, UserLeft, MemberJoined)
_COMING = (UserArrived, MemberJoined)


def may_follow(before: type[Fact], behind: type[Fact]) -> bool:
    """Whether facts of these kinds may share a turn: coming does not mix with going, which frees nicks and rooms."""
    return (before is behind and behind in KINDS) or (before in _COMING and behind in _COMING)


def marks(fact: Fact) -> set[str]:
    """What no two facts in one turn may have in common."""
    if not isinstance(fact, UserArrived):
        return {fact.actor}
    found = {fact.actor, f"nick {fold(fact.nick)}", f"look {skeleton(fact.nick)}"}
    return found | {f"account {fact.account}"} if fact.account else found


def is_plain(world: World, fact: Fact) -> bool:
    """Whether others may come or go beside this one without a difference to how it is judged and kept."""
    if isinstance(fact, UserArrived):
        return not fact.stays
    user = world.users.get(fact.actor)
    if user is None or user.stays:
        return False
    room = world.rooms.get(fold(fact.room)) if isinstance(fact, MemberJoined) else None
    return room is None or not room.limit
