"""Pages in a browser: one with an IRC library that knows nothing of Veche (irc-framework), and our own about doors.

They come in by the web door; what the browser itself has seen go over the wire holds no error that nobody has provoked,
and neither does its console.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser import Visit, hosting, install_npm_packages
from tests.clients.captured import refusals
from tests.clients.serving import Ports, serving

PAGE = Path(__file__).parent / "page"
pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]


class Person:
    """Somebody in front of the page."""

    def __init__(self, visited: Visit) -> None:
        self.visit = visited
        self._field = visited.page.get_by_label("message")
        self._log = visited.page.get_by_role("log")

    def type(self, text: str) -> None:
        """Type a line and press Enter."""
        self._field.fill(text)
        self._field.press("Enter")

    def sees(self, *texts: str) -> None:
        """Wait until each of these lines, or beginnings of lines, is on the page."""
        from playwright.sync_api import expect

        for text in texts:
            expect(self._log).to_contain_text(text)


@pytest.fixture
def page_port() -> Iterator[int]:
    """Where the page with the library comes from."""
    install_npm_packages(PAGE)
    with hosting(PAGE) as port:
        yield port


@pytest.fixture
def ports(tmp_path: Path, page_port: int) -> Iterator[Ports]:
    """A server that lets that page in."""
    with serving(tmp_path, f'--set=web.origins=["http://127.0.0.1:{page_port}"]') as doors:
        yield doors


def test_pages_with_a_library_do_what_people_do_in_rooms(
    ports: Ports, page_port: int, visit: Callable[[str], Visit]
) -> None:
    address = f"http://127.0.0.1:{page_port}/?port={ports.web}"
    pam = Person(visit(f"{address}&nick=pam"))
    pam.sees("welcome, pam", "network Veche", "Welcome to Veche!", "pam joined #lobby")
    quin = Person(visit(f"{address}&nick=quin"))
    pam.sees("quin joined #lobby")
    pam.type("/join #tea")
    pam.sees("in #tea: opam")
    quin.type("/join #tea")
    pam.sees("quin joined #tea")
    pam.type("some <b>tea</b>?")
    quin.sees("privmsg pam > #tea: some <b>tea</b>?")
    quin.type("/me чашку, 🫖")
    pam.sees("action quin > #tea: чашку, 🫖")
    pam.type("/topic Oolong today")
    quin.sees("topic of #tea by pam: Oolong today")
    pam.type("/list")
    pam.sees("room #lobby 2", "room #tea 2 Oolong today")
    pam.type("/whois quin")
    pam.sees("whois quin, ~quin, somebody in a page, #lobby #tea, ")
    quin.type("/away for a minute")
    pam.sees("quin is away: for a minute")
    pam.type("/nick pamela")
    quin.sees("pam is now pamela")
    pam.type("/whowas pam")
    pam.sees("whowas pam ~pam")
    pam.type("/op quin")
    quin.sees("pamela sets #tea +o quin")
    pam.type("/who")
    pam.sees("here: pamela quin")
    pam.type("/ban quin!*@*")
    pam.type("/kick quin too strong")
    quin.sees("pamela sets #tea +b quin!*@*", "pamela kicked quin from #tea: too strong")
    pam.type("/bans")
    pam.sees("banned: quin!*@*")
    quin.type("/join #tea")
    quin.sees("ERROR banned_from_channel: Cannot join channel (+b)")
    pam.type("/invite quin")
    quin.sees("pamela invites quin to #tea")
    quin.type("/join #tea")
    quin.sees("topic of #tea was set by pam")
    quin.type("/msg pamela psst")
    pam.sees("privmsg quin > pamela: psst")
    assert refusals(quin.visit.received) == ["474 quin #tea :Cannot join channel (+b)"]
    quin.type("/quit")
    pam.sees("quin quit: Quit: bye")
    assert refusals(pam.visit.received) == []


def test_page_of_an_origin_that_nobody_named_is_kept_out(
    ports: Ports, page_port: int, visit: Callable[[str], Visit]
) -> None:
    stranger = visit(f"http://localhost:{page_port}/?port={ports.web}&nick=pam")
    Person(stranger).sees("closed")
    assert stranger.received == []
    for complaint in stranger.complaints:
        assert "Unexpected response code: 403" in complaint
    stranger.complaints.clear()


def test_page_about_doors_shows_as_it_is_meant_to(ports: Ports, visit: Callable[[str], Visit]) -> None:
    from playwright.sync_api import expect

    page = visit(f"http://127.0.0.1:{ports.web}/doors").page
    expect(page.get_by_role("heading", name="How to come in")).to_be_visible()
    expect(page.get_by_role("row", name="IRC over TLS")).to_contain_text("127.0.0.1")
    # The policy that comes with the page forbids every style but the page's own.
    expect(page.locator("table")).to_have_css("border-collapse", "collapse")
