"""RPL_ISUPPORT tokens and how they are spread over lines.

Source: Modern IRC, "RPL_ISUPPORT (005)" and "RPL_ISUPPORT Parameters".
"""

from collections.abc import Mapping
from typing import Final

# "As the maximum number of message parameters to any reply is 15, the maximum number of RPL_ISUPPORT tokens that can
# be advertised is 13."
TOKENS_PER_LINE: Final = 13
TEXT: Final = "are supported by this server"


def format_tokens(tokens: Mapping[str, str]) -> list[str]:
    """`NAME` or `NAME=VALUE` for each token; space, '=' and backslash in a value become \\x20, \\x3D, \\x5C."""
    return [f"{name}={_escape(value)}" if value else name for name, value in sorted(tokens.items())]


def split_lines(tokens: list[str], room: int = 370) -> list[list[str]]:
    """Spread tokens over lines of at most 13 tokens and `room` bytes each."""
    lines: list[list[str]] = []
    size = room + 1
    for token in tokens:
        need = len(token.encode()) + 1
        if size + need > room or len(lines[-1]) >= TOKENS_PER_LINE:
            lines.append([])
            size = 0
        lines[-1].append(token)
        size += need
    return lines


def parse_tokens(words: list[str]) -> dict[str, str]:
    """The tokens of one 005 line's middle parameters; a token taken back (`-NAME`) comes out with its minus sign."""
    tokens: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name:
            for raw, char in (("\\x20", " "), ("\\x3D", "="), ("\\x5C", "\\")):
                value = value.replace(raw, char)
            tokens[name] = value
    return tokens


def _escape(value: str) -> str:
    return value.replace("\\", "\\x5C").replace(" ", "\\x20").replace("=", "\\x3D")
