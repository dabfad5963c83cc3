"""What every store must make nobody's when a person is erased, and what must stay."""

from veche.core.forgetting import PLACES_AT_ONCE, ErasedWords, RewrittenFacts, Wiped
from veche.core.ports import Edit, Page, Redaction, SavedFact
from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    make_event,
    make_message,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.testing.contracts.searching import places
from veche.wire.msgids import make_msgid

TALK = "uid-ann uid-bob"


class ErasingContract:
    """The tests of erasing uid-ann, who is called ann, and was called annie."""

    def erase(self, bench: StoreBench, upto: int, *names: str) -> ErasedWords:
        """Erase her words up to a place."""
        row = ErasedWords(bench.store.last()[0], 99_000, "uid-ann", upto, {"ann", *names})
        assert bench.commit(row) is None
        return row

    def test_what_somebody_said_is_nobodys(self, bench: StoreBench) -> None:
        said = [
            make_record(n, text=f"tea {n}") if n % 2 else make_message(n, ROOM, "bob") for n in range(1, 7)
        ]
        assert bench.commit(*said) is None
        row = self.erase(bench, 6)
        assert row.gone == [5, 3, 1]
        assert row.erased == [(ROOM, said[n].msgid) for n in (4, 2, 0)]
        assert row.next == 0
        page = bench.read(Page(ROOM, 9))
        assert [(record.seq, record.sender) for record in page] == [(2, "bob"), (4, "bob"), (6, "bob")]
        assert places(bench, "tea") == []
        assert bench.latest(ROOM) == {ROOM: 6000}
        assert bench.unread((ROOM, 0, 0, "nobody", "")) == [(3, 0)]
        # It is a place for who pages from it, as what was taken back is.
        assert bench.seqs(Page(ROOM, 9, after=said[2].msgid)) == [4, 6]
        again = self.erase(bench, 6)
        assert not again.gone

    def test_nothing_is_left_of_conversations_but_the_others_words(self, bench: StoreBench) -> None:
        mine = make_message(1, TALK, "uid-ann", text="secret tea", source="annie!a@x")
        theirs = make_message(2, TALK, "uid-bob", text="milk", source="bob!b@x")
        theirs.target = "ann"
        assert bench.commit(mine, theirs) is None
        row = self.erase(bench, 2)
        assert row.names == {"ann", "annie"}
        found = bench.read(Page(TALK, 9))
        assert [(one.text, one.source, one.target) for one in found] == [("milk", "bob!b@x", "")]
        assert [one.source for one in bench.partners("uid-bob")] == [""]

    def test_what_somebody_did_is_gone(self, bench: StoreBench) -> None:
        mine, theirs = make_record(1), make_message(2, ROOM, "uid-bob", source="bob!b@x")
        assert bench.commit(mine, theirs) is None
        edit = Edit(3, 3000, 1, "better", make_msgid(3000, bytes(16)), "ann!a@x", "uid-ann", "ann")
        assert bench.commit(edit) is None
        assert (
            bench.commit(
                make_reaction(4, theirs, "lol", "uid-ann"),
                make_reaction(5, theirs, "lol", "uid-bob"),
                make_reaction(6, mine, "lol", "uid-bob"),
            )
            is None
        )
        join, part, kick, mode = (
            make_event(7),
            make_event(8, "PART"),
            make_event(9, "KICK", "ann :out"),
            make_event(10, "MODE", "+o ann"),
        )
        join.record.sender = part.record.sender = kick.record.sender = mode.record.sender = "uid-bob"
        join.record.source = kick.record.source = mode.record.source = "bob!b@x"
        part.record.source = "ann!a@x"  # as a guest, maybe
        stays = make_event(11, "MODE", "+o annabel")
        stays.record.sender, stays.record.source = "uid-bob", "bob!b@x"
        assert bench.commit(join, part, kick, mode, stays) is None
        self.erase(bench, 11)
        assert bench.reactions(1, 2) == {2: {"lol": 1}}
        assert [one.who for one in bench.reacted(1, 2)] == ["uid-bob"]
        events = bench.read(Page(ROOM, 99, events=True, corrections=frozenset({"EDIT PRIVMSG", "REDACT"})))
        assert [record.seq for record in events] == [2, 7, 11]

    def test_what_somebody_took_back_stays_so(self, bench: StoreBench) -> None:
        mine, theirs = make_record(1), make_message(2, ROOM, "uid-bob")
        by_her = Redaction(
            4, 4000, 2, theirs.msgid, "ann!a@x", "uid-ann", "ann", "I say so", make_msgid(4000, bytes(16))
        )
        assert bench.commit(mine, theirs, make_redaction(3, mine), by_her) is None
        row = self.erase(bench, 4)
        assert row.gone == [1]
        assert bench.seqs(Page(ROOM, 9, events=True, corrections=frozenset({"REDACT"}))) == []

    def test_a_stretch_of_the_log_at_a_time(self, bench: StoreBench) -> None:
        far = PLACES_AT_ONCE + 5
        assert bench.commit(make_record(1), make_record(far - 1), make_record(far)) is None
        row = self.erase(bench, far)
        assert row.gone == [far, far - 1]
        assert row.next == 5
        assert bench.seqs(Page(ROOM, 9)) == [1]
        row = self.erase(bench, row.next)
        assert (row.gone, row.next) == ([1], 0)
        assert bench.seqs(Page(ROOM, 9)) == []

    def test_facts_are_rewritten(self, bench: StoreBench) -> None:
        assert (
            bench.commit(
                SavedFact(1, "TopicSet", '{"by": "ann"}'),
                SavedFact(2, "Foreign", '{"x": 1}'),
                SavedFact(3, "TopicSet", '{"by": "bob"}'),
                SavedFact(4, "AccountKept", "{}", "uid-bob"),
            )
            is None
        )
        assert (
            bench.commit(RewrittenFacts(5, ["TopicSet", "RoomKept"], [(5, "RoomKept", '{"y": 2}')]), Wiped(5))
            is None
        )
        assert bench.saved() == ['2 Foreign {"x": 1}', "4 AccountKept {} uid-bob", '5 RoomKept {"y": 2}']
