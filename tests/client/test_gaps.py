"""What was seen of each conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from veche.client.events import MessageEdited, MessageReceived, MessageRedacted
from veche.client.gaps import MOST_HELD, Gaps, timestamp

START = datetime(2026, 7, 1, 12, tzinfo=UTC)


def message(number: int, text: str = "", msgid: str | None = None) -> MessageReceived:
    return MessageReceived(
        time=START + timedelta(seconds=number),
        sender="bob",
        target="#tea",
        conversation="#tea",
        text=text or str(number),
        msgid=f"m{number}" if msgid is None else msgid,
    )


def test_live_messages_are_told_once() -> None:
    gaps = Gaps()
    assert gaps.hear("#tea", message(1))
    assert not gaps.hear("#tea", message(1))
    assert gaps.hear("#tea", message(2, msgid=""))
    assert gaps.hear("#tea", message(2, msgid="")), "what has no id cannot be recognised"


def test_live_messages_wait_while_the_gap_is_filled() -> None:
    gaps = Gaps()
    gaps.hear("#tea", message(1))
    gaps.begin_fill("#tea", "#tea")
    assert not gaps.hear("#tea", message(4))
    assert not gaps.hear("#tea", message(5))
    assert gaps.take_page("#tea", (message(1), message(2), message(3), message(4))) == [
        message(2),
        message(3),
        message(4),
    ]
    assert gaps.end_fill("#tea") == [message(5)]
    assert gaps.hear("#tea", message(6))


def test_a_broken_fill_begins_again_where_it_was() -> None:
    gaps = Gaps()
    gaps.hear("#tea", message(1))
    gaps.begin_fill("#tea", "#tea")
    gaps.take_page("#tea", (message(2),))
    gaps.hear("#tea", message(9))
    gaps.lose_connection()
    talk = gaps.conversation("#tea", "#tea")
    assert (talk.msgid, talk.time, talk.is_filling, talk.held) == ("m2", message(2).time, False, [])


def edited(number: int, text: str) -> MessageEdited:
    return MessageEdited(
        time=START, msgid=f"m{number}", sender="bob", target="#tea", conversation="#tea", text=text
    )


def test_what_became_of_messages_is_told_where_it_is_news() -> None:
    gaps = Gaps()
    gone = MessageRedacted(time=START, msgid="m1", by="bob", conversation="#tea")
    assert not gaps.correct(edited(1, "other")), "of a message that was not told"
    gaps.hear("#tea", message(1, "one"))
    assert not gaps.correct(edited(1, "one")), "it was told so"
    assert gaps.correct(edited(1, "other"))
    assert not gaps.correct(edited(1, "other"))
    assert gaps.correct(edited(1, "one"))
    assert gaps.correct(gone)
    assert not gaps.correct(gone)


def test_what_becomes_of_a_message_that_was_asked_for_is_told_and_so_is_the_message_in_its_turn() -> None:
    gaps = Gaps()
    gaps.begin_fill("#tea", "#tea")
    gaps.read((message(1, "one"), message(2, "two")))
    assert gaps.take_page("#tea", (message(1, "one"),)) == [message(1, "one")]
    assert gaps.correct(edited(1, "other"))
    assert not gaps.correct(edited(1, "other"))
    assert not gaps.correct(edited(2, "two"))
    assert not gaps.hear_correction("#tea", edited(2, "second"))
    assert gaps.end_fill("#tea") == [edited(2, "second")]


def test_a_correction_waits_for_the_page_that_may_be_older() -> None:
    gaps = Gaps()
    assert gaps.hear_correction("#tea", edited(1, "first")), "nothing is being filled"
    gaps.begin_fill("#tea", "#tea")
    assert not gaps.hear_correction("#tea", edited(2, "corrected"))
    assert not gaps.hear_correction("#tea", edited(3, "as it is"))
    gaps.take_page("#tea", (message(2, "wrogn"), message(3, "as it is")))
    assert gaps.end_fill("#tea") == [edited(2, "corrected")]


def test_the_place_reached_may_be_no_message() -> None:
    gaps = Gaps()
    gaps.hear("#tea", message(1))
    gaps.reach("#tea", ("j2", START))
    talk = gaps.conversation("#tea", "#tea")
    assert (talk.msgid, talk.time) == ("j2", START)


def test_what_waits_has_a_limit() -> None:
    gaps = Gaps()
    gaps.begin_fill("#tea", "#tea")
    for number in range(MOST_HELD + 10):
        gaps.hear("#tea", message(number))
    assert len(gaps.end_fill("#tea")) == MOST_HELD


def test_a_new_conversation_starts_where_we_came_in() -> None:
    gaps = Gaps()
    gaps.start_at("#tea", "#tea", START)
    gaps.start_at("#tea", "#tea", START + timedelta(days=1))
    assert gaps.conversation("#tea", "").time == START
    assert gaps.is_known("#tea")
    assert not gaps.is_known("#milk")
    assert gaps.unfinished() == {"#tea": "#tea"}


def test_timestamps_have_milliseconds() -> None:
    assert timestamp(START + timedelta(microseconds=7_900)) == "timestamp=2026-07-01T12:00:00.007Z"
