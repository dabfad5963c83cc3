"""The page alone: without a server or a network, after an upgrade, when nobody looks, and by keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Killable, Ports
from tests.web.people import Sitter, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

PASSWORD = "correct horse battery"


def test_what_was_read_can_be_read_without_a_server_and_one_is_still_logged_in_when_it_is_back(
    tmp_path: Path, browser: Browser
) -> None:
    from playwright.sync_api import expect

    server = Killable(tmp_path)
    server.start()
    context = browser.new_context(locale="en")
    try:
        ann = Sitter.at(context.new_page(), f"http://127.0.0.1:{server.web}/")
        ann.come_in("Ann", "Register", PASSWORD)
        ann.say("/join #tea")
        ann.say("the kettle is on")
        ann.sees("the kettle is on")
        ann.field.fill("a thought that is not over")
        expect(ann.log.locator(".is-unsent")).to_have_count(0)
        # The page has been put aside, and what is on it a moment later.
        ann.page.evaluate("navigator.serviceWorker.ready")
        ann.page.wait_for_timeout(3500)
        server.kill()
        ann.page.reload()
        ann.open("tea")
        ann.sees("the kettle is on")
        expect(ann.page.locator(".lost")).to_be_visible()
        expect(ann.field).to_have_value("a thought that is not over")
        server.start()
        with Line(server.port) as bob:
            bob.register("bob")
            bob.say("JOIN #tea", "PRIVMSG #tea :you have missed this")
            ann.page.get_by_role("button", name="Try now").or_(
                ann.log.get_by_text("you have missed this")
            ).first.click()
            ann.sees("you have missed this")
        expect(ann.page.get_by_text("account Ann")).to_be_visible()
        assert ann.texts().count("the kettle is on") == 1
        # Another tab is the same person, without a question; and who leaves the chat is forgotten.
        second = Sitter.at(context.new_page(), f"http://127.0.0.1:{server.web}/")
        second.open("tea")
        second.sees("you have missed this")
        second.page.get_by_role("button", name="Settings").click()
        second.page.get_by_role("button", name="Leave the chat").click()
        second.page.get_by_label("Your name").wait_for()
        second.page.reload()
        expect(second.page.get_by_label("Your name")).to_be_visible()
        expect(second.page.get_by_role("log")).to_have_count(0)
    finally:
        context.close()
        server.kill()


def test_a_tab_from_before_an_upgrade_says_so_when_it_has_come_back(tmp_path: Path, browser: Browser) -> None:
    from playwright.sync_api import expect

    server = Killable(tmp_path)
    server.start()
    context = browser.new_context(locale="en", service_workers="block")
    try:
        ann = Sitter.at(context.new_page(), f"http://127.0.0.1:{server.web}/")
        ann.come_in("Ann")

        def upgraded(route: Route) -> None:
            found = route.fetch()
            route.fulfill(response=found, body=re.sub(r"index-[\w-]+\.js", "index-NEWER.js", found.text()))

        ann.page.route(f"http://127.0.0.1:{server.web}/", upgraded)
        server.kill()
        expect(ann.page.locator(".lost")).to_be_visible()
        server.start()
        expect(ann.page.get_by_text("The chat was renewed.")).to_be_visible(timeout=30000)
        ann.page.unroute_all()
        ann.page.get_by_role("button", name="Load it anew").click()
        ann.field.wait_for()
        expect(ann.page.get_by_text("The chat was renewed.")).to_have_count(0)
    finally:
        context.close()
        server.kill()


def test_notices_and_quiet_hours(ports: Ports, browser: Browser) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(locale="en", permissions=["notifications"])
    context.add_init_script(
        """window.raised = [];
        window.Notification = class { constructor(title, more) { raised.push(title + ': ' + more.body); }
          static permission = 'granted'; static async requestPermission() { return 'granted'; } };"""
    )
    ann = Sitter.at(context.new_page(), f"http://127.0.0.1:{ports.web}/")
    ann.come_in("Ann")
    page = ann.page
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("tab", name="Notifications").click()
    page.get_by_label("Desktop notifications").check()
    page.keyboard.press("Escape")
    ann.say("/join #tea")
    with Line(ports.irc) as bob:
        bob.register("bob")
        bob.say("PRIVMSG #lobby :nobody is meant", "PRIVMSG #lobby :Ann, **tea**?", "PRIVMSG Ann :psst")
        expect(ann.room("bob").locator(".badge")).to_have_text("1")
        for _ in range(100):
            if len(page.evaluate("raised")) > 1:
                break
            page.wait_for_timeout(50)
        assert page.evaluate("raised") == ["bob in #lobby: Ann, tea?", "bob: psst"]
        page.get_by_role("button", name="Settings").click()
        page.get_by_role("tab", name="Notifications").click()
        page.get_by_label("From").fill("00:00")
        page.get_by_label("To", exact=True).fill("23:59")
        page.keyboard.press("Escape")
        bob.say("PRIVMSG Ann :are you asleep?")
        expect(ann.room("bob").locator(".badge")).to_have_text("2")
        assert len(page.evaluate("raised")) == 2
    context.close()


def test_everything_goes_by_keyboard(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    ann = Sitter.of(visit(f"http://127.0.0.1:{ports.web}/"))
    page, press, write = ann.page, ann.page.keyboard.press, ann.page.keyboard.type
    expect(page.get_by_label("Your name")).to_be_focused()
    write("Ann")
    press("Enter")
    expect(ann.field).to_be_focused()
    write("hello by keyboard")
    press("Enter")
    ann.sees("hello by keyboard")
    # To a room that is not there yet, and back by a few letters.
    write("/join #garden")
    press("Enter")
    expect(page.get_by_role("heading", name="#garden")).to_be_visible()
    press("Control+k")
    expect(page.get_by_role("combobox", name="Name of a room or a person")).to_be_focused()
    write("lob")
    press("Enter")
    expect(page.get_by_role("heading", name="#lobby")).to_be_visible()
    expect(ann.field).to_be_focused()
    press("Alt+ArrowUp")
    expect(page.get_by_role("heading", name="#garden")).to_be_visible()
    press("Alt+ArrowDown")
    expect(page.get_by_role("heading", name="#lobby")).to_be_visible()
    # Suggestions.
    expect(ann.field).to_be_focused()
    write("a cup of :tea")
    expect(page.get_by_role("option", name="🍵 tea")).to_be_visible()
    press("Tab")
    press("Enter")
    ann.sees("a cup of 🍵")
    # From the field to the messages, to what can be done with one, and to the answer.
    ann.log.focus()
    press("ArrowUp")
    press("ArrowUp")
    expect(page.locator("article:focus")).to_contain_text("hello by keyboard")
    for _ in range(10):
        press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Reply":
            break
    press("Enter")
    expect(page.locator(".answering")).to_contain_text("hello by keyboard")
    expect(ann.field).to_be_focused()
    write("an answer")
    press("Enter")
    expect(ann.log.locator(".quote")).to_contain_text("hello by keyboard")
    # The last message said anew, and what was said before brought back.
    press("Control+ArrowUp")
    expect(ann.field).to_have_value("an answer")
    press("End")
    write(", edited")
    press("Enter")
    ann.sees("an answer, edited")
    press("ArrowUp")
    expect(ann.field).to_have_value("an answer")
    press("ArrowDown")
    # Windows open and close, and the focus comes back.
    ann.log.focus()
    press("?")
    expect(page.get_by_role("dialog", name="Commands and shortcuts")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("Control+,")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    page.get_by_role("tab", name="Appearance").focus()
    press("ArrowRight")
    expect(page.get_by_role("tab", name="Notifications")).to_be_focused()
    press("Escape")
    press("Control+f")
    expect(page.get_by_role("searchbox", name="Words that were said")).to_be_focused()
    write("keyboard")
    press("Enter")
    expect(page.locator(".hit")).to_have_count(1)
    press("Escape")
    expect(page.get_by_role("complementary", name="Search")).to_have_count(0)
