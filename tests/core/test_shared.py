"""veche.core.shared: one order for several nodes. Whole servers in one process, over an order in memory."""

from __future__ import annotations

import pytest

from veche.core import crowds
from veche.core.homes import Homes
from veche.core.settings import OperatorBlock, Settings
from veche.core.shared import LOST
from veche.features.messages import MessageSent
from veche.state.events import MemberJoined, UserArrived, UserLeft
from veche.state.snapshot import snapshot
from veche.testing.invariants import check_indexes
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, quiet_settings
from veche.testing.turns import Cluster, Node


def same_worlds(cluster: Cluster) -> None:
    """All nodes know the same, and each is at one with itself."""
    first, *others = cluster.nodes
    counted = Homes()
    counted.take_up(cluster.nodes[0].log.homes.values(), cluster.nodes[0].engine.world)
    assert cluster.nodes[0].log.homes.by_room == counted.by_room
    for node in cluster.nodes:
        assert node.log.is_idle
        # Of the users of other nodes there are no sessions here.
        assert [wrong for wrong in check_indexes(node.engine) if "session" not in wrong] == []
    for other in others:
        assert snapshot(other.engine.world) == snapshot(first.engine.world)
        assert other.log.homes.values() == first.log.homes.values()
        assert other.log.homes.by_room == first.log.homes.by_room
        assert (other.log.applied, other.log.seq) == (first.log.applied, first.log.seq)


def bare(lines: list[str]) -> list[str]:
    """Lines without their tags."""
    return [line.partition(" ")[2] if line[:1] == "@" else line for line in lines]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(3)


def in_tea(cluster: Cluster) -> list[Person]:
    """One person on each node, all in #tea."""
    people = [node.enter(name) for node, name in zip(cluster.nodes, ("ann", "bob", "cid"), strict=True)]
    for person in people:
        person.send("JOIN #tea")
    for person in people:
        person.take()
    return people


def test_one_room_is_one_on_all_nodes(cluster: Cluster) -> None:
    ann, bob, cid = in_tea(cluster)
    ann.send("PRIVMSG #tea :hello")
    assert bare(bob.take()) == bare(cid.take()) == [":ann!~ann@there PRIVMSG #tea :hello"]
    assert ann.take() == []
    same_worlds(cluster)


@pytest.mark.parametrize(
    "question", ["NAMES #tea", "WHO #tea", "LIST", "LUSERS", "WHO ann", "MODE #tea", "TOPIC #tea"]
)
def test_everybody_is_answered_alike(cluster: Cluster, question: str) -> None:
    people = in_tea(cluster)
    people[1].send("TOPIC #tea :leaves")
    answers = []
    for person in people:
        person.take()
        person.send(question)
        answers.append([line.replace(person.name, "*", 1) for line in person.take()])
    assert answers[0]
    # The most that there were is what each node has seen itself.
    told = [
        [line for line in answer if line.split(" ")[1] not in ("255", "265", "266")] for answer in answers
    ]
    assert told[0] == told[1] == told[2]


def test_of_those_who_claim_a_nick_at_once_one_has_it(cluster: Cluster) -> None:
    claimants = [node.open(f"c{i}") for i, node in enumerate(cluster.nodes * 5)]
    for one in claimants:
        one.post_bytes(b"NICK same\r\nUSER u 0 * :U\r\n")
    cluster.run()
    welcomed = [one for one in claimants if any(" 001 same " in line for line in one.unheard)]
    refused = [one for one in claimants if any(" 433 " in line for line in one.unheard)]
    assert len(welcomed) == 1
    assert len(refused) == len(claimants) - 1
    same_worlds(cluster)


def test_a_nick_that_is_taken_elsewhere_is_refused(cluster: Cluster) -> None:
    in_tea(cluster)
    dan = cluster.nodes[2].enter("dan")
    dan.send("NICK ANN")
    assert " 433 " in dan.take()[0]
    dan.send("NICK Dan")
    assert dan.take() == [":dan!~dan@there NICK Dan"]
    same_worlds(cluster)


