"""What every store must find, and must not find."""

from veche.core.ports import Record
from veche.core.search import Reading, SearchQuestion
from veche.testing.contracts.bench import ROOM, StoreBench, make_message, make_record, make_redaction
from veche.wire.compiler import values_of
from veche.wire.words import parse

# What has a meaning in the query languages of databases, and must have none here. The word "tea" stands in each.
INJECTIONS = [
    'tea"', '"tea', '""tea""', "tea'", "''tea", "tea OR 1=1", "tea AND", "NOT tea", "tea NOT", "AND tea OR",
    "NEAR(tea)", "NEAR(tea milk, 2)", "tea NEAR/2 milk", "*tea", "tea**", "* tea", "^tea", "tea^2", "text:tea",
    "{text}:tea", "-tea", "+tea", "(tea", "tea)", "((tea))", "tea; drop table message; --", "tea' or ''='",
    "%tea%", "_tea_", "tea & !milk", "tea | milk", "tea:*", "tea <-> milk", "tea\\", "\\'tea", "tea\u0000", "$1 tea",
    "?1 tea", ":tea", "@tea", "#tea", "tea#1", "!tea", "tea\ufeff", "‘tea’", "«tea»", "tea\ud83d",
]  # fmt: skip


class SearchContract:
    """The tests of searching. Places in the log stand for messages."""

    def test_words_are_found_in_their_forms_newest_and_ascending(self, bench: StoreBench) -> None:
        said = ["The teas are served", "кошки пьют чай", "Milk?", "TEA!", "кошкам дали чаю", "fast", "Ёлки"]
        assert bench.commit(*(make_record(n, text=text) for n, text in enumerate(said, 1))) is None
        assert places(bench, "tea") == [1, 4]
        assert places(bench, "Кошка") == [2, 5]
        assert places(bench, "чай кошками") == [2, 5]
        assert places(bench, "елка") == [7]
        assert places(bench, "tea milk") == []
        assert places(bench, "чай", limit=1) == [5]
        assert places(bench, "") == [1, 2, 3, 4, 5, 6, 7]
        assert places(bench, "", limit=2) == [6, 7]
        assert places(bench, "", limit=0) == []

    def test_words_in_a_row_and_beginnings(self, bench: StoreBench) -> None:
        said = [
            "green tea, black coffee",
            "black tea",
            "tea black",
            "happily happy",
            "dying",
            "veche.example.org",
        ]
        said += [
            "a long\n\r word and\nanother",
            "\x01ACTION waves\x01",
            "\x0304red\x03 \x02bo\x02ld",
            "день 茶道 🍵",
        ]
        assert bench.commit(*(make_record(n, text=text) for n, text in enumerate(said, 1))) is None
        assert places(bench, '"black tea"') == [2]
        assert places(bench, "«black teas») green") == []
        assert places(bench, "black tea") == [1, 2, 3]
        assert places(bench, "cof*") == [1]
        assert places(bench, "happil*") == [4]
        assert places(bench, "dyi*") == [5]
        assert places(bench, '"green te*"') == [1]
        assert places(bench, '"black te*" tea') == [2]
        assert places(bench, "example.org") == [6]
        assert places(bench, "org.example") == []
        assert places(bench, "w*") == []
        assert places(bench, "words") == [7]
        assert places(bench, "action") == []
        assert places(bench, "red bold wave") == []
        assert places(bench, "red bold") == [9]
        assert places(bench, "道") == places(bench, "茶道") == places(bench, "🍵") == [10]
        assert places(bench, "道茶") == []

    def test_only_what_may_be_read_is_found(self, bench: StoreBench) -> None:
        said = [
            make_message(1, ROOM, "bob", text="tea"),
            make_message(2, ROOM, "bob", text="tea", era=111),
            make_message(3, ROOM, "bob", text="tea", era=222),
            make_message(4, "#milk", "bob", text="tea"),
            make_message(5, "ann bob", "bob", text="tea"),
            make_message(6, "bob cid", "bob", text="tea"),
            make_message(7, "@#tea", "bob", text="tea"),
            make_message(8, "annie bob", "bob", text="tea"),
        ]
        assert bench.commit(*said) is None
        wanted = parse("tea")

        def found(person: str = "", **conversations: int) -> list[int]:
            rooms = {"#" + key: Reading(era) for key, era in conversations.items()}
            question = SearchQuestion(rooms, 9, wanted=wanted)
            question.person = person
            return [record.seq for record in bench.search(question).records]

        assert found() == []
        assert found(tea=0) == [1]
        assert found(tea=111) == [1, 2]
        assert found(tea=111, milk=5) == [1, 2, 4]
        assert found("ann") == [5]
        assert found("ann", milk=0) == [4, 5]
        assert found("bob") == [5, 6, 8]
        assert found("an") == found("#tea") == found("ann bob") == []
        direct = bench.search(SearchQuestion({"bob cid": Reading()}, 9, wanted=wanted))
        assert [record.seq for record in direct.records] == [6]
        late = bench.search(SearchQuestion({ROOM: Reading(222, 2000)}, 9, wanted=wanted))
        assert [record.seq for record in late.records] == [3]
        assert direct.is_complete

    def test_nicks_and_times(self, bench: StoreBench) -> None:
        said = [
            make_message(n, ROOM, who, text="tea") for n, who in enumerate(("Ann", "bob", "ann", "anna"), 1)
        ]
        assert bench.commit(*said) is None
        assert places(bench, "tea", nick="ANN") == places(bench, "", nick="ann") == [1, 3]
        assert places(bench, "", nick="an") == places(bench, "milk", nick="ann") == []
        assert places(bench, "tea", after=2000) == [2, 3, 4]
        assert places(bench, "tea", after=2001, before=3000) == [3]
        assert places(bench, "", before=3999) == [1, 2, 3]
        assert places(bench, "", before=3999, limit=2) == [2, 3]
        assert places(bench, "", after=2000, limit=2) == [2, 3]
        assert places(bench, "", after=3000, before=2000) == []
        assert places(bench, "", before=-(10**30)) == places(bench, "", after=10**30) == []
        assert places(bench, "", after=-(10**30), before=10**30, limit=10**30) == [1, 2, 3, 4]

    def test_what_was_taken_back_is_not_found(self, bench: StoreBench) -> None:
        said = [make_record(n, text="tea") for n in range(1, 4)]
        assert bench.commit(*said) is None
        assert places(bench, "tea") == [1, 2, 3]
        assert bench.commit(make_redaction(4, said[1])) is None
        assert places(bench, "tea") == places(bench, "") == [1, 3]

    def test_what_is_found_is_whole(self, bench: StoreBench) -> None:
        said = make_record(1, text='«Чай?» -- " \\ % ? 🍵\nи ещё', tags="+reply=x;+a=\\:", era=5)
        said.command, said.account = "NOTICE", ""
        assert bench.commit(said) is None
        found = bench.search(SearchQuestion({ROOM: Reading(5)}, 9, wanted=parse("чай"))).records[0]
        for name in values_of(Record):
            assert getattr(found, name) == getattr(said, name)

    def test_nothing_in_a_question_is_an_order(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1, text="tea"), make_record(2, text="milk")) is None
        for text in INJECTIONS:
            assert places(bench, text) in ([1], []), text
            assert places(bench, f"{text} milk")[:1] in ([], [2]), text
            assert places(bench, "", nick=text) == []
        # Nothing is an operator: what looks like one is a word, and is not there.
        assert places(bench, "tea OR milk") == places(bench, "NOT tea") == places(bench, "NEAR(tea)") == []
        assert places(bench, "-tea") == places(bench, "+tea") == places(bench, "te*") == [1]


def places(
    bench: StoreBench,
    text: str,
    *,
    nick: str = "",
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[int]:
    """Where in the log is found what somebody in the room looks for."""
    question = SearchQuestion(
        {ROOM: Reading()}, limit, wanted=parse(text), nick=nick, after=after, before=before
    )
    return [record.seq for record in bench.search(question).records]
