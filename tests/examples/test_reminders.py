"""The bot that reminds and counts votes, with the whole server around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from reminders import make, shown, span

from veche.testing.bots import BotPlay
from veche.testing.stage import Person

FROM = ":reminders!~reminders@there PRIVMSG "


async def begin(language: str = "en", **options: object) -> tuple[BotPlay, Person]:
    play = BotPlay(make(language, rooms=("#tea",), **options))  # type: ignore[arg-type]
    await play.begin()
    ann = play.stage.enter("ann")
    await play.say(ann, "JOIN #tea")
    ann.take()
    return play, ann


def said_to(person: Person) -> list[str]:
    return [line.removeprefix(FROM) for line in person.take() if line.startswith(FROM)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("1h30m", 5400), ("2д1ч", 176400), ("1H", 3600), ("0m", 0), ("10", 0), ("m", 0), ("367d", 0), ("", 0),
     ("99999999h", 0), ("1h ", 0)],
)  # fmt: skip
def test_spans_are_read(text: str, seconds: int) -> None:
    assert span(text) == seconds


def test_spans_are_shown_in_both_languages() -> None:
    assert [shown(seconds, "en") for seconds in (0, 61, 5400, 180_061)] == ["0s", "1m1s", "1h30m", "2d2h"]
    assert shown(90_000, "ru") == "1д1ч"


async def test_it_reminds_where_it_was_asked() -> None:
    play, ann = await begin()
    await play.say(ann, "PRIVMSG #tea :!remind 10m the soup", "PRIVMSG reminders :remind 5m psst")
    assert said_to(ann) == ["#tea :ann: noted, number 1, in 10m.", "ann :ann: noted, number 2, in 5m."]
    await play.pass_time(299)
    assert said_to(ann) == []
    await play.pass_time(2)
    assert said_to(ann) == ["ann :ann: psst"]
    await play.pass_time(600)
    assert said_to(ann) == ["#tea :ann: the soup"]
    assert play.bot.state["reminders"] == []


async def test_one_lists_and_takes_back_what_is_one_s_own() -> None:
    play, ann = await begin()
    bob = play.stage.enter("bob")
    await play.say(ann, "PRIVMSG reminders :remind 1h soup")
    await play.say(bob, "PRIVMSG reminders :reminders", "PRIVMSG reminders :forget 1")
    assert said_to(bob) == ["bob :Nothing is noted for you.", "bob :There is no such number."]
    await play.say(ann, "PRIVMSG reminders :reminders", "PRIVMSG reminders :forget 1")
    assert said_to(ann)[1:] == ["ann :1: in 1h, soup", "ann :Forgotten: soup"]
    await play.pass_time(4000)
    assert said_to(ann) == []


async def test_a_restart_forgets_nothing_and_says_what_is_late(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    play, ann = await begin(state=path)
    await play.say(ann, "PRIVMSG #tea :!remind 10m soup")
    later = BotPlay(make("ru", state=path))
    later.stage.clock.advance(3600)
    await later.begin()
    await later.bot.chat.ask("JOIN", "#tea")
    ann = later.stage.enter("ann")
    await later.say(ann, "JOIN #tea")
    await later.pass_time(1)
    assert said_to(ann) == ["#tea :ann: soup (с опозданием)"]
    await later.pass_time(5)
    assert said_to(ann) == []
    later.bot.state.save()
    assert make(state=path).state["reminders"] == []


async def test_who_is_not_here_is_reminded_when_he_is_and_not_for_ever() -> None:
    play, ann = await begin()
    await play.say(ann, "PRIVMSG reminders :remind 5m soup")
    await play.say(ann, "NICK anna")
    await play.pass_time(310)
    assert said_to(ann) == ["ann :ann: noted, number 1, in 5m."]
    await play.say(ann, "NICK ann")
    await play.pass_time(60)
    assert said_to(ann) == ["ann :ann: soup"]
    await play.say(ann, "PRIVMSG reminders :remind 5m tea")
    await play.say(ann, "NICK anna")
    play.stage.clock.advance(86400)
    await play.pass_time(600)
    assert play.bot.state["reminders"] == []


async def test_limits_and_what_it_does_not_understand() -> None:
    play, ann = await begin()
    for words in ("remind", "remind soon soup", "remind 10m", f"remind 10m {'x' * 301}"):
        await play.say(ann, f"PRIVMSG reminders :{words}")
    assert [line.partition(":")[2][:8] for line in said_to(ann)] == ["When? Fo"] * 3 + ["That is "]
    for _ in range(21):
        await play.pass_time(4)
        await play.say(ann, "PRIVMSG reminders :remind 1d x")
    assert said_to(ann)[-1] == "ann :I remember enough already: !forget something first."
    assert len(play.bot.state["reminders"]) == 20


async def test_a_poll_counts_one_vote_of_each() -> None:
    play, ann = await begin()
    bob = play.stage.enter("bob")
    await play.say(bob, "JOIN #tea")
    await play.say(ann, "PRIVMSG #tea :!poll Where to? | the sea | the hills")
    await play.say(
        bob, "PRIVMSG #tea :!vote 1", "PRIVMSG #tea :!vote 2", "PRIVMSG #tea :!vote 3", "PRIVMSG #tea :!close"
    )
    await play.say(ann, "PRIVMSG #tea :!vote 2", "PRIVMSG #tea :!results", "PRIVMSG #tea :!close")
    assert said_to(ann) == [
        "#tea :Where to? 1: the sea, 2: the hills. Say !vote NUMBER",
        "#tea :bob: the sea",
        "#tea :bob: the hills",
        "#tea :There is no such number.",
        "#tea :Who began it may end it.",
        "#tea :ann: the hills",
        "#tea :Where to? the sea: 0, the hills: 2",
        "#tea :The poll is over. Where to? the sea: 0, the hills: 2",
    ]
    await play.say(bob, "PRIVMSG #tea :!results")
    assert said_to(ann) == ["#tea :There is no poll here."]


async def test_polls_that_are_none_in_russian() -> None:
    play, ann = await begin("ru")
    await play.say(
        ann,
        "PRIVMSG reminders :poll Куда? | в лес | на реку",
        "PRIVMSG #tea :!poll Куда? | в лес",
        "PRIVMSG #tea :!vote 1",
    )
    assert said_to(ann) == [
        "ann :Это для комнат.",
        "#tea :Вопрос и от двух до десяти ответов через |.",
        "#tea :Здесь нет опроса.",
    ]