def test_all_hear_one_order(cluster: Cluster) -> None:
    people = in_tea(cluster)
    for number in range(20):
        for person in people:
            person.post_bytes(f"PRIVMSG #tea :{person.name} {number}\r\n".encode())
    cluster.run()
    heard = [bare(person.take()) for person in people]
    kept = [record.text for record in cluster.order.disk.records]
    assert len(kept) == len(set(kept)) == 60
    for person, lines in zip(people, heard, strict=True):
        said = [line.rpartition(" :")[2] for line in lines]
        assert said == [text for text in kept if not text.startswith(person.name)]


def test_who_comes_and_goes_is_seen_on_all_nodes(cluster: Cluster) -> None:
    ann, bob, cid = in_tea(cluster)
    bob.send("AWAY :out", "NICK bee", "PART #tea :bye", "JOIN #tea")
    assert [line.split(" ")[1] for line in cid.take()] == ["NICK", "PART", "JOIN"]
    bob.send("QUIT :gone")
    assert [line for line in ann.take() if "QUIT" in line] == [":bee!~bob@there QUIT :Quit: gone"]
    same_worlds(cluster)


def test_a_node_that_hears_nothing_reads_the_record(cluster: Cluster) -> None:
    ann, _, cid = in_tea(cluster)
    cluster.nodes[2].turns.is_deaf = True
    for number in range(3):
        ann.send(f"PRIVMSG #tea :{number}")
    assert cid.take() == []
    cluster.nodes[2].log.look(len(cluster.order.turns))
    cluster.run()
    assert [line.rpartition(":")[2] for line in cid.take()] == ["0", "1", "2"]
    same_worlds(cluster)


def test_turns_that_come_twice_and_backwards_are_applied_once(cluster: Cluster) -> None:
    ann, _, cid = in_tea(cluster)
    node = cluster.nodes[2]
    node.turns.is_deaf = True
    before = len(cluster.order.turns)
    for number in range(4):
        ann.send(f"PRIVMSG #tea :{number}")
    node.turns.is_cut = True  # nothing can be read: only what comes by itself
    for turn in [*reversed(cluster.order.turns[before:]), *cluster.order.turns]:
        node.log.receive(turn)
    node.turns.is_cut = False
    cluster.run()
    assert [line.rpartition(":")[2] for line in cid.take()] == ["0", "1", "2", "3"]
    same_worlds(cluster)


def test_who_speaks_hears_first_what_was_said_before(cluster: Cluster) -> None:
    ann, _, cid = in_tea(cluster)
    cluster.nodes[2].turns.is_deaf = True
    ann.send("PRIVMSG #tea :first", "MODE #tea +m")
    cid.send("PRIVMSG #tea :second")
    assert [line.split(" ")[1] for line in cid.take()] == ["PRIVMSG", "MODE", "404"]
    same_worlds(cluster)


def test_without_the_record_nothing_is_said_and_all_is_shown(cluster: Cluster) -> None:
    ann, bob, cid = in_tea(cluster)
    cluster.nodes[0].turns.is_cut = True
    ann.send("PRIVMSG #tea :lost?")
    assert ann.take()[0].startswith(f":{cluster.nodes[0].settings.server} FAIL PRIVMSG INTERNAL_ERROR")
    ann.send("NAMES #tea")
    assert " 353 " in ann.take()[0]
    bob.send("PRIVMSG #tea :still here")
    assert len(cid.take()) == 1
    cluster.nodes[0].turns.is_cut = False
    cluster.nodes[0].pass_time(1.0)
    ann.send("PRIVMSG #tea :back")
    assert bare(cid.take()) == [":ann!~ann@there PRIVMSG #tea :back"]
    same_worlds(cluster)


def test_who_leaves_while_the_record_is_away_has_left_when_it_is_back(cluster: Cluster) -> None:
    ann, bob, _ = in_tea(cluster)
    node = cluster.nodes[0]
    node.turns.is_cut = True
    ann.send("QUIT :bye")
    assert bob.take() == []
    node.turns.is_cut = False
    node.pass_time(1.0)
    assert [line.split(" ")[1] for line in bob.take()] == ["QUIT"]
    same_worlds(cluster)


