"""veche.core.gathering: when a commit waits for more to share it."""

from veche.core.gathering import ENOUGH, IN_VAIN, LONGEST, MANY, Gathering

TICK = 0.01


def busy(per_second: float = 10_000, talkers: int = 500) -> tuple[Gathering, float]:
    """What has seen so much come for half a second, and the time then."""
    gathering = Gathering()
    now, said = 100.0, 0
    for _ in range(50):
        now += TICK
        rows = int(per_second * TICK)
        gathering.stored(rows, now)
        if gathering.is_many:
            for _ in range(rows):
                said += 1
                gathering.talks(said % talkers)
    return gathering, now


def test_a_single_message_never_waits() -> None:
    gathering = Gathering()
    assert not gathering.waits(1, 100.0)
    gathering.stored(1, 100.0)
    assert not gathering.is_many
    assert not gathering.waits(1, 100.001)


def test_nobody_waits_while_few_come() -> None:
    gathering, now = busy(MANY * 0.9)
    assert not gathering.is_many
    assert not gathering.waits(1, now)


def test_where_many_come_it_waits_until_there_is_enough_or_the_time_is_over() -> None:
    gathering, now = busy()
    assert gathering.is_many
    assert gathering.waits(1, now)
    assert gathering.until == now + LONGEST
    assert gathering.waits(ENOUGH - 1, now + LONGEST * 0.9)
    assert not gathering.waits(ENOUGH, now + LONGEST * 0.9)
    assert not gathering.waits(ENOUGH - 1, now + LONGEST)
    gathering.stored(ENOUGH - 1, now + LONGEST)
    assert gathering.waits(1, now + LONGEST * 1.1)


def test_what_came_while_a_long_commit_was_under_way_waits_no_longer() -> None:
    gathering, now = busy()
    assert not gathering.waits(ENOUGH - 1, now + LONGEST)


def test_when_everybody_who_talks_is_waiting_there_is_nobody_to_wait_for() -> None:
    gathering, now = busy(talkers=20)
    assert gathering.waits(19, now)
    assert not gathering.waits(20, now)


def wait_in_vain(gathering: Gathering, now: float) -> float:
    """A wait that brings little; the time at its end."""
    assert gathering.waits(1, now)
    now += LONGEST
    assert not gathering.waits(2, now)
    gathering.stored(2, now)
    return now


def test_waits_that_bring_little_one_after_the_other_are_the_last_for_a_while() -> None:
    gathering, now = busy()
    for _ in range(IN_VAIN):
        now = wait_in_vain(gathering, now)
    assert not gathering.waits(1, now + LONGEST / 2)


def test_a_moment_in_which_little_came_changes_nothing() -> None:
    gathering, now = busy()
    for _ in range(2):
        for _ in range(IN_VAIN - 1):
            now = wait_in_vain(gathering, now)
        assert gathering.waits(1, now)
        now += LONGEST
        assert not gathering.waits(ENOUGH - 1, now)
        gathering.stored(ENOUGH - 1, now)
    assert gathering.waits(1, now)


def test_what_comes_after_a_silence_does_not_wait() -> None:
    gathering, now = busy()
    assert not gathering.waits(1, now + 1.0)
    assert not gathering.is_many
