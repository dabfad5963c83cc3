"""The program with windows: arrival, then the chat, and back to arrival when it is over."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType

from veche.client.connection import Connection
from veche.client.errors import CannotConnect, ClientError, LoginFailed, NickNotAccepted, ServerNotTrusted
from veche.client.plain import Server, parse_server
from veche.client.plain_phrases import reason_of_login
from veche.client.plain_trust import KnownServers, readable
from veche.client.plain_visit import Wish, failure_lines, name_of
from veche.client.text import plain
from veche.client.tls import Tls
from veche.phrases import Phrases
from veche.tui.arrival import Arrival, Wanted
from veche.tui.chat import Chat
from veche.tui.dialogs import Question

BACKLOG = 50
THEMES = ("textual-dark", "textual-light")


class Windows(App[int]):
    """One visit after another. `wish`: what the command line asked for; it is what the fields begin with."""

    CSS_PATH = "windows.tcss"
    TITLE = "Veche"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", priority=True),
        Binding("ctrl+t", "switch_theme", priority=True),
    ]

    def __init__(
        self, say: Phrases, wish: Wish, name: str, local: Callable[[datetime], datetime] = datetime.astimezone
    ) -> None:
        super().__init__()
        self._say, self._wish, self._local = say, wish, local
        server = ("ircs://" if wish.tls else "") + name_of(wish.host, wish.port)
        self._arrival = Arrival(say, Wanted(server, wish.account or name, wish.password))
        self._is_at_once = bool(wish.nick or wish.password)

    def on_mount(self) -> None:
        """Who has said a name on the command line is asked nothing."""
        self.theme = THEMES[0]
        self.push_screen(self._arrival)
        if self._is_at_once:
            self.call_after_refresh(self._arrival._enter)

    def action_switch_theme(self) -> None:
        """Light or dark."""
        self.theme = THEMES[1] if self.theme == THEMES[0] else THEMES[0]

    def on_arrival_entered(self, event: Arrival.Entered) -> None:
        """Come in."""
        try:
            server = parse_server(event.wanted.server)
        except ValueError:
            self._tell(self._say("bad_address", value=plain(event.wanted.server)))
            return
        self._visit(server, event.wanted)

    def _tell(self, text: str, *, is_trouble: bool = True) -> None:
        self._arrival.tell(text, is_trouble=is_trouble)

    @work(exclusive=True)
    async def _visit(self, server: Server, wanted: Wanted) -> None:
        name = name_of(server.host, server.port)
        known: KnownServers = self._wish.known
        shown = self._wish.fingerprint or (known.fingerprint(name) if server.tls else "")
        self._tell(self._say("connecting", server=plain(name)), is_trouble=False)
        while True:
            try:
                self._tell(await self._talk(server, wanted, shown))
            except ServerNotTrusted as error:
                if await self._is_trusted(name, error, known):
                    shown = error.key_fingerprint
                    continue
            except LoginFailed as error:
                self._tell(self._say("login_failed", reason=reason_of_login(self._say, error)))
            except NickNotAccepted:
                self._tell(self._say("name_refused"))
            except CannotConnect as error:
                self._tell("\n".join(failure_lines(self._say, server.host, server.port, error)))
            except (ClientError, ValueError) as error:
                self._tell(plain(str(error)))
            return

    async def _talk(self, server: Server, wanted: Wanted, shown: str) -> str:
        async with Connection(
            server.host,
            server.port,
            nick=wanted.name,
            account=wanted.name if wanted.password else "",
            password=wanted.password,
            tls=Tls(fingerprint=shown) if server.tls else False,
            backlog=BACKLOG,
        ) as chat:
            screen = Chat(chat, self._say, plain(name_of(server.host, server.port)), self._local)
            return await self.push_screen_wait(screen) or ""

    async def _is_trusted(self, name: str, error: ServerNotTrusted, known: KnownServers) -> bool:
        """Ask the person about a server whose certificate nobody vouches for; one that has changed is not let by."""
        say, server = self._say, plain(name)
        if error.expected or not error.fingerprint:
            key = "trust_changed" if error.expected else "trust_nothing"
            self._tell(say(key, server=server, file=known.path))
            return False
        lines = [
            say("trust_unknown", server=server),
            say("trust_shown", fingerprint=readable(error.fingerprint)),
            say("trust_compare"),
        ]
        if not await self.push_screen_wait(Question(say, lines)):
            self._tell("")
            return False
        try:
            known.add(name, error.key_fingerprint)
        except OSError as problem:
            self._tell(say("trust_not_kept", file=known.path, reason=problem.strerror))
        return True