def test_a_full_disk_refuses_on_every_node(cluster: Cluster) -> None:
    ann, bob, cid = in_tea(cluster)
    cluster.order.disk.is_full = True
    for person in (ann, bob):
        person.send("PRIVMSG #tea :no room")
        assert " FAIL PRIVMSG INTERNAL_ERROR" in person.take()[0]
    cluster.order.disk.is_full = False
    cluster.nodes[1].pass_time(1.0)
    bob.send("PRIVMSG #tea :room")
    assert len(cid.take()) == 1
    same_worlds(cluster)


def test_a_newcomer_takes_up_the_world(cluster: Cluster) -> None:
    people = in_tea(cluster)
    people[0].send("MODE #tea +b *!*@bad", "MODE #tea +l 20", "SILENCE +evil", "AWAY :out")
    node = cluster.add()
    same_worlds(cluster)
    dan = node.enter("dan")
    dan.send("JOIN #tea")
    people[2].send("PRIVMSG #tea :welcome")
    assert bare(dan.take())[-1] == ":cid!~cid@there PRIVMSG #tea :welcome"
    same_worlds(cluster)


def test_the_users_of_a_dead_node_go_at_once(cluster: Cluster) -> None:
    ann, _bob, cid = in_tea(cluster)
    cluster.nodes[1].enter("eve").send("JOIN #tea")
    ann.take()
    dead = cluster.nodes[1]
    cluster.kill(dead)
    ann.send("PRIVMSG #tea :anybody?")
    cid.take()
    for node in cluster.nodes:
        node.log.note(LOST, dead.log.node)
    cluster.run()
    # Only the first of the others sees to it.
    cluster.nodes[0].log.dismiss_homeless("Connection lost")
    cluster.run()
    assert [line.split(" ")[0] for line in cid.take() if " QUIT " in line] == [
        ":bob!~bob@there",
        ":eve!~eve@there",
    ]
    same_worlds(cluster)


def test_a_node_that_was_taken_for_dead_says_so(cluster: Cluster) -> None:
    ann, *_ = in_tea(cluster)
    removed: list[Exception] = []
    node = cluster.nodes[0]
    node.log.on_removed = removed.append
    cluster.order.remove(node.turns.number)
    ann.send("PRIVMSG #tea :hello")
    assert len(removed) == 1
    node.log.fail(removed[0])  # as whoever looks regularly does, until the node has ended
    assert len(removed) == 1
    assert ann.take() == []


def with_account(node: Node, name: str) -> Person:
    person = node.open(name)
    person.send("CAP REQ sasl", f"NICK {name}", f"USER {name} 0 * :{name}")
    return person


def test_two_devices_of_one_person_on_two_nodes() -> None:
    def settings() -> Settings:
        made = quiet_settings()
        made.flood = False
        return made

    cluster = Cluster(2, settings)
    here, there = cluster.nodes
    ann = here.enter("ann", "echo-message")
    ann.send("PRIVMSG NickServ :REGISTER sesame-open-9")
    bob = there.enter("bob")
    bob.send("JOIN #tea")
    ann.send("JOIN #tea")
    second = there.open("ann2")
    second.send("CAP REQ :echo-message", "PASS ann:sesame-open-9", "NICK ann", "USER ann 0 * :Ann", "CAP END")
    assert any(" 001 ann " in line for line in second.unheard), second.unheard
    uid = there.engine.world.users_by_key["ann"].uid
    assert there.log.homes.by_uid[uid] == {1: 1, 2: 1}
    for person in (ann, bob, second):
        person.take()
    ann.send("PRIVMSG #tea :both")
    ann.send("PRIVMSG bob :you")
    assert [line.split(" ")[-1] for line in bare(second.take())] == [":both", ":you"]
    assert len(ann.take()) == 2
    bob.take()
    # One device goes, the person does not.
    ann.send("QUIT :bye")
    assert bob.take() == []
    same_worlds(cluster)
    second.send("QUIT :bye")
    assert [line.split(" ")[1] for line in bob.take()] == ["QUIT"]
    same_worlds(cluster)


