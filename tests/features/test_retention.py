"""What is too old is forgotten bit by bit, by a clock that is believed only when it goes as time goes."""

from __future__ import annotations

import logging

import pytest

from veche.core.forgetting import MESSAGES_AT_ONCE, ForgottenMessages
from veche.features.retention import PAUSE, PAUSE_WHILE_MANY
from veche.testing.disk import FakeDisk
from veche.testing.stage import Stage, quiet_settings

DAY = 86_400.0
CENTURY = 73 * 365 * DAY


def a_stage(days: int = 10, disk: FakeDisk | None = None) -> Stage:
    settings = quiet_settings()
    settings.keep_days = days
    settings.ping_seconds = 1_000_000_000
    return Stage(settings, disk=disk)


def wait(stage: Stage, seconds: float) -> None:
    """Let much time pass, and then what was due on the way happen once."""
    stage.clock.advance(seconds)
    stage.pass_time(0.5)


def said(stage: Stage) -> list[str]:
    return [record.text for record in stage.disk.records]


def test_what_is_said_is_kept_for_so_many_days_everywhere() -> None:
    stage = a_stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("JOIN #tea", "PRIVMSG #tea :room", "PRIVMSG bob :person", "PRIVMSG #tea :\x01ACTION waves\x01")
    wait(stage, 9 * DAY)
    bob.send("PRIVMSG ann :later")
    assert len(said(stage)) == 4
    wait(stage, DAY + PAUSE)
    assert said(stage) == ["later"]
    wait(stage, 9 * DAY)
    assert said(stage) == []


def test_without_a_limit_nothing_is_ever_forgotten() -> None:
    stage = a_stage(0)
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "PRIVMSG #tea :room")
    wait(stage, 4000 * DAY)
    assert said(stage) == ["room"]


def test_many_are_forgotten_in_small_commits_with_others_between() -> None:
    stage = a_stage()
    ann = stage.enter("ann", "echo-message")
    ann.send("JOIN #tea")
    for first in range(0, 2 * MESSAGES_AT_ONCE + 10, 100):
        ann.send(*[f"PRIVMSG #tea :old {first + n}" for n in range(100)])
    stage.pass_time(2 * PAUSE)
    count = len(said(stage))
    stage.clock.advance(10 * DAY)
    stage.disk.is_slow = True
    stage.pass_time(PAUSE + 1)
    stage.disk.release()  # what time it is was noted
    stage.turn()
    row = stage.disk.waiting[0][0][0]
    assert isinstance(row, ForgottenMessages)
    ann.take()
    ann.send("PRIVMSG #tea :now")
    assert ann.take() == []  # one commit at a time ...
    stage.disk.release()
    stage.turn()
    assert len(row.gone) == MESSAGES_AT_ONCE
    assert len(stage.disk.waiting) == 1  # ... and then the message's, before more is forgotten
    stage.disk.release()
    stage.turn()
    assert ann.take() == [":ann!~ann@there PRIVMSG #tea :now"]
    assert len(said(stage)) == count - MESSAGES_AT_ONCE + 1
    stage.disk.hurry()
    stage.pass_time(10 * PAUSE_WHILE_MANY)
    assert said(stage) == ["now"]


def test_a_full_disk_only_delays_it() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "PRIVMSG #tea :room")
    stage.clock.advance(10 * DAY)
    stage.disk.is_full = True
    stage.pass_time(10 * PAUSE)
    assert said(stage) == ["room"]
    stage.disk.hurry()
    stage.pass_time(2 * PAUSE)
    assert said(stage) == []


def test_a_minute_in_another_century_wipes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    stage = a_stage()
    ann = stage.enter("ann", "draft/chathistory", "batch")
    ann.send("JOIN #tea", "PRIVMSG #tea :precious")
    stage.pass_time(PAUSE)
    with caplog.at_level(logging.WARNING, "veche.retention"):
        stage.clock.set_wall(CENTURY)
        stage.pass_time(3 * PAUSE)
    assert "the clock has leapt forward by 73y" in caplog.text
    assert said(stage) == ["precious"]
    ann.take()
    ann.send("CHATHISTORY LATEST #tea * 9")
    assert not any("precious" in line for line in ann.take())  # by that clock it is too old
    stage.clock.set_wall(-CENTURY)
    stage.pass_time(3 * PAUSE)
    ann.send("CHATHISTORY LATEST #tea * 9")
    assert any("precious" in line for line in ann.take())
    for _ in range(12):
        wait(stage, DAY)
    assert said(stage) == []


def test_nor_does_a_start_in_another_century() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "PRIVMSG #tea :precious")
    stage.pass_time(2 * PAUSE)
    assert any(fact.kind == "ClockBelieved" for fact in stage.disk.facts)
    stage.clock.set_wall(CENTURY)
    stage.restart()
    bob = stage.enter("bob")
    bob.send("JOIN #tea", "PRIVMSG #tea :in 2099")  # the newest message is of the wrong time, too
    stage.pass_time(2 * PAUSE)
    stage.restart()
    stage.pass_time(2 * PAUSE)
    assert said(stage) == ["precious", "in 2099"]
    stage.clock.set_wall(-CENTURY)
    stage.restart()
    stage.pass_time(2 * PAUSE)
    assert said(stage) == ["precious", "in 2099"]


def test_a_server_that_stood_still_for_a_month_forgets_a_day_after_its_start() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "PRIVMSG #tea :room")
    stage.pass_time(2 * PAUSE)
    stage.clock.set_wall(30 * DAY)
    stage.restart()
    stage.pass_time(2 * PAUSE)
    wait(stage, DAY - 4 * PAUSE)
    assert said(stage) == ["room"]
    stage.pass_time(5 * PAUSE)
    assert said(stage) == []


def test_a_room_may_choose_no_longer_once_the_installation_says_so() -> None:
    stage = a_stage(0)
    ann = stage.enter("ann", "draft/metadata-2")
    ann.send(
        "REGISTER * * correct-horse", "JOIN #tea", "CS REGISTER #tea", "METADATA #tea SET veche/keep :off"
    )
    ann.send("PRIVMSG #tea :unkept")
    assert said(stage) == []
    stage.engine.settings.rooms_keep_less = False
    stage.pass_time(PAUSE)
    ann.take()
    ann.send("PRIVMSG #tea :kept")
    assert said(stage) == ["kept"]
    ann.send("METADATA #tea SET veche/keep :1d")
    assert ann.take()[-1].startswith(":irc.example FAIL METADATA VALUE_INVALID #tea :This server decides")


def test_what_happens_in_a_room_that_keeps_nothing_is_not_kept_either() -> None:
    settings = quiet_settings()
    settings.event_days = 30
    stage = Stage(settings)
    ann, bob = stage.enter("ann"), stage.enter("bob", "message-tags")
    ann.send("REGISTER * * correct-horse", "JOIN #tea", "CS REGISTER #tea", "PRIVMSG #tea :before")
    first = stage.disk.records[0].msgid
    bob.send("JOIN #tea")
    stage.pass_time(2)
    count = len(stage.disk.events)
    assert count
    ann.send("METADATA #tea SET veche/keep :off")
    bob.send(f"@+draft/react=lol;+draft/reply={first} TAGMSG #tea", "PART #tea", "JOIN #tea")
    ann.send("TOPIC #tea :secrets")
    stage.pass_time(2)
    assert len(stage.disk.events) == count
    assert not stage.disk.kept_reactions
