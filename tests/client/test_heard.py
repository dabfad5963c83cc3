"""What lines mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from veche.client.events import (
    Event,
    MessageReceived,
    ModeChanged,
    NamesListed,
    NickChanged,
    PersonInvited,
    PersonJoined,
    PersonLeft,
    PersonQuit,
    Refused,
    TopicSet,
)
from veche.client.heard import hear, time_of
from veche.client.model import Model
from veche.wire.message import Message, parse

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


class House:
    """A model in #tea with bob."""

    def __init__(self) -> None:
        self.model = Model("ann")
        self.hear(":ann!a@h JOIN #tea", "353 ann = #tea :ann @bob", "366 ann #tea :end")

    def hear(self, *lines: str) -> list[Event]:
        events: list[Event] = []
        for line in lines:
            message = parse(line)
            assert message is not None
            events += hear(self.model, message, NOW)
        return events

    def members(self, room: str = "#tea") -> list[str]:
        found = self.model.room(room)
        return [] if found is None else [member.ranks + member.nick for member in found.members.values()]


def test_names_say_who_is_here() -> None:
    house = House()
    assert house.members() == ["ann", "@bob"]
    (event,) = house.hear("353 ann = #tea :ann cid", "366 ann #tea :end")
    assert event == NamesListed(time=NOW, room="#tea", nicks=("ann", "cid"))


def test_people_come_and_go() -> None:
    house = House()
    assert house.hear(":cid!c@h JOIN #tea account :Real Name") == [
        PersonJoined(time=NOW, room="#tea", nick="cid", is_me=False)
    ]
    assert house.hear(":bob!b@h PART #tea :tired") == [
        PersonLeft(time=NOW, room="#tea", nick="bob", reason="tired", by="", is_me=False)
    ]
    assert house.hear(":cid!c@h QUIT :bye") == [
        PersonQuit(time=NOW, nick="cid", reason="bye", rooms=("#tea",))
    ]
    assert house.members() == ["ann"]


def test_being_put_out_closes_the_room() -> None:
    house = House()
    (event,) = house.hear(":bob!b@h KICK #tea ann :enough")
    assert event == PersonLeft(time=NOW, room="#tea", nick="ann", reason="enough", by="bob", is_me=True)
    assert house.model.room("#tea") is None


def test_nicks_change_everywhere() -> None:
    house = House()
    assert house.hear(":bob!b@h NICK :robert") == [
        NickChanged(time=NOW, old="bob", new="robert", rooms=("#tea",), is_me=False)
    ]
    house.hear(":ann!a@h NICK anna")
    assert house.members() == ["@robert", "anna"]
    assert (house.model.nick, house.model.source) == ("anna", "anna!a@h")


def test_ranks_change_with_modes() -> None:
    house = House()
    (event,) = house.hear(":bob!b@h MODE #tea +v-o+kl ann bob key 5")
    assert event == ModeChanged(
        time=NOW, target="#tea", by="bob", words=("+v-o+kl", "ann", "bob", "key", "5")
    )
    assert house.members() == ["+ann", "bob"]


def test_topics_are_told_and_set() -> None:
    house = House()
    events = house.hear("332 ann #tea :green", ":bob!b@h TOPIC #tea :black", "331 ann #tea :No topic")
    assert events == [
        TopicSet(time=NOW, room="#tea", topic="green", by=""),
        TopicSet(time=NOW, room="#tea", topic="black", by="bob"),
        TopicSet(time=NOW, room="#tea", topic="", by=""),
    ]


def test_an_invitation() -> None:
    assert House().hear(":bob!b@h INVITE ann #milk") == [
        PersonInvited(time=NOW, room="#milk", nick="ann", by="bob")
    ]


@pytest.mark.parametrize(
    ("line", "conversation", "kind", "text", "is_mine"),
    [
        (":bob!b@h PRIVMSG #tea :hi", "#tea", "message", "hi", False),
        (":bob!b@h PRIVMSG ann :hi", "bob", "message", "hi", False),
        (":ann!a@h PRIVMSG bob :hi", "bob", "message", "hi", True),
        (":bob!b@h NOTICE @#tea :hi", "#tea", "notice", "hi", False),
        (":bob!b@h PRIVMSG #tea :\x01ACTION waves\x01", "#tea", "action", "waves", False),
        (":bob!b@h PRIVMSG #tea :\x01ACTION waves", "#tea", "action", "waves", False),
        (":srv NOTICE * :hello", "srv", "notice", "hello", False),
    ],
)
def test_messages(line: str, conversation: str, kind: str, text: str, is_mine: bool) -> None:
    house = House()
    house.hear("005 ann STATUSMSG=@ :are")
    (event,) = house.hear(line)
    assert isinstance(event, MessageReceived)
    assert (event.conversation, event.kind, event.text, event.is_mine) == (conversation, kind, text, is_mine)


def test_refusals_keep_their_code_and_context() -> None:
    events = House().hear(
        "482 ann #tea :You're not an operator", "FAIL * NEED_LOGIN :Log in", "461 ann JOIN :Few"
    )
    assert events == [
        Refused(time=NOW, command="", code="482", context=("#tea",), text="You're not an operator"),
        Refused(time=NOW, command="", code="NEED_LOGIN", context=(), text="Log in"),
        Refused(time=NOW, command="JOIN", code="461", context=("JOIN",), text="Few"),
    ]


@pytest.mark.parametrize(
    ("tag", "when"),
    [
        ("2011-10-19T16:40:51.620Z", datetime(2011, 10, 19, 16, 40, 51, 620_000, tzinfo=UTC)),
        ("2012-06-30T23:59:60.419Z", datetime(2012, 6, 30, 23, 59, 59, 419_000, tzinfo=UTC)),
        ("", NOW),
        ("yesterday", NOW),
        ("2011-10-19", NOW),
        ("0001-01-01T00:00:00.000Z", NOW),
        ("9999-12-31T23:59:59.999Z", NOW),
        ("2011-13-19T16:40:51.620Z", NOW),
    ],
)
def test_the_servers_time_counts_if_it_is_one(tag: str, when: datetime) -> None:
    assert time_of(Message("PING", [], tags={"time": tag}), NOW) == when


COMMANDS = "JOIN PART KICK QUIT NICK TOPIC MODE INVITE ERROR 332 331 353 366 005 PRIVMSG"


@pytest.mark.parametrize("command", COMMANDS.split())
@pytest.mark.parametrize("params", [[], [""], ["#tea"], ["ann"], ["", ""], ["#tea", "+"], ["#tea", "+o"]])
@pytest.mark.parametrize("source", ["", "ann", "bob!b@h"])
def test_lines_that_lack_something_are_harmless(command: str, params: list[str], source: str) -> None:
    house = House()
    hear(house.model, Message(command, params, source), NOW)
