"""Coming in: to which server, under which name, and with a password where the name is an account."""

from typing import NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, Label, Static

from veche.phrases import Phrases


class Wanted(NamedTuple):
    """What the person has typed."""

    server: str
    name: str
    password: str


class Arrival(Screen[None]):
    """Three fields and a button; what went wrong is told below them."""

    class Entered(Message):
        """The person wants to come in."""

        def __init__(self, wanted: Wanted) -> None:
            super().__init__()
            self.wanted = wanted

    def __init__(self, say: Phrases, wanted: Wanted) -> None:
        super().__init__()
        self._say, self._wanted = say, wanted

    def compose(self) -> ComposeResult:
        """The card."""
        with Vertical(id="card") as card:
            card.border_title = self._say("arrival_title")
            yield Label(self._say("field_server"))
            yield Input(self._wanted.server, id="server", compact=True)
            yield Label(self._say("field_name"))
            yield Input(self._wanted.name, id="name", compact=True)
            yield Label(self._say("field_password"))
            yield Input(self._wanted.password, id="password", password=True, compact=True)
            yield Button(self._say("button_enter"), id="enter", variant="primary", compact=True)
            yield Static(id="trouble")

    def on_mount(self) -> None:
        """Most people only have their name to change."""
        self.query_one("#name", Input).focus()

    def on_input_submitted(self) -> None:
        """Enter in any field."""
        self._enter()

    def on_button_pressed(self) -> None:
        """Or the button."""
        self._enter()

    def _enter(self) -> None:
        server, name, password = (self.query_one(f"#{key}", Input).value for key in Wanted._fields)
        if server.strip() and name.strip():
            self.post_message(self.Entered(Wanted(server.strip(), name.strip(), password)))

    def tell(self, text: str, *, is_trouble: bool) -> None:
        """What goes on, or why it came to nothing; `text` is fit for a terminal."""
        line = self.query_one("#trouble", Static)
        line.update(Text(text))
        line.set_class(is_trouble, "bad")
