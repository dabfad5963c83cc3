"""The parts of the windows that need no terminal: formatting, wrapping, completion, the book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from rich.cells import cell_len

from veche.client import events as ev
from veche.client.model import Model
from veche.client.text import plain
from veche.tui.book import Book, names_me
from veche.tui.completion import candidates
from veche.tui.finding import search_words
from veche.tui.formatting import styled
from veche.tui.start import can_show_windows
from veche.tui.wrapping import wrap

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def said(text: str, sender: str = "bob", where: str = "#tea", **more: object) -> ev.MessageReceived:
    return ev.MessageReceived(
        **{"time": NOON, "sender": sender, "target": where, "conversation": where, "text": text, **more}  # type: ignore[arg-type]
    )


def book() -> Book:
    model = Model("ann")
    return Book(lambda: model, lambda time: time)


@pytest.mark.parametrize(
    "text",
    [
        "plain", "\x02bold\x02 and \x0304,01red\x03 back", "\x1b[2J\x1b]0;title\x07", "a\u202egpj.exe",
        "\x03", "\x04ff0000x",
        "tab\tand \x9b31m", "\x1d\x1f\x1e\x16\x11all\x0f none", "line\u2028break \ud800", "\x0399colour",
    ],
)  # fmt: skip
def test_what_is_drawn_is_what_is_measured_and_nothing_gets_through(text: str) -> None:
    assert styled(text).plain == plain(text)
    assert not set(styled(text).plain) & {"\x1b", "\x9b", "\x07", "\u202e", "\n", "\r"}


def test_formatting_becomes_style() -> None:
    text = styled("a\x02b\x0304c\x0fd")
    assert [(text.plain[s.start], getattr(s.style, "bold", None)) for s in text.spans] == [
        ("b", True), ("c", True),
    ]  # fmt: skip


@pytest.mark.parametrize("width", [2, 5, 10, 33])
@pytest.mark.parametrize(
    "text", ["", "short", "some words that are long " * 4, "x" * 70, "日本語のテキスト" * 6, "a  b   c" * 9]
)
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    cuts = [0, *wrap(text, width), len(text)]
    rows = [text[start:end] for start, end in pairwise(cuts)]
    assert "".join(rows) == text
    assert all(cell_len(row.rstrip(" ")) <= width for row in rows)


def test_completion() -> None:
    people, rooms = ["bob", "bert"], ["#tea", "#milk"]
    assert candidates("b", people, rooms) == (0, ["bob: ", "bert: "])
    assert candidates("hi be", people, rooms) == (3, ["bert "])
    assert candidates("see #t", people, rooms) == (4, ["#tea "])
    assert candidates("/jo", people, rooms) == (0, ["/join "])
    assert candidates("nice :ta", people, rooms) == (5, ["🎉 "])
    assert candidates("", people, rooms) == (0, [])


def test_words_of_a_search_are_written_as_tags_are() -> None:
    assert search_words("#tea", "a b;c") == "in=#tea;text=a\\sb\\:c"


@pytest.mark.parametrize(
    ("text", "is_named"),
    [("ann: hi", True), ("hi Ann!", True), ("annual", False), ("joann", False), ("ann-e", False)],
)
def test_being_named(text: str, is_named: bool) -> None:
    assert names_me(text, "ann") is is_named


def test_news_are_counted_where_the_reader_is_not_and_marked_where_he_stopped() -> None:
    pages = book()
    tea = pages.open("#tea")
    pages.hear(said("old", is_replay=True))
    assert (tea.unread, tea.mentions) == (0, 0)
    pages.hear(said("one"))
    pages.hear(said("ann: two"))
    assert (tea.unread, tea.mentions) == (2, 1)
    assert [entry.kind for entry in tea.entries] == ["day", "message", "mark", "message", "message"]
    pages.go_to(tea)
    assert (tea.unread, tea.mentions) == (0, 0)
    pages.go_to(pages.open("#milk"))
    assert "mark" not in [entry.kind for entry in tea.entries]


def test_what_we_say_waits_until_the_server_has_it() -> None:
    pages = book()
    tea = pages.open("#tea")
    entry = pages.say(tea, NOON, "hello", is_action=False)
    assert entry.state == "waiting"
    pages.hear(said("other"))
    pages.hear(said("hello", "ann", is_mine=True, msgid="m1"))
    assert [(one.shown, one.state) for one in tea.entries if one.sender] == [("other", ""), ("hello", "")]
    pages.hear(said("hello", "ann", is_mine=True, msgid="m1", is_replay=True))
    assert [entry.kind for entry in tea.entries] == ["day", "mark", "message", "message"]
    pages.hear(said("again", msgid="m2"))
    pages.hear(said("again", msgid="m2"))
    assert tea.unread == 2


def test_what_the_server_had_before_the_connection_broke_waits_no_longer() -> None:
    pages = book()
    tea = pages.open("#tea")
    pages.is_settled = True
    entry = pages.say(tea, NOON, "in doubt", is_action=False)
    pages.hear(said("in doubt", "ann", is_mine=True, msgid="m1", is_replay=True))
    assert [(one.shown, one.state) for one in tea.entries if one.sender] == [("in doubt", "")]
    assert tea.by_id["m1"] is entry


def test_what_is_corrected_reads_so_and_what_is_taken_back_is_gone() -> None:
    pages = book()
    pages.edited_mark = "(edited)"
    tea = pages.open("#tea")
    pages.hear(said("helo", msgid="m1"))
    more = {"time": NOON, "msgid": "m1", "conversation": "#tea"}
    edited = ev.MessageEdited(**more, sender="bob", target="#tea", text="hello")  # type: ignore[arg-type]
    assert pages.correct(edited)
    assert tea.entries[-1].shown == "hello (edited)"
    assert tea.entries[-1].text == "hello"
    pages.take_back(ev.MessageRedacted(**more, by="bob", reason="oops"))  # type: ignore[arg-type]
    pages.correct(edited)
    assert [(entry.shown, entry.state) for entry in tea.entries] == [("2026-01-01", ""), ("bob oops", "gone")]
    assert pages.take_back(ev.MessageRedacted(time=NOON, msgid="m9", by="bob", conversation="#tea")) is None


def test_reactions_are_summed_with_those_of_before() -> None:
    pages = book()
    tea = pages.open("#tea")
    pages.hear(said("hello", msgid="m1", reactions=(("👍", 2),), is_replay=True))

    def react(who: str, what: str, *, back: bool = False) -> dict[str, int]:
        event = ev.Reacted(
            time=NOON, msgid="m1", sender=who, conversation="#tea", reaction=what, is_taken_back=back
        )
        entry = pages.react(event)
        assert entry is tea.entries[-1]
        return {name: one.count for name, one in (entry.reactions or {}).items()}

    assert react("cid", "👍") == {"👍": 3}
    assert react("cid", "👍") == {"👍": 3}
    assert react("Cid", "👍", back=True) == {"👍": 2}
    assert react("eve", "👍", back=True) == {"👍": 1}
    assert react("eve", "👍", back=True) == {}
    assert react("eve", "👍", back=True) == {}
    assert react("ann", "x") == {"x": 1}


def test_what_was_read_elsewhere_is_read_here() -> None:
    pages = book()
    tea = pages.open("#tea")
    for minute in range(4):
        pages.hear(said(f"ann: {minute}", msgid=f"m{minute}", time=NOON + timedelta(minutes=minute)))
    assert (tea.unread, tea.mentions) == (4, 4)
    pages.read_until(ev.ReadMarkerMoved(time=NOON, conversation="#tea", until=NOON + timedelta(minutes=1)))
    assert (tea.unread, tea.mentions) == (2, 2)
    pages.has_counts = lambda: True
    pages.count(ev.UnreadCounted(time=NOON, conversation="#tea", messages=2, mentions=1))
    pages.hear(said("old news", msgid="m8", is_replay=True, time=NOON + timedelta(minutes=5)))
    assert (tea.unread, tea.mentions) == (2, 1)
    pages.go_to(tea)
    kinds = [entry.kind for entry in tea.entries]
    assert kinds == ["day", "message", "message", "mark", "message", "message", "message"]
    pages.read_until(ev.ReadMarkerMoved(time=NOON, conversation="#tea", until=None))
    assert tea.unread == 0


def test_a_thread_is_a_conversation_of_the_same_entries() -> None:
    pages = book()
    tea = pages.open("#tea")
    pages.go_to(tea)
    pages.hear(said("root", msgid="m1"))
    pages.hear(said("other", msgid="m2"))
    pages.hear(said("leaf", msgid="m3", reply_to="m1"))
    page = (said("root", msgid="m1", is_replay=True), said("leaf", msgid="m3", reply_to="m1", is_replay=True))
    thread = pages.open_thread("#tea", page, tea.by_id["m3"])
    pages.go_to(thread)
    assert (thread.thread, [entry.text for entry in thread.entries[1:]]) == ("m1", ["root", "leaf"])
    assert thread.by_id["m1"] is tea.by_id["m1"]
    pages.hear(said("twig", msgid="m4", reply_to="m3"))
    pages.hear(said("elsewhere", msgid="m5"))
    mine = pages.say(thread, NOON, "mine", is_action=False, reply_to="m1")
    assert [entry.text for entry in thread.entries[1:]] == ["root", "leaf", "twig", "mine"]
    pages.hear(said("mine", "ann", is_mine=True, msgid="m6", reply_to="m1"))
    assert (mine.state, thread.by_id["m6"], tea.by_id["m6"]) == ("", mine, mine)
    assert tea.unread == 0


def test_older_messages_come_in_above_once() -> None:
    pages = book()
    tea = pages.open("#tea")
    pages.hear(said("new", msgid="m3"))
    page = tuple(said(f"m{day}", msgid=f"m{day}", time=NOON - timedelta(days=3 - day)) for day in (1, 2, 3))
    assert pages.prepend(tea, page) == 4
    assert [entry.text for entry in tea.entries] == [
        "2025-12-30",
        "m1",
        "2025-12-31",
        "m2",
        "2026-01-01",
        "new",
    ]
    assert pages.prepend(tea, page) == 0


@pytest.mark.parametrize(
    ("term", "encoding", "is_terminal", "can"),
    [("xterm", "utf-8", True, True), ("dumb", "utf-8", True, False), ("xterm", "ascii", True, False),
     ("xterm", "UTF8", False, False), ("", "utf-8", True, False), ("xterm", "nonsense", True, False)],
)  # fmt: skip
def test_where_windows_can_be_shown(term: str, encoding: str, is_terminal: bool, can: bool) -> None:
    assert can_show_windows({"TERM": term}, encoding, is_terminal=is_terminal) is can
