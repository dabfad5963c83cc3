"""Being here: with one device, with several, and for those who stay, with none.

The rule: whether somebody stays is his choice and the installation's (`Account.stays`). Who stays is a user like any
other without a device: in his rooms, reached by messages, and away with a text that says why he does not answer.
"""

from __future__ import annotations

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.registry import FactRow, Feature, OwnCopy
from veche.core.replies import plain_time
from veche.core.session import Session
from veche.features.accounts.facts import DeviceSeen
from veche.features.accounts.missed import tell_missed
from veche.features.accounts.staying import (
    SAVES,
    MemberKept,
    PersonKept,
    UserAbsent,
    apply_absence,
    restore_member,
    restore_person,
)
from veche.features.away import render_away
from veche.features.monitor import tell_change
from veche.phrases import Language, Phrases
from veche.state.events import DeviceCame, LoggedIn, UserArrived
from veche.state.user import User
from veche.wire import numerics

PHRASES = {
    "absent": (
        "Not connected; will read this on coming back",
        "Не на связи; прочтёт, когда вернётся",
    ),
}


def linger(engine: Engine, _session: Session | None, user: User) -> bool:
    """Whether a user whose last device goes stays; then he is absent from now on."""
    if not user.stays:
        return False
    language: Language = "ru" if engine.settings.language == "ru" else "en"
    engine.log.follow_up(UserAbsent(user.uid, user.source, Phrases(PHRASES, language)("absent")), None)
    return True


def note_device(engine: Engine, session: Session) -> None:
    """A device has seen everything up to now."""
    account = engine.world.accounts.by_uid.get(session.account)
    if account is not None:
        engine.log.commit(DeviceSeen(account, session.device), None)


def tell_whois(ask: Ask, user: User) -> None:
    """Who has no device here is seen to have none."""
    if user.absent:
        when = plain_time(user.absent)
        ask.reply(numerics.RPL_WHOISSPECIAL, user.nick, f"is not connected, and was here last at {when}")


def _nothing(_fact: object, _view: int, _tags: str) -> str:
    return ""


feature = Feature(
    "presence",
    facts={
        UserAbsent: FactRow(apply=apply_absence, render=render_away, own_copy=OwnCopy.NEVER),
        PersonKept: FactRow(apply=restore_person, render=_nothing),
        MemberKept: FactRow(apply=restore_member, render=_nothing),
    },
    saves=SAVES,
    lingers=linger,
    parting=note_device,
    whois=tell_whois,
    reactions={UserArrived: tell_missed, DeviceCame: tell_missed, LoggedIn: tell_missed},
    witnesses={UserAbsent: tell_change},
)
