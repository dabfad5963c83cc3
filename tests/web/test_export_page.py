"""The page that a room is taken away as: whatever strangers have written there, a browser runs none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.people import Visitor
from tests.web.test_attacks import _WATCH, PAYLOADS
from veche.core.export_room import RoomAsPage, Talk
from veche.testing.contracts import make_record

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]


def test_payloads_in_an_exported_room_do_nothing(tmp_path: Path, visit: Visitor) -> None:
    records = []
    for number, payload in enumerate(PAYLOADS * 2, 1):
        record = make_record(number, text=payload)
        record.source = f"{payload}!x@x" if number % 2 else record.source
        record.tags = f"+reply={records[-1].msgid}" if records else ""
        records.append(record)
    page = RoomAsPage(PAYLOADS[0], PAYLOADS[1], "irc.example", 0)
    file = tmp_path / "room.html"
    reactions = {record.seq: {record.text: 2} for record in records}
    file.write_text(page.begin() + page.part(Talk(records, reactions)) + page.end(), encoding="utf-8")
    visited = visit("about:blank")
    visited.page.add_init_script(_WATCH)
    visited.page.on("dialog", lambda dialog: visited.complaints.append(f"a dialog: {dialog.message}"))
    visited.page.goto(file.as_uri())
    assert visited.page.locator("article").count() == len(records)
    visited.page.locator("article").first.hover()
    assert not visited.page.evaluate("window.wasStruck")
    assert visited.page.evaluate("window.violations") == []
    assert visited.page.locator("script, img, svg, iframe, link, base, form").count() == 0
