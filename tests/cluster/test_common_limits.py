"""Limits hold over all nodes together: guesses, new accounts, letters, connections. Over an order in memory."""

from __future__ import annotations

import pytest

from veche.core.settings import Settings
from veche.features.common_limits import HOLD_SECONDS, LimitsUsed
from veche.state.snapshot import snapshot
from veche.testing.stage import Person, quiet_settings
from veche.testing.turns import Cluster, Node

PASSWORD = "sesame-open-9"
ADDRESS = "192.0.2.7"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(3)


def pass_time(cluster: Cluster, seconds: float) -> None:
    for node in cluster.nodes:
        node.pass_time(seconds)


def guess(node: Node, name: str = "zoe", secret: str = "wrong-password", address: str = ADDRESS) -> str:
    """One attempt on a connection of its own; what NickServ says."""
    person = node.open("guesser", address=address)
    person.send(f"NICK g{node.turns.number}", "USER g 0 * :G")
    person.take()
    person.send(f"NS IDENTIFY {name} {secret}")
    said = " ".join(line for line in person.take() if "NickServ" in line or " 900 " in line)
    person.send("QUIT")
    return said


def test_wrong_passwords_of_an_account_are_counted_over_all_nodes(cluster: Cluster) -> None:
    wrong = 0
    for number in range(10):
        # Each from an address of its own, and on one node after the other.
        said = guess(cluster.nodes[number % 3], address=f"192.0.2.{number}")
        wrong += "is wrong" in said
        pass_time(cluster, HOLD_SECONDS)
    assert wrong == 10
    for node in cluster.nodes:
        assert "Too many wrong attempts" in guess(node, address="192.0.2.99")
    pass_time(cluster, 601)
    assert "is wrong" in guess(cluster.nodes[2], address="192.0.2.99")


def test_wrong_passwords_from_an_address_are_counted_over_all_nodes(cluster: Cluster) -> None:
    for number in range(10):
        assert "is wrong" in guess(cluster.nodes[number % 3], f"nobody{number}")
        pass_time(cluster, HOLD_SECONDS)
    for node in cluster.nodes:
        assert "Too many wrong attempts" in guess(node, "someone")
        assert "is wrong" in guess(
            node, f"else{node.turns.number}", address=f"198.51.100.{node.turns.number}"
        )


def test_a_right_password_is_no_guess_anywhere(cluster: Cluster) -> None:
    ann = cluster.nodes[0].enroll("ann", PASSWORD)
    ann.send("QUIT")
    for number in range(12):
        assert " 900 " in guess(cluster.nodes[number % 3], "ann", PASSWORD)
        pass_time(cluster, 2 * HOLD_SECONDS)
    assert len(cluster.nodes[1].engine.guesses) == 0


def test_whoever_goes_on_trying_everywhere_at_once_is_stopped_behind_the_limit_of_each(
    cluster: Cluster,
) -> None:
    said = [guess(node, address=f"192.0.2.{n}") for n in range(15) for node in cluster.nodes]
    assert sum("is wrong" in one for one in said) <= 30
    pass_time(cluster, HOLD_SECONDS)
    assert all("Too many wrong" in guess(node, address="192.0.2.99") for node in cluster.nodes)


def test_no_name_and_no_address_stands_in_what_nodes_tell(cluster: Cluster) -> None:
    guess(cluster.nodes[0], "MyPassword1")
    pass_time(cluster, HOLD_SECONDS)
    told = " ".join(turn.body for turn in cluster.order.turns)
    assert LimitsUsed.__name__ in told
    assert "mypassword1" not in told.lower()
    assert ADDRESS not in told


def test_a_newcomer_knows_what_was_counted_before(cluster: Cluster) -> None:
    for number in range(10):
        guess(cluster.nodes[number % 3], address=f"192.0.2.{number}")
        pass_time(cluster, HOLD_SECONDS)
    assert "Too many wrong attempts" in guess(cluster.add(), address="192.0.2.99")


