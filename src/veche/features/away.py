"""AWAY: saying that one is not there to answer.

Source: Modern IRC, "AWAY message".
"""

from veche.core.ask import Ask
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.settings import Settings
from veche.state.events import SILENCE, Audience, Fact
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut


class AwaySet(Fact):
    """A user is away with a message, or back ("")."""

    __slots__ = ("text",)

    def __init__(self, actor: str, text: str) -> None:
        super().__init__(actor)
        self.text = text


def away(ask: Ask) -> None:
    """AWAY [<text>]; without a text, or with an empty one, the user is back."""
    text = cut(ask.params[0], ask.settings.away_length) if ask.params else ""
    ask.commit(AwaySet(ask.user.uid, text), _tell)


def _tell(ask: Ask, fact: AwaySet) -> None:
    if fact.text:
        ask.reply(numerics.RPL_NOWAWAY, "You have been marked as being away")
    else:
        ask.reply(numerics.RPL_UNAWAY, "You are no longer marked as being away")


def apply_away(world: World, fact: AwaySet) -> Audience:
    """Who writes to him is told."""
    world.users[fact.actor].away = fact.text
    return SILENCE


def _tokens(settings: Settings) -> dict[str, str]:
    return {"AWAYLEN": str(settings.away_length)}


feature = Feature(
    "away",
    commands=[Command("AWAY", away)],
    facts={AwaySet: FactRow(apply=apply_away, render=lambda fact, view, tags: "", own_copy=OwnCopy.NEVER)},
    tokens=_tokens,
)
