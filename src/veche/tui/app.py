"""The program with windows: one visit or several, each with its arrival, its chat, and back to arrival when it is over.

Each visit is a mode of Textual: screens of its own, of which one visit's are seen at a time.
"""

import os
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import Monochrome
from textual.screen import Screen

from veche.client.connection import Connection, Enrolment
from veche.client.errors import (
    AskRefused,
    CannotConnect,
    ClientError,
    LoginFailed,
    NickNotAccepted,
    ServerNotTrusted,
)
from veche.client.plain import Server, parse_server
from veche.client.plain_account import given_password
from veche.client.plain_phrases import reason_of, reason_of_login
from veche.client.plain_trust import KnownServers, readable
from veche.client.plain_visit import Wish, failure_lines, name_of
from veche.client.text import plain
from veche.client.tls import Tls
from veche.phrases import Phrases
from veche.tui.arrival import Arrival, Wanted
from veche.tui.chat import Chat
from veche.tui.dialogs import Line, Question
from veche.tui.drawing import Panes
from veche.tui.house import House
from veche.tui.keep import Keep
from veche.tui.notices import call_desktop, sequence, way_of
from veche.tui.panes import Tab
from veche.tui.settings import THEMES, Settings

BACKLOG = 50
# A person has not more servers open than can be told apart.
MOST_VISITS = 20
# How often one may mistype the code that came by mail.
MOST_CODES = 5
_NOTHING = Keep(None, None)


class Visit:
    """One server: its mode, its arrival, and its chat while there is one."""

    def __init__(self, mode: str, arrival: Arrival, name: str) -> None:
        self.mode, self.arrival, self.name = mode, arrival, name
        self.chat: Chat | None = None


