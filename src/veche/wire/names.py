"""Names: what may be a nick or a room, and when two of them are the same.

The rule: names are compared by `fold` everywhere and by nothing else. ASCII names fold as CASEMAPPING=ascii says;
beyond ASCII, case, width and composition are folded too, so that no two names differ by those alone
(after RFC 8265, UsernameCaseMapped). Clients only ever see a name as its owner wrote it.

Letters of any one script are welcome in a nick. What hides or misleads is not: control and format characters
(bidi, zero width), private use and unassigned code points, and scripts mixed in one nick (UTS #39, section 5.1).
"""

import unicodedata

CHANTYPES = "#"
# Modern IRC, NICK: "Servers MUST allow at least all alphanumerical characters, square and curly brackets ([]{}),
# backslashes (\), and pipe (|) characters in nicknames".
_NICK_MARKS = frozenset("[]{}\\|^_-`")
_ASCII_NICK = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") | _NICK_MARKS
# Cc control, Cf format, Cs surrogate, Co private, Cn unassigned, Zs Zl Zp spaces and separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


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
    return all(unicodedata.category(char) not in _HIDDEN for char in name)


def _is_one_script(name: str) -> bool:
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

    Linear in space and at worst quadratic in time, whatever the mask: no regular expression, no backtracking tree.
    """
    at_mask = at_text = 0
    star = -1
    resume = 0
    while at_text < len(text):
        if (
            at_mask < len(mask)
            and (mask[at_mask] == "?" or mask[at_mask] == text[at_text])
            and mask[at_mask] != "*"
        ):
            at_mask += 1
            at_text += 1
        elif at_mask < len(mask) and mask[at_mask] == "*":
            star = at_mask
            resume = at_text
            at_mask += 1
        elif star >= 0:
            resume += 1
            at_text = resume
            at_mask = star + 1
        else:
            return False
    return mask[at_mask:].strip("*") == ""
