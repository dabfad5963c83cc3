"""Texts on their way in and out: made harmless for a terminal, and cut to what a line can hold.

The rule: everything that a stranger wrote (texts, nicks, topics, reasons, the server's own words) goes through `plain`
before it is shown, once, where it is shown; the library itself passes texts on as they are.

Source: formatting (the IRC formatting codes).
"""

import re

# Hex and mIRC colours carry their parameters with them; the other codes are single bytes.
_FORMATTING = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
# An override makes "gpj.exe" of "exe.jpg": it leaves a mark, so that the reader sees that something is wrong.
_OVERRIDES = re.compile("[\u202d\u202e]")
# C0, DEL, C1 (an 8-bit terminal takes U+009B for ESC [), line and paragraph separators, bidi embeddings and isolates,
# and lone surrogates, which no terminal can be sent.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202c\u2066-\u2069\ud800-\udfff]")
OVERRIDE_MARK = "\ufffd"


def plain(text: str) -> str:
    """A text without formatting, escape sequences or anything else that a terminal would obey rather than show."""
    text = _FORMATTING.sub("", text).replace("\t", " ")
    return _HARMFUL.sub("", _OVERRIDES.sub(OVERRIDE_MARK, text))


def split_text(text: str, limit: int) -> list[str]:
    """Cut a text into pieces of at most `limit` bytes of UTF-8, at spaces where there are some, else between code
    points; line breaks always cut. Pieces of nothing but spaces are left out. `limit` below 4 counts as 4.
    """
    limit = max(limit, 4)
    pieces: list[str] = []
    for line in re.split("[\r\n\0]+", text):
        raw = line.encode(errors="replace")
        while len(raw) > limit:
            head = raw[:limit].decode(errors="ignore")
            space = head.rfind(" ")
            # A space in the first half is too far from the end to be a good place.
            if space > len(head) // 2:
                head = head[:space]
            pieces.append(head)
            raw = raw[len(head.encode()) :].removeprefix(b" ")
        pieces.append(raw.decode())
    return [piece for piece in pieces if piece.strip(" ")]
