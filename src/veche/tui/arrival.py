"""Coming in: to which server, under which name, as a guest, with an account, or with a new one."""

from typing import NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, Label, RadioButton, RadioSet, Static

from veche.phrases import Phrases

WAYS = ("guest", "login", "register")
FIELDS = ("server", "name", "password", "again", "email")
# Which fields a way needs, besides server and name.
_MORE = {"guest": (), "login": ("password",), "register": ("password", "again", "email")}


class Way(RadioButton):
    """A way in; which one is chosen can be seen without colours, too."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override] # noqa: N802 - Textual's name for it
        """The dot, or none."""
        return "●" if self.value else " "


class Wanted(NamedTuple):
    """What the person has typed. `way`: one of `WAYS`."""

    server: str
    name: str
    password: str
    way: str = "guest"
    email: str = ""


class Arrival(Screen[None]):
    """A card of fields and a button; what went wrong is told below them.

    Not `has_server`: there is only one, which is not to be chosen.
    """

    class Entered(Message):
        """The person wants to come in."""

        def __init__(self, arrival: "Arrival", wanted: Wanted) -> None:
            super().__init__()
            self.arrival, self.wanted = arrival, wanted

    def __init__(self, say: Phrases, wanted: Wanted, *, has_server: bool = True, told: str = "") -> None:
        super().__init__()
        self._say, self._wanted, self._has_server, self._told = say, wanted, has_server, told

    def compose(self) -> ComposeResult:
        """The card."""
        say, wanted = self._say, self._wanted
        with Vertical(id="card") as card:
            card.border_title = say("arrival_title")
            yield Label(say("field_server"), classes="server")
            yield Input(wanted.server, id="server", classes="server", compact=True)
            yield Label(say("field_name"))
            yield Input(wanted.name, id="name", compact=True)
            with RadioSet(id="way", compact=True):
                for way in WAYS:
                    yield Way(say("way_" + way), way == wanted.way, id=way, compact=True)
            for field, is_secret in (("password", True), ("again", True), ("email", False)):
                yield Label(say("field_" + field), classes=field)
                yield Input(
                    getattr(wanted, field, ""), id=field, password=is_secret, classes=field, compact=True
                )
            yield Button(say("button_enter"), id="enter", variant="primary", compact=True)
            yield Static(id="trouble")

    def on_mount(self) -> None:
        """Most people only have their name to change."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query(".server").set(display=self._has_server)
        self._show_fields(self._wanted.way)
        self.query_one("#name", Input).focus()
        if self._told:
            self.tell(self._told, is_trouble=True)

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """Another way in needs other fields."""
        self._show_fields(event.pressed.id or WAYS[0])

    def _show_fields(self, way: str) -> None:
        for field in FIELDS[2:]:
            self.query(f".{field}").set(display=field in _MORE[way])

    def on_input_submitted(self) -> None:
        """Enter in any field."""
        self.enter()

    def on_button_pressed(self) -> None:
        """Or the button."""
        self.enter()

    def enter(self) -> None:
        """Come in with what the fields say, or say what is missing in them."""
        value = {field: self.query_one(f"#{field}", Input).value for field in FIELDS}
        pressed = self.query_one("#way", RadioSet).pressed_button
        way = (pressed.id if pressed is not None else None) or WAYS[0]
        server, name = value["server"].strip(), value["name"].strip()
        if not name or (self._has_server and not server):
            return
        password = value["password"] if way != "guest" else ""
        if way != "guest" and not password:
            self.tell(self._say("no_password"), is_trouble=True)
            self.query_one("#password").focus()
        elif way == "register" and password != value["again"]:
            self.tell(self._say("password_differs"), is_trouble=True)
            self.query_one("#again").focus()
        else:
            wanted = Wanted(server, name, password, way, value["email"].strip() if way == "register" else "")
            self.post_message(self.Entered(self, wanted))

    def tell(self, text: str, *, is_trouble: bool) -> None:
        """What goes on, or why it came to nothing; `text` is fit for a terminal."""
        line = self.query_one("#trouble", Static)
        line.update(Text(text))
        line.set_class(is_trouble, "bad")
        line.scroll_visible(animate=False)
