"""The page of devices: what the service lists, in the reader's words, and what one does about it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Ports
from tests.web.people import Sitter, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

PASSWORD = "correct-horse-battery"


def devices(ann: Sitter) -> Locator:
    """The window of settings, open at the devices."""
    ann.page.locator(".me > .icon-button").click()
    window = ann.page.get_by_role("dialog")
    window.get_by_role("tab").nth(3).click()
    return window


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_device_gets_a_password_is_seen_logged_off_and_forgotten(
    ports: Ports, visit: Visitor, language: str
) -> None:
    from playwright.sync_api import expect

    def words(english: str, russian: str) -> str:
        return russian if language == "ru" else english

    ann = Sitter.of(visit(f"http://127.0.0.1:{ports.web}/"))
    ann.come_in("Ann", "Register", PASSWORD)
    if language == "ru":
        ann.page.locator(".me > .icon-button").click()
        ann.page.get_by_label("Language").select_option("ru")
        ann.page.keyboard.press("Escape")
    window = devices(ann)
    lists = window.locator("ul.plain-rows")
    expect(lists).to_have_count(2)
    first, second = lists.first, lists.last
    expect(first.locator("li")).to_contain_text(words("this device", "это устройство"))
    expect(first.locator("li")).to_contain_text(words("active now", "сейчас активно"))
    expect(first.get_by_role("button")).to_have_count(0)
    # This browser stays logged in, by a password of its own.
    expect(second.locator("li")).to_contain_text("browser-")
    window.get_by_placeholder(words("Name of the device, as phone", "Название устройства: phone")).fill(
        "phone"
    )
    window.get_by_role("button", name=words("Make a password", "Создать пароль")).click()
    expect(second.locator("li", has_text="phone")).to_contain_text(words("never used", "ещё не использован"))
    token = next(
        word for word in window.get_by_role("status").inner_text().split() if word.startswith("veche-")
    )
    with Line(ports.irc) as phone:
        login = base64.b64encode(f"\0ann\0{token}".encode()).decode()
        phone.say(
            "CAP REQ :sasl", "NICK ann", "USER ann 0 * :Ann", "AUTHENTICATE PLAIN", f"AUTHENTICATE {login}"
        )
        phone.say("CAP END")
        phone.skip_to(" 001 ")
        ann.page.keyboard.press("Escape")
        window = devices(ann)
        row = window.locator("li", has_text="phone").first
        expect(row).to_contain_text(words("IRC client", "клиент IRC"))
        row.get_by_role("button", name=words("Log off: phone", "Отключить: phone")).click()
        phone.skip_to("ERROR")
    row = window.locator("li", has_text="phone").first
    expect(row).to_contain_text(words("not connected, last here", "не подключено, последний раз"))
    row.get_by_role("button", name=words("Forget: phone", "Забыть: phone")).click()
    expect(window.locator("ul.plain-rows").first.locator("li")).to_have_count(1)
    window.get_by_role("button", name=words("Take back: phone", "Отозвать: phone")).click()
    expect(window.get_by_role("status")).to_contain_text(
        words("The token of phone", "Токен устройства phone")
    )
    expect(window.locator("ul.plain-rows").last.locator("li")).to_have_count(1)
