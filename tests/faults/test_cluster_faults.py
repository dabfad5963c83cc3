"""Three real servers over a real PostgreSQL and three real NATS servers, and faults of all of them and of what is
between them. As in test_faults.py each test is one run of the delivery checker, here of a round or two: a round with
three nodes takes half a minute. `python -m veche.testing.checker FAULT --store cluster --rounds 50` plays many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from veche.testing.checker import links

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "postgres", "nats")]

Rounds = Callable[[int, int], int]
Check = Callable[..., tuple[int, str]]
Holds = Callable[..., None]


def test_kill_9_of_a_node_costs_its_own_users_their_connections_alone(holds: Holds, rounds: Rounds) -> None:
    holds("kill-node", rounds(1, 2))


def test_a_node_that_stands_still_holds_up_nobody_for_long(holds: Holds, rounds: Rounds) -> None:
    holds("freeze-node", rounds(1, 1), "--away", "2")


def test_a_node_that_has_stood_still_for_long_begins_anew(holds: Holds, rounds: Rounds) -> None:
    holds("freeze-node", rounds(1, 1), "--away", "12")


def test_without_nats_rooms_go_on_by_the_record(holds: Holds, rounds: Rounds) -> None:
    holds("kill-carrier", rounds(1, 1))


def test_a_node_that_loses_nats_alone_follows_by_the_record(holds: Holds, rounds: Rounds) -> None:
    holds("cut-carrier", rounds(1, 1))


def test_a_node_that_loses_the_database_alone_holds_up_nobody_for_long(holds: Holds, rounds: Rounds) -> None:
    holds("cut-database", rounds(1, 1))


def test_where_there_are_no_namespaces_links_are_cut_as_well(
    holds: Holds, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "why_no_namespaces", lambda: "not asked for")
    holds("cut-database", rounds(1, 1))


def test_a_database_that_restarts_costs_a_moment_on_all_nodes(holds: Holds, rounds: Rounds) -> None:
    holds("restart-immediate", rounds(1, 1), "--store", "cluster")


def test_clocks_decide_nothing(holds: Holds, rounds: Rounds) -> None:
    holds("jump-clock", rounds(1, 2))


def test_a_node_that_passes_over_turns_is_found_out(check: Check) -> None:
    status, said = check("jump-clock", 1, "--sabotage", "skip-turns")
    assert status == 1, said
    assert "left out of the middle of a live feed" in said


def test_a_node_that_applies_turns_twice_is_found_out(check: Check) -> None:
    status, said = check("jump-clock", 1, "--sabotage", "apply-twice")
    assert status == 1, said
    assert "delivered twice to one client" in said
