"""What every store must do with messages, and with what changes about them."""

from veche.core.ports import REACTED_LIMIT, REACTIONS_OF_ONE, Page, StoreError, StoreRefused, UnknownReference
from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    close,
    fields,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.wire.msgids import make_msgid


class MessagesContract:
    """The tests of pages, of what was taken back and of reactions."""

    def test_an_empty_record_answers(self, bench: StoreBench) -> None:
        assert bench.store.last() == (0, 0)
        assert bench.read(Page(ROOM, 10)) == []
        assert bench.read(Page(ROOM, 10, around=5)) == []
        assert bench.latest(ROOM) == {}

    def test_what_was_committed_is_read_back_whole(self, bench: StoreBench) -> None:
        said = [
            make_record(
                1, text="«Чай?» said Ann's cat; -- \" \\ % ? \x01ACTION\x01 🍵", tags="+reply=x;+a=\\:"
            ),
            make_record(2, text=""),
            make_record(3, text="x" * 8000),
        ]
        said[1].command, said[1].account = "NOTICE", ""
        assert bench.commit(*said) is None
        assert [fields(record) for record in bench.read(Page(ROOM, 10))] == [
            fields(record) for record in said
        ]

    def test_last_is_the_newest_record_of_any_conversation(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1), make_record(7, conversation="#milk")) is None
        assert bench.store.last() == (7, 7000)

    def test_an_answer_to_reading_comes_in_a_later_turn(self, bench: StoreBench) -> None:
        answers: list[object] = []
        bench.store.page(Page(ROOM, 1), answers.append)
        bench.store.latest([(ROOM, 0)], answers.append)
        assert answers == []
        bench.turns.take()
        bench.turns.take()
        assert answers == [[], {}]

    def test_one_commit_is_under_way_at_a_time(self, bench: StoreBench) -> None:
        answers: list[StoreError | None] = []
        bench.store.append([make_record(1)], answers.append)
        try:
            bench.store.append([make_record(2)], answers.append)
        except AssertionError:
            pass
        else:
            raise AssertionError("a second batch was taken while a commit was under way")

    def test_a_batch_may_be_handed_in_while_the_last_one_is_answered(self, bench: StoreBench) -> None:
        answers: list[StoreError | None] = []

        def next_batch(error: StoreError | None) -> None:
            answers.append(error)
            bench.store.append([make_record(2)], answers.append)
            bench._settle()

        bench.store.append([make_record(1)], next_batch)
        bench._settle()
        while len(answers) < 2:
            bench.turns.take()
        assert answers == [None, None]
        assert bench.seqs(Page(ROOM, 10)) == [1, 2]

    def test_large_batches_are_kept_whole(self, bench: StoreBench) -> None:
        at = 0
        for size in (1, 5, 100, 1024, 1025, 2500):
            batch = [make_record(at + n, conversation=f"#{n % 7}") for n in range(1, size + 1)]
            assert bench.commit(*batch) is None
            at += size
        found = [seq for room in range(7) for seq in bench.seqs(Page(f"#{room}", 10_000))]
        assert sorted(found) == list(range(1, at + 1))

    def test_a_page_is_cut_from_its_start_or_its_end(self, bench: StoreBench) -> None:
        assert bench.commit(*[make_record(n) for n in range(1, 10)]) is None
        assert bench.seqs(Page(ROOM, 3)) == [1, 2, 3]
        assert bench.seqs(Page(ROOM, 3, newest=True)) == [7, 8, 9]
        assert bench.seqs(Page(ROOM, 0)) == []
        assert bench.seqs(Page(ROOM, 0, around=4000)) == []

    def test_ends_of_a_range_are_not_part_of_it(self, bench: StoreBench) -> None:
        said = [make_record(n) for n in range(1, 10)]
        assert bench.commit(*said) is None
        for after, before in ((2000, 6000), (said[1].msgid, said[5].msgid), (2000, said[5].msgid)):
            assert bench.seqs(Page(ROOM, 9, after=after, before=before)) == [3, 4, 5]
            assert bench.seqs(Page(ROOM, 2, after=after, before=before)) == [3, 4]
            assert bench.seqs(Page(ROOM, 2, after=after, before=before, newest=True)) == [4, 5]
        assert bench.seqs(Page(ROOM, 9, after=6000, before=2000)) == []

    def test_a_range_between_two_is_counted_from_the_one_that_is_named_first(self, bench: StoreBench) -> None:
        said = [make_record(n, time=1000 + n // 3) for n in range(1, 10)]  # three to a millisecond
        assert bench.commit(*said) is None
        for one, other in ((said[1].msgid, said[5].msgid), (said[2].msgid, said[4].msgid)):
            inside = bench.seqs(Page(ROOM, 9, after=one, before=other))
            assert bench.seqs(Page(ROOM, 9, between=(one, other))) == inside != []
            assert bench.seqs(Page(ROOM, 9, between=(other, one))) == inside
            assert bench.seqs(Page(ROOM, 1, between=(one, other))) == inside[:1]
            assert bench.seqs(Page(ROOM, 1, between=(other, one))) == inside[-1:]
        for time in (1001, 1002, said[3].msgid):
            assert bench.seqs(Page(ROOM, 9, between=(time, time))) == []
        assert bench.seqs(Page(ROOM, 9, between=(1001, 1003))) == [6, 7, 8]
        assert bench.seqs(Page(ROOM, 9, between=(1003, 1001))) == [6, 7, 8]
        assert bench.seqs(Page(ROOM, 9, between=(1001, said[3].msgid))) == []
        assert bench.seqs(Page(ROOM, 9, between=(said[3].msgid, 1001))) == []
        assert isinstance(bench.ask(Page(ROOM, 9, between=(1001, "no such id"))), UnknownReference)

    def test_messages_of_one_millisecond_keep_the_order_of_the_log(self, bench: StoreBench) -> None:
        said = [make_record(n, time=5000) for n in range(1, 6)]
        assert bench.commit(*said) is None
        assert bench.seqs(Page(ROOM, 9, after=said[1].msgid)) == [3, 4, 5]
        assert bench.seqs(Page(ROOM, 9, before=said[1].msgid)) == [1]
        assert bench.seqs(Page(ROOM, 9, after=5000)) == []
        assert bench.seqs(Page(ROOM, 9, before=5000)) == []
        assert bench.seqs(Page(ROOM, 2, after=4999, newest=True)) == [4, 5]

    def test_around_stands_in_the_middle_and_is_filled_up_at_the_ends(self, bench: StoreBench) -> None:
        said = [make_record(n) for n in range(1, 10)]
        assert bench.commit(*said) is None
        assert bench.seqs(Page(ROOM, 4, around=said[4].msgid)) == [3, 4, 5, 6]
        assert bench.seqs(Page(ROOM, 5, around=5000)) == [3, 4, 5, 6, 7]
        assert bench.seqs(Page(ROOM, 1, around=5000)) == [5]
        assert bench.seqs(Page(ROOM, 4, around=said[0].msgid)) == [1, 2, 3, 4]
        assert bench.seqs(Page(ROOM, 4, around=said[8].msgid)) == [6, 7, 8, 9]
        assert bench.seqs(Page(ROOM, 4, around=99_000)) == [6, 7, 8, 9]
        assert bench.seqs(Page(ROOM, 99, around=5500)) == list(range(1, 10))

    def test_conversations_do_not_mix(self, bench: StoreBench) -> None:
        milk = make_record(2, conversation="#milk")
        assert bench.commit(make_record(1), milk, make_record(3, conversation="uid-a uid-b")) is None
        assert bench.seqs(Page(ROOM, 10)) == [1]
        assert bench.seqs(Page("uid-a uid-b", 10)) == [3]
        for page in (Page(ROOM, 1, after=milk.msgid), Page(ROOM, 1, around=milk.msgid)):
            assert isinstance(bench.ask(page), UnknownReference)

    def test_closed_messages_are_for_their_own_era(self, bench: StoreBench) -> None:
        closed = make_record(2, era=111)
        said = [make_record(1), closed, make_record(3, era=222), make_record(4)]
        assert bench.commit(*said) is None
        assert bench.seqs(Page(ROOM, 10)) == [1, 4]
        assert bench.seqs(Page(ROOM, 10, era=111)) == [1, 2, 4]
        assert bench.seqs(Page(ROOM, 2, era=222, newest=True)) == [3, 4]
        assert bench.seqs(Page(ROOM, 10, era=111, after=closed.msgid)) == [4]
        assert bench.seqs(Page(ROOM, 2, era=111, around=closed.msgid)) == [1, 2]
        assert isinstance(bench.ask(Page(ROOM, 10, after=closed.msgid)), UnknownReference)
        assert isinstance(bench.ask(Page(ROOM, 10, era=222, before=closed.msgid)), UnknownReference)

    def test_a_room_of_closed_messages_only(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1, era=111)) is None
        assert bench.seqs(Page(ROOM, 10)) == []
        assert bench.seqs(Page(ROOM, 10, era=111)) == [1]
        assert bench.commit(make_record(2)) is None
        assert bench.seqs(Page(ROOM, 10)) == [2]
        assert bench.seqs(Page(ROOM, 10, era=111)) == [1, 2]

    def test_references_that_nobody_was_given_are_unknown(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1)) is None
        never = make_msgid(1000, bytes(16))
        for name in (never, "", "x", "'; drop table message; --", "ж" * 30, "-" * 30, "A" * 5000):
            for page in (Page(ROOM, 1, after=name), Page(ROOM, 1, before=name), Page(ROOM, 1, around=name)):
                assert isinstance(bench.ask(page), UnknownReference), name

    def test_numbers_of_any_size_are_times(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1), make_record(2)) is None
        for giant in (1 << 62, 1 << 63, 1 << 64, 10**30):
            assert bench.seqs(Page(ROOM, 9, before=giant)) == [1, 2]
            assert bench.seqs(Page(ROOM, 9, after=-giant)) == [1, 2]
            assert bench.seqs(Page(ROOM, 9, after=giant)) == []
            assert bench.seqs(Page(ROOM, 9, before=-giant)) == []
            assert bench.seqs(Page(ROOM, giant, around=giant)) == [1, 2]
            assert bench.seqs(Page(ROOM, giant)) == [1, 2]

    def test_latest_is_the_newest_message_that_may_be_read(self, bench: StoreBench) -> None:
        said = [make_record(1), make_record(2, conversation="#milk"), make_record(3), make_record(4, era=111)]
        said.append(make_record(5, conversation="#closed", era=111))
        assert bench.commit(*said) is None
        assert bench.latest(ROOM, "#milk", "#closed", "#none", "", ROOM) == {ROOM: 3000, "#milk": 2000}
        assert bench.latest(ROOM, "#milk", "#closed", era=111) == {ROOM: 4000, "#milk": 2000, "#closed": 5000}
        assert bench.latest(ROOM, era=222) == {ROOM: 3000}
        assert bench.latest() == {}
        assert bench.commit(make_redaction(6, said[2]), make_redaction(7, said[1])) is None
        assert bench.latest(ROOM, "#milk") == {ROOM: 1000}

    def test_what_is_too_old_for_the_reader_is_not_there(self, bench: StoreBench) -> None:
        said = [make_record(n, era=111 if n == 5 else 0) for n in range(1, 10)]
        assert bench.commit(*said) is None
        assert bench.seqs(Page(ROOM, 99, since=4000)) == [4, 6, 7, 8, 9]
        assert bench.seqs(Page(ROOM, 99, since=4001, era=111, newest=True)) == [5, 6, 7, 8, 9]
        assert bench.seqs(Page(ROOM, 99, since=4000, before=said[7].msgid, newest=True)) == [4, 6, 7]
        assert bench.seqs(Page(ROOM, 3, since=4000, around=2000)) == [4, 6, 7]
        assert bench.seqs(Page(ROOM, 99, since=4000, between=(1000, 7000))) == [4, 6]
        assert bench.seqs(Page(ROOM, 99, since=99_000)) == []
        for page in (
            Page(ROOM, 1, since=4000, after=said[2].msgid),
            Page(ROOM, 1, since=4000, around=said[2].msgid),
            Page(ROOM, 1, since=4000, between=(said[7].msgid, said[0].msgid)),
        ):
            assert isinstance(bench.ask(page), UnknownReference)

    def test_a_page_tells_whether_there_is_more(self, bench: StoreBench) -> None:
        said = [make_record(n, era=n % 2 * 111) for n in range(1, 10)]
        assert bench.commit(*said) is None
        assert bench.commit(make_redaction(10, said[0]), make_redaction(11, said[4])) is None
        # 2 3 4 6 7 8 9 are left; 2 4 6 8 for who sees no closed ones
        for page, has_more in (
            (Page(ROOM, 7, era=111), False),
            (Page(ROOM, 6, era=111), True),
            (Page(ROOM, 4, newest=True), False),
            (Page(ROOM, 3, newest=True), True),
            (Page(ROOM, 1, era=111, before=said[2].msgid, newest=True), False),
            (Page(ROOM, 1, era=111, before=said[3].msgid, newest=True), True),
            (Page(ROOM, 2, after=4000), False),
            (Page(ROOM, 1, between=(2000, 6000)), False),
            (Page(ROOM, 1, between=(8000, 2000)), True),
            (Page(ROOM, 4, around=4000), False),
            (Page(ROOM, 3, around=4000), True),
            (Page(ROOM, 2, newest=True, since=5000), False),
            (Page(ROOM, 1, newest=True, since=5000), True),
            (Page("#none", 1), False),
            (Page(ROOM, 0), True),
        ):
            assert bench.read(page).has_more is has_more, (page.limit, page.before, page.after, page.around)

    def test_what_was_taken_back_is_on_no_page(self, bench: StoreBench) -> None:
        said = [make_record(n, tags="+reply=x") for n in range(1, 6)]
        assert bench.commit(*said) is None
        assert bench.commit(make_redaction(6, said[2]), make_record(7)) is None
        assert bench.store.last() == (7, 7000)
        assert bench.seqs(Page(ROOM, 9)) == [1, 2, 4, 5, 7]
        assert bench.seqs(Page(ROOM, 3, newest=True)) == [4, 5, 7]
        assert bench.seqs(Page(ROOM, 2, before=said[3].msgid, newest=True)) == [1, 2]
        # Its place is still a place, for who has seen it.
        assert bench.seqs(Page(ROOM, 9, after=said[2].msgid)) == [4, 5, 7]
        assert bench.seqs(Page(ROOM, 9, before=said[2].msgid)) == [1, 2]
        assert bench.seqs(Page(ROOM, 3, around=said[2].msgid)) == [2, 4, 5]
        assert bench.seqs(Page(ROOM, 1, around=said[2].msgid)) == [4]

    def test_taking_back_twice_or_nothing_changes_nothing(self, bench: StoreBench) -> None:
        said = make_record(1)
        assert bench.commit(said, make_record(2)) is None
        assert bench.commit(make_redaction(3, said), make_redaction(4, said)) is None
        assert bench.commit(make_redaction(5, make_record(99))) is None
        assert bench.seqs(Page(ROOM, 9)) == [2]
        assert bench.store.last() == (5, 2000)

    def test_reactions_are_counted(self, bench: StoreBench) -> None:
        said, other = make_record(1), make_record(2)
        assert bench.commit(said, other) is None
        rows = [
            make_reaction(3, said, "🍵", "ann"),
            make_reaction(4, said, "'; --", "bob"),
            make_reaction(5, said, "🍵", "bob"),
            make_reaction(6, said, "🍵", "ann"),  # again
            make_reaction(7, other, "lol", "ann"),
        ]
        assert bench.commit(*rows) is None
        assert bench.reactions(1, 2, 3) == {1: {"🍵": 2, "'; --": 1}, 2: {"lol": 1}}
        assert bench.reactions() == {}
        assert bench.seqs(Page(ROOM, 9)) == [1, 2]
        back = [
            make_reaction(8, said, "🍵", "bob", adding=False),
            make_reaction(9, said, "never", "bob", adding=False),
            make_reaction(10, other, "lol", "bob", adding=False),
        ]
        assert bench.commit(*back, make_record(11)) is None
        assert bench.reactions(1, 2) == {1: {"🍵": 1, "'; --": 1}, 2: {"lol": 1}}
        assert bench.commit(make_redaction(12, said)) is None
        assert bench.reactions(1, 2) == {2: {"lol": 1}}
        assert bench.commit(make_reaction(13, said, "🍵", "ann")) is None
        assert bench.reactions(1) == {}

    def test_reactions_are_told_one_by_one(self, bench: StoreBench) -> None:
        said, other = make_record(1), make_record(2)
        assert bench.commit(said, other) is None
        kept = [make_reaction(3, said, "🍵", "ann"), make_reaction(4, other, "x", "bob")]
        kept.append(make_reaction(5, said, "🍵", "bob"))
        unnoted = make_reaction(6, said, "old", "cid")
        unnoted.source = ""
        assert bench.commit(*kept, unnoted) is None
        assert [
            (one.message, one.time, one.msgid, one.source, one.who, one.account, one.value)
            for one in bench.reacted(1, 2, 3)
        ] == [
            (1, 3000, kept[0].msgid, "ann!x@example.org", "ann", "", "🍵"),
            (2, 4000, kept[1].msgid, "bob!x@example.org", "bob", "", "x"),
            (1, 5000, kept[2].msgid, "bob!x@example.org", "bob", "", "🍵"),
        ]
        assert bench.reacted() == []
        assert bench.commit(make_reaction(7, said, "🍵", "ann", adding=False)) is None
        assert [one.who for one in bench.reacted(1)] == ["bob"]
        many = [make_reaction(n + 10, other, "y", f"n{n}") for n in range(REACTED_LIMIT + 5)]
        assert bench.commit(*many) is None
        assert [one.who for one in bench.reacted(2)] == [f"n{n}" for n in range(5, REACTED_LIMIT + 5)]
        assert bench.commit(make_redaction(90, other)) is None
        assert bench.reacted(2) == []

    def test_reactions_to_what_is_not_there_are_not_kept(self, bench: StoreBench) -> None:
        closed = make_record(2, era=111)
        assert bench.commit(make_record(1), closed, make_record(3, conversation="#milk")) is None
        never = make_record(1, conversation="#milk")
        rows = [
            make_reaction(4, never, "x", "ann"),
            make_reaction(5, closed, "x", "ann"),
            make_reaction(6, closed, "x", "ann", era=222),
            make_reaction(7, closed, "y", "ann", era=111),
        ]
        rows[0].conversation = "#none"
        nonsense = make_reaction(8, closed, "x", "ann")
        nonsense.message = "'; drop table reaction"
        assert bench.commit(*rows, nonsense) is None
        assert bench.reactions(1, 2, 3) == {2: {"y": 1}}

    def test_one_person_reacts_in_so_many_ways(self, bench: StoreBench) -> None:
        said = make_record(1)
        assert bench.commit(said) is None
        many = [make_reaction(n + 2, said, str(n), "ann") for n in range(REACTIONS_OF_ONE + 5)]
        assert bench.commit(*many) is None
        assert bench.reactions(1) == {1: {str(n): 1 for n in range(REACTIONS_OF_ONE)}}

    def test_what_was_handed_in_before_the_end_is_answered(self, bench: StoreBench) -> None:
        answers: list[object] = []
        bench.store.page(Page(ROOM, 1), answers.append)
        bench.turns.take()
        bench.store.append([make_record(1)], answers.append)
        bench._settle()
        close(bench.store)
        while len(answers) < 2:
            bench.turns.take()
        assert answers == [[], None]
        assert bench.store.last() == (1, 1000)

    def test_a_closed_record_refuses(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1)) is None
        close(bench.store)
        assert isinstance(bench.ask(Page(ROOM, 1)), StoreRefused)
        assert isinstance(bench.latest(ROOM), StoreRefused)
        assert isinstance(bench.reactions(1), StoreRefused)
        refused: list[object] = []
        bench.store.partners("ann", 0, 9, refused.append)
        bench.store.unread([], refused.append)
        assert refused == []
        bench.turns.take()
        bench.turns.take()
        assert [type(answer) for answer in refused] == [StoreRefused, StoreRefused]
        answers: list[StoreError | None] = []
        bench.store.append([make_record(2)], answers.append)
        bench.turns.take()
        assert isinstance(answers[0], StoreRefused)
        assert bench.store.last() == (1, 1000)
