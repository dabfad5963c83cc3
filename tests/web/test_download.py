"""Somebody takes away what he has said, in the chat in the browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients.serving import Ports
from tests.web.people import Visitor
from tests.web.test_stories import PASSWORD, ports, sit_down

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

__all__ = ["ports"]


def test_my_data_is_a_button_away(ports: Ports, visit: Visitor, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    ann = sit_down(visit, ports)
    ann.come_in("Ann", "Register", PASSWORD)
    ann.say("чай готов")
    ann.sees("чай готов")
    page = ann.page
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("tab", name="Account").click()
    page.locator("summary", has_text="Download my data").click()
    panel = page.locator("details", has_text="Download my data")
    with page.expect_download() as begun:
        panel.get_by_role("button", name="Download my data").click()
    expect(panel.get_by_role("status")).to_have_text("The download begins.")
    begun.value.save_as(tmp_path / "mine.json")
    mine = json.loads((tmp_path / "mine.json").read_text())
    assert begun.value.suggested_filename == "veche.json"
    assert [one["text"] for one in mine["said"]] == ["чай готов"]
    # A wrong password gives no file but words; and the page is still there.
    panel.get_by_label("Password").fill("wrong")
    panel.get_by_role("button", name="As mail (mbox)").click()
    expect(panel.get_by_role("status")).to_have_text("The account name or the password is wrong")
