"""The real server with its record in a real PostgreSQL, and faults of either, and of the way between them.

As in test_faults.py each test is one run of the delivery checker; the last ones break the server on purpose.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "postgres")]

Rounds = Callable[[int, int], int]
Check = Callable[..., tuple[int, str]]
IN_POSTGRESQL = ("--store", "postgresql")


def test_kill_9_of_the_server_loses_nothing(check: Check, rounds: Rounds) -> None:
    status, said = check("kill", rounds(2, 4), *IN_POSTGRESQL, "--load", "both")
    assert status == 0, said


def test_what_is_sent_again_after_kill_9_is_said_once(check: Check, rounds: Rounds) -> None:
    status, said = check("again", rounds(2, 3), *IN_POSTGRESQL)
    assert status == 0, said


def test_what_was_read_before_sigterm_is_answered(check: Check, rounds: Rounds) -> None:
    status, said = check("terminate", rounds(2, 2), *IN_POSTGRESQL, "--load", "both")
    assert status == 0, said


@pytest.mark.parametrize("fault", ["restart-fast", "restart-immediate", "kill-database"])
def test_a_database_that_restarts_costs_a_moment(check: Check, rounds: Rounds, fault: str) -> None:
    status, said = check(fault, rounds(1, 2), "--load", "both")
    assert status == 0, said


def test_a_standby_that_confirms_commits_takes_over_without_a_loss(check: Check, rounds: Rounds) -> None:
    status, said = check("failover", rounds(1, 1))
    assert status == 0, said


def test_a_database_that_is_gone_is_said_and_survived(
    check: Check, rounds: Rounds, request: pytest.FixtureRequest
) -> None:
    seconds = "60" if request.config.getoption("--long") else "5"
    status, said = check("gone", rounds(1, 1), "--away", seconds)
    assert status == 0, said


def test_a_database_that_says_nothing_keeps_nobody_waiting(check: Check, rounds: Rounds) -> None:
    status, said = check("stall", rounds(1, 1), "--away", "5")
    assert status == 0, said


def test_what_became_of_a_commit_without_an_answer_is_found_out(check: Check, rounds: Rounds) -> None:
    status, said = check("cut", rounds(4, 4))
    assert status == 0, said


def test_what_was_refused_is_gone_even_when_the_server_dies_before_the_truth_is_known(
    check: Check, rounds: Rounds
) -> None:
    status, said = check("cut-kill", rounds(2, 2))
    assert status == 0, said


@pytest.mark.needs("strace")
def test_a_slow_disk_of_the_database_delays_answers_and_nothing_else(check: Check, rounds: Rounds) -> None:
    status, said = check("slowdisk", rounds(1, 1), *IN_POSTGRESQL, "--away", "4")
    assert status == 0, said


@pytest.mark.usefixtures("small_disks")
def test_a_full_disk_of_the_database_is_said_and_survived(check: Check, rounds: Rounds) -> None:
    status, said = check("diskfull", rounds(1, 1), *IN_POSTGRESQL)
    assert status == 0, said


@pytest.mark.usefixtures("disks")
def test_a_power_cut_of_the_database_loses_nothing(check: Check, rounds: Rounds) -> None:
    status, said = check("powercut", rounds(1, 1), *IN_POSTGRESQL, "--longest", "1")
    assert status == 0, said


@pytest.mark.usefixtures("disks")
def test_a_database_that_does_not_sync_loses_messages_at_a_power_cut(check: Check) -> None:
    # Early enough that nothing else has had the log synced by the way.
    status, said = check("powercut", 2, *IN_POSTGRESQL, "--longest", "0.3", "--sabotage", "sync-off")
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
