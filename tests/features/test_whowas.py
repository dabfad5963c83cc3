"""The memory behind WHOWAS has an end in every direction."""

from __future__ import annotations

from veche.features.whowas import KEPT, NICKS, PER_NICK, Entry, Past


def entry(nick: str, time: int) -> Entry:
    return Entry(f"{nick}!~user@there", "Somebody", time)


def test_a_nick_keeps_its_latest_entries() -> None:
    past = Past()
    for time in range(PER_NICK + 3):
        past.remember(entry("Ann", 1000 + time))
    assert [found.time for found in past.of("ANN", 2000)] == [1002 + PER_NICK - n for n in range(PER_NICK)]


def test_a_million_nicks_take_no_more_room_than_the_limit() -> None:
    past = Past()
    for number in range(3 * NICKS):
        past.remember(entry(f"n{number}", number))
    assert len(past) == NICKS
    assert past.of(f"n{2 * NICKS - 1}", 3 * NICKS) == []
    assert past.of(f"n{2 * NICKS}", 3 * NICKS) != []


def test_a_nick_that_is_left_again_is_forgotten_later() -> None:
    past = Past()
    past.remember(entry("ann", 1))
    for number in range(NICKS - 1):
        past.remember(entry(f"n{number}", 2))
    past.remember(entry("ann", 3))
    past.remember(entry("one-too-many", 4))
    assert [found.time for found in past.of("ann", 5)] == [3, 1]
    assert past.of("n0", 5) == []


def test_what_is_too_old_is_neither_told_nor_kept() -> None:
    past = Past()
    past.remember(entry("ann", 1000))
    past.remember(entry("bob", 1000 + KEPT // 2))
    assert past.of("ann", 999 + KEPT) != []
    assert past.of("ann", 1000 + KEPT) == []
    past.remember(entry("cid", 1000 + KEPT))
    assert len(past) == 2


def test_parts_of_a_source_come_apart() -> None:
    found = entry("ann", 7)
    assert (found.nick, found.username, found.host, found.real_name) == ("ann", "~user", "there", "Somebody")
