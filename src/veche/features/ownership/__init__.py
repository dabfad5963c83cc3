"""Rooms that belong to people: registered by a founder, with ranks that he gives to others by their accounts.

`facts.py` says what can happen to the ownership of a room, `ranks.py` how members come by what is theirs, and
`chanserv.py` what ChanServ understands (`verbs.py` and `moderation.py`).
"""

from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.features.accounts.erasure import AccountErased
from veche.features.mode import RoomModeChanged
from veche.features.ownership import facts, ranks
from veche.features.ownership.chanserv import CHANSERV
from veche.features.topic import TopicSet
from veche.state.events import LoggedIn, LoggedOut
from veche.state.renaming import RoomRenamed


def _nothing(_fact: object, _view: int, _tags: str) -> str:
    return ""


CHANGED = FactRow(guard=facts.guard, apply=facts.apply_change, render=_nothing, saves=facts.save_change)

feature = Feature(
    "ownership",
    commands=[
        Command(
            "CHANSERV",
            CHANSERV.command,
            help=Help(
                "[<verb> [<parameter>...]]",
                "Speaks with ChanServ, who keeps rooms for their founders. CHANSERV HELP tells what it understands.",
                "Обращается к ChanServ: он хранит комнаты для их основателей. CHANSERV HELP покажет, что он понимает.",
                Family.ROOMS,
            ),
        ),
        Command(
            "CS",
            CHANSERV.command,
            help=Help(
                "[<verb> [<parameter>...]]",
                "The same as CHANSERV. CS HELP tells what it understands.",
                "То же, что CHANSERV. CS HELP покажет, что он понимает.",
                Family.ROOMS,
            ),
        ),
    ],
    facts={
        facts.RoomRegistered: FactRow(
            guard=facts.guard,
            apply=facts.apply_registration,
            render=_nothing,
            saves=facts.save_registration,
        ),
        facts.RoomGivenUp: FactRow(
            guard=facts.guard, apply=facts.apply_giving_up, render=_nothing, saves=facts.save_giving_up
        ),
        **dict.fromkeys(
            (facts.AccessChanged, facts.RoomOffered, facts.RoomTransferred, facts.LockSet), CHANGED
        ),
        ranks.RankSettled: FactRow(
            apply=ranks.apply_settling, render=ranks.render_settling, saves=ranks.save_settling
        ),
    },
    guards={
        RoomRenamed: facts.guard_renaming,
        TopicSet: facts.guard_topic,
        RoomModeChanged: facts.guard_modes,
    },
    witnesses={
        facts.RoomRegistered: ranks.settle_founder,
        facts.RoomGivenUp: ranks.settle_all,
        facts.RoomTransferred: ranks.settle_all,
        facts.AccessChanged: ranks.settle_account,
        LoggedIn: ranks.settle_rooms,
        LoggedOut: ranks.settle_rooms,
        AccountErased: ranks.bequeath,
    },
    begins=ranks.bequeath_all,
    services={"chanserv": CHANSERV.hear},
)
