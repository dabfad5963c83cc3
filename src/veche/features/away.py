"""AWAY: saying that one is not there to answer.

Sources: Modern IRC, "AWAY message"; away-notify; pre-away.
"""

from typing import ClassVar, Final, Protocol

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.pace import Pace
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.state.events import SILENCE, Audience, AwaySet, MemberJoined, UserArrived
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import AWAY_NOTIFY, PRE_AWAY
from veche.wire.compiler import mypyc_attr
from veche.wire.lines import cut
from veche.wire.names import fold

# Each change goes to everybody in the user's rooms, so somebody who toggles without end is held back.
CHANGES: Final = Pace("away", burst=6, seconds=5.0)


class Absence(Protocol):
    """Whatever makes somebody be away with a text, or back ("")."""

    source: str
    text: str


@mypyc_attr(allow_interpreted_subclasses=True)
class NewcomerIsAway(AwaySet):
    """Somebody has entered a room while being away."""

    __slots__ = ("room",)
    changes: ClassVar[bool] = False

    def __init__(self, actor: str, source: str, text: str, room: str) -> None:
        super().__init__(actor, source, text)
        self.room = room


def away(ask: Ask) -> None:
    """AWAY [<text>]; without a text, or with an empty one, the user is back; with "*" he is not there and gives no
    reason, as a client says that nobody sits at."""
    text = cut(ask.params[0], ask.settings.away_length) if ask.params else ""
    if ask.session.registration is not None:
        _before_registration(ask, text)
    elif text == ask.user.away:
        _tell(ask, text)  # nothing that anybody else need hear again
    elif CHANGES.wait(ask):
        ask.reply(numerics.RPL_TRYAGAIN, "AWAY", "Please wait a while and try again.")
    else:
        ask.commit(AwaySet(ask.user.uid, ask.user.source, text), _told)


def _before_registration(ask: Ask, text: str) -> None:
    """ "If the capability has been negotiated, servers MUST accept the AWAY command before connection registration has
    completed." """
    if not ask.session.caps & PRE_AWAY:
        ask.reply(numerics.ERR_NOTREGISTERED, "You have not registered")
        return
    ask.session.away = text
    _tell(ask, text)


def arrive_away(ask: Ask, fact: UserArrived) -> None:
    """Who has said before he was let in that he is away, is."""
    if ask.session.away:
        ask.commit(AwaySet(fact.actor, ask.world.users[fact.actor].source, ask.session.away))


def _told(ask: Ask, fact: AwaySet) -> None:
    """All his devices learn that he is away now, or back."""
    for session in ask.engine.fanout.sessions.get(fact.actor, ()):
        _tell(ask if session is ask.session else Ask(ask.engine, session, ask.message, ""), fact.text)


def _tell(ask: Ask, text: str) -> None:
    if text:
        ask.reply(numerics.RPL_NOWAWAY, "You have been marked as being away")
    else:
        ask.reply(numerics.RPL_UNAWAY, "You are no longer marked as being away")


def guard_away(world: World, fact: AwaySet) -> Refusal | None:
    """Who comes back by a device may be killed while that stands in line."""
    return None if fact.actor in world.users else Refusal("")


def apply_away(world: World, fact: AwaySet) -> Audience:
    """Who writes to him is told; who shares a room with him may hear of it at once."""
    user = world.users[fact.actor]
    user.away = fact.text
    user.is_away_for_absence = False
    return Audience(uids=world.peers(user))


def render_away(fact: Absence, view: int, tags: str) -> str:
    """AWAY, for whoever wants to know."""
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
    commands=[
        Command(
            "AWAY",
            away,
            early=True,
            help=Help(
                "[<text>]",
                "Says that you are away, which is told to whoever writes to you directly; alone it says that "
                "you are back. At most {s.away_length} bytes.",
                "Говорит, что вы отошли; это прочтёт тот, кто напишет вам лично. Без текста: вы вернулись. Не "
                "больше {s.away_length} байт.",
                Family.SELF,
            ),
        )
    ],
    facts={
        AwaySet: FactRow(guard=guard_away, apply=apply_away, render=render_away, own_copy=OwnCopy.NEVER),
        NewcomerIsAway: FactRow(apply=apply_newcomer, render=render_away, own_copy=OwnCopy.NEVER),
    },
    reactions={UserArrived: arrive_away, MemberJoined: tell_newcomer_is_away},
    caps={"away-notify": "", "draft/pre-away": ""},
    tokens=_tokens,
)
