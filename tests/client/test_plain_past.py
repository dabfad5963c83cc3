"""/history, /search and /edit of the plain client, and edits in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from tests.client.fake_server import LOBBY, FakeServer
from tests.client.fake_terminal import FakeTerminal
from tests.client.test_plain_client import NOBODY, in_utc, script
from tests.clients.serving import Ports, serving
from veche.client import events as ev
from veche.client.plain_past import excerpt
from veche.client.plain_phrases import TABLE
from veche.client.plain_show import Show
from veche.client.plain_visit import Visit, Wish
from veche.phrases import Language, Phrases

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def show(language: Language = "en") -> Show:
    it = Show(Phrases(TABLE, language), in_utc, date(2026, 1, 1))
    it.current = "#tea"
    return it


def edited(**fields: object) -> ev.MessageEdited:
    usual = {
        "msgid": "m1",
        "sender": "ann",
        "target": "#tea",
        "conversation": "#tea",
        "text": "nine\x1b\x02",
    }
    return ev.MessageEdited(time=NOON, **{**usual, **fields})  # type: ignore[arg-type]


def test_an_edit_is_said_in_words_and_harmless() -> None:
    assert show().lines(edited()) == ["12:00 * ann has edited a message, it reads now: nine"]
    assert show().lines(edited(conversation="#den"))[0].startswith("12:00 * #den: ann has edited")
    assert show("ru").lines(edited()) == ["12:00 * ann правит сообщение, теперь оно такое: nine"]


def test_what_was_taken_back_is_said_in_words() -> None:
    event = ev.MessageRedacted(time=NOON, msgid="m1", by="ann", conversation="#tea", reason="wrong\x07 room")
    it = show()
    assert it.lines(event) == ["12:00 * ann has taken back a message (wrong room)"]
    it.taken_back = "hello"
    assert it.lines(event) == ["12:00 * ann has taken back: hello (wrong room)"]
    assert show("ru").lines(event) == ["12:00 * ann отзывает сообщение (wrong room)"]


def test_history_that_was_edited_says_so() -> None:
    said = ev.MessageReceived(
        time=NOON, sender="ann", target="#tea", conversation="#tea", text="nine", is_edited=True
    )
    assert show().lines(said) == ["12:00 <ann> nine (edited)"]


def test_an_excerpt_is_short_and_harmless() -> None:
    assert excerpt("a\x1b\x02b\u202e") == "ab\ufffd"
    assert excerpt("x" * 100) == "x" * 57 + "..."


async def test_the_history_of_a_conversation_is_shown_with_its_times() -> None:
    async with FakeServer() as server:
        code, shown = await script(server, "one", "two", "/history", "/history 1", "/history x")
    at = shown.index(f"* What was said last in {LOBBY}:")
    assert [line[19:] for line in shown[at + 1 : at + 3]] == ["<ann> one", "<ann> two"]
    assert re.fullmatch(r"  \d{4}-\d\d-\d\d \d\d:\d\d <ann> one", shown[at + 1])
    assert [line[19:] for line in shown[at + 4 : at + 5]] == ["<ann> two"]
    assert shown[-1] == "! Usage: /history [NUMBER]"
    assert code == 1


async def test_where_nothing_can_be_edited_nothing_is_said_aloud() -> None:
    async with FakeServer() as server:
        _, shown = await script(server, "/edit nine", "ten", "/edit nine")
        assert [kept.text for kept in server.history] == ["ten"]
    assert [line for line in shown if line.startswith("!")] == [
        "! You have said nothing here yet that could be edited.",
        "! Not done: this server does not edit messages",
    ]


# ---- with a server


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    with serving(tmp_path_factory.mktemp("server"), "--set", "limits.flood=false") as ports:
        yield ports


async def visit(ports: Ports, *lines: str, language: Language = "en") -> list[str]:
    terminal = FakeTerminal(*lines, is_interactive=False)
    wish = Wish(host="127.0.0.1", port=ports.irc, known=NOBODY, nick="ann")
    await Visit(terminal, Phrases(TABLE, language), wish).run()
    return terminal.shown


@pytest.mark.slow
async def test_a_person_edits_searches_and_reads_back(ports: Ports) -> None:
    lines = ("/edit no", "tea at nien", "/edit tea at nine", "/me waits", "/edit hurries", "/history 2")
    shown = await visit(ports, *lines, "/search nine", "/search zebra", "/search ...")
    words = "\n".join(re.sub(r"\d{4}-\d\d-\d\d ", "", re.sub(r"\d\d:\d\d ", "", line)) for line in shown)
    assert "! You have said nothing here yet" in words
    assert "* ann has edited a message, it reads now: tea at nine" in words
    assert "in #lobby:\n  <ann> tea at nine (edited)\n  * ann hurries (edited)\n" in words
    assert (
        "* Found, the newest first:\n  #lobby <ann> tea at nine (edited)\n* Nothing was found.\n! Not done"
        in words
    )
