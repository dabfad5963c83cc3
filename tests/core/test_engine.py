"""veche.core.engine: what no play can see, because it is about memory, bugs, time and the shell around it."""

from __future__ import annotations

import pytest

from veche.core import dispatch
from veche.core.ask import Ask
from veche.core.engine import SWEEP_SECONDS
from veche.core.registry import Command
from veche.testing.checks import check_stage
from veche.testing.pipe import FakePipe
from veche.testing.stage import Person, Stage, quiet_settings


def gone(person: Person) -> bool:
    """Whether the server keeps nothing of a person."""
    session = person.session
    engine = person.stage.engine
    return session not in engine.sessions and (
        session is None or (session.held is None and not session.outbox)
    )


def test_nothing_is_kept_of_who_has_gone() -> None:
    stage = Stage()
    for _ in range(20):
        ann = stage.enter("ann", "message-tags")
        ann.send("JOIN #tea", "PRIVMSG #tea :hello", "MODE ann +i")
        stage.leave(ann, "gone")
        stage.turn()
        assert gone(ann)
    engine = stage.engine
    assert not engine.sessions
    assert not engine.fanout.sessions
    assert not engine.fanout.rooms
    assert not engine.world.users
    assert not engine.world.rooms
    assert not engine.leaving
    assert not engine.resumable
    assert engine.attached == 0
    assert engine.doorkeeper.count == 0
    assert check_stage(stage) == []


def test_an_idle_server_sets_no_more_timers() -> None:
    settings = quiet_settings()
    settings.flood = True
    stage = Stage(settings)
    ann = stage.enter("ann")
    for _ in range(50):
        ann.send(*["PING x"] * 20)
        stage.pass_time(20)
    stage.pass_time(60)
    timers = 0
    while stage.engine.timers.next is not None and timers < 10:
        timers += 1
        stage.clock.advance_to(stage.engine.timers.next)
        before = stage.engine.timers.next
        stage.engine.run_timers()
        assert stage.engine.timers.next == before + SWEEP_SECONDS


