"""What every store must give when somebody takes away what is his, or what was said in a room."""

from veche.core.exporting import MESSAGES_READ, PLACES_LOOKED_AT, Given, Wording
from veche.core.ports import Edit
from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    make_message,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.wire.msgids import make_msgid


class ExportingContract:
    """The tests of reading much, in parts."""

    def test_what_a_person_has_said_and_given(self, bench: StoreBench) -> None:
        mine, theirs = make_record(1, text="first"), make_message(2, ROOM, "uid-bob")
        private = make_message(3, "uid-ann uid-bob", "uid-ann", text="second")
        assert bench.commit(mine, theirs, private, make_record(4)) is None
        edit = Edit(6, 6000, 1, "better", make_msgid(6000, bytes(16)), "ann!a@x", "uid-ann", "ann")
        assert bench.commit(make_redaction(5, make_record(4)), edit) is None
        assert (
            bench.commit(make_reaction(7, theirs, "lol", "uid-ann"), make_reaction(8, mine, "x", "uid-bob"))
            is None
        )
        said = bench.said("uid-ann")
        assert [(one.seq, one.conversation, one.text) for one in said.records] == [
            (1, ROOM, "better"),
            (3, "uid-ann uid-bob", "second"),
        ]
        assert said.wordings == [Wording(1, 6000, "first")]
        assert said.given == [Given(7000, theirs.msgid, ROOM, "lol")]
        assert said.next == 0
        assert [one.seq for one in bench.said("uid-ann", 1).records] == [3]
        assert bench.said("nobody").records == []

    def test_much_is_given_in_parts(self, bench: StoreBench) -> None:
        far = PLACES_LOOKED_AT + 10
        assert bench.commit(make_record(1), make_record(far)) is None
        first = bench.said("uid-ann")
        assert ([one.seq for one in first.records], first.next) == ([1], PLACES_LOOKED_AT)
        rest = bench.said("uid-ann", first.next)
        assert ([one.seq for one in rest.records], rest.next) == ([far], 0)

    def test_a_room_is_given_whole_in_order_with_every_era(self, bench: StoreBench) -> None:
        many = MESSAGES_READ + 9
        said = [make_record(n, time=1000 * (n // 2), era=77 * (n % 3 == 0)) for n in range(1, many + 1)]
        assert bench.commit(*said, make_record(many + 1, conversation="#other", time=many * 1000)) is None
        assert bench.commit(make_redaction(many + 2, said[4])) is None
        first = bench.talk(ROOM)
        assert len(first) == MESSAGES_READ
        assert first.has_more
        rest = bench.talk(ROOM, (first[-1].time, first[-1].seq))
        assert not rest.has_more
        assert [one.seq for one in first + rest] == [n for n in range(1, many + 1) if n != 5]
        assert {one.era for one in first} == {0, 77}
        assert bench.talk("#nowhere") == []
