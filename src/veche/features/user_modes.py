"""The modes of users: MODE with a nick. What each mode does is told where it does it.

Source: Modern IRC, "MODE message" ("User mode"), "User Modes". `veche.features.mode` serves the command and comes here
when its target is a person.
"""

from typing import Final

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Help
from veche.core.registry import FactRow, Feature, SetBy, UserMode
from veche.state.events import SILENCE, Audience, Fact, UserArrived
from veche.state.user import LOGGED_IN, User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.compiler import mypyc_attr
from veche.wire.modes import Change, Kind, flags_after, format_modes, parse_modes
from veche.wire.names import fold

OPERATOR: Final = "o"
SECURE: Final = "Z"


@mypyc_attr(allow_interpreted_subclasses=True)
class UserModesChanged(Fact):
    """Some modes of a user (`actor`) are set or unset. `words` are the letters as MODE shows them, with their signs."""

    __slots__ = ("nick", "source", "words")

    def __init__(self, actor: str, source: str, nick: str, words: str) -> None:
        super().__init__(actor)
        self.source = source
        self.nick = nick
        self.words = words


def change_user(ask: Ask, nick: str) -> None:
    """MODE <nick> [<modestring>]: ask for one's own modes, or change them."""
    user = ask.user
    if fold(nick) != user.key:
        if fold(nick) in ask.world.users_by_key:
            ask.reply(numerics.ERR_USERSDONTMATCH, "Cant change mode for other users")
        else:
            ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
        return
    if len(ask.params) < 2:
        ask.reply(numerics.RPL_UMODEIS, "+" + "".join(sorted(user.modes)))
        return
    table = ask.engine.registry.user_modes
    wanted, unknown = parse_modes(dict.fromkeys(table, Kind.FLAG), ask.params[1:2])
    modes = set(user.modes)
    is_refused = False
    for change in wanted:
        mode = table[change.letter]
        if not change.adding:
            if mode.droppable:
                modes.discard(change.letter)
        elif mode.set_by is SetBy.USER or (mode.set_by is SetBy.OPERATOR and OPERATOR in modes):
            modes.add(change.letter)
        elif mode.set_by is SetBy.OPERATOR:
            is_refused = True
        # else it says how things are. RFC 2812, section 3.1.5, of +o: the attempt "SHOULD be ignored".
    if OPERATOR not in modes:
        modes -= {letter for letter, mode in table.items() if mode.set_by is SetBy.OPERATOR}
    # There and back again in one line is no change.
    changes = [Change(letter in modes, letter) for letter in sorted(modes ^ user.modes)]
    if changes:
        ask.commit(UserModesChanged(user.uid, user.source, user.nick, format_modes(changes)[0]))
    if len(ask.params) > 2 and any(change.adding and change.letter == "s" for change in wanted):
        ask.run("SNOMASK", ask.params[2])
    if is_refused:
        ask.reply(numerics.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
    if unknown:
        # "the server MUST apply the modes that are implemented, and then send the ERR_UMODEUNKNOWNFLAG"
        ask.reply(numerics.ERR_UMODEUNKNOWNFLAG, "Unknown MODE flag")


def demotion(engine: Engine, user: User) -> UserModesChanged:
    """He is no operator any more, and has nothing that only operators have."""
    table = engine.registry.user_modes
    letters = sorted(
        letter for letter in user.modes if letter in table and table[letter].set_by is SetBy.OPERATOR
    )
    return UserModesChanged(user.uid, user.source, user.nick, "-" + OPERATOR + "".join(letters))


def tell_modes(ask: Ask, fact: UserArrived) -> None:
    """Who has come in through TLS has mode Z for as long as he stays; who has logged in before learns that he has r."""
    user = ask.world.users[fact.actor]
    if user.account:
        ask.send(f":{user.source} MODE {user.nick} +{LOGGED_IN}")
    if ask.session.secure:
        ask.commit(UserModesChanged(user.uid, user.source, user.nick, "+" + SECURE))


def apply_modes(world: World, fact: UserModesChanged) -> Audience:
    """The modes are changed, which is the user's own affair."""
    user = world.users[fact.actor]
    modes = flags_after(user.modes, fact.words)
    if modes == user.modes:
        return SILENCE
    world.set_modes(user, frozenset(modes))
    fact.nick = user.nick  # another one may have stood in line before
    return Audience(uids=(user.uid,))


feature = Feature(
    "user-modes",
    facts={
        UserModesChanged: FactRow(
            apply=apply_modes,
            render=lambda fact, view, tags: f"{tags}:{fact.source} MODE {fact.nick} {fact.words}",
        )
    },
    reactions={UserArrived: tell_modes},
    user_modes={
        "i": UserMode(
            help=Help(
                "",
                "Keeps you out of what WHO finds by mask, but for those who share a room with you; WHO and "
                "NAMES of a room show you to those in it.",
                "WHO по маске находит вас только для тех, кто в одной комнате с вами; WHO и NAMES комнаты "
                "показывают вас тем, кто в ней.",
            )
        ),
        OPERATOR: UserMode(
            SetBy.SERVER,
            help=Help("", "You are an operator of this server (OPER).", "Вы оператор этого сервера (OPER)."),
        ),
        LOGGED_IN: UserMode(
            SetBy.SERVER,
            droppable=False,
            help=Help("", "You are logged in to an account.", "Вы вошли в учётную запись."),
        ),
        "s": UserMode(
            SetBy.OPERATOR,
            help=Help(
                "",
                "You read notices of the server; SNOMASK chooses which.",
                "Вы читаете уведомления сервера; какие, выбирает SNOMASK.",
            ),
        ),
        "w": UserMode(
            help=Help(
                "",
                "You read what operators of this server say to all (WALLOPS).",
                "Вы читаете то, что операторы сервера говорят всем (WALLOPS).",
            )
        ),
        SECURE: UserMode(
            SetBy.SERVER,
            droppable=False,
            help=Help("", "You have come in through TLS.", "Вы пришли через TLS."),
        ),
    },
)
