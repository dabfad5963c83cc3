"""A guest who can prove that he is himself goes on being it by another node; nobody else can."""

from __future__ import annotations

import pytest

from tests.cluster.test_keeper import keep, pass_time, quits
from veche.cluster.keeper import GRACE_SECONDS
from veche.core.settings import OperatorBlock
from veche.state.snapshot import snapshot
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage
from veche.testing.turns import Cluster, Node

CAP = "veche/guest"


def token_of(person: Person) -> str:
    return next(
        line.decode().split()[2] for line in reversed(person.heard) if line.split(b" ")[1:2] == [b"GUEST"]
    )


def come_back(node: Node, token: str, nick: str = "ann") -> Person:
    person = node.open("again")
    person.send("CAP LS 302", f"GUEST {token}", f"NICK {nick}", "USER x 0 * :X", f"CAP REQ :{CAP}", "CAP END")
    return person


def is_ann(person: Person) -> bool:
    return any(" 001 ann " in line for line in person.unheard) and any(
        line.endswith(" JOIN #tea") for line in person.unheard
    )


def settled(cluster: Cluster) -> None:
    first, *others = cluster.nodes
    for other in others:
        assert snapshot(other.engine.world) == snapshot(first.engine.world)
        assert other.log.homes.values() == first.log.homes.values()
        assert other.log.homes.by_room == first.log.homes.by_room
    assert all(node.bugs.found == [] for node in cluster.nodes)


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(3)
    keep(made)
    return made


def in_tea(cluster: Cluster) -> tuple[Person, Person]:
    """Ann, a guest on the last node, away in a room where Bob is, who is on the first."""
    bob = cluster.nodes[0].enter("bob")
    bob.send("JOIN #tea")
    ann = cluster.nodes[2].enter("ann", CAP)
    ann.send("JOIN #tea", "AWAY :out")
    bob.take()
    return ann, bob


def part(node: Node) -> None:
    """The node ends politely."""
    node.log.is_parting = True
    for session in list(node.engine.sessions):
        node.engine.end(session, "moving")
    node.turn()
    node.log.depart()
    node.turn()


def test_who_is_sent_to_another_node_was_never_gone(cluster: Cluster) -> None:
    ann, bob = in_tea(cluster)
    token = token_of(ann)
    part(cluster.nodes[2])
    cluster.kill(cluster.nodes[2])
    pass_time(cluster.nodes, int(GRACE_SECONDS) - 5)
    again = come_back(cluster.nodes[1], token)
    assert is_ann(again)
    assert token_of(again) == token
    pass_time(cluster.nodes, int(GRACE_SECONDS) + 10)
    assert bob.take() == []
    assert cluster.nodes[0].engine.world.users_by_key["ann"].away == "out"
    bob.send("PRIVMSG #tea :hello")
    assert any("hello" in line for line in again.take())
    settled(cluster)
    again.send("QUIT")
    assert len(quits(bob.take())) == 1
    settled(cluster)


def test_whose_node_dies_has_the_grace_time_and_no_more(cluster: Cluster) -> None:
    ann, bob = in_tea(cluster)
    token = token_of(ann)
    cluster.nodes[2].enter("cid").send("JOIN #tea")
    bob.take()
    cluster.kill(cluster.nodes[2])
    pass_time(cluster.nodes, 4)
    # Who has no token goes at once, and his nick is free.
    assert [line.split("!")[0] for line in quits(bob.take())] == [":cid"]
    pass_time(cluster.nodes, int(GRACE_SECONDS) + 3)
    assert [line.split("!")[0] for line in quits(bob.take())] == [":ann"]
    late = come_back(cluster.nodes[1], token)
    assert any(" FAIL GUEST GONE " in line for line in late.unheard)
    assert any(" 001 ann " in line for line in late.unheard)
    assert not is_ann(late)
    assert token_of(late) != token
    settled(cluster)


def test_who_is_quicker_than_the_others_notice_is_himself_too(cluster: Cluster) -> None:
    ann, bob = in_tea(cluster)
    token = token_of(ann)
    dead = cluster.nodes[2]
    cluster.kill(dead)
    again = come_back(cluster.nodes[1], token)
    assert is_ann(again)
    pass_time(cluster.nodes, 40)
    assert bob.take() == []
    assert cluster.nodes[0].log.homes.by_uid[again.session.user.uid] == {2: 1}  # type: ignore[union-attr]
    settled(cluster)


