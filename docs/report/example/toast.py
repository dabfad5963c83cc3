"""TOAST: raises a cup in a room, to something or to everybody.

The worked example of the report (docs/report/3-practice.md): no part of the server, but built and played by its tests.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal, fit
from veche.state.events import Audience, Fact
from veche.state.world import World
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.names import fold

LONGEST = 200  # bytes of what the cup is raised to


class ToastRaised(Fact):
    """Somebody has raised a cup in a room. It changes nothing, so what stands behind it need not wait for it."""

    __slots__ = ("room", "source", "text")
    changes = False

    def __init__(self, actor: str, source: str, room: str, text: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.text = text


def toast(ask: Ask) -> None:
    """TOAST <room> [<to what>]"""
    name, text = ask.params[0], ask.params[1] if len(ask.params) > 1 else "everybody"
    room = ask.world.rooms.get(fold(name))
    if room is None or not room.is_visible_to(ask.user.uid):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
    else:
        ask.commit(ToastRaised(ask.user.uid, ask.user.source, room.name, cut(text, LONGEST)))


def guard_toast(world: World, fact: ToastRaised) -> Refusal | None:
    """Who is not in the room, or may not speak there, raises no cup there."""
    room = world.rooms.get(fold(fact.room))
    if room is None or fact.actor not in room.members:
        return Refusal(numerics.ERR_NOTONCHANNEL, fact.room, "You're not on that channel")
    if not room.may_speak(world.users[fact.actor], fact.time):
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, fact.room, "Cannot send to channel")
    return None


def apply_toast(world: World, fact: ToastRaised) -> Audience:
    """Everybody in the room sees it."""
    return Audience(world.rooms[fold(fact.room)])


def render_toast(fact: ToastRaised, _view: int, tags: str) -> str:
    """Every client knows how to show an action (CTCP ACTION), so none has to learn a new word."""
    return fit(tags, f":{fact.source} PRIVMSG {fact.room} :\x01ACTION raises a cup to {fact.text}\x01")


feature = Feature(
    "toast",
    commands=[
        Command(
            "TOAST",
            toast,
            least=1,
            help=Help(
                "<room> [<to what>]",
                "Raises a cup in a room, to something or to everybody.",
                "Поднимает в комнате чашку: за что-нибудь или за всех.",
                Family.TALK,
            ),
        )
    ],
    facts={ToastRaised: FactRow(guard=guard_toast, apply=apply_toast, render=render_toast)},
)
