"""Names: what may be a nick or a room, and when two of them are the same.

The rule: names are compared by `fold` everywhere and by nothing else. ASCII names fold as CASEMAPPING=ascii says;
beyond ASCII, case, width and composition are folded too, so that no two names differ by those alone
(after RFC 8265, UsernameCaseMapped). Clients only ever see a name as its owner wrote it.

Letters of any one script are welcome in a nick. What hides or misleads is not: control and format characters
(bidi, zero width), variation selectors and fillers, private use and unassigned code points, and scripts mixed in one
nick (UTS #39, section 5.1).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

CHANTYPES: Final = "#"
# Modern IRC, NICK: "Servers MUST allow at least all alphanumerical characters, square and curly brackets ([]{}),
# backslashes (\), and pipe (|) characters in nicknames".
_NICK_MARKS: Final = frozenset("[]{}\\|^_-`")
_ASCII_NICK: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") | _NICK_MARKS
# Cc control, Cf format, Cs surrogate, Co private, Cn unassigned, Zs Zl Zp spaces and separators.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
# What is not seen although it counts as a letter or a mark: Unicode's Default_Ignorable_Code_Point without the format
# characters.
IGNORABLE: Final = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)


def fold(name: str) -> str:
    """The key under which a name is known: equal for two names exactly when they are the same name."""
    if name.isascii():
        return name.lower()
    # NFKC maps width and compatibility forms; lower() may decompose, hence composing last.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower())


def is_room(name: str) -> bool:
    """Whether a target names a room (a channel, on the wire) rather than a person."""
    return name[:1] == "#"


def is_valid_nick(name: str, limit: int) -> bool:
    """Whether `name` may be a nick of at most `limit` bytes; bytes, because lines that hold it are counted in them."""
    if not name or len(name.encode()) > limit:
        return False
    if name.isascii():
        return name[0] not in "0123456789-" and _ASCII_NICK.issuperset(name)
    if unicodedata.normalize("NFKC", name) != name:
        return False  # one way to write a name, so that what is seen can be typed
    return (
        not unicodedata.category(name[0]).startswith(("N", "M")) and name[0] != "-" and _is_one_script(name)
    )


def is_valid_room(name: str, limit: int) -> bool:
    """Whether `name` may be a room of at most `limit` bytes, '#' included.

    Modern IRC, "Channels": no space, no control G, no comma. A lone '#' is refused as it cannot be told from a prefix.
    """
    if len(name) < 2 or len(name.encode()) > limit or name[0] not in CHANTYPES:
        return False
    if "," in name or ":" in name:
        return False
    return IGNORABLE.isdisjoint(name) and all(unicodedata.category(char) not in _HIDDEN for char in name)


def _is_one_script(name: str) -> bool:
    if not IGNORABLE.isdisjoint(name):
        return False
    scripts = set()
    for char in name:
        if char in _NICK_MARKS or (char.isascii() and char.isdigit()):
            continue
        category = unicodedata.category(char)
        if category[0] == "M" and category != "Me":
            continue  # a combining mark belongs to the letter before it
        if category[0] not in "LN":
            return False
        # The Unicode name begins with its script ("CYRILLIC SMALL LETTER A"); the standard library has no script table.
        script = unicodedata.name(char, "").partition(" ")[0]
        # UTS #39 lets Japanese and Chinese mix their own scripts.
        scripts.add("CJK" if script in {"HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH"} else script)
    return len(scripts) <= 1


def matches(mask: str, text: str) -> bool:
    """Whether `text` matches a mask with '*' (any run) and '?' (one character); both folded by the caller.

    The first place where a piece between stars fits is as good as any later one, so nothing is ever tried twice: no
    mask makes this slower than its length times the text's, and that in the library's own search.
    """
    if "*" not in mask:
        return len(mask) == len(text) and _find(mask, text, 0, len(text)) == 0
    first, *pieces, last = mask.split("*")
    start, end = len(first), len(text) - len(last)
    if start > end or _find(first, text, 0, start) != 0 or _find(last, text, end, len(text)) != end:
        return False
    for piece in pieces:
        if piece:
            start = _find(piece, text, start, end)
            if start < 0:
                return False
            start += len(piece)
    return True


def _find(piece: str, text: str, start: int, end: int) -> int:
    """The first place of a piece of a mask in `text[start:end]`; -1 for none."""
    if "?" not in piece:
        return text.find(piece, start, end)
    found = _pattern(piece).search(text, start, end)
    return found.start() if found is not None else -1


@lru_cache(maxsize=1024)
def _pattern(piece: str) -> re.Pattern[str]:
    """A piece of a mask as a regular expression of fixed length, in which nothing can be repeated or tried again."""
    return re.compile(".".join(map(re.escape, piece.split("?"))), re.DOTALL)
