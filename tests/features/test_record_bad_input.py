"""Whatever is written where the record is asked something: one answer, no fault, and nothing that is not one's own."""

from __future__ import annotations

import pytest

from veche.testing.checks import check_stage
from veche.testing.contracts.searching import INJECTIONS
from veche.testing.stage import Person, Stage

NUMBERS = [
    "0", "-1", "+1", "1e9", "1_000", " 1", "0x10", "٣", "²", "½", "NaN", "inf", "1.5", "", "*", "999999999",
    "9999999999", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "9" * 100, "9" * 400, "-9223372036854775809",
]  # fmt: skip
TIMES = [
    "0000-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "10000-01-01T00:00:00.000Z",
    "2026-02-30T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "2026-01-01T00:00:60.000Z", "2026-01-01",
    "2026-01-01T00:00:00.000+01:00", "-2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00." + "9" * 300 + "Z",
    "٢٠٢٦-01-01T00:00:00.000Z", "now", "'; drop table message; --", "\x00", "{}", "%00",
]  # fmt: skip


@pytest.fixture
def stage() -> Stage:
    """ann says things in #tea, bob is there; in #den, which is not bob's, somebody else says things."""
    stage = Stage()
    ann = stage.enter("ann", "message-tags", "echo-message")
    stage.enter("bob", "batch", "message-tags", "labeled-response", "draft/event-playback").send("JOIN #tea")
    ann.send("JOIN #tea", "JOIN #den", "PRIVMSG #tea :tea", "PRIVMSG #den :the den")
    for person in stage.persons:
        person.take()
    return stage


def ask(stage: Stage, line: str) -> list[str]:
    """One labelled request of bob's and its one answer."""
    bob = stage.persons[1]
    with stage.bugs:
        bob.send(f"@label=x {line}".replace("\x00", "\\0"))
    heard = bob.take()
    assert sum("label=x" in told for told in heard) == 1, (line, heard)
    assert not any("the den" in told or told[-3:] == "den" for told in heard), (line, heard)
    assert check_stage(stage) == [], line
    return heard


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers(stage: Stage, number: str) -> None:
    for line in (
        "CHATHISTORY LATEST #tea * {}",
        "CHATHISTORY AROUND #tea timestamp=2026-01-01T00:00:00.000Z {}",
        "CHATHISTORY THREAD #tea msgid=x * {}",
        "CHATHISTORY TARGETS timestamp=2026-01-01T00:00:00.000Z timestamp=2027-01-01T00:00:00.000Z {}",
        "HISTORY #tea {}",
        "SEARCH in=#tea;limit={}",
        "SEARCH limit={};text=tea",
        "PRIVMSG *playback :PLAY #tea {}",
        "PRIVMSG *playback :PLAY #tea 0 {}",
    ):
        ask(stage, line.format(number))


@pytest.mark.parametrize("time", TIMES)
def test_times(stage: Stage, time: str) -> None:
    for line in (
        "CHATHISTORY LATEST #tea timestamp={} 5",
        "CHATHISTORY BETWEEN #tea timestamp={} msgid={} 5",
        "CHATHISTORY THREAD #tea msgid={} timestamp={} 5",
        "CHATHISTORY TARGETS timestamp={} timestamp={} 5",
        "SEARCH after={};in=#tea",
        "SEARCH before={};text=tea",
        "MARKREAD #tea timestamp={}",
    ):
        ask(stage, line.format(time, time))


@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_in_a_search_is_an_order(stage: Stage, text: str) -> None:
    # As a tag's value says it, and as it is.
    escaped = text.replace("\\", "\\\\").replace(";", "\\:").replace(" ", "\\s")
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        return  # no line can hold half of a character
    for line in (f"SEARCH in=#tea;text={escaped}", f"SEARCH :text={text}", f"SEARCH from={escaped};text=tea"):
        ask(stage, line)
    for attribute in ("in", "thread", "colour"):
        ask(stage, f"SEARCH in=#tea;{attribute}={escaped};text=tea")


def test_selectors_of_another_room_select_nothing(stage: Stage) -> None:
    ann: Person = stage.persons[0]
    ann.send("PRIVMSG #den :again the den")
    foreign = ann.take()[-1].partition("msgid=")[2].partition(" ")[0]
    assert len(foreign) == 30
    for line in (
        "CHATHISTORY AROUND #tea msgid={} 5",
        "CHATHISTORY BEFORE #tea msgid={} 5",
        "CHATHISTORY BETWEEN #tea msgid={} msgid={} 5",
        "CHATHISTORY THREAD #tea msgid={} * 5",
    ):
        answer = ask(stage, line.format(foreign, foreign))
        never = ask(stage, line.format("A" * 30, "A" * 30))
        assert answer == never
        assert "FAIL CHATHISTORY INVALID_PARAMS" in answer[0]
    for line in ("REDACT #tea {}", "EDITS #tea {}", "@+draft/edit={} PRIVMSG #tea :x"):
        tagged = line.partition(" ") if line[0] == "@" else ("", "", line)
        bob = stage.persons[1]
        heard = []
        for msgid in (foreign, "A" * 30):
            bob.send(" ".join(part for part in (tagged[0].format(msgid), tagged[2].format(msgid)) if part))
            heard.append([told.replace(msgid, "x") for told in bob.take()])
        assert heard[0] == heard[1]
        assert "UNKNOWN_MSGID" in heard[0][0]
    ask(stage, f"SEARCH in=#tea;thread={foreign};text=den")
