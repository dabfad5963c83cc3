"""veche.cluster.keeper: who is there, and what becomes of the users of a node that is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from veche.cluster import keeper
from veche.cluster.keeper import GRACE_SECONDS, REASON, Keeper
from veche.core.turns import OutOfReach, Removed
from veche.state.snapshot import snapshot
from veche.testing.stage import Person
from veche.testing.turns import Cluster, Node

Seen = tuple[int, list[int], list[int]] | Exception


class Beats:
    """What a look at the record shows."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.trouble: Exception | None = None

    def beat(self, done: Callable[[Seen], None]) -> None:
        order = self.cluster.order
        done(self.trouble or (len(order.turns), list(order.nodes), []))


def keep(cluster: Cluster) -> list[Beats]:
    beats = []
    for node in cluster.nodes:
        beats.append(Beats(cluster))
        Keeper(node.log, node.engine.timers, node.clock, beats[-1], 1.0).start()
    return beats


def quits(lines: list[str]) -> list[str]:
    return [line for line in lines if " QUIT " in line]


def pass_time(nodes: list[Node], seconds: int) -> None:
    for _ in range(seconds):
        for node in nodes:
            node.pass_time(1.0)


def pass_tenth(nodes: list[Node]) -> None:
    for node in nodes:
        node.pass_time(0.1)


def test_guests_of_a_dead_node_go_at_once_and_together() -> None:
    cluster = Cluster(3)
    keep(cluster)
    ann = cluster.nodes[1].enter("ann")
    ann.send("JOIN #tea")
    for number in range(30):
        cluster.nodes[2].enter(f"g{number}").send("JOIN #tea")
    ann.take()
    before = len(cluster.order.turns)
    cluster.kill(cluster.nodes[2])
    pass_time(cluster.nodes, 3)
    assert sorted(quits(ann.take())) == sorted(f":g{n}!~g{n}@there QUIT :{REASON}" for n in range(30))
    # The notes that it is lost, and one turn for all of them.
    assert len(cluster.order.turns) - before <= 3
    one, two = cluster.nodes
    assert snapshot(one.engine.world) == snapshot(two.engine.world)
    assert one.log.nodes == {1, 2}


def test_a_great_many_go_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "AT_ONCE", 10)
    cluster = Cluster(2)
    keep(cluster)
    ann = cluster.nodes[0].enter("ann")
    ann.send("JOIN #tea")
    for number in range(25):
        cluster.nodes[1].enter(f"g{number}").send("JOIN #tea")
    ann.take()
    cluster.kill(cluster.nodes[1])
    gone = []
    for _ in range(200):
        pass_tenth(cluster.nodes)
        if left := quits(ann.take()):
            gone.append(len(left))
    assert gone == [10, 10, 5]


def test_the_first_node_may_be_the_one_that_dies() -> None:
    cluster = Cluster(2)
    keep(cluster)
    cluster.nodes[0].enter("ann").send("JOIN #tea")
    bob = cluster.nodes[1].enter("bob")
    bob.send("JOIN #tea")
    cluster.kill(cluster.nodes[0])
    pass_time(cluster.nodes, 3)
    assert len(quits(bob.take())) == 1
    cluster.add()
    assert snapshot(cluster.nodes[0].engine.world) == snapshot(cluster.nodes[1].engine.world)


def registered(node: Node, name: str, room: str) -> None:
    person = node.enter(name)
    person.send("PRIVMSG NickServ :REGISTER sesame-open-9", f"JOIN {room}", "AWAY :out")


def without_ann() -> tuple[Cluster, Person]:
    """Bob, and the node where Ann, who has an account, was in his room until it died."""
    cluster = Cluster(2)
    keep(cluster)
    bob = cluster.nodes[0].enter("bob")
    bob.send("JOIN #tea")
    registered(cluster.nodes[1], "ann", "#tea")
    bob.take()
    cluster.kill(cluster.nodes[1])
    return cluster, bob


def test_who_has_an_account_may_come_back_elsewhere_and_was_never_gone() -> None:
    cluster, bob = without_ann()
    pass_time(cluster.nodes, int(GRACE_SECONDS) - 5)
    assert quits(bob.take()) == []
    again = cluster.nodes[0].open("ann-again")
    again.send("PASS ann:sesame-open-9", "NICK ann", "USER ann 0 * :Ann")
    assert any(" 001 ann " in line for line in again.unheard)
    assert any(" JOIN #tea" in line for line in again.unheard)
    pass_time(cluster.nodes, 30)
    assert quits(bob.take()) == []
    assert cluster.nodes[0].engine.world.users_by_key["ann"].away == "out"


def test_who_has_an_account_and_does_not_come_back_goes_too() -> None:
    cluster, bob = without_ann()
    pass_time(cluster.nodes, int(GRACE_SECONDS) + 5)
    assert len(quits(bob.take())) == 1


def test_who_moves_politely_was_never_gone_and_others_wait_for_nobody() -> None:
    cluster = Cluster(3)
    keep(cluster)
    here, there, _ = cluster.nodes
    bob = there.enter("bob")
    bob.send("JOIN #tea")
    ann = here.enroll("ann", "sesame-open-9")
    ann.send("JOIN #tea", "AWAY :out")
    dan = here.enroll("dan", "sesame-open-9")
    dan.send("JOIN #tea")
    cid = here.enter("cid")
    cid.send("JOIN #tea", "PRIVMSG #tea :before")
    assert [line for line in bob.take() if "before" in line]
    here.log.is_parting = True
    for session in list(here.engine.sessions):
        here.engine.end(session, "moving")
    cluster.run()
    assert (ann.ended, here.engine.attached) == (True, 0)
    # A guest goes with his connection: his name is free at once.
    assert [line.split("!")[0] for line in quits(bob.take())] == [":cid"]
    again = there.open("ann-again")
    again.send("PASS ann:sesame-open-9", "NICK ann", "USER ann 0 * :Ann")
    assert any(" 001 ann " in line for line in again.unheard)
    here.log.depart()
    cluster.run()
    assert there.log.nodes == {2, 3}
    cluster.kill(here)
    pass_time(cluster.nodes, int(GRACE_SECONDS) - 5)
    assert quits(bob.take()) == []
    assert there.engine.world.users_by_key["ann"].away == "out"
    pass_time(cluster.nodes, 10)
    assert [line.split("!")[0] for line in quits(bob.take())] == [":dan"]
    assert {node for nodes in there.log.homes.by_uid.values() for node in nodes} == {2}


def test_the_last_node_may_leave_too() -> None:
    cluster = Cluster(1)
    keep(cluster)
    node = cluster.nodes[0]
    ann = node.enroll("ann", "sesame-open-9")
    node.log.is_parting = True
    node.engine.end(next(iter(node.engine.sessions)), "moving")
    cluster.run()
    node.log.depart()
    pass_time([node], 30)
    assert ann.ended
    assert node.log.nodes == set()
    assert node.log.is_idle


def test_a_look_that_fails_says_nothing_of_anybody() -> None:
    cluster = Cluster(2)
    beats = keep(cluster)
    removed: list[Exception] = []
    cluster.nodes[0].log.on_removed = removed.append
    cluster.nodes[1].enter("ann")
    beats[0].trouble = OutOfReach("cut")
    pass_time(cluster.nodes, 60)
    assert cluster.nodes[0].log.nodes == {1, 2}
    assert removed == []
    beats[0].trouble = Removed("taken for dead")
    pass_time(cluster.nodes, 2)
    assert removed
