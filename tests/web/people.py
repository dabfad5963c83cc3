"""Somebody in front of the chat in the browser, for tests that read as a story."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.browser import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# What pages of tests' own making have done against the policy of the chat, and exceptions that nobody caught.
VIOLATIONS: list[str] = []

Visitor = Callable[[str], Visit]


class Sitter:
    """One person and one page, in English unless said otherwise."""

    def __init__(self, visit: Visit | None, page: Page) -> None:
        # What was seen of the page from outside; None for a page of a test's own making.
        self.seen = visit
        self.page = page

    @classmethod
    def of(cls, visit: Visit) -> Sitter:
        """Who sits in front of a page that is visited."""
        return cls(visit, visit.page)

    @classmethod
    def at(cls, page: Page, address: str) -> Sitter:
        """Open the chat on a page of one's own."""
        page.on(
            "console",
            lambda said: VIOLATIONS.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.on("pageerror", lambda error: VIOLATIONS.append(str(error)))
        page.goto(address)
        return cls(None, page)

    @property
    def visit(self) -> Visit:
        """The visit; only where there is one."""
        assert self.seen is not None
        return self.seen

    @property
    def log(self) -> Locator:
        """The messages of the conversation that is open."""
        return self.page.get_by_role("log")

    @property
    def field(self) -> Locator:
        """Where one writes."""
        return self.page.locator(".compose textarea")

    def come_in(self, nick: str, way: str = "As a guest", password: str = "") -> None:
        """Arrive, and wait until the lobby is open."""
        page = self.page
        page.get_by_role("button", name=way, exact=True).click()
        page.get_by_label("Your name").fill(nick)
        if password:
            page.get_by_label("Password").fill(password)
        page.get_by_label("Your name").press("Enter")
        self.field.wait_for()

    def say(self, text: str) -> None:
        """Write something and press Enter."""
        self.field.fill(text)
        self.field.press("Enter")

    def sees(self, *texts: str) -> None:
        """Wait until each of these is among the messages."""
        from playwright.sync_api import expect

        for text in texts:
            expect(self.log).to_contain_text(text)

    def room(self, name: str) -> Locator:
        """A conversation in the list."""
        return self.page.locator(".sidebar .item").filter(has=self.page.get_by_text(name, exact=True))

    def open(self, name: str) -> None:
        """Open a conversation; by a key, since the list may move under a pointer."""
        self.room(name).get_by_role("button").first.press("Enter")

    def texts(self) -> list[str]:
        """The texts of all messages on the page, in order, those on their way among them."""
        return self.log.locator(".text").all_inner_texts()
