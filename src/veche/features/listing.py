"""LIST: which rooms there are, all or those that fit, in pieces.

Sources: Modern IRC, "LIST message", "ELIST parameter", "SAFELIST parameter".

"A widespread bug in existing implementations is to swap the semantics": here `C<10` is a room that is younger than ten
minutes and `C>10` one that is older; the same with `T` and the age of a topic.
"""

from collections.abc import Callable, Iterator

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.pace import Pace
from veche.core.registry import Command, Feature
from veche.core.settings import Settings
from veche.state.room import Room
from veche.wire import numerics
from veche.wire.names import fold, is_room, matches

# Conditions in one request, each of which is held against every room.
CONDITIONS = 8
# A list of everything looks at every room; one of named rooms does not, and is not counted.
SEARCHES = Pace("list", burst=4, seconds=5.0)
_MINUTE_MS = 60_000
# More digits than this are no age or number of anybody.
_DIGITS = 9

# Whether a room fits, at a time (ms since 1970).
Condition = Callable[[Room, int], bool]


def listing(ask: Ask) -> None:
    """LIST [<channel>{,<channel>}] [<elistcond>{,<elistcond>}]: rooms by name, or all that one may see; and filters."""
    names: list[str] = []
    conditions: list[Condition] = []
    for word in dict.fromkeys(word for param in ask.params[:2] for word in param.split(",") if word):
        if is_room(word) and not set(word) & set("*?"):
            names.append(word)
        else:
            conditions.append(parse_condition(word))
        if len(names) > ask.settings.max_targets or len(conditions) > CONDITIONS:
            ask.reply(numerics.ERR_TOOMANYTARGETS, word, "Too many targets")
            return
    if names:
        found = [ask.world.rooms.get(fold(name)) for name in names]
        rooms = [room for room in found if room is not None]
    elif SEARCHES.wait(ask):
        # "When a server drops a command without processing it, this numeric MUST be sent"
        ask.reply(numerics.RPL_TRYAGAIN, "LIST", "Please wait a while and try again.")
        return
    else:
        rooms = list(ask.world.rooms.values())
    ask.engine.pieces.start(ask, _answer(ask, rooms, conditions))


def _answer(ask: Ask, rooms: list[Room], conditions: list[Condition]) -> Iterator[None]:
    """ "the server MAY send one RPL_LISTSTART numeric, MUST send back zero or more RPL_LIST numerics, and MUST send
    back one RPL_LISTEND numeric." """
    ask.reply(numerics.RPL_LISTSTART, "Channel", "Users  Name")
    for room in rooms:
        if _is_shown(ask, room, conditions):
            ask.reply(numerics.RPL_LIST, room.name, str(len(room.members)), room.topic)
        yield
    ask.reply(numerics.RPL_LISTEND, "End of /LIST")


def _is_shown(ask: Ask, room: Room, conditions: list[Condition]) -> bool:
    """Whether the room is still there, as this one, and is his to see and to find."""
    if ask.world.rooms.get(room.key) is not room or not room.is_visible_to(ask.user.uid):
        return False
    now = int(ask.engine.clock.now() * 1000)
    return all(fits(room, now) for fits in conditions)


def parse_condition(word: str) -> Condition:
    """What one condition of ELIST=CMNTU asks of a room. "The letters MUST be treated as being case-insensitive."

    A word that is no condition is a mask, which fits nothing or what it names.
    """
    kind, sign, number = word[0].upper(), word[1:2], word[2:]
    if kind in ("<", ">"):
        kind, sign, number = "U", word[0], word[1:]
    if (
        kind in "CTU"
        and sign in ("<", ">")
        and number.isascii()
        and number.isdigit()
        and len(number) <= _DIGITS
    ):
        return _compare(kind, int(number), is_less=sign == "<")
    if word[0] == "!" and len(word) > 1:
        unwanted = fold(word[1:])
        return lambda room, now: not matches(unwanted, room.key)
    wanted = fold(word)
    return lambda room, now: matches(wanted, room.key)


def _compare(kind: str, number: int, *, is_less: bool) -> Condition:
    if kind == "U":
        # "a channel that has less or more than val users, respectively"
        return lambda room, now: len(room.members) < number if is_less else len(room.members) > number
    age = number * _MINUTE_MS
    if kind == "C":
        # "created either less than val minutes ago, or more than val minutes ago, respectively"
        return lambda room, now: now - room.created < age if is_less else now - room.created > age
    return lambda room, now: _is_topic_of_age(room, now, age, is_less=is_less)


def _is_topic_of_age(room: Room, now: int, age: int, *, is_less: bool) -> bool:
    """ "a topic time that was set less than val minutes ago, or more than val minutes ago, respectively" """
    if not room.topic_time:
        return False
    passed = now - room.topic_time * 1000
    return passed < age if is_less else passed > age


def _tokens(_settings: Settings) -> dict[str, str]:
    # SAFELIST: "the server ensures that a client may perform the LIST command without being disconnected due to the
    # large volume of data the LIST command generates."
    return {"ELIST": "CMNTU", "SAFELIST": ""}


feature = Feature(
    "listing",
    commands=[
        Command(
            "LIST",
            listing,
            costly_targets=0,
            help=Help(
                "[<room>{,<room>}] [<condition>{,<condition>}]",
                "Tells of the rooms that there are: their topics, and how many people are in them. A "
                "condition is a mask (*tea*), one that must not fit (!*tea*), a number of people (>5, <50), "
                "or an age in minutes: C<10 is made less than ten minutes ago, T>60 has a topic older than an "
                "hour.",
                "Рассказывает, какие есть комнаты, с темами и числом людей. Условие: маска (*чай*), маска с "
                "отрицанием (!*чай*), число людей (>5, <50) или возраст в минутах: C<10 создана меньше десяти "
                "минут назад, T>60 тема старше часа.",
                Family.ROOMS,
            ),
        )
    ],
    tokens=_tokens,
)
