"""veche.core.fanout: one rendering per view, and the same bytes for all who share it."""

from __future__ import annotations

from veche.core.ask import Ask
from veche.core.fanout import Fanout, tags_of
from veche.core.outbox import Outboxes
from veche.core.registry import FactRow, OwnCopy
from veche.core.session import Session
from veche.state.events import SILENCE, Audience, Fact, LastingFact
from veche.state.room import Room
from veche.state.user import User
from veche.state.world import World
from veche.testing.pipe import FakePipe
from veche.testing.stage import Stage
from veche.wire.caps import ECHO_MESSAGE, MESSAGE_TAGS, SERVER_TIME
from veche.wire.message import Message


class Said(LastingFact):
    """Something was said."""

    __slots__ = ("tags",)

    def __init__(self, tags: str = "") -> None:
        super().__init__("u1")
        self.tags = tags


class House:
    """A room with members, and what was rendered."""

    def __init__(self) -> None:
        self.views: list[int] = []
        self.fanout = Fanout(Outboxes(1 << 20, lambda session, reason: None))
        self.world = World(self.fanout)
        self.room = Room("#tea", "#tea", 0)

    def add(self, nick: str, view: int = 0) -> Session:
        user = User(nick, nick, nick, "~" + nick, "there", nick, 0)
        self.world.add_user(user)
        session = Session(FakePipe(), "", "there", "irc", 0.0, secure=False)
        session.user = user
        session.view = session.caps = view
        self.fanout.attach(user, session)
        self.world.add_member(self.room, user, "")
        return session

    def render(self, _fact: Fact, view: int, tags: str) -> str:
        self.views.append(view)
        return "" if view & 1 << 40 else f"{tags}LINE"

    def deliver(self, audience: Audience, own: OwnCopy = OwnCopy.ALWAYS, ask: Ask | None = None) -> None:
        row = FactRow(apply=lambda world, fact: SILENCE, render=self.render, own_copy=own)
        self.fanout.deliver(audience, Said(), row, ask, None)


def test_a_line_is_rendered_once_per_view() -> None:
    house = House()
    old = [house.add(f"old{number}") for number in range(3)]
    new = [house.add(f"new{number}", SERVER_TIME) for number in range(3)]
    house.deliver(Audience(house.room))
    assert sorted(house.views) == [0, SERVER_TIME]
    assert [session.outbox for session in old] == [[b"LINE\r\n"]] * 3
    assert len({id(session.outbox[0]) for session in old}) == 1
    assert all(session.outbox[0].startswith(b"@time=1970") for session in new)
    house.fanout.outboxes.flush()


def test_users_are_told_once_per_view_too() -> None:
    house = House()
    one, other = house.add("one"), house.add("other")
    house.deliver(Audience(uids=("one", "other", "nobody")))
    assert house.views == [0]
    assert one.outbox == other.outbox == [b"LINE\r\n"]


def test_a_view_that_has_no_way_to_say_it_is_left_out() -> None:
    house = House()
    deaf = house.add("deaf", 1 << 40)
    house.deliver(Audience(house.room, ("deaf",)))
    assert deaf.outbox == []
    assert house.fanout.outboxes.owed == []


def test_silence_is_for_nobody() -> None:
    house = House()
    one = house.add("one")
    house.deliver(SILENCE)
    assert one.outbox == []


def test_whoever_leaves_or_changes_his_view_is_in_no_group_twice() -> None:
    house = House()
    one, other = house.add("one"), house.add("other")
    house.fanout.look_anew(one, SERVER_TIME)
    house.fanout.look_anew(one, MESSAGE_TAGS)
    house.deliver(Audience(house.room))
    assert len(one.outbox) == 1
    one.outbox.clear()
    user = one.user
    assert user is not None
    house.world.remove_member(house.room, user)
    house.deliver(Audience(house.room))
    assert one.outbox == []
    assert len(other.outbox) == 2
    house.world.add_member(house.room, user, "")
    house.fanout.detach(user, one)
    house.deliver(Audience(house.room, ("one",)))
    assert one.outbox == []


def test_an_empty_room_leaves_nothing_behind() -> None:
    house = House()
    one = house.add("one")
    assert one.user is not None
    house.world.remove_user(one.user)
    house.fanout.detach(one.user, one)
    assert house.fanout.rooms == house.fanout.sessions == {}


def test_two_sessions_of_one_user_both_hear() -> None:
    house = House()
    one = house.add("one")
    second = Session(FakePipe(), "", "there", "irc", 0.0, secure=False)
    second.user = one.user
    assert one.user is not None
    house.fanout.attach(one.user, second)
    house.deliver(Audience(uids=("one",)))
    assert one.outbox == second.outbox == [b"LINE\r\n"]


def test_own_copies() -> None:
    """ALWAYS, with echo-message, and NEVER; and nobody gets his own line twice."""
    stage = Stage()
    for caps, own, count in (
        (0, OwnCopy.ALWAYS, 1),
        (0, OwnCopy.ECHO, 0),
        (ECHO_MESSAGE, OwnCopy.ECHO, 1),
        (ECHO_MESSAGE, OwnCopy.NEVER, 0),
    ):
        house = House()
        house.fanout = stage.engine.fanout
        house.world = World(house.fanout)
        one = house.add("one")
        one.caps = caps
        ask = Ask(stage.engine, one, Message("X", []), "")
        house.deliver(Audience(house.room), own, ask)
        assert len(one.outbox) == count, own
        one.ended = True
        house.world.remove_user(house.world.users["one"])
        stage.engine.fanout.sessions.clear()


def test_tags_are_those_of_the_view() -> None:
    fact = Said("+a=b")
    fact.msgid = "M"
    assert tags_of(fact, 0, None) == ""
    assert tags_of(fact, SERVER_TIME, None) == "@time=1970-01-01T00:00:00.000Z "
    assert tags_of(fact, MESSAGE_TAGS, None) == "@msgid=M;+a=b "
    assert tags_of(fact, MESSAGE_TAGS | SERVER_TIME, None) == "@time=1970-01-01T00:00:00.000Z;msgid=M;+a=b "
    assert tags_of(Fact("u1"), MESSAGE_TAGS, None) == ""
    robot = User("u1", "robot", "robot", "~r", "there", "R", 0)
    robot.modes = frozenset("B")
    assert tags_of(fact, MESSAGE_TAGS, robot) == "@msgid=M;bot;+a=b "
    assert tags_of(fact, SERVER_TIME, robot) == "@time=1970-01-01T00:00:00.000Z "
