"""DEFCON: levels of alarm, at which the server takes on less: 5 is none, 1 the highest. The config says what.

As services and Ergo have it. The level does not outlive the process: it is for the hour of an attack, and a restart is
the way out for operators whom a level keeps out of their own server. Who is on this machine comes in at any level.
"""

import logging
from typing import Final

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.limits import address_key
from veche.core.operators import guard_operator, is_operator, name_of, say, tell
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal
from veche.state.events import SILENCE, Audience, Fact, MemberJoined
from veche.state.world import World
from veche.wire import numerics
from veche.wire.compiler import mypyc_attr
from veche.wire.names import fold

CONNECTIONS: Final = "connections"
ROOMS: Final = "rooms"
_NEAR: Final = ("", "127.0.0.1", "::/64")

_log = logging.getLogger("veche.oper")


@mypyc_attr(allow_interpreted_subclasses=True)
class AlarmRaised(Fact):
    """The server is at this level of alarm, and refuses these."""

    __slots__ = ("by", "level", "refused")

    def __init__(self, actor: str, by: str, level: int, refused: list[str]) -> None:
        super().__init__(actor)
        self.by = by
        self.level = level
        self.refused = refused


def defcon(ask: Ask) -> None:
    """DEFCON [<level>]."""
    world = ask.world
    if not ask.params:
        say(ask, _describe(world.alarm, world.refused))
    elif ask.params[0] not in ("1", "2", "3", "4", "5"):
        ask.fail(
            "INVALID_PARAMS",
            ask.params[0],
            text="A level is a number from 1, the highest, to 5, which is none",
        )
    else:
        level = int(ask.params[0])
        refused = sorted(ask.settings.defcon.get(level, ()))
        ask.commit(AlarmRaised(ask.user.uid, name_of(ask.user), level, refused), _raised)


def _raised(ask: Ask, _fact: AlarmRaised) -> None:
    say(ask, _describe(ask.world.alarm, ask.world.refused))


def _describe(level: int, refused: frozenset[str]) -> str:
    what = f"no new {', '.join(sorted(refused))}" if refused else "nothing is refused"
    return f"DEFCON {level}: {what}"


def apply_alarm(world: World, fact: AlarmRaised) -> Audience:
    """From now on less is taken on, or more."""
    world.alarm = fact.level
    world.refused = frozenset(fact.refused)
    return SILENCE


def _tell(engine: Engine, fact: AlarmRaised) -> None:
    text = f"{fact.by} sets {_describe(fact.level, frozenset(fact.refused))}"
    _log.warning("%s", text)
    tell(engine, "a", text)


def admits(engine: Engine, address: str) -> str:
    """New connections, but from this machine."""
    if CONNECTIONS not in engine.world.refused or address_key(address) in _NEAR:
        return ""
    return "The server takes nobody new in at the moment, please try again later"


def guard_room(world: World, fact: MemberJoined) -> Refusal | None:
    """New rooms, but by operators; the lobby comes into being by itself."""
    if ROOMS not in world.refused or fold(fact.room) in world.rooms or not fact.founder:
        return None
    if is_operator(world.users[fact.actor]):
        return None
    return Refusal(
        numerics.ERR_UNAVAILRESOURCE,
        fact.room,
        "The server opens no new rooms at the moment, please try later",
    )


feature = Feature(
    "defcon",
    commands=[
        Command(
            "DEFCON",
            defcon,
            privileged=True,
            help=Help(
                "[<level>]",
                "Shows the level of alarm or sets it: 5 is none, 1 the highest. What the server refuses at a "
                "level (new accounts, rooms or connections) is in the config; a restart ends the alarm.",
                "Показывает уровень тревоги или задаёт его: 5 тревоги нет, 1 высший. Что сервер не принимает "
                "на каждом уровне (новые учётные записи, комнаты, соединения), сказано в настройках; "
                "перезапуск снимает тревогу.",
                Family.OPERATORS,
            ),
        )
    ],
    facts={AlarmRaised: FactRow(guard=guard_operator, apply=apply_alarm, render=lambda fact, view, tags: "")},
    guards={MemberJoined: guard_room},
    witnesses={AlarmRaised: _tell},
    admits=admits,
)
