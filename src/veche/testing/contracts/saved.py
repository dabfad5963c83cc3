"""What every store must do with facts that are known again after a restart."""

from veche.core.ports import ForgottenFact, Page, Row, SavedFact
from veche.testing.contracts.bench import ROOM, StoreBench, make_record


class SavedContract:
    """The tests of saved facts."""

    def test_saved_facts_are_kept_in_order(self, bench: StoreBench) -> None:
        assert bench.saved() == []
        assert bench.commit(make_record(1), SavedFact(2, "RoomKept", '{"ж": "\'\\u0000"}')) is None
        assert bench.commit(SavedFact(3, "TopicSet", "{}"), SavedFact(4, "RoomKept", "{}")) is None
        assert bench.saved() == ['2 RoomKept {"ж": "\'\\u0000"}', "3 TopicSet {}", "4 RoomKept {}"]
        assert bench.seqs(Page(ROOM, 10)) == [1]
        assert bench.store.last() == (4, 1000)

    def test_of_one_key_only_the_newest_is_kept(self, bench: StoreBench) -> None:
        assert (
            bench.commit(SavedFact(1, "Read", "1", "ann #tea"), SavedFact(2, "Read", "2", "bob #tea")) is None
        )
        assert bench.commit(SavedFact(3, "TopicSet", "3"), SavedFact(4, "Read", "4", "ann #tea")) is None
        assert bench.commit(SavedFact(5, "Other", "5", "ann #tea")) is None
        assert bench.saved() == [
            "2 Read 2 bob #tea",
            "3 TopicSet 3",
            "4 Read 4 ann #tea",
            "5 Other 5 ann #tea",
        ]
        assert bench.store.last() == (5, 0)

    def test_keys_are_compared_letter_by_letter(self, bench: StoreBench) -> None:
        keys = ["a", "A", "a ", "ä", "'; drop table keyed_fact; --", "%", "_", "1", "01"]
        assert bench.commit(*(SavedFact(n, "Read", "{}", key) for n, key in enumerate(keys, 1))) is None
        assert bench.saved() == [f"{n} Read {{}} {key}" for n, key in enumerate(keys, 1)]
        assert bench.commit(ForgottenFact(99, "Read", "1")) is None
        assert bench.saved() == [f"{n} Read {{}} {key}" for n, key in enumerate(keys, 1) if key != "1"]

    def test_in_one_batch_the_last_word_on_a_key_counts(self, bench: StoreBench) -> None:
        batch: list[Row] = [
            SavedFact(1, "Read", "1", "ann"),
            SavedFact(2, "Read", "2", "ann"),
            SavedFact(3, "Read", "3", "bob"),
            ForgottenFact(4, "Read", "bob"),
            ForgottenFact(5, "Read", "cid"),
            SavedFact(6, "Read", "6", "cid"),
        ]
        assert bench.commit(*batch) is None
        assert bench.saved() == ["2 Read 2 ann", "6 Read 6 cid"]
        assert bench.commit(SavedFact(7, "Read", "7", "ann"), ForgottenFact(8, "Read", "ann")) is None
        assert bench.saved() == ["6 Read 6 cid"]

    def test_what_is_forgotten_is_that_fact_alone(self, bench: StoreBench) -> None:
        rows = [SavedFact(1, "Read", "1", "ann"), SavedFact(2, "Seen", "2", "ann"), SavedFact(3, "Read", "3")]
        assert bench.commit(*rows) is None
        assert bench.commit(ForgottenFact(4, "Read", "ann"), make_record(5)) is None
        assert bench.commit(ForgottenFact(6, "Read", "ann")) is None
        assert bench.store.last() == (6, 5000)
        assert bench.saved() == ["2 Seen 2 ann", "3 Read 3"]
        assert bench.commit(SavedFact(7, "Read", "7", "ann")) is None
        assert bench.saved() == ["2 Seen 2 ann", "3 Read 3", "7 Read 7 ann"]

    def test_replacing_leaves_what_has_a_key_alone(self, bench: StoreBench) -> None:
        rows = [SavedFact(n, "TopicSet", "{}") for n in range(1, 50)]
        assert bench.commit(*rows, SavedFact(50, "Read", "50", "ann")) is None
        bench.store.replace_saved([SavedFact(60, "RoomKept", "{}")])
        assert bench.saved() == ["50 Read 50 ann", "60 RoomKept {}"]
        try:
            bench.store.replace_saved([SavedFact(61, "Read", "{}", "ann")])
        except AssertionError:
            pass
        else:
            raise AssertionError("what has a key was put in the place of what has none")

    def test_many_facts_of_one_batch(self, bench: StoreBench) -> None:
        many = [SavedFact(n, "Read", str(n), f"key {n % 700}") for n in range(1, 2001)]
        assert bench.commit(*many) is None
        assert bench.saved() == [f"{n} Read {n} key {n % 700}" for n in range(1301, 2001)]
