"""What every store must tell about many conversations at once."""

from veche.core.ports import PARTNER_SEARCH, UNREAD_LIMIT, UNREAD_SEARCH, Sent
from veche.testing.contracts.bench import ROOM, StoreBench, make_message, make_record, make_redaction


class OverviewContract:
    """The tests of partners and of counts."""

    def test_partners_are_the_direct_conversations_newest_first(self, bench: StoreBench) -> None:
        said = [
            make_message(1, "ann bob", "bob"),
            make_message(2, "ann bob", "ann"),
            make_message(3, "ann cid", "ann"),
            make_message(4, "bob cid", "cid"),
            make_message(5, "ann ann", "ann"),
            make_message(6, "aa ann", "aa"),
            make_message(7, ROOM, "ann"),
            make_message(8, "ann bobby", "bobby"),
        ]
        assert bench.commit(*said) is None
        newest = [
            ("ann bobby", 8000, "bobby!x@example.org"),
            ("aa ann", 6000, "aa!x@example.org"),
            ("ann ann", 5000, "ann!x@example.org"),
            ("ann cid", 3000, ""),
            ("ann bob", 2000, "bob!x@example.org"),
        ]
        assert bench.partners("ann") == newest
        assert bench.partners("ann", limit=2) == newest[:2]
        assert bench.partners("ann", limit=0) == []
        assert bench.partners("ann", after=3000) == newest[:3]
        assert bench.partners("ann", after=2999) == newest[:4]
        assert bench.partners("aa") == [("aa ann", 6000, "")]
        for who in ("", "a", "Ann", "uid-dan", "ann bob", ROOM, "%", "'; drop table participant; --"):
            assert bench.partners(who) == []
        assert bench.partners("ann", after=10**30) == []
        assert bench.partners("ann", after=-(10**30), limit=10**30) == newest

    def test_partners_of_one_millisecond_keep_the_order_of_the_log(self, bench: StoreBench) -> None:
        said = [
            make_message(n, f"ann {who}", who, time=5000) for n, who in enumerate(("bob", "cid", "dan"), 1)
        ]
        assert bench.commit(*said, make_message(4, "ann bob", "ann", time=5000)) is None
        assert [partner[0] for partner in bench.partners("ann")] == ["ann bob", "ann dan", "ann cid"]

    def test_partners_do_not_see_what_was_taken_back(self, bench: StoreBench) -> None:
        said = [
            make_message(1, "ann bob", "bob", source="bobby!x@example.org"),
            make_message(2, "ann bob", "ann"),
            make_message(3, "ann bob", "bob"),
            make_message(4, "ann cid", "cid"),
        ]
        assert bench.commit(*said) is None
        assert bench.commit(make_redaction(5, said[2]), make_redaction(6, said[3])) is None
        assert bench.partners("ann") == [("ann bob", 2000, "bobby!x@example.org")]
        assert bench.partners("cid") == []

    def test_who_was_silent_for_long_is_not_looked_for(self, bench: StoreBench) -> None:
        said = [make_message(1, "ann bob", "bob"), make_message(2, "ann cid", "cid")]
        said += [make_message(n + 3, "ann bob", "ann") for n in range(PARTNER_SEARCH)]
        said += [make_message(n + 1000, "ann cid", "ann") for n in range(PARTNER_SEARCH - 1)]
        assert bench.commit(*said) is None
        assert [(key, source) for key, _, source in bench.partners("ann")] == [
            ("ann cid", "cid!x@example.org"),
            ("ann bob", ""),
        ]

    def test_what_others_said_since_then_is_counted(self, bench: StoreBench) -> None:
        said = [
            make_message(1, ROOM, "bob"),
            make_message(2, ROOM, "bob", text="Ann?"),
            make_message(3, ROOM, "ann", text="Ann is here"),
            make_message(4, ROOM, "cid", text="annoying"),
            make_message(5, ROOM, "cid", text="tea for ANN, please", era=111),
            make_message(6, "#milk", "bob", text="ann"),
            make_message(7, "ann bob", "bob", text="%_'; --"),
        ]
        said[3].command = "NOTICE"
        assert bench.commit(*said) is None
        assert bench.unread((ROOM, 0, 0, "ann", "ann")) == [(3, 1)]
        assert bench.unread((ROOM, 111, 0, "ann", "ann")) == [(4, 2)]
        assert bench.unread((ROOM, 222, 0, "ann", "ann")) == [(3, 1)]
        assert bench.unread((ROOM, 111, 2000, "ann", "Ann")) == [(2, 1)]
        assert bench.unread((ROOM, 111, 0, "ann", "")) == [(4, 0)]
        assert bench.unread((ROOM, 111, 0, "nobody", "ann")) == [(5, 3)]
        assert bench.unread((ROOM, 0, 10**30, "ann", "ann"), (ROOM, 0, -(10**30), "ann", "a")) == [
            (0, 0),
            (3, 0),
        ]
        many = [
            ("ann bob", 0, 0, "ann", "%_"),
            ("#none", 0, 0, "ann", "ann"),
            ("#milk", 5, 0, "ann", "ANN"),
        ] * 20
        assert bench.unread(*many) == [(1, 1), (0, 0), (1, 1)] * 20
        assert bench.unread() == []

    def test_what_was_taken_back_is_not_new(self, bench: StoreBench) -> None:
        said = [make_message(n, ROOM, "bob", text="ann!") for n in range(1, 5)]
        assert bench.commit(*said) is None
        assert bench.commit(make_redaction(5, said[1])) is None
        assert bench.unread((ROOM, 0, 0, "ann", "ann")) == [(3, 3)]

    def test_counting_ends(self, bench: StoreBench) -> None:
        said = [
            make_message(n, ROOM, "bob", text="ann!", era=n % 2 * 111) for n in range(1, UNREAD_LIMIT + 51)
        ]
        said += [make_message(len(said) + n, ROOM, "bob") for n in range(1, 101)]
        assert bench.commit(*said) is None
        assert bench.unread((ROOM, 111, 0, "ann", "ann")) == [(UNREAD_LIMIT, UNREAD_LIMIT - 100)]
        at = len(said)
        own = [make_message(at + n, ROOM, "ann") for n in range(1, UNREAD_SEARCH - 9)]
        assert bench.commit(*own) is None
        assert bench.unread((ROOM, 111, 0, "ann", "ann")) == [(10, 0)]

    def test_a_message_is_found_by_the_key_of_its_senders_id(self, bench: StoreBench) -> None:
        one, two, three = make_record(1), make_record(2), make_record(3)
        one.sent, two.sent = 7, (1 << 63) - 1
        assert bench.commit(one, two, three) is None
        assert bench.find_sent(7) == Sent(one.conversation, one.era, one.msgid, one.time)
        assert bench.find_sent((1 << 63) - 1) == Sent(two.conversation, two.era, two.msgid, two.time)
        assert bench.find_sent(8) is None
        assert bench.find_sent(7, after=one.time - 1) is not None
        assert bench.find_sent(7, after=one.time) is None

    def test_a_message_that_was_taken_back_is_found_all_the_same(self, bench: StoreBench) -> None:
        one = make_record(1)
        one.sent = 7
        assert bench.commit(one, make_redaction(2, one)) is None
        assert bench.find_sent(7) is not None
