"""/history and /search of the classic door, against a whole engine without sockets."""

from __future__ import annotations

import pytest

from tests.net.visitors import Visitor, lobby_stage, old_visitor, person
from veche.net.classic.recalling import Recall
from veche.testing.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return lobby_stage()


def said(visitor: Visitor, *lines: str) -> list[str]:
    """What a person at nc reads after these lines."""
    visitor.reads()
    visitor.types(*lines)
    return visitor.reads()


def test_the_last_lines_of_the_room_come_with_their_times(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.types("one")
    stage.pass_time(60)
    ann.types("/me waves")
    bob = person(stage, "bob")
    assert said(bob, "/history") == [
        "What was said last, #lobby:\n[12:00] ann: one\n[12:01] * ann waves",
    ]
    assert said(bob, "/history 1") == ["What was said last, #lobby:\n[12:01] * ann waves"]


def test_another_day_is_dated_even_for_who_has_stayed_over_night(stage: Stage) -> None:
    ann = person(stage, "ann")
    ann.types("one")
    for _ in range(24 * 60):
        stage.pass_time(60)
        ann.reads()  # his door answers what the server asks him
    assert said(ann, "/history") == ["What was said last, #lobby:\n[2026-01-01 12:00] ann: one"]


def test_a_history_has_twenty_lines_unless_more_is_asked_for_and_a_hundred_at_most(stage: Stage) -> None:
    bob = person(stage, "bob")
    ann = stage.enter("ann")
    for number in range(120):
        ann.send(f"PRIVMSG #lobby :line {number}")
        stage.pass_time(5)
        bob.reads()
        ann.send("PING x")
    twenty = said(bob, "/history")[0].split("\n")
    assert twenty[1].endswith("ann: line 100")
    assert len(twenty) == 21
    assert len(said(bob, "/history 30")[0].split("\n")) == 31
    assert len(said(bob, "/history 99999")[0].split("\n")) == 101


@pytest.mark.parametrize("rest", ["0", "ann bob", "5 5", "ann 5 5", "ann 0"])
def test_what_cannot_be_meant_is_explained(stage: Stage, rest: str) -> None:
    bob = person(stage, "bob")
    assert said(bob, f"/history {rest}") == [
        "Write it like this: /history NUMBER, or /history NAME NUMBER (at most 100)"
    ]


def test_the_talk_with_one_person_is_for_the_two_alone(stage: Stage) -> None:
    ann, bob, eve = person(stage, "ann"), person(stage, "bob"), person(stage, "eve")
    ann.types("/tell bob psst")
    bob.types("/tell ann what?")
    expected = "\n[12:00] ann: psst\n[12:00] bob: what?"
    assert said(ann, "/history bob") == ["What was said last, bob:" + expected]
    assert said(bob, "/history ANN 5") == ["What was said last, ANN:" + expected]
    assert "psst" not in str(said(eve, "/history ann", "/history bob", "/search psst"))


def test_what_cannot_be_read_and_what_does_not_exist_are_answered_alike(stage: Stage) -> None:
    bob = person(stage, "bob")
    assert said(bob, "/history zed") == ["There is nothing of zed that you can read."]
    assert said(bob, "/history #secret") == [
        "There is nobody called #secret here now. /who shows who is here."
    ]


def test_what_is_found_comes_newest_first_with_time_name_and_place(stage: Stage) -> None:
    ann, bob = person(stage, "ann"), person(stage, "bob")
    ann.types("does anybody bring cake?", "or tea")
    stage.pass_time(60)
    bob.types("/tell ann the cake is mine")
    assert said(ann, "/search cakes") == [
        "\n".join(
            (
                "Found, the newest first:",
                "[12:01] -> ann bob: the cake is mine",
                "[12:00] #lobby ann: does anybody bring cake?",
            )
        )
    ]
    assert said(ann, '/search "or tea"', "/search cof*") == [
        "Found, the newest first:\n[12:00] #lobby ann: or tea",
        "Nothing was found.",
    ]


def test_ten_are_found_at_most_and_they_are_the_newest(stage: Stage) -> None:
    bob = person(stage, "bob")
    ann = stage.enter("ann")
    for number in range(12):
        ann.send(f"PRIVMSG #lobby :tea {number}")
        stage.pass_time(5)
    found = said(bob, "/search tea")[0].split("\n")[1:]
    assert [line.rpartition(" ")[2] for line in found] == [str(number) for number in range(11, 1, -1)]


def test_a_search_for_nothing_or_too_much_is_explained(stage: Stage) -> None:
    bob = person(stage, "bob")
    assert said(bob, "/search", "/search ...", "/search " + "tea;" * 200) == [
        "Write it like this: /search WORDS",
        "There is no word in it that could be searched for.",
        "Write it like this: /search WORDS",
    ]


def test_what_was_mended_reads_so_and_what_was_taken_back_is_gone(stage: Stage) -> None:
    bob = person(stage, "bob")
    ann = stage.enter("ann")
    ann.send("CAP REQ :message-tags echo-message draft/message-edit draft/message-redaction")
    ann.send("PRIVMSG #lobby :tea at nien", "PRIVMSG #lobby :wrong room")
    echoes = [line for line in ann.take() if " PRIVMSG #lobby " in line]
    first, second = (line.split("msgid=")[1].partition(";")[0].partition(" ")[0] for line in echoes)
    ann.send(f"@+draft/edit={first} PRIVMSG #lobby :tea at nine", f"REDACT #lobby {second}")
    assert said(bob, "/history", "/search room", "/search nine") == [
        "What was said last, #lobby:\n[12:00] ann: * tea at nine",
        "Nothing was found.",
        "Found, the newest first:\n[12:00] #lobby ann: * tea at nine",
    ]


def test_nothing_that_a_terminal_would_obey_is_shown(stage: Stage) -> None:
    bob = person(stage, "bob")
    ann = stage.enter("ann")
    ann.send("PRIVMSG #lobby :\x0304,05red\x03 \x02tea\x02 \x1b]0;gone\x07\x1b[2J\u202eturned")
    assert said(bob, "/history", "/search tea") == [
        "What was said last, #lobby:\n[12:00] ann: red tea turned",
        "Found, the newest first:\n[12:00] #lobby ann: red tea turned",
    ]


def test_an_old_client_may_ask_too(stage: Stage) -> None:
    ann = old_visitor(stage, "ann")
    ann.says("ann: cake")
    ann.reads()
    ann.says("ann: /history")
    ann.says("ann: /search cake")
    assert ann.reads() == [
        "What was said last, #lobby:\n[12:00] ann: cake",
        "Found, the newest first:\n[12:00] #lobby ann: cake",
    ]


def test_what_is_said_while_the_record_is_read_is_heard_at_once_and_once(stage: Stage) -> None:
    ann, bob = person(stage, "ann"), person(stage, "bob")
    ann.types("old")
    bob.reads()
    stage.disk.reads_slowly = True
    bob.types("/history")
    ann.types("new")
    assert bob.reads() == ["ann: new"]
    stage.disk.read()
    assert bob.reads()[0].startswith("What was said last, #lobby:\n[12:00] ann: old")


def test_a_record_that_cannot_be_read_is_told_in_plain_words(stage: Stage) -> None:
    bob = person(stage, "bob")
    for line in ("SEARCH INTERNAL_ERROR", "CHATHISTORY MESSAGE_ERROR LATEST #lobby"):
        bob.door._visit.recalls["9"] = Recall("")
        bob.write(f"@label=9 :irc.example FAIL {line} :Could not\r\n".encode())
        assert bob.reads() == ["What was said cannot be read just now. Please try again in a moment."]


def test_an_answer_in_several_parts_is_one_text_and_its_note_is_told(stage: Stage) -> None:
    bob = person(stage, "bob")
    bob.door._visit.recalls["9"] = Recall("")
    bob.write(
        b"@label=9 :s BATCH +1 labeled-response\r\n@batch=1 :s NOTE SEARCH INCOMPLETE :There may be more\r\n"
        b"@batch=1 :s BATCH +2 soju.im/search\r\n"
        b"@batch=2;time=2026-01-01T12:00:00.000Z :ann!a@h PRIVMSG #lobby :tea\r\n:s BATCH -2\r\n:s BATCH -1\r\n"
    )
    assert bob.reads() == [
        "Found, the newest first:\n[12:00] #lobby ann: tea",
        "There may be more: not everything could be searched.",
    ]


def test_a_reader_of_russian_is_answered_in_russian(stage: Stage) -> None:
    anya = person(stage, "Аня", "ru")
    anya.types("чай готов")
    assert said(anya, "/history", "/search чаи", "/search кофе") == [
        "Сказанное последним, #lobby:\n[12:00] Аня: чай готов",
        "Найдено, сначала новое:\n[12:00] #lobby Аня: чай готов",
        "Ничего не найдено.",
    ]


def test_without_a_room_there_is_still_the_talk_with_one_person() -> None:
    stage = lobby_stage("")
    ann, _bob = person(stage, "ann"), person(stage, "bob")
    ann.types("/tell bob psst")
    assert said(ann, "/history", "/history bob") == [
        "This server has no common room: you can talk to people one by one.",
        "What was said last, bob:\n[12:00] ann: psst",
    ]
