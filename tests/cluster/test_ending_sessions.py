"""What ends somebody's sessions ends them on every node, in the words of one server: over an order in memory."""

from __future__ import annotations

import pytest

from veche.core.settings import OperatorBlock, Settings
from veche.state.snapshot import snapshot
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, quiet_settings
from veche.testing.turns import Cluster, Node

PASSWORD = "sesame-open-9"


def with_operators() -> Settings:
    made = quiet_settings()
    made.operators["root"] = OperatorBlock("root", FakePasswords.hash("sesame"))
    return made


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(3, with_operators)


def come_in(node: Node, label: str, *, secret: str = PASSWORD, device: str = "") -> Person:
    """One more session of Ann's."""
    person = node.open(label)
    name = f"ann@{device}" if device else "ann"
    person.send("CAP REQ :echo-message", f"PASS {name}:{secret}", "NICK ann", "USER ann 0 * :Ann", "CAP END")
    assert any(" 001 ann " in line for line in person.take()), label
    return person


def ann_everywhere(cluster: Cluster) -> list[Person]:
    """Ann on all nodes, on each from a device of the node's number, in a room with Bob, who is on the first."""
    ann = cluster.nodes[0].enroll("ann", PASSWORD)
    ann.send("JOIN #tea", "NS DEVICE one")
    people = [ann]
    for number, node in enumerate(cluster.nodes[1:], 2):
        people.append(come_in(node, f"ann{number}", device=("", "", "two", "three")[number]))
    for one in people:
        one.take()
    return people


def operator(cluster: Cluster) -> Person:
    root = cluster.nodes[0].enter("rex")
    root.send("OPER root sesame", "JOIN #tea")
    root.take()
    return root


def last(person: Person) -> str:
    return person.take()[-1]


def settled(cluster: Cluster) -> None:
    first, *others = cluster.nodes
    for other in others:
        assert snapshot(other.engine.world) == snapshot(first.engine.world)
        assert other.log.homes.values() == first.log.homes.values()
    for node in cluster.nodes:
        assert node.log.is_idle
        assert node.bugs.found == []


def may_log_in(node: Node, secret: str = PASSWORD) -> bool:
    person = node.open("try")
    person.send("NICK stranger", "USER s 0 * :S", f"NS IDENTIFY ann {secret}")
    told = person.take()
    person.send("QUIT")
    return any(" 900 " in line for line in told)


def test_who_is_suspended_is_out_on_every_node(cluster: Cluster) -> None:
    people = ann_everywhere(cluster)
    root = operator(cluster)
    root.send("NS SUSPEND ann spam")
    assert [last(one) for one in people] == ["ERROR :This account is suspended: spam"] * 3
    heard = root.take()
    assert [line for line in heard if " QUIT " in line] == [":ann!~ann@there QUIT :Account suspended"]
    assert [line for line in heard if "Sessions that were ended: 3." in line]
    assert not any(may_log_in(node) for node in cluster.nodes)
    root.send("NS UNSUSPEND ann")
    assert may_log_in(cluster.nodes[2])
    settled(cluster)


def test_who_is_suspended_while_he_comes_in_elsewhere_does_not_stay(cluster: Cluster) -> None:
    ann_everywhere(cluster)
    root = operator(cluster)
    newcomer = cluster.nodes[2].open("late")
    newcomer.post_bytes(f"PASS ann:{PASSWORD}\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n".encode())
    root.post_bytes(b"NS SUSPEND ann spam\r\n")
    cluster.run()
    assert newcomer.ended
    assert "ann" not in cluster.nodes[0].engine.world.users_by_key
    settled(cluster)


def test_all_other_sessions_of_ones_own_are_ended_wherever_they_are(cluster: Cluster) -> None:
    one, two, three = ann_everywhere(cluster)
    root = operator(cluster)
    waiting = cluster.nodes[1].open("half")
    waiting.send("CAP LS", f"PASS ann:{PASSWORD}", "NICK ann")
    three.send("PRIVMSG #tea :before")
    one.send("NS LOGOUT ALL")
    assert [last(person) for person in (two, three)] == ["ERROR :Logged out from another device"] * 2
    assert any("Sessions that were ended: 2." in line for line in one.take())
    assert not one.ended
    assert not waiting.ended  # it has proved nothing yet
    one.send("PRIVMSG #tea :behind")
    said = [line.rpartition(":")[2] for line in root.take() if " PRIVMSG " in line]
    assert said == ["before", "behind"]
    settled(cluster)


