"""How long the search's thread rests: by what it has computed, by what others do, and not at all in a burst."""

from veche.store.search.pace import (
    ALONE,
    BURST,
    LOOK_EVERY,
    MANY_A_SECOND,
    REST,
    REST_ALONE,
    SHORTEST_REST,
    SHORTEST_REST_ALONE,
    Pace,
)


def test_it_rests_for_some_times_what_it_has_computed() -> None:
    pace = Pace(0.0, 0.0, 0)
    assert pace.rest(0.01) == REST * 0.01
    assert pace.rest(0.0) == SHORTEST_REST


def test_it_rests_little_while_the_others_do_hardly_anything() -> None:
    pace = Pace(0.0, 0.0, 0)
    pace.look(1.0, ALONE * 0.9, 0, 0)
    assert pace.rest(0.01) == REST_ALONE * 0.01
    assert pace.rest(0.0) == SHORTEST_REST_ALONE
    pace.look(2.0, ALONE * 0.9 + ALONE * 1.1, 0, 0)
    assert pace.rest(0.01) == REST * 0.01


def test_it_looks_around_only_now_and_then() -> None:
    pace = Pace(0.0, 0.0, 0)
    pace.look(LOOK_EVERY * 0.9, 0.0, BURST, 0)
    assert not pace.is_burst
    assert pace.rest(0.01) == REST * 0.01


def test_a_burst_is_many_messages_a_second_and_falls_behind_by_no_more_than_that() -> None:
    pace = Pace(0.0, 0.0, 0)
    bursts = []
    end, indexed = 0, 0
    for now, more, done in (
        (1.0, MANY_A_SECOND, 0),  # no more than many
        (2.0, MANY_A_SECOND + 1, 0),
        (3.0, BURST, 0),  # too much is waiting
        (4.0, 2 * MANY_A_SECOND, 10 * MANY_A_SECOND),  # that has been done
        (4.5, 10, 0),  # it is hardly over
        (5.5, 10, 0),  # it is over
    ):
        end += more
        indexed += done
        pace.look(now, 0.0, end, indexed)
        bursts.append(pace.is_burst)
    assert bursts == [False, True, False, True, True, False]
