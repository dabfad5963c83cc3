"""Take one line apart and put one together. It judges nothing: unknown commands and odd parameters are messages too.

The rule: `parse(format_message(...))` gives back what went in, and no input raises anything but the errors named.

Sources: Modern IRC "Message Format"; message-tags "Format" and "Escaping values".
"""

from collections.abc import Mapping
from typing import Final

NO_TAGS: Final[Mapping[str, str]] = {}

# message-tags, "Escaping values".
_ESCAPES: Final = str.maketrans({";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"})
_UNESCAPES: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class Message:
    """One message: `tags` by key (unescaped), `source` without its colon ("" if absent), `command` in capitals."""

    __slots__ = ("command", "params", "source", "tags")

    def __init__(
        self, command: str, params: list[str], source: str = "", tags: Mapping[str, str] = NO_TAGS
    ) -> None:
        self.command = command
        self.params = params
        self.source = source
        self.tags = tags

    def __repr__(self) -> str:
        return f"Message({self.command!r}, {self.params!r}, source={self.source!r}, tags={dict(self.tags)!r})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Message)
            and self.command == other.command
            and self.params == other.params
            and self.source == other.source
            and dict(self.tags) == dict(other.tags)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def nick(self) -> str:
        """The nick of a source `nick!user@host`; the whole source where there is no such part."""
        return self.source.partition("!")[0]


def parse(line: str) -> Message | None:
    """Parse one line without its line end; None if it holds no command (spaces only, a lone source or tag part).

    Several spaces count as one separator, and there may be any number of parameters ("clients MUST parse
    incoming messages with any number of them"); time is linear in the length of the line.
    """
    tags: Mapping[str, str] = NO_TAGS
    source = ""
    if line[:1] == "@":
        raw, _, line = line[1:].partition(" ")
        tags = parse_tags(raw)
        line = line.lstrip(" ")
    if line[:1] == ":":
        source, _, line = line[1:].partition(" ")
        line = line.lstrip(" ")
    # A trailing parameter has "the same semantics as any other parameter".
    head, colon, trailing = line.partition(" :")
    params = head.split(" ")  # not split(): only U+0020 separates, a tab or a no-break space is text
    if "" in params:
        params = [param for param in params if param]
    if not params:
        return None
    command = params.pop(0).upper()
    if colon:
        params.append(trailing)
    return Message(command, params, source, tags)


def parse_tags(raw: str) -> dict[str, str]:
    """Parse the tag part without its '@'. Of a key given twice the last counts; a missing value is an empty one."""
    tags: dict[str, str] = {}
    for piece in raw.split(";"):
        key, _, value = piece.partition("=")
        if key:
            tags[key] = unescape(value) if "\\" in value else value
    return tags


def escape(value: str) -> str:
    """Escape a tag value (message-tags, "Escaping values")."""
    return value.translate(_ESCAPES)


def unescape(value: str) -> str:
    """Undo `escape`. A lone backslash at the end is dropped, an unknown escape stands for its letter, as specified."""
    pieces = value.split("\\")
    result = [pieces[0]]
    skip = False
    for index, piece in enumerate(pieces[1:], start=1):
        if skip:  # this piece follows the second half of a '\\\\' pair
            result.append(piece)
            skip = False
        elif piece:
            result.append(_UNESCAPES.get(piece[0], piece[0]) + piece[1:])
        elif index < len(pieces) - 1:
            result.append("\\")
            skip = True
    return "".join(result)


def format_tags(tags: Mapping[str, str]) -> str:
    """The tag part with its '@' and the space behind it; "" for no tags. An empty value is written without '='."""
    if not tags:
        return ""
    return "@" + ";".join(f"{key}={escape(value)}" if value else key for key, value in tags.items()) + " "


def format_message(command: str, *params: str, source: str = "", tags: Mapping[str, str] = NO_TAGS) -> str:
    """One line without its line end.

    Raises ValueError when a part cannot be written without changing its meaning: a line end or NUL anywhere,
    a space or nothing in a parameter that is not the last, or a leading colon there.
    """
    words = [command]
    for param in params[:-1]:
        if not param or param[0] == ":" or " " in param:
            raise ValueError(
                f"only the last parameter may be empty, hold a space or begin with a colon: {param!r}"
            )
        words.append(param)
    if params:
        last = params[-1]
        words.append(":" + last if not last or last[0] == ":" or " " in last else last)
    line = format_tags(tags) + (f":{source} " if source else "") + " ".join(words)
    if "\n" in line or "\r" in line or "\0" in line:
        raise ValueError("a line end or NUL inside a message")
    return line
