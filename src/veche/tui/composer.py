"""Where a person writes: several lines, what was said before, and completion by Tab."""

from collections.abc import Callable

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import TextArea

MOST_REMEMBERED = 200


class Composer(TextArea):
    """Enter sends, Alt+Enter or Ctrl+J breaks the line, Tab completes, Up and Down recall at the edges."""

    class Submitted(Message):
        """The person wants to say this."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class HelpWanted(Message):
        """A question mark was typed where nothing stood."""

    class Left(Message):
        """Escape: what is being written is no answer and no edit any more."""

    class MessagesWanted(Message):
        """Shift+Tab: the keyboard goes to the messages."""

    def __init__(
        self,
        complete: Callable[[str], tuple[int, list[str]]],
        secret_at: Callable[[str], int | None] = lambda _: None,
        *,
        id: str,  # noqa: A002
    ) -> None:
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, compact=True)
        self._complete, self._secret_at = complete, secret_at
        self._said: list[str] = []
        self._recalled = 0
        self._unsent = ""
        self._choices: tuple[int, list[str], int] | None = None
        self.cursor_blink = False  # who only reads costs nothing

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "tab":
            self._choices = None
        if event.key == "enter":
            self._submit()
        elif event.key in {"alt+enter", "ctrl+j", "shift+enter"}:
            self.insert("\n")
        elif event.key == "tab":
            self._next_choice()
        elif event.key == "escape":
            self.post_message(self.Left())
        elif event.key == "shift+tab":
            self.post_message(self.MessagesWanted())
        elif event.character == "?" and not self.text:
            self.post_message(self.HelpWanted())
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def _submit(self) -> None:
        text = self.text
        if not text.strip():
            return
        if not self.has_secret:
            self._said = [*self._said[-MOST_REMEMBERED:], text]
        self._recalled = 0
        self.load_text("")
        self.post_message(self.Submitted(text))

    @property
    def has_secret(self) -> bool:
        """Whether there is a password in it, which is not to be kept anywhere."""
        return any(self._secret_at(line) is not None for line in self.document.lines)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: of a password its length."""
        line = super().get_line(line_index)
        hidden = self._secret_at(line.plain)
        if hidden is not None:
            line.plain = line.plain[:hidden] + "•" * (len(line.plain) - hidden)
        return line

    def _next_choice(self) -> None:
        row, column = self.cursor_location
        if self._choices is None:
            start, found = self._complete(self.document.get_line(row)[:column])
            if not found:
                return
            self._choices = (start, found, 0)
        start, found, index = self._choices
        self.replace(found[index % len(found)], (row, start), (row, column))
        self._choices = (start, found, index + 1)

    def action_cursor_up(self, select: bool = False) -> None:
        """One line up; from the first one, to what was said before."""
        if self.cursor_location[0] == 0 and self._recalled < len(self._said):
            self._recall(self._recalled + 1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """One line down; from the last one, to what was said after."""
        if self.cursor_location[0] == self.document.line_count - 1 and self._recalled:
            self._recall(self._recalled - 1)
        else:
            super().action_cursor_down(select)

    def _recall(self, back: int) -> None:
        if not self._recalled:
            self._unsent = self.text
        self._recalled = back
        self.load_text(self._said[-back] if back else self._unsent)
        self.move_cursor(self.document.end)
