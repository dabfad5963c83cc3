"""veche.core.export_person: what is one person's, as JSON and as mail."""

from __future__ import annotations

import json
import mailbox
from contextlib import closing
from pathlib import Path

from veche.core.export_person import PersonAsJson, PersonAsMail, about
from veche.core.exporting import Given, Said, Wording
from veche.core.rows import Record
from veche.state.accounts import Account
from veche.state.ownership import Registration
from veche.state.room import Room
from veche.state.world import Profile, World
from veche.testing.contracts import make_record

NOON = 1_767_268_800_000


def a_world() -> tuple[World, Account]:
    world = World()
    ann = Account("uid-ann", "Ann", NOON)
    ann.devices["phone"] = NOON
    ann.tokens["phone"] = ["secret-hash", "full", NOON]
    ann.email = "ann@example.org"
    ann.hosts = ["cloak.example"]
    world.accounts.put(ann)
    world.accounts.put(Account("uid-bob", "Bob", NOON))
    world.profiles["uid-ann"] = Profile({"status": "here"}, {"bob": {"soju.im/muted": "1"}})
    world.markers["uid-ann"] = {"#tea": NOON, "uid-ann uid-bob": NOON, "uid-ann uid-gone": NOON}
    room = world.rooms["#tea"] = Room("#Tea", "#tea", NOON)
    room.registration = Registration("uid-ann", NOON)
    return world, ann


def private(text: str = "hi") -> Record:
    record = make_record(2, time=NOON, conversation="uid-ann uid-bob", text=text)
    record.target = ""
    return record


def test_all_that_is_kept_of_somebody_and_no_secrets() -> None:
    world, ann = a_world()
    kept = about(world, ann)
    text = json.dumps(kept)
    assert "secret-hash" not in text
    assert kept["rooms"] == {"#Tea": "q"}
    assert kept["read"] == {
        "#Tea": "2026-01-01T12:00:00.000Z",
        "Bob": "2026-01-01T12:00:00.000Z",
        "(somebody who has gone)": "2026-01-01T12:00:00.000Z",
    }
    assert kept["metadata"] == {"status": "here"}
    for word in ("ann@example.org", "cloak.example", "phone", "soju.im/muted"):
        assert word in text


def test_json_comes_in_pieces_and_is_whole() -> None:
    world, ann = a_world()
    document = PersonAsJson(world, ann, "irc.example", NOON)
    edited = make_record(1, time=NOON, text='newer "text"')
    edited.edited = NOON + 1000
    text = document.begin()
    text += document.part(Said([edited], [Wording(1, NOON + 1000, "older")], [], 5))
    text += document.part(Said([private()], [], [Given(NOON, "msgid", "@#tea", "👍")], 0))
    text += document.end()
    read = json.loads(text)
    assert read["account"]["name"] == "Ann"
    assert [one.get("to") for one in read["said"]] == ["#tea", "Bob", "#Tea"]
    assert read["said"][0]["before"] == [{"until": "2026-01-01T12:00:01.000Z", "text": "older"}]
    assert read["said"][2]["reaction"] == "👍"
    nothing = PersonAsJson(world, ann, "irc.example", NOON)
    assert json.loads(nothing.begin() + nothing.part(Said([], [], [], 0)) + nothing.end())["said"] == []


def test_any_mail_program_reads_it(tmp_path: Path) -> None:
    world, ann = a_world()
    document = PersonAsMail(world, ann, "irc.example", NOON)
    lines = make_record(1, time=NOON, text="From here on\n>From there\nТекст\n\nFrom: nobody")
    lines.source = "ann\x01\x7f!a@x"
    text = (
        document.begin()
        + document.part(Said([lines, private("\x01ACTION waves\x01")], [], [], 0))
        + document.end()
    )
    file = tmp_path / "ann.mbox"
    file.write_text(text, encoding="utf-8")
    with closing(mailbox.mbox(file)) as box:
        mails = [*box]
        assert len(mails) == 3
        assert json.loads(mails[0].get_payload(decode=True))["account"]["email"] == "ann@example.org"
        assert mails[1]["To"] == "#tea"
        assert mails[1]["Date"] == "Thu, 01 Jan 2026 12:00:00 +0000"
        assert mails[1]["Message-ID"] == f"<{lines.msgid}@irc.example>"
        body = mails[1].get_payload(decode=True).decode()
        assert body.splitlines()[:5] == [">From here on", ">>From there", "Текст", "", "From: nobody"]
        assert mails[2]["To"] == "Bob"


def test_nothing_that_is_said_becomes_a_field_of_a_mail() -> None:
    world, ann = a_world()
    evil = make_record(1, time=NOON, text="x\r\nBcc: all@example.org\r\n\r\nFrom x", tags="+reply=a\\r\\nX:y")
    evil.target = "#a\r\nTo: b"
    head = PersonAsMail(world, ann, "irc.example", NOON).part(Said([evil], [], [], 0)).split("\n\n")[0]
    assert [line.split(" ")[0] for line in head.splitlines()] == [
        "From", "Date:", "From:", "To:", "Message-ID:", "Subject:", "MIME-Version:", "Content-Type:",
        "Content-Transfer-Encoding:",
    ]  # fmt: skip
