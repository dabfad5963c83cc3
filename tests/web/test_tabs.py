"""Several tabs of one browser: they agree, and who is a guest is one person in all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Killable, Ports
from tests.web.people import Sitter

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]


def test_tabs_of_one_browser_agree(ports: Ports, browser: Browser) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(locale="en")
    address = f"http://127.0.0.1:{ports.web}/"
    first = Sitter.at(context.new_page(), address)
    first.come_in("Ann")
    second = Sitter.at(context.new_page(), address)
    second.field.wait_for()
    second.page.get_by_role("button", name="Settings").click()
    second.page.get_by_label("Theme").select_option("High contrast")
    second.page.get_by_label("Language").select_option("ru")
    expect(first.page.locator("html")).to_have_attribute("data-theme", "contrast")
    expect(first.page.get_by_role("heading", name="Комнаты")).to_be_visible()
    context.close()


def test_a_guest_is_one_person_in_all_tabs_of_his_browser(ports: Ports, browser: Browser) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(locale="en")
    address = f"http://127.0.0.1:{ports.web}/"
    with Line(ports.irc) as bob:
        bob.register("bob")
        bob.say("JOIN #tea")
        first = Sitter.at(context.new_page(), address)
        first.come_in("Ann")
        first.say("/join #tea")
        first.say("from the first tab")
        bob.skip_to("from the first tab")
        # A link that is opened in a new tab leads to its place, and asks nobody who he is.
        second = Sitter.at(context.new_page(), f"{address}#in=%23tea")
        second.sees("from the first tab")
        expect(second.page.get_by_role("complementary").get_by_role("button", name="bob")).to_have_count(2)
        second.say("and from the **second**\nin two lines")
        first.sees("and from the second")
        assert bob.skip_to("and from the").startswith(":Ann!")
        bob.say("PRIVMSG Ann :which of you is it?")
        for tab in (first, second):
            expect(tab.room("bob").locator(".badge")).to_have_text("1")
        second.open("bob")
        second.sees("which of you is it?")
        expect(first.room("bob").locator(".badge")).to_have_count(0)
        bob.say("NAMES #tea")
        assert bob.skip_to(" 353 ").count("Ann") == 1
        # The session stays when the tab is closed that began it; a name is changed, and a room left, for all.
        first.page.close()
        second.say("still here")
        bob.skip_to("still here")
        second.say("/nick Anna")
        third = Sitter.at(context.new_page(), address)
        expect(third.page.locator(".me-name")).to_contain_text("Anna")
        third.open("tea")
        third.sees("from the first tab", "and from the second")
        third.say("/part")
        expect(second.room("tea")).to_have_count(0)
        # Who leaves the chat leaves it in all.
        third.page.get_by_role("button", name="Settings").click()
        third.page.get_by_role("button", name="Leave the chat").click()
        for tab in (second, third):
            expect(tab.page.get_by_label("Your name")).to_be_visible()
            tab.page.reload()
            expect(tab.page.get_by_label("Your name")).to_be_visible()
        bob.say("WHOIS Anna")
        bob.skip_to(" 401 ")
    context.close()


def test_the_tabs_of_a_guest_come_back_together(tmp_path: Path, browser: Browser) -> None:
    from playwright.sync_api import expect

    server = Killable(tmp_path)
    server.start()
    context = browser.new_context(locale="en")
    try:
        address = f"http://127.0.0.1:{server.web}/"
        first = Sitter.at(context.new_page(), address)
        first.come_in("Ann")
        first.say("before")
        first.sees("before")
        second = Sitter.at(context.new_page(), address)
        second.sees("before")
        server.kill()
        for number, tab in enumerate((first, second)):
            expect(tab.page.locator(".lost")).to_be_visible()
            tab.say(f"meanwhile {number}")
        server.start()
        for tab in (first, second):
            # One tries again after up to half a minute; what the other has said comes when that one is back.
            expect(tab.page.locator(".lost")).to_have_count(0, timeout=60000)
        for tab in (first, second):
            # Both ask for everything by one connection, and flood control holds some of it back.
            expect(tab.log).to_contain_text("meanwhile 1", timeout=30000)
            tab.sees("meanwhile 0")
            expect(tab.log.locator(".is-unsent")).to_have_count(0)
            assert sorted(tab.texts()) == ["before", "meanwhile 0", "meanwhile 1"]
            expect(tab.page.locator(".me-name")).to_contain_text("Ann")
        # Whoever loads the page anew is let in again, beside the other tab and alone.
        second.page.reload()
        second.sees("meanwhile 1")
        first.page.close()
        second.page.reload()
        second.sees("meanwhile 1")
    finally:
        context.close()
        server.kill()