def test_sessions_elsewhere_are_told_of(cluster: Cluster) -> None:
    one, *_ = ann_everywhere(cluster)
    one.send("NS SESSIONS")
    heard = one.take()
    assert len([line for line in heard if "from there" in line]) == 1
    assert any("which know more of them: 2." in line for line in heard)


def test_nobody_but_the_owner_is_ended(cluster: Cluster) -> None:
    one, *_ = ann_everywhere(cluster)
    bob = cluster.nodes[1].enroll("bob", PASSWORD)
    one.send("NS LOGOUT ALL")
    assert not bob.ended
    settled(cluster)


def test_one_device_is_ended_wherever_it_is(cluster: Cluster) -> None:
    one, two, three = ann_everywhere(cluster)
    more = come_in(cluster.nodes[1], "more", device="three")
    more.take()
    one.send("NS LOGOUT three")
    assert [last(person) for person in (more, three)] == ["ERROR :Logged out from another device"] * 2
    assert not two.ended
    assert any("Every session of three is ended." in line for line in one.take())
    one.send("NS LOGOUT none")
    assert any("You have no device called none." in line for line in one.take())
    settled(cluster)


def test_who_logs_out_one_session_does_not_make_guests_of_the_others(cluster: Cluster) -> None:
    one, two, three = ann_everywhere(cluster)
    one.send("NS LOGOUT")
    assert last(one) == "ERROR :Logged out; connect again to be a guest"
    two.send("NS SET")
    assert not [line for line in two.take() if " 901 " in line or "Log in" in line]
    assert cluster.nodes[0].engine.world.users_by_key["ann"].account == "ann"
    three.send("PRIVMSG #tea :still me")
    assert any("still me" in line for line in three.take())
    settled(cluster)


def test_the_sessions_of_a_token_end_with_it(cluster: Cluster) -> None:
    one, two, _ = ann_everywhere(cluster)
    one.send("NS TOKEN ADD phone")
    (line,) = (line for line in one.take() if "veche-" in line)
    token = next(word for word in line.split() if word.startswith("veche-"))
    phone = come_in(cluster.nodes[2], "phone", secret=token)
    one.send("NS TOKEN DEL phone")
    assert last(phone) == "ERROR :The token of this device was taken back"
    assert not two.ended
    assert not may_log_in(cluster.nodes[2], token)
    settled(cluster)


@pytest.mark.parametrize("word", ["DROP", "ERASE"])
def test_who_erases_his_account_is_out_on_all_his_other_devices(cluster: Cluster, word: str) -> None:
    one, two, three = ann_everywhere(cluster)
    one.send(f"NS {word} {PASSWORD}")
    if word == "ERASE":
        (line,) = (line for line in one.take() if "To do it, say" in line)
        one.send(f"NS ERASE {PASSWORD} {line.split()[-1]}")
    assert [last(person) for person in (two, three)] == ["ERROR :Logged out from another device"] * 2
    assert any("The account ann is erased" in line for line in one.take())
    assert one.ended == (word == "ERASE")
    assert not any(may_log_in(node) for node in cluster.nodes)
    world = cluster.nodes[2].engine.world
    assert ("ann" in world.users_by_key) == (word == "DROP")
    settled(cluster)


def test_who_is_erased_by_an_operator_elsewhere_is_out_everywhere(cluster: Cluster) -> None:
    people = ann_everywhere(cluster)
    people[0].send("QUIT")
    root = operator(cluster)
    root.send("NS EXPUNGE ann")
    (line,) = (line for line in root.take() if "EXPUNGE ann" in line)
    root.send(f"NS EXPUNGE ann {line.split()[-1]}")
    assert [last(one) for one in people[1:]] == ["ERROR :This account has been erased"] * 2
    assert [line for line in root.take() if " QUIT " in line] == [
        ":ann!~ann@there QUIT :This account has been erased"
    ]
    assert all("ann" not in node.engine.world.users_by_key for node in cluster.nodes)
    settled(cluster)


def test_a_node_that_hears_nothing_ends_them_when_it_reads_the_record(cluster: Cluster) -> None:
    one, _, three = ann_everywhere(cluster)
    cluster.nodes[2].turns.is_deaf = True
    one.send("NS LOGOUT ALL")
    assert not three.ended
    cluster.nodes[2].turns.is_deaf = False
    cluster.nodes[2].log.look(len(cluster.order.turns))
    cluster.run()
    assert last(three) == "ERROR :Logged out from another device"
    settled(cluster)
