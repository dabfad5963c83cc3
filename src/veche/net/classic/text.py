"""Texts of the classic door: harmless for a bare terminal, and cut to what one message may hold.

The rule: whatever a stranger wrote goes through `plain` before a visitor reads it, because behind `nc` there is nothing
that would keep an escape sequence from the terminal.

Source: formatting (the IRC formatting codes); ECMA-48, 5.4 and 5.6 (control sequences and control strings).
"""

import re

# Control strings (a window's title, the clipboard), control sequences (colours, keys), and all other escapes.
# Nothing in here can match in two ways, so the time is linear in the text.
_ESCAPES = re.compile(
    "\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?"
)
# Colours carry their numbers with them; the other codes are single bytes and control characters anyway.
_COLOURS = re.compile("\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?")
# C0, DEL, C1, line separators, what turns the direction of writing, and lone surrogates, which no wire can carry.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """A text without formatting, escape sequences or anything else that a terminal would obey rather than show."""
    text = _ESCAPES.sub("", text.replace("\t", " "))
    return _HARMFUL.sub("", _COLOURS.sub("", text))


def split_text(text: str, limit: int) -> list[str]:
    """Cut a text into pieces of at most `limit` bytes of UTF-8: at line ends or spaces, else between code points.

    Nothing is lost but the space or line end at a cut. A `limit` below 4 counts as 4, the longest code point.
    """
    limit = max(limit, 4)
    pieces: list[str] = []
    raw = text.encode(errors="replace")
    while len(raw) > limit:
        head = raw[:limit].decode(errors="ignore")
        # A gap in the first half is too far from the end to be a good place.
        at = max(head.rfind("\n"), head.rfind(" "))
        if at > len(head) // 2:
            head = head[:at]
        pieces.append(head)
        raw = raw[len(head.encode()) :]
        if raw[:1] in (b" ", b"\n"):
            raw = raw[1:]
    pieces.append(raw.decode())
    return pieces
