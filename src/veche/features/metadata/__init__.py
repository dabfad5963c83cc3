"""Metadata: what people and rooms say of themselves, by key, to those who want to know.

Source: metadata (draft, version 2). `commands.py` serves METADATA, `facts.py` says who may change what, `spread.py`
tells whom it concerns. Values live as long as their user or room does, those of a lasting room over a restart. Notes
(`soju.im/muted` and the like) are what a user keeps about others for himself; nobody else can read them.
"""

from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.accounts.erasure import AccountErased
from veche.features.accounts.facts import AccountRegistered
from veche.features.metadata import commands, facts, spread
from veche.state.events import MemberJoined, NickChanged, UserArrived
from veche.state.renaming import RoomRenamed


def _value(_session: Session, settings: Settings) -> str:
    return (
        f"before-connect,max-subs={settings.metadata_subs},max-keys={settings.metadata_keys},"
        f"max-value-bytes={settings.metadata_value_bytes}"
    )


feature = Feature(
    "metadata",
    commands=[
        Command(
            "METADATA",
            commands.metadata,
            early=True,
            help=Help(
                "<target> GET <key>{ <key>}\n"
                "<target> SET <key> [<value>]\n"
                "<target> LIST\n"
                "<target> CLEAR\n"
                "<target> SYNC\n"
                "* SUB <key>{ <key>}\n"
                "* UNSUB <key>{ <key>}\n"
                "* SUBS",
                "What people and rooms say of themselves, by key; * is you. You set your own and those of "
                "rooms of which you are an operator; SUB tells you when the values of a key change. At most "
                "{s.metadata_keys} keys.",
                "Что люди и комнаты сообщают о себе, по ключам; * это вы. Менять можно своё и то, что "
                "сообщают комнаты, где вы оператор; SUB подписывает на изменения ключа. Не больше "
                "{s.metadata_keys} ключей.",
                Family.PEOPLE,
            ),
        )
    ],
    facts={
        facts.MetadataChanged: FactRow(
            guard=facts.guard_change,
            apply=facts.apply_change,
            render=lambda fact, view, tags: "",
            saves=facts.save,
        ),
        facts.MetadataCleared: FactRow(
            guard=lambda world, fact: facts.guard_target(world, fact, "*"),
            apply=facts.apply_clearing,
            render=lambda fact, view, tags: "",
            saves=facts.save,
        ),
        facts.NoteChanged: FactRow(
            guard=facts.guard_note,
            apply=facts.apply_note,
            render=lambda fact, view, tags: "",
            saves=facts.save_note,
        ),
        facts.ProfileKept: FactRow(apply=facts.restore_profile, render=lambda fact, view, tags: ""),
    },
    saves={
        AccountRegistered: facts.save_registered,
        AccountErased: facts.save_erased,
        RoomRenamed: facts.save_renamed,
    },
    reactions={UserArrived: commands.arrive, MemberJoined: commands.sync_newcomer},
    witnesses={
        facts.MetadataChanged: spread.tell_change,
        facts.MetadataCleared: spread.tell_clearing,
        MemberJoined: spread.tell_newcomer,
        NickChanged: spread.tell_nick,
    },
    caps={"draft/metadata-2": _value},
    parting=spread.forget_session,
    greeting=commands.greet,
    follow=commands.tell_followed,
    whois=commands.tell_whois,
)
