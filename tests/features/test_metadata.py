"""Metadata at its limits: long rooms, long values, long names, and indexes that end with their sessions."""

from __future__ import annotations

import pytest

from veche.core.watchlists import Watchlists
from veche.features.metadata.commands import SYNC_AT_ONCE
from veche.features.metadata.facts import MetadataChanged
from veche.features.metadata.spread import Subscriptions
from veche.state.events import MemberJoined, UserArrived
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.lines import BODY_LIMIT


@pytest.fixture
def stage() -> Stage:
    return Stage(quiet_settings())


def enter(stage: Stage, name: str) -> Person:
    person = stage.enter(name, "batch", "labeled-response", "draft/metadata-2")
    person.send("METADATA * SUB avatar")
    person.take()
    return person


def enter_many(stage: Stage, count: int) -> None:
    """People without connections sit in #tea, each with an avatar."""
    commit = stage.engine.log.commit
    for number in range(count):
        uid, source = f"many{number}", f"n{number}!~u@there"
        commit(UserArrived(uid, f"n{number}", "~u", "there", "Somebody"), None)
        joined = MemberJoined(uid, source, "", "Somebody", "#tea")
        joined.limit = 1
        commit(joined, None)
        changed = MetadataChanged(uid, source, f"n{number}", "", uid)
        changed.key, changed.value, changed.at_most = "avatar", f"{number}.png", 1
        commit(changed, None)
    stage.turn()


def test_a_long_room_is_synchronized_later_in_pieces_and_in_one_batch(stage: Stage) -> None:
    ann = enter(stage, "ann")
    enter_many(stage, 5 * SYNC_AT_ONCE)
    ann.send("JOIN #tea")
    # metadata: "In this case, the server MUST respond with a `RPL_METADATASYNCLATER` numeric"
    assert ann.take()[-1] == ":irc.example 774 ann #tea 4"
    ann.send("@label=s METADATA #tea SYNC")
    stage.pass_time(1)
    outer, inner, *lines, inner_end, outer_end = ann.take()
    assert outer.startswith("@label=s :irc.example BATCH +")
    assert inner.split(" ")[3].startswith("+")
    assert inner.endswith(" metadata #tea")
    reference = inner.split(" ")[3][1:]
    assert inner_end.endswith(f" BATCH -{reference}")
    assert outer_end.startswith(":irc.example BATCH -")
    assert len(lines) == 5 * SYNC_AT_ONCE
    assert {line.split(" ")[0] for line in lines} == {f"@batch={reference}"}
    assert [problem for problem in check_stage(stage) if "sessions" not in problem] == []


def test_a_short_room_is_synchronized_at_once(stage: Stage) -> None:
    ann = enter(stage, "ann")
    enter_many(stage, SYNC_AT_ONCE - 1)
    ann.send("@label=j JOIN #tea")
    assert sum(" METADATA n" in line for line in ann.take()) == SYNC_AT_ONCE - 1


def test_subscribing_tells_what_is_there_in_pieces(stage: Stage) -> None:
    ann = stage.enter("ann", "draft/metadata-2")
    enter_many(stage, 300)
    ann.send("JOIN #tea")
    ann.take()
    ann.send("METADATA * SUB avatar", "PING behind")
    stage.pass_time(1)
    first, *lines, pong = ann.take()
    assert first == ":irc.example 770 ann avatar"
    assert len(lines) == 300
    assert pong == ":irc.example PONG irc.example :behind"


def test_who_is_gone_is_in_no_index(stage: Stage) -> None:
    ann = enter(stage, "ann")
    ann.send("MONITOR + bob,cid")
    early = stage.open("early")
    early.send("METADATA * SUB avatar")
    session = ann.session
    assert session is not None
    for person in (ann, early):
        stage.leave(person, "gone")
    stage.turn()
    assert stage.engine.shelf(Subscriptions).keys_of(session) == []
    assert stage.engine.shelf(Subscriptions).sessions_of("avatar") == {}
    assert not stage.engine.shelf(Watchlists).nicks_of(session)
    assert stage.engine.shelf(Watchlists).watchers_of("bob") == []


def test_a_value_that_could_not_be_told_whole_is_refused() -> None:
    settings = quiet_settings()
    settings.nick_length = 60
    settings.metadata_value_bytes = 390
    stage = Stage(settings)
    nick = "n" * 60
    room = "#" + "к" * 31
    ann, bob = stage.open("ann"), enter(stage, "bob")
    ann.send(f"NICK {nick}", "USER ann 0 * :Ann", f"JOIN {room}")
    bob.send(f"JOIN {room}")
    for person in (ann, bob):
        person.take()
    refused = 0
    for length in range(0, 390, 5):
        value = "x" * length
        ann.send(f"METADATA {room} SET avatar :{value}")
        (answer,) = ann.take()
        if "VALUE_INVALID" in answer:
            refused += 1
            assert bob.take() == []
        else:
            assert answer.endswith(value)
            (heard,) = bob.take()
            assert heard.endswith(value)
            assert len(heard.encode()) <= BODY_LIMIT
    assert refused
    assert check_stage(stage) == []
