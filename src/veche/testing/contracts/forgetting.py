"""What every store must forget when it is told to, and what must stay as it was."""

from veche.core.forgetting import MESSAGES_AT_ONCE, ForgottenMessages
from veche.core.ports import Page, UnknownReference
from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.testing.contracts.searching import places


class ForgettingContract:
    """The tests of messages that were kept long enough."""

    def test_the_oldest_messages_are_forgotten_with_all_that_hangs_on_them(self, bench: StoreBench) -> None:
        said = [make_record(n, text=f"tea number{n}") for n in range(1, 7)]
        assert bench.commit(*said) is None
        assert bench.commit(make_redaction(7, said[1]), make_reaction(8, said[0], "lol", "bob")) is None
        assert bench.commit(make_reaction(9, said[4], "lol", "bob")) is None
        row = ForgottenMessages(9, 4000)
        assert bench.commit(row) is None
        assert sorted(row.gone) == [1, 2, 3]
        assert bench.seqs(Page(ROOM, 9)) == [4, 5, 6]
        assert bench.seqs(Page(ROOM, 2, newest=True)) == [5, 6]
        assert isinstance(bench.ask(Page(ROOM, 9, after=said[0].msgid)), UnknownReference)
        assert bench.seqs(Page(ROOM, 9, after=1000)) == [4, 5, 6]
        assert not bench.read(Page(ROOM, 3, newest=True)).has_more
        assert places(bench, "tea") == [4, 5, 6]
        assert places(bench, "number1") == []
        assert bench.reactions(1, 5) == {5: {"lol": 1}}
        assert bench.latest(ROOM) == {ROOM: 6000}
        assert bench.unread((ROOM, 0, 0, "nobody", "")) == [(3, 0)]
        again = ForgottenMessages(9, 4000)
        assert bench.commit(again) is None
        assert not again.gone
        assert bench.commit(make_record(10)) is None
        assert bench.seqs(Page(ROOM, 9)) == [4, 5, 6, 10]

    def test_some_conversations_alone_are_forgotten_in_every_era(self, bench: StoreBench) -> None:
        said = [make_record(n, conversation=("#a", "#b")[n % 2], era=77 * (n % 3 == 0)) for n in range(1, 9)]
        assert bench.commit(*said) is None
        row = ForgottenMessages(8, 7000, ("#a", "@#a", "#nowhere"))
        assert bench.commit(row) is None
        assert sorted(row.gone) == [2, 4, 6]
        assert bench.seqs(Page("#a", 9, era=77)) == [8]
        assert bench.seqs(Page("#b", 9, era=77)) == [1, 3, 5, 7]

    def test_no_more_than_some_at_a_time(self, bench: StoreBench) -> None:
        many = MESSAGES_AT_ONCE + 7
        assert bench.commit(*[make_record(n) for n in range(1, many + 1)]) is None
        row = ForgottenMessages(many, many * 1000)
        assert bench.commit(row) is None
        assert len(row.gone) == MESSAGES_AT_ONCE
        assert bench.seqs(Page(ROOM, 99)) == [*range(MESSAGES_AT_ONCE + 1, many + 1)]
        rest = ForgottenMessages(many, many * 1000)
        assert bench.commit(rest) is None
        assert len(rest.gone) == 6

    def test_nothing_left_is_a_beginning(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1, text="tea"), make_record(2, text="tea")) is None
        assert bench.commit(ForgottenMessages(2, 9000)) is None
        assert bench.seqs(Page(ROOM, 9)) == []
        assert bench.latest(ROOM) == {}
        assert places(bench, "tea") == []
        assert bench.commit(make_record(3, text="tea")) is None
        assert bench.seqs(Page(ROOM, 9)) == [3]
        assert places(bench, "tea") == [3]
