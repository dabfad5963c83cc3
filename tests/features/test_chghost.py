"""CHGHOST and what stands for it where it is not understood."""

from __future__ import annotations

from veche.features.chghost import change_host
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage


def change(stage: Stage, person: Person, username: str, host: str) -> None:
    """Another host is given to somebody, as an operator or an account would do it."""
    session = person.session
    assert session is not None
    assert session.user is not None
    change_host(stage.engine, session.user, username, host)
    stage.turn()


def meet(stage: Stage, *people: Person) -> None:
    """All of them sit in #tea and #coffee; the first is an operator there."""
    for person in people:
        person.send("JOIN #tea,#coffee")
    for person in people:
        person.take()


def test_who_knows_chghost_reads_one_line() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann", "chghost"), stage.enter("bob", "chghost", "message-tags", "server-time")
    meet(stage, ann, bob)
    change(stage, ann, "~a", "hill.example")
    # chghost: "servers MUST send the `CHGHOST` message to other clients who share channels with the target client and
    # who have enabled the `chghost` capability."
    # chghost: "Servers SHOULD also send the `CHGHOST` message to the client whose own username or host changed"
    # chghost: "This MUST be considered part of the username and included in any CHGHOST messages where relevant."
    assert ann.take() == [":ann!~ann@there CHGHOST ~a hill.example"]
    assert bob.take() == ["@time=2026-01-01T12:00:00.000Z :ann!~ann@there CHGHOST ~a hill.example"]
    ann.send("PRIVMSG bob :hello")
    assert bob.take()[0].endswith(" :ann!~a@hill.example PRIVMSG bob :hello")
    assert check_stage(stage) == []


def test_who_does_not_know_it_sees_a_reconnection_in_every_room_that_they_share() -> None:
    stage = Stage()
    ann, bob, cid = stage.enter("ann"), stage.enter("bob", "extended-join"), stage.enter("cid")
    meet(stage, ann, bob)
    ann.send("MODE #tea +v ann", "JOIN #other")
    cid.send("JOIN #other")
    for person in (ann, bob, cid):
        person.take()
    # chghost: "When the capability is not enabled for other clients who share channels with the changed client, servers
    # SHOULD send fallback messages to simulate the client reconnecting."
    # chghost: "the simulated events SHOULD include appropriate `QUIT`, `JOIN` and `MODE` commands"
    change(stage, ann, "~ann", "hill.example")
    assert bob.take() == [
        ":ann!~ann@there QUIT :Changing hostname",
        ":ann!~ann@hill.example JOIN #tea * :Ann",
        ":irc.example MODE #tea +ov ann ann",
        ":ann!~ann@hill.example JOIN #coffee * :Ann",
        ":irc.example MODE #coffee +o ann",
    ]
    assert cid.take() == [
        ":ann!~ann@there QUIT :Changing hostname",
        ":ann!~ann@hill.example JOIN #other",
        ":irc.example MODE #other +o ann",
    ]
    assert ann.take() == [], "nobody quits before his own eyes"
    assert check_stage(stage) == []


def test_strangers_and_no_change_are_not_worth_a_line() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann", "chghost"), stage.enter("bob", "chghost")
    change(stage, ann, "~ann", "there")
    assert ann.take() == []
    change(stage, ann, "~ann", "hill.example")
    assert bob.take() == []


def test_who_watches_a_nick_hears_of_its_host() -> None:
    stage = Stage()
    ann = stage.enter("ann")
    bob = stage.enter("bob", "extended-monitor", "chghost")
    cid = stage.enter("cid", "extended-monitor")
    bob.send("MONITOR + ann")
    cid.send("MONITOR + ann")
    bob.take()
    cid.take()
    # extended-monitor: "If `chghost` is also enabled, the client will get CHGHOST notifications for monitored nicks."
    change(stage, ann, "~ann", "hill.example")
    assert bob.take() == [":ann!~ann@there CHGHOST ~ann hill.example"]
    assert cid.take() == []


def test_a_ban_on_the_new_host_holds_at_once() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    meet(stage, ann, bob)
    ann.send("MODE #tea +b *!*@hill.example")
    bob.send("PRIVMSG #tea :hello")
    ann.take()
    bob.take()
    change(stage, bob, "~bob", "hill.example")
    bob.send("PRIVMSG #tea :hello")
    assert bob.take() == [":irc.example 404 bob #tea :Cannot send to channel"]
