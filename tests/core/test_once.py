"""What is said once is said in its turn, however long the record takes to tell whether it was said before."""

from __future__ import annotations

from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage

CAPS = ("message-tags", "server-time", "echo-message", "labeled-response", "batch")


def enter_a_record_that_is_not_new(stage: Stage) -> Person:
    """The server has been restarted over what was said before, so an id may have been used."""
    before = stage.enter("ann", *CAPS)
    before.send("JOIN #tea", "@+veche/id=0 PRIVMSG #tea :zero")
    stage.restart()
    ann = stage.enter("ann", *CAPS)
    ann.send("JOIN #tea")
    ann.take()
    return ann


def answer_backwards(stage: Stage) -> None:
    """Each time the record is asked several things, the last one is answered first, as by several connections."""
    while stage.disk._unread:
        stage.disk._unread.reverse()
        stage.disk.read()
        stage.disk.reads_slowly = True
        stage.turn()


def echoes(person: Person) -> list[str]:
    return [line.rsplit(" :", 1)[-1] for line in person.take() if " PRIVMSG #tea " in line]


def test_messages_are_stored_in_the_order_in_which_they_were_sent() -> None:
    stage = Stage()
    ann = enter_a_record_that_is_not_new(stage)
    stage.disk.reads_slowly = True
    ann.send(
        "@+veche/id=1 PRIVMSG #tea :one",
        "@+veche/id=2 PRIVMSG #tea :two",
        "PRIVMSG #tea :three",
        "@+veche/id=4 PRIVMSG #tea :four",
    )
    answer_backwards(stage)
    assert echoes(ann) == ["one", "two", "three", "four"]
    assert [record.text for record in stage.disk.records] == ["zero", "one", "two", "three", "four"]
    assert check_stage(stage) == []


def test_the_echo_of_what_was_said_before_comes_before_what_is_said_next() -> None:
    stage = Stage()
    ann = enter_a_record_that_is_not_new(stage)
    stage.disk.reads_slowly = True
    ann.send("@+veche/id=1 PRIVMSG #tea :one", "@+veche/id=1 PRIVMSG #tea :one", "PRIVMSG #tea :two")
    answer_backwards(stage)
    assert echoes(ann) == ["one", "one", "two"]
    assert [record.text for record in stage.disk.records] == ["zero", "one", "two"]
    assert check_stage(stage) == []
