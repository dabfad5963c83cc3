"""Draws terminals as one SVG: what `tmux capture-pane -e` gives becomes text in framed windows, side by side.

    Window("python server.py", [line, line]) -> draw([[window, window], [window]], wide=66) -> "<svg ..."

The rule: the picture is made of the captured characters alone, and the same characters give the same bytes. Text stays
text, so that it can be searched and read aloud; every run of characters is given its exact width, so that the columns
stand even where a reader's monospaced font is wider than ours.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

CELL = 7.2  # the width of a column in pixels, for a font of FONT pixels
LINE = 16.5
FONT = 12
PAD = 12  # around the text of a window
BAR = 28  # the height of a window's title bar
GAP = 16  # between windows, and around them

# Darker than terminals have them, since the paper is white; by the numbers of SGR 30 to 37 and 90 to 97.
INK = {
    **dict(
        enumerate(("#24292f", "#b3261e", "#1a6b2f", "#7a5200", "#1f4fbf", "#7b3fb5", "#0f6a75", "#3f474f"))
    ),
    **{
        60 + n: ink
        for n, ink in enumerate(
            ("#6e7781", "#b3261e", "#1a6b2f", "#7a5200", "#1f4fbf", "#7b3fb5", "#0f6a75", "#24292f")
        )
    },
}
PAPER = {
    **dict(
        enumerate(("#eaeef2", "#ffe1de", "#d9f2df", "#fbedc8", "#dbe8fb", "#efe2fb", "#d6f0f3", "#eaeef2"))
    )
}
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_WORDS = re.compile(r"\S+(?: \S+)*")
_OTHER = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-ln-z]|[()][0-9A-B]|\][^\x07\x1b]*(?:\x07|\x1b\\))|[\x0e\x0f]")


@dataclass(frozen=True)
class Style:
    """How characters look; colours are keys of INK and PAPER, None for the terminal's own."""

    ink: int | None = None
    paper: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


Runs = list[tuple[str, Style]]


@dataclass(frozen=True)
class Window:
    """A terminal: its title and its lines, with escape sequences."""

    title: str
    lines: Sequence[str]


def read_runs(line: str, style: Style) -> tuple[Runs, Style]:
    """A captured line as runs of equal style, and the style in which the next line begins."""
    runs: Runs = []
    place = 0
    line = _OTHER.sub("", line)
    for found in _SGR.finditer(line):
        if found.start() > place:
            runs.append((line[place : found.start()], style))
        style = _changed(style, found[1])
        place = found.end()
    if line[place:]:
        runs.append((line[place:], style))
    return runs, style


