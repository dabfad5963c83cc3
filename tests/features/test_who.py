"""WHO at the size at which it must not be one answer in one go."""

from __future__ import annotations

import pytest

from veche.core import pieces
from veche.features.who import WHO_LIMIT
from veche.state.events import MemberJoined, UserArrived, UserLeft
from veche.testing.checks import check_lines, check_stage
from veche.testing.stage import BugWatch, Person, Stage, quiet_settings

END = ":irc.example 315 ann #tea :End of WHO list"


def enter_many(stage: Stage, count: int) -> None:
    """People without connections come and sit down in #tea."""
    for number in range(count):
        nick = f"n{number}"
        stage.engine.log.commit(UserArrived(f"many{number}", nick, "~u", "there", "Somebody"), None)
        joined = MemberJoined(f"many{number}", f"{nick}!~u@there", "", "Somebody", "#tea")
        joined.limit = 1
        stage.engine.log.commit(joined, None)
    stage.turn()
    assert len(stage.engine.world.rooms["#tea"].members) == count


def count_replies(person: Person) -> int:
    return sum(" 352 " in line for line in person.take())


@pytest.fixture
def stage() -> Stage:
    stage = Stage(quiet_settings())
    stage.settings.send_queue = 1 << 20
    return stage


def test_a_long_answer_comes_in_pieces_and_others_are_served_between_them(stage: Stage) -> None:
    ann, bob = stage.enter("ann"), stage.enter("bob")
    enter_many(stage, 5 * pieces.STEPS // 2)
    ann.send("WHO #tea", "PING behind")
    assert count_replies(ann) == pieces.STEPS
    bob.send("PING between")
    assert bob.take() == [":irc.example PONG irc.example :between"]
    stage.pass_time(1)
    assert ann.unheard[-2:] == [END, ":irc.example PONG irc.example :behind"]
    assert count_replies(ann) == 3 * pieces.STEPS // 2


def test_a_labelled_long_answer_is_one_batch(stage: Stage) -> None:
    ann = stage.enter("ann", "labeled-response", "batch")
    enter_many(stage, 2 * pieces.STEPS)
    ann.send("@label=7 WHO #tea")
    stage.pass_time(1)
    first, *inner, last = ann.unheard
    assert first.startswith("@label=7 :irc.example BATCH +")
    reference = first.split(" ")[3][1:]
    assert last == f":irc.example BATCH -{reference}"
    assert {line.split(" ")[0] for line in inner} == {f"@batch={reference}"}
    assert len(inner) == 2 * pieces.STEPS + 1
    assert [problem for problem in check_stage(stage) if "label" in problem] == []


def test_who_takes_nothing_gets_no_more(stage: Stage) -> None:
    ann = stage.enter("ann")
    enter_many(stage, 20 * pieces.STEPS)
    ann.pipe.stall()
    ann.send("WHO #tea")
    stage.pass_time(10)
    assert pieces.BACKLOG < ann.pipe.waiting() < 2 * pieces.BACKLOG
    ann.pipe.flow()
    stage.pass_time(1)
    assert count_replies(ann) == 20 * pieces.STEPS
    assert check_lines(ann) == []


def test_who_goes_in_the_middle_of_an_answer_is_gone(stage: Stage) -> None:
    ann = stage.enter("ann")
    enter_many(stage, 2 * pieces.STEPS)
    ann.send("WHO #tea")
    stage.leave(ann, "Connection closed")
    stage.turn()
    stage.pass_time(1)
    assert stage.engine.is_idle


def test_people_who_leave_in_the_middle_of_an_answer_are_not_in_it(stage: Stage) -> None:
    ann = stage.enter("ann")
    count = 2 * pieces.STEPS
    enter_many(stage, count)
    with BugWatch() as bugs:
        ann.send("WHO #tea", "WHO n*")
        for number in range(pieces.STEPS // 2, count):
            stage.engine.log.commit(UserLeft(f"many{number}", f"n{number}!~u@there", "gone"), None)
        stage.turn()
        stage.pass_time(1)
    assert bugs.found == []
    assert count_replies(ann) == pieces.STEPS + pieces.STEPS // 2


def test_a_mask_finds_no_more_than_the_limit_and_says_so(stage: Stage) -> None:
    ann = stage.enter("ann")
    enter_many(stage, WHO_LIMIT + 1)
    ann.send("WHO n*")
    stage.pass_time(1)
    assert ann.unheard[-2:] == [
        ":irc.example 416 ann WHO :Too many users match, please narrow your mask",
        ":irc.example 315 ann n* :End of WHO list",
    ]
    assert count_replies(ann) == WHO_LIMIT


def test_a_hundred_who_search_at_once_share_each_turn(stage: Stage) -> None:
    seekers = [stage.enter(f"s{number}") for number in range(100)]
    enter_many(stage, 250)
    for seeker in seekers:
        seeker.post_bytes(b"WHO *none*\r\n")
    stage.turn()
    before = sum(bool(seeker.unheard) for seeker in seekers)
    assert before == 0, "nobody has been told the end yet"
    stage.pass_time(1)
    assert all(seeker.take() for seeker in seekers)
