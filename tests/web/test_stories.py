"""The chat in the browser, played by people in front of real pages at real servers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import ROOT, Killable, Ports, serving
from tests.web.people import Sitter, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

PASSWORD = "correct horse battery"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    """A server with every door open."""
    with serving(tmp_path) as doors:
        yield doors


def sit_down(visit: Visitor, ports: Ports | Killable) -> Sitter:
    """Open the chat."""
    return Sitter.of(visit(f"http://127.0.0.1:{ports.web}/"))


def test_a_guest_arrives_and_chats_with_somebody_at_a_terminal(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    plain = subprocess.Popen(
        [sys.executable, "-u", "-m", "veche.client.plain", f"127.0.0.1:{ports.irc}", "--nick=bob", "--plain"],
        env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert plain.stdin is not None
        assert plain.stdout is not None
        plain.stdin.write("hello from the terminal\n")
        plain.stdin.flush()
        while "hello from the terminal" not in plain.stdout.readline():
            pass
        ann = sit_down(visit, ports)
        ann.come_in("Ann")
        ann.sees("hello from the terminal")
        ann.say("Good morning, **Bob**!\nSecond line of one message, чай")
        while "Second line of one message, чай" not in plain.stdout.readline():
            pass
        expect(ann.log.locator("strong", has_text="Bob")).to_be_visible()
        plain.stdin.write("ann, are you there?\n")
        plain.stdin.flush()
        ann.sees("ann, are you there?")
        expect(ann.log.locator(".is-call mark")).to_have_text("ann")
        # One click leads to a conversation between two.
        ann.page.get_by_role("complementary").get_by_role("button", name="bob", exact=True).click()
        expect(ann.page.get_by_role("heading", name="bob")).to_be_visible()
        ann.say("psst")
        while "psst" not in plain.stdout.readline():
            pass
    finally:
        plain.kill()
        plain.communicate()


def test_commands_tell_what_they_are_and_answer_line_by_line(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    ann = sit_down(visit, ports)
    ann.come_in("Ann")
    ann.say("/help")
    window = ann.page.get_by_role("dialog", name="Commands and shortcuts")
    expect(window).to_contain_text("/topic …")
    expect(window).to_contain_text("change what this room is about")
    ann.page.keyboard.press("Escape")
    ann.say("/whois ann")
    expect(ann.page.get_by_role("dialog", name="ann")).to_be_visible()
    ann.page.keyboard.press("Escape")
    ann.say("/whois nobody")
    expect(ann.page.get_by_role("dialog", name="nobody")).to_contain_text("Not here now")
    ann.page.keyboard.press("Escape")
    ann.say("/help topic")
    answer = ann.log.locator(".answer")
    expect(answer.first).to_be_visible()
    assert answer.count() > 1
    assert not [text for text in answer.all_inner_texts() if text.startswith("*") or " · " in text]
    before = answer.count()
    ann.say("/frobnicate")
    expect(answer).to_have_count(before + 1)
    expect(answer.last).to_contain_text("FROBNICATE")


def test_somebody_registers_and_is_the_same_person_on_a_second_page(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    first = sit_down(visit, ports)
    first.come_in("Ann", "Register", PASSWORD)
    expect(first.page.get_by_text("account Ann")).to_be_visible()
    first.say("/join #tea")
    first.say("said on the first")
    first.sees("said on the first")
    second = sit_down(visit, ports)
    second.come_in("Ann", "Log in", PASSWORD)
    second.open("tea")
    second.sees("said on the first")
    second.say("and this on the second")
    first.sees("and this on the second")
    with Line(ports.irc) as bob:
        bob.register("bob")
        bob.say("PRIVMSG Ann :for both of you")
        for page in (first, second):
            expect(page.room("bob").locator(".is-mention")).to_have_text("1")
        second.open("bob")
        second.sees("for both of you")
        # What is read on one device is read on the other.
        expect(first.room("bob").locator(".badge")).to_have_count(0)
        second.say("thanks")
        first.open("bob")
        first.sees("thanks")
    stranger = sit_down(visit, ports)
    stranger.page.get_by_label("Your name").fill("Ann")
    stranger.page.get_by_label("Your name").press("Enter")
    expect(stranger.page.get_by_role("alert")).to_contain_text("This name is taken")


@pytest.mark.parametrize("way", ["As a guest", "Register"])
def test_the_server_is_killed_while_somebody_writes(tmp_path: Path, visit: Visitor, way: str) -> None:
    from playwright.sync_api import expect

    server = Killable(tmp_path)
    server.start()
    try:
        ann = sit_down(visit, server)
        ann.come_in("Ann", way, "" if way == "As a guest" else PASSWORD)
        said = [f"before {number}" for number in range(4)]
        for text in said:
            ann.say(text)
        ann.sees(said[-1])
        ann.say("in the middle of it")
        server.kill()
        expect(ann.page.locator(".lost")).to_contain_text("The connection is gone")
        ann.say("while it was gone")
        ann.field.fill("a draft that stays")
        server.start()
        expect(ann.page.locator(".lost")).to_have_count(0, timeout=30000)
        expect(ann.log.locator(".is-unsent")).to_have_count(0)
        expect(ann.field).to_have_value("a draft that stays")
        expected = [*said, "in the middle of it", "while it was gone"]
        assert ann.texts() == expected
        with Line(server.port) as bob:
            bob.say("CAP REQ :draft/chathistory batch server-time message-tags", "CAP END")
            bob.register("bob")
            bob.say("CHATHISTORY LATEST #lobby * 50")
            kept = [bob.skip_to("PRIVMSG").rpartition(":")[2] for _ in expected]
            assert kept == expected
    finally:
        server.kill()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_the_page_speaks_russian_and_changes_its_language_at_once(ports: Ports, browser: Browser) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(locale="ru-RU")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{ports.web}/")
    page.get_by_label("Ваше имя").fill("Аня")
    page.get_by_label("Ваше имя").press("Enter")
    expect(page.get_by_role("heading", name="1 человек")).to_be_visible()
    page.get_by_label("Сообщение в #lobby").fill("Добрый день!")
    page.get_by_label("Сообщение в #lobby").press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Добрый день!")
    expect(page.get_by_role("log")).to_contain_text("Сегодня")
    page.get_by_role("button", name="Настройки").click()
    page.get_by_label("Язык").select_option("en")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("log")).to_contain_text("Today")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    context.close()


def test_older_messages_come_when_one_scrolls_and_what_one_reads_stays(
    tmp_path: Path, visit: Visitor
) -> None:
    from playwright.sync_api import expect

    with serving(tmp_path, "--set=limits.flood=false") as ports, Line(ports.irc) as bob:
        bob.register("bob")
        bob.say("JOIN #long")
        for number in range(150):
            bob.say(f"PRIVMSG #long :message {number}")
        bob.say("PING done")
        ann = sit_down(visit, ports)
        ann.come_in("Ann")
        bob.skip_to("PONG")
        ann.say("/join #long")
        ann.sees("message 149")
        expect(ann.log.locator(".text", has_text="message 0").first).to_have_count(0)
        position = "row => row.getBoundingClientRect().top"
        for _ in range(40):
            if ann.log.get_by_text("message 0", exact=True).count():
                break
            ann.log.evaluate("log => { log.scrollTop = 100; }")
            ann.page.wait_for_timeout(100)
        expect(ann.log.get_by_text("message 0", exact=True)).to_have_count(1)
        ann.log.evaluate("log => { log.scrollTop = 300; }")
        row = ann.log.locator("article").nth(20)
        before = row.evaluate(position)
        bob.say("PRIVMSG #long :something new")
        expect(ann.page.get_by_role("button", name="1 new message")).to_be_visible()
        assert abs(row.evaluate(position) - before) < 2
        ann.page.get_by_role("button", name="1 new message").click()
        ann.sees("something new")
        expect(ann.log.get_by_text("something new")).to_be_in_viewport()


def test_a_phone_shows_one_thing_at_a_time_and_nothing_wider_than_itself(
    ports: Ports, browser: Browser
) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{ports.web}/")
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Come in").tap()
    page.get_by_label("Message #lobby").fill("w" * 3000)
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_role("log")).to_contain_text("www")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.get_by_role("button", name="Conversations").tap()
    expect(page.get_by_role("navigation")).to_be_visible()
    page.get_by_role("button", name="All rooms").tap()
    page.get_by_role("searchbox", name="Find a room").fill("kitchen")
    page.get_by_role("button", name="Make #kitchen").tap()
    expect(page.get_by_role("heading", name="#kitchen")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_hidden()
    context.close()


def test_messages_are_answered_marked_and_taken_back(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    ann, bob = sit_down(visit, ports), sit_down(visit, ports)
    ann.come_in("Ann")
    bob.come_in("Bob")
    ann.say("tea or coffee?")
    bob.sees("tea or coffee?")
    question = bob.log.locator("article", has_text="tea or coffee?")
    question.hover()
    question.get_by_role("button", name="Reply").click()
    bob.field.press_sequentially("te")
    expect(ann.page.get_by_text("Bob is typing")).to_be_visible()
    bob.field.press_sequentially("a, ann")
    bob.field.press("Tab")
    bob.field.press("Enter")
    answer = ann.log.locator("article", has_text="tea, Ann")
    expect(answer.locator(".quote")).to_contain_text("tea or coffee?")
    answer.hover()
    answer.get_by_role("button", name="React", exact=True).click()
    answer.get_by_role("button", name="React with 🎉").click()
    mine = bob.log.locator("article", has_text="tea, Ann")
    expect(mine.locator(".reactions")).to_contain_text("🎉 1")
    mine.hover()
    mine.get_by_role("button", name="Take back").click()
    mine.get_by_role("alertdialog").get_by_role("button", name="Take back").click()
    expect(ann.log.get_by_text("This message was taken back.")).to_be_visible()
    expect(ann.log).not_to_contain_text("tea, Ann")
    # What happens between messages divides neither the day nor the page.
    ann.say("/links")
    ann.sees("End of /LINKS list")
    ann.say("so be it")
    ann.sees("so be it")
    expect(ann.log.locator(".day")).to_have_count(1)