class Windows(App[int]):
    """The program. `wish`: what the command line asked for, `name`: what to be called if it does not say.

    `house`: whoever runs it for a visitor; `settings` and `keep` are the person's own, at home. `troubles`: what is
    wrong with the settings, for the person to read.
    """

    CSS_PATH = "windows.tcss"
    TITLE = "Veche"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", priority=True, id="leave"),
        Binding("ctrl+t", "switch_theme", priority=True, id="theme"),
        *(Binding(f"alt+{number}", f"visit({number - 1})", priority=True) for number in range(1, 10)),
    ]

    def __init__(
        self,
        say: Phrases,
        wish: Wish,
        name: str,
        local: Callable[[datetime], datetime] = datetime.astimezone,
        *,
        house: House | None = None,
        settings: Settings | None = None,
        keep: Keep = _NOTHING,
        troubles: list[str] | None = None,
    ) -> None:
        super().__init__()
        self._say, self._wish, self._local, self._house = say, wish, local, house
        self.settings = settings or Settings()
        self.keep = keep if house is None else _NOTHING
        self._troubles = troubles or []
        self._nick = name
        self._visits: list[Visit] = []
        self._count = 0
        self._greyed = Monochrome(enabled=False)
        self._filters.append(self._greyed)

    def on_mount(self) -> None:
        """Who has said a name on the command line is asked nothing; nor is who has settled on servers."""
        wish, settings = self._wish, self.settings
        self._set_theme(settings.theme)
        if settings.keys:
            self.set_keymap(settings.keys)
        server = ("ircs://" if wish.tls else "") + name_of(wish.host, wish.port)
        way = "login" if wish.account else "guest"
        wanted = Wanted(server, wish.account or wish.nick or self._nick, wish.password, way)
        is_at_once = bool(wish.nick or wish.password)
        if settings.servers and not is_at_once and self._house is None:
            for one in settings.servers[:MOST_VISITS]:
                self._open_known(one.address, one.name, one.password_file)
            self.switch_mode(self._visits[0].mode)
            return
        first = self.open_visit(wanted)
        if is_at_once or self._house is not None:
            self.call_after_refresh(first.arrival.enter)

    # --- looks ---

    def _set_theme(self, name: str) -> None:
        """One of ours or one of Textual's; "none" is without colours."""
        self._look = name
        self._greyed.enabled = name == "none"
        theme = THEMES.get(name, name)
        if theme in self.available_themes:
            self.theme = theme
        self.refresh_css(animate=False)

    def action_switch_theme(self) -> None:
        """Light, dark, or without colours."""
        names = list(THEMES)
        at = names.index(self._look) if self._look in names else -1
        self._set_theme(names[(at + 1) % len(names)])

    # --- visits ---

    @property
    def pace(self) -> float:
        """Seconds between two drawings of what nobody here has typed; 0: as it comes."""
        return self._house.pace if self._house is not None else 0.0

    @property
    def may_connect(self) -> bool:
        """Whether there may be other servers."""
        return self._house is None and len(self._visits) < MOST_VISITS

    def open_visit(self, wanted: Wanted) -> Visit:
        """One more arrival, in front of everything."""
        self._count += 1
        told, self._troubles = "\n".join(self._troubles), []
        arrival = Arrival(self._say, wanted, has_server=self._house is None, told=told)
        visit = Visit(f"visit{self._count}", arrival, plain(wanted.server))
        self._visits.append(visit)
        self.add_mode(visit.mode, lambda: arrival)
        self.switch_mode(visit.mode)
        return visit

    def _open_known(self, address: str, name: str, password_file: str) -> None:
        """A server from the settings."""
        password = ""
        if password_file:
            try:
                password = given_password(os.path.expanduser(password_file), {})
            except (OSError, ValueError):
                self._troubles.append(self._say("settings_password", file=plain(password_file)))
        way = "login" if password_file else "guest"
        visit = self.open_visit(Wanted(address, name, password, way))
        if password or not password_file:
            self.call_after_refresh(visit.arrival.enter)

    def connect_to(self, address: str) -> None:
        """/connect: another server, its field filled in."""
        visit = self.open_visit(Wanted(address, self._nick, ""))
        if not address:
            self.call_after_refresh(lambda: visit.arrival.query_one("#server").focus())

    def close_visit(self, chat: Panes) -> bool:
        """A visit is over for good, if it is not the last one; then its arrival remains. Whether it was closed."""
        visit = next((one for one in self._visits if one.chat is chat), None)
        if visit is None or len(self._visits) < 2:
            return False
        self._visits.remove(visit)
        self.switch_mode(self._visits[-1].mode)
        self.remove_mode(visit.mode)
        return True

    def action_visit(self, index: int) -> None:
        """Alt+1 and so on: the servers in their order."""
        if index < len(self._visits):
            self.switch_mode(self._visits[index].mode)

    def tabs(self) -> list[Tab]:
        """The servers with what is new on them; none where there is only one."""
        if len(self._visits) < 2:
            return []
        current = self.current_mode
        return [
            Tab(
                one.name,
                one.chat.news() if one.chat is not None else (0, 0),
                is_current=one.mode == current,
            )
            for one in self._visits
        ]

    def news_changed(self) -> None:
        """Something is new on one of the servers: the one in front shows it."""
        for visit in self._visits:
            if visit.mode == self.current_mode and visit.chat is not None:
                visit.chat.draw_tabs()

    def call(self, title: str, text: str) -> None:
        """Call somebody who looks elsewhere, as the settings say."""
        if self.settings.is_quiet(datetime.now().astimezone().time()):
            return
        way = "bell" if self._house is not None else way_of(self.settings.notify_by, os.environ)
        if way == "desktop":
            self.run_worker(call_desktop(title, text), group="call")
        elif way == "bell":
            self.bell()
        elif self._driver is not None:
            self._driver.write(sequence(way, title, text))

    # --- coming in ---

    def on_arrival_entered(self, event: Arrival.Entered) -> None:
        """Come in."""
        visit = next(one for one in self._visits if one.arrival is event.arrival)
        try:
            server = Server("", 0) if self._house is not None else parse_server(event.wanted.server)
        except ValueError:
            self._tell(visit, self._say("bad_address", value=plain(event.wanted.server)))
            return
        visit.name = plain(name_of(server.host, server.port)) if self._house is None else self.TITLE
        self.run_worker(self._enter(visit, server, event.wanted), group=visit.mode, exclusive=True)

    def _tell(self, visit: Visit, text: str, *, is_trouble: bool = True) -> None:
        visit.arrival.tell(text, is_trouble=is_trouble)

    async def _enter(self, visit: Visit, server: Server, wanted: Wanted) -> None:
        name = name_of(server.host, server.port)
        known: KnownServers = self._wish.known
        shown = self._wish.fingerprint or (known.fingerprint(name) if server.tls else "")
        self._tell(visit, self._say("connecting", server=visit.name), is_trouble=False)
        while True:
            try:
                self._tell(visit, await self._talk(visit, server, wanted, shown))
            except ServerNotTrusted as error:
                if await self._is_trusted(visit, name, error, known):
                    shown = error.key_fingerprint
                    continue
            except LoginFailed as error:
                self._tell(visit, self._say("login_failed", reason=reason_of_login(self._say, error)))
            except NickNotAccepted:
                self._tell(visit, self._say("name_refused"))
            except CannotConnect as error:
                host = server.host or self.TITLE
                self._tell(visit, "\n".join(failure_lines(self._say, host, server.port, error)))
            except (ClientError, ValueError) as error:
                self._tell(visit, plain(str(error)))
            return

    def _connection(self, server: Server, wanted: Wanted, shown: str) -> Connection:
        if self._house is not None:
            return self._house.connect(wanted)
        has_account = wanted.way == "login"
        return Connection(
            server.host,
            server.port,
            nick=wanted.name,
            account=wanted.name if has_account else "",
            password=wanted.password if has_account else "",
            tls=Tls(fingerprint=shown) if server.tls else False,
            backlog=BACKLOG,
        )

    async def _talk(self, visit: Visit, server: Server, wanted: Wanted, shown: str) -> str:
        async with self._connection(server, wanted, shown) as chat:
            if wanted.way == "register" and (trouble := await self._enrol(visit, chat, wanted)):
                return trouble
            self._tell(visit, "", is_trouble=False)
            screen = visit.chat = Chat(chat, self._say, visit.name, self._local, mode=visit.mode, home=self)
            try:
                reason = await self.push_screen_wait(screen, mode=visit.mode) or ""
            finally:
                visit.chat = None
        if self._house is not None:
            self.exit(0)
        return reason

    async def _ask(self, visit: Visit, question: Screen[str | None]) -> str:
        return await self.push_screen_wait(question, mode=visit.mode) or ""

    async def _enrol(self, visit: Visit, chat: Connection, wanted: Wanted) -> str:
        """Make the account, and say the code that came by mail; why it came to nothing, or "" ."""
        say = self._say
        try:
            done = await chat.register("*", wanted.email or "*", wanted.password)
            for _ in range(MOST_CODES):
                if not done.needs_code:
                    return ""
                question = say("ask_code", account=plain(done.account), text=plain(done.text))
                code = await self._ask(visit, Line(question, is_secret=False))
                if not code:
                    return say("code_later")
                done = await self._verify(visit, chat, done.account, code) or done
        except AskRefused as error:
            return say("not_done", reason=reason_of(say, error.refusal))
        return "" if not done.needs_code else say("code_later")

    async def _verify(self, visit: Visit, chat: Connection, account: str, code: str) -> Enrolment | None:
        try:
            return await chat.verify(account, code)
        except AskRefused as error:
            self._tell(visit, self._say("not_done", reason=reason_of(self._say, error.refusal)))
            return None

    async def _is_trusted(
        self, visit: Visit, name: str, error: ServerNotTrusted, known: KnownServers
    ) -> bool:
        """Ask the person about a server whose certificate nobody vouches for; one that has changed is not let by."""
        say, server = self._say, plain(name)
        if error.expected or not error.fingerprint:
            key = "trust_changed" if error.expected else "trust_nothing"
            self._tell(visit, say(key, server=server, file=known.path))
            return False
        lines = [
            say("trust_unknown", server=server),
            say("trust_shown", fingerprint=readable(error.fingerprint)),
            say("trust_compare"),
        ]
        if not await self.push_screen_wait(Question(say, lines), mode=visit.mode):
            self._tell(visit, "")
            return False
        try:
            known.add(name, error.key_fingerprint)
        except OSError as problem:
            self._tell(visit, say("trust_not_kept", file=known.path, reason=problem.strerror))
        return True