def test_without_the_record_nothing_piles_up_and_all_is_told_behind_it(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    guesser = first.enter("guesser", address=ADDRESS)
    first.turns.is_cut = True
    for _ in range(4):
        guesser.send("NS IDENTIFY zoe wrong-password")
        pass_time(cluster, 1)
    assert len(first.log.line) <= 1
    first.turns.is_cut = False
    pass_time(cluster, 1)
    pass_time(cluster, 1)
    for _ in range(6):
        guess(cluster.nodes[2])
    pass_time(cluster, 1)
    assert "Too many wrong attempts" in guess(cluster.nodes[1])


# ---- new accounts


def register(node: Node, name: str, address: str = ADDRESS) -> Person:
    person = node.enter(name, address=address)
    person.post_bytes(f"REGISTER * * {PASSWORD}\r\n".encode())
    return person


def outcome(person: Person) -> str:
    lines = person.take()
    return "made" if any("REGISTER SUCCESS" in line for line in lines) else lines[-1]


def test_accounts_of_one_address_are_so_many_over_all_nodes_however_fast(cluster: Cluster) -> None:
    asking = [
        register(node, f"n{number}x{node.turns.number}") for number in range(4) for node in cluster.nodes
    ]
    cluster.run()
    told = [outcome(one) for one in asking]
    assert told.count("made") == cluster.nodes[0].settings.registrations_per_address == 5
    assert all("FAIL REGISTER TEMPORARILY_UNAVAILABLE" in one for one in told if one != "made")
    other = register(cluster.nodes[1], "other", "198.51.100.1")
    cluster.run()
    assert outcome(other) == "made"
    pass_time(cluster, 601)
    later = register(cluster.nodes[2], "later")
    cluster.run()
    assert outcome(later) == "made"
    first, *others = (snapshot(node.engine.world) for node in cluster.nodes)
    assert all(one == first for one in others)


def test_a_newcomer_makes_no_more_accounts_than_the_others(cluster: Cluster) -> None:
    for number in range(5):
        register(cluster.nodes[0], f"n{number}")
        cluster.run()
    late = register(cluster.add(), "late")
    cluster.run()
    assert "TEMPORARILY_UNAVAILABLE" in outcome(late)


# ---- connections


def few_connections() -> Settings:
    made = quiet_settings()
    made.connections_per_address = 6
    made.connect_burst = 0
    return made


def refused(person: Person) -> bool:
    return any(line.startswith("ERROR :Too many connections") for line in person.unheard)


def test_connections_of_an_address_are_summed_over_all_nodes() -> None:
    cluster = Cluster(3, few_connections)
    people = []
    for number in range(12):
        people.append(cluster.nodes[number % 3].open(f"p{number}", address=ADDRESS))
        pass_time(cluster, 1)
    assert [refused(one) for one in people] == [False] * 6 + [True] * 6
    assert not refused(cluster.nodes[0].open("else", address="198.51.100.1"))
    # One goes, and there is room for one, on any node.
    cluster.nodes[0].leave(people[0], "gone")
    pass_time(cluster, 1)
    assert not refused(cluster.nodes[2].open("again", address=ADDRESS))


def test_what_a_lost_node_had_counts_no_more() -> None:
    cluster = Cluster(2, few_connections)
    one, two = cluster.nodes
    for number in range(6):
        one.open(f"p{number}", address=ADDRESS)
    pass_time(cluster, 1)
    assert refused(two.open("q", address=ADDRESS))
    cluster.kill(one)
    two.log.note("*lost", one.log.node)
    cluster.run()
    assert not refused(two.open("r", address=ADDRESS))


def test_without_nats_each_node_counts_alone() -> None:
    cluster = Cluster(2, few_connections)
    one, two = cluster.nodes
    one.turns.is_deaf = two.turns.is_deaf = True
    for number in range(6):
        one.open(f"p{number}", address=ADDRESS)
    pass_time(cluster, 1)
    assert not refused(two.open("q", address=ADDRESS))


def test_who_connects_too_often_does_so_on_all_nodes_together() -> None:
    def bursts() -> Settings:
        made = quiet_settings()
        made.connect_burst = 9
        return made

    cluster = Cluster(3, bursts)
    told = []
    for number in range(12):
        node = cluster.nodes[number % 3]
        person = node.open(f"p{number}", address=ADDRESS)
        told.append(any("too often" in line for line in person.unheard))
        node.leave(person, "gone")
        pass_time(cluster, 1)
    assert told == [False] * 9 + [True] * 3


def test_nodes_do_not_talk_of_addresses_that_have_few_connections() -> None:
    cluster = Cluster(3, few_connections)
    before = len(cluster.nodes[1].turns.told)
    for number in range(200):
        cluster.nodes[0].open(f"p{number}", address=f"10.0.{number // 250}.{number % 250}")
    pass_time(cluster, 30)
    assert len(cluster.nodes[1].turns.told) == before
