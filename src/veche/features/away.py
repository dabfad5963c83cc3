"""AWAY: saying that one is not there to answer.

Source: Modern IRC, "AWAY message"; away-notify.
"""

from veche.core.ask import Ask
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.settings import Settings
from veche.state.events import SILENCE, Audience, AwaySet, MemberJoined
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import AWAY_NOTIFY
from veche.wire.lines import cut
from veche.wire.names import fold


class NewcomerIsAway(AwaySet):
    """Somebody has entered a room while being away."""

    __slots__ = ("room",)
    changes = False

    def __init__(self, actor: str, source: str, text: str, room: str) -> None:
        super().__init__(actor, source, text)
        self.room = room


def away(ask: Ask) -> None:
    """AWAY [<text>]; without a text, or with an empty one, the user is back."""
    text = cut(ask.params[0], ask.settings.away_length) if ask.params else ""
    ask.commit(AwaySet(ask.user.uid, ask.user.source, text), _tell)


def _tell(ask: Ask, fact: AwaySet) -> None:
    if fact.text:
        ask.reply(numerics.RPL_NOWAWAY, "You have been marked as being away")
    else:
        ask.reply(numerics.RPL_UNAWAY, "You are no longer marked as being away")


def apply_away(world: World, fact: AwaySet) -> Audience:
    """Who writes to him is told; who shares a room with him may hear of it at once."""
    user = world.users[fact.actor]
    user.away = fact.text
    return Audience(uids=world.peers(user))


def _render_away(fact: AwaySet, view: int, tags: str) -> str:
    if not view & AWAY_NOTIFY:
        return ""
    return f"{tags}:{fact.source} AWAY" + (f" :{fact.text}" if fact.text else "")


def tell_newcomer_is_away(ask: Ask, fact: MemberJoined) -> None:
    """ "clients will be sent an AWAY message [...] when a user joins and has an away message set"."""
    user = ask.world.users[fact.actor]
    if user.away:
        ask.engine.log.commit(NewcomerIsAway(user.uid, user.source, user.away, fold(fact.room)), None)


def apply_newcomer(world: World, fact: NewcomerIsAway) -> Audience:
    """The room hears of it; he need not be told. Unless he has left again by now."""
    room = world.rooms.get(fact.room)
    if room is None or fact.actor not in room.members:
        return SILENCE
    return Audience(uids=[uid for uid in room.members if uid != fact.actor])


def _tokens(settings: Settings) -> dict[str, str]:
    return {"AWAYLEN": str(settings.away_length)}


feature = Feature(
    "away",
    commands=[Command("AWAY", away)],
    facts={
        AwaySet: FactRow(apply=apply_away, render=_render_away, own_copy=OwnCopy.NEVER),
        NewcomerIsAway: FactRow(apply=apply_newcomer, render=_render_away, own_copy=OwnCopy.NEVER),
    },
    reactions={MemberJoined: tell_newcomer_is_away},
    caps={"away-notify": ""},
    tokens=_tokens,
)
