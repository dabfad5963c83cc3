"""What a visitor's first message means: a name, or that he has come to the wrong door.

The rule: whoever gives any name at all gets in with it or with one like it. The old client tells its name once and
shows whatever else it is sent, so asking it again would leave it outside for ever.
"""

import re
from collections.abc import Iterator
from itertools import count

from veche.net.classic.text import plain
from veche.wire.lines import cut
from veche.wire.names import fold, is_valid_nick

# ann2 to ann9; whoever finds all these taken is better off as a guest than as ann10374.
_VARIANTS = range(2, 10)
_HTTP = re.compile(rb"[A-Z]{3,12} \S+ HTTP/[0-9.]+\r?\Z|PRI \* HTTP/2")
# As the server's settings have it (`guest_prefix`), in letters that are easier to type.
_GUEST = "guest-"
# Not NICK: people answer "NICK" with "NICK ann", and no IRC client begins with it today.
_IRC = re.compile(rb"(?:CAP (?:LS|REQ|LIST)\b|PASS \S|USER \S+ \S+ \S+ )")
# Programs that open every port they find: TLS, SSH, and whatever sends NUL (RDP, SMB, databases).
_PROGRAMS = re.compile(rb"\x16\x03|SSH-[12]|[^\0]*\0", re.DOTALL)


def stranger(raw: bytes) -> str:
    """What else than a person or an old client this first message comes from: "web", "irc", "program", or ""."""
    if _PROGRAMS.match(raw):
        return "program"
    if _HTTP.match(raw[:2048]):
        return "web"
    return "irc" if _IRC.match(raw) else ""


def name_in(text: str) -> str:
    """The name in an answer to "NICK": the answer itself, or what stands behind a repeated NICK."""
    text = plain(text).strip()
    word, _, rest = text.partition(" ")
    return rest.strip() if rest and word in ("NICK", "/nick") else text


def fault_of(wanted: str, limit: int) -> str:
    """What is wrong with a name: "nameless", "unusable", or "" for nothing."""
    if not wanted:
        return "nameless"
    return "" if is_valid_nick(wanted, limit) else "unusable"


def proposals(wanted: str, limit: int, number: int) -> Iterator[str]:
    """Names to try in turn, without end: the wanted one, names like it, then guests from `number` on."""
    base = wanted if is_valid_nick(wanted, limit) else _mended(wanted, limit)
    if fold(base).startswith(_GUEST):
        base = ""  # nobody chooses which guest he is
    for name in dict.fromkeys((base, *(cut(base, limit - 1) + str(variant) for variant in _VARIANTS))):
        if base and is_valid_nick(name, limit):
            yield name
    for variant in count(number):
        yield f"{_GUEST}{variant}"


def _mended(wanted: str, limit: int) -> str:
    """A name like `wanted` without what no name may hold; may still be none."""
    words = "".join(char if is_valid_nick("_" + char, 8) else " " for char in wanted)
    name = "_".join(words.split())
    return cut("_" + name if name[:1].isdigit() or name[:1] == "-" else name, limit)
