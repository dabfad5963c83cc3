"""The messages of a conversation as a window that holds a hundred thousand of them.

The strategy: for every entry the number of the line behind it is kept; a line that is to be drawn is found by bisection
and made when it is looked at. Older entries above shift those numbers; only another width measures everything anew.

With the keyboard in it one message is chosen, and single keys say what to do with it; `DEEDS` names them.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from veche.client.text import plain
from veche.phrases import Phrases
from veche.tui.book import MESSAGES, Conversation, Entry
from veche.tui.formatting import nick_colour, styled
from veche.tui.wrapping import wrap

# Cells for a name beside the text, and the width below which time and column give way to the text.
NAME_CELLS = 14
NARROW = 50
_DIM = Style(dim=True)
_MARK = Style(color="#e8590c", bold=True)


# What can be done with a message: its name, and its keys, which are the same ones on a Russian keyboard.
DEEDS = {
    "answer": "r,к", "react": "plus,a,ф", "thread": "t,е", "edit": "e,у", "redact": "d,в,delete", "quoted": "g,п",
    "copy": "c,с", "person": "p,з", "menu": "enter,space",
}  # fmt: skip


class MessageLog(ScrollView, can_focus=True):
    """Shows one conversation; follows its end while its end is in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k,л", "choose(-1)"),
        Binding("down,j,о", "choose(1)"),
        Binding("home", "choose(-1000000)"),
        Binding("end", "choose(1000000)"),
        Binding("escape,tab,shift+tab,i,ш", "leave"),
        *(Binding(keys, f"do('{deed}')") for deed, keys in DEEDS.items()),
    ]

    class TopReached(Message):
        """The reader has scrolled to the oldest line: older ones are wanted."""

    class Wanted(Message):
        """Something is to be done with a message; `deed` is one of `DEEDS`, or "leave" the messages."""

        def __init__(self, deed: str, entry: Entry | None = None) -> None:
            super().__init__()
            self.deed, self.entry = deed, entry

    def __init__(self, say: Phrases, local: Callable[[datetime], datetime], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._say = say
        self._local = local
        self._conversation = Conversation("", False)
        self._ends: list[int] = []
        self._measured: tuple[Conversation, int, int] | None = None
        self._firsts: tuple[Entry, ...] = ()  # of those that were measured
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(2_000)
        self._bar: tuple[int, int, int, bool] | None = None  # what the bar looks like
        self._look: tuple[object, ...] = ()  # what the strips were styled with
        self.chosen: Entry | None = None
        self.is_roomy = False
        self.my_key = ""  # our folded nick, for the reactions that are ours

    # --- what is shown ---

    def show(self, conversation: Conversation) -> None:
        """Show this conversation from its end."""
        self._conversation = conversation
        self.chosen = None
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
        self._set_lines(width)
        if follow:
            self.scroll_end(animate=False, immediate=True)
        elif same and before == self._total:
            return
        self.refresh()

    def _set_lines(self, width: int) -> None:
        """There are so many lines now. Said in the ordinary way, each new one would lay out the whole screen again,
        which costs more than to draw it; the bar is always there, so no window changes its place."""
        size = Size(width, self._total)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._move_bar()

    def _move_bar(self) -> None:
        """The bar beside the lines is drawn only when an end of it is in another cell: seldom for one more line."""
        bar, height, total = self.vertical_scrollbar, self.size.height, max(1, self._total)
        bar.set_reactive(ScrollBar.window_virtual_size, self._total)
        bar.set_reactive(ScrollBar.position, self.scroll_y)
        thumb = max(1.0, height * height / total)
        start = (height - thumb) * self.scroll_y / max(1, total - height)
        looks = (height, round(start), round(thumb), total > height)
        if looks != self._bar:
            self._bar = looks
            bar.refresh()

    def restyle(self) -> None:
        """What is drawn of entries has changed, but not where they are."""
        self._strips.clear()
        self.refresh()

    def change(self, entry: Entry) -> None:
        """An entry reads otherwise, or something stands under it: what lies below moves."""
        index = self._index(entry)
        if index is None or index >= len(self._ends):
            return
        before = self._ends[index - 1] if index else 0
        more = before + self._height(entry, self._width) - self._ends[index]
        if more:
            follow = self.is_vertical_scroll_end
            self._ends[index:] = [end + more for end in self._ends[index:]]
            self._set_lines(self._width)
            if follow:
                self.scroll_end(animate=False, immediate=True)
        self.restyle()

    def _index(self, entry: Entry) -> int | None:
        """Where an entry is; most that change are near the end."""
        entries = self._conversation.entries
        return next((at for at in range(len(entries) - 1, -1, -1) if entries[at] is entry), None)

    def keep_place(self, added: int) -> None:
        """So many older entries have come in above: stay at what was read."""
        before, more = self._total, self._measure_above(added)
        self.renew(follow=False)
        more = self._total - before if more is None else more
        self.scroll_to(y=self.scroll_offset.y + more, animate=False, immediate=True)

    def jump(self, entry: Entry) -> bool:
        """Bring an entry into sight and mark it; False when it is not here."""
        index = self._index(entry)
        if index is None or index >= len(self._ends):
            return False
        self.chosen = entry
        self._strips.clear()
        first = self._ends[index - 1] if index else 0
        self.scroll_to(y=max(0, first - self.size.height // 3), animate=False, immediate=True)
        self.refresh()
        return True

    # --- choosing ---

    def action_choose(self, step: int) -> None:
        """The message above or below becomes the chosen one."""
        entries = self._conversation.entries
        at = self._index(self.chosen) if self.chosen is not None else None
        at = len(entries) if at is None else at
        found = None
        for index in range(at - 1, -1, -1) if step < 0 else range(at + 1, len(entries)):
            if entries[index].kind in MESSAGES:
                found = index
                if abs(step) == 1:
                    break
        if found is not None:
            self._choose(found)
        if step < 0 and found in (None, 0, 1):
            self.post_message(self.TopReached())

    def _choose(self, index: int) -> None:
        self.chosen = self._conversation.entries[index]
        self._strips.clear()
        if index < len(self._ends):
            first, behind = self._ends[index - 1] if index else 0, self._ends[index]
            top, height = self.scroll_offset.y, self.size.height
            if first < top or behind > top + height:
                y = first if first < top else max(0, min(first, behind - height))
                self.scroll_to(y=y, animate=False, immediate=True)
        self.refresh()

    def action_do(self, deed: str) -> None:
        """Do something with the chosen message."""
        if self.chosen is not None:
            self.post_message(self.Wanted(deed, self.chosen))

    def action_leave(self) -> None:
        """Back to where one writes."""
        self.post_message(self.Wanted("leave"))

    def on_focus(self) -> None:
        """One message is chosen at once."""
        if self.chosen is None:
            self.action_choose(-1)

    def on_blur(self) -> None:
        """None is, when one writes."""
        self.chosen = None
        self.restyle()

    def on_click(self, event: events.Click) -> None:
        """Choose a message; the chosen one, or with the other button, offers what can be done."""
        line = self.scroll_offset.y + event.y
        if not 0 <= line < self._total:
            return
        index = bisect_right(self._ends, line)
        entry = self._conversation.entries[index]
        if entry.kind not in MESSAGES:
            return
        was_chosen = self.chosen is entry
        self._choose(index)
        if event.button != 1 or (was_chosen and event.chain > 1):
            self.action_do("menu")

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
        entries = self._conversation.entries
        if not self._ends:
            self._firsts = tuple(entries[:2])
        self._measure_more(entries[len(self._ends) :], width)

    def _measure_more(self, entries: list[Entry], width: int) -> None:
        ends, end = self._ends, self._total
        for entry in entries:
            end += self._height(entry, width)
            ends.append(end)

    def _measure_above(self, added: int) -> int | None:
        """Measure so many entries that have come in above, and shift the others, which costs a hundredth of measuring
        them; how many lines more there are. None where that is not all that has changed.
        """
        ends, entries, measured = self._ends, self._conversation.entries, self._measured
        if measured is None or not ends or measured[0] is not self._conversation:
            return None
        if measured[1:] != (self._conversation.version - 1, self._width):
            return None
        # The line of a day that was above all others is above the older ones now.
        dropped = next((at for at, one in enumerate(self._firsts) if one is entries[added]), None)
        if dropped is None:
            return None
        self._ends = []
        self._measure_more(entries[:added], self._width)
        more = self._total - (ends[dropped - 1] if dropped else 0)
        self._ends += [end + more for end in ends[dropped:]]
        self._firsts = tuple(entries[:2])
        self._measured = (self._conversation, self._conversation.version, self._width)
        self._strips.clear()
        return more

    def _height(self, entry: Entry, width: int) -> int:
        """Lines of an entry: what it answers, the text, the reactions."""
        if entry.broken_at != width:
            text = _name(entry) + entry.shown if width < NARROW else entry.shown
            entry.broken_at, entry.rows = width, 1 + len(wrap(text, self._body_width(width)))
        height = entry.rows + (entry.reply_to != "") + (entry.reactions is not None)
        return height + (self.is_roomy and entry.kind in MESSAGES)

    def _body_width(self, width: int) -> int:
        return width if width < NARROW else width - NAME_CELLS - 8

    def on_resize(self) -> None:
        """Other lines are wanted in another width."""
        self.renew()

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Ask for older lines when the first one comes into sight."""
        self._move_bar()
        if round(old) != round(new):
            self.refresh()
        if new <= 0 < old and self._total > self.size.height:
            self.post_message(self.TopReached())

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        return self.render_lines(Region(0, y, self.size.width, 1))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines of the window. A line is styled once and kept as it goes to the terminal: to make out a widget's
        style, and Textual's own way from a line to what is seen, cost more than all that stands in it."""
        base, filters, background = self.rich_style, self.get_line_filters(), self.background_colors[1]
        look = (base, self.size.width, background, *filters)
        if look != self._look:
            self._look = look
            self._strips.clear()
        strips = [self._line(y, base, filters, background) for y in crop.line_range]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _line(self, y: int, base: Style, filters: Sequence[LineFilter], background: Color) -> Strip:
        line = self.scroll_offset.y + y
        if line >= self._total:
            key = (-1, 0)
        else:
            index = bisect_right(self._ends, line)
            key = (index, line - (self._ends[index - 1] if index else 0))
        strip = self._strips.get(key)
        if strip is None:
            strip = Strip([])
            if key[0] >= 0:
                strip = self._draw(self._conversation.entries[key[0]], key[1], self._width)
            strip = strip.apply_style(base).adjust_cell_length(self.size.width, base)
            for one in filters:
                strip = strip.apply_filter(one, background)
            self._strips[key] = strip
        return strip

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
        is_first = row == 0
        if entry.reply_to:
            row -= 1
        if row < 0:
            text = self._quote(entry)
        elif row < len(rows):
            text = rows[row]
        elif entry.reactions is not None and row == len(rows):
            text = self._reactions(entry)
        else:  # the empty line below a message, where there is room
            return self._strip(Text())
        if row < 0 or row >= len(rows):
            text.truncate(self._body_width(width), overflow="ellipsis")
        return self._strip(
            text if width < NARROW else self._margin(entry, is_first=is_first).append_text(text)
        )

    def _quote(self, entry: Entry) -> Text:
        """What an entry answers, in a line."""
        quoted = self._conversation.by_id.get(entry.reply_to)
        text = Text("↳ ", _DIM, end="", no_wrap=True)
        if quoted is None:
            return text.append(self._say("quote_unknown"), _DIM)
        own = Style(color=nick_colour(quoted.sender))
        return text.append(f"{quoted.sender}: ", own).append(quoted.shown[:300], _DIM)

    def _reactions(self, entry: Entry) -> Text:
        text = Text(end="", no_wrap=True)
        for what, one in (entry.reactions or {}).items():
            is_mine = self.my_key in one.who
            text.append(f" {plain(what)} {one.count} ", Style(reverse=is_mine, dim=not is_mine)).append(" ")
        return text

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
        elif entry.state == "gone":
            style += _DIM + Style(italic=True)
        elif entry.state:
            style += Style(color="#e03131", strike=True)
        if entry is self.chosen:
            style += Style(reverse=True)
        return styled(entry.drawn, style)

    def _margin(self, entry: Entry, *, is_first: bool) -> Text:
        """Time and name in front of the first line, room for them in front of the others."""
        if not is_first:
            return Text().append(" " * (NAME_CELLS + 6) + "│ ", _DIM)
        margin = Text().append(f"{self._local(entry.time):%H:%M} ", _DIM)
        name = Text({"news": "·", "action": "* " + entry.sender}.get(entry.kind, entry.sender))
        name.truncate(NAME_CELLS - 1, overflow="ellipsis")
        name.align("right", NAME_CELLS - 1)
        own = Style(color=nick_colour(entry.sender), bold=True) if entry.sender else _DIM
        sign = {"": "│", "waiting": "…", "gone": "│"}.get(entry.state, "✗")
        colour = (
            "#e03131" if entry.state not in {"", "waiting", "gone"} else "#e8590c" if entry.is_mention else ""
        )
        return margin.append(name.plain, own).append(f" {sign} ", Style(color=colour) if colour else _DIM)

    def _strip(self, text: Text) -> Strip:
        return Strip(list(text.render(self.app.console)) or [Segment("")])


def _name(entry: Entry) -> str:
    """Who says it, in front of the text, where there is no column for names."""
    if not entry.sender:
        return ""
    return f"* {entry.sender} " if entry.kind == "action" else f"{entry.sender}: "
