"""SILENCE: not hearing somebody, by mask. It is for what is sent to oneself alone: direct messages and invitations.

Source: the practice of IRC servers (ircu, InspIRCd): 271, 272, 511, the token SILENCE. Unlike there the sender is told,
because whoever says something here learns what becomes of it, and what nobody hears is not kept either.
"""

from typing import Final

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.features.invite import UserInvited
from veche.features.messages import MessageSent, TagsSent
from veche.state.events import SILENCE, Audience, Fact
from veche.state.masks import full_mask
from veche.state.user import User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.compiler import mypyc_attr
from veche.wire.names import fold, matches

MASK_LENGTH: Final = 200


@mypyc_attr(allow_interpreted_subclasses=True)
class SilenceChanged(Fact):
    """A user (`actor`) hears somebody no more, or again. `at_most` is for the guard alone."""

    __slots__ = ("adding", "at_most", "mask", "source")

    def __init__(self, actor: str, source: str, mask: str, *, adding: bool, at_most: int) -> None:
        super().__init__(actor)
        self.source = source
        self.mask = mask
        self.adding = adding
        self.at_most = at_most


def silence(ask: Ask) -> None:
    """SILENCE: the list. SILENCE [+]<mask> and -<mask>, several with commas: a change of it."""
    user = ask.user
    word = ask.params[0] if ask.params else ""
    if not word or fold(word) == user.key:
        for mask in user.silences.values():
            ask.reply(numerics.RPL_SILELIST, user.nick, mask)
        ask.reply(numerics.RPL_ENDOFSILELIST, user.nick, "End of Silence List")
        return
    for piece in word.split(","):
        adding = piece[:1] != "-"
        mask = full_mask(piece.lstrip("+-"))
        if piece.strip("+-") and " " not in mask and len(mask.encode()) <= MASK_LENGTH:
            at_most = ask.settings.silence_entries
            ask.commit(SilenceChanged(user.uid, user.source, mask, adding=adding, at_most=at_most))
        else:
            ask.reply(
                numerics.ERR_UNKNOWNERROR,
                "SILENCE",
                piece[:32] or "*",
                "This is not a mask like nick!user@host",
            )


def guard_silence(world: World, fact: SilenceChanged) -> Refusal | None:
    """The list has an end."""
    silences = world.users[fact.actor].silences
    if fact.adding and fold(fact.mask) not in silences and len(silences) >= fact.at_most:
        return Refusal(numerics.ERR_SILELISTFULL, fact.mask, "Your silence list is full")
    return None


def apply_silence(world: World, fact: SilenceChanged) -> Audience:
    """He alone hears of it, and only of what changes."""
    silences = world.users[fact.actor].silences
    key = fold(fact.mask)
    if (key in silences) == fact.adding:
        return SILENCE
    if fact.adding:
        silences[key] = fact.mask
    else:
        del silences[key]
    return Audience(uids=(fact.actor,))


def guard_message(world: World, fact: MessageSent) -> Refusal | None:
    """Does the recipient hear this sender?"""
    if fact.room:
        return None  # what is said to all
    return _guard(world, fact.actor, fact.recipient, "This user does not take messages from you")


def guard_invitation(world: World, fact: UserInvited) -> Refusal | None:
    """Does the invited one hear who invites him?"""
    return _guard(world, fact.actor, fact.target, "This user does not take invitations from you")


def _guard(world: World, actor: str, recipient: str, text: str) -> Refusal | None:
    hearer = world.present.get(recipient)
    if hearer is None or not hearer.silences:
        return None
    sender = world.users.get(actor)
    if sender is None or sender is hearer or "o" in sender.modes or not _is_silenced(sender, hearer):
        return None
    return Refusal(numerics.ERR_CANTSENDTOUSER, hearer.nick, text)


def _is_silenced(sender: User, recipient: User) -> bool:
    source = fold(sender.source)
    return any(matches(mask, source) for mask in recipient.silences)


def _tokens(settings: Settings) -> dict[str, str]:
    return {"SILENCE": str(settings.silence_entries)}


feature = Feature(
    "silence",
    commands=[
        Command(
            "SILENCE",
            silence,
            costly_targets=0,
            help=Help(
                "[<mask>{,<mask>}]",
                "Whom you do not want to hear: direct messages and invitations from such people are refused. "
                "-<mask> takes a mask off; alone it shows the list. At most {s.silence_entries} masks.",
                "Кого вы не хотите слышать: личные сообщения и приглашения от таких людей отклоняются. "
                "-<маска> убирает маску; без параметра показывает список. Не больше {s.silence_entries} "
                "масок.",
                Family.PEOPLE,
            ),
        )
    ],
    facts={
        SilenceChanged: FactRow(
            guard=guard_silence,
            apply=apply_silence,
            render=lambda fact, view, tags: (
                f"{tags}:{fact.source} SILENCE {'+' if fact.adding else '-'}{fact.mask}"
            ),
        )
    },
    guards={MessageSent: guard_message, TagsSent: guard_message, UserInvited: guard_invitation},
    tokens=_tokens,
)
