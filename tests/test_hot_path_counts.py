"""What the way of a message costs, in operations and not in time: counts are the same on every machine.

A count that has grown is a cost for every message ever said. Whoever must raise a limit here says in the commit what
for; whoever makes the way shorter lowers it. The figures in microseconds are in bench/.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

import pytest

from veche.core.engine import Engine
from veche.core.ports import Row, StoreError
from veche.core.session import Session
from veche.features.messages import MessageSent
from veche.state.events import MemberJoined, UserLeft
from veche.testing.pipe import FakePipe
from veche.testing.stage import Person, Stage, quiet_settings

MODERN = ("message-tags", "server-time", "echo-message", "batch")


def crowd(stage: Stage, plain: int, modern: int = 0) -> list[Person]:
    """So many people in #tea: without capabilities, and with those of today's clients."""
    people = [stage.enter(f"plain{n}") for n in range(plain)]
    people += [stage.enter(f"modern{n}", *MODERN) for n in range(modern)]
    for person in people:
        person.send("JOIN #tea")
    stage.turn()
    return people


def counted_renders(engine: Engine, kind: type) -> list[int]:
    """From now on, the views for which a kind of fact has been rendered."""
    row = engine.registry.facts[kind]
    views: list[int] = []
    render = row.render

    def counting(fact: object, view: int, tags: str) -> str:
        views.append(view)
        return render(fact, view, tags)

    row.render = counting
    return views


def python_calls(do: Callable[[], None]) -> Counter[str]:
    """The Python functions that were called, and how often, but for those of the fake pipe."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/testing/" not in frame.f_code.co_filename:
            calls[f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_code.co_name}"] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(before)
    del calls[f"{__file__.rpartition('/')[2]}:<lambda>"]
    return calls


def session_of(person: Person) -> Session:
    assert person.session is not None
    return person.session


@pytest.mark.parametrize("members", [4, 40])
def test_a_message_is_rendered_once_for_each_view(members: int) -> None:
    stage = Stage(quiet_settings())
    people = crowd(stage, members, members)
    views = counted_renders(stage.engine, MessageSent)
    people[0].send("PRIVMSG #tea :hello")
    stage.turn()
    assert len(views) == len(set(views)) == 2


@pytest.mark.parametrize("members", [4, 40])
def test_coming_and_going_are_rendered_once_for_each_view(members: int) -> None:
    """And once more for who does it: his own copy may bear a label."""
    stage = Stage(quiet_settings())
    crowd(stage, members, members)
    joins = counted_renders(stage.engine, MemberJoined)
    quits = counted_renders(stage.engine, UserLeft)
    late = stage.enter("late")
    late.send("JOIN #tea")
    stage.turn()
    assert len(joins) == 3
    late.send("QUIT :bye")
    late.pipe.close()
    stage.engine.closed(session_of(late), "gone")
    stage.turn()
    assert len(quits) <= 3


def test_a_turn_is_one_write_for_each_connection() -> None:
    stage = Stage(quiet_settings())
    people = crowd(stage, 20)
    before = [person.pipe.writes for person in people]
    for person in people[:10]:
        stage.engine.receive(session_of(person), b"PRIVMSG #tea :one\r\nPRIVMSG #tea :two\r\n")
    stage.turn()
    assert [person.pipe.writes - then for person, then in zip(people, before, strict=True)] == [1] * 20


class KeepingPipe(FakePipe):
    """Keeps the very objects that it was given."""

    __slots__ = ("given",)

    def __init__(self) -> None:
        super().__init__()
        self.given: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.given.append(data)
        super().write(data)


def test_the_same_bytes_go_to_everybody_of_a_view() -> None:
    """Also where several lines leave in one write: they are put together once."""
    stage = Stage(quiet_settings())
    people = crowd(stage, 20)
    pipes = []
    for person in people:
        pipe = KeepingPipe()
        session_of(person).pipe = pipe
        pipes.append(pipe)
    for person in people[:2]:
        stage.engine.receive(session_of(person), b"PRIVMSG #tea :one\r\nPRIVMSG #tea :two\r\n")
    stage.turn()
    readers = [pipe.given for pipe in pipes[2:]]
    assert len({id(data) for given in readers for data in given}) == 1
    assert all(given[0].count(b"\n") == 4 for given in readers)


def test_what_comes_in_a_turn_is_one_commit() -> None:
    stage = Stage(quiet_settings())
    people = crowd(stage, 10)
    store = stage.engine.log.store
    assert store is not None
    sizes: list[int] = []
    append = store.append

    class Counting:
        """The store, but for what is counted."""

        def append(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
            """Count."""
            sizes.append(len(rows))
            append(rows, done)

    stage.engine.log.store = Counting()  # type: ignore[assignment]
    for person in people:
        stage.engine.receive(session_of(person), b"PRIVMSG #tea :one\r\nPRIVMSG #tea :two\r\n")
    stage.turn()
    assert sizes == [20]


# ---- calls of Python functions: what a compiled server is spared is counted too, since the source is the same


def direct_calls(count: int) -> int:
    stage = Stage(quiet_settings(), keeps=False)
    ann, _bob = stage.enter("ann"), stage.enter("bob")
    engine, session = stage.engine, session_of(ann)
    lines = b"PRIVMSG bob :hello there\r\n" * count

    def talk() -> None:
        engine.receive(session, lines)
        engine.turn_ends()

    talk()
    return python_calls(talk).total()


def room_calls(members: int) -> int:
    stage = Stage(quiet_settings(), keeps=False)
    people = crowd(stage, members)
    engine, session = stage.engine, session_of(people[0])

    def talk() -> None:
        engine.receive(session, b"PRIVMSG #tea :hello there\r\n")
        engine.turn_ends()

    talk()
    return python_calls(talk).total()


def join_calls(members: int) -> int:
    stage = Stage(quiet_settings(), keeps=False)
    crowd(stage, members)
    engine, session = stage.engine, session_of(stage.enter("late"))

    def join() -> None:
        engine.receive(session, b"JOIN #tea\r\n")
        engine.turn_ends()

    return python_calls(join).total()


# What it was when this was written, on Python 3.11; newer ones count fewer, since comprehensions are no calls there.
MOST_CALLS_OF_A_DIRECT_MESSAGE = 51


def test_a_direct_message_costs_no_more_calls_than_it_did() -> None:
    each = (direct_calls(60) - direct_calls(10)) / 50
    assert each <= MOST_CALLS_OF_A_DIRECT_MESSAGE  # none at all where it is compiled


def test_a_member_more_costs_a_message_no_call_at_all() -> None:
    """Nothing but the write itself, and the question what the network has not taken: the pipe's own functions."""
    assert room_calls(60) == room_calls(10)


def test_a_member_more_costs_a_join_no_call_but_for_his_name_in_the_list() -> None:
    """Four calls for a name in NAMES, and those of a line around some twenty."""
    each = (join_calls(60) - join_calls(10)) / 50
    assert each <= 4.5
