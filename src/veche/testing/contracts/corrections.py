"""What every store must do when messages are edited, when that is told of, and with threads."""

from veche.core.ports import EDITED, REDACTED, Page, Record, Records, UnknownReference, Version
from veche.core.search import Reading, SearchQuestion
from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    make_edit,
    make_event,
    make_message,
    make_record,
    make_redaction,
)
from veche.wire.words import parse

ALL = EDITED | {REDACTED}


class CorrectionsContract:
    """The tests of edits, of corrections among what happened, and of threads."""

    def test_an_edited_message_keeps_all_but_its_text(self, bench: StoreBench) -> None:
        said = make_record(2, text="helo", tags="+reply=x;+a=b")
        assert bench.commit(make_record(1), said, make_record(3)) is None
        assert bench.commit(make_edit(4, said, "hello\nworld")) is None
        found = bench.read(Page(ROOM, 9))
        assert [(record.seq, record.text, record.edited) for record in found] == [
            (1, "hello", 0),
            (2, "hello\nworld", 4000),
            (3, "hello", 0),
        ]
        assert (found[1].msgid, found[1].time, found[1].tags) == (said.msgid, 2000, "+reply=x;+a=b")
        assert bench.store.last() == (4, 4000)
        assert bench.commit(make_edit(5, said, "third")) is None
        assert [(record.text, record.edited) for record in bench.read(Page(ROOM, 1, around=said.msgid))] == [
            ("third", 5000)
        ]

    def test_earlier_wordings_are_kept_until_the_message_is_taken_back(self, bench: StoreBench) -> None:
        said = make_record(1, text="one")
        assert bench.commit(said, make_record(2)) is None
        assert bench.versions(1) == [Version(1000, "one")]
        assert bench.commit(make_edit(3, said, "two"), make_edit(4, said, "three")) is None
        assert bench.versions(1) == [Version(1000, "one"), Version(3000, "two"), Version(4000, "three")]
        assert bench.versions(2) == [Version(2000, "hello")]
        assert bench.versions(3) == bench.versions(99) == []
        assert bench.commit(make_redaction(5, said)) is None
        assert bench.versions(1) == []

    def test_what_was_taken_back_is_not_brought_back_by_an_edit(self, bench: StoreBench) -> None:
        said = make_record(1, text="one")
        assert bench.commit(said) is None
        assert bench.commit(make_redaction(2, said)) is None
        assert bench.commit(make_edit(3, said, "two"), make_edit(4, make_record(77), "never")) is None
        assert bench.seqs(Page(ROOM, 9)) == []
        assert bench.seqs(Page(ROOM, 9, events=True, corrections=EDITED)) == []
        assert bench.versions(1) == []
        assert bench.store.last()[0] == 4

    def test_the_new_text_is_found_and_the_old_one_is_not(self, bench: StoreBench) -> None:
        said = [make_record(n, text=f"tea number {n}") for n in range(1, 4)]
        assert bench.commit(*said) is None
        assert places(bench, "tea") == [1, 2, 3]
        assert (
            bench.commit(make_edit(4, said[0], "коты пьют молоко"), make_edit(5, said[2], "tea tea")) is None
        )
        assert places(bench, "tea") == [2, 3]
        assert places(bench, "кот") == places(bench, "мол*") == [1]
        assert places(bench, "number") == [2]
        found = bench.search(SearchQuestion({ROOM: Reading()}, 9, wanted=parse("кот"))).records[0]
        assert (found.text, found.edited, found.msgid) == ("коты пьют молоко", 4000, said[0].msgid)
        assert bench.commit(make_edit(6, said[0], "tea again")) is None
        assert (places(bench, "кот"), places(bench, "tea")) == ([], [1, 2, 3])
        assert bench.commit(make_redaction(7, said[0])) is None
        assert places(bench, "again") == []

    def test_what_is_new_is_counted_by_what_it_says_now(self, bench: StoreBench) -> None:
        said = make_message(1, ROOM, "bob", text="hello ann")
        assert bench.commit(said) is None
        assert bench.unread((ROOM, 0, 0, "ann", "ann")) == [(1, 1)]
        assert bench.commit(make_edit(2, said, "hello all")) is None
        assert bench.unread((ROOM, 0, 0, "ann", "ann")) == [(1, 0)]

    def test_an_edit_with_its_authors_id_is_found_by_it(self, bench: StoreBench) -> None:
        said = make_record(1, era=5)
        assert bench.commit(said) is None
        edit = make_edit(2, said, "two", sent=77)
        assert bench.commit(edit) is None
        found = bench.find_sent(77)
        assert found is not None
        assert tuple(found) == (ROOM, 5, edit.msgid, 2000)
        assert bench.find_sent(77, 2000) is None
        assert bench.find_sent(78) is None

    def test_corrections_are_told_at_their_places_to_who_wants_them(self, bench: StoreBench) -> None:
        one, two = make_record(1, text="one"), make_record(2, text="two")
        two.command = "NOTICE"
        assert bench.commit(one, two, make_record(3)) is None
        edit = make_edit(4, two, "too")
        assert bench.commit(edit, make_event(5, "JOIN")) is None
        redaction = make_redaction(6, one, event="r" * 30)
        assert bench.commit(redaction) is None
        assert bench.seqs(Page(ROOM, 9)) == [2, 3]
        assert bench.seqs(Page(ROOM, 9, corrections=ALL)) == [2, 3]
        assert bench.seqs(Page(ROOM, 9, events=True)) == [2, 3, 5]
        assert bench.seqs(Page(ROOM, 9, events=True, corrections=EDITED)) == [2, 3, 4, 5]
        assert bench.seqs(Page(ROOM, 9, events=True, corrections=frozenset({REDACTED}))) == [2, 3, 5, 6]
        found = bench.read(Page(ROOM, 9, events=True, corrections=ALL, after=3000))
        assert told(found) == [
            (4, "EDIT NOTICE", two.msgid, "too", edit.msgid),
            (5, "JOIN", "", "Ann", found[1].msgid),
            (6, REDACTED, one.msgid, "spam", redaction.event),
        ]
        assert found[0].source == edit.source
        assert found[2].source == redaction.source
        assert bench.seqs(Page(ROOM, 9, after=edit.msgid)) == []
        assert bench.seqs(Page(ROOM, 2, events=True, newest=True)) == [3, 5]
        assert bench.read(Page(ROOM, 2, events=True, newest=True)).has_more

    def test_an_edit_is_told_with_what_the_message_says_now_and_not_of_what_was_taken_back(
        self, bench: StoreBench
    ) -> None:
        said = make_record(1, text="one")
        assert bench.commit(said) is None
        assert bench.commit(make_edit(2, said, "two"), make_edit(3, said, "three")) is None
        page = Page(ROOM, 9, events=True, corrections=ALL)
        assert [record.text for record in bench.read(page)] == ["three", "three", "three"]
        assert bench.commit(make_redaction(4, said, event="r" * 30)) is None
        assert [(record.seq, record.command) for record in bench.read(page)] == [(4, REDACTED)]
        assert bench.commit(make_redaction(5, said, event="s" * 30)) is None
        assert [(record.seq, record.command) for record in bench.read(page)] == [(4, REDACTED)]

    def test_a_thread_holds_replies_to_replies(self, bench: StoreBench) -> None:
        root = make_record(1)
        one, two = answer(2, root), answer(4, root)
        deep = answer(5, one)
        # A chain inside one batch, too.
        deeper = answer(6, deep)
        assert bench.commit(root, one, make_record(3)) is None
        assert bench.commit(two, deep, deeper, make_record(7), answer(8, make_record(77))) is None
        for message in (root, one, two, deep, deeper):
            assert bench.seqs(Page(ROOM, 9, thread=message.msgid)) == [1, 2, 4, 5, 6]
        assert bench.seqs(Page(ROOM, 9, thread=root.msgid, after=one.msgid)) == [4, 5, 6]
        assert bench.seqs(Page(ROOM, 2, thread=root.msgid)) == [1, 2]
        assert bench.read(Page(ROOM, 2, thread=root.msgid)).has_more
        assert bench.seqs(Page(ROOM, 2, thread=root.msgid, newest=True)) == [5, 6]
        assert bench.seqs(Page(ROOM, 9, thread=make_record(7).msgid)) == [7]
        late = answer(9, deeper, key="+draft/reply")
        assert bench.commit(late) is None
        assert bench.seqs(Page(ROOM, 9, thread=late.msgid)) == [1, 2, 4, 5, 6, 9]

    def test_a_thread_is_for_those_who_may_read_it(self, bench: StoreBench) -> None:
        root = make_record(1, era=111)
        assert bench.commit(root) is None
        assert bench.commit(answer(2, root, era=111), answer(3, root), make_record(4, era=222)) is None
        assert bench.commit(answer(5, root, era=222), answer(6, root, conversation="#milk")) is None
        assert bench.seqs(Page(ROOM, 9, era=111, thread=root.msgid)) == [1, 2]
        for page in (Page(ROOM, 9, thread=root.msgid), Page("#milk", 9, thread=root.msgid)):
            assert isinstance(bench.ask(page), UnknownReference)
        for name in ("", "x", "'; --", "A" * 5000)[1:]:
            assert isinstance(bench.ask(Page(ROOM, 9, thread=name)), UnknownReference)
        open_root = make_record(7)
        assert bench.commit(open_root) is None
        assert bench.commit(answer(8, open_root, era=111), answer(9, open_root)) is None
        assert bench.seqs(Page(ROOM, 9, thread=open_root.msgid)) == [7, 9]
        assert bench.seqs(Page(ROOM, 9, era=111, thread=open_root.msgid)) == [7, 8, 9]
        assert bench.seqs(Page(ROOM, 9, since=8000, thread=make_record(9).msgid)) == [9]

    def test_a_root_that_was_taken_back_leaves_its_thread_a_tombstone(self, bench: StoreBench) -> None:
        root = make_record(1)
        one, two = answer(2, root), answer(3, root)
        assert bench.commit(root, one, two) is None
        redaction = make_redaction(4, root, event="r" * 30)
        assert bench.commit(redaction) is None
        assert bench.commit(make_redaction(5, one), answer(6, two)) is None
        assert bench.seqs(Page(ROOM, 9, thread=two.msgid)) == [3, 6]
        assert bench.seqs(Page(ROOM, 9, thread=root.msgid)) == [3, 6]
        found = bench.read(Page(ROOM, 9, thread=two.msgid, corrections=ALL))
        assert told(found) == [
            (1, REDACTED, root.msgid, "spam", ""),
            (3, "PRIVMSG", two.tags, "hello", two.msgid),
            (6, "PRIVMSG", found[2].tags, "hello", found[2].msgid),
        ]
        assert (found[0].source, found[0].time) == (redaction.source, 1000)

    def test_a_thread_is_searched_as_one(self, bench: StoreBench) -> None:
        root = make_record(1, text="tea")
        one = answer(2, root, text="milk with tea")
        assert bench.commit(root, one, make_record(3, text="tea")) is None
        assert bench.commit(answer(4, one, text="black tea")) is None
        for message in (root, one):
            assert places(bench, "tea", thread=message.msgid) == [1, 2, 4]
        assert places(bench, "milk", thread=root.msgid) == [2]
        assert places(bench, "", thread=root.msgid, limit=2) == [2, 4]
        assert places(bench, "tea", thread=root.msgid, after=1500, limit=1) == [2]
        assert places(bench, "tea", thread=make_record(3, text="tea").msgid) == [3]
        assert bench.commit(make_redaction(5, root)) is None
        assert places(bench, "tea", thread=root.msgid) == [2, 4]
        for name in ("nonsense", make_record(99).msgid, "'; --"):
            assert places(bench, "tea", thread=name) == []
        elsewhere = SearchQuestion({"#milk": Reading()}, 9, wanted=parse("tea"), thread=root.msgid)
        assert bench.search(elsewhere).records == []


def answer(
    seq: int,
    to: Record,
    *,
    era: int = 0,
    conversation: str = ROOM,
    key: str = "+reply",
    text: str = "hello",
) -> Record:
    """A reply."""
    return make_record(seq, era=era, conversation=conversation, tags=f"+a=b;{key}={to.msgid}", text=text)


def told(records: Records) -> list[tuple[int, str, str, str, str]]:
    """What a page says of its lines."""
    return [(record.seq, record.command, record.tags, record.text, record.msgid) for record in records]


def places(
    bench: StoreBench, text: str, *, thread: str = "", after: int | None = None, limit: int = 100
) -> list[int]:
    """Where in the log is found what somebody in the room looks for."""
    question = SearchQuestion({ROOM: Reading()}, limit, wanted=parse(text), after=after, thread=thread)
    return [record.seq for record in bench.search(question).records]
