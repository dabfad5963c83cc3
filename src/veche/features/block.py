"""Whom somebody has blocked he does not hear: what the note `soju.im/blocked` says about a nick, the server obeys.

Source: soju, "Metadata keys": "Whether the target has been blocked by the user, and messages originating from this
source should be hidden". What is said to him alone is refused, on every device and while he is not here too; what is
said in a room is everybody's, and for his client to hide. Who is blocked reads the same as of SILENCE. Operators are
heard all the same.
"""

from __future__ import annotations

from typing import Final

from veche.core.registry import Feature
from veche.core.replies import Refusal
from veche.features.invite import UserInvited
from veche.features.messages import MessageSent, TagsSent
from veche.state.world import World
from veche.wire import numerics
from veche.wire.names import fold

BLOCKED: Final = "soju.im/blocked"


def guard_message(world: World, fact: MessageSent) -> Refusal | None:
    """Has the recipient blocked this sender?"""
    if fact.room or not _has_blocked(world, fact.recipient, fact.actor):
        return None
    return Refusal(numerics.ERR_CANTSENDTOUSER, fact.target, "This user does not take messages from you")


def guard_invitation(world: World, fact: UserInvited) -> Refusal | None:
    """Has the invited one blocked who invites him?"""
    target = world.users.get(fact.target)
    if target is None or not _has_blocked(world, target.identity, fact.actor):
        return None
    return Refusal(numerics.ERR_CANTSENDTOUSER, target.nick, "This user does not take invitations from you")


def _has_blocked(world: World, identity: str, actor: str) -> bool:
    """By his nick, or by the name of his account, whatever nick he has taken since."""
    user = world.present.get(identity)
    if user is not None:
        notes = user.notes  # of who has an account, those of its profile
    else:
        profile = world.profiles.get(identity)
        notes = profile.notes if profile is not None else {}
    if not notes:
        return False
    sender = world.users[actor]
    if "o" in sender.modes or user is sender:
        return False
    names = (sender.key, fold(sender.account))
    return any(notes.get(name, {}).get(BLOCKED) == "1" for name in names)


feature = Feature(
    "block",
    guards={MessageSent: guard_message, TagsSent: guard_message, UserInvited: guard_invitation},
)
