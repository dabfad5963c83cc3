"""Answers as values and as lines: numerics, standard replies, refusals.

Sources: Modern IRC, "Numeric Replies"; standard-replies ("FAIL <command> <code> [<context>...] <description>");
server-time ("YYYY-MM-DDThh:mm:ss.sssZ").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from veche.core.longtext import LINE_END
from veche.state.room import Member
from veche.wire.caps import MESSAGE_TAGS, MULTI_PREFIX, SERVER_TIME
from veche.wire.lines import BODY_LIMIT, cut

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.engine import Engine

# Numerics, each with all that stands behind the nick, as it stands there.
Answers = tuple[tuple[str, str], ...]

# How much of a strange parameter is repeated to its sender, in bytes: longer than any name or mask that is valid.
_SHOWN: Final = 200


class Refusal:
    """A polite no: a numeric with its parameters, the last of which is the sentence; without a numeric, not a word.

    `then(ask)` is what becomes of the asker instead, once he has been told.
    """

    __slots__ = ("numeric", "params", "then")

    def __init__(self, numeric: str, *params: str, then: Callable[[Ask], None] | None = None) -> None:
        self.numeric = numeric
        self.params = params
        self.then = then

    def __repr__(self) -> str:
        return f"Refusal({self.numeric}, {', '.join(self.params)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refusal) and (self.numeric, self.params) == (other.numeric, other.params)

    __hash__ = None  # type: ignore[assignment]


class Failure(Refusal):
    """A refusal that is no numeric: `FAIL <command> <code> [<context>...] :<text>`, the command being the request's."""

    __slots__ = ()

    def __init__(self, code: str, *context: str, text: str) -> None:
        super().__init__("FAIL", code, *context, text)


def numeric_line(server: str, number: str, nick: str, params: tuple[str, ...]) -> str:
    """`:server NNN nick params`, the last parameter as trailing. Whatever the parameters hold, it is one line of at
    most 510 bytes, cut at a code point, with as many parameters as were given."""
    if not params:
        return f":{server} {number} {nick}"
    head = " ".join((nick, *map(middle, params[:-1])))
    last = params[-1]
    colon = ":" if not last or " " in last or last[0] == ":" else ""
    return cut(f":{server} {number} {head} {colon}{last}", BODY_LIMIT)


def same_for_all(server: str, nick_room: int, nick: str, answers: Answers) -> str:
    """Numerics that say the same to everybody but for his nick, of at most `nick_room` bytes: whole lines, with line
    ends between them. They are written once, and each newcomer's nick is put in."""
    return nick.join(_around_nick(server, nick_room, answers))


@lru_cache(maxsize=64)
def _around_nick(server: str, nick_room: int, answers: Answers) -> tuple[str, ...]:
    # What stands where the nick will be is as long as any nick, so that what is cut is cut short enough for all.
    nick = "\0" * nick_room
    lines = [cut(f":{server} {number} {nick} {rest}", BODY_LIMIT) for number, rest in answers]
    return tuple(LINE_END.join(lines).split(nick))


def standard_line(
    server: str, kind: str, command: str, code: str, context: tuple[str, ...], text: str
) -> str:
    """A FAIL, WARN or NOTE line; `command` is '*' where no command is meant. At most 510 bytes."""
    return cut(f":{server} {kind} {' '.join((command, code, *map(middle, context)))} :{text}", BODY_LIMIT)


def middle(param: str) -> str:
    """What somebody sent, made fit for the middle of a line: no space, not empty, no leading colon, not long."""
    if param and param[0] != ":" and " " not in param and len(param) * 4 <= _SHOWN:
        return param
    return cut(param.partition(" ")[0].lstrip(":"), _SHOWN) or "*"


def fit(tags: str, line: str) -> str:
    """A line behind its tag part, at most 510 bytes of it: the end of a long reason or topic is given up."""
    return tags + cut(line, BODY_LIMIT)


def pack(words: Iterable[str], separator: str, room: int) -> Iterator[str]:
    """The words joined into texts of at most `room` bytes each; a longer word is a text of its own."""
    text = ""
    size = 0
    for word in words:
        need = len(word.encode()) + len(separator)
        if text and size + need > room:
            yield text
            text = ""
            size = 0
        text += separator + word if text else word
        size += need
    if text:
        yield text


def shown_prefix(caps: int, member: Member) -> str:
    """A member's prefix as a session with these capabilities reads it.

    multi-prefix: "send all possible prefixes which apply to a user in NAMES, WHO and WHOIS output".
    """
    return member.prefixes if caps & MULTI_PREFIX else member.prefix


def with_tag(line: str, tag: str) -> str:
    """The line with one more tag in front."""
    if line[:1] == "@":
        return f"@{tag};{line[1:]}"
    return f"@{tag} {line}"


def time_alone(tags: str) -> str:
    """Of a tag part what is true of a line that the server adds to somebody's: the time."""
    kept = ";".join(tag for tag in tags[1:-1].split(";") if tag.startswith("time="))
    return f"@{kept} " if kept else ""


def own_tags(engine: Engine, view: int) -> str:
    """The tag part, with '@' and space, of a NOTICE that the server says in its own name; it is no fact and kept
    nowhere.

    message-ids: "If this tag is being used, it SHOULD be attached to all `PRIVMSG` and `NOTICE` events."
    """
    now = int(engine.clock.now() * 1000)
    tags = []
    if view & SERVER_TIME:
        tags.append("time=" + iso_time(now))
    if view & MESSAGE_TAGS:
        tags.append("msgid=" + engine.chance.msgid(now))
    return "@" + ";".join(tags) + " " if tags else ""


def iso_time(milliseconds: int) -> str:
    """server-time: `YYYY-MM-DDThh:mm:ss.sssZ`, of milliseconds since 1970."""
    seconds, millis = divmod(milliseconds, 1000)
    return f"{_iso_second(seconds)}.{millis:03d}Z"


def plain_time(milliseconds: int) -> str:
    """A moment as people read it in any language, `YYYY-MM-DD hh:mm:ss UTC`, of milliseconds since 1970."""
    return _iso_second(milliseconds // 1000).replace("T", " ") + " UTC"


@lru_cache(maxsize=64)
def _iso_second(seconds: int) -> str:
    # Every line of one second shares this text; formatting it anew was a tenth of the cost of a message.
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
