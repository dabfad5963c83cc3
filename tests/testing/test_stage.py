"""veche.testing.stage, checks and the fakes below it: that the tools notice what they are there for."""

from __future__ import annotations

import pytest

from veche.core.ask import Ask
from veche.core.registry import Command
from veche.testing.checks import check_stage, problems_of
from veche.testing.clock import NOON, FakeChance, FakeClock
from veche.testing.disk import FakeDisk
from veche.testing.pipe import FakePipe
from veche.testing.stage import Stage
from veche.wire.msgids import time_of_msgid


def test_a_sound_stage_has_nothing_wrong() -> None:
    stage = Stage()
    ann = stage.enter("ann", "batch", "labeled-response")
    ann.send("JOIN #tea", "@label=1 PING x")
    assert check_stage(stage) == []


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b":s PING x", "does not end in CR LF"),
        (b"A\rB\r", "CR or NUL"),
        (b"A\0\r", "CR or NUL"),
        (b"\xff\r", "not UTF-8"),
        (b"x" * 511 + b"\r", "a line of 511 bytes"),
        (b"@a=" + b"x" * 8190 + b" A\r", "tags of"),
        (b"\r", "without a command"),
        (b":s 001\r", "addressed to nobody"),
        (b"001 ann\r", "addressed to nobody"),
    ],
)
def test_a_bad_line_is_noticed(raw: bytes, problem: str) -> None:
    assert any(problem in found for found in problems_of(raw))
    assert problems_of(b"@a=b :s 001 ann :hello\r") == []


def test_a_world_that_was_changed_past_the_facts_is_noticed() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    stage.engine.world.users_by_key["ann"].away = "secretly"
    assert any("the facts give other users" in found for found in check_stage(stage))
    assert ann.session is not None
    stage.engine.fanout.sessions.clear()
    assert any("users without sessions" in found for found in check_stage(stage))


def test_a_missing_a_double_and_a_foreign_answer_to_a_label_are_noticed() -> None:
    stage = Stage()
    ann = stage.enter("ann", "batch", "labeled-response")
    ann.asked.append("missing")
    assert ann.session is not None
    for label in ("double", "double", "foreign"):
        stage.engine.outboxes.send(ann.session, f"@label={label} :irc.example ACK")
    ann.offered.append("double")
    stage.turn()
    found = check_stage(stage)
    assert len(found) == 3
    assert any("2 answers to 1 requests labelled double" in text for text in found)
    assert any("1 answers to 0 requests labelled foreign" in text for text in found)
    assert any("not answered to label missing" in text for text in found)


def test_a_bug_in_the_log_is_noticed() -> None:
    def break_down(_ask: Ask) -> None:
        raise RuntimeError("on purpose")

    stage = Stage()
    ann = stage.enter("ann")
    stage.engine.registry.commands["BREAK"] = Command("BREAK", break_down)
    with stage.bugs:
        ann.send("BREAK")
    found = check_stage(stage)
    assert [text.splitlines()[0] for text in found] == [
        "the server has veche.engine: bug: BREAK from <Session ann irc>"
    ]
    assert "on purpose" in found[0]


def test_time_passes_with_every_deadline_on_the_way() -> None:
    stage = Stage()
    start = stage.clock.monotonic()
    met: list[float] = []
    for seconds in (10, 20, 40):
        stage.engine.timers.at(start + seconds, lambda: met.append(stage.clock.monotonic() - start))
    stage.pass_time(30)
    assert met == [10, 20]
    assert stage.clock.now() == NOON + 30


def test_single_bytes_make_no_difference() -> None:
    whole, single = Stage(), Stage()
    one, other = whole.enter("ann"), single.enter("ann", bytewise=True)
    for person in (one, other):
        person.send("JOIN #tea", "PRIVMSG #tea :Привет", "PING x")
    assert one.take() == other.take()


def test_a_clock_that_is_set_does_not_move_deadlines() -> None:
    clock = FakeClock(100.0)
    before = clock.monotonic()
    clock.set_wall(-50)
    assert (clock.now(), clock.monotonic()) == (50.0, before)
    clock.advance(5)
    clock.advance_to(before)
    assert (clock.now(), clock.monotonic()) == (55.0, before + 5)


def test_chance_is_predictable_and_has_the_real_form() -> None:
    one, other = FakeChance(), FakeChance()
    assert [one.uid(), one.uid()] == [other.uid(), other.uid()] == ["u1", "u2"]
    msgid = one.msgid(1767268800000)
    assert msgid == other.msgid(1767268800000) != one.msgid(1767268800000)
    assert time_of_msgid(msgid) == 1767268800000


def test_a_pipe_stalls_and_flows() -> None:
    pipe = FakePipe()
    pipe.write(b"a")
    pipe.stall()
    pipe.write(b"bc")
    assert (pipe.take(), pipe.waiting()) == (b"a", 2)
    pipe.flow()
    assert (pipe.take(), pipe.waiting()) == (b"bc", 0)
    pipe.close()
    pipe.write(b"d")
    assert (pipe.take(), pipe.writes, pipe.closed, pipe.aborted) == (b"", 2, True, False)


def test_an_aborted_pipe_loses_what_was_stuck() -> None:
    pipe = FakePipe()
    pipe.stall()
    pipe.write(b"a")
    pipe.abort()
    pipe.flow()
    assert pipe.take() == b""
    assert pipe.aborted


def test_a_disk_answers_in_a_later_turn() -> None:
    disk = FakeDisk()
    told: list[object] = []
    disk.latest([("#tea", 0)], told.append)
    assert told == []
    assert disk.answer()
    assert told == [{}]
    disk.reads_slowly = True
    disk.latest([("#tea", 0)], told.append)
    assert not disk.answer()
    disk.read()
    assert disk.answer()
    assert len(told) == 2