@pytest.mark.parametrize("change", ["", "other", "cut", "seal", "empty"])
def test_nobody_else_is_taken_for_him(cluster: Cluster, change: str) -> None:
    ann, _bob = in_tea(cluster)
    other = cluster.nodes[1].enter("other", CAP)
    identity, _, seal = token_of(ann).partition(".")
    theirs = token_of(other).partition(".")[2]
    token = {
        "": identity,
        "other": f"{identity}.{theirs}",
        "cut": f"{identity}.{seal[:-1]}",
        "seal": f"{identity}.{'0' * 40}",
        "empty": f"{identity}.",
    }[change]
    part(cluster.nodes[2])
    cluster.kill(cluster.nodes[2])
    thief = come_back(cluster.nodes[1], token)
    assert any(" FAIL GUEST INVALID_CODE " in line for line in thief.unheard)
    assert any(" 433 " in line for line in thief.unheard)
    assert not any(" 001 " in line for line in thief.unheard)


def test_a_token_of_a_guest_is_no_proof_of_an_account(cluster: Cluster) -> None:
    ann, _bob = in_tea(cluster)
    token = token_of(ann)
    ann.send("REGISTER * * sesame-open-9")
    assert cluster.nodes[0].engine.world.users_by_key["ann"].account == "ann"
    thief = come_back(cluster.nodes[1], token)
    assert any(" FAIL GUEST GONE " in line for line in thief.unheard)
    assert not any(" 001 ann " in line for line in thief.unheard)
    settled(cluster)


def test_whoever_gets_an_account_at_the_same_moment_is_not_entered_by_a_token(cluster: Cluster) -> None:
    ann, _bob = in_tea(cluster)
    token = token_of(ann)
    thief = cluster.nodes[1].open("again")
    thief.send(f"GUEST {token}", "NICK ann")
    ann.post_bytes(b"REGISTER * * sesame-open-9\r\n")
    thief.post_bytes(b"USER x 0 * :X\r\n")
    cluster.run()
    world = cluster.nodes[0].engine.world
    if world.users_by_key["ann"].account:
        assert thief.session is not None
        # He came in before she had it, as the guest that he proved to be, or not at all.
        assert thief.session.account == ""
    settled(cluster)


def test_who_logs_out_is_told_another_token(cluster: Cluster) -> None:
    ann, _bob = in_tea(cluster)
    token = token_of(ann)
    ann.send("REGISTER * * sesame-open-9", "NS LOGOUT")
    assert token_of(ann) != token
    # By another nick, since "ann" belongs to the account now.
    old = come_back(cluster.nodes[1], token, "nan")
    assert any(" FAIL GUEST GONE " in line for line in old.unheard)
    new = come_back(cluster.nodes[1], token_of(ann), "nana")
    assert any(line.endswith(" JOIN #tea") for line in new.unheard), new.unheard
    settled(cluster)


def test_a_connection_that_is_lost_without_a_word_does_not_keep_the_nick_from_its_owner(
    cluster: Cluster,
) -> None:
    ann, bob = in_tea(cluster)
    again = come_back(cluster.nodes[0], token_of(ann))
    assert is_ann(again)
    cluster.nodes[2].leave(ann, "Ping timeout")
    cluster.run()
    assert bob.take() == []
    settled(cluster)
    again.send("QUIT")
    assert len(quits(bob.take())) == 1
    settled(cluster)


def test_a_guest_who_is_killed_is_gone_with_his_token(cluster: Cluster) -> None:
    ann, bob = in_tea(cluster)
    bob.stage.settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("sesame"))
    bob.send("OPER root sesame", "KILL ann :enough")
    again = come_back(cluster.nodes[1], token_of(ann))
    assert any(" FAIL GUEST GONE " in line for line in again.unheard)
    settled(cluster)


def test_a_server_that_is_alone_has_none_of_this() -> None:
    stage = Stage()
    ann = stage.open("ann")
    ann.send("CAP LS 302")
    assert not any(CAP in line for line in ann.take())
    ann.send("GUEST x.y")
    assert " FAIL GUEST INVALID_CODE " in ann.take()[0]
    ann.send("CAP END", "NICK ann", "USER ann 0 * :Ann", "GUEST x.y")
    assert " 462 " in ann.take()[-1]
