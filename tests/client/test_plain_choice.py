"""Whom to talk to, by number or name."""

from __future__ import annotations

import pytest

from veche.client.plain_choice import MOST_PEOPLE, MOST_ROOMS, Choices, RoomRow, list_lines
from veche.client.plain_phrases import TABLE
from veche.phrases import Phrases

SAY = Phrases(TABLE, "en")


def same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


@pytest.mark.parametrize(
    ("word", "name"),
    [("1", "#tea"), ("2", "bob"), ("3", "Cid"), ("cid", "Cid"), ("#TEA", "#tea"), ("0", None), ("4", None),
     ("99999999999", None), ("dora", None), ("-1", None), ("²", None), ("٢", "bob")],
)  # fmt: skip
def test_resolve(word: str, name: str | None) -> None:
    choices = Choices()
    choices.renew([RoomRow("#tea")], ["bob", "Cid"])
    assert choices.resolve(word, same) == name


def test_the_list_is_numbered_and_says_where_we_are() -> None:
    rooms = [RoomRow("#lobby", 3, "hello"), RoomRow("#tea", 1)]
    assert list_lines(SAY, rooms, ["bob", "cid"], "#lobby") == [
        "Rooms:",
        "  1. #lobby  3 people  (you are here)  hello",
        "  2. #tea    1 person",
        "People to talk to:",
        "  3. bob",
        "  4. cid",
    ]


def test_an_empty_house_says_so() -> None:
    assert list_lines(SAY, [], [], "") == ["Nobody else is here yet."]


def test_a_long_list_is_cut_and_its_numbers_still_fit() -> None:
    rooms = [RoomRow(f"#r{number}") for number in range(MOST_ROOMS + 5)]
    people = [f"p{number}" for number in range(MOST_PEOPLE + 7)]
    lines = list_lines(SAY, rooms, people, "")
    assert "  ... and 5 more" in lines
    assert lines[-1] == "  ... and 7 more"
    choices = Choices()
    choices.renew(rooms, people)
    for number in (1, MOST_ROOMS, MOST_ROOMS + 1, MOST_ROOMS + MOST_PEOPLE):
        name = choices.resolve(str(number), same)
        assert f"{number:3}. {name}" in lines


def test_names_and_topics_cannot_write_to_the_terminal() -> None:
    (_, row, _, person) = list_lines(SAY, [RoomRow("#\x1b[2J", 1, "\x1b]0;x\x07")], ["bo\x9bb"], "")
    assert not set("\x1b\x9b\x07") & set(row + person)
