"""A stranger's text as styled text for the terminal: IRC formatting becomes style, and nothing else gets through.

The rule: pure; whatever `veche.client.text.plain` takes out is taken out here too, so that `styled(text).plain` is
`plain(text)`: what is measured is what is drawn.

Source: formatting (the IRC formatting codes).
"""

import re
from zlib import crc32

from rich.style import Style
from rich.text import Text

from veche.client.text import plain

_CODES = re.compile(
    "(\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?"
    "|[\x02\x0f\x11\x16\x1d\x1e\x1f])"
)
_FLAGS = {"\x02": "bold", "\x16": "reverse", "\x1d": "italic", "\x1e": "strike", "\x1f": "underline"}
# formatting, "Colors": 00 white, 01 black, 02 blue, 03 green, 04 red, 05 brown ... 15 light grey.
_PALETTE = (
    "#ffffff", "#000000", "#5c7cfa", "#2f9e44", "#f03e3e", "#a0522d", "#ae3ec9", "#f76707",
    "#fab005", "#51cf66", "#0ca678", "#22b8cf", "#4dabf7", "#f783ac", "#868e96", "#ced4da",
)  # fmt: skip
# Readable on a dark and on a light ground.
_NICKS = (
    "#e8590c",
    "#2f9e44",
    "#1c7ed6",
    "#ae3ec9",
    "#e64980",
    "#0c8599",
    "#b08900",
    "#7048e8",
    "#c2410c",
    "#5c940d",
)


def nick_colour(nick: str) -> str:
    """The colour of somebody's name: always the same one for the same name."""
    return _NICKS[crc32(nick.lower().encode(errors="replace")) % len(_NICKS)]


def styled(text: str, base: Style | None = None) -> Text:
    """The text with its formatting as style over `base`, and nothing in it that a terminal would obey."""
    out = Text(end="", no_wrap=True)
    flags: set[str] = set()
    ink, ground = "", ""
    for piece in _CODES.split(text):
        if not piece:
            continue
        code = piece[0]
        if code == "\x0f":
            flags.clear()
            ink = ground = ""
        elif code in _FLAGS:
            flags ^= {_FLAGS[code]}
        elif code in "\x03\x04":
            ink, ground = _colours(piece, ground)
        elif code != "\x11":
            out.append(plain(piece), _style(base, flags, ink, ground))
    return out


def _colours(piece: str, ground: str) -> tuple[str, str]:
    """The colours after a code: without a number it ends both, with one number the ground stays."""
    first, _, second = piece[1:].partition(",")
    if not first:
        return "", ""
    read = _numbered if piece[0] == "\x03" else "#{}".format
    return read(first), read(second) if second else ground


def _numbered(number: str) -> str:
    """One of the 16 colours; of those beyond, which every client draws differently, none."""
    return _PALETTE[int(number)] if int(number) < len(_PALETTE) else ""


def _style(base: Style | None, flags: set[str], ink: str, ground: str) -> Style:
    own = Style(color=ink or None, bgcolor=ground or None, **dict.fromkeys(flags, True))  # type: ignore[arg-type]
    return base + own if base is not None else own
