"""Events as lines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import get_args

import pytest

from veche.client import events as ev
from veche.client.plain_phrases import TABLE
from veche.client.plain_show import Show, who_lines, whois_lines
from veche.phrases import Language, Phrases
from veche.wire.message import parse

NOW = datetime(2026, 7, 1, 22, 5, tzinfo=UTC)
MOSCOW = timezone(timedelta(hours=3))


def show(language: Language = "en", current: str = "#tea") -> Show:
    made = Show(Phrases(TABLE, language), lambda time: time, date(2026, 7, 1))
    made.current = current
    return made


def said(text: str = "hi", **values: object) -> ev.MessageReceived:
    fields = {"sender": "bob", "target": "#tea", "conversation": "#tea", "text": text, **values}
    return ev.MessageReceived(time=NOW, **fields)  # type: ignore[arg-type]


PRIVATE = {"target": "ann", "conversation": "bob", "is_private": True}
MINE = {"sender": "ann", "target": "bob", "conversation": "bob", "is_private": True, "is_mine": True}


@pytest.mark.parametrize(
    ("event", "english", "russian"),
    [
        (said(), "<bob> hi", "<bob> hi"),
        (said(kind="action"), "* bob hi", "* bob hi"),
        (said(kind="notice"), "-bob- hi", "-bob- hi"),
        (said(target="#x", conversation="#x"), "#x <bob> hi", "#x <bob> hi"),
        (said(target="#x", conversation="#x", kind="action"), "#x * bob hi", "#x * bob hi"),
        (said(**PRIVATE), "[bob -> you] hi", "[bob -> вам] hi"),
        (said(**PRIVATE, kind="action"), "[bob -> you] * bob hi", "[bob -> вам] * bob hi"),
        (said(**MINE), "[you -> bob] hi", "[вы -> bob] hi"),
        (said("\x1b[2J\x02x\x0f"), "<bob> [2Jx", "<bob> [2Jx"),
        (
            ev.PersonJoined(time=NOW, room="#tea", nick="bob", is_me=False),
            "* bob has come into #tea",
            "* bob теперь в #tea",
        ),
        (
            ev.PersonLeft(time=NOW, room="#tea", nick="bob", reason="tired", by="", is_me=False),
            "* bob has left #tea (tired)",
            "* bob больше не в #tea (tired)",
        ),
        (
            ev.PersonLeft(time=NOW, room="#tea", nick="ann", reason="", by="bob", is_me=True),
            "* bob has put you out of #tea",
            "* bob выставляет вас из #tea",
        ),
        (
            ev.LoggedIn(time=NOW, account="ann"),
            "* You are logged in as ann",
            "* Вы вошли в учётную запись ann",
        ),
        (ev.LoggedOut(time=NOW), "* You are logged out", "* Вы вышли из учётной записи"),
        (ev.PersonQuit(time=NOW, nick="bob", reason="x", rooms=("#tea",)), "* bob has gone", "* bob уходит"),
        (
            ev.NickChanged(time=NOW, old="bob", new="rob", rooms=(), is_me=False),
            "* bob is now rob",
            "* bob теперь зовётся rob",
        ),
        (
            ev.TopicSet(time=NOW, room="#tea", topic="green", by="bob"),
            "* bob has set the topic of #tea: green",
            "* bob меняет тему #tea: green",
        ),
        (
            ev.PersonInvited(time=NOW, room="#x", nick="ann", by="bob"),
            "* bob invites you to #x: /join #x",
            "* bob приглашает вас в #x: /join #x",
        ),
        (
            ev.Told(time=NOW, code="301", params=("bob", "lunch")),
            "* bob is away: lunch",
            "* bob сейчас не у экрана: lunch",
        ),
        (ev.Told(time=NOW, code="372", params=("- hello",)), "- hello", "- hello"),
        (
            ev.Refused(time=NOW, command="", code="401", context=("bob",), text="No such nick"),
            "* Server: there is nobody called bob",
            "* Сервер: нет никого с именем bob",
        ),
        (
            ev.Refused(time=NOW, command="", code="RATE_LIMITED", context=(), text="Too fast"),
            "* Server: Too fast",
            "* Сервер: Too fast",
        ),
        (
            ev.Disconnected(time=NOW, reason="reset", retry_in=2.0),
            "* Connection lost (reset). Next attempt in 2 s.",
            "* Связь потеряна (reset). Следующая попытка через 2 с.",
        ),
    ],
)
def test_lines(event: ev.Event, english: str, russian: str) -> None:
    assert show("en").lines(event) == ["22:05 " + english]
    assert show("ru").lines(event) == ["22:05 " + russian]


@pytest.mark.parametrize(
    "event",
    [
        ev.Connected(time=NOW, host="h", port=1),
        ev.Registered(time=NOW, nick="ann"),
        ev.NamesListed(time=NOW, room="#tea", nicks=("ann",)),
        ev.PersonJoined(time=NOW, room="#tea", nick="ann", is_me=True),
        ev.Told(time=NOW, code="001", params=("hi",)),
        ev.Told(time=NOW, code="301", params=()),
        ev.TopicSet(time=NOW, room="#tea", topic="", by=""),
        ev.GapFilled(time=NOW, conversation="#tea", count=1, is_complete=True),
    ],
)
def test_what_nobody_needs_to_read_gives_no_line(event: ev.Event) -> None:
    assert show().lines(event) == []


def test_times_are_local_and_another_day_is_announced() -> None:
    made = Show(Phrases(TABLE, "en"), lambda time: time.astimezone(MOSCOW), date(2026, 7, 1))
    made.current = "#tea"
    assert made.lines(said()) == ["--- 2026-07-02 ---", "01:05 <bob> hi"]
    assert made.lines(said()) == ["01:05 <bob> hi"]


def answer(*lines: str) -> ev.Answer:
    return ev.Answer("WHO", (), tuple(message for line in lines if (message := parse(line))))


def test_who_and_whois() -> None:
    say = Phrases(TABLE, "en")
    assert who_lines(say, answer("352 ann #tea u h s bob G@ :0 Bob B.", "352 ann", "315 ann #tea :end")) == [
        "  @bob              Bob B.  (away)"
    ]
    assert who_lines(say, answer("315 ann #tea :end")) == ["Nobody."]
    rows = (
        "352 ann #tea u h s bob H :0 Bob",
        "352 ann #tea u h s cid G+ :0 cid",
        "352 ann #tea u h s dan G :0",
    )
    assert who_lines(say, answer(*rows)) == [
        "  bob",
        "  +cid              (away)",
        "  dan               (away)",
    ]
    assert whois_lines(say, answer("311 ann bob u h * :bob")) == ["bob is u@h"]
    lines = whois_lines(
        say,
        answer(
            "311 ann bob u h * :Bob B.",
            "319 ann bob :@#tea #x",
            "317 ann bob 3725 1 :s",
            "301 ann bob :out",
            "301 ann",
        ),
    )
    assert lines[:4] == [
        "bob is Bob B. (u@h)",
        "  in: @#tea #x",
        "  silent for 1:02:05",
        "  bob is away: out",
    ]


def test_every_kind_of_event_can_be_shown() -> None:
    """A new event must not fail in the client of somebody who has never heard of it."""
    assert get_args(ev.Kind)
    assert show().lines(ev.Event(time=NOW)) == []
