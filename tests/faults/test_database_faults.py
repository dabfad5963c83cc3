"""The real server with its record in a real PostgreSQL, and faults of either, and of the way between them.

As in test_faults.py each test is one run of the delivery checker; the last ones break the server on purpose.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "postgres")]

Rounds = Callable[[int, int], int]
Check = Callable[..., tuple[int, str]]
Holds = Callable[..., None]
IN_POSTGRESQL = ("--store", "postgresql")


def test_kill_9_of_the_server_loses_nothing(holds: Holds, rounds: Rounds) -> None:
    holds("kill", rounds(2, 4), *IN_POSTGRESQL, "--load", "both")


def test_what_is_sent_again_after_kill_9_is_said_once(holds: Holds, rounds: Rounds) -> None:
    holds("again", rounds(2, 3), *IN_POSTGRESQL)


def test_what_was_read_before_sigterm_is_answered(holds: Holds, rounds: Rounds) -> None:
    holds("terminate", rounds(2, 2), *IN_POSTGRESQL, "--load", "both")


@pytest.mark.parametrize("fault", ["restart-fast", "restart-immediate", "kill-database"])
def test_a_database_that_restarts_costs_a_moment(holds: Holds, rounds: Rounds, fault: str) -> None:
    holds(fault, rounds(1, 2), "--load", "both")


def test_a_standby_that_confirms_commits_takes_over_without_a_loss(holds: Holds, rounds: Rounds) -> None:
    holds("failover", rounds(1, 1))


def test_a_database_that_is_gone_is_said_and_survived(
    holds: Holds, rounds: Rounds, request: pytest.FixtureRequest
) -> None:
    seconds = "60" if request.config.getoption("--long") else "5"
    holds("gone", rounds(1, 1), "--away", seconds)


def test_a_database_that_says_nothing_keeps_nobody_waiting(holds: Holds, rounds: Rounds) -> None:
    holds("stall", rounds(1, 1), "--away", "5")


def test_what_became_of_a_commit_without_an_answer_is_found_out(holds: Holds, rounds: Rounds) -> None:
    holds("cut", rounds(4, 4))


def test_what_was_refused_is_gone_even_when_the_server_dies_before_the_truth_is_known(
    holds: Holds, rounds: Rounds
) -> None:
    holds("cut-kill", rounds(2, 2))


@pytest.mark.needs("strace")
def test_a_slow_disk_of_the_database_delays_answers_and_nothing_else(holds: Holds, rounds: Rounds) -> None:
    holds("slowdisk", rounds(1, 1), *IN_POSTGRESQL, "--away", "4")


@pytest.mark.usefixtures("small_disks")
def test_a_full_disk_of_the_database_is_said_and_survived(holds: Holds, rounds: Rounds) -> None:
    holds("diskfull", rounds(1, 1), *IN_POSTGRESQL)


@pytest.mark.usefixtures("disks")
def test_a_power_cut_of_the_database_loses_nothing(holds: Holds, rounds: Rounds) -> None:
    holds("powercut", rounds(1, 1), *IN_POSTGRESQL, "--longest", "1")


@pytest.mark.usefixtures("disks")
def test_a_database_that_does_not_sync_loses_messages_at_a_power_cut(check: Check) -> None:
    # Late enough that something has been acknowledged, and so early that nothing else has had the log synced.
    moments = ("--shortest", "0.2", "--longest", "0.4")
    status, said = check("powercut", 2, *IN_POSTGRESQL, *moments, "--sabotage", "sync-off")
    assert status == 1, said
    assert "acknowledged, but not in history" in said


def test_a_server_that_takes_an_unknown_outcome_for_a_success_loses_messages(check: Check) -> None:
    status, said = check("cut", 1, "--sabotage", "unknown-is-stored")
    assert status == 1, said
    assert "acknowledged, but not in history" in said


def test_a_server_that_takes_an_unknown_outcome_for_a_failure_keeps_what_it_refused(check: Check) -> None:
    status, said = check("cut", 2, "--sabotage", "unknown-is-refused")
    assert status == 1, said
    assert "refused, but kept or delivered all the same" in said
