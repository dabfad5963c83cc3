"""A person's settings are the same on all his devices; and the server answers in the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.serving import Ports
from tests.web.people import Sitter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

PASSWORD = "correct-horse-battery"


def sit_down(ports: Ports, browser: Browser, locale: str = "en") -> Sitter:
    """Somebody at a device of his own."""
    return Sitter.at(browser.new_context(locale=locale).new_page(), f"http://127.0.0.1:{ports.web}/")


def settings(sitter: Sitter, page: int = 0) -> Locator:
    """The window of settings."""
    sitter.page.locator(".me > .icon-button").click()
    window = sitter.page.get_by_role("dialog")
    window.get_by_role("tab").nth(page).click()
    return window


def test_a_person_finds_his_settings_on_another_device_and_may_deviate_there(
    ports: Ports, browser: Browser
) -> None:
    from playwright.sync_api import expect

    laptop = sit_down(ports, browser)
    # What he had chosen before he had an account, he takes along.
    laptop.page.get_by_label("Theme").select_option("Dark")
    laptop.come_in("Ann", "Register", PASSWORD)
    window = settings(laptop, 1)
    window.get_by_label("From", exact=True).fill("22:00")
    window.get_by_label("To", exact=True).fill("07:00")
    laptop.page.keyboard.press("Escape")

    phone = sit_down(ports, browser, "ru")
    phone.page.get_by_role("button", name="По паролю").click()
    phone.page.get_by_label("Ваше имя").fill("Ann")
    phone.page.get_by_label("Пароль").fill(PASSWORD)
    phone.page.get_by_label("Ваше имя").press("Enter")
    phone.field.wait_for()
    expect(phone.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(phone.page.locator("html")).to_have_attribute("lang", "en")
    window = settings(phone, 1)
    expect(window.get_by_label("From", exact=True)).to_have_value("22:00")
    window.get_by_label("Notify me").select_option("none")

    # At once on the device that is open, and the other way round.
    window = settings(laptop, 1)
    expect(window.get_by_label("Notify me")).to_have_value("none")
    window.get_by_role("tab").nth(0).click()
    window.get_by_label("Language").select_option("ru")
    expect(phone.page.locator("html")).to_have_attribute("lang", "ru")

    # The phone's looks are its own from here on.
    window = phone.page.get_by_role("dialog")
    window.get_by_role("tab").nth(0).click()
    window.get_by_label("только для этого устройства").check()
    window.get_by_label("Тема").select_option("Светлая")
    window = laptop.page.get_by_role("dialog")
    window.get_by_label("Не показывать").check()
    expect(phone.page.get_by_label("Не показывать")).to_be_checked()
    expect(laptop.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(phone.page.locator("html")).to_have_attribute("data-theme", "light")
    for sitter in (laptop, phone):
        sitter.page.context.close()


def test_services_answer_a_guest_in_the_language_of_his_page(ports: Ports, browser: Browser) -> None:
    guest = sit_down(ports, browser, "ru")
    guest.page.get_by_label("Ваше имя").fill("Ann")
    guest.page.get_by_label("Ваше имя").press("Enter")
    guest.field.wait_for()
    guest.say("/msg NickServ BLESS")
    guest.page.get_by_text("NickServ не знает такого слова").first.wait_for()
    guest.page.context.close()
