"""SETNAME: changing one's real name.

Source: setname.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.state.events import Audience, RealNameChanged
from veche.state.world import World
from veche.wire.caps import SETNAME

# A name changed more often than this (seconds) is a flood in everybody's window.
_PAUSE = 5.0


def setname(ask: Ask) -> None:
    """SETNAME :<realname>."""
    # "The server MUST use the standard replies extension to notify the client of failed SETNAME commands": no 461.
    name = ask.params[0] if ask.params else ""
    # "Servers MUST check the realname for validity (taking length limits into consideration)."
    if not name.strip() or len(name.encode()) > ask.settings.real_name_length:
        ask.fail("INVALID_REALNAME", text="Realname is not valid")
        return
    now = ask.engine.clock.monotonic()
    if now < ask.session.named + _PAUSE:
        ask.fail("CANNOT_CHANGE_REALNAME", text="Slow down your realname changes")
        return
    ask.session.named = now
    ask.commit(RealNameChanged(ask.user.uid, ask.user.source, name))


def apply_name(world: World, fact: RealNameChanged) -> Audience:
    """The name is changed; "all clients in common channels" hear of it."""
    user = world.users[fact.actor]
    user.real_name = fact.real_name
    return Audience(uids=world.peers(user) | {user.uid})  # on his other devices too


def _render(fact: RealNameChanged, view: int, tags: str) -> str:
    """ "The SETNAME message MUST NOT be sent to clients which do not have the setname capability negotiated." """
    return f"{tags}:{fact.source} SETNAME :{fact.real_name}" if view & SETNAME else ""


feature = Feature(
    "setname",
    commands=[
        Command(
            "SETNAME",
            setname,
            help=Help(
                "<real name>",
                "Changes your real name. At most {s.real_name_length} bytes.",
                "Меняет ваше настоящее имя. Не больше {s.real_name_length} байт.",
                Family.SELF,
            ),
        )
    ],
    facts={RealNameChanged: FactRow(apply=apply_name, render=_render)},
    caps={"setname": ""},
)
