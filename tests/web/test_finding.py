"""Finding what was said and coming to where it was said: search, links, quotes, threads; and saying it better."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Ports, serving
from tests.clients.terminals import Terminals
from tests.clients.test_real_clients import irssi
from tests.web.people import Sitter, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]


def sit_down(visit: Visitor, ports: Ports, nick: str, place: str = "") -> Sitter:
    """Somebody who is in the lobby, or where the address leads to."""
    sitter = Sitter.of(visit(f"http://127.0.0.1:{ports.web}/{place}"))
    sitter.come_in(nick)
    return sitter


def fill(ports: Ports, room: str, count: int) -> Line:
    """Bob, who has said much in a room: "message 0", "message 1"..., and stays."""
    bob = Line(ports.irc)
    bob.say("CAP REQ :message-tags", "CAP END")
    bob.register("Bob")
    bob.say(f"JOIN {room}", *(f"PRIVMSG {room} :message {number}" for number in range(count)), "PING done")
    bob.skip_to("PONG")
    return bob


@pytest.mark.needs("tmux", "irssi")
def test_a_guest_chats_with_somebody_at_irssi(tmp_path: Path, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with serving(tmp_path) as ports, Terminals(tmp_path) as terminals:
        iris = irssi(terminals, ports.ircs, "iris")
        ann = sit_down(visit, ports, "Ann")
        ann.say("good morning, iris")
        iris.shows("good morning, iris")
        iris.type("Ann: good morning, чай?")
        ann.sees("good morning, чай?")
        expect(ann.log.locator(".is-call mark")).to_have_text("Ann")
        iris.type("/me puts the kettle on")
        ann.sees("puts the kettle on")


def test_what_was_said_long_ago_is_found_and_one_is_led_there_and_back(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with fill(ports, "#tea", 30) as bob:
        bob.say("PRIVMSG #tea :the samovars are in the *shed*")
        bob.say(*(f"PRIVMSG #tea :later {number}" for number in range(400)), "PING done")
        bob.skip_to("PONG")
        ann = sit_down(visit, ports, "Ann")
        ann.say("/join #tea")
        ann.sees("later 399")
        ann.page.keyboard.press("Control+f")
        ann.page.get_by_role("searchbox", name="Words that were said").fill("samovar")
        ann.page.keyboard.press("Enter")
        hit = ann.page.locator(".hit")
        expect(hit).to_contain_text("the samovars are in the shed")
        expect(hit.locator("mark")).to_have_text("samovars")
        hit.get_by_role("button", name="What was around").click()
        expect(hit).to_contain_text("message 29")
        expect(hit).to_contain_text("later 0")
        hit.get_by_role("button", name="Go to it").click()
        expect(ann.log.locator(".is-shown")).to_contain_text("the samovars are in the shed")
        expect(ann.log.locator(".is-shown")).to_be_in_viewport()
        # What is said meanwhile waits at the end, where one comes by scrolling, without a gap and nothing twice.
        bob.say("PRIVMSG #tea :the very last one")
        for _ in range(100):
            if ann.log.get_by_text("the very last one").count():
                break
            ann.log.evaluate("log => { log.scrollTop += 2000; }")
            ann.page.wait_for_timeout(50)
        texts = [text for text in ann.texts() if text.startswith("later ")]
        assert texts == [f"later {number}" for number in range(400 - len(texts), 400)]
        # Filters: nobody of that name has said it; a day on which it was not.
        ann.page.get_by_role("button", name="From whom and when").click()
        ann.page.get_by_label("From", exact=True).fill("Carol")
        ann.page.get_by_role("button", name="Find", exact=True).click()
        expect(ann.page.locator(".search .hint")).to_contain_text("Nothing was found")
        ann.page.get_by_label("From", exact=True).fill("Bob")
        ann.page.get_by_label("Until").fill("2020-01-01")
        ann.page.get_by_role("button", name="Find", exact=True).click()
        expect(ann.page.locator(".search .hint")).to_contain_text("Nothing was found")


def test_a_link_leads_to_a_message_and_a_quote_to_what_it_quotes(ports: Ports, browser: Browser) -> None:
    from playwright.sync_api import expect

    with fill(ports, "#tea", 300):
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], locale="en")
        ann = Sitter.at(context.new_page(), f"http://127.0.0.1:{ports.web}/#in=%23tea")
        expect(ann.page.get_by_text("The link leads to #tea.")).to_be_visible()
        ann.come_in("Ann")
        expect(ann.page.get_by_role("heading", name="#tea")).to_be_visible()
        old = ann.log.locator("article[aria-label^=Bob]", has_text="message 250")
        old.scroll_into_view_if_needed()
        old.hover()
        old.get_by_role("button", name="Reply").click()
        ann.say("this one")
        ann.sees("this one")
        expect(ann.log.locator(".is-unsent")).to_have_count(0)
        old.scroll_into_view_if_needed()
        old.hover()
        old.get_by_role("button", name="Copy link").click()
        expect(ann.page.get_by_text("Copied.")).to_be_visible()
        address = ann.page.evaluate("navigator.clipboard.readText()")
        ann.log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
        ann.log.locator("article", has_text="this one").locator(".quote").click()
        expect(ann.log.locator(".is-shown")).to_contain_text("message 250")
        away = browser.new_context(locale="en")
        other = Sitter.at(away.new_page(), address)
        other.come_in("Bea")
        expect(other.log.locator(".is-shown")).to_contain_text("message 250")
        expect(other.log.locator(".is-shown")).to_be_in_viewport()
        away.close()
        context.close()


def test_a_room_that_is_left_while_it_scrolls_leaves_nothing_behind(ports: Ports, visit: Visitor) -> None:
    """A browser tells of scrolling at its next frame, even if what was scrolled is no longer on the page then."""
    from playwright.sync_api import expect

    with fill(ports, "#tea", 60):
        ann = sit_down(visit, ports, "Ann")
        for _ in range(3):
            ann.say("/join #tea")
            ann.sees("message 59")
            ann.page.evaluate(
                """async () => {
                  document.querySelector('.log').scrollTop -= 50;
                  const rooms = [...document.querySelectorAll('.sidebar .item > button')];
                  rooms.find((one) => one.innerText.includes('lobby')).click();
                  await new Promise(requestAnimationFrame);
                }"""
            )
            expect(ann.page.get_by_role("heading", name="#lobby")).to_be_visible()
        # An exception that nobody caught fails the visit.


def test_one_is_led_to_the_first_of_what_one_has_missed(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with fill(ports, "#tea", 5) as bob:
        ann = sit_down(visit, ports, "Ann")
        ann.say("/join #tea")
        ann.sees("message 4")
        ann.open("lobby")
        # Few that one sees at once are not told of; many are, also those that are not loaded yet.
        bob.say("PRIVMSG #tea :just one")
        expect(ann.room("tea").locator(".badge")).to_have_text("1")
        ann.open("tea")
        expect(ann.log.locator(".line")).to_be_in_viewport()
        expect(ann.page.locator(".to-unread")).to_have_count(0)
        for count in (60, 400):
            ann.open("lobby")
            bob.say(*(f"PRIVMSG #tea :missed {number} of {count}" for number in range(count)), "PING done")
            bob.skip_to("PONG")
            expect(ann.room("tea").locator(".badge")).to_have_text(str(count))
            ann.open("tea")
            ann.sees(f"missed {count - 1} of {count}")
            # Who begins to type before the place is there is not taken away from that.
            ann.page.get_by_role("button", name=f"{count} unread since").evaluate(
                "(button) => { button.click(); document.querySelector('.compose textarea').focus(); }"
            )
            expect(ann.log.get_by_text(f"missed 0 of {count}")).to_be_in_viewport()
            expect(ann.log.locator(".line")).to_be_in_viewport()
            expect(ann.page.locator(".to-unread")).to_have_count(0)
            ann.page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
            expect(ann.field).to_be_focused()
            ann.page.get_by_role("button", name="To the newest").click()
            expect(ann.log.get_by_text(f"missed {count - 1} of {count}")).to_be_in_viewport()


def test_a_room_where_hundreds_came_and_went_still_shows_what_was_said(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with fill(ports, "#tea", 100) as bob:
        ann = sit_down(visit, ports, "Ann")
        ann.say("/join #tea")
        ann.sees("message 99")
        bob.say(*("PART #tea", "JOIN #tea") * 150, "PING done")
        bob.skip_to("PONG")
        expect(ann.log.get_by_role("button", name=re.compile("29. more"))).to_be_visible()
        expect(ann.log.get_by_text("message 99")).to_be_visible()


def test_a_thread_has_a_pane_and_what_one_said_is_edited(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    ann, bob = sit_down(visit, ports, "Ann"), sit_down(visit, ports, "Bob")
    ann.say("who brings what?")
    bob.sees("who brings what?")
    question = bob.log.locator("article", has_text="who brings what?").first
    question.hover()
    question.get_by_role("button", name="Thread").click()
    expect(bob.page.get_by_text("Nobody has replied yet")).to_be_visible()
    answer = bob.page.get_by_label("Reply in the thread")
    answer.fill("I bring a cakr")
    answer.press("Enter")
    thread = bob.page.locator(".thread")
    expect(thread).to_contain_text("I bring a cakr")
    ann.page.locator("article", has_text="who brings what?").get_by_role("button", name="1 reply").click()
    expect(ann.page.locator(".thread")).to_contain_text("I bring a cakr")
    # Said anew, it is so for everybody and everywhere, and says that it is.
    mine = bob.page.get_by_role("main").locator("article", has_text="I bring a cakr")
    mine.hover()
    mine.get_by_role("button", name="Edit").click()
    field = bob.page.get_by_label("Message #lobby")
    expect(field).to_have_value("I bring a cakr")
    field.fill("I bring a cake")
    field.press("Enter")
    for person in (ann, bob):
        for place in (".thread", ".conversation"):
            expect(person.page.locator(place)).to_contain_text("I bring a cake (edited)")
            expect(person.page.locator(place)).not_to_contain_text("cakr")
    # How it was before is for who wrote it and who keeps order; here Ann came first, but nobody owns the lobby.
    expect(ann.page.get_by_role("main").get_by_role("button", name="(edited)")).to_have_count(0)
    bob.page.get_by_role("main").get_by_role("button", name="(edited)").click()
    wordings = bob.page.get_by_role("dialog", name="What Bob had written before").locator(".hit")
    expect(wordings).to_have_count(2)
    expect(wordings.first).to_contain_text("I bring a cakr")
    expect(wordings.last).to_contain_text("as it is now")
    bob.page.keyboard.press("Escape")
    # Around a hit of the search it stands once, as it is now.
    bob.page.keyboard.press("Control+f")
    bob.page.get_by_role("searchbox", name="Words that were said").fill("brings")
    bob.page.keyboard.press("Enter")
    hit = bob.page.locator(".hit", has_text="who brings what?").first
    hit.get_by_role("button", name="What was around").click()
    expect(hit).to_contain_text("I bring a cake")
    expect(hit.get_by_text("I bring a cake")).to_have_count(1)
    with Line(ports.irc) as carol:
        carol.say("CAP REQ :draft/chathistory batch message-tags draft/message-edit", "CAP END")
        carol.register("carol")
        carol.say("CHATHISTORY LATEST #lobby * 10")
        assert "veche/edited" in carol.skip_to("I bring a cake")
