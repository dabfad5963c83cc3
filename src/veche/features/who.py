"""WHO: finding people, in a room, by nick or by mask; with fields of the asker's choice (WHOX).

Sources: Modern IRC, "WHO message"; whox.
"""

from collections.abc import Iterator

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.pace import Pace
from veche.core.registry import Command, Feature
from veche.core.replies import shown_prefix
from veche.core.settings import Settings
from veche.core.whereabouts import address_of, idle_seconds
from veche.state.room import Member
from veche.state.user import User
from veche.wire import numerics
from veche.wire.names import fold, is_room, matches

# How many users a mask may find in one answer; whoever wants more asks with a narrower mask.
WHO_LIMIT = 500
# A mask is held against everybody who is here; a room or a nick is looked up.
SEARCHES = Pace("who", burst=5, seconds=5.0)
# "Servers MUST send the fields in the order specified above."
FIELDS = "tcuihsnfdlaor"
# "255.255.255.255 is used for [ip] when the server refuses to disclose the IP address."
HIDDEN_ADDRESS = "255.255.255.255"


class Query:
    """What is asked of each user: `fields` in the order of the answer, or "" for the plain reply; only operators?"""

    __slots__ = ("fields", "is_extended", "operators_only", "token")

    def __init__(self, word: str) -> None:
        flags, percent, rest = word.partition("%")
        letters, _, token = rest.partition(",")
        self.operators_only = "o" in flags
        self.is_extended = bool(percent)
        # "Servers MUST ignore any non-standard field they don't support."
        self.fields = "".join(letter for letter in FIELDS if letter in letters)
        # "The token MUST contain only digit characters and MUST contain at most 3 characters."
        self.token = token if token.isascii() and token.isdigit() and len(token) <= 3 else "0"


def who(ask: Ask) -> None:
    """WHO <mask> [%<fields>[,<token>]]: a room, a nick, or a mask over nick, user name, host and real name."""
    mask = ask.params[0] if ask.params and ask.params[0] else "*"
    query = Query(ask.params[1] if len(ask.params) > 1 else "")
    if is_room(mask):
        answer = _in_room(ask, mask, query)
    elif (user := ask.world.users_by_key.get(fold(mask))) is not None:
        answer = _one(ask, user, query)
    elif mask == "0" or "*" in mask or "?" in mask:
        if SEARCHES.wait(ask):
            # "When a server drops a command without processing it, this numeric MUST be sent"
            ask.reply(numerics.RPL_TRYAGAIN, "WHO", "Please wait a while and try again.")
            return
        answer = _matching(ask, "*" if mask == "0" else fold(mask), query)
    else:
        answer = iter(())
    ask.engine.pieces.start(ask, _with_end(ask, mask, answer))


def _with_end(ask: Ask, mask: str, answer: Iterator[None]) -> Iterator[None]:
    yield from answer
    ask.reply(numerics.RPL_ENDOFWHO, mask, "End of WHO list")


# ---- who is found


def _in_room(ask: Ask, name: str, query: Query) -> Iterator[None]:
    room = ask.world.rooms.get(fold(name))
    if room is None or not room.is_visible_to(ask.user.uid):
        return
    is_member = ask.user.uid in room.members
    for uid, member in list(room.members.items()):
        if uid not in room.members or not room.sees(ask.user.uid, member):
            continue
        if is_member or "i" not in member.user.modes:
            _tell(ask, query, room.name, member.user, member)
            yield


def _one(ask: Ask, user: User, query: Query) -> Iterator[None]:
    _tell(ask, query, "*", user, None)
    yield


def _matching(ask: Ask, mask: str, query: Query) -> Iterator[None]:
    """ "Visible users are users who either aren't invisible (user mode +i) or have a common channel with the
    requesting client." """
    found = 0
    for user in list(ask.world.users.values()):
        yield
        if user.uid not in ask.world.users or not _is_visible(ask, user) or not _fits(user, mask):
            continue
        if found == WHO_LIMIT:
            ask.reply(numerics.ERR_TOOMANYMATCHES, "WHO", "Too many users match, please narrow your mask")
            return
        found += 1
        _tell(ask, query, "*", user, None)


def _is_visible(ask: Ask, user: User) -> bool:
    return "i" not in user.modes or user is ask.user or ask.world.sees(ask.user, user)


def _fits(user: User, mask: str) -> bool:
    return (
        mask == "*"
        or matches(mask, user.key)
        or matches(mask, fold(user.username))
        or matches(mask, fold(user.host))
        or matches(mask, fold(user.real_name))
    )


# ---- what is told


def _tell(ask: Ask, query: Query, room: str, user: User, member: Member | None) -> None:
    if query.operators_only and "o" not in user.modes:
        return
    if query.is_extended:
        if query.fields:
            fields = [_field(ask, letter, query.token, room, user, member) for letter in query.fields]
            ask.reply(numerics.RPL_WHOSPCRPL, *fields)
        return
    flags = _flags(ask, user, member)
    server = ask.settings.server
    ask.reply(
        numerics.RPL_WHOREPLY, room, user.username, user.host, server, user.nick, flags, f"0 {user.real_name}"
    )


def _flags(ask: Ask, user: User, member: Member | None) -> str:
    """Away status, operator, prefixes, and the letters of modes that are shown here, "in this order"."""
    flags = "G" if user.away else "H"
    if "o" in user.modes:
        flags += "*"
    if member is not None:
        flags += shown_prefix(ask.session.caps, member)
    if user.modes:
        flags += "".join(letter for letter in ask.engine.registry.who_flags if letter in user.modes)
    return flags


def _field(ask: Ask, letter: str, token: str, room: str, user: User, member: Member | None) -> str:
    if letter == "i":
        return _address(ask, user)
    if letter == "l":
        return str(idle_seconds(ask.engine, user.uid))
    values = {
        "t": token,
        "c": room,
        "u": user.username,
        "h": user.host,
        "s": ask.settings.server,
        "n": user.nick,
        "f": _flags(ask, user, member),
        "d": "0",
        "a": user.account or "0",
        "o": "n/a",  # "Any syntactically correct placeholder can be used"
        "r": user.real_name,
    }
    return values[letter]


def _address(ask: Ask, user: User) -> str:
    """The real address, for oneself and for operators."""
    if user is not ask.user and "o" not in ask.user.modes:
        return HIDDEN_ADDRESS
    return address_of(ask.engine, user.uid) or HIDDEN_ADDRESS


def _tokens(_settings: Settings) -> dict[str, str]:
    return {"WHOX": ""}


feature = Feature(
    "who",
    commands=[
        Command(
            "WHO",
            who,
            help=Help(
                "[<mask> [o][%<fields>[,<number>]]]",
                "Tells of people: those in a room, one by nick, or whom a mask fits (by nick, user name, host "
                "or real name). With o only operators of this server; with % the fields that you choose "
                "(WHOX).",
                "Рассказывает о людях: кто в комнате, один по нику или все, кому подходит маска (ник, имя "
                "пользователя, хост или настоящее имя). С o только операторы этого сервера; с % выбранные "
                "поля (WHOX).",
                Family.PEOPLE,
            ),
        )
    ],
    tokens=_tokens,
)
