"""veche.core.export_room: what was said in a room, as a page that stands alone and as JSON."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from veche.core.export_room import RoomAsJson, RoomAsPage, Talk
from veche.core.rows import Record
from veche.testing.contracts import make_record

NOON = 1_767_268_800_000
# What may stand in the page, and which attributes.
TAGS = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "http-equiv", "content", "name"}, "title": set(),
    "style": set(), "body": set(), "main": set(), "header": set(), "h1": set(), "h2": set(), "p": set(), "bdi": set(),
    "article": {"class", "id"}, "span": {"class"}, "time": {"datetime"}, "a": {"class", "href", "rel"},
    "div": {"class"}, "footer": set(),
}  # fmt: skip
ENDS = ("'", '"', "", " ", ">", "`")
PAYLOADS = [
    payload + end
    for end in ENDS
    for payload in (
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", '"><svg onload=alert(1)>',
        "' onmouseover='alert(1)", "</style><script>alert(1)</script>", "javascript:alert(1)", "</title><img src=x>",
        "https://a.example/\"onclick=\"alert(1)", "https://a.example/'><img/src=x/onerror=alert(1)>", "&lt;script&gt;",
        "<!--", "]]>", "<base href=//a.example>", "\x0399,88<b>", "\u202e<script>",
    )
]  # fmt: skip


class Look(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.strange: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS or not {name for name, _ in attrs} <= TAGS.get(tag, set()):
            self.strange.append(f"{tag} {attrs}")
        for name, value in attrs:
            if name == "href" and not str(value).startswith(("https://", "http://", "#m-")):
                self.strange.append(f"{tag} {value}")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.strange.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.strange.append(f"a comment: {data}")


def page_of(*records: Record, room: str = "#tea", topic: str = "", language: str = "en") -> str:
    page = RoomAsPage(room, topic, "irc.example", NOON, "ru" if language == "ru" else "en")
    reactions = {record.seq: {"👍": 3, record.text[:20]: 1} for record in records}
    return page.begin() + page.part(Talk([*records], reactions)) + page.end()


def look_at(page: str) -> Look:
    look = Look()
    look.feed(page)
    look.close()
    assert look.open == []
    return look


def test_there_are_enough_payloads() -> None:
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_is_said_is_text(payload: str) -> None:
    first, second = make_record(1, time=NOON, text=payload), make_record(2, time=NOON, text=payload)
    first.source = f"{payload}!{payload}@x"
    second.tags = f"+reply={first.msgid}"
    second.target = payload
    second.edited = NOON
    look = look_at(page_of(first, second, room=payload, topic=payload))
    assert look.strange == []


def test_a_page_reads_well() -> None:
    first = make_record(1, time=NOON, text="Look: https://example.org/a?b=1&c=2, and \x02bold\x0f \x034red")
    action = make_record(2, time=NOON + 60_000, text="\x01ACTION waves\x01")
    answer = make_record(3, time=NOON + 86_400_000, text="two\nlines", tags=f"+reply={first.msgid}")
    answer.edited = NOON
    notice = make_record(4, time=NOON + 86_400_000, text="psst", era=7)
    notice.command = "NOTICE"
    page = page_of(first, action, answer, notice, topic="All about tea")
    look = look_at(page)
    assert look.strange == []
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">' in page
    assert "and bold red" in look.text
    assert '<article class="action"' in page
    assert f'<a class="reply" href="#m-{first.msgid}">' in page
    assert "2026-01-01" in look.text
    assert "2026-01-02" in look.text
    assert "edited" in look.text
    assert "said while the room was closed" in look.text
    assert "👍 3" in look.text
    assert "Messages: 4." in look.text
    assert "Сообщений: 1." in look_at(page_of(first, language="ru")).text
    assert "Nothing was said here." in look_at(page_of()).text


def test_a_room_as_json_has_a_message_in_each_line() -> None:
    document = RoomAsJson("#tea", 'a "topic"', "irc.example", NOON)
    first = make_record(1, time=NOON, text='say "hello"\n</script>')
    second = make_record(2, time=NOON, tags=f"+draft/reply={first.msgid}", era=5)
    text = document.begin() + document.part(Talk([first], {1: {"lol": 2}}))
    text += document.part(Talk([second], {})) + document.end()
    read = json.loads(text)
    assert read["room"] == "#tea"
    assert [one["text"] for one in read["messages"]] == ['say "hello"\n</script>', "hello"]
    assert read["messages"][0]["reactions"] == {"lol": 2}
    assert read["messages"][1]["reply_to"] == first.msgid
    assert read["messages"][1]["closed"]
    assert sum(first.msgid in line and '"id"' in line for line in text.splitlines()) == 2
    empty = RoomAsJson("#tea", "", "irc.example", NOON)
    assert json.loads(empty.begin() + empty.end())["messages"] == []
