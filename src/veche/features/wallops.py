"""WALLOPS: a word of an operator to everybody who wants to hear it (mode w).

Source: Modern IRC, "WALLOPS message".
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.operators import guard_operator
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import fit
from veche.state.events import Audience, Fact
from veche.state.world import World
from veche.wire import numerics

LISTENS = "w"


class WallopsSent(Fact):
    """An operator has said something to all who listen."""

    __slots__ = ("source", "text")
    changes = False

    def __init__(self, actor: str, source: str, text: str) -> None:
        super().__init__(actor)
        self.source = source
        self.text = text


def wallops(ask: Ask) -> None:
    """WALLOPS <text>."""
    if not ask.params[0]:
        ask.reply(numerics.ERR_NEEDMOREPARAMS, "WALLOPS", "Not enough parameters")
        return
    ask.commit(WallopsSent(ask.user.uid, ask.user.source, ask.params[0]))


def apply_wallops(world: World, _fact: WallopsSent) -> Audience:
    """Nothing changes."""
    if not world.mode_counts.get(LISTENS):
        return Audience()
    return Audience(uids=[user.uid for user in world.users.values() if LISTENS in user.modes])


feature = Feature(
    "wallops",
    commands=[
        Command(
            "WALLOPS",
            wallops,
            least=1,
            privileged=True,
            help=Help(
                "<text>",
                "Says something to everybody who has mode +w.",
                "Говорит что-нибудь всем, у кого режим +w.",
                Family.OPERATORS,
            ),
        )
    ],
    facts={
        WallopsSent: FactRow(
            guard=guard_operator,
            apply=apply_wallops,
            render=lambda fact, view, tags: fit(tags, f":{fact.source} WALLOPS :{fact.text}"),
            own_copy=OwnCopy.ALWAYS,
        )
    },
)