def test_a_crowd_comes_in_few_turns_and_is_judged_one_by_one(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    before = len(cluster.order.turns)
    crowd = [node.open(f"g{number}") for number in range(60)]
    for number, one in enumerate(crowd):
        # Every tenth asks for a name that somebody has, or is getting.
        nick = f"g{number - 1}" if number % 10 == 9 else f"g{number}"
        one.post_bytes(f"NICK {nick}\r\nUSER u 0 * :U\r\nJOIN #tea\r\n".encode())
    cluster.run()
    assert sum(any(" 001 " in line for line in one.unheard) for one in crowd) == 54
    assert sum(any(" 433 " in line for line in one.unheard) for one in crowd) == 6
    assert len(cluster.order.turns) - before < 30
    for other in cluster.nodes:
        assert len(other.engine.world.rooms["#tea"].members) == 54
        assert sum("o" in member.ranks for member in other.engine.world.rooms["#tea"].members.values()) == 1
    same_worlds(cluster)


def test_who_arrives_and_who_joins_share_turns(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    here = [node.enter(f"h{number}") for number in range(40)]
    crowd = [node.open(f"g{number}") for number in range(40)]
    before = len(cluster.order.turns)
    for number, (one, other) in enumerate(zip(crowd, here, strict=True)):
        one.post_bytes(f"NICK g{number}\r\nUSER u 0 * :U\r\n".encode())
        other.post_bytes(b"JOIN #tea\r\n")
    cluster.run()
    assert sum(any(" 001 " in line for line in one.unheard) for one in crowd) == 40
    assert len(cluster.nodes[1].engine.world.rooms["#tea"].members) == 40
    assert len(cluster.order.turns) - before < 6
    same_worlds(cluster)


def test_going_frees_nicks_and_rooms_and_shares_no_turn_with_coming() -> None:
    assert crowds.may_follow(MemberJoined, UserArrived)
    assert crowds.may_follow(UserLeft, UserLeft)
    assert not crowds.may_follow(UserLeft, UserArrived)
    assert not crowds.may_follow(UserLeft, MemberJoined)
    assert not crowds.may_follow(MessageSent, MessageSent)


def test_a_limit_of_a_room_holds_for_a_crowd(cluster: Cluster) -> None:
    ann = cluster.nodes[0].enter("ann")
    ann.send("JOIN #tea", "MODE #tea +l 5")
    crowd = [
        node.enter(f"g{number}{place}") for number in range(4) for place, node in enumerate(cluster.nodes)
    ]
    for one in crowd:
        one.post_bytes(b"JOIN #tea\r\n")
    cluster.run()
    assert sum(any(" JOIN " in line for line in one.unheard[:1]) for one in crowd) == 4
    assert len(cluster.nodes[1].engine.world.rooms["#tea"].members) == 5
    same_worlds(cluster)


def test_events_in_rooms_have_one_id_on_all_nodes_and_stand_once() -> None:
    def settings() -> Settings:
        made = quiet_settings()
        made.event_days = 1
        return made

    cluster = Cluster(2, settings)
    ann = cluster.nodes[0].enter("ann", "message-tags")
    bob = cluster.nodes[1].enter("bob", "message-tags")
    ann.send("JOIN #tea")
    bob.send("JOIN #tea")
    ann.take()
    bob.take()
    ann.send("TOPIC #tea :leaves", "PART #tea")
    ids = [[line.split(" ")[0] for line in person.take()] for person in (ann, bob)]
    assert ids[0] == ids[1]
    assert all("msgid=" in one for one in ids[0])
    for node in cluster.nodes:
        node.pass_time(3)
    bob.send("PRIVMSG #tea :alone")
    same_worlds(cluster)
    kept = [one.command for one in sorted(cluster.order.disk.events, key=lambda one: one.seq)]
    assert kept == ["JOIN", "JOIN", "TOPIC", "PART"]


def test_an_operator_ends_connections_on_any_node(cluster: Cluster) -> None:
    ann, bob, cid = in_tea(cluster)
    for node in cluster.nodes:
        node.settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("sesame"))
    ann.send("OPER root sesame")
    ann.take()
    ann.send("KILL bob :enough")
    assert ":ann!~ann@there KILL bob :enough" in bob.take()
    assert bob.ended
    assert [line for line in cid.take() if " QUIT " in line] == [
        ":bob!~bob@there QUIT :Killed (ann (enough))"
    ]
    same_worlds(cluster)


def told(node: Node, since: int = 0) -> str:
    """All that other nodes have told this one."""
    return "\n".join(node.turns.told[since:])


def test_what_is_said_in_a_room_reaches_only_nodes_with_members(cluster: Cluster) -> None:
    one, two, three = cluster.nodes
    ann, bob, _ = one.enter("ann"), two.enter("bob"), three.enter("cid")
    ann.send("JOIN #tea")
    bob.send("JOIN #tea")
    before = [len(node.turns.told) for node in cluster.nodes]
    words = "a whole lot of words, of which each costs something"
    for number in range(100):
        ann.post_bytes(f"PRIVMSG #tea :{number} {words}\r\n".encode())
        if number % 10 == 9:
            cluster.run()
    cluster.run()
    assert len([line for line in bob.take() if words in line]) == 100
    heard_two, heard_three = told(two, before[1]), told(three, before[2])
    assert heard_two.count(words) == 100
    assert words not in heard_three
    # It learns that there were turns, some bytes for each.
    assert len(heard_three) < 4 * (len(three.turns.told) - before[2])
    # Nor does the record tell it.
    three.turns.is_deaf = True
    ann.send(f"PRIVMSG #tea :more {words}")
    assert three.turns._for_us(three.log.applied)[0].body == "{}"
    three.turns.is_deaf = False
    three.log.look(len(cluster.order.turns))
    cluster.run()
    same_worlds(cluster)


def test_a_node_hears_a_room_from_its_first_member_to_its_last(cluster: Cluster) -> None:
    one, _, three = cluster.nodes
    ann, cid = one.enter("ann"), three.enter("cid")
    ann.send("JOIN #tea")
    sent = iter(range(1000))

    def say(count: int) -> None:
        for _ in range(count):
            ann.post_bytes(f"PRIVMSG #tea :{next(sent)}\r\n".encode())

    # In one turn of the loop on both nodes: whatever is behind his JOIN in the order, he hears.
    for _ in range(5):
        say(3)
        cid.post_bytes(b"JOIN #tea\r\n")
        say(3)
        cluster.run()
        say(2)
        cid.post_bytes(b"PART #tea\r\n")
        say(2)
        cluster.run()
        lines = cid.take()
        inside: list[str] = []
        for number, line in enumerate(lines):
            if " PRIVMSG " in line:
                inside.append(line.rpartition(":")[2])
                assert any(" JOIN " in one for one in lines[:number])
        assert inside == [str(n) for n in range(int(inside[0]), int(inside[0]) + len(inside))]
        assert len(inside) >= 4
    assert one.log.homes.by_room == {"#tea": {1: 1}}
    same_worlds(cluster)


def test_what_is_said_to_one_person_reaches_his_node_alone(cluster: Cluster) -> None:
    ann, bob, _ = in_tea(cluster)
    before = [len(node.turns.told) for node in cluster.nodes]
    ann.send("PRIVMSG bob :between us")
    assert bare(bob.take()) == [":ann!~ann@there PRIVMSG bob :between us"]
    assert "between us" in told(cluster.nodes[1], before[1])
    assert "between us" not in told(cluster.nodes[2], before[2])
    same_worlds(cluster)


def test_homes_of_rooms_follow_kicks_names_and_lost_nodes(cluster: Cluster) -> None:
    ann, bob, cid = in_tea(cluster)
    log = cluster.nodes[0].log
    assert log.homes.by_room == {"#tea": {1: 1, 2: 1, 3: 1}}
    ann.send("RENAME #tea #pot", "KICK #pot bob")
    assert log.homes.by_room == {"#pot": {1: 1, 3: 1}}
    cid.send("QUIT")
    assert log.homes.by_room == {"#pot": {1: 1}}
    same_worlds(cluster)
    bob.send("JOIN #pot")
    dead = cluster.nodes[1]
    cluster.kill(dead)
    for node in cluster.nodes:
        node.log.note(LOST, dead.log.node)
    cluster.run()
    assert log.homes.by_room == {"#pot": {1: 1}}


def tagged(cluster: Cluster, *caps: str) -> list[Person]:
    """One person on each node, all in #tea and with capabilities."""
    people = [
        node.enter(name, *caps) for node, name in zip(cluster.nodes, ("ann", "bob", "cid"), strict=True)
    ]
    for person in people:
        person.send("JOIN #tea")
    for person in people:
        person.take()
    return people


def test_typing_is_told_without_the_record(cluster: Cluster) -> None:
    ann, bob, cid = tagged(cluster, "message-tags", "echo-message")
    cid.send("PART #tea")
    for person in (ann, bob, cid):
        person.take()
    turns, told_before = len(cluster.order.turns), len(cluster.nodes[2].turns.told)
    ann.send("@+typing=active TAGMSG #tea")
    (own,), (line,) = ann.take(), bob.take()
    assert line == own
    assert line.endswith(";+typing=active :ann!~ann@there TAGMSG #tea")
    assert line.startswith("@msgid=")
    assert (cid.take(), len(cluster.nodes[2].turns.told)) == ([], told_before)
    assert len(cluster.order.turns) == turns
    # Without the record as well, where nothing else can be said.
    for node in cluster.nodes:
        node.turns.is_cut = True
    ann.send("@+typing=done TAGMSG #tea")
    assert len(bob.take()) == 1
    for node in cluster.nodes:
        node.turns.is_cut = False
    ann.send("@+typing=active TAGMSG bob")
    assert ";+typing=active" in bob.take()[0]
    ann.send("@+typing=active TAGMSG #none")
    assert " 403 " in ann.take()[-1]
    same_worlds(cluster)


def test_typing_stands_behind_what_its_sender_says_before_it(cluster: Cluster) -> None:
    ann, bob, _ = tagged(cluster, "message-tags")
    ann.post_bytes(b"PRIVMSG #tea :one\r\n@+typing=active TAGMSG #tea\r\nPRIVMSG #tea :two\r\n")
    cluster.run()
    assert [bare([line])[0].split(" ")[1] for line in bob.take()] == ["PRIVMSG", "TAGMSG", "PRIVMSG"]


def test_what_was_passed_on_is_judged_where_it_comes(cluster: Cluster) -> None:
    ann, bob, _ = tagged(cluster, "message-tags")
    node = cluster.nodes[1]
    ann.send("@+typing=active TAGMSG #tea")
    body = node.turns.told[-1]
    bob.take()
    ann.send("PART #tea", "MODE #tea +n")
    bob.send("MODE #tea +n")
    bob.take()
    node.log.hear(body)  # late
    cluster.run()
    assert bob.take() == []
    ann.send("QUIT")
    bob.take()
    node.log.hear(body)
    node.log.hear(body.replace("TagsSent", "MessageSent"))
    cluster.run()
    assert bob.take() == []


def test_a_reaction_is_kept_as_ever(cluster: Cluster) -> None:
    ann, bob, _ = tagged(cluster, "message-tags", "echo-message")
    ann.send("PRIVMSG #tea :good?")
    msgid = ann.take()[0].partition("msgid=")[2].split(";")[0].split(" ")[0]
    before = len(cluster.order.turns)
    bob.send(f"@+draft/react=yes;+draft/reply={msgid} TAGMSG #tea")
    assert "+draft/react=yes" in ann.take()[-1]
    assert len(cluster.order.turns) == before + 1


def test_an_edit_is_told_on_all_nodes() -> None:
    cluster = Cluster(2)
    ann = cluster.nodes[0].enter("ann", "message-tags", "echo-message", "draft/message-edit")
    bob = cluster.nodes[1].enter("bob", "message-tags", "draft/message-edit")
    for person in (ann, bob):
        person.send("JOIN #tea")
        ann.take()
        bob.take()
    ann.send("PRIVMSG #tea :teh")
    msgid = ann.take()[0].partition("msgid=")[2].split(";")[0].split(" ")[0]
    bob.take()
    ann.send(f"@+draft/edit={msgid} PRIVMSG #tea :the")
    assert bob.take()[0].endswith(" PRIVMSG #tea :the")
    same_worlds(cluster)
