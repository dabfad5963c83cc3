"""The messages of a conversation as a window that holds a hundred thousand of them.

The strategy: for every entry the number of the line behind it is kept; a line that is to be drawn is found by bisection
and made when it is looked at. Only a change of width or of older entries measures everything anew.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from veche.phrases import Phrases
from veche.tui.book import Conversation, Entry
from veche.tui.formatting import nick_colour, styled
from veche.tui.wrapping import wrap

# Cells for a name beside the text, and the width below which time and column give way to the text.
NAME_CELLS = 14
NARROW = 50
_DIM = Style(dim=True)
_MARK = Style(color="#e8590c", bold=True)


class MessageLog(ScrollView, can_focus=False):
    """Shows one conversation; follows its end while its end is in sight."""

    class TopReached(Message):
        """The reader has scrolled to the oldest line: older ones are wanted."""

    def __init__(self, say: Phrases, local: Callable[[datetime], datetime], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._say = say
        self._local = local
        self._conversation = Conversation("", False)
        self._ends: list[int] = []
        self._measured: tuple[Conversation, int, int] | None = None
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(2_000)
        self._found: Entry | None = None

    # --- what is shown ---

    def show(self, conversation: Conversation) -> None:
        """Show this conversation from its end."""
        self._conversation = conversation
        self._found = None
        self.renew(follow=True)

    def renew(self, *, follow: bool | None = None) -> None:
        """The conversation has changed. `follow` its end: by default if that is in sight."""
        follow = self.is_vertical_scroll_end if follow is None else follow
        width = self._width
        conversation = self._conversation
        measured = (conversation, conversation.version, width)
        before = self._total
        same = self._measured is not None and (
            self._measured[0] is conversation and self._measured[1:] == measured[1:]
        )
        if not same:
            self._ends.clear()
            self._strips.clear()
            self._measured = measured
        self._measure(width)
        self.virtual_size = Size(width, self._total)
        if follow:
            self.scroll_end(animate=False, immediate=True)
        elif same and before == self._total:
            return
        self.refresh()

    def restyle(self) -> None:
        """What is drawn of entries has changed, but not where they are."""
        self._strips.clear()
        self.refresh()

    def keep_place(self, lines_before: int) -> None:
        """Older lines have come in above: stay at what was read."""
        self.renew(follow=False)
        self.scroll_to(y=self.scroll_offset.y + self._total - lines_before, animate=False, immediate=True)

    def jump(self, entry: Entry) -> bool:
        """Bring an entry into sight and mark it; False when it is not here."""
        try:
            index = self._conversation.entries.index(entry)
        except ValueError:
            return False
        self._found = entry
        self._strips.clear()
        first = self._ends[index - 1] if index else 0
        self.scroll_to(y=max(0, first - self.size.height // 3), animate=False, immediate=True)
        self.refresh()
        return True

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self._total

    # --- measuring ---

    @property
    def _total(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def _width(self) -> int:
        return max(4, self.scrollable_content_region.width)

    def _measure(self, width: int) -> None:
        ends, entries = self._ends, self._conversation.entries
        end = self._total
        body, is_narrow = self._body_width(width), width < NARROW
        for index in range(len(ends), len(entries)):
            entry = entries[index]
            end += 1 + len(wrap(_name(entry) + entry.shown if is_narrow else entry.shown, body))
            ends.append(end)

    def _body_width(self, width: int) -> int:
        return width if width < NARROW else width - NAME_CELLS - 8

    def on_resize(self) -> None:
        """Other lines are wanted in another width."""
        self.renew()

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Ask for older lines when the first one comes into sight."""
        super().watch_scroll_y(old, new)
        if new <= 0 < old and self._total > self.size.height:
            self.post_message(self.TopReached())

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        width = self._width
        line = self.scroll_offset.y + y
        base = self.rich_style
        if line >= self._total:
            return Strip.blank(self.size.width, base)
        index = bisect_right(self._ends, line)
        row = line - (self._ends[index - 1] if index else 0)
        strip = self._strips.get((index, row))
        if strip is None:
            strip = self._draw(self._conversation.entries[index], row, width)
            self._strips[(index, row)] = strip
        return strip.apply_style(base).adjust_cell_length(self.size.width, base)

    def _draw(self, entry: Entry, row: int, width: int) -> Strip:
        if entry.kind in {"day", "mark"}:
            words = f" {entry.text or self._say('new_below')} "
            style = _MARK if entry.kind == "mark" else _DIM
            return self._strip(Text(words.center(width, "─")[:width], style))
        body = self._body(entry)
        if width < NARROW:
            name = Text.assemble((_name(entry), Style(color=nick_colour(entry.sender), bold=True)))
            body = name + body
        rows = list(body.divide(wrap(body.plain, self._body_width(width))))
        text = rows[row] if row < len(rows) else Text()
        return self._strip(text if width < NARROW else self._margin(entry, row).append_text(text))

    def _body(self, entry: Entry) -> Text:
        style = Style()
        if entry.kind == "news":
            style = _DIM + Style(italic=True)
        elif entry.kind == "action":
            style = Style(italic=True)
        elif entry.is_mention:
            style = Style(bold=True)
        if entry.state == "waiting":
            style += _DIM
        elif entry.state:
            style += Style(color="#e03131", strike=True)
        if entry is self._found:
            style += Style(reverse=True)
        return styled(entry.text, style)

    def _margin(self, entry: Entry, row: int) -> Text:
        """Time and name in front of the first line, room for them in front of the others."""
        if row:
            return Text().append(" " * (NAME_CELLS + 6) + "│ ", _DIM)
        margin = Text().append(f"{self._local(entry.time):%H:%M} ", _DIM)
        name = Text({"news": "·", "action": "* " + entry.sender}.get(entry.kind, entry.sender))
        name.truncate(NAME_CELLS - 1, overflow="ellipsis")
        name.align("right", NAME_CELLS - 1)
        own = Style(color=nick_colour(entry.sender), bold=True) if entry.sender else _DIM
        sign = {"": "│", "waiting": "…"}.get(entry.state, "✗")
        colour = "#e03131" if entry.state not in {"", "waiting"} else "#e8590c" if entry.is_mention else ""
        return margin.append(name.plain, own).append(f" {sign} ", Style(color=colour) if colour else _DIM)

    def _strip(self, text: Text) -> Strip:
        return Strip(list(text.render(self.app.console)) or [Segment("")])


def _name(entry: Entry) -> str:
    """Who says it, in front of the text, where there is no column for names."""
    if not entry.sender:
        return ""
    return f"* {entry.sender} " if entry.kind == "action" else f"{entry.sender}: "
