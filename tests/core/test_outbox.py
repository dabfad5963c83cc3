"""veche.core.outbox: one write per session and turn, and an end for who takes too little."""

from __future__ import annotations

from veche.core.outbox import Outboxes
from veche.core.session import Session
from veche.testing.pipe import FakePipe


class Room:
    """Outboxes with sessions, and who was ended why."""

    def __init__(self, limit: int = 1000) -> None:
        self.ended: list[tuple[Session, str]] = []
        self.outboxes = Outboxes(limit, self.end)

    def end(self, session: Session, reason: str) -> None:
        self.ended.append((session, reason))
        session.ended = True
        session.outbox.clear()


def make_session() -> tuple[Session, FakePipe]:
    pipe = FakePipe()
    return Session(pipe, "", "there", "irc", 0.0, secure=False), pipe


def test_a_turn_is_one_write() -> None:
    room = Room()
    session, pipe = make_session()
    room.outboxes.send(session, "one")
    room.outboxes.send(session, "two")
    assert pipe.received == b""
    room.outboxes.flush()
    assert bytes(pipe.received) == b"one\r\ntwo\r\n"
    assert pipe.writes == 1
    room.outboxes.flush()
    assert pipe.writes == 1


def test_who_takes_nothing_is_ended() -> None:
    room = Room(limit=10)
    session, pipe = make_session()
    pipe.stall()
    room.outboxes.send(session, "12345678")
    room.outboxes.flush()
    assert room.ended == []
    room.outboxes.send(session, "1")
    room.outboxes.flush()
    assert room.ended == [(session, "SendQ exceeded")]


def test_answers_alone_cannot_fill_the_memory_within_a_turn() -> None:
    room = Room(limit=100)
    session, _ = make_session()
    for _ in range(1000):
        room.outboxes.send(session, "x" * 10)
    assert room.ended == [(session, "SendQ exceeded")]
    assert session.outbox == []


def test_what_was_taken_counts_no_more() -> None:
    room = Room(limit=100)
    session, _ = make_session()
    for _ in range(100):
        room.outboxes.send(session, "x" * 80)
        room.outboxes.flush()
    assert room.ended == []


def test_nothing_is_written_to_who_has_gone() -> None:
    room = Room()
    session, pipe = make_session()
    room.outboxes.send(session, "before")
    session.ended = True
    room.outboxes.send(session, "after")
    room.outboxes.flush()
    assert pipe.received == b""
    assert session.outbox == []


class Listener(FakePipe):
    """A pipe that remembers what it was handed, as it was handed."""

    def __init__(self) -> None:
        super().__init__()
        self.handed: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.handed.append(data)
        super().write(data)


def test_what_many_are_owed_alike_is_put_together_once() -> None:
    room = Room(limit=10_000)
    pipes = [Listener() for _ in range(5)]
    sessions = [Session(pipe, "", "there", "irc", 0.0, secure=False) for pipe in pipes]
    one, two, other = b"one\r\n", b"two\r\n", b"other\r\n"
    owed = [[one, two], [one, other, two], [one, two], [one, one], [one, other, two]]
    for turn in range(3):
        for session, lines in zip(sessions, owed, strict=True):
            room.outboxes.owed.append(session)
            session.outbox.extend(lines)
        room.outboxes.flush()
        assert [pipe.handed[turn] for pipe in pipes] == [b"".join(lines) for lines in owed]
        assert pipes[0].handed[turn] is pipes[2].handed[turn]
        assert pipes[1].handed[turn] is pipes[4].handed[turn]
        assert all(not session.outbox for session in sessions)


def test_lines_that_only_begin_and_end_alike_are_not_mixed_up() -> None:
    room = Room(limit=10_000)
    sessions, pipes = zip(*(make_session() for _ in range(2)), strict=True)
    begin, end = b"begin\r\n", b"end\r\n"
    for session, middle in zip(sessions, (b"a\r\n", b"b\r\n"), strict=True):
        room.outboxes.owed.append(session)
        session.outbox.extend([begin, middle, end])
    room.outboxes.flush()
    assert [bytes(pipe.received) for pipe in pipes] == [b"begin\r\na\r\nend\r\n", b"begin\r\nb\r\nend\r\n"]
