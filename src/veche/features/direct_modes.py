"""R and T: what a user does not want to be sent directly, whoever sends it.

Source: the practice of IRC servers (Solanum, InspIRCd, UnrealIRCd): R is for messages of logged-in users only, T for no
CTCP but ACTION. What one writes to oneself passes, and so does an operator.
"""

from typing import Final

from veche.core.help import Help
from veche.core.registry import Feature, UserMode
from veche.core.replies import Refusal
from veche.features.messages import MessageSent, TagsSent, is_ctcp
from veche.state.world import World
from veche.wire import numerics

REGISTERED_ONLY: Final = "R"
NO_CTCP: Final = "T"


def guard_direct(world: World, fact: MessageSent) -> Refusal | None:
    """Does the recipient want to be written to, by this sender and in this way?"""
    if fact.room:
        return None  # what is said to all
    recipient = world.present.get(fact.recipient)
    if recipient is None or not recipient.modes:
        return None
    sender = world.users.get(fact.actor)
    if sender is None or sender is recipient or "o" in sender.modes:
        return None
    if REGISTERED_ONLY in recipient.modes and not sender.account:
        return Refusal(numerics.ERR_NONONREG, recipient.nick, "You must log in to message this user")
    if NO_CTCP in recipient.modes and is_ctcp(fact.text):
        return Refusal(numerics.ERR_NOCTCP, recipient.nick, "This user takes no CTCP")
    return None


feature = Feature(
    "direct-modes",
    guards={MessageSent: guard_direct, TagsSent: guard_direct},
    user_modes={
        REGISTERED_ONLY: UserMode(
            help=Help(
                "",
                "Only people who are logged in may write to you directly, and operators of this server.",
                "Писать вам лично могут только те, кто вошёл в учётную запись, и операторы сервера.",
            )
        ),
        NO_CTCP: UserMode(
            help=Help(
                "",
                "No CTCP but ACTION (/me) reaches you directly, unless an operator of this server sends it.",
                "Лично вам не доходит CTCP, кроме ACTION (/me), если его шлёт не оператор сервера.",
            )
        ),
    },
)
