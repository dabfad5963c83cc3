"""Keeping order by mouse: rooms with their rules, ranks, muting, removing, banning; and the operator's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Ports, serving
from tests.web.people import Sitter, Visitor

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

PASSWORD = "correct horse battery"


@pytest.fixture
def ports(tmp_path: Path, operators: Path) -> Iterator[Ports]:
    """A server that knows an operator."""
    with serving(tmp_path, f"--config={operators}", "--set=limits.flood=false") as doors:
        yield doors


def sit_down(visit: Visitor, ports: Ports) -> Sitter:
    """Open the chat."""
    return Sitter.of(visit(f"http://127.0.0.1:{ports.web}/"))


def test_a_room_is_made_and_kept_in_order(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    ann, bob = sit_down(visit, ports), sit_down(visit, ports)
    ann.come_in("Ann", "Register", PASSWORD)
    bob.come_in("Bob")
    page = ann.page
    page.get_by_role("button", name="All rooms").click()
    page.get_by_role("searchbox", name="Find a room").fill("kitchen")
    page.get_by_role("button", name="Make #kitchen").click()
    expect(page.get_by_text("Nothing has been said here yet")).to_be_visible()
    # Rules and the topic, in words.
    page.get_by_role("button", name="About this room").click()
    page.get_by_label("Topic").fill("Soup on Tuesday")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".topic")).to_have_text("Soup on Tuesday")
    page.get_by_role("tab", name="Rules").click()
    page.get_by_label("By invitation only").check()
    page.get_by_role("tab", name="Ranks").click()
    page.get_by_role("button", name="Make this room mine").click()
    expect(page.locator(".plain-rows")).to_contain_text("Ann Owner")
    # Who is not invited is told what to do; who is invited comes in by one click.
    bob.say("/join #kitchen")
    expect(bob.page.get_by_role("alert")).to_contain_text("#kitchen is by invitation. Ask somebody")
    page.get_by_role("tab", name="Invite").click()
    page.get_by_label("Somebody’s name").fill("Bob")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("Bob is invited.")).to_be_visible()
    page.keyboard.press("Escape")
    bob.page.get_by_role("button", name="Go in").click()
    expect(bob.page.get_by_role("heading", name="#kitchen")).to_be_visible()
    bob.say("hello from Bob")
    ann.sees("hello from Bob")
    # Muted for an hour: he reads, and is told why he may not speak.
    page.locator("article .nick", has_text="Bob").first.click()
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_text("Bob may not speak now.")).to_be_visible()
    bob.say("and more")
    expect(bob.log.locator("[data-progress=failed]")).to_contain_text("You may not speak in #kitchen now")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="About this room").click()
    page.get_by_role("tab", name="Bans").click()
    expect(page.locator(".plain-rows")).to_contain_text("may not speak · until")
    page.get_by_role("button", name="Lift").click()
    expect(page.get_by_text("Nobody is banned.")).to_be_visible()
    page.keyboard.press("Escape")
    bob.log.get_by_role("button", name="Try again").click()
    ann.sees("and more")
    # A rank, and then out.
    page.locator("article .nick", has_text="Bob").first.click()
    page.get_by_label("Rank").select_option("Helper")
    expect(page.locator(".people", has_text="Helpers")).to_contain_text("Bob")
    expect(ann.log).to_contain_text("Ann gives Bob a rank: Helper")
    page.get_by_label("Reason").fill("enough soup")
    page.get_by_role("button", name="Ban", exact=True).click()
    expect(bob.page.get_by_role("alert")).to_contain_text("Ann removed you from #kitchen: enough soup")
    bob.page.get_by_role("alert").get_by_role("button", name="Close").click()
    bob.say("/join #kitchen")
    expect(bob.page.get_by_role("alert")).to_contain_text("#kitchen")
    page.keyboard.press("Escape")
    # Whoever one does not want to hear.
    page.get_by_role("button", name="lobby").click()
    page.get_by_role("complementary").get_by_role("button", name="About Bob").click()
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_role("button", name="Unblock")).to_be_visible()
    page.keyboard.press("Escape")
    bob.open("lobby")
    bob.say("can anybody hear me?")
    bob.sees("can anybody hear me?")
    expect(ann.log).not_to_contain_text("can anybody hear me?")


def test_an_invitation_lets_a_newcomer_in_and_its_link_leads_into_the_chat(
    tmp_path: Path, operators: Path, visit: Visitor
) -> None:
    from playwright.sync_api import expect

    options = (f"--config={operators}", "--set=accounts.registration_open=false")
    with serving(tmp_path, *options) as ports:
        boss = sit_down(visit, ports)
        boss.come_in("Ann")
        boss.say("/oper boss secretsecret")
        expect(boss.page.get_by_role("button", name="The server")).to_be_visible()
        boss.page.get_by_role("button", name="About this room").click()
        boss.page.get_by_role("tab", name="Invite").click()
        boss.page.get_by_role("button", name="Make an invitation").click()
        link = boss.page.get_by_label("The invitation").input_value()
        newcomer = Sitter.of(visit(link))
        newcomer.page.get_by_role("link", name="Come in with this browser").click()
        expect(newcomer.page.get_by_text("You are invited.")).to_be_visible()
        newcomer.come_in("Bea", "Register", PASSWORD)
        expect(newcomer.page.get_by_text("account Bea")).to_be_visible()
        stranger = sit_down(visit, ports)
        page = stranger.page
        page.get_by_role("button", name="Register", exact=True).click()
        page.get_by_label("Your name").fill("Mallory")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).not_to_be_empty()
        expect(page.get_by_role("log")).to_have_count(0)


def test_an_operator_sees_the_server_and_shuts_somebody_out(ports: Ports, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with Line(ports.irc) as mallory:
        mallory.register("mallory")
        ann = sit_down(visit, ports)
        ann.come_in("Ann")
        page = ann.page
        expect(page.get_by_role("button", name="The server")).to_have_count(0)
        page.get_by_role("button", name="Settings").click()
        page.get_by_role("tab", name="Account").click()
        page.get_by_text("Become an operator of the server").first.click()
        page.get_by_label("Name of the operator").fill("boss")
        page.locator("details").get_by_label("Password").fill("secretsecret")
        page.locator("details").get_by_role("button").click()
        expect(page.locator("details")).to_have_count(0)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="The server").click()
        row = page.get_by_role("row", name="mallory")
        expect(row).to_contain_text("127.0.0.1")
        for tab, text in (
            ("Rooms", "#lobby"),
            ("Accounts", "Accounts: 0"),
            ("Statistics", "People now"),
            ("Bans", "Nobody is banned"),
        ):
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("dialog")).to_contain_text(text)
        page.get_by_label("An address, a network, or user@host").fill("*@192.0.2.7")
        page.get_by_label("Reason").fill("spam")
        page.get_by_role("button", name="Ban from the server").click()
        expect(page.locator(".plain-rows")).to_contain_text("*@192.0.2.7")
        page.get_by_role("button", name="Lift").click()
        expect(page.get_by_text("Nobody is banned.")).to_be_visible()
        page.get_by_role("tab", name="People").click()
        row.get_by_role("button").click()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_role("dialog")).to_contain_text("Not here now")
        mallory.skip_to("ERROR")
