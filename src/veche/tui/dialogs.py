"""Small windows over the chat: help, the quick switcher, search, a question, a password. Escape closes each."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from veche.phrases import Phrases
from veche.tui.panes import literal

# More than these are no list to choose from.
MOST_ROWS = 50


class Help(ModalScreen[None]):
    """The keys and the commands."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter,question_mark", "dismiss", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """A box that scrolls."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = literal(self._title)
            yield Static(Text(self._text))


class Picker(ModalScreen[str | None]):
    """A field and what fits it; gives the id of the row that was chosen.

    `find` is awaited with what was typed: at every key, or (`on_enter`) when Enter is pressed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(
        self,
        hint: str,
        find: Callable[[str], Awaitable[list[tuple[str, Text]]]],
        *,
        on_enter: bool,
        word: str = "",
    ) -> None:
        super().__init__()
        self._hint, self._find, self._waits = hint, find, on_enter
        self._asked = ""
        self._word = word

    def compose(self) -> ComposeResult:
        """The field above, the rows below."""
        with Vertical(classes="dialog") as box:
            box.border_title = literal(self._hint)
            yield Input(self._word, id="word", compact=True)
            rows = OptionList(id="rows", compact=True)
            rows.can_focus = False
            yield rows

    async def on_mount(self) -> None:
        """Without a word, what there is."""
        if self._word or not self._waits:
            await self._refill(self._word)

    async def on_input_changed(self, event: Input.Changed) -> None:
        """Fewer rows with every letter."""
        if not self._waits:
            await self._refill(event.value)

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Choose the row; in a search, first ask."""
        rows = self.query_one(OptionList)
        if self._waits and event.value != self._asked:
            await self._refill(event.value)
        elif rows.highlighted is not None:
            self.dismiss(rows.get_option_at_index(rows.highlighted).id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click chooses too."""
        self.dismiss(event.option.id)

    async def _refill(self, word: str) -> None:
        self._asked = word
        found = await self._find(word)
        rows = self.query_one(OptionList)
        rows.clear_options()
        rows.add_options([Option(text, id=name) for name, text in found[:MOST_ROWS]])
        rows.highlighted = 0 if found else None

    def action_move(self, step: int) -> None:
        """Another row, without leaving the field."""
        rows = self.query_one(OptionList)
        rows.action_cursor_down() if step > 0 else rows.action_cursor_up()

    def action_leave(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)


class Menu(ModalScreen[str | None]):
    """Rows to choose from, under a few lines that say of what; gives the id of the row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        *(Binding(str(number), f"take({number - 1})", show=False) for number in range(1, 10)),
    ]

    def __init__(self, title: str, rows: list[tuple[str, Text]], lines: list[str] | None = None) -> None:
        super().__init__()
        self._title, self._rows, self._lines = title, rows, lines or []

    def compose(self) -> ComposeResult:
        """The lines, then the rows with their numbers."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = literal(self._title)
            box.can_focus = False
            if self._lines:
                yield Static(Text("\n".join(self._lines)), classes="about")
            rows = [
                Option(Text(f"{at} ", "dim").append_text(text), id=name)
                for at, (name, text) in enumerate(self._rows, 1)
            ]
            yield OptionList(*rows, id="rows", compact=True)

    def on_mount(self) -> None:
        """The keyboard is in the rows."""
        rows = self.query_one(OptionList)
        rows.display = bool(self._rows)
        rows.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(event.option.id)

    def action_take(self, index: int) -> None:
        """A number takes its row."""
        if index < len(self._rows):
            self.dismiss(self._rows[index][0])

    def action_leave(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)


class Question(ModalScreen[bool]):
    """Yes or no; Escape is no."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", show=False)]

    def __init__(self, say: Phrases, lines: list[str]) -> None:
        super().__init__()
        self._say, self._lines = say, lines

    def compose(self) -> ComposeResult:
        """The lines, and two buttons; No has the focus, so that Enter harms nobody."""
        with Vertical(classes="dialog"):
            yield Static(Text("\n".join(self._lines)))
            with Horizontal(classes="buttons"):
                yield Button(self._say("no"), id="no")
                yield Button(self._say("yes"), id="yes", variant="primary")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer."""
        self.dismiss(event.button.id == "yes")


class Line(ModalScreen[str | None]):
    """A line of text; a secret one, a password, is not shown. None when the person has thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, question: str, *, is_secret: bool) -> None:
        super().__init__()
        self._question, self._is_secret = question, is_secret

    def compose(self) -> ComposeResult:
        """The question, and a field."""
        with Vertical(classes="dialog") as box:
            box.border_title = literal(self._question)
            yield Input(password=self._is_secret, compact=True)

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The answer."""
        self.dismiss(event.value)
