"""Bans of the server over a restart, and beside what is in line."""

from __future__ import annotations

from veche.core.settings import OperatorBlock
from veche.features.bans import ServerBanAdded, feature
from veche.testing.disk import FakeDisk
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings


def make_stage(disk: FakeDisk | None = None) -> Stage:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    return Stage(settings, disk=disk)


def make_operator(stage: Stage) -> Person:
    ann = stage.enter("ann")
    ann.send("OPER root secret")
    ann.take()
    return ann


def test_bans_survive_a_restart() -> None:
    stage = make_stage()
    make_operator(stage).send(
        "UBAN ADD 192.0.2.0/24 1h :spam",
        "KLINE bob@* :no bob",
        "UBAN ADD 203.0.113.1",
        "UBAN DEL 203.0.113.1",
    )
    again = make_stage(stage.disk)
    assert stage.engine.world.server_bans.entries.keys() == {"192.0.2.0/24", "bob@*"}
    assert again.engine.world.server_bans.entries.keys() == {"192.0.2.0/24", "bob@*"}
    assert again.open("eve", address="192.0.2.5").take() == [
        "ERROR :You are banned from this server: spam",
    ]
    bob = again.open("bob")
    bob.send("NICK bob", "USER bob 0 * :Bob")
    assert bob.ended


def test_the_snapshot_brings_back_the_same() -> None:
    stage = make_stage()
    make_operator(stage).send("UBAN ADD 192.0.2.0/24 1h :spam", "KLINE bob@* :no bob")
    assert feature.snapshot is not None
    facts = feature.snapshot(stage.engine.world)
    assert [fact.mask for fact in facts if isinstance(fact, ServerBanAdded)] == ["192.0.2.0/24", "bob@*"]
    world = Stage().engine.world
    for fact in facts:
        feature.facts[type(fact)].apply(world, fact)
    for key, ban in stage.engine.world.server_bans.entries.items():
        other = world.server_bans.entries[key]
        assert (ban.by, ban.reason, ban.made, ban.until) == (other.by, other.reason, other.made, other.until)


def test_a_ban_in_line_before_an_arrival_means_him_too() -> None:
    stage = make_stage()
    ann = make_operator(stage)
    stage.disk.is_slow = True
    ann.send("KLINE bob@* :no bob")
    bob = stage.open("bob")
    bob.send("NICK bob", "USER bob 0 * :Bob")
    assert not bob.ended
    stage.disk.hurry()
    stage.turn()
    assert bob.ended
    assert "bob" not in stage.engine.world.users_by_key


def test_a_ban_that_was_not_stored_is_none() -> None:
    stage = make_stage()
    ann = make_operator(stage)
    stage.disk.is_full = True
    ann.send("UBAN ADD 192.0.2.1")
    assert ann.take()[0].startswith(":irc.example FAIL UBAN INTERNAL_ERROR ")
    stage.disk.is_full = False
    stage.enter("bob", address="192.0.2.1")


def test_nobody_else_learns_an_address() -> None:
    stage = make_stage()
    ann = make_operator(stage)
    bob, cid = stage.enter("bob", address="192.0.2.77"), stage.enter("cid")
    for person in (bob, cid):
        person.send("JOIN #tea")
    ann.send("UBAN ADD 192.0.2.77 :spam")
    assert bob.ended
    assert not any(b"192.0.2.77" in line for line in cid.heard)
    assert not any(b"192.0.2.77" in line for line in bob.heard)


def test_an_operator_no_more_is_refused_when_his_ban_comes_in_line() -> None:
    stage = make_stage()
    ann = make_operator(stage)
    stage.disk.is_slow = True
    bob = stage.enter("bob")
    bob.send("PRIVMSG bob :busy")
    ann.post_bytes(b"UBAN ADD 192.0.2.1\r\nDEOPER\r\nUBAN ADD 192.0.2.2\r\n")
    stage.turn()
    stage.disk.hurry()
    stage.turn()
    assert stage.engine.world.server_bans.entries.keys() == {"192.0.2.1"}