def width(text: str) -> int:
    """How many columns a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def wrapped(runs: Runs, columns: int) -> list[Runs]:
    """Runs as lines of at most `columns`, broken between any two characters, as terminals do."""
    lines: list[Runs] = [[]]
    free = columns
    for text, style in runs:
        start = 0
        for place, char in enumerate(text):
            if width(char) > free:
                lines[-1].append((text[start:place], style))
                lines.append([])
                start, free = place, columns
            free -= width(char)
        lines[-1].append((text[start:], style))
    return lines


def draw(pillars: Sequence[Sequence[Window]], wide: int, description: str) -> str:
    """The picture: pillars of windows, each `wide` columns wide. `description` is read to those who cannot see it."""
    pane = wide * CELL + 2 * PAD
    drawn = [[(window.title, _read(window.lines, wide)) for window in pillar] for pillar in pillars]
    heights = [sum(BAR + 2 * PAD + LINE * len(lines) + GAP for _, lines in pillar) for pillar in drawn]
    parts: list[str] = []
    for number, pillar in enumerate(drawn):
        left, top = GAP + number * (pane + GAP), float(GAP)
        # All pillars end at one height: the windows of the shorter ones are a little taller.
        spare = (max(heights) - heights[number]) / len(pillar)
        for title, lines in pillar:
            height = BAR + 2 * PAD + LINE * len(lines) + spare
            parts += _window(title, lines, left, top, pane, height)
            top += height + GAP
    whole = len(drawn) * (pane + GAP) + GAP
    return "\n".join([*_head(whole, max(heights) + GAP, description), *parts, "</svg>", ""])


def _read(lines: Sequence[str], columns: int) -> list[Runs]:
    style = Style()
    read: list[Runs] = []
    for line in lines:
        runs, style = read_runs(line, style)
        read += wrapped(runs, columns)
    return read


def _head(wide: float, high: float, description: str) -> list[str]:
    size = f'viewBox="0 0 {wide:g} {high:g}" width="{wide:g}" height="{high:g}"'
    fonts = 'ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(description)}">',
        f"<title>{escape(description)}</title>",
        "<style>",
        f"text {{ font: {FONT}px {fonts}; fill: #24292f; }}",
        ".title { font-family: system-ui, -apple-system, sans-serif; fill: #57606a; text-anchor: middle; }",
        ".frame { fill: #ffffff; stroke: #c4ccd4; }",
        ".bar { fill: #eef1f4; stroke: #c4ccd4; }",
        "</style>",
    ]


def _window(title: str, lines: list[Runs], left: float, top: float, wide: float, high: float) -> list[str]:
    bar = f"M{left:g} {top + BAR:g}v-{BAR - 8}q0 -8 8 -8h{wide - 16:g}q8 0 8 8v{BAR - 8}z"
    dots = enumerate(("#e5837b", "#e3bd5c", "#84c08f"))
    parts = [
        f'<rect class="frame" x="{left:g}" y="{top:g}" width="{wide:g}" height="{high:g}" rx="8"/>',
        f'<path class="bar" d="{bar}"/>',
        *(
            f'<circle cx="{left + 16 + 16 * number:g}" cy="{top + BAR / 2:g}" r="4.5" fill="{colour}"/>'
            for number, colour in dots
        ),
        f'<text class="title" x="{left + wide / 2:g}" y="{top + BAR / 2 + 4:g}">{escape(title)}</text>',
    ]
    for number, runs in enumerate(lines):
        parts += _line(runs, left + PAD, top + BAR + PAD + LINE * number)
    return parts


def _line(runs: Runs, left: float, top: float) -> list[str]:
    papers: list[str] = []
    texts: list[str] = []
    column = 0
    for text, style in runs:
        ink, paper = _colours(style)
        if paper and text:
            papers.append(
                f'<rect x="{left + column * CELL:g}" y="{top:g}" width="{width(text) * CELL:g}" '
                f'height="{LINE:g}" fill="{paper}"/>'
            )
        # Viewers disagree about several spaces in a row, so there are none: what follows has a place of its own.
        for found in _WORDS.finditer(text):
            x = left + (column + width(text[: found.start()])) * CELL
            texts.append(
                f'<text x="{x:g}" y="{top + LINE - 4.5:g}" textLength="{width(found[0]) * CELL:g}"'
                f"{_attributes(style, ink)}>{escape(found[0], quote=False)}</text>"
            )
        column += width(text)
    return papers + texts


def _colours(style: Style) -> tuple[str, str]:
    """Ink and paper; "" where they are the window's own."""
    ink, paper = style.ink, style.paper
    if style.reverse:
        return "#ffffff", INK[ink if ink is not None else 7]
    if paper is not None and ink in (7, 67):
        ink = None  # white on a colour: our colours are light, so the ink is dark
    return INK[ink] if ink is not None else "", PAPER[paper % 60] if paper is not None else ""


def _attributes(style: Style, ink: str) -> str:
    words = f' style="fill:{ink}"' if ink else ""
    words += ' font-weight="bold"' if style.bold else ""
    words += ' font-style="italic"' if style.italic else ""
    words += ' text-decoration="underline"' if style.underline else ""
    words += ' opacity="0.7"' if style.dim else ""
    return words


def _changed(style: Style, codes: str) -> Style:
    """A style after one SGR sequence; what has no meaning for us is passed over."""
    switches = {"1": "bold", "2": "dim", "3": "italic", "4": "underline", "7": "reverse"}
    ends = {"22": ("bold", "dim"), "23": ("italic",), "24": ("underline",), "27": ("reverse",)}
    words = iter(codes.replace(":", ";").split(";"))
    for code in words:
        if code in ("", "0"):
            style = Style()
        elif code in switches:
            style = replace(style, **{switches[code]: True})
        elif code in ends:
            style = replace(style, **dict.fromkeys(ends[code], False))
        elif code in ("38", "48"):
            colour = _indexed(words)
            style = replace(style, ink=colour) if code == "38" else replace(style, paper=colour)
        elif code.isdigit():
            style = _coloured(style, int(code))
    return style


def _coloured(style: Style, code: int) -> Style:
    if code in (39, 49):
        return replace(style, ink=None) if code == 39 else replace(style, paper=None)
    if 30 <= code <= 37 or 90 <= code <= 97:
        return replace(style, ink=code - 30)
    if 40 <= code <= 47 or 100 <= code <= 107:
        return replace(style, paper=code - 40)
    return style


def _indexed(words: Iterator[str]) -> int | None:
    """The colour behind 38 or 48: one of the sixteen, or None for the many others."""
    if next(words, "") != "5":
        for _ in range(3):
            next(words, "")
        return None
    number = int(next(words, "0") or 0)
    if number < 8:
        return number
    return 60 + number - 8 if number < 16 else None
