"""What is said about messages and people: reactions, read markers, counts, who is away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from veche.client import events as ev
from veche.client.heard import hear
from veche.client.marks import summed
from veche.client.model import Model
from veche.wire.message import parse

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def house() -> Model:
    model = Model("ann")
    for line in (":ann!a@h JOIN #tea", "353 ann = #tea :ann @bob", "366 ann #tea :end"):
        told(model, line)
    return model


def told(model: Model, line: str) -> list[ev.Event]:
    message = parse(line)
    assert message is not None
    return hear(model, message, NOW)


def test_a_message_says_what_it_answers_and_who_has_reacted() -> None:
    (event,) = told(house(), "@+reply=m1;veche/reactions=👍:3,a%2Cb%3Ac:1 :bob!b@h PRIVMSG #tea :yes")
    assert isinstance(event, ev.MessageReceived)
    assert event.reply_to == "m1"
    assert event.reactions == (("👍", 3), ("a,b:c", 1))


@pytest.mark.parametrize("value", ["", ",", ":", "x", "x:", "x:-1", "x:٣", ":5", "%zz", "x:9999999999999"])
def test_sums_that_make_no_sense_are_none(value: str) -> None:
    assert summed({"veche/reactions": value}) == ()


def test_reactions_come_and_go() -> None:
    model = house()
    assert told(model, "@+draft/react=👍;+reply=m1 :bob!b@h TAGMSG #tea") == [
        ev.Reacted(time=NOW, msgid="m1", sender="bob", conversation="#tea", reaction="👍")
    ]
    assert told(model, "@+draft/unreact=👍;+draft/reply=m1 :bob!b@h TAGMSG ann") == [
        ev.Reacted(
            time=NOW,
            msgid="m1",
            sender="bob",
            conversation="bob",
            reaction="👍",
            is_taken_back=True,
            is_private=True,
        )
    ]
    (own,) = told(model, f"@+draft/react={'x' * 99};+reply=m1 :ann!a@h TAGMSG bob")
    assert isinstance(own, ev.Reacted)
    assert (own.conversation, own.is_mine, len(own.reaction)) == ("bob", True, 32)
    assert told(model, "@+typing=active :bob!b@h TAGMSG #tea") == []
    assert told(model, "@+draft/react=👍 :bob!b@h TAGMSG #tea") == []
    assert told(model, "@+draft/react=👍;+reply=m1 :bob!b@h TAGMSG") == []


def test_read_markers_and_counts() -> None:
    model = house()
    assert told(model, "MARKREAD #tea timestamp=2026-01-01T10:00:00.000Z") == [
        ev.ReadMarkerMoved(time=NOW, conversation="#tea", until=datetime(2026, 1, 1, 10, tzinfo=UTC))
    ]
    assert told(model, "MARKREAD #tea *") == [ev.ReadMarkerMoved(time=NOW, conversation="#tea", until=None)]
    assert told(model, "UNREAD #tea 1000+ 2") == [
        ev.UnreadCounted(time=NOW, conversation="#tea", messages=1000, mentions=2, has_more=True)
    ]
    for line in ("MARKREAD", "MARKREAD #tea", "MARKREAD #tea x", "MARKREAD #tea timestamp=", "UNREAD", "UNREAD #tea",
                 "MARKREAD #tea timestamp=0001-01-01T00:00:00Z"):  # fmt: skip
        assert told(model, line) == [], line


def test_who_is_away_is_known_as_long_as_one_shares_a_room() -> None:
    model = house()
    assert told(model, ":bob!b@h AWAY :lunch") == [
        ev.PresenceChanged(time=NOW, nick="bob", is_away=True, text="lunch")
    ]
    told(model, "352 ann #tea b h srv bob G@ :0 Bob")
    assert model.away == {"bob": "lunch"}
    told(model, ":bob!b@h NICK rob")
    assert model.away == {"rob": "lunch"}
    assert told(model, ":rob!b@h AWAY") == [ev.PresenceChanged(time=NOW, nick="rob", is_away=False)]
    told(model, "352 ann #tea b h srv rob G@ :0 Bob")
    assert model.away == {"rob": ""}
    told(model, ":rob!b@h QUIT")
    assert model.away == {}
    assert told(model, ":stranger!s@h AWAY :x") == []
    assert model.away == {}
