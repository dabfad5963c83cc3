"""The client with windows for a visitor of the ssh door."""

from dataclasses import replace
from pathlib import Path

import veche.tui
from veche.client.connection import Connection
from veche.client.plain_visit import Wish
from veche.phrases import Language, Phrases
from veche.tui.app import BACKLOG, Windows
from veche.tui.arrival import Wanted
from veche.tui.house import House
from veche.tui.phrases import TABLE


class Visiting(Windows):
    """One visit to the one server that there is from here."""

    CSS_PATH = str(Path(veche.tui.__file__).with_name("windows.tcss"))

    def _print_error_renderables(self) -> None:
        """A fault is ours to read: it holds what the program knew, and paths of this machine."""


def visit(wish: Wish, language: Language) -> int:
    """Show the windows until the visitor leaves; the exit code."""

    def connect(wanted: Wanted) -> Connection:
        # Whom the door vouches for is nobody else by typing another name.
        is_vouched_for = wanted.way == "guest" and wanted.name == wish.account
        says_password = wanted.way == "login"
        return Connection(
            wish.host,
            nick=wanted.name,
            account=wanted.name if is_vouched_for or says_password else "",
            password=wanted.password if says_password else "",
            open_socket=wish.open_socket,
            backlog=BACKLOG,
        )

    # Nothing is asked of somebody who has proved who he is: to the windows he is a guest of this name.
    app = Visiting(Phrases(TABLE, language), replace(wish, account=""), wish.nick, house=House(connect))
    code = app.run() or 0
    if app._exception is not None:
        raise app._exception
    return code
