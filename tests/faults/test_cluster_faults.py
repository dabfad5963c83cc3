"""Three real servers over a real PostgreSQL and a real NATS, and faults of all of them. As in test_faults.py each test
is one run of the delivery checker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "postgres", "nats")]

Rounds = Callable[[int, int], int]
Check = Callable[..., tuple[int, str]]
AS_NODES = ("--store", "cluster")


def test_kill_9_of_a_node_costs_its_own_users_their_connections_alone(check: Check, rounds: Rounds) -> None:
    status, said = check("kill-node", rounds(1, 2), *AS_NODES)
    assert status == 0, said


def test_a_node_that_stands_still_holds_up_nobody_for_long(check: Check, rounds: Rounds) -> None:
    status, said = check("freeze-node", rounds(1, 1), *AS_NODES)
    assert status == 0, said


def test_without_nats_rooms_go_on_by_the_record(check: Check, rounds: Rounds) -> None:
    status, said = check("kill-carrier", rounds(1, 1), *AS_NODES)
    assert status == 0, said


def test_a_database_that_restarts_costs_a_moment_on_all_nodes(check: Check, rounds: Rounds) -> None:
    status, said = check("restart-immediate", rounds(1, 1), *AS_NODES)
    assert status == 0, said
