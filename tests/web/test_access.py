"""Everybody can use the chat: axe-core finds no serious fault on any page, in any theme."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Ports, serving
from tests.web.people import Sitter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux", "node")]

ROOT = Path(__file__).parent.parent.parent
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "correct horse battery"
TABS = {
    "About this room": ("About", "Invite", "Rules", "Bans", "Ranks"),
    "Settings": ("Appearance", "Notifications", "Account", "Devices", "Blocked"),
    "The server": ("People", "Rooms", "Bans", "Accounts", "Statistics"),
}
# The rules of WCAG 2.2, levels A and AA, and what axe-core calls good practice.
_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] });
  return found.violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join('  ')}`);
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, from the packages that the lock names."""
    runpy.run_path(str(ROOT / "tools" / "web"))["install"]()
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def ports(tmp_path: Path, operators: Path) -> Iterator[Ports]:
    """A server that knows an operator."""
    with serving(tmp_path, f"--config={operators}", "--set=limits.flood=false") as doors:
        yield doors


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_no_page_has_a_serious_fault(ports: Ports, browser: Browser, axe: str, theme: str) -> None:
    from playwright.sync_api import expect

    faults: dict[str, list[str]] = {}

    def look(page: Page, name: str) -> None:
        page.evaluate(axe)
        found = page.evaluate(_RUN)
        if found:
            faults[name] = found

    with Line(ports.irc) as bob:
        bob.say("CAP REQ :message-tags", "CAP END")
        bob.register("Bob")
        bob.say(
            "JOIN #tea", "TOPIC #tea :Tea and **cake**", "PRIVMSG #tea :`code`, [link](https://a.example)"
        )
        bob.say("PRIVMSG #tea :\x0304red\x03 and Ann", "PRIVMSG #tea :> quoted", "PING x")
        bob.skip_to("PONG")
        context = browser.new_context(reduced_motion="reduce", locale="en")
        context.add_init_script(f"localStorage.setItem('veche', JSON.stringify({{theme: '{theme}'}}))")
        ann = Sitter.at(context.new_page(), f"http://127.0.0.1:{ports.web}/")
        page = ann.page
        look(page, "arrival")
        ann.come_in("Ann", "Register", PASSWORD)
        ann.say("/join #tea")
        ann.sees("quoted")
        bob.say("PRIVMSG #lobby :Ann?", "PRIVMSG Ann :psst", "INVITE Ann #secret", "PING y")
        bob.skip_to("PONG")
        article = ann.log.locator("article").first
        article.hover()
        article.get_by_role("button", name="React", exact=True).click()
        look(page, "a room")
        article.get_by_role("button", name="Thread").click()
        page.get_by_label("Reply in the thread").fill("an answer")
        page.get_by_label("Reply in the thread").press("Enter")
        page.locator(".thread").get_by_text("an answer").wait_for()
        look(page, "a thread")
        page.keyboard.press("Escape")
        expect(page.locator(".thread")).to_have_count(0)  # it has a field of its own
        ann.field.press("Control+ArrowUp")
        expect(ann.field).to_have_value("an answer")
        ann.field.fill("a better answer")
        ann.field.press("Enter")
        ann.log.get_by_role("button", name="(edited)").click()
        page.get_by_role("dialog").get_by_text("as it is now").wait_for()
        look(page, "earlier wordings")
        page.keyboard.press("Escape")
        ann.open("lobby")
        bob.say(*(f"PRIVMSG #tea :missed {number}" for number in range(60)), "PING z")
        bob.skip_to("PONG")
        expect(ann.room("tea").locator(".badge")).to_have_text("60")
        ann.open("tea")
        page.locator(".to-unread").wait_for()
        look(page, "what was missed")
        page.locator(".to-unread").click()
        page.keyboard.press("Control+f")
        page.get_by_role("searchbox", name="Words that were said").fill("answer")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Go to it").first.wait_for()
        page.get_by_role("button", name="From whom and when").click()
        look(page, "search")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        look(page, "switcher")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="All rooms").click()
        page.locator(".rooms li").first.wait_for()
        look(page, "rooms")
        page.keyboard.press("Escape")
        ann.say("/oper boss secretsecret")
        for window, tabs in TABS.items():
            page.get_by_role("button", name=window).click()
            for tab in tabs:
                page.get_by_role("tab", name=tab, exact=True).click()
                expect(page.get_by_role("dialog")).not_to_contain_text("Loading")
                look(page, f"{window}, {tab}")
            page.keyboard.press("Escape")
        page.locator("article .nick", has_text="Bob").first.click()
        page.get_by_text("Here since").wait_for()
        look(page, "a person")
        page.keyboard.press("Escape")
        ann.log.focus()
        page.keyboard.press("?")
        look(page, "shortcuts")
        context.close()
    assert faults == {}