def test_a_bug_in_a_handler_costs_one_session(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(ask: Ask) -> None:
        raise RuntimeError(f"secret {ask.params}")

    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    for person in (ann, bob):
        person.send("JOIN #tea")
        person.take()
    ann.take()
    stage.engine.registry.commands["BREAK"] = Command("BREAK", break_down)
    bob.send("BREAK hunter2", "PRIVMSG ann :behind it")
    assert bob.take() == ["ERROR :Internal error"]
    assert bob.ended
    assert ann.take() == [":bob!~bob@there QUIT :Internal error"]
    assert "bug: BREAK from <Session bob irc>" in caplog.text
    assert "PRIVMSG" not in caplog.text
    ann.send("PING x")
    assert ann.take() == [":irc.example PONG irc.example :x"]


def test_a_refused_connection_is_told_why_and_is_no_session() -> None:
    settings = quiet_settings()
    settings.clients = 0
    stage = Stage(settings)
    pipe = FakePipe()
    assert stage.engine.connect(pipe, "192.0.2.1", "irc") is None
    assert bytes(pipe.received) == b"ERROR :The server is full, please try again later\r\n"
    assert pipe.closed


def test_the_end_is_told_behind_what_was_owed() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    assert ann.session is not None
    stage.engine.outboxes.send(ann.session, "LAST")
    stage.engine.end(ann.session, "because")
    stage.engine.end(ann.session, "twice")
    stage.turn()
    assert ann.take() == ["LAST", "ERROR :because"]
    assert ann.pipe.writes
    assert not ann.pipe.aborted


def test_who_reads_nothing_is_cut_off_without_a_word() -> None:
    settings = quiet_settings()
    settings.send_queue = 100
    stage = Stage(settings)
    ann = stage.open("ann")
    ann.pipe.stall()
    ann.send("PING " + "a" * 40)
    assert not ann.ended
    ann.send("PING " + "a" * 40)
    assert ann.pipe.aborted
    assert gone(ann)


def test_what_comes_after_the_end_is_not_heard() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    assert ann.session is not None
    stage.engine.end(ann.session, "because")
    stage.engine.receive(ann.session, b"PING x\r\n")
    stage.turn()
    assert ann.take() == ["ERROR :because"]
    stage.engine.closed(ann.session, "again")
    stage.engine.closed(ann.session, "and again")
    assert gone(ann)


def test_held_lines_are_bounded_while_the_disk_is_slow() -> None:
    settings = quiet_settings()
    settings.input_queue = 1000
    stage = Stage(settings)
    ann = stage.enter("ann")
    stage.disk.is_slow = True
    ann.send("PRIVMSG ann :x", "JOIN #tea")
    for _ in range(100):
        ann.send("PRIVMSG ann :" + "x" * 400)
    assert ann.pipe.is_paused
    assert ann.session is not None
    assert ann.session.held_bytes < 2000
    stage.disk.hurry()
    stage.turn()
    assert not ann.pipe.is_paused
    assert len([line for line in ann.take() if "PRIVMSG" in line]) == 101
    assert check_stage(stage) == []


def flooded(lines: int) -> tuple[Stage, Person]:
    """Somebody who has sent so many lines in one piece to a server with flood control."""
    settings = quiet_settings()
    settings.flood = True
    stage = Stage(settings)
    ann = stage.enter("ann")
    stage.pass_time(10)
    ann.send_bytes(b"".join(b"PING %d\n" % number for number in range(lines)))
    return stage, ann


def test_who_is_too_fast_waits_and_loses_nothing() -> None:
    stage, ann = flooded(2000)
    assert ann.pipe.is_paused
    for _ in range(11):
        stage.pass_time(100)
        ann.send("PONG x")  # as its client does; while nothing is read it stays under way
    assert not ann.ended
    assert not ann.pipe.is_paused
    answers = [line for line in ann.take() if " PONG " in line]
    assert answers == [f":irc.example PONG irc.example :{number}" for number in range(2000)]


def test_what_a_fast_one_has_sent_costs_no_more_than_it_weighs() -> None:
    _, ann = flooded(30_000)
    assert ann.session is not None
    assert ann.session.held is not None
    assert len(ann.session.held) < 2 * 8192 / 6
    assert len(ann.session.unread) > 200_000


def test_who_is_not_read_from_is_asked_whether_he_is_there_and_need_not_answer() -> None:
    stage, ann = flooded(2000)
    stage.pass_time(400)
    assert len([line for line in ann.take() if line == "PING :irc.example"]) == 3
    assert not ann.ended
    stage.leave(ann, "Connection reset by peer")
    stage.turn()
    assert not stage.engine.sessions
    assert ann.session is not None
    assert ann.session.unread == b"", "nothing is kept of who has gone"


def test_a_server_that_stops_serves_what_a_fast_one_has_sent() -> None:
    stage, ann = flooded(2000)
    ann.take()
    stage.engine.stop("good night")
    stage.turn()
    assert stage.engine.is_idle
    assert ann.take()[-1] == ":irc.example PONG irc.example :1999"


def test_half_a_connection_is_served_to_its_end() -> None:
    stage, ann = flooded(2000)
    assert ann.session is not None
    stage.engine.finished(ann.session)
    stage.turn()
    assert not ann.ended
    stage.pass_time(1100)
    assert ann.ended
    assert ann.take()[-2:] == [":irc.example PONG irc.example :1999", "ERROR :Connection closed"]


def test_a_server_that_stops_is_idle_when_everything_is_answered() -> None:
    settings = quiet_settings()
    settings.flood = True
    stage = Stage(settings)
    ann = stage.enter("ann")
    stage.disk.is_slow = True
    ann.send(*[f"PRIVMSG ann :{number}" for number in range(8)])
    assert not stage.engine.is_idle
    stage.engine.stop("good night")
    assert ann.pipe.is_paused
    stage.turn()
    assert not stage.engine.is_idle
    stage.disk.hurry()
    stage.turn()
    assert stage.engine.is_idle
    assert len(ann.take()) == 8
    stage.engine.say_goodbye()
    assert bytes(ann.pipe.received) == b"ERROR :good night\r\n"


def test_references_of_batches_are_not_given_twice() -> None:
    stage = Stage()
    assert len({stage.engine.next_batch() for _ in range(100)}) == 100


def test_a_shelf_holds_one_thing_of_a_kind() -> None:
    class Thing:
        pass

    stage = Stage()
    assert stage.engine.shelf(Thing) is stage.engine.shelf(Thing)


def test_an_unknown_outcome_is_reported_to_who_runs_the_server() -> None:
    stage = Stage()
    told: list[Exception] = []
    stage.engine.on_fatal = told.append
    ann = stage.enter("ann")
    stage.disk.is_slow = True
    ann.send("PRIVMSG ann :x")
    stage.disk.lose(stored=True)
    stage.turn()
    assert len(told) == 1


def test_labels_are_limited_as_the_specification_says() -> None:
    assert dispatch.LABEL_LIMIT == 64
